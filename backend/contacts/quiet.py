"""Quiet hours: when a citizen wants nothing but what is urgent."""

from datetime import time
from uuid import UUID

from sqlalchemy import ColumnElement, Time, and_, case, cast, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit
from backend.models import Contact
from backend.petitions.working_days import calendar

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


def is_quiet(at: ColumnElement[object] | None = None) -> ColumnElement[bool]:
    """Return the rule, over `contacts`: is it within a contact's quiet hours at `at` (else now)?

    The span holds its beginning and not its end. What warns of danger to life is sent whatever
    this says; it holds back the rest.
    """
    moment = at if at is not None else func.clock_timestamp()
    local = cast(func.timezone(literal(str(calendar().zone)), moment), Time)
    within = and_(Contact.quiet_from <= local, local < Contact.quiet_until)
    over_midnight = (Contact.quiet_from <= local) | (local < Contact.quiet_until)
    return and_(
        Contact.quiet_from.is_not(None),
        case((Contact.quiet_from < Contact.quiet_until, within), else_=over_midnight),
    )
