"""A worker of its own process that fans one event out in small chunks, until it is killed."""

import asyncio
import sys
from uuid import UUID

from backend import db, events
from backend.config import Settings
from backend.context import Context
from broadcasts import audience


async def main(database_url: str, redis_url: str, event_id: str) -> None:
    _, sessions = db.connect(database_url)
    settings = Settings(_env_file=None, EUNGDAP_ENV="test")
    context = Context(settings, sessions, events.connect(redis_url))
    more = True
    while more:
        print("on", flush=True)
        async with context.sessions() as session, session.begin():
            more, _ = await audience.fan_out_chunk(session, UUID(event_id), 40)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
