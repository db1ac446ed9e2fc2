"""`/api/v1/faq`: anybody searches and reads; officers and admins write, and it is audited."""

from pathlib import Path

import pytest
from sqlalchemy import select

from backend.context import Context
from backend.faq.importer import import_own
from backend.faq.routes import router
from backend.models import AuditEntry
from tests.backend.house import api, key

PATH = "/api/v1/faq"
ARTICLE = {
    "language": "ko",
    "category": "문화",
    "title": "공룡 박물관은 언제 여나요?",
    "body": "매일 아침 열 시에 열어요.",
    "questions": ["공룡 보러 가려면"],
    "department": "문화정책과",
    "url": "https://example.org/dino",
}


@pytest.fixture
async def filled(context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """The house with our own articles; its index is kept where only this test sees it."""
    monkeypatch.setattr("backend.faq.routes.data_dir", lambda _: tmp_path)
    async with context.sessions() as session, session.begin():
        await import_own(session)
    return context


async def test_anybody_searches(filled: Context) -> None:
    async with api(filled, router) as client:
        found = await client.get(PATH, params={"q": "침대 매트리스 버리려면 어떻게 해요"})
        english = await client.get(PATH, params={"q": "get rid of a mattress", "language": "en"})
    assert found.status_code == 200
    body = found.json()
    assert body["decision"] == "answer"
    assert body["total"] == len(body["items"]) == 3
    first = body["items"][0]
    assert first["title"] == "대형폐기물은 어떻게 버리나요?"
    assert first["as_of"] == "2026-11-22"
    assert first["confirm_with_120"] is False
    assert english.json()["items"][0]["language"] == "en"


@pytest.mark.parametrize(
    "params",
    [{}, {"q": ""}, {"q": "가" * 501}, {"q": "가", "language": "xx"}, {"q": "가", "limit": 11}],
)
async def test_a_search_that_cannot_be_done_says_which_field(
    filled: Context, params: dict[str, str | int]
) -> None:
    async with api(filled, router) as client:
        refused = await client.get(PATH, params=params)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["fields"]


async def test_anybody_reads_articles(filled: Context) -> None:
    async with api(filled, router) as client:
        listed = (
            await client.get(f"{PATH}/articles", params={"limit": 2, "language": "en"})
        ).json()
        one = await client.get(f"{PATH}/articles/{listed['items'][0]['id']}")
        none = await client.get(f"{PATH}/articles/999999")
    assert listed["total"] >= 40
    assert [item["language"] for item in listed["items"]] == ["en", "en"]
    assert one.json() == listed["items"][0]
    assert none.status_code == 404
    assert "번호" in none.json()["detail"]


@pytest.mark.parametrize(
    ("role", "status"),
    [(None, 401), ("agent", 403), ("author", 403), ("approver", 403), ("officer", 201),
     ("admin", 201)],
)  # fmt: skip
async def test_who_may_write(filled: Context, role: str | None, status: int) -> None:
    headers = await key(filled.sessions, role) if role else {}
    async with api(filled, router) as client:
        made = await client.post(f"{PATH}/articles", json=ARTICLE, headers=headers)
    assert made.status_code == status
    async with filled.sessions() as session:
        deeds = (await session.scalars(select(AuditEntry.action))).all()
    assert deeds == (["faq.written"] if status == 201 else [])


async def test_an_article_is_written_found_and_changed(filled: Context) -> None:
    headers = await key(filled.sessions, "officer")
    async with api(filled, router) as client:
        made = (await client.post(f"{PATH}/articles", json=ARTICLE, headers=headers)).json()
        found = (await client.get(PATH, params={"q": "공룡 박물관 여는 시간"})).json()
        changed = await client.patch(
            f"{PATH}/articles/{made['id']}",
            json={"body": "이제는 문을 닫았어요.", "url": None},
            headers=headers,
        )
        missing = await client.patch(f"{PATH}/articles/999999", json={}, headers=headers)
        refused = await client.patch(f"{PATH}/articles/{made['id']}", json={"body": "다른 글"})
    assert made["source"] == "담당 부서 작성"
    assert found["items"][0]["id"] == made["id"]
    assert changed.status_code == 200
    assert changed.json()["body"] == "이제는 문을 닫았어요."
    assert changed.json()["url"] is None
    assert changed.json()["title"] == made["title"]
    assert changed.json()["updated_at"] > made["updated_at"]
    assert missing.status_code == 404
    assert refused.status_code == 401


@pytest.mark.parametrize(
    "change",
    [{"title": " "}, {"body": ""}, {"url": "javascript:alert(1)"}, {"questions": ["가"] * 31},
     {"title": None}],
)  # fmt: skip
async def test_a_change_that_makes_no_sense_is_refused(
    filled: Context, change: dict[str, object]
) -> None:
    headers = await key(filled.sessions, "admin")
    async with api(filled, router) as client:
        listed = (await client.get(f"{PATH}/articles", params={"limit": 1})).json()
        refused = await client.patch(
            f"{PATH}/articles/{listed['items'][0]['id']}", json=change, headers=headers
        )
    assert refused.status_code == 422
