"""How often something may be done; kept in Redis, and open where Redis is away."""

from redis.asyncio import Redis
from redis.exceptions import RedisError


async def allow(redis: Redis, what: str, times: int, seconds: int) -> bool:
    """Count one use of `what` and tell whether it is among the first `times` in `seconds`.

    A citizen is never refused because Redis is away: then everything is allowed.
    """
    key = f"limit:{what}"
    try:
        used = await redis.incr(key)
        if used == 1:
            await redis.expire(key, seconds)
    except (RedisError, OSError):
        return True
    return int(used) <= times
