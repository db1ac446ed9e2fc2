"""Stopping an alert and correcting it: everyone who may have got it is told, nobody else.

A correction never waits for unknown sends to clear up: it goes to them as well.
"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import String, bindparam, case, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit, jobs
from backend.context import Context
from backend.events import publish
from backend.models import Broadcast, BroadcastEvent, Delivery
from broadcasts import audience

CORRECTION_LIFE = timedelta(hours=24)  # later than the alert's own: a late correction still helps

_LATE = text("""
    UPDATE broadcast_events c SET cursor = 0 FROM broadcast_events a
    WHERE a.broadcast_id = c.broadcast_id AND a.kind = 'alert' AND c.kind = 'correction'
      AND c.cursor IS NULL AND c.expires_at > now()
      AND EXISTS (
        SELECT 1 FROM deliveries d
        WHERE d.event_id = a.id AND d.status = ANY(:maybe_out) AND d.updated_at > c.created_at
          AND NOT EXISTS (SELECT 1 FROM deliveries told
                          WHERE told.event_id = c.id AND told.contact_id = d.contact_id))
    RETURNING c.id""").bindparams(bindparam("maybe_out", type_=ARRAY(String)))


async def stop_and_correct(context: Context, broadcast_id: str, size: int = audience.CHUNK) -> None:
    """Stop what a cancelled alert has not sent, then write the event of its correction.

    Safe to repeat and to kill at any point: only a broadcast that is still `cancelling` is
    touched, and it has one correction at most.
    """
    broadcast = UUID(broadcast_id)
    after: int | None = 0
    while after is not None:
        async with context.sessions() as session, session.begin():
            after = await _stop_chunk(session, broadcast, after, size)
    async with context.sessions() as session, session.begin():
        await _correct(session, broadcast)
    await publish(context.redis, f"broadcast:{broadcast}", {"type": "changed"})


async def _stop_chunk(
    session: AsyncSession, broadcast_id: UUID, after: int, size: int
) -> int | None:
    """Stop the next `size` deliveries after id `after`; return the last one's id, None at the end.

    What a worker holds at this moment may go out, and may not be tried again: its time is over.
    The row locks make a delivery that changes hands meanwhile be seen as it has become.
    """
    next_rows = (
        select(Delivery.id)
        .join(BroadcastEvent, BroadcastEvent.id == Delivery.event_id)
        .join(Broadcast, Broadcast.id == BroadcastEvent.broadcast_id)
        .where(
            Broadcast.id == broadcast_id,
            Broadcast.status == "cancelling",
            BroadcastEvent.kind == "alert",
            Delivery.id > after,
            Delivery.status.in_(("pending", "dispatching")),
        )
        .order_by(Delivery.id)
        .limit(size)
        .with_for_update(of=Delivery)
    )
    ids = list(await session.scalars(next_rows))
    if not ids:
        return None
    waiting = Delivery.status == "pending"
    await session.execute(
        update(Delivery)
        .where(Delivery.id.in_(ids))
        .values(
            status=case((waiting, "cancelled"), else_=Delivery.status),
            reason=case((waiting, "cancelled"), else_=Delivery.reason),
            expires_at=case((waiting, Delivery.expires_at), else_=func.now()),
            updated_at=func.now(),
        )
        .execution_options(synchronize_session=False)
    )
    return ids[-1]


async def _correct(session: AsyncSession, broadcast_id: UUID) -> None:
    broadcast = await session.scalar(
        select(Broadcast).where(Broadcast.id == broadcast_id).with_for_update()
    )
    if broadcast is None or broadcast.status != "cancelling":
        return
    events = {
        event.kind: event
        for event in await session.scalars(
            select(BroadcastEvent).where(BroadcastEvent.broadcast_id == broadcast_id)
        )
    }
    if "correction" in events:
        return
    alert = events["alert"]
    people = await audience.count_to_correct(session, alert.id)
    event = BroadcastEvent(
        broadcast_id=broadcast_id,
        kind="correction",
        environment=alert.environment,
        mode=alert.mode,
        level=alert.level,
        texts=broadcast.correction,
        content_hash=broadcast.approved_hash,
        area={**alert.area, "corrects": str(alert.id)},
        audience=people,
        expires_at=func.now() + CORRECTION_LIFE,
    )
    session.add(event)
    await session.flush()
    audit.record(
        session, f"staff:{broadcast.cancelled_by}", "broadcast.corrected",
        f"broadcast:{broadcast_id}", people=people, event=str(event.id),
    )  # fmt: skip
    await jobs.enqueue(session, audience.FAN_OUT, "siren", event_id=str(event.id))


async def correct_the_late(session: AsyncSession) -> None:
    """Open a correction again for people who turned out later to have got the alert.

    A provider may report `failed` first and `delivered` an hour after.
    """
    reopened = await session.scalars(_LATE, {"maybe_out": list(audience.MAYBE_OUT)})
    for event_id in reopened.all():
        await jobs.enqueue(session, audience.FAN_OUT, "siren", event_id=str(event_id))
