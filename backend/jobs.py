"""The job queue: Procrastinate on the same database, so that a job commits with its cause.

Jobs are wake-ups. They carry ids at most, re-read the rows, and are safe to repeat.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Literal

import procrastinate
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db import libpq_url

log = logging.getLogger(__name__)

Lane = Literal["siren", "reply", "bulk", "upkeep"]
LANES: dict[Lane, int] = {"siren": 4, "reply": 4, "bulk": 2, "upkeep": 1}

_AGAIN_SECONDS = 2.0

_offline = procrastinate.App(connector=procrastinate.PsycopgConnector())


async def enqueue(session: AsyncSession, task: str, lane: Lane, /, **ids: int | str) -> None:
    """Put a job in `lane`, to be seen by workers when (and only if) `session` commits."""
    raw = await (await session.connection()).get_raw_connection()
    job = _offline.configure_task(task, queue=lane, connection=raw.driver_connection)
    await job.defer_async(**ids)


def queue(database_url: str) -> procrastinate.App:
    """Return the queue on `database_url`, to register tasks on and to run workers with."""
    return procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=libpq_url(database_url), min_size=1, max_size=12, timeout=10
        )
    )


def register(app: procrastinate.App, name: str, run: Callable[..., Awaitable[None]]) -> None:
    """Let workers of `app` answer jobs called `name` with `run`; failures are tried again."""
    retry = procrastinate.RetryStrategy(max_attempts=8, exponential_wait=2)
    app.task(name=name, retry=retry)(run)


async def work(app: procrastinate.App) -> None:
    """Run workers for every lane until cancelled; lanes never wait for each other.

    A worker of the library ends when the database goes away, some with an error and some without
    a word: then all of them begin again, until the database is back.
    """
    while True:
        try:
            async with app.open_async(), asyncio.TaskGroup() as group:
                for lane in LANES:
                    group.create_task(_work_in(app, lane))
        except Exception as error:
            ours = asyncio.current_task()
            if ours is not None and ours.cancelling():
                # What broke while all of it was being ended must not begin again.
                raise asyncio.CancelledError from error
            log.warning("the workers stopped (%s) and begin again", _kinds(error))
        await asyncio.sleep(_AGAIN_SECONDS)


async def _work_in(app: procrastinate.App, lane: Lane) -> None:
    await app.run_worker_async(
        queues=[lane],
        name=f"{lane}-worker",
        concurrency=LANES[lane],
        fetch_job_polling_interval=5,
        shutdown_graceful_timeout=10,
        install_signal_handlers=False,
        delete_jobs="successful",
    )
    raise ConnectionError(f"the worker of the {lane} lane ended by itself")


def _kinds(error: BaseException) -> str:
    """Name what went wrong without its text, which may quote a row."""
    if isinstance(error, BaseExceptionGroup):
        return ", ".join(sorted({_kinds(each) for each in error.exceptions}))
    return type(error).__name__
