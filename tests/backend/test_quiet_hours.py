"""Quiet hours: kept with a contact, over midnight too, and read by one rule."""

from datetime import UTC, datetime, time

import pytest
from sqlalchemy import literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contacts import quiet
from backend.contacts.service import lock_address
from backend.models import AuditEntry, Contact

NIGHT = (time(22), time(7))
NOON = (time(12), time(13, 30))


@pytest.mark.parametrize(
    ("span", "seoul", "is_quiet"),
    [
        (NIGHT, "21:59", False), (NIGHT, "22:00", True), (NIGHT, "00:00", True),
        (NIGHT, "06:59", True), (NIGHT, "07:00", False), (NIGHT, "12:00", False),
        (NOON, "12:00", True), (NOON, "13:29", True), (NOON, "13:30", False),
        (None, "03:00", False),
    ],
)  # fmt: skip
async def test_the_rule_holds_its_beginning_and_not_its_end(
    session: AsyncSession, span: quiet.Span | None, seoul: str, is_quiet: bool
) -> None:
    address = await lock_address(session, "web", "w" * 8, verified=False)
    await quiet.keep(session, address.contact_id, span)
    hour, minute = map(int, seoul.split(":"))
    at = datetime(2026, 11, 24, (hour - 9) % 24, minute, tzinfo=UTC)
    found = await session.scalar(
        select(quiet.is_quiet(literal(at))).where(Contact.id == address.contact_id)
    )
    assert found is is_quiet
    assert await quiet.of(session, address.contact_id) == span


async def test_the_audit_knows_and_an_empty_span_is_refused(session: AsyncSession) -> None:
    address = await lock_address(session, "web", "w" * 8, verified=False)
    await quiet.keep(session, address.contact_id, NIGHT)
    await session.flush()
    entry = (await session.scalars(select(AuditEntry))).one()
    assert (entry.action, entry.detail) == ("alerts.quiet", {"hours": "22:00-07:00"})
    with pytest.raises(ValueError, match="quiet"):
        await quiet.keep(session, address.contact_id, (time(7), time(7)))
    contact = await session.get_one(Contact, address.contact_id)
    contact.quiet_from, contact.quiet_until = time(7), time(7)
    with pytest.raises(IntegrityError):
        await session.flush()
