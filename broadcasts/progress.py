"""An alert on its way, over time and by district: computed once, pushed to every page that watches.

The chart's points are kept, so that a page opened late shows how it went from the first second.
"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.context import Context
from backend.events import publish
from backend.models import Broadcast, BroadcastEvent, BroadcastSample
from broadcasts import answers
from broadcasts.outcomes import outcomes
from broadcasts.schemas import EventOutcomes

RUNNING = ("approved", "sending", "halted", "sent", "cancelling")
# What was handed to a provider, whatever came of it; and what a provider said yes to.
HANDED = ("dispatching", "accepted", "sent", "delivered", "unknown", "failed")
ACCEPTED = ("accepted", "sent", "delivered")

# Every two seconds at first, and a sixtieth of the age later on: some 500 points in two days. What
# has not changed needs no point.
_SAMPLE = text("""
    INSERT INTO broadcast_samples (event_id, counts)
    SELECT e.id, CAST(:counts AS jsonb) FROM broadcast_events e
    LEFT JOIN LATERAL (SELECT s.at, s.counts FROM broadcast_samples s
                       WHERE s.event_id = e.id ORDER BY s.at DESC LIMIT 1) last ON true
    WHERE e.id = :event AND (last.at IS NULL OR last.counts <> CAST(:counts AS jsonb)
        AND last.at <= now() - greatest(interval '1 second', (now() - e.created_at) / 60))
    ON CONFLICT DO NOTHING""")

_ANSWERED_LATELY = text("""
    broadcasts.expires_at > now() - interval '1 day' AND EXISTS (
        SELECT 1 FROM broadcast_events e JOIN alert_replies r ON r.event_id = e.id
        WHERE e.broadcast_id = broadcasts.id AND r.at > now() - interval '1 minute')""")


class Point(BaseModel):
    """How an alert stood at `at`: people whose message was handed over, and what came of it."""

    at: datetime
    sent: int
    accepted: int
    delivered: int
    failed: int
    unknown: int


class Timeline(BaseModel):
    """How the alert of a broadcast stood over time, from its beginning until now."""

    audience: int
    points: list[Point]


async def pulse(context: Context) -> None:
    """Push the numbers of every alert that is on its way to the pages that watch it, and keep them.

    One computation for all viewers; call it every second or two.
    """
    async with context.sessions() as session, session.begin():
        running = await session.scalars(select(Broadcast.id).where(Broadcast.status.in_(RUNNING)))
        found = [await outcomes(session, broadcast_id) for broadcast_id in running.all()]
        for each in found:
            for event in each.events if each else []:
                await _keep(session, event)
    for each in found:
        if each is not None:
            signal = {"type": "outcomes", "outcomes": each.model_dump(mode="json")}
            await publish(context.redis, f"broadcast:{each.broadcast}", signal)


async def _keep(session: AsyncSession, event: EventOutcomes) -> None:
    counts = event.model_dump_json(include={"counts"}).removeprefix('{"counts":')[:-1]
    await session.execute(_SAMPLE, {"event": event.id, "counts": counts})


async def pulse_districts(context: Context) -> None:
    """Push how far each running or lately answered alert came in each district."""
    async with context.sessions() as session:
        watched = await session.scalars(
            select(Broadcast.id).where(or_(Broadcast.status.in_(RUNNING), _ANSWERED_LATELY))
        )
        found = {id_: await answers.by_district(session, id_) for id_ in watched.all()}
    for broadcast_id, rows in found.items():
        signal = {"type": "districts", "districts": [row.model_dump() for row in rows]}
        await publish(context.redis, f"broadcast:{broadcast_id}", signal)


async def timeline(session: AsyncSession, broadcast_id: UUID) -> Timeline | None:
    """Return how the alert of a broadcast stood over time; None where nothing was sent."""
    now = await outcomes(session, broadcast_id)
    alert = next((event for event in now.events if event.kind == "alert"), None) if now else None
    if now is None or alert is None:
        return None
    began = await session.scalar(
        select(BroadcastEvent.created_at).where(BroadcastEvent.id == alert.id)
    )
    rows = await session.scalars(
        select(BroadcastSample)
        .where(BroadcastSample.event_id == alert.id, BroadcastSample.at <= func.now())
        .order_by(BroadcastSample.at)
    )
    points = [_point(began or now.at, {}), *(_point(row.at, row.counts) for row in rows)]
    if _counted(points[-1]) != _counted(last := _point(now.at, alert.counts)):
        points.append(last)
    return Timeline(audience=alert.audience, points=points)


def _point(at: datetime, counts: dict[str, int]) -> Point:
    return Point(
        at=at,
        sent=sum(counts.get(state, 0) for state in HANDED),
        accepted=sum(counts.get(state, 0) for state in ACCEPTED),
        delivered=counts.get("delivered", 0),
        failed=counts.get("failed", 0),
        unknown=counts.get("unknown", 0),
    )


def _counted(point: Point) -> dict[str, int]:
    return point.model_dump(exclude={"at"})
