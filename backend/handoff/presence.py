"""Who is at the desk: leases in Redis that a heartbeat renews. Wiping Redis only ends leases.

They end by Redis' own clock: those of the machines that write and read them may differ.
"""

import logging

from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

LEASE_SECONDS = 75
# Sorted sets: a staff id, scored with the end of its lease.
_PRESENT = "desk:present"
_TAKING = "desk:taking"


async def now(redis: Redis) -> float:
    """Return Redis' time, in seconds since 1970.

    Raises: RedisError or OSError when Redis does not answer.
    """
    seconds, micro = await redis.time()
    return float(seconds) + float(micro) / 1e6


async def here(redis: Redis, staff_id: int, *, taking: bool) -> None:
    """Renew the lease of an agent at the desk; `taking` says whether new conversations may come.

    An agent on a break keeps what is theirs and takes nothing new.
    """
    try:
        lease = {str(staff_id): await now(redis) + LEASE_SECONDS}
        async with redis.pipeline(transaction=True) as pipe:
            pipe.zadd(_PRESENT, lease)
            if taking:
                pipe.zadd(_TAKING, lease)
            else:
                pipe.zrem(_TAKING, str(staff_id))
            await pipe.execute()
    except (RedisError, OSError):
        log.warning("a lease is not renewed: Redis does not answer")


async def leave(redis: Redis, staff_id: int) -> None:
    """End the leases of an agent who leaves the desk; without Redis they run out by themselves."""
    try:
        async with redis.pipeline(transaction=True) as pipe:
            pipe.zrem(_PRESENT, str(staff_id))
            pipe.zrem(_TAKING, str(staff_id))
            await pipe.execute()
    except (RedisError, OSError):
        log.warning("a lease runs on: Redis does not answer")


async def present(redis: Redis) -> frozenset[int]:
    """Return the ids of agents whose desk is open.

    Raises: RedisError or OSError when Redis does not answer, which says nothing of the agents.
    """
    return await _running(redis, _PRESENT)


async def taking(redis: Redis) -> frozenset[int]:
    """Return the ids of agents who take conversations.

    Raises: RedisError or OSError when Redis does not answer, which says nothing of the agents.
    """
    return await _running(redis, _TAKING)


async def agents_on_duty(redis: Redis) -> frozenset[int]:
    """Return the ids of agents who take conversations; none when that can't be known.

    A citizen is never told that somebody is there on a guess.
    """
    try:
        return await taking(redis)
    except (RedisError, OSError):
        log.warning("presence is unknown: Redis does not answer")
        return frozenset()


async def _running(redis: Redis, key: str) -> frozenset[int]:
    members = await redis.zrangebyscore(key, f"({await now(redis)}", "+inf")
    return frozenset(int(str(member)) for member in members)
