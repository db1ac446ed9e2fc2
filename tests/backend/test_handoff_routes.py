"""The desk over HTTP: who may do what, and what comes back."""

import asyncio
from uuid import UUID, uuid4

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import select

from backend import db, events
from backend.context import Context
from backend.handoff import routes
from backend.models import AuditEntry
from backend.models.staff import ROLES
from tests.backend.desk import PACKET, cookie, employee, waiting
from tests.backend.house import api, key

WRITE: dict[str, object] = {"text": "곧 살펴볼게요.", "client_id": "client-0001"}


@pytest.fixture
def client(context: Context) -> httpx.AsyncClient:
    return api(context, routes.router)


def _calls(talk: UUID) -> list[tuple[str, str, dict[str, object] | None, set[str]]]:
    """Every route, with the roles it lets in."""
    desk = f"/api/v1/handoffs/{talk}"
    readers, agents = {"agent", "admin"}, {"agent"}
    return [
        ("GET", "/api/v1/conversations", None, readers),
        ("GET", f"/api/v1/conversations/{talk}", None, readers),
        ("GET", "/api/v1/handoffs", None, readers),
        ("POST", f"{desk}/claim", None, agents),
        ("POST", f"{desk}/reply", WRITE, agents),
        ("POST", f"{desk}/note", WRITE, agents),
        ("POST", f"{desk}/release", None, agents),
        ("POST", f"{desk}/claim", None, agents),
        ("POST", f"{desk}/return", None, agents),
        ("POST", "/api/v1/presence", {"taking": True}, agents),
    ]


@pytest.mark.parametrize("role", ROLES)
async def test_every_route_lets_in_its_roles_only(
    client: httpx.AsyncClient, sessions: db.Sessions, role: str
) -> None:
    talk = await waiting(sessions)
    headers = await cookie(sessions, await employee(sessions, "someone", role))

    for method, path, body, roles in _calls(talk):
        answer = await client.request(method, path, json=body, headers=headers)
        assert answer.status_code == (200 if role in roles else 403), (method, path)


async def test_nobody_without_a_cookie_or_key_gets_in(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    for method, path, body, _ in _calls(await waiting(sessions)):
        answer = await client.request(method, path, json=body)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_key_reads_and_never_owns(client: httpx.AsyncClient, sessions: db.Sessions) -> None:
    talk = await waiting(sessions)
    headers = await key(sessions, "agent")

    assert (await client.get("/api/v1/handoffs?mine=true", headers=headers)).json()["total"] == 0
    refused = await client.post(f"/api/v1/handoffs/{talk}/claim", headers=headers)
    assert refused.status_code == 403


async def test_another_sites_page_can_not_use_the_cookie(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    talk = await waiting(sessions)
    headers = await cookie(sessions, await employee(sessions))
    headers["Origin"] = "https://elsewhere.example"

    refused = await client.post(f"/api/v1/handoffs/{talk}/claim", headers=headers)

    assert refused.status_code == 403


async def test_every_write_answers_with_the_new_state(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    agent = await employee(sessions)
    headers = await cookie(sessions, agent)
    talk = await waiting(sessions)
    desk = f"/api/v1/handoffs/{talk}"
    me = {"id": agent, "name": "agent 님"}

    async def post(step: str, body: object = None) -> dict[str, object]:
        answer = await client.post(f"{desk}/{step}", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    assert await post("claim") == {
        "conversation": str(talk), "state": "active", "owner": "agent",
        "agent": me, "last_seq": 2, "message": None,
    }  # fmt: skip
    replied = await post("reply", WRITE)
    assert (replied["message"], replied["last_seq"]) == (3, 3)
    assert await post("reply", WRITE) == replied
    assert (await post("note", WRITE))["message"] == 4
    assert (await post("release"))["state"] == "queued"
    assert (await post("claim"))["agent"] == me
    closed = await post("close", {"outcome": "resolved"})
    assert (closed["state"], closed["owner"], closed["agent"]) == ("closed", "bot", None)


async def test_the_loser_of_a_claim_reads_who_was_first(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    talk = await waiting(sessions)
    first = await cookie(sessions, await employee(sessions, "first"))
    second = await cookie(sessions, await employee(sessions, "second"))
    await client.post(f"/api/v1/handoffs/{talk}/claim", headers=first)

    refused = await client.post(f"/api/v1/handoffs/{talk}/claim", headers=second)

    assert refused.status_code == 409
    assert refused.json()["agent"]["name"] == "first 님"
    assert "first 님" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("step", "body"),
    [
        ("reply", {"text": "   ", "client_id": "client-0001"}),
        ("reply", {"text": "가" * 2001, "client_id": "client-0001"}),
        ("reply", {"text": "네", "client_id": "짧다"}),
        ("reply", {"text": "네"}),
        ("close", {"outcome": "whatever"}),
    ],
)
async def test_what_can_not_be_used_is_refused_with_the_field_named(
    client: httpx.AsyncClient, sessions: db.Sessions, step: str, body: dict[str, str]
) -> None:
    talk = await waiting(sessions)
    headers = await cookie(sessions, await employee(sessions))

    refused = await client.post(f"/api/v1/handoffs/{talk}/{step}", json=body, headers=headers)

    assert refused.status_code == 422
    assert set(refused.json()["fields"]) <= {"text", "client_id", "outcome"}
    assert "가가" not in refused.text


async def test_an_unknown_conversation_is_404(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    headers = await cookie(sessions, await employee(sessions))

    for method, path in [
        ("GET", f"/api/v1/conversations/{uuid4()}"),
        ("POST", f"/api/v1/handoffs/{uuid4()}/claim"),
        ("POST", f"/api/v1/handoffs/{uuid4()}/release"),
    ]:
        assert (await client.request(method, path, headers=headers)).status_code == 404


async def test_the_queue_is_longest_waiting_first_and_can_be_filtered(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    sms = await waiting(sessions, text="길이 파였어요")
    web = await waiting(sessions, "a" * 64, scheme="web", channel="web", language="en")
    agent = await employee(sessions)
    headers = await cookie(sessions, agent)
    await client.post("/api/v1/presence", json={"taking": True}, headers=headers)

    async def ids(query: str = "") -> list[str]:
        answer = await client.get(f"/api/v1/handoffs{query}", headers=headers)
        return [item["id"] for item in answer.json()["items"]]

    assert await ids() == [str(sms), str(web)]
    assert await ids("?channel=web") == [str(web)]
    assert await ids("?language=ko") == [str(sms)]
    assert await ids("?state=active") == []
    assert await ids("?limit=1&offset=1") == [str(web)]
    await client.post(f"/api/v1/handoffs/{web}/claim", headers=headers)
    assert await ids("?mine=true") == [str(web)]

    found = (await client.get("/api/v1/handoffs", headers=headers)).json()
    assert found["counts"] == {"queued": 1, "callback": 0, "active": 1, "mine": 1}
    assert (found["total"], found["on_duty"]) == (2, 1)
    item = found["items"][0]
    assert item["citizen"] == "010-****-5678"
    assert (item["reason"], item["last"], item["last_author"]) == (
        "asked", "길이 파였어요", "citizen",
    )  # fmt: skip
    assert 0 <= item["waiting_seconds"] < 60
    assert "+8210" not in str(found)


async def test_a_conversation_that_never_asked_is_no_handoff(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    talk = await waiting(sessions)
    headers = await cookie(sessions, await employee(sessions))
    await client.post(f"/api/v1/handoffs/{talk}/claim", headers=headers)
    await client.post(f"/api/v1/handoffs/{talk}/return", headers=headers)

    assert (await client.get("/api/v1/handoffs", headers=headers)).json()["total"] == 0
    everything = (await client.get("/api/v1/conversations?state=bot", headers=headers)).json()
    assert [item["id"] for item in everything["items"]] == [str(talk)]


async def test_a_transcript_goes_on_where_it_was_left(
    client: httpx.AsyncClient, sessions: db.Sessions
) -> None:
    talk = await waiting(sessions)
    agent = await employee(sessions)
    headers = await cookie(sessions, agent)
    await client.post(f"/api/v1/handoffs/{talk}/claim", headers=headers)
    await client.post(f"/api/v1/handoffs/{talk}/reply", json=WRITE, headers=headers)

    whole = (await client.get(f"/api/v1/conversations/{talk}", headers=headers)).json()
    rest = (await client.get(f"/api/v1/conversations/{talk}?since=2", headers=headers)).json()

    assert [m["seq"] for m in whole["messages"]] == [1, 2, 3]
    assert whole["packet"] == PACKET
    first, _, last = whole["messages"]
    assert (first["author"], first["intent"], first["confidence"]) == (
        "citizen", "talk_to_agent", 0.97,
    )  # fmt: skip
    assert last["agent"] == {"id": agent, "name": "agent 님"}
    assert last["delivery"] == {"status": "pending", "reason": None}
    assert rest["messages"] == [last]
    async with sessions() as session:
        opened = await session.scalars(
            select(AuditEntry.actor).where(AuditEntry.action == "conversation.opened")
        )
        assert list(opened) == [f"staff:{agent}"], "opening is audited, reading on is not"


async def test_the_desk_is_told_after_the_commit(
    client: httpx.AsyncClient, sessions: db.Sessions, redis: Redis
) -> None:
    talk = await waiting(sessions)
    headers = await cookie(sessions, await employee(sessions))
    heard: list[tuple[dict[str, object], str]] = []
    listening = asyncio.Event()

    async def listen() -> None:
        async for event in events.subscribe(redis, "desk", f"conversation:{talk}"):
            if event["type"] != "changed":
                listening.set()
                continue
            answer = await client.get(f"/api/v1/conversations/{talk}", headers=headers)
            heard.append((event, answer.json()["conversation"]["state"]))
            if len(heard) == 2:
                return

    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(listen())
        await listening.wait()
        await client.post(f"/api/v1/handoffs/{talk}/claim", headers=headers)

    assert heard == [({"type": "changed", "conversation": str(talk)}, "active")] * 2
