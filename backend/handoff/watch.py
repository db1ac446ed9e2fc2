"""The watch over conversations that wait for people, run by the clock: nobody waits in silence."""

import logging
from datetime import timedelta
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import func, select

from backend.context import Context
from backend.errors import Conflict
from backend.handoff import service
from backend.handoff.presence import now, present, taking
from backend.models import Conversation, Handoff

log = logging.getLogger(__name__)

GONE_SECONDS = 120  # beyond the lease, so that a wiped Redis takes nobody's conversation
WAIT_LIMIT = timedelta(minutes=10)
_BATCH = 100


async def watch(context: Context) -> None:
    """Release what vanished agents hold; move those who wait in vain to the call-back list.

    Does nothing while Redis does not answer: then nobody knows who is at the desk.
    """
    try:
        at_desk, takers = await present(context.redis), await taking(context.redis)
        gone = await _gone(context, at_desk)
    except (RedisError, OSError):
        log.warning("the desk is not watched: Redis does not answer")
        return
    for conversation_id, agent_id in gone:
        await _release(context, conversation_id, agent_id)
    if not takers:
        for conversation_id in await _waiting_in_vain(context):
            async with context.sessions() as session, session.begin():
                moved = await service.call_back_later(session, conversation_id)
            if moved is not None:
                await service.changed(context.redis, conversation_id)


async def _gone(context: Context, at_desk: frozenset[int]) -> list[tuple[UUID, int]]:
    """Return the active conversations of agents whose desk has been closed for long enough."""
    async with context.sessions() as session:
        rows = await session.execute(
            select(Conversation.id, Conversation.agent_id)
            .where(Conversation.state == "active")
            .order_by(Conversation.updated_at)
        )
        held = [(conversation_id, agent_id) for conversation_id, agent_id in rows if agent_id]
    missing = {
        agent_id
        for agent_id in {agent_id for _, agent_id in held}
        if await _missing_for(context.redis, agent_id, agent_id in at_desk) >= GONE_SECONDS
    }
    return [pair for pair in held if pair[1] in missing][:_BATCH]


async def _missing_for(redis: Redis, agent_id: int, at_desk: bool) -> float:
    """Return for how many seconds the watch has missed an agent."""
    key = f"desk:missing:{agent_id}"
    if at_desk:
        await redis.delete(key)
        return 0.0
    at = await now(redis)
    await redis.set(key, at, nx=True, ex=3600)
    return at - float(await redis.get(key) or at)


async def _release(context: Context, conversation_id: UUID, agent_id: int) -> None:
    try:
        async with context.sessions() as session, session.begin():
            await service.release(session, conversation_id, agent_id, actor="system")
    except Conflict:
        return  # the agent came back and closed it, between our look and our step
    await service.changed(context.redis, conversation_id)


async def _waiting_in_vain(context: Context) -> list[UUID]:
    async with context.sessions() as session:
        rows = await session.scalars(
            select(Conversation.id)
            .join(Handoff, Handoff.conversation_id == Conversation.id)
            .where(
                Conversation.state == "queued",
                Handoff.closed_at.is_(None),
                Handoff.requested_at < func.now() - WAIT_LIMIT,
            )
            .order_by(Handoff.requested_at)
            .limit(_BATCH)
        )
        return list(rows)
