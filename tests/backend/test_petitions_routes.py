"""Staff see petitions by role; whoever holds only a number learns the stage and nothing more."""

from dataclasses import replace

import pytest
from redis.asyncio import Redis
from sqlalchemy import select

from backend.context import Context
from backend.models import AuditEntry
from backend.petitions import service
from backend.petitions.routes import LOOKUPS_A_MINUTE, router
from tests.backend.house import api, citizen, key, messages


@pytest.fixture
async def number(context: Context) -> str:
    """The number of a petition that somebody filed."""
    async with context.sessions() as session, session.begin():
        address = await citizen(session)
        (message,) = await messages(session, address)
        petition = await service.file(
            session,
            contact_id=address.contact_id,
            message_id=message,
            channel="sms",
            language="ko",
            place="망원동 포은로 87",
            district="마포구",
            details="골목 가로등이 꺼졌어요",
            identified=True,
        )
        return petition.number


@pytest.mark.parametrize(
    ("role", "reads", "changes"),
    [
        (None, 401, 401),
        ("agent", 200, 403),
        ("officer", 200, 200),
        ("author", 403, 403),
        ("approver", 403, 403),
        ("admin", 200, 403),
    ],
)
async def test_roles(
    context: Context, number: str, role: str | None, reads: int, changes: int
) -> None:
    headers = await key(context.sessions, role) if role else {}
    async with api(context, router) as client:
        listed = await client.get("/api/v1/petitions", headers=headers)
        shown = await client.get(f"/api/v1/petitions/{number}", headers=headers)
        changed = await client.patch(
            f"/api/v1/petitions/{number}", headers=headers, json={"stage": "assigned"}
        )
    assert [listed.status_code, shown.status_code, changed.status_code] == [reads, reads, changes]


async def test_an_officer_lists_filters_and_moves(context: Context, number: str) -> None:
    headers = await key(context.sessions, "officer")
    async with api(context, router) as client:
        page = (await client.get("/api/v1/petitions", headers=headers)).json()
        assert page["total"] == 1
        assert page["items"][0]["number"] == number
        assert "contact_id" not in page["items"][0]
        elsewhere = await client.get(
            "/api/v1/petitions", headers=headers, params={"district": "중구"}
        )
        assert elsewhere.json() == {"items": [], "total": 0}

        moved = await client.patch(
            f"/api/v1/petitions/{number}",
            headers=headers,
            json={"stage": "answered", "note": "내일 오전에 고칩니다."},
        )
        assert moved.status_code == 200
        assert moved.json()["stage"] == "answered"
        assert [event["stage"] for event in moved.json()["events"]] == ["received", "answered"]
        waiting = await client.get(
            "/api/v1/petitions", headers=headers, params={"stage": "received"}
        )
        assert waiting.json()["total"] == 0

        back = await client.patch(
            f"/api/v1/petitions/{number}", headers=headers, json={"stage": "assigned"}
        )
        assert back.status_code == 409
        assert back.headers["content-type"] == "application/problem+json"
        assert back.json()["stage"] == "answered"
    async with context.sessions() as session:
        actors = (await session.scalars(select(AuditEntry.actor).order_by(AuditEntry.id))).all()
        assert actors[0] == "citizen"
        assert actors[1].startswith("key:")


@pytest.mark.parametrize(
    "body",
    [
        {"stage": "withdrawn"},
        {"stage": "received"},
        {"stage": "lost"},
        {"stage": "assigned", "actor": "staff:1"},
        {"stage": "assigned", "note": ""},
        {},
    ],
)
async def test_a_body_can_name_neither_a_foreign_stage_nor_an_actor(
    context: Context, number: str, body: dict[str, str]
) -> None:
    headers = await key(context.sessions, "officer")
    async with api(context, router) as client:
        refused = await client.patch(f"/api/v1/petitions/{number}", headers=headers, json=body)
        assert refused.status_code == 422
        shown = await client.get(f"/api/v1/petitions/{number}", headers=headers)
        assert shown.json()["stage"] == "received"


async def test_a_stranger_learns_the_stage_and_nothing_else(context: Context, number: str) -> None:
    async with api(context, router) as client:
        answer = await client.get(f"/api/v1/petitions/{number.lower()}/status")
        assert answer.status_code == 200
        assert answer.json() == {"number": number, "stage": "received", "text": "접수"}
        english = await client.get(
            f"/api/v1/petitions/{number}/status", headers={"Accept-Language": "en-GB"}
        )
        assert english.json()["text"] == "received"
        unknown = await client.get("/api/v1/petitions/P-2026-0009999/status")
        assert unknown.status_code == 404
        assert unknown.headers["content-type"] == "application/problem+json"


async def test_look_ups_are_paced_by_caller(context: Context, redis: Redis, number: str) -> None:
    path = f"/api/v1/petitions/{number}/status"
    async with api(context, router) as client:
        codes = [(await client.get(path)).status_code for _ in range(LOOKUPS_A_MINUTE + 2)]
    assert codes == [200] * LOOKUPS_A_MINUTE + [429] * 2
    async with api(context, router, caller="203.0.113.8") as client:
        assert (await client.get(path)).status_code == 200
    keys = [name async for name in redis.scan_iter("pace:status:*")]
    assert len(keys) == 2
    for name in keys:
        assert "203.0.113" not in name
        assert 0 < await redis.ttl(name) <= 60


async def test_one_ipv6_network_is_one_caller(context: Context, number: str) -> None:
    path = f"/api/v1/petitions/{number}/status"
    for n in range(LOOKUPS_A_MINUTE):
        async with api(context, router, caller=f"2001:db8::{n + 1:x}") as client:
            assert (await client.get(path)).status_code == 200
    async with api(context, router, caller="2001:db8::ffff") as client:
        assert (await client.get(path)).status_code == 429
    async with api(context, router, caller="2001:db8:0:1::1") as client:
        assert (await client.get(path)).status_code == 200


async def test_without_redis_everybody_may_look_up(context: Context, number: str) -> None:
    nowhere: Redis = Redis.from_url("unix:///nonexistent/redis.sock")
    async with api(replace(context, redis=nowhere), router) as client:
        path = f"/api/v1/petitions/{number}/status"
        codes = {(await client.get(path)).status_code for _ in range(LOOKUPS_A_MINUTE + 2)}
    assert codes == {200}
