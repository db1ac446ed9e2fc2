"""How often something may be done; kept in Redis, and open where Redis is away."""

from redis.asyncio import Redis
from redis.exceptions import RedisError


async def allow(
    redis: Redis, what: str, times: int, seconds: int, *, when_away: bool = True
) -> bool:
    """Count one use of `what` and tell whether it is among the first `times` in `seconds`.

    `when_away` is the answer while Redis does not count: yes for what a citizen may not be
    refused, no for what costs money or guards a secret.
    """
    key = f"limit:{what}"
    try:
        used = await redis.incr(key)
        if used == 1:
            await redis.expire(key, seconds)
    except (RedisError, OSError):
        return when_away
    return int(used) <= times
