"""A worker of its own process that fans one event out slowly, until it is killed."""

import asyncio
import sys

from backend import db, events
from backend.config import Settings
from backend.context import Context
from broadcasts import audience


async def main(database_url: str, redis_url: str, event_id: str) -> None:
    _, sessions = db.connect(database_url)
    settings = Settings(_env_file=None, EUNGDAP_ENV="test")
    context = Context(settings, sessions, events.connect(redis_url))
    print("ready", flush=True)
    await audience.fan_out(context, event_id, 40)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
