"""What providers say of an alert once it was cancelled or is over: it begins nothing again.

Faults 13 and 18 of docs/faults.md.
"""

import pytest

from backend.models import BroadcastEvent
from broadcasts import correction, schedule, service
from tests.faults.siren_house import House
from tests.faults.test_reports import sid_of, silent, status

PATIENT = 120.0  # seconds for a machine that is busy with other things


async def told_that_it_failed(house: House, address: str, delivery: int) -> None:
    path, form = status(delivery, sid_of(house, address), "undelivered")
    assert house.city.twilio(path, form).status_code == 204


async def ways(house: House, event: BroadcastEvent) -> list[tuple[str, int, str]]:
    return await house.ask(
        "SELECT status, route, channel FROM deliveries WHERE event_id = :id", id=event.id
    )


@pytest.mark.parametrize("end", ["cancelling", "cancelled", "over"])
async def test_what_failed_after_the_end_goes_no_other_way(house: House, end: str) -> None:
    event, address, delivery = await silent(house)
    await house.also(address, "telegram", "7700009")
    if end == "over":
        await house.office.do(correction.all_clear, house.office.author, event.broadcast_id)
    else:
        await house.office.do(service.cancel, house.office.author, event.broadcast_id)
    if end == "cancelled":
        async with house.working():
            await house.until(
                lambda: house.office.status(event.broadcast_id),
                lambda now: now == "cancelled",
                PATIENT,
            )
    told = house.taken()
    await told_that_it_failed(house, address, delivery)
    assert await ways(house, event) == [("failed", 0, "sms")]
    async with house.working():
        await house.until(
            lambda: house.ask("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'"),
            lambda left: left == [0],
            PATIENT,
        )
        if end != "over":
            await house.until(
                lambda: house.office.status(event.broadcast_id),
                lambda now: now == "cancelled",
                PATIENT,
            )
    assert await ways(house, event) == [("failed", 0, "sms")]
    assert house.taken()["7700009"] == 0, "nobody is alerted once it is over"
    assert house.taken()[address] >= told[address]
    await schedule.tend(house.context)
