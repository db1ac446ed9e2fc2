"""Reports as they come in by the thousand: many in one commit, each answered after its commit.

A provider gets its 2xx once what it said is kept. If we die before that it says it again.
"""

import asyncio
import logging
from collections.abc import Mapping

from sqlalchemy.exc import DBAPIError

from backend.context import Context
from backend.delivery import reports
from channels.base import Channel
from channels.message import StatusUpdate

log = logging.getLogger(__name__)

AT_ONCE = 200
GATHER_SECONDS = 0.01


class Intake:
    """Takes reports for one process; what comes while a commit is under way makes up the next."""

    def __init__(self, context: Context, channels: Mapping[str, Channel]) -> None:
        self._context = context
        self._channels = channels
        self._waiting: list[tuple[StatusUpdate, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def take(self, report: StatusUpdate) -> None:
        """Return once `report` is kept. Raises: what kept it from being kept."""
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((report, kept))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._keep())
        await kept

    async def _keep(self) -> None:
        while self._waiting:
            if len(self._waiting) < AT_ONCE:
                await asyncio.sleep(GATHER_SECONDS)
            some, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            try:
                await self._commit([report for report, _ in some])
            except Exception as error:
                await self._one_by_one(some, error)
                continue
            for _, kept in some:
                _tell(kept)

    async def _one_by_one(
        self, some: list[tuple[StatusUpdate, asyncio.Future[None]]], error: Exception
    ) -> None:
        """Keep what can be kept where one of them spoils it for the others."""
        if not isinstance(error, DBAPIError) or error.connection_invalidated:
            for _, kept in some:
                _tell(kept, error)
            return
        log.warning("%d reports are kept one by one: %s", len(some), type(error).__name__)
        for report, kept in some:
            try:
                await self._commit([report])
            except Exception as refused:
                _tell(kept, refused)
            else:
                _tell(kept)

    async def _commit(self, some: list[StatusUpdate]) -> None:
        async with self._context.sessions() as session, session.begin():
            await reports.apply_all(session, some, self._channels)


def _tell(kept: "asyncio.Future[None]", error: Exception | None = None) -> None:
    """Answer whoever still waits; a caller that went away is told nothing."""
    if kept.done():
        return
    if error is None:
        kept.set_result(None)
    else:
        kept.set_exception(error)
