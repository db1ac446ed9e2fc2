"""What became of everybody: counts by state that sum to the audience, whenever one looks."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.models.delivery import STATUSES
from broadcasts.schemas import EventOutcomes, Outcomes

# One statement sees one moment: the rows, the cursor and the state of the broadcast fit together.
_OUTCOMES = text("""
    SELECT b.status AS status, now() AS at, e.id, e.kind, e.audience, e.cursor, e.expires_at,
        e.expires_at <= now() AS over,
        (SELECT coalesce(jsonb_object_agg(status, people), '{}') FROM (
            SELECT d.status, count(*) AS people FROM deliveries d
            WHERE d.event_id = e.id GROUP BY d.status) counted) AS counts
    FROM broadcasts b LEFT JOIN broadcast_events e ON e.broadcast_id = b.id
    WHERE b.id = :broadcast ORDER BY e.kind""")


async def outcomes(session: AsyncSession, broadcast_id: UUID) -> Outcomes | None:
    """Return what became of the broadcast's events, or None where there is no such broadcast."""
    rows = (await session.execute(_OUTCOMES, {"broadcast": broadcast_id})).all()
    if not rows:
        return None
    events = []
    for row in rows:
        if row.id is None:
            continue
        counts = {status: int(row.counts.get(status, 0)) for status in STATUSES}
        stopped = row.kind == "alert" and row.status in ("cancelling", "cancelled")
        state = without_row(fanned_out=row.cursor is None, stopped=stopped, over=row.over)
        reached = sum(counts.values())
        counts[state] += max(row.audience - reached, 0)
        events.append(
            EventOutcomes(
                id=row.id,
                kind=row.kind,
                audience=max(row.audience, reached),
                counts=counts,
                expires_at=row.expires_at,
            )
        )
    return Outcomes(broadcast=broadcast_id, status=rows[0].status, at=rows[0].at, events=events)


def without_row(*, fanned_out: bool, stopped: bool, over: bool) -> str:
    """Return the state of the people who were counted and have no delivery.

    Once everybody was fanned out they are those who left in between; before that they wait, or
    the fan-out was stopped ahead of them.
    """
    if fanned_out:
        return "suppressed"
    if stopped:
        return "cancelled"
    return "expired" if over else "pending"


_DEAD = text("""
    SELECT e.broadcast_id, e.kind, d.channel, d.status, d.reason, count(*) AS people,
        min(d.id) AS first, max(d.id) AS last
    FROM deliveries d JOIN broadcast_events e ON e.id = d.event_id
    WHERE e.created_at > now() - :days * interval '1 day'
      AND (d.status IN ('failed', 'unknown', 'expired')
           OR d.status = 'dispatching' AND d.claimed_until < now() - interval '1 minute'
           OR d.status = 'pending' AND d.expires_at < now() - interval '1 minute')
    GROUP BY e.id, d.channel, d.status, d.reason ORDER BY e.created_at DESC, people DESC""")

_DEAD_JOBS = text("""
    SELECT j.task_name, count(*) AS jobs FROM procrastinate_jobs j
    WHERE j.status = 'failed' GROUP BY j.task_name ORDER BY j.task_name""")


async def dead(session: AsyncSession, days: int = 7) -> dict[str, list[dict[str, object]]]:
    """Return whom alerts of the last days did not surely reach and why, and jobs that gave up.

    People are counted by broadcast, channel and reason; the ids are those of deliveries.
    """
    people = (await session.execute(_DEAD, {"days": days})).mappings()
    jobs = (await session.execute(_DEAD_JOBS)).mappings()
    return {
        "people": [{**row, "broadcast_id": str(row["broadcast_id"])} for row in people],
        "jobs": [dict(row) for row in jobs],
    }
