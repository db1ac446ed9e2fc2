"""How providers fail, on purpose: slow, too busy, broken, silent after taking a message."""

import asyncio
import random
from collections import Counter

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

_WATCH_SECONDS = 0.2


class Faults(BaseModel):
    """What goes wrong, and how often (0 never, 1 always)."""

    model_config = ConfigDict(extra="forbid")

    latency_ms: int = Field(0, ge=0, le=60_000)
    rate_429: float = Field(0, ge=0, le=1)
    rate_5xx: float = Field(0, ge=0, le=1)
    rate_timeout_after_accept: float = Field(0, ge=0, le=1)
    rate_lost_callback: float = Field(0, ge=0, le=1)
    rate_double_callback: float = Field(0, ge=0, le=1)
    rate_late_callback: float = Field(0, ge=0, le=1)
    rate_reordered_callback: float = Field(0, ge=0, le=1)
    rate_undelivered: float = Field(0, ge=0, le=1)
    rate_no_answer: float = Field(0, ge=0, le=1)  # of phones that are called, transfers too
    rate_busy: float = Field(0, ge=0, le=1)
    rate_call_failed: float = Field(0, ge=0, le=1)
    key_wait_ms: int = Field(6_000, ge=0, le=60_000)  # how long a call we place waits for a key
    late_ms: int = Field(2_000, ge=0, le=60_000)
    timeout_ms: int = Field(15_000, ge=100, le=60_000)


class FaultBox:
    """The faults in force, and how often each happened since they were set."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.counts: Counter[str] = Counter()
        self._dice = random.Random()  # noqa: S311 - chance for tests, no secret

    def set(self, faults: Faults) -> None:
        """Put `faults` in force and count from zero."""
        self.faults = faults
        self.counts.clear()

    def strikes(self, name: str) -> bool:
        """Throw the dice for the rate called `name`; count it when it happens."""
        rate: float = getattr(self.faults, name)
        if not rate or self._dice.random() >= rate:
            return False
        self.counts[name] += 1
        return True

    async def delay(self) -> None:
        """Wait as long as a slow provider does."""
        if self.faults.latency_ms:
            await asyncio.sleep(self.faults.latency_ms / 1000)

    async def keep_silent(self, request: Request) -> None:
        """Hold back an answer until the caller gives up, or for `timeout_ms` at most."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.faults.timeout_ms / 1000
        # Starlette tells of a caller who left only when asked.
        while loop.time() < end and not await request.is_disconnected():  # noqa: ASYNC110
            await asyncio.sleep(_WATCH_SECONDS)
