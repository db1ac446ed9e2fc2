"""An alert under way while its processes are killed, Redis is wiped, PostgreSQL restarts.

`CHAOS=full pytest -s -m faults tests/faults/test_siren.py` takes the whole measure: 20,000 people,
and 100 kills among two workers and the service that the providers report to. It takes about twenty
minutes and says how far it is.
"""

import asyncio
import os
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from backend.config import Settings
from backend.delivery.dispatch import AT_ONCE
from backend.embedded import data_dir, postgres
from backend.embedded.folders import socket_dir
from backend.main import MODELS
from bench.siren_callbacks import serve
from bench.siren_city import City, city
from nlu.builtin import BuiltinParser
from tests.conftest import home
from tests.faults.carrier import Carrier

pytestmark = pytest.mark.faults

FULL = os.environ.get("CHAOS") == "full"
PEOPLE, KILLS, PACE = (20_000, 100, 120) if FULL else (1_500, 5, 120)
SECONDS = PEOPLE / PACE * 4 + 240
VICTIMS = ("worker0", "worker1", "service")


@pytest.fixture
def town() -> Iterator[City]:
    """A city of its own, whose providers take a few messages a second."""
    with city() as made:
        made.environment["PROVIDER_PACE"] = f"korea={PACE} twilio={PACE}"
        yield made


async def begun(town: City) -> str:
    """Approve an alert to everybody; return its event once the first messages are out."""
    await town.hire()
    await town.settle(PEOPLE)
    await town.start_simulator()
    await town.start_workers()
    event, _ = await town.approve(*await town.submitted())
    await part_out(town, 0.05)
    return str(event.id)


async def part_out(town: City, part: float) -> None:
    """Wait until so large a part of the people has it."""
    end = time.monotonic() + SECONDS
    while (await town.accepted())["total"] < PEOPLE * part:
        assert time.monotonic() < end, await town.accepted()
        await asyncio.sleep(0.1)


def say(words: str) -> None:
    """Print what came out, for whoever takes the whole measure."""
    print(f"\n{words}", flush=True)


def home_of(settings: Settings) -> Settings:
    """Return where the run keeps what it has trained."""
    return settings.model_copy(update={"var": home()})


async def fates_of(town: City) -> dict[str, tuple[int, str]]:
    """Return the delivery of each number, and what became of it."""
    async with town.context.sessions() as session:
        rows = await session.execute(
            text(
                "SELECT substr(a.address, 2) AS number, d.id, d.status FROM deliveries d "
                "JOIN addresses a ON a.id = d.address_id"
            )
        )
        return {row.number: (row.id, row.status) for row in rows}


async def over(town: City) -> dict[str, str]:
    """Wait until nothing is on its way; return what became of each number.

    The minute until a dead worker's lease ends passes in seconds.
    """
    end = time.monotonic() + SECONDS
    while True:
        async with town.context.sessions() as session, session.begin():
            await session.execute(
                text(
                    "UPDATE deliveries SET claimed_until = now() - interval '1 second' "
                    "WHERE status = 'dispatching' AND claimed_until < now() + interval '40 seconds'"
                )
            )
        found = {number: status for number, (_, status) in (await fates_of(town)).items()}
        left = Counter(status for status in found.values() if status in ("pending", "dispatching"))
        if len(found) == PEOPLE and not left:
            return found
        assert time.monotonic() < end, (len(found), left)
        await asyncio.sleep(1)


async def decided_once(town: City) -> None:
    """The audit knows one approval, and that nothing was held or sent beside it."""
    for action, times in (("approved", 1), ("halted", 0), ("cancelled", 0), ("audience_grew", 0)):
        query = "SELECT count(*) FROM audit WHERE action = :action"
        assert await town.number(query, action=f"broadcast.{action}") == times, action
    assert await town.number("SELECT count(*) FROM broadcast_events") == 1


async def begun_is_done(town: City) -> None:
    """Wait until every transaction that has begun by now is over, those of the dead as well."""
    now = "SELECT extract(epoch FROM clock_timestamp())::float8"
    async with town.context.sessions() as session:
        moment = await session.scalar(text(now))
    begun = (
        "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' "
        "AND pid <> pg_backend_pid() AND extract(epoch FROM xact_start) < :moment"
    )
    async with asyncio.timeout(60):
        while await town.number(begun, moment=moment):
            await asyncio.sleep(0.05)


async def in_flight(town: City) -> set[str]:
    """Return the numbers of whom a worker had in its hands just now."""
    async with town.context.sessions() as session:
        rows = await session.scalars(
            text(
                "SELECT substr(a.address, 2) FROM deliveries d JOIN addresses a "
                "ON a.id = d.address_id WHERE d.status = 'dispatching'"
            )
        )
        return set(rows)


async def test_the_killed_skip_nobody_and_double_nobody(
    town: City, settings: Settings, parser: BuiltinParser
) -> None:
    """Workers and the service die while the alert goes out; its providers report all the while."""
    assert parser, "the service finds what it has learned"
    shutil.copytree(data_dir(home_of(settings)) / MODELS, data_dir(town.settings) / MODELS)
    await serve(town)
    dice = random.Random(29)
    await begun(town)
    carrier = Carrier(town)
    reporting = asyncio.create_task(carrier.report())
    killed: Counter[str] = Counter()
    at_risk: set[str] = set()
    waiting = "SELECT count(*) FROM deliveries WHERE status = 'pending'"
    left = await town.number(waiting)
    while killed.total() < KILLS and left > PEOPLE / 50:
        # Whoever starts again has to work before the next one dies.
        less = left - dice.uniform(0, 0.6) * left / (KILLS - killed.total())
        async with asyncio.timeout(SECONDS):
            while (left := await town.number(waiting)) > less:
                await asyncio.sleep(0.1)
        await asyncio.sleep(dice.uniform(0, 0.5))
        name = dice.choice([each for each in VICTIMS if killed[each] <= killed.total() / 3])
        town.stop(name, kill=True)
        killed[name] += 1
        await asyncio.sleep(0.2)  # a commit that was on its way when it died is begun by then
        await begun_is_done(town)
        at_risk |= await in_flight(town)
        town.start(name, "serve" if name == "service" else "worker")
        if killed.total() % 10 == 0:
            say(f"{killed.total()} of {KILLS} killed, {left} people wait")
    assert killed.total() == KILLS or not FULL, "the alert was out before everybody died"
    assert len(killed) == len(VICTIMS)
    await over(town)
    async with asyncio.timeout(SECONDS):
        while not await carrier.all_told():
            assert not reporting.done(), reporting.exception()
            await asyncio.sleep(0.5)
    fates = await fates_of(town)
    got = Counter(await town.numbers())
    unknown = {number for number, (_, status) in fates.items() if status == "unknown"}
    say(
        f"{PEOPLE} people, killed {dict(killed)}: "
        f"{dict(Counter(status for _, status in fates.values()))}; {len(at_risk)} in flight at a "
        f"kill; {len(unknown & set(got))} unknown have it; {carrier.lost} reports unanswered"
    )
    assert set(fates) - set(got) <= unknown, "somebody was skipped and nobody says so"
    assert set(got) <= set(fates), "somebody got it who was not meant"
    assert max(got.values()) == 1, "what may be out is not sent again"
    assert unknown <= at_risk, "who was in no dead hands is known"
    deaths = killed["worker0"] + killed["worker1"]
    assert len(unknown) <= deaths * AT_ONCE
    assert not await carrier.forgotten(), "a report that was answered is lost"
    await decided_once(town)
    doubts = await town.number(
        "SELECT count(*) FROM delivery_attempts "
        "WHERE outcome = 'unknown' AND code = 'lease-expired'"
    )
    assert doubts >= len(unknown), "why nobody knows is written down"
    # Where the provider says later what it took, the doubt is over; nobody else is in doubt.
    await carrier.solve(
        (fates[number][0], "twilio" if number.startswith("1") else "korea")
        for number in unknown & set(got)
    )
    reporting.cancel()
    fates = await fates_of(town)
    doubtful = {number for number, (_, status) in fates.items() if status == "unknown"}
    assert doubtful == set(fates) - set(got)
    assert not await carrier.forgotten()


async def test_a_wiped_redis_changes_nothing(town: City) -> None:
    await begun(town)
    for part in (0.2, 0.4, 0.6):
        await part_out(town, part)
        await town.context.redis.flushall()
    fates = await over(town)
    got = Counter(await town.numbers())
    assert set(fates.values()) == {"accepted"}
    assert got == Counter(fates.keys())
    await decided_once(town)


async def test_a_restarted_database_ends_with_everybody_told_once(town: City) -> None:
    await begun(town)
    await part_out(town, 0.3)
    base = data_dir(town.settings)
    await asyncio.to_thread(postgres.stop, base, socket_dir(base))
    await asyncio.sleep(1)
    await asyncio.to_thread(postgres.start, base, socket_dir(base), town.settings)
    fates = await over(town)
    got = Counter(await town.numbers())
    assert set(fates.values()) <= {"accepted", "unknown"}
    assert max(got.values()) == 1
    assert {n for n, status in fates.items() if status == "accepted"} <= set(got)
    assert set(fates) - set(got) <= {n for n, status in fates.items() if status == "unknown"}
    await decided_once(town)
