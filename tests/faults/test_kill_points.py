"""A worker is killed at a chosen point of its sends, and a job is lost with it: faults 5 and 6."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from backend.db import libpq_url
from backend.embedded import Servers
from backend.models import BroadcastEvent
from channels.simulator.faults import Faults
from tests.faults.apart import processes, worker
from tests.faults.front import Fault
from tests.faults.siren_house import House

pytestmark = pytest.mark.faults

PEOPLE = 45
BEGUN = 8  # this many are under way when it dies
HELD_SECONDS = 20.0


@contextmanager
def nothing_settled(house: House, held: bool) -> Iterator[None]:
    """Let nobody write down what came of a try, while that is `held`."""
    with psycopg.connect(libpq_url(house.database_url)) as connection:
        if held:
            connection.execute("LOCK TABLE delivery_attempts IN EXCLUSIVE MODE")
        yield


async def outlived(house: House, event: BroadcastEvent) -> dict[str, str]:
    """Return the fates of `event` once nothing waits; the minute of a lease passes in seconds."""
    end = time.monotonic() + 90
    while True:
        await house.do(
            "UPDATE deliveries SET claimed_until = now() - interval '1 second' "
            "WHERE status = 'dispatching' AND claimed_until < now() + interval '40 seconds'"
        )
        fates = await house.fates(event)
        if len(fates) == PEOPLE and not set(fates.values()) & {"pending", "dispatching"}:
            return fates
        assert time.monotonic() < end, fates
        await asyncio.sleep(0.5)


@pytest.mark.parametrize("point", ["claimed", "taken by the provider", "answered, not committed"])
async def test_a_worker_killed_at_any_point_of_a_send_skips_and_doubles_nobody(
    house: House, servers: Servers, point: str
) -> None:
    addresses = await house.people("korea", PEOPLE)
    settings = house.context.settings.model_copy(update={"provider_pace": {"korea": 20.0}})
    house.context = replace(house.context, settings=settings)
    house.simulator.faults.set(Faults(rate_lost_callback=1))
    if point == "claimed":  # it is asked, and has not taken anything when the caller is gone
        house.front.always["korea"] = Fault(503, b"", seconds=HELD_SECONDS)
    elif point == "taken by the provider":
        house.front.always["korea"] = Fault(status=None, seconds=HELD_SECONDS)
    event = await house.alert()
    await house.do("UPDATE broadcast_events SET released_at = now()")
    killed = worker(house, servers)
    try:
        with nothing_settled(house, point == "answered, not committed"):

            async def asked() -> int:
                return len(house.front.seen)

            await house.until(asked, lambda count: count >= BEGUN, seconds=60)
            killed.kill()
            killed.wait(90)
            await house.quiet()  # what it had written to its sockets arrives all the same
    finally:
        killed.kill()
    in_flight = {each.to for each in house.front.seen}

    async def taken() -> set[str]:
        return set(house.taken())

    expected = set() if point == "claimed" else in_flight
    await house.until(taken, lambda taken: taken == expected)
    assert await house.tries(event) == {}, "it wrote nothing down"
    fates = await house.fates(event)
    assert {fates[address] for address in in_flight} == {"dispatching"}

    house.front.always.clear()
    with processes(house, servers, 0.0):
        fates = await outlived(house, event)
    unknown = {address for address, status in fates.items() if status == "unknown"}
    got = house.taken()
    assert set(got) | unknown == set(addresses), "nobody is skipped"
    assert max(got.values()) == 1, "nobody gets it twice"
    assert unknown <= in_flight, "only what was in its hands is in doubt"
    doubts = await house.ask("SELECT count(*) FROM delivery_attempts WHERE code = 'lease-expired'")
    assert doubts == [len(in_flight)]
    assert (await house.counts(event)).get("unknown", 0) == len(unknown)
    await house.on_record(event)


async def test_a_job_lost_with_its_worker_is_made_good_within_a_minute(
    house: House, servers: Servers
) -> None:
    """The alert is committed, and whoever would have sent it dies before it knows of that."""
    addresses = await house.people("korea", PEOPLE)
    event = await house.alert()
    committed = time.monotonic()
    await house.do("DELETE FROM procrastinate_jobs")
    with processes(house, servers, 0.0, 0.0):
        await house.settled(event, lambda f: set(f.values()) == {"delivered"}, seconds=60)
    assert time.monotonic() - committed < 60
    assert house.taken() == dict.fromkeys(addresses, 1)
    assert await house.tries(event) == {("korea", None, "accepted"): PEOPLE}
    assert await house.counts(event) == {"delivered": PEOPLE}
    await house.on_record(event)
