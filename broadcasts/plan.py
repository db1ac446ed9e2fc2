"""Canary and breaker: a few people first, all once that went well, nobody more where it goes wrong.

Each look reads rows, decides in one statement and is safe to repeat. A halt is for people to undo.
"""

import asyncio
import time
from uuid import UUID

from sqlalchemy import Row, func, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit, jobs
from backend.context import Context
from backend.events import publish
from backend.models import BroadcastEvent
from broadcasts import audience, halting, paging, service

ERROR_RATE = 0.2  # of those whose fate is known, more than this share: something is wrong
KNOWN_AT_LEAST = 20
ENOUGH = audience.CANARY * 3 // 5  # of the canary: the others need not wait for the slowest
RECENT_SECONDS = 4.0  # what the breaker looks at, and how often
RECENT_AT_LEAST = 100
STUCK_SECONDS = 30.0  # an alert of which nothing is accepted for so long stands still
CALLED_AGAIN_SECONDS = 600.0
CLOSE_SECONDS = 2.0
LOOK_SECONDS = 0.05
SILENT_SECONDS = 60.0  # a canary of which nothing is accepted for so long has failed

# The canary: the fan-out has written it and waits. What is refused, and tried again, is no success;
# who is left alone until the morning tells nothing.
_CANARIES = text("""
    SELECT e.id, e.broadcast_id, count(d.id) FILTER (WHERE d.lane = 'siren') AS people,
        count(d.id) FILTER (WHERE d.status IN ('accepted', 'sent', 'delivered')) AS good,
        count(d.id) FILTER (
            WHERE d.status IN ('failed', 'unknown') AND d.reason <> 'lease-expired'
               OR d.status = 'pending' AND d.failures > 1) AS bad,
        count(d.id) FILTER (
            WHERE d.lane = 'siren' AND d.status IN ('pending', 'dispatching')) AS open,
        min(d.created_at) < now() - :silent * interval '1 second' AS old
    FROM broadcasts b
    JOIN broadcast_events e ON e.broadcast_id = b.id AND e.kind = 'alert'
    LEFT JOIN deliveries d ON d.event_id = e.id
    WHERE b.status IN ('approved', 'sending') AND e.cursor > 0 AND e.released_at IS NULL
      AND b.resumed_at IS NULL AND e.expires_at > now()
    GROUP BY e.id""")

# What came of an alert's last tries. A worker that died says nothing of how the sending goes.
_RUNNING = text("""
    WITH tried AS MATERIALIZED (
        SELECT delivery_id, outcome, code, at FROM delivery_attempts
        WHERE at > now() - :recent * interval '1 second')
    SELECT e.id, e.broadcast_id, count(*) FILTER (WHERE t.outcome = 'accepted') AS good,
        count(*) FILTER (WHERE t.outcome IN ('rejected', 'content', 'unknown')
                         AND t.code IS DISTINCT FROM 'lease-expired') AS bad
    FROM tried t JOIN deliveries d ON d.id = t.delivery_id
    JOIN broadcast_events e ON e.id = d.event_id
    JOIN broadcasts b ON b.id = e.broadcast_id
    WHERE e.kind = 'alert' AND b.status = 'sending'
      AND (e.released_at IS NOT NULL OR b.resumed_at IS NOT NULL)
      AND (b.resumed_at IS NULL OR t.at > b.resumed_at)
    GROUP BY e.id HAVING count(*) >= :least""")

# Somebody waits, and nobody was reached for a while. Who is held, or left alone until the morning,
# waits for something else.
_STUCK = text("""
    SELECT b.id FROM broadcasts b JOIN broadcast_events e ON e.broadcast_id = b.id
    WHERE e.expires_at > now() AND (e.kind <> 'alert' OR b.status = 'sending')
      AND coalesce(b.resumed_at, e.created_at) < now() - :quiet * interval '1 second'
      AND NOT EXISTS (
        SELECT 1 FROM audit a WHERE a.action = 'broadcast.stuck'
          AND a.subject = 'broadcast:' || b.id AND a.at > now() - :again * interval '1 second')
      AND NOT EXISTS (
        SELECT 1 FROM delivery_attempts t JOIN deliveries d ON d.id = t.delivery_id
        WHERE t.at > now() - :quiet * interval '1 second' AND t.outcome = 'accepted'
          AND d.event_id = e.id)
      AND EXISTS (
        SELECT 1 FROM deliveries d WHERE d.event_id = e.id AND d.lane = 'siren'
          AND d.status = 'pending' AND d.created_at < now() - :quiet * interval '1 second')
    FOR UPDATE OF b SKIP LOCKED""")

_ON_THE_WAY = text("SELECT EXISTS (SELECT 1 FROM broadcasts WHERE status = 'sending')")


async def watch_canaries(context: Context) -> None:
    """Let the others follow where the canary went well, else halt it. Call it twice a second."""
    await _judge_all(context)


async def follow_canary(context: Context) -> None:
    """Watch the canaries closely, until all are decided or for `CLOSE_SECONDS`.

    Call it where one was just written: its answers take a tenth of a second, for which a city need
    not wait until the clock looks. Whatever is not decided by then is left to the clock.
    """
    end = time.monotonic() + CLOSE_SECONDS
    while await _judge_all(context):
        if time.monotonic() > end:
            return
        await asyncio.sleep(LOOK_SECONDS)


async def _judge_all(context: Context) -> bool:
    """Decide on every canary that is ripe; return whether any is left."""
    left = False
    async with context.sessions() as session:
        canaries = (await session.execute(_CANARIES, {"silent": SILENT_SECONDS})).all()
    for row in canaries:
        verdict = judge(row.people, row.good, row.bad, row.open, silent=bool(row.old))
        if verdict is None:
            left = True
        else:
            await _do(context, row, None if verdict == "release" else verdict)
    return left


async def watch_errors(context: Context) -> None:
    """Halt an alert whose last tries went wrong; call it every `RECENT_SECONDS`."""
    values = {"recent": RECENT_SECONDS, "least": RECENT_AT_LEAST}
    async with context.sessions() as session:
        running = []
        if await session.scalar(_ON_THE_WAY):
            running = list((await session.execute(_RUNNING, values)).all())
    for row in running:
        if row.bad > ERROR_RATE * (row.good + row.bad):
            await _do(context, row, "error-rate")


async def watch_standstills(context: Context) -> None:
    """Call the people of an alert that stands still: its providers are down, or nobody works.

    What waits goes on waiting, and goes out once it can.
    """
    values = {"quiet": STUCK_SECONDS, "again": CALLED_AGAIN_SECONDS}
    async with context.sessions() as session, session.begin():
        for broadcast_id in set(await session.scalars(_STUCK, values)):
            people = await paging.concerned(session, await service.get(session, broadcast_id))
            await paging.call(session, people, paging.STUCK, broadcast_id=broadcast_id)
            audit.record(session, "system", "broadcast.stuck", f"broadcast:{broadcast_id}")


def judge(people: int, good: int, bad: int, open_: int, *, silent: bool) -> str | None:
    """Return what becomes of an alert whose canary stands so: `release`, why not, or None: wait.

    `open_` are those whose sending is not over, `silent` tells that a minute went by.
    """
    known = good + bad
    if bad > ERROR_RATE * known and (known >= min(KNOWN_AT_LEAST, people) or not open_):
        return "error-rate"
    enough = known >= min(ENOUGH, people) or not open_
    if enough and (good or not known):
        return "release"
    if silent:
        return "release" if good else "canary-silent"
    return None


async def _do(context: Context, row: Row[tuple[object, ...]], why: str | None) -> None:
    async with context.sessions() as session, session.begin():
        done = (
            await release(session, row.id)
            if why is None
            else await halting.halt(session, row.broadcast_id, why)
        )
    if done:
        await publish(context.redis, f"broadcast:{row.broadcast_id}", {"type": "changed"})


async def release(session: AsyncSession, event_id: UUID) -> bool:
    """Let the others follow the canary; False where somebody did so before."""
    released = await session.scalar(
        update(BroadcastEvent)
        .where(BroadcastEvent.id == event_id, BroadcastEvent.released_at.is_(None))
        .values(released_at=func.now())
        .returning(BroadcastEvent.id)
        .execution_options(synchronize_session=False)
    )
    if released is not None:
        await jobs.enqueue(session, audience.FAN_OUT, "siren", event_id=str(event_id))
    return released is not None
