"""Quiet hours: kept with a contact, over midnight too, and read by one rule."""

from datetime import datetime, time

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend.contacts import quiet
from backend.contacts.service import lock_address
from backend.models import AuditEntry, Contact

NIGHT = (time(22), time(7))
NOON = (time(12), time(13, 30))


@pytest.mark.parametrize(
    ("span", "seoul", "ends"),
    [
        (NIGHT, "21:59", None), (NIGHT, "22:00", "25 07:00"), (NIGHT, "00:00", "24 07:00"),
        (NIGHT, "06:59", "24 07:00"), (NIGHT, "07:00", None), (NIGHT, "12:00", None),
        (NOON, "12:00", "24 13:30"), (NOON, "13:29", "24 13:30"), (NOON, "13:30", None),
        (None, "03:00", None),
    ],
)  # fmt: skip
async def test_quiet_hours_hold_their_beginning_and_not_their_end(
    session: AsyncSession, span: quiet.Span | None, seoul: str, ends: str | None
) -> None:
    address = await lock_address(session, "web", "w" * 8, verified=False)
    await quiet.keep(session, address.contact_id, span)
    rule = (
        f"SELECT {quiet.ENDS} FROM contacts c CROSS JOIN {quiet.city_clock(':at')} WHERE id = :id"
    )
    found = await session.scalar(
        text(rule),
        {
            "at": datetime.fromisoformat(f"2026-11-24T{seoul}+09:00"),
            "zone": "Asia/Seoul",
            "id": address.contact_id,
        },
    )
    assert found == (ends and datetime.fromisoformat(f"2026-11-{ends}+09:00"))
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
