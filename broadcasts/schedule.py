"""What the clock does for broadcasts: nothing stays where nobody works on it.

Each function reads rows, does a little and is safe to run at any time, twice, or late.
"""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit, jobs
from backend.context import Context
from backend.events import publish
from backend.models import Broadcast
from broadcasts import audience, correction, service
from broadcasts.outcomes import outcomes

_EXPIRE_DELIVERIES = text("""
    UPDATE deliveries SET updated_at = now(), reason = 'too-late',
        status = CASE WHEN stopped THEN 'cancelled' ELSE 'expired' END
    FROM (
        SELECT d.id, e.kind = 'alert' AND b.status IN ('cancelling', 'cancelled') AS stopped
        FROM deliveries d JOIN broadcast_events e ON e.id = d.event_id
        JOIN broadcasts b ON b.id = e.broadcast_id
        WHERE d.status = 'pending' AND d.lane = 'siren' AND d.expires_at <= now()
        ORDER BY d.id LIMIT :size FOR UPDATE OF d SKIP LOCKED) late
    WHERE deliveries.id = late.id""")

# Nothing went out at all and the time is over: the alert expired. Else it is finished, and the
# outcomes say how many it came too late for.
_FINISH = text("""
    UPDATE broadcasts b SET status = CASE
        WHEN e.expires_at <= now() AND NOT EXISTS (
            SELECT 1 FROM deliveries d WHERE d.event_id = e.id AND d.status <> 'expired')
        THEN 'expired' ELSE 'finished' END
    FROM broadcast_events e
    WHERE e.broadcast_id = b.id AND e.kind = 'alert' AND b.status IN ('approved', 'sending')
      AND (e.cursor IS NULL OR e.expires_at <= now())
      AND NOT EXISTS (SELECT 1 FROM deliveries d
                      WHERE d.event_id = e.id AND d.status IN ('pending', 'dispatching'))
    RETURNING b.id, b.status""")

_FINISH_CANCEL = text("""
    UPDATE broadcasts b SET status = 'cancelled' FROM broadcast_events a, broadcast_events c
    WHERE a.broadcast_id = b.id AND a.kind = 'alert' AND b.status = 'cancelling'
      AND c.broadcast_id = b.id AND c.kind = 'correction'
      AND (c.cursor IS NULL OR c.expires_at <= now())
      AND NOT EXISTS (SELECT 1 FROM deliveries d
                      WHERE d.event_id IN (a.id, c.id) AND d.status IN ('pending', 'dispatching'))
    RETURNING b.id, b.status""")

# Begun and not done. A job still waiting in the queue will come; one that died with its worker
# will not. Whoever works on it right now holds the row.
_LEFT_FAN_OUTS = text("""
    SELECT e.id FROM broadcast_events e JOIN broadcasts b ON b.id = e.broadcast_id
    WHERE e.cursor IS NOT NULL AND e.expires_at > now()
      AND e.created_at < now() - interval '10 seconds'
      AND (e.kind = 'correction' OR b.status IN ('approved', 'sending'))
      AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j
                      WHERE j.status = 'todo' AND j.task_name = :task
                        AND j.args ->> 'event_id' = CAST(e.id AS text))
    FOR UPDATE OF e SKIP LOCKED""")

_LEFT_CANCELS = text("""
    SELECT b.id FROM broadcasts b
    WHERE b.status = 'cancelling' AND b.cancelled_at < now() - interval '10 seconds'
      AND NOT EXISTS (SELECT 1 FROM broadcast_events c
                      WHERE c.broadcast_id = b.id AND c.kind = 'correction')
      AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j
                      WHERE j.status = 'todo' AND j.task_name = :task
                        AND j.args ->> 'broadcast_id' = CAST(b.id AS text))
    FOR UPDATE SKIP LOCKED""")


async def tend(context: Context) -> None:
    """Expire, finish and repair whatever is due; call it every few seconds."""
    while await expire_deliveries(context):
        pass
    async with context.sessions() as session, session.begin():
        changed = await expire_submitted(session) + await finish(session)
        await resume(session)
        await correction.correct_the_late(session)
    for broadcast_id in changed:
        await publish(context.redis, f"broadcast:{broadcast_id}", {"type": "changed"})


async def pulse(context: Context) -> None:
    """Push the numbers of every alert that is on its way to the pages that watch it.

    One computation for all viewers; call it every second or two.
    """
    async with context.sessions() as session:
        running = await session.scalars(
            select(Broadcast.id).where(Broadcast.status.in_(("approved", "sending", "cancelling")))
        )
        found = [await outcomes(session, broadcast_id) for broadcast_id in running.all()]
    for each in found:
        if each is not None:
            event = {"type": "outcomes", "outcomes": each.model_dump(mode="json")}
            await publish(context.redis, f"broadcast:{each.broadcast}", event)


async def expire_deliveries(context: Context, size: int = audience.CHUNK) -> int:
    """Close up to `size` alert deliveries whose time is over; return how many."""
    async with context.sessions() as session, session.begin():
        result = await session.execute(_EXPIRE_DELIVERIES, {"size": size})
        return cast("CursorResult[Any]", result).rowcount


async def expire_submitted(session: AsyncSession) -> list[UUID]:
    """Close what nobody approved in time; return the broadcasts."""
    expired = await session.scalars(
        update(Broadcast)
        .where(Broadcast.status == "submitted", Broadcast.expires_at <= func.now())
        .values(status="expired")
        .returning(Broadcast.id)
    )
    ids = list(expired)
    for broadcast_id in ids:
        audit.record(session, "system", "broadcast.expired", f"broadcast:{broadcast_id}")
    return ids


async def finish(session: AsyncSession) -> list[UUID]:
    """Close broadcasts with nothing left to send; return them."""
    rows = [
        *(await session.execute(_FINISH)).all(),
        *(await session.execute(_FINISH_CANCEL)).all(),
    ]
    for row in rows:
        audit.record(session, "system", f"broadcast.now_{row.status}", f"broadcast:{row.id}")
    return [row.id for row in rows]


async def resume(session: AsyncSession) -> None:
    """Give fan-outs and cancels whose worker died a job again."""
    for event_id in await session.scalars(_LEFT_FAN_OUTS, {"task": audience.FAN_OUT}):
        await jobs.enqueue(session, audience.FAN_OUT, "siren", event_id=str(event_id))
    for broadcast_id in await session.scalars(_LEFT_CANCELS, {"task": service.CANCEL}):
        await jobs.enqueue(session, service.CANCEL, "siren", broadcast_id=str(broadcast_id))
