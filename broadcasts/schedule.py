"""What the clock does for broadcasts: nothing stays where nobody works on it.

Each function reads rows, does a little and is safe to run at any time, twice, or late.
"""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, Row, func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit, jobs
from backend.context import Context
from backend.events import publish
from backend.models import Broadcast, SirenSwitch
from broadcasts import audience, drafts, halting, paging, sending, service

_DUE = text("""
    SELECT b.id FROM broadcasts b
    WHERE b.status = 'approved' AND b.send_at <= now()
      AND NOT EXISTS (SELECT 1 FROM broadcast_events e WHERE e.broadcast_id = b.id)
    ORDER BY b.send_at FOR UPDATE OF b SKIP LOCKED LIMIT 1""")

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

# Nothing went out at all and the time is over: the alert expired. Else all of it is handed over,
# and the outcomes say how many it came too late for.
_SENT = text("""
    UPDATE broadcasts b SET status = CASE
        WHEN e.expires_at <= now() AND NOT EXISTS (
            SELECT 1 FROM deliveries d WHERE d.event_id = e.id AND d.status <> 'expired')
        THEN 'expired' ELSE 'sent' END
    FROM broadcast_events e
    WHERE e.broadcast_id = b.id AND e.kind = 'alert' AND b.status IN ('approved', 'sending')
      AND (e.cursor IS NULL OR e.expires_at <= now())
      AND NOT EXISTS (SELECT 1 FROM deliveries d
                      WHERE d.event_id = e.id AND d.status IN ('pending', 'dispatching'))
    RETURNING b.id, b.status""")

# Halted until its time was over: what is out is out, the rest has expired.
_HALTED = text("""
    UPDATE broadcasts b SET status = 'sent' FROM broadcast_events e
    WHERE e.broadcast_id = b.id AND e.kind = 'alert' AND b.status = 'halted'
      AND e.expires_at <= now()
      AND NOT EXISTS (SELECT 1 FROM deliveries d
                      WHERE d.event_id = e.id AND d.status IN ('pending', 'dispatching'))
    RETURNING b.id, b.status""")

# Halted before its time came, and that is over: nobody got it.
_HALTED_PLAN = text("""
    UPDATE broadcasts b SET status = 'expired'
    WHERE b.status = 'halted' AND b.expires_at <= now()
      AND NOT EXISTS (SELECT 1 FROM broadcast_events e WHERE e.broadcast_id = b.id)
    RETURNING b.id, b.status""")

# Every outcome is known, or has been asked for as often as it will be.
_FINISH = text("""
    UPDATE broadcasts b SET status = 'finished' FROM broadcast_events e
    WHERE e.broadcast_id = b.id AND e.kind = 'alert' AND b.status = 'sent'
      AND NOT EXISTS (SELECT 1 FROM deliveries d
                      WHERE d.event_id = e.id AND (d.status IN ('pending', 'dispatching')
                        OR d.check_at IS NOT NULL AND d.status IN ('accepted', 'sent', 'unknown')))
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
      AND (e.kind <> 'alert' OR b.status IN ('approved', 'sending'))
      AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j
                      WHERE j.status = 'todo' AND j.task_name = :task
                        AND j.args ->> 'event_id' = CAST(e.id AS text))
    FOR UPDATE OF e SKIP LOCKED""")

# Cancels without a correction or with something left to stop, and all-clears that have not stopped
# the alert.
_LEFT_CANCELS = text("""
    SELECT b.id FROM broadcasts b
    WHERE (b.status = 'cancelling' AND b.cancelled_at < now() - interval '10 seconds'
           AND (NOT EXISTS (SELECT 1 FROM broadcast_events c
                            WHERE c.broadcast_id = b.id AND c.kind = 'correction')
                OR EXISTS (SELECT 1 FROM broadcast_events a JOIN deliveries d ON d.event_id = a.id
                           WHERE a.broadcast_id = b.id AND a.kind = 'alert'
                             AND d.status = 'pending'))
        OR b.status IN ('sending', 'halted', 'sent')
           AND EXISTS (SELECT 1 FROM broadcast_events c
                       WHERE c.broadcast_id = b.id AND c.kind = 'all_clear'
                         AND c.created_at < now() - interval '10 seconds')
           AND EXISTS (SELECT 1 FROM broadcast_events a JOIN deliveries d ON d.event_id = a.id
                       WHERE a.broadcast_id = b.id AND a.kind = 'alert' AND d.status = 'pending'))
      AND NOT EXISTS (SELECT 1 FROM procrastinate_jobs j
                      WHERE j.status = 'todo' AND j.task_name = :task
                        AND j.args ->> 'broadcast_id' = CAST(b.id AS text))
    FOR UPDATE SKIP LOCKED""")


async def tend(context: Context) -> None:
    """Fire, expire, finish and repair whatever is due; call it every few seconds."""
    changed = []
    while (fired := await fire(context)) is not None:
        changed.append(fired)
    while await expire_deliveries(context):
        pass
    async with context.sessions() as session, session.begin():
        changed += await expire_submitted(session) + await hold_unfit(session)
        changed += await finish(session)
        await resume(session)
    for broadcast_id in changed:
        await publish(context.redis, f"broadcast:{broadcast_id}", {"type": "changed"})


async def fire(context: Context) -> UUID | None:
    """Begin to send one approved broadcast whose time has come; return which, None if none is due.

    Looked at again at this moment: the words are the approved ones, its time is not over, the house
    stands as it stood, and somebody would get it. Two clocks at once fire it once: the row is
    locked, and there is one alert event at most.
    """
    async with context.sessions() as session, session.begin():
        broadcast_id: UUID | None = await session.scalar(_DUE)
        if broadcast_id is None:
            return None
        broadcast = await service.get(session, broadcast_id)
        open_house, over = (
            await session.execute(
                select(sending.house_allows(), Broadcast.expires_at <= func.now()).where(
                    Broadcast.id == broadcast_id
                )
            )
        ).one()
        reached = await audience.count_for(session, broadcast)
        intact = drafts.hash_of(broadcast) == broadcast.approved_hash
        if open_house and intact and not over and reached.people:
            event = await sending.begin(session, broadcast, reached)
            audit.record(
                session, "system", "broadcast.fired", f"broadcast:{broadcast_id}",
                event=str(event.id), people=reached.people,
            )  # fmt: skip
            return broadcast_id
        why = _why_not(open_house=open_house, intact=intact, over=over)
        await session.execute(
            update(Broadcast)
            .where(Broadcast.id == broadcast_id, Broadcast.status == "approved")
            .values(status="expired")
        )
        audit.record(
            session, "system", "broadcast.refused_at_sending", f"broadcast:{broadcast_id}", why=why
        )
        people = await paging.concerned(session, broadcast)
        await paging.call(session, people, paging.NOT_SENT, broadcast_id=broadcast_id)
        return broadcast_id


def _why_not(*, open_house: bool, intact: bool, over: bool) -> str:
    if over:
        return "too-late"
    if not open_house:
        return "environment"
    return "nobody" if intact else "changed"


async def expire_deliveries(context: Context, size: int = audience.CHUNK) -> int:
    """Close up to `size` alert deliveries whose time is over; return how many."""
    async with context.sessions() as session, session.begin():
        result = await session.execute(_EXPIRE_DELIVERIES, {"size": size})
        return cast("CursorResult[Any]", result).rowcount


async def expire_submitted(session: AsyncSession) -> list[UUID]:
    """Close what nobody approved in time, for its expiry or for when it was to go out."""
    expired = await session.scalars(
        update(Broadcast)
        .where(
            Broadcast.status == "submitted",
            or_(Broadcast.expires_at <= func.now(), Broadcast.send_at <= func.now()),
        )
        .values(status="expired")
        .returning(Broadcast)
        .execution_options(populate_existing=True)
    )
    rows = list(expired)
    for broadcast in rows:
        audit.record(session, "system", "broadcast.expired", f"broadcast:{broadcast.id}")
        people = await paging.concerned(session, broadcast)
        await paging.call(session, people, paging.NOT_APPROVED, broadcast_id=broadcast.id)
    return [broadcast.id for broadcast in rows]


async def hold_unfit(session: AsyncSession) -> list[UUID]:
    """Hold what is being sent although the house is stopped or stands otherwise; return which.

    The fan-out looks at the house before each chunk. What it has written by then waits for its
    turn, and so does what was resumed or sent again in the instant of a stop.
    """
    unfit = await session.execute(
        select(Broadcast.id, Broadcast.mode).where(
            Broadcast.status == "sending", ~sending.house_allows()
        )
    )
    rows, held = unfit.all(), []
    if not rows:
        return []
    house = await session.get_one(SirenSwitch, 1, populate_existing=True)
    why = halting.KILL_SWITCH if house.stopped_at else halting.ENVIRONMENT
    for row in rows:
        if await halting.halt(session, row.id, why):
            audit.record(
                session, "system", "broadcast.refused_at_sending", f"broadcast:{row.id}",
                why=why, mode=house.mode, approved_in=row.mode,
            )  # fmt: skip
            held.append(row.id)
    return held


async def finish(session: AsyncSession) -> list[UUID]:
    """Move on broadcasts with nothing left to send or to wait for; return them."""
    rows: list[Row[Any]] = []
    for step in (_HALTED, _HALTED_PLAN, _SENT, _FINISH, _FINISH_CANCEL):
        rows += (await session.execute(step)).all()
    for row in rows:
        audit.record(session, "system", f"broadcast.now_{row.status}", f"broadcast:{row.id}")
    return [row.id for row in rows]


async def resume(session: AsyncSession) -> None:
    """Give fan-outs and cancels whose worker died a job again."""
    for event_id in await session.scalars(_LEFT_FAN_OUTS, {"task": audience.FAN_OUT}):
        await jobs.enqueue(session, audience.FAN_OUT, "siren", event_id=str(event_id))
    for broadcast_id in await session.scalars(_LEFT_CANCELS, {"task": service.CANCEL}):
        await jobs.enqueue(session, service.CANCEL, "siren", broadcast_id=str(broadcast_id))
