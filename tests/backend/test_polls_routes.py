"""Staff put questions and read outcomes, each role what is theirs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.context import Context
from backend.polls import service
from backend.polls.routes import router
from tests.backend.house import api, key


def question(**changed: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "title": {"ko": "어디로 갈까요?", "en": "Where to?"},
        "description": {"ko": "하나를 골라 주세요.", "en": "Choose one."},
        "options": [{"ko": "왼쪽", "en": "Left"}, {"ko": "오른쪽", "en": "Right"}],
        "opens_at": (now - timedelta(hours=1)).isoformat(),
        "closes_at": (now + timedelta(hours=1)).isoformat(),
        **changed,
    }


@pytest.mark.parametrize(
    ("role", "reads", "creates"),
    [
        (None, 401, 401),
        ("agent", 200, 403),
        ("officer", 200, 201),
        ("author", 200, 403),
        ("approver", 200, 403),
        ("admin", 200, 201),
    ],
)
async def test_roles(context: Context, role: str | None, reads: int, creates: int) -> None:
    author = await key(context.sessions, "officer")
    headers = await key(context.sessions, role) if role else {}
    async with api(context, router) as client:
        made = (await client.post("/api/v1/polls", headers=author, json=question())).json()
        path = f"/api/v1/polls/{made['id']}"
        read = [
            (await client.get(where, headers=headers)).status_code
            for where in ("/api/v1/polls", path, f"{path}/results")
        ]
        created = await client.post("/api/v1/polls", headers=headers, json=question())
    assert read == [reads] * 3
    assert created.status_code == creates


async def test_a_poll_from_question_to_outcome(context: Context) -> None:
    headers = await key(context.sessions, "officer")
    async with api(context, router) as client:
        made = (await client.post("/api/v1/polls", headers=headers, json=question())).json()
        assert [option["number"] for option in made["options"]] == [1, 2]
        assert "secret" not in made
        async with context.sessions() as session, session.begin():
            poll = await service.get(session, made["id"])
            await service.vote(session, poll, "+821012345678", 2, "sms")

        listed = (await client.get("/api/v1/polls", headers=headers)).json()
        assert listed == {"items": [made], "total": 1}
        path = f"/api/v1/polls/{made['id']}/results"
        during = (await client.get(path, headers=headers)).json()
        assert (during["closed"], during["participants"]) == (False, 1)
        assert [option["count"] for option in during["options"]] == [None, None]

        async with context.sessions() as session, session.begin():
            poll = await service.get(session, made["id"])
            poll.closes_at = datetime.now(UTC) - timedelta(seconds=1)
        after = (await client.get(path, headers=headers)).json()
        assert (after["closed"], after["participants"]) == (True, 1)
        assert [option["count"] for option in after["options"]] == [0, 1]


@pytest.mark.parametrize(
    "changed",
    [
        {"title": {"ko": "영어가 없어요"}},
        {"title": {"ko": "가", "en": "a", "xx": "?"}},
        {"title": {"ko": "", "en": "a"}},
        {"options": [{"ko": "하나뿐", "en": "Only one"}]},
        {"options": [{"ko": str(n), "en": str(n)} for n in range(10)]},
        {"closes_at": "2020-01-01T00:00:00+09:00"},
        {"opens_at": "2026-01-01T00:00:00"},
        {"actor": "staff:1"},
    ],
)
async def test_a_question_that_cannot_be_asked_is_refused(
    context: Context, changed: dict[str, Any]
) -> None:
    headers = await key(context.sessions, "officer")
    async with api(context, router) as client:
        refused = await client.post("/api/v1/polls", headers=headers, json=question(**changed))
        assert refused.status_code == 422
        assert refused.headers["content-type"] == "application/problem+json"
        assert (await client.get("/api/v1/polls", headers=headers)).json()["total"] == 0


async def test_an_unknown_poll_is_not_found(context: Context) -> None:
    headers = await key(context.sessions, "agent")
    async with api(context, router) as client:
        for path in ("/api/v1/polls/404", "/api/v1/polls/404/results"):
            assert (await client.get(path, headers=headers)).status_code == 404
