"""Workers whose clocks, database or Redis go wrong in the middle of an alert: faults 16, 19, 20."""

import asyncio
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend import clock, db, events
from backend.context import Context
from backend.embedded import Servers
from broadcasts import approval
from channels.simulator.faults import Faults
from tests.broadcasts.conftest import seen
from tests.broadcasts.test_follow_up import due
from tests.conftest import admin_url
from tests.faults.apart import processes
from tests.faults.front import Fault
from tests.faults.siren_house import House


def paced(house: House, per_second: float) -> None:
    """Let the domestic provider take so many messages a second."""
    settings = house.context.settings.model_copy(update={"provider_pace": {"korea": per_second}})
    house.context = replace(house.context, settings=settings)


@pytest.mark.faults
@pytest.mark.parametrize("off", [(600.0, -3600.0), (-3600.0,), (600.0,), (86_400.0 * 365,)])
async def test_a_worker_with_a_wrong_clock_keeps_the_time_of_the_database(
    house: House, servers: Servers, off: tuple[float, ...]
) -> None:
    """Ten minutes ahead, an hour behind, a year ahead: nothing ends or begins by that clock."""
    addresses = await house.people("korea", 40)
    soon = datetime.now(UTC) + timedelta(minutes=5)
    in_time = await house.alert(expires_at=soon)
    over = await house.alert(expires_at=soon)
    await house.do("UPDATE broadcast_events SET expires_at = now() WHERE id = :id", id=over.id)
    later = await _planned(house, timedelta(minutes=4))
    come = await _planned(house, timedelta(hours=1))
    await due(house.office, come)
    with processes(house, servers, *off):
        await house.settled(in_time, lambda f: set(f.values()) == {"delivered"}, seconds=60)
        await house.until(lambda: house.office.events(come), bool)
        await house.until(
            lambda: house.office.status(over.broadcast_id), lambda status: status == "expired"
        )
        await asyncio.sleep(6)  # more than a tick of everything
    assert await house.counts(in_time) == {"delivered": 40}
    assert await house.counts(over) == {"expired": 40}
    assert await house.office.events(later) == [], "its time has not come"
    assert await house.office.status(later) == "approved"
    sent = Counter(house.taken())
    assert set(sent) == set(addresses)
    assert max(sent.values()) <= 2, "the one in time, and the planned one that was due"
    deeds = [deed for _, deed in await house.office.deeds(come)]
    assert deeds.count("broadcast.fired") == 1
    for each in (in_time, over):
        await house.on_record(each)
    stamps = await house.ask("SELECT count(*) FROM audit WHERE at > now() + interval '1 second'")
    assert stamps == [0]


async def _planned(house: House, ahead: timedelta) -> UUID:
    at = datetime.now(UTC) + ahead
    waiting = await house.office.submitted(send_at=at, expires_at=at + timedelta(hours=1))
    await house.office.do(
        approval.approve, house.office.approver, waiting.id, seen(waiting, house.audience)
    )
    planned: UUID = waiting.id
    return planned


async def test_two_clocks_tick_as_one_and_none_overtakes_itself(house: House) -> None:
    ticks: list[str] = []
    under_way: Counter[str] = Counter()
    most: Counter[str] = Counter()

    def tick(name: str, seconds: float) -> clock.Tick:
        async def run() -> None:
            under_way[name] += 1
            most[name] = max(most[name], under_way[name])
            ticks.append(name)
            await asyncio.sleep(seconds)
            under_way[name] -= 1

        return run

    given: list[tuple[float, clock.Tick]] = [(0.2, tick("quick", 0)), (0.2, tick("long", 1.0))]
    begun = time.monotonic()
    clocks = [asyncio.create_task(clock.run(house.database_url, given)) for _ in range(3)]
    counted: Counter[str] = Counter()
    async with asyncio.timeout(60):
        while counted["quick"] < 12 or counted["long"] < 2:
            await asyncio.sleep(0.05)
            counted = Counter(ticks)
    took = time.monotonic() - begun
    for each in clocks:
        each.cancel()
    await asyncio.gather(*clocks, return_exceptions=True)
    assert most == {"quick": 1, "long": 1}, "a job that overruns its period waits for itself"
    assert counted["quick"] <= took / 0.2 + 2, "three clocks would tick thrice as often"
    assert counted["long"] <= took + 2


async def test_forty_minutes_without_a_clock_lose_and_double_nothing(house: House) -> None:
    """Everything that fell due meanwhile is done once; what is too late is not sent and said so."""
    addresses = await house.people("korea", 12)
    end = datetime.now(UTC) + timedelta(hours=2)
    event = await house.alert(expires_at=end)
    missed = await house.office.submitted(expires_at=end)
    planned = await _planned(house, timedelta(hours=1))
    await due(house.office, planned)
    await house.do("DELETE FROM procrastinate_jobs")
    await house.do("UPDATE broadcast_events SET created_at = created_at - interval '40 minutes'")
    await house.do(
        "UPDATE broadcasts SET expires_at = now() - interval '10 minutes' WHERE id = :id",
        id=missed.id,
    )
    async with house.working(2):
        await house.settled(event, lambda fates: set(fates.values()) == {"delivered"})
        (fired,) = await house.until(lambda: house.office.events(planned), bool)
        await house.settled(fired, lambda fates: set(fates.values()) == {"delivered"})
        await house.until(
            lambda: house.office.status(missed.id), lambda status: status == "expired"
        )
        await asyncio.sleep(1)
    assert house.taken() == Counter(addresses * 2)
    assert await house.counts(event) == await house.counts(fired) == {"delivered": 12}
    assert await house.paged() == ["not-approved"]
    assert ("system", "broadcast.expired") in await house.office.deeds(missed.id)
    await house.on_record(event)
    assert (await house.office.deeds(planned)).count(("system", "broadcast.fired")) == 1


async def test_an_alert_goes_out_with_redis_flushed_and_with_none_at_all(house: House) -> None:
    addresses = await house.people("korea", 45)
    paced(house, 15)
    event = await house.alert()
    async with house.working(2):
        for _ in range(3):
            await asyncio.sleep(0.5)
            await house.context.redis.flushall()
        await house.settled(event, lambda fates: set(fates.values()) == {"delivered"})
    assert await house.counts(event) == {"delivered": 45}
    nowhere = events.connect("redis://127.0.0.1:9/0")
    house.context = replace(house.context, redis=nowhere)
    second = await house.alert()
    began = time.monotonic()
    async with house.working(2):
        await house.settled(second, lambda fates: set(fates.values()) == {"delivered"})
    await nowhere.aclose()
    assert time.monotonic() - began > 1, "each keeps to its part of the pace"
    assert await house.counts(second) == {"delivered": 45}
    assert house.taken() == Counter(addresses * 2)
    assert await house.tries(second) == {("korea", None, "accepted"): 45}
    for each in (event, second):
        await house.on_record(each)


async def test_without_a_free_connection_nothing_is_sent_that_is_not_claimed(
    house: House,
) -> None:
    addresses = await house.people("korea", 45)
    paced(house, 15)
    engine, sessions = db.connect(house.database_url, pool_size=1)  # and ten more at most
    house.context = Context(house.context.settings, sessions, house.context.redis)
    event = await house.alert()
    async with house.working():
        await house.until(house.claimed, lambda claimed: len(claimed) >= 5)
        held = [sessions() for _ in range(11)]
        async with asyncio.TaskGroup() as group:
            for each in held:
                group.create_task(_hold(each))
        before = len(house.front.seen)
        for _ in range(12):
            asked = {each.to for each in house.front.seen}
            assert asked <= await house.claimed(), "it was sent before anybody had claimed it"
            await asyncio.sleep(0.25)
        stalled = len(house.front.seen)
        for each in held:
            await each.close()
        await house.settled(event, lambda f: set(f.values()) == {"delivered"}, seconds=60)
    await engine.dispose()
    assert stalled - before <= 15, "only what was claimed already went out"
    assert house.taken() == Counter(addresses)
    assert await house.counts(event) == {"delivered": 45}
    assert await house.tries(event) == {("korea", None, "accepted"): 45}
    await house.on_record(event)


async def _hold(session: AsyncSession) -> None:
    await session.execute(text("SELECT 1"))


async def test_a_database_that_is_away_has_reports_come_again_and_doubles_nobody(
    house: House,
) -> None:
    addresses = await house.people("korea", 45)
    paced(house, 15)
    house.front.always["korea"] = Fault(status=None, seconds=0.4)
    house.simulator.faults.set(Faults(rate_lost_callback=1))
    event = await house.alert()
    name = house.database_url.partition("?")[0].rsplit("/", 1)[1]
    form = {"MessageSid": "SMx", "MessageStatus": "delivered"}
    path = "/channels/twilio/status?delivery=1&parts=1"
    async with house.working(2):
        await house.until(house.claimed, lambda claimed: len(claimed) >= 5)
        with psycopg.connect(admin_url(house.database_url), autocommit=True) as admin:
            admin.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            landed = await house.quiet()
            async with httpx.AsyncClient(base_url=house.city.url, trust_env=False) as client:
                answer = await client.post(
                    path, data=form, headers=house.city.signature(path, form), timeout=60
                )
            assert answer.status_code >= 500, "the provider says it again"
            await asyncio.sleep(2)
            assert len(house.front.seen) == landed, "without the database nothing can be claimed"
            admin.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
        fates = await house.settled(
            event, lambda f: not set(f.values()) & {"pending", "dispatching"}, seconds=60
        )
    assert set(fates.values()) <= {"accepted", "unknown"}
    assert house.taken() == Counter(addresses)
    counts = await house.counts(event)
    assert counts.get("unknown", 0) <= 15
    assert counts["accepted"] + counts.get("unknown", 0) == 45
    await house.on_record(event)
