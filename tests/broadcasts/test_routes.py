"""The broadcast API: who may do what, taken from the session and never from a body."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.models import Staff
from backend.security import COOKIE
from backend.staff import service as staff
from broadcasts import service
from broadcasts.audience import TEST_LIST
from tests.broadcasts.browsers import Browsers
from tests.broadcasts.conftest import Office, draft

API = "/api/v1/broadcasts"


def body(**changes: Any) -> dict[str, Any]:
    return draft(**changes).model_dump(mode="json")


async def written(browsers: Browsers, **changes: Any) -> dict[str, Any]:
    """A draft by the author, submitted."""
    made = (await browsers["author"].post(API, json=body(**changes))).json()
    answer = await browsers["author"].post(
        f"{API}/{made['id']}/submit", json={"version": made["version"]}
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_from_draft_to_fan_out_by_two_people(
    browsers: Browsers, office: Office, crowd: list[uuid.UUID]
) -> None:
    made = await browsers["author"].post(API, json=body())
    assert made.status_code == 201
    broadcast = made.json()
    assert (broadcast["status"], broadcast["version"]) == ("draft", 1)
    changed = await browsers["editor"].put(
        f"{API}/{broadcast['id']}", json=body(title="호우경보 2") | {"version": 1}
    )
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    await browsers["author"].post(f"{API}/{broadcast['id']}/submit", json={"version": 2})
    seen = (await browsers["approver"].get(f"{API}/{broadcast['id']}")).json()
    assert seen["audience"]["people"] == 12
    approved = await browsers["approver"].post(
        f"{API}/{broadcast['id']}/approve",
        json={"version": 2, "content_hash": seen["content_hash"], "audience": 12},
    )
    assert approved.status_code == 200
    assert approved.json()["status"] == "approved"
    assert approved.json()["events"][0]["counts"]["pending"] == 12
    listed = (await browsers["author"].get(API)).json()
    assert (listed["total"], listed["items"][0]["status"]) == (1, "approved")
    assert len(await office.jobs("broadcast.fan_out")) == 1


async def test_own_approval_is_refused_with_a_sentence_and_audited(
    browsers: Browsers, office: Office, crowd: list[uuid.UUID]
) -> None:
    await office.promote("author", "approver")
    broadcast = await written(browsers)
    approval = {"version": 1, "content_hash": broadcast["content_hash"], "audience": 12}
    path = f"{API}/{broadcast['id']}/approve"
    for language, words in (("ko", "승인할 수 없어요"), ("en", "another person")):
        answer = await browsers["author"].post(
            path, json=approval, headers={"Accept-Language": language}
        )
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"
        assert words in answer.json()["detail"]
    deeds = await office.deeds(uuid.UUID(broadcast["id"]))
    assert [d for d in deeds if d[1] == "broadcast.approval_refused"] == [
        (office.author.label, "broadcast.approval_refused")
    ] * 2
    assert await office.status(uuid.UUID(broadcast["id"])) == "submitted"


async def test_a_wrong_number_is_409_and_tells_the_right_one(
    browsers: Browsers, crowd: list[uuid.UUID]
) -> None:
    broadcast = await written(browsers)
    answer = await browsers["approver"].post(
        f"{API}/{broadcast['id']}/approve",
        json={"version": 1, "content_hash": broadcast["content_hash"], "audience": 120},
    )
    assert (answer.status_code, answer.json()["audience"]) == (409, 12)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "", {"author", "approver"}),
        ("POST", "", {"author"}),
        ("GET", "/audience", {"author", "approver"}),
        ("GET", "/{id}", {"author", "approver"}),
        ("PUT", "/{id}", {"author"}),
        ("POST", "/{id}/submit", {"author"}),
        ("POST", "/{id}/approve", {"approver"}),
        ("POST", "/{id}/return", {"approver"}),
        ("POST", "/{id}/reject", {"author", "approver"}),
        ("POST", "/{id}/cancel", {"author", "approver"}),
        ("GET", "/{id}/outcomes", {"author", "approver"}),
    ],
)
async def test_each_route_asks_for_its_role(
    browsers: Browsers, office: Office, method: str, path: str, allowed: set[str]
) -> None:
    async with office.sessions() as session, session.begin():
        agent = Staff(login="agent", name="agent", password_hash="-", roles=["agent"])
        session.add(agent)
        await session.flush()
        outsider = browsers.client()
        outsider.cookies.set(COOKIE, await staff.log_in(session, agent))
    url = API + path.format(id=uuid.uuid4())
    refused = {401, 403}
    assert (await browsers.client().request(method, url)).status_code == 401
    assert (await outsider.request(method, url)).status_code == 403
    for role in ("author", "approver"):
        status = (await browsers[role].request(method, url)).status_code
        assert (status in refused) is (role not in allowed), (role, status)


async def test_a_key_drafts_and_does_nothing_else(browsers: Browsers, office: Office) -> None:
    async with office.sessions() as session, session.begin():
        _, key = await staff.create_key(session, name="gw", role="author", actor="staff:1")
    client = browsers.client(Authorization=f"Bearer {key}")
    assert (await client.get(API)).status_code == 200
    drafted = (await client.post(API, json=body())).json()
    assert drafted["created_by"] is None
    answer = await client.post(f"{API}/{drafted['id']}/submit", json={"version": 1})
    assert answer.status_code == 403
    assert "로그인" in answer.json()["detail"]
    assert await office.status(uuid.UUID(drafted["id"])) == "draft"


async def test_another_site_can_t_use_the_cookie(
    browsers: Browsers, office: Office, crowd: list[uuid.UUID]
) -> None:
    broadcast = await written(browsers)
    answer = await browsers["approver"].post(
        f"{API}/{broadcast['id']}/approve",
        json={"version": 1, "content_hash": broadcast["content_hash"], "audience": 12},
        headers={"Origin": "https://evil.example"},
    )
    assert answer.status_code == 403
    assert await office.status(uuid.UUID(broadcast["id"])) == "submitted"


@pytest.mark.parametrize(
    "bad",
    [
        {"environment": "real"},
        {"texts": {"fr": "bonjour"}},
        {"texts": {"ko": "가" * 1001}},
        {"title": " "},
        {"districts": ["마포구\x00"]},
        {"districts": ["어딘가"]},
        {"expires_at": "2026-07-01T10:00:00"},
        {"expires_at": "0001-01-01T00:00:00+14:00"},
        {"expires_at": "9999-12-31T23:59:59-12:00"},
        {"created_by": 1},
        {"status": "approved"},
    ],
)
async def test_what_can_t_be_used_is_422(
    browsers: Browsers, office: Office, bad: dict[str, Any]
) -> None:
    answer = await browsers["author"].post(API, json=body() | bad)
    assert answer.status_code == 422
    assert "bonjour" not in answer.text


async def test_what_is_missing_comes_back_field_by_field(browsers: Browsers) -> None:
    late = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    made = (
        await browsers["author"].post(
            API, json=body(texts={}, correction={}, districts=[]) | {"expires_at": late}
        )
    ).json()
    answer = await browsers["author"].post(f"{API}/{made['id']}/submit", json={"version": 1})
    assert answer.status_code == 422
    fields = [problem["field"] for problem in answer.json()["problems"]]
    assert fields == ["districts", "texts", "correction", "expires_at"]


@pytest.mark.parametrize("hazard", ["other", "heavy_rain"])
async def test_an_alert_by_hand_has_to_tell_as_much_as_one_of_a_kind(
    browsers: Browsers, hazard: str
) -> None:
    told = {"ko": {"sender": "서울특별시", "what": "호우", "why": " "}}
    drafted = body(hazard=hazard, facts=told, all_clear={})
    made = (await browsers["author"].post(API, json=drafted)).json()
    answer = await browsers["author"].post(f"{API}/{made['id']}/submit", json={"version": 1})
    assert answer.status_code == 422
    facts, clear = answer.json()["problems"]
    assert facts["missing"] == ["time", "where", "why", "action", "where_to_go", "contact"]
    assert "왜 위험한지, 어떻게 할지, 어디로 갈지" in facts["ko"]
    assert "where to go" in facts["en"]
    assert (clear["field"], "all-clear" in clear["en"]) == ("all_clear", True)
    whole = body(hazard=hazard) | {"version": 1}
    await browsers["author"].put(f"{API}/{made['id']}", json=whole)
    answer = await browsers["author"].post(f"{API}/{made['id']}/submit", json={"version": 2})
    assert answer.status_code == 200, answer.text


async def test_strange_requests_are_refused_and_break_nothing(browsers: Browsers) -> None:
    broadcast = await written(browsers)
    path = f"{API}/{broadcast['id']}"
    approver = browsers["approver"]
    for answer, status in (
        (await approver.get(f"{API}/not-a-uuid"), 422),
        (await approver.get(f"{API}/{uuid.uuid4()}"), 404),
        (await approver.get(f"{API}/{uuid.uuid4()}/outcomes"), 404),
        (await approver.get(API, params={"limit": 0}), 422),
        (await approver.get(f"{API}/audience", params={"district": "가\x00"}), 200),
        (await approver.post(f"{path}/return", json={"version": 1, "reason": " "}), 422),
        (await approver.post(f"{path}/return", json={"version": 9, "reason": "왜"}), 409),
        (await approver.post(f"{path}/return", json={"version": 10**30, "reason": "왜"}), 422),
        (await approver.post(f"{path}/cancel"), 409),
        (
            await approver.post(
                f"{path}/approve",
                json={"version": 1, "content_hash": "\x00" * 64, "audience": 1},
            ),
            422,
        ),
    ):
        assert answer.status_code == status, answer.text


async def test_the_audience_is_counted_before_there_is_an_alert(
    browsers: Browsers, crowd: list[uuid.UUID]
) -> None:
    found = await browsers["author"].get(
        f"{API}/audience", params={"district": ["마포구", "용산구"], "language": ["ko", "vi"]}
    )
    assert found.json()["people"] == 13
    assert set(found.json()["by_language"]) == {"ko", "vi"}
    empty = await browsers["author"].get(f"{API}/audience", params={"district": TEST_LIST})
    assert empty.json()["people"] == 0


async def test_return_reject_and_cancel_over_http(
    browsers: Browsers, office: Office, crowd: list[uuid.UUID]
) -> None:
    first, second = await written(browsers), await written(browsers)
    returned = await browsers["approver"].post(
        f"{API}/{first['id']}/return", json={"version": 1, "reason": "왜 위험한지 써 주세요"}
    )
    assert (returned.json()["status"], returned.json()["reason"]) == (
        "returned",
        "왜 위험한지 써 주세요",
    )
    rejected = await browsers["author"].post(
        f"{API}/{first['id']}/reject", json={"version": 1, "reason": "중복"}
    )
    assert rejected.json()["status"] == "rejected"
    await browsers["approver"].post(
        f"{API}/{second['id']}/approve",
        json={"version": 1, "content_hash": second["content_hash"], "audience": 12},
    )
    cancelled = await browsers["author"].post(f"{API}/{second['id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelling")
    assert len(await office.jobs(service.CANCEL)) == 1
