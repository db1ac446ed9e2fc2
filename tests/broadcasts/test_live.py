"""The siren's WebSocket: who may listen, and what is heard."""

import asyncio
import json
import socket
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import delete, select
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from backend.context import Context
from backend.events import publish
from backend.models import Staff, StaffSession
from backend.security import COOKIE
from backend.staff import service as staff
from broadcasts import live, progress
from tests.broadcasts.conftest import Office


@pytest.fixture
async def served(context: Context) -> AsyncIterator[str]:
    """The address of a real server with the siren's socket."""
    app = FastAPI()
    app.state.context = context
    app.include_router(live.router)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        running = asyncio.create_task(server.serve(sockets=[free]))
        yield f"127.0.0.1:{free.getsockname()[1]}"
        server.should_exit = True
        await asyncio.wait_for(running, 30)


async def cookie(office: Office, login: str, *roles: str) -> str:
    """Log somebody in; return the cookie."""
    async with office.sessions() as session, session.begin():
        person = await session.scalar(select(Staff).where(Staff.login == login))
        if person is None:
            person = Staff(login=login, name=login, password_hash="-", roles=list(roles))
            session.add(person)
            await session.flush()
        return f"{COOKIE}={await staff.log_in(session, person)}"


def listen(served: str, broadcast: uuid.UUID, cookie: str = "", origin: str = "") -> connect:
    headers = {"Cookie": cookie} if cookie else {}
    return connect(
        f"ws://{served}/siren/live?broadcast={broadcast}",
        additional_headers=headers,
        origin=origin or None,  # type: ignore[arg-type]
        open_timeout=60,
    )


async def heard(connection: ClientConnection, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        async for frame in connection:
            event: dict[str, Any] = json.loads(frame)
            if event["type"] == kind:
                return event
    raise AssertionError("the socket closed")


@pytest.mark.parametrize("who", ["nobody", "an agent", "another site", "a wrong cookie"])
async def test_who_may_not_listen_is_refused_at_the_door(
    served: str, office: Office, who: str
) -> None:
    token = {
        "nobody": "",
        "an agent": await cookie(office, "agent", "agent"),
        "another site": await cookie(office, "author"),
        "a wrong cookie": f"{COOKIE}=guess",
    }[who]
    origin = "https://evil.example" if who == "another site" else f"http://{served}"
    with pytest.raises(InvalidStatus) as refused:
        async with listen(served, uuid.uuid4(), token, origin):
            pass
    assert refused.value.response.status_code == 403


async def test_the_numbers_are_heard_as_they_change(
    served: str, office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    token = await cookie(office, "approver")
    async with listen(served, event.broadcast_id, token, f"http://{served}") as connection:
        await heard(connection, "ready")
        await progress.pulse(context)
        pushed = await heard(connection, "outcomes")
        assert pushed["outcomes"]["events"][0]["counts"]["pending"] == 12
        await publish(context.redis, f"broadcast:{uuid.uuid4()}", {"type": "other"})
        await publish(context.redis, f"broadcast:{event.broadcast_id}", {"type": "changed"})
        assert await heard(connection, "changed") == {"type": "changed"}


async def test_who_logs_out_hears_nothing_more(
    served: str, office: Office, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "ASK_AGAIN_SECONDS", 0.0)
    broadcast = uuid.uuid4()
    token = await cookie(office, "author")
    async with listen(served, broadcast, token, f"http://{served}") as connection:
        await heard(connection, "ready")
        async with office.sessions() as session, session.begin():
            await session.execute(delete(StaffSession))
        await publish(context.redis, f"broadcast:{broadcast}", {"type": "changed"})
        await asyncio.wait_for(connection.wait_closed(), 60)
        assert connection.close_code == live.NO_LONGER_ALLOWED
