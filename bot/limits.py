"""How often something may be done; kept in Redis, and open where Redis is away."""

from collections.abc import Mapping

from redis.asyncio import Redis
from redis.exceptions import RedisError


async def allow(
    redis: Redis, what: str, times: int, seconds: int, *, when_away: bool = True
) -> bool:
    """Count one use of `what` and tell whether it is among the first `times` in `seconds`.

    `when_away` is the answer while Redis does not count: yes for what a citizen may not be
    refused, no for what costs money or guards a secret.
    """
    used = await count(redis, {what: seconds})
    return when_away if used is None else used[0] <= times


async def count(redis: Redis, windows: Mapping[str, int]) -> list[int] | None:
    """Count one use of each of `windows` (what, in how many seconds), in one round trip.

    Returns how often each was used by now, in order; None while Redis does not count.
    """
    pipe = redis.pipeline(transaction=False)
    for what, seconds in windows.items():
        key = f"limit:{what}"
        pipe.set(key, 0, ex=seconds, nx=True)  # no window without its end, whenever we break off
        pipe.incr(key)
    try:
        answers = await pipe.execute()
    except (RedisError, OSError):
        return None
    return [int(used) for used in answers[1::2]]
