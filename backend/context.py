"""What a request works with: settings, the database, Redis; set up once by the composition."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from backend.config import Settings
from backend.db import Sessions


@dataclass(frozen=True, slots=True)
class Context:
    """The parts that every room shares."""

    settings: Settings
    sessions: Sessions
    redis: Redis


def context(connection: HTTPConnection) -> Context:
    """Return the context of the app that serves `connection` (a request or a WebSocket)."""
    found: Context = connection.app.state.context
    return found


async def _session(connection: HTTPConnection) -> AsyncIterator[AsyncSession]:
    async with context(connection).sessions() as session, session.begin():
        yield session


Ctx = Annotated[Context, Depends(context)]
# "function": the commit happens before the answer leaves, so that no 200 is ever taken back.
Session = Annotated[AsyncSession, Depends(_session, scope="function")]
