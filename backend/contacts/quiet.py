"""Quiet hours: when a citizen wants nothing but what is urgent."""

from datetime import time
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit
from backend.models import Contact

Span = tuple[time, time]


async def keep(session: AsyncSession, contact_id: UUID, span: Span | None) -> None:
    """Keep `span` (from, until; in the city's time) as a contact's quiet hours, or none at all.

    Raises: ValueError for a span that begins when it ends.
    """
    if span is not None and span[0] == span[1]:
        raise ValueError("quiet hours end at another time than they begin")
    begins, ends = span or (None, None)
    await session.execute(
        update(Contact)
        .where(Contact.id == contact_id)
        .values(quiet_from=begins, quiet_until=ends)
        .execution_options(synchronize_session=False)
    )
    audit.record(
        session, "citizen", "alerts.quiet", f"contact:{contact_id}",
        hours=f"{begins:%H:%M}-{ends:%H:%M}" if begins and ends else "none",
    )  # fmt: skip


async def of(session: AsyncSession, contact_id: UUID) -> Span | None:
    """Return a contact's quiet hours, if there are any."""
    row = await session.execute(
        select(Contact.quiet_from, Contact.quiet_until).where(Contact.id == contact_id)
    )
    begins, ends = row.one()
    return (begins, ends) if begins is not None and ends is not None else None


# When the quiet hours of a contact `c` end that hold the city's clock `local` (`t` of day `d`);
# NULL outside of them. They hold their beginning and not their end. Text and no expression,
# because the fan-out is one statement over a million rows, written by hand.
ENDS = """CASE
    WHEN c.quiet_from IS NULL THEN NULL
    WHEN c.quiet_from < c.quiet_until AND c.quiet_from <= local.t AND local.t < c.quiet_until
        OR c.quiet_from > c.quiet_until AND local.t < c.quiet_until
        THEN (local.d + c.quiet_until) AT TIME ZONE :zone
    WHEN c.quiet_from > c.quiet_until AND c.quiet_from <= local.t
        THEN (local.d + 1 + c.quiet_until) AT TIME ZONE :zone END"""


def city_clock(at: str = "clock_timestamp()") -> str:
    """Return the table `local` that ENDS reads, at the moment that the SQL `at` gives."""
    return f"""(SELECT CAST({at} AT TIME ZONE :zone AS time) AS t,
        CAST({at} AT TIME ZONE :zone AS date) AS d) local"""
