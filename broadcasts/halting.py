"""Holding an alert that is on its way: by hand, by the breaker, by the house."""

from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit
from backend.models import Broadcast
from broadcasts import paging

HALTABLE = ("approved", "sending")
KILL_SWITCH = "kill-switch"
ENVIRONMENT = "environment"


async def halt(
    session: AsyncSession, broadcast_id: UUID, reason: str, *, actor: str = "system"
) -> bool:
    """Hold an alert that is being sent; False where it was not. What is out stays out.

    Whoever wrote, submitted or approved it is called. `reason` is a word (`error-rate`,
    `kill-switch`, `environment`), for the page and the audit.
    """
    halted = await session.scalar(
        update(Broadcast)
        .where(Broadcast.id == broadcast_id, Broadcast.status.in_(HALTABLE))
        .values(status="halted", halted_at=func.now(), halted_reason=reason)
        .returning(Broadcast)
        .execution_options(populate_existing=True)
    )
    if halted is None:
        return False
    people = await paging.concerned(session, halted)
    await paging.call(session, people, paging.HALTED, broadcast_id=broadcast_id)
    audit.record(session, actor, "broadcast.halted", f"broadcast:{broadcast_id}", why=reason)
    return True
