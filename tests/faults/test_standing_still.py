"""A worker that stands still with messages in its hands: stopped, swapped out, its machine asleep.

When it goes on, its leases are over. What it has not sent by then it does not send behind the back
of whoever gave it up, cancelled it or let its time run out.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from backend.delivery import packing, reaper
from backend.delivery.dispatch import Dispatcher
from backend.delivery.pace import Grant, Pace
from backend.main import build_channels
from backend.models import BroadcastEvent
from broadcasts import audience, correction, schedule, service
from channels.base import Provider
from tests.faults.siren_house import House

LEASE_SECONDS = 1.0


class StandingStill(Pace):
    """A pace at which its process stands still, once, with a claimed batch in its hands."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def take(self, provider: Provider, lane: str, wanted: int) -> Grant:
        if wanted and self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            await asyncio.sleep(LEASE_SECONDS * 1.1)
            await happens()
        return await super().take(provider, lane, wanted)


@pytest.fixture(autouse=True)
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases of a second, so that a test need not wait for a minute."""

    monkeypatch.setattr(packing, "LEASE", timedelta(seconds=LEASE_SECONDS))


async def sent_by(house: House, meanwhile: Callable[[], Awaitable[None]]) -> None:
    """Let a worker that stands still while `meanwhile` happens send what is due."""
    doors = build_channels(house.context)
    del doors["call"]
    pace = StandingStill(house.context.redis, house.context.settings.provider_pace)
    pace.meanwhile = meanwhile
    dispatcher = Dispatcher(house.context, doors, pace)
    try:
        await dispatcher.drain("siren")
    finally:
        await dispatcher.close()
        for door in doors.values():
            await door.close()


async def begun(house: House) -> BroadcastEvent:
    """An alert to seven people whose deliveries are there and wait."""

    await house.people("korea", 7)
    event = await house.alert()
    await audience.fan_out(house.context, str(event.id))
    return event


async def reap(house: House) -> None:
    async with house.office.sessions() as session, session.begin():
        await reaper.reap(session)


async def test_what_was_given_up_meanwhile_still_reaches_everybody_once(house: House) -> None:
    event = await begun(house)
    stood: list[dict[str, int]] = []

    async def meanwhile() -> None:
        await reap(house)
        stood.append(await house.counts(event))

    await sent_by(house, meanwhile)
    assert stood == [{"unknown": 7}]
    addresses = await house.ids(event)
    assert house.taken() == Counter(dict.fromkeys(addresses, 1))
    await house.settled(event, lambda fates: set(fates.values()) == {"delivered"})
    assert await house.tries(event) == {("korea", None, "accepted"): 7}


async def test_what_was_cancelled_meanwhile_is_not_sent_after_its_correction(house: House) -> None:
    event = await begun(house)

    async def meanwhile() -> None:
        await reap(house)
        await house.office.do(service.cancel, house.office.author, event.broadcast_id)
        await correction.stop_and_correct(house.context, str(event.broadcast_id))

    await sent_by(house, meanwhile)
    assert house.taken() == {}
    assert await house.counts(event) == {"unknown": 7}, "nobody can tell a stopped worker's sends"
    follow_up = next(e for e in await house.office.events(event.broadcast_id) if e.id != event.id)
    assert (follow_up.kind, follow_up.audience) == ("correction", 7)


async def test_what_ran_out_of_time_meanwhile_is_not_sent(house: House) -> None:
    event = await begun(house)

    async def meanwhile() -> None:
        await house.do("UPDATE broadcast_events SET expires_at = now()")
        await house.do("UPDATE deliveries SET expires_at = now()")

    await sent_by(house, meanwhile)
    await reap(house)
    await schedule.tend(house.context)
    assert house.taken() == {}
    assert await house.counts(event) == {"expired": 7}
