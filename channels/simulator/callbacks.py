"""Word on a message's way, from a provider to us: in time and order, unless told otherwise."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import httpx

from channels.simulator.faults import FaultBox

STEP_SECONDS = 0.05
CALLBACKS_AT_ONCE = 16

Call = Callable[[str], Awaitable[None]]


class Callbacks:
    """The reports under way; `close` stops them."""

    def __init__(self, faults: FaultBox) -> None:
        self._faults = faults
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(CALLBACKS_AT_ONCE)

    def report(self, statuses: Sequence[str], note: Callable[[str], None], call: Call) -> None:
        """Let a message go through `statuses`: each is noted at once, and called about.

        What is called about may come late, not at all, twice, or before what was before it.
        """
        self._start(self._go(statuses, note, call))

    async def close(self) -> None:
        """Stop reporting."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _go(self, statuses: Sequence[str], note: Callable[[str], None], call: Call) -> None:
        turned = len(statuses) > 1 and self._faults.strikes("rate_reordered_callback")
        for status in statuses:
            await asyncio.sleep(STEP_SECONDS)
            note(status)
            if not turned:
                await self._deliver(status, call)
        for status in reversed(statuses if turned else ()):
            await self._deliver(status, call)

    async def _deliver(self, status: str, call: Call) -> None:
        if self._faults.strikes("rate_lost_callback"):
            return
        for _ in range(2 if self._faults.strikes("rate_double_callback") else 1):
            if self._faults.strikes("rate_late_callback"):
                self._start(self._later(status, call))
            else:
                await self._now(status, call)

    async def _later(self, status: str, call: Call) -> None:
        await asyncio.sleep(self._faults.faults.late_ms / 1000)
        await self._now(status, call)

    async def _now(self, status: str, call: Call) -> None:
        async with self._turns:
            try:
                await call(status)
            except (httpx.HTTPError, httpx.InvalidURL):
                self._faults.counts["callbacks_nobody_took"] += 1

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
