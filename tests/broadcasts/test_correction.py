"""Stop and correct: what has not gone out stays, and everyone who may have got it is told."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from backend.context import Context
from backend.models import BroadcastEvent, Delivery
from broadcasts import audience, correction, schedule, service
from broadcasts.outcomes import outcomes
from tests.broadcasts.conftest import Office

STATES = [
    "dispatching", "accepted", "sent", "delivered", "unknown",
    "failed", "suppressed", "expired", "pending", "pending",
]  # fmt: skip
MAY_HAVE_IT = 5


async def sending(office: Office, context: Context, states: list[str]) -> BroadcastEvent:
    """An alert to twelve citizens on its way: some deliveries in `states`, the rest pending."""
    event = await office.approved(12)
    await audience.fan_out(context, str(event.id))
    await office.set_deliveries(event.id, states)
    return event


async def cancel(office: Office, context: Context, broadcast_id: uuid.UUID) -> None:
    """Press the button, and let the worker do its jobs."""
    await office.do(service.cancel, office.editor, broadcast_id)
    for job in await office.jobs(service.CANCEL):
        await correction.stop_and_correct(context, **job)
    for event in await office.events(broadcast_id):
        await audience.fan_out(context, str(event.id))


async def test_the_correction_goes_to_exactly_those_who_may_have_got_it(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await sending(office, context, STATES)
    await cancel(office, context, event.broadcast_id)
    alert, corrected = await office.events(event.broadcast_id)
    first = await office.deliveries(alert.id)
    second = await office.deliveries(corrected.id)
    assert [row.status for row in first] == [
        "cancelled" if state == "pending" else state for state in [*STATES, "pending", "pending"]
    ]
    assert {(r.contact_id, r.address_id, r.channel) for r in second} == {
        (r.contact_id, r.address_id, r.channel) for r in first[:MAY_HAVE_IT]
    }
    assert {row.status for row in second} == {"pending"}
    assert (corrected.kind, corrected.audience) == ("correction", MAY_HAVE_IT)
    async with office.sessions() as session:
        broadcast = await service.get(session, event.broadcast_id)
        assert corrected.texts == broadcast.correction
        assert broadcast.cancelled_by == office.editor.id
        counted = await outcomes(session, event.broadcast_id)
    assert counted is not None
    assert [sum(e.counts.values()) for e in counted.events] == [12, MAY_HAVE_IT]
    assert counted.events[0].counts["cancelled"] == 4


async def test_what_a_worker_holds_is_not_tried_again(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await sending(office, context, ["dispatching"])
    await cancel(office, context, event.broadcast_id)
    held = (await office.deliveries(event.id))[0]
    assert held.status == "dispatching"
    assert held.expires_at <= datetime.now(UTC)


async def test_cancel_in_the_middle_of_the_fan_out(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    async with office.sessions() as session, session.begin():
        await audience.fan_out_chunk(session, event.id, 5)
    await office.set_deliveries(event.id, ["accepted", "sent"])
    await cancel(office, context, event.broadcast_id)
    assert len(await office.deliveries(event.id)) == 5
    async with office.sessions() as session:
        counted = await outcomes(session, event.broadcast_id)
    assert counted is not None
    alert, corrected = counted.events
    assert (alert.counts["cancelled"], alert.counts["pending"]) == (10, 0)
    assert sum(alert.counts.values()) == 12
    assert corrected.audience == corrected.counts["pending"] == 2


async def test_cancel_against_fan_out(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    for _ in range(20):
        event = await office.approved(12)
        await asyncio.gather(
            audience.fan_out(context, str(event.id), 3),
            office.do(service.cancel, office.author, event.broadcast_id),
        )
        await correction.stop_and_correct(context, str(event.broadcast_id))
        await audience.fan_out(context, str(event.id), 3)
        assert {row.status for row in await office.deliveries(event.id)} <= {"cancelled"}
        async with office.sessions() as session:
            counted = await outcomes(session, event.broadcast_id)
        assert counted is not None
        assert counted.events[0].counts["cancelled"] == 12
        assert counted.events[1].audience == 0


async def test_cancel_against_senders(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    """Senders claim and settle one by one while the alert is stopped."""

    async def sender(event_id: uuid.UUID, first: int) -> None:
        for row in (await office.deliveries(event_id))[first::2]:
            for old, new in (("pending", "dispatching"), ("dispatching", "accepted")):
                async with office.sessions() as session, session.begin():
                    await session.execute(
                        update(Delivery)
                        .where(Delivery.id == row.id, Delivery.status == old)
                        .values(
                            status=new,
                            claimed_until=datetime.now(UTC) + timedelta(minutes=1)
                            if new == "dispatching"
                            else None,
                        )
                    )

    for _ in range(10):
        event = await office.approved(12)
        await audience.fan_out(context, str(event.id))

        async def stopper(broadcast_id: uuid.UUID = event.broadcast_id) -> None:
            await office.do(service.cancel, office.author, broadcast_id)
            await correction.stop_and_correct(context, str(broadcast_id), 5)

        await asyncio.gather(sender(event.id, 0), sender(event.id, 1), stopper())
        corrected = (await office.events(event.broadcast_id))[1]
        await audience.fan_out(context, str(corrected.id))
        first = await office.deliveries(event.id)
        assert {row.status for row in first} <= {"accepted", "cancelled"}
        assert {row.contact_id for row in await office.deliveries(corrected.id)} == {
            row.contact_id for row in first if row.status == "accepted"
        }


async def test_pressing_twice_stops_once(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await sending(office, context, ["sent"])
    await asyncio.gather(
        *(office.do(service.cancel, office.author, event.broadcast_id) for _ in range(5))
    )
    assert len(await office.jobs(service.CANCEL)) == 1
    await asyncio.gather(
        *(correction.stop_and_correct(context, str(event.broadcast_id), 2) for _ in range(3))
    )
    assert [e.kind for e in await office.events(event.broadcast_id)] == ["alert", "correction"]
    actions = [action for _, action in await office.deeds(event.broadcast_id)]
    assert actions.count("broadcast.cancelled") == 1
    assert actions.count("broadcast.corrected") == 1


async def test_a_finished_alert_can_still_be_corrected(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await sending(office, context, ["delivered"] * 10 + ["unknown"] * 2)
    await schedule.tend(context)
    assert await office.status(event.broadcast_id) == "finished"
    await cancel(office, context, event.broadcast_id)
    assert len(await office.deliveries((await office.events(event.broadcast_id))[1].id)) == 12


async def test_a_stopped_alert_reads_its_correction_and_is_then_cancelled(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await sending(office, context, ["delivered", "unknown"])
    await cancel(office, context, event.broadcast_id)
    await schedule.tend(context)
    assert await office.status(event.broadcast_id) == "cancelling"
    corrected = (await office.events(event.broadcast_id))[1]
    await office.set_deliveries(corrected.id, ["delivered", "failed"])
    await schedule.tend(context)
    assert await office.status(event.broadcast_id) == "cancelled"


async def test_a_cancel_before_anything_went_out_corrects_nobody(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await sending(office, context, [])
    await cancel(office, context, event.broadcast_id)
    corrected = (await office.events(event.broadcast_id))[1]
    assert (corrected.audience, await office.deliveries(corrected.id)) == (0, [])
    await schedule.tend(context)
    assert await office.status(event.broadcast_id) == "cancelled"


async def test_who_turns_out_later_to_have_got_it_is_corrected_too(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await sending(office, context, ["delivered", "failed", "failed"])
    await cancel(office, context, event.broadcast_id)
    corrected = (await office.events(event.broadcast_id))[1]
    async with office.sessions() as session, session.begin():
        late = await session.scalar(
            select(Delivery.id).where(Delivery.event_id == event.id, Delivery.status == "failed")
        )
        await session.execute(
            update(Delivery)
            .where(Delivery.id == late)
            .values(status="delivered", updated_at=datetime.now(UTC) + timedelta(seconds=1))
        )
    await correction.correct_the_late(context)
    assert str(corrected.id) in [job["event_id"] for job in await office.jobs(audience.FAN_OUT)]
    await audience.fan_out(context, str(corrected.id))
    assert len(await office.deliveries(corrected.id)) == 2
    async with office.sessions() as session:
        counted = await outcomes(session, event.broadcast_id)
    assert counted is not None
    assert counted.events[1].audience == sum(counted.events[1].counts.values()) == 2


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_the_correction_speaks_the_language_of_the_alert(
    office: Office, context: Context, crowd: list[uuid.UUID], language: str
) -> None:
    event = await sending(office, context, ["sent"] * 12)
    await cancel(office, context, event.broadcast_id)
    corrected = (await office.events(event.broadcast_id))[1]
    spoken = {row.contact_id: row.language for row in await office.deliveries(event.id)}
    for row in await office.deliveries(corrected.id):
        assert row.language == spoken[row.contact_id]
    assert language in corrected.texts
