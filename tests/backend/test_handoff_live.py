"""The desk's WebSocket: who may listen, and what is heard."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from redis.asyncio import Redis
from sqlalchemy import delete
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from backend import db, errors, events
from backend.context import Context
from backend.handoff import live, routes
from backend.models import StaffSession
from tests.backend.desk import cookie, employee
from tests.city import free_port


@pytest.fixture
async def address(context: Context) -> AsyncIterator[str]:
    """The desk on a real port, in this test's own loop."""
    app = FastAPI()
    app.state.context = context
    errors.install(app)
    app.include_router(routes.router)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    running = asyncio.create_task(server.serve())
    async with asyncio.timeout(60):
        while not server.started:
            await asyncio.sleep(0.01)
    yield f"127.0.0.1:{port}"
    server.should_exit = True
    await running


@asynccontextmanager
async def _listening(address: str, headers: dict[str, str]) -> AsyncIterator[ClientConnection]:
    async with (
        asyncio.timeout(60),
        connect(f"ws://{address}/desk/live", additional_headers=headers, proxy=None) as socket,
    ):
        yield socket


async def test_agents_hear_that_something_changed(
    address: str, sessions: db.Sessions, redis: Redis
) -> None:
    headers = await cookie(sessions, await employee(sessions))

    async with _listening(address, headers) as socket:
        assert json.loads(await socket.recv()) == {"type": "ready"}
        await events.publish(redis, "desk", {"type": "changed", "conversation": "c"})
        heard = {"type": "tick"}
        while heard["type"] == "tick":
            heard = json.loads(await socket.recv())
        assert heard == {"type": "changed", "conversation": "c"}


@pytest.mark.parametrize("role", ["officer", "author", "approver"])
async def test_other_roles_hear_nothing(address: str, sessions: db.Sessions, role: str) -> None:
    headers = await cookie(sessions, await employee(sessions, "someone", role))

    with pytest.raises(InvalidStatus) as refused:
        async with _listening(address, headers):
            pass
    assert refused.value.response.status_code == 403


async def test_nobody_without_a_cookie_and_no_other_sites_page_hears_anything(
    address: str, sessions: db.Sessions
) -> None:
    headers = await cookie(sessions, await employee(sessions))

    for wrong in ({}, {**headers, "Origin": "https://elsewhere.example"}):
        with pytest.raises(InvalidStatus) as refused:
            async with _listening(address, wrong):
                pass
        assert refused.value.response.status_code == 403


async def test_whoever_is_logged_out_hears_no_more(
    address: str, sessions: db.Sessions, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "ASK_AGAIN_SECONDS", 0.0)
    headers = await cookie(sessions, await employee(sessions))

    async with _listening(address, headers) as socket:
        assert json.loads(await socket.recv()) == {"type": "ready"}
        async with sessions() as session, session.begin():
            await session.execute(delete(StaffSession))
        await events.publish(redis, "desk", {"type": "changed", "conversation": "c"})
        heard = [json.loads(frame) async for frame in _until_closed(socket)]
    assert {event["type"] for event in heard} <= {"tick"}
    assert socket.close_code == live.NO_LONGER_ALLOWED


async def _until_closed(socket: ClientConnection) -> AsyncIterator[str]:
    with contextlib.suppress(ConnectionClosed):
        while True:
            yield str(await socket.recv())
