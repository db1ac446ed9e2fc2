"""The one clock. It holds no state: what is due are rows, and a tick only looks for them.

It runs wherever a worker runs, but ticks in one process at a time, the one that holds an advisory
lock in the database; when that process dies the lock is free and the next one ticks.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import psycopg
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from backend.db import libpq_url

log = logging.getLogger(__name__)

Tick = Callable[[], Awaitable[None]]
_LOCK = 0x45554E43
_RETRY_SECONDS = 5.0


async def run(database_url: str, ticks: list[tuple[float, Tick]]) -> None:
    """Tick until cancelled: each of `ticks` is (seconds between, what to do)."""
    while True:
        try:
            await _hold(database_url, ticks)
        except psycopg.Error:
            log.warning("the clock lost the database; it tries again")
        await asyncio.sleep(_RETRY_SECONDS)


async def _hold(database_url: str, ticks: list[tuple[float, Tick]]) -> None:
    """Tick for as long as this process holds the lock; return at once where another has it."""
    connection = await psycopg.AsyncConnection.connect(
        libpq_url(database_url), autocommit=True, connect_timeout=5
    )
    async with connection:
        held = await (
            await connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,))
        ).fetchone()
        if not held or not held[0]:
            return
        scheduler = AsyncIOScheduler(timezone="UTC")
        for seconds, tick in ticks:
            scheduler.add_job(
                _guarded(tick), "interval", seconds=seconds, coalesce=True, max_instances=1,
                misfire_grace_time=60,
            )  # fmt: skip
        scheduler.start()
        try:
            while True:
                await asyncio.sleep(_RETRY_SECONDS)
                await connection.execute("SELECT 1")  # the lock lives as long as this connection
        finally:
            scheduler.shutdown(wait=False)


def _guarded(tick: Tick) -> Tick:
    """Return `tick` as a job that never ends the clock."""

    async def run_once() -> None:
        try:
            await tick()
        except Exception as error:
            # The kind alone: a database error's text may quote what citizens wrote.
            log.error("a tick failed (%s); it runs again at its time", type(error).__name__)

    return run_once
