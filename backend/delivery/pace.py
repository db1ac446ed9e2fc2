"""How fast each provider's account may be used, by everybody together: token buckets in Redis.

An account has two buckets, one for alerts and one for everything else; whoever has not asked for a
while lends its own. With Redis away each process goes on by itself at its part of the pace.
"""

import asyncio
import logging
import math
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from channels.base import Provider

log = logging.getLogger(__name__)

SIREN_SHARE = 0.7
BURST_SECONDS = 0.5
IDLE_SECONDS = 2.0  # who has not asked for so long lends its bucket
REDIS_SECONDS = 0.3
AGAIN_SECONDS = 2.0
PROCESSES_UNTIL_KNOWN = 4
LONGEST_PAUSE = 3600.0

# KEYS: the account's buckets, its pause, the processes that use it.
# ARGV: rate, share of the caller's class, caller's class, the other class, wanted, burst,
#       idle seconds, this process, whether it must leave half of the bucket.
# Returns: granted, milliseconds to wait for the next, processes.
_TAKE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
redis.call('ZADD', KEYS[3], now, ARGV[8])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - 30)
redis.call('EXPIRE', KEYS[3], 60)
local processes = redis.call('ZCARD', KEYS[3])
local paused = redis.call('PTTL', KEYS[2])
if paused > 0 then return {0, paused, processes} end

local rate, share, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[6])
local mine, theirs, wanted = ARGV[3], ARGV[4], tonumber(ARGV[5])
local held = redis.call('HMGET', KEYS[1], mine, theirs, 'at', theirs .. ':asked')
local room = math.max(1, rate * share * burst)
local their_room = math.max(1, rate * (1 - share) * burst)
local passed = held[3] and math.max(0, now - tonumber(held[3])) or 0
local tokens = math.min(room, (tonumber(held[1]) or room) + passed * rate * share)
local others = math.min(their_room, (tonumber(held[2]) or their_room) + passed * rate * (1 - share))
local lends = not held[4] or now - tonumber(held[4]) > tonumber(ARGV[7])
local floor = ARGV[9] == '1' and room / 2 or 0

local granted = math.max(0, math.min(wanted, math.floor(tokens - floor)))
tokens = tokens - granted
local borrowed = 0
if lends and granted < wanted then
    borrowed = math.max(0, math.min(wanted - granted, math.floor(others)))
    others = others - borrowed
end
redis.call('HSET', KEYS[1], mine, tokens, theirs, others, 'at', now, mine .. ':asked', now)
redis.call('EXPIRE', KEYS[1], 60)
local wait = 0
if granted + borrowed < wanted then
    local per_second = lends and rate or rate * share
    wait = math.ceil(1000 * math.max(0.001, (1 + floor - tokens) / per_second))
end
return {granted + borrowed, wait, processes}
"""


@dataclass(frozen=True, slots=True)
class Grant:
    """How many may go now, and in how many seconds the next one may."""

    granted: int
    wait: float = 0.0


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Pace:
    """The pace of every account, for one process. `rates` replace what the channels say."""

    def __init__(
        self,
        redis: Redis,
        rates: dict[str, float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._take = redis.register_script(_TAKE)
        self._rates = rates or {}
        self._clock = clock
        self._me = uuid.uuid4().hex
        self._paused: dict[str, float] = {}
        self._buckets: dict[tuple[str, bool], _Bucket] = {}
        self._processes = PROCESSES_UNTIL_KNOWN
        self._away_until = 0.0

    def rate(self, provider: Provider) -> float | None:
        """Return how many messages a second `provider` takes; None without a limit."""
        return self._rates.get(provider.name, provider.per_second)

    async def take(self, provider: Provider, lane: str, wanted: int) -> Grant:
        """Ask for `wanted` messages through `provider` in `lane`; never fails, soon answers."""
        paused = self._paused.get(provider.name, 0.0) - self._clock()
        if paused > 0:
            return Grant(0, paused)
        rate = self.rate(provider)
        if not wanted or rate is None:
            return Grant(wanted)
        if self._clock() >= self._away_until:
            try:
                return await self._ask(provider.name, rate, lane, wanted)
            except (RedisError, OSError, TimeoutError):
                self._gone()
        return self._alone(provider.name, rate, lane, wanted)

    async def pause(self, provider: str, seconds: float) -> None:
        """Stop the whole account for `seconds`, in every process: its provider asked for it."""
        seconds = min(seconds, LONGEST_PAUSE)
        until = self._clock() + seconds
        self._paused[provider] = max(self._paused.get(provider, 0.0), until)
        key = f"pace:{{{provider}}}:pause"
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                left = await self._redis.pttl(key)
                if left < seconds * 1000:
                    await self._redis.set(key, "1", px=max(1, int(seconds * 1000)))
        except (RedisError, OSError, TimeoutError):
            self._gone()

    async def spend(self, provider: Provider, lane: str, more: int) -> None:
        """Charge `more` messages that were not asked for: the further parts of long ones."""
        if more <= 0 or self.rate(provider) is None:
            return
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                key = f"pace:{{{provider.name}}}"
                await self._redis.hincrbyfloat(key, _class(lane)[0], -more)
        except (RedisError, OSError, TimeoutError):
            self._gone()

    async def _ask(self, name: str, rate: float, lane: str, wanted: int) -> Grant:
        mine, theirs, share = _class(lane)
        keys = [f"pace:{{{name}}}", f"pace:{{{name}}}:pause", f"pace:{{{name}}}:processes"]
        args: list[str | int | float] = [
            rate, share, mine, theirs, wanted, BURST_SECONDS, IDLE_SECONDS, self._me,
            int(lane == "bulk"),
        ]  # fmt: skip
        async with asyncio.timeout(REDIS_SECONDS):
            granted, wait, self._processes = await self._take(keys=keys, args=args)
        return Grant(int(granted), int(wait) / 1000)

    def _alone(self, name: str, rate: float, lane: str, wanted: int) -> Grant:
        """Pace without Redis: this process keeps to its part, and alerts to theirs."""
        _, _, share = _class(lane)
        rate = rate * share / max(1, self._processes)
        room, now = max(1.0, rate * BURST_SECONDS), self._clock()
        bucket = self._buckets.setdefault((name, lane == "siren"), _Bucket(room, now))
        bucket.tokens = min(room, bucket.tokens + (now - bucket.at) * rate)
        bucket.at = now
        granted = min(wanted, math.floor(bucket.tokens))
        bucket.tokens -= granted
        wait = 0.0 if granted == wanted else (1 - bucket.tokens) / rate
        return Grant(granted, wait)

    def _gone(self) -> None:
        """Leave Redis alone for a moment: a dead one must not cost every message its time-out."""
        if self._clock() >= self._away_until:
            log.warning("Redis does not answer: each process paces itself")
        self._away_until = self._clock() + AGAIN_SECONDS


def _class(lane: str) -> tuple[str, str, float]:
    """Return the bucket of `lane`, the other bucket, and the part of the pace that is its own."""
    if lane == "siren":
        return "siren", "rest", SIREN_SHARE
    return "rest", "siren", 1 - SIREN_SHARE
