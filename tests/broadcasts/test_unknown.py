"""Those of whom nothing is known are sent it again by policy alone: another way, once, counted."""

import uuid

import pytest
from sqlalchemy import func, select, text

from backend.context import Context
from backend.errors import Conflict
from backend.models import Address, Delivery
from broadcasts import audience, schedule, unknown
from broadcasts.outcomes import outcomes
from channels.base import SendError, Unknown
from channels.message import Outgoing, Sent
from tests.backend.post import Door, doors
from tests.broadcasts.conftest import Office
from tests.sending import send_due

LATER = text("UPDATE deliveries SET updated_at = now() - interval '11 minutes', check_at = NULL")


@pytest.fixture
async def two_ways(office: Office, crowd: list[uuid.UUID]) -> list[uuid.UUID]:
    """Give the first three people who get texts a Telegram account too."""
    async with office.sessions() as session, session.begin():
        rows = await session.scalars(
            select(Address.contact_id)
            .where(Address.scheme == "phone", Address.contact_id.in_(crowd))
            .limit(3)
        )
        people = list(rows)
        for number, person in enumerate(people):
            session.add(Address(contact_id=person, scheme="telegram", address=f"77{number}"))
    return people


def lost(_: Outgoing) -> Sent | SendError:
    return Unknown("timeout")


async def counts(office: Office, broadcast: uuid.UUID) -> dict[str, int]:
    async with office.sessions() as session:
        found = await outcomes(session, broadcast)
    assert found is not None
    (event,) = found.events
    assert sum(event.counts.values()) == event.audience == 12
    return {name: n for name, n in event.counts.items() if n}


async def sent_with_losses(
    office: Office, context: Context, **changes: str
) -> tuple[uuid.UUID, dict[str, Door]]:
    """An alert whose texts all got lost on the way back; the other channels worked."""
    event = await office.approved(12, **{"level": "critical", **changes})
    for _ in range(2):
        await audience.fan_out(context, str(event.id))
    found = doors(
        Door("sms", "phone"), Door("telegram", "telegram"), Door("web", "web"),
        Door("call", "phone"),
    )  # fmt: skip
    found["sms"].says = [lost] * 50
    await send_due(context, found, "siren")
    async with office.sessions() as session, session.begin():
        await session.execute(LATER)
    return event.broadcast_id, found


async def test_the_unknown_are_sent_it_another_way_once_and_counted(
    office: Office, context: Context, two_ways: list[uuid.UUID]
) -> None:
    broadcast, found = await sent_with_losses(office, context)
    assert await counts(office, broadcast) == {"accepted": 8, "unknown": 4}
    await schedule.tend(context)
    texts, chats = len(found["sms"].sent), len(found["telegram"].sent)
    again = await office.do(unknown.resend, office.approver, broadcast, found)
    assert again == 3  # the fourth has no other way, and stays unknown
    assert await office.status(broadcast) == "sending"
    await send_due(context, found, "siren")
    assert (len(found["sms"].sent), len(found["telegram"].sent)) == (texts, chats + 3)
    assert found["call"].sent == []  # nobody proved that the phone is theirs
    assert await counts(office, broadcast) == {"accepted": 11, "unknown": 1}
    assert ("staff:" + str(office.approver.id), "broadcast.resent") in await office.deeds(broadcast)
    async with office.sessions() as session, session.begin():
        await session.execute(LATER)
    with pytest.raises(Conflict):  # there is no third way
        await office.do(unknown.resend, office.approver, broadcast, found)
    await schedule.tend(context)
    assert await office.status(broadcast) in ("sent", "finished")


async def test_who_is_unknown_for_a_moment_only_is_left_alone(
    office: Office, context: Context, two_ways: list[uuid.UUID]
) -> None:
    broadcast, found = await sent_with_losses(office, context)
    async with office.sessions() as session, session.begin():
        await session.execute(text("UPDATE deliveries SET updated_at = now()"))
    with pytest.raises(Conflict):
        await office.do(unknown.resend, office.approver, broadcast, found)
    assert await counts(office, broadcast) == {"accepted": 8, "unknown": 4}


@pytest.mark.parametrize("changes", [{"level": "emergency"}, {"environment": "exercise"}])
async def test_only_a_live_alert_of_the_highest_level_is_sent_again(
    office: Office, context: Context, two_ways: list[uuid.UUID], changes: dict[str, str]
) -> None:
    broadcast, found = await sent_with_losses(office, context, **changes)
    before = await office.status(broadcast)
    with pytest.raises(Conflict):
        await office.do(unknown.resend, office.approver, broadcast, found)
    assert await office.status(broadcast) == before
    async with office.sessions() as session:
        moved = await session.scalar(
            select(func.count()).select_from(Delivery).where(Delivery.route > 0)
        )
    assert moved == 0
