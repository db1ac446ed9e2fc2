"""An alert under way while its workers are killed, Redis is wiped, PostgreSQL restarts.

`CHAOS=full make test-faults` takes the whole measure: 20,000 people and 100 kills.
"""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from backend.delivery.dispatch import AT_ONCE
from backend.embedded import data_dir, postgres
from backend.embedded.folders import socket_dir
from bench.siren_city import City, city

pytestmark = pytest.mark.faults

FULL = os.environ.get("CHAOS") == "full"
PEOPLE, KILLS, PACE = (20_000, 100, 120) if FULL else (1_500, 5, 120)
SECONDS = PEOPLE / PACE * 2 + 240


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
            rows = await session.execute(
                text(
                    "SELECT substr(a.address, 2), d.status FROM deliveries d "
                    "JOIN addresses a ON a.id = d.address_id"
                )
            )
            found = {row.substr: row.status for row in rows}
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


async def test_killed_workers_skip_nobody_and_double_nobody(town: City) -> None:
    dice = random.Random(29)
    await begun(town)
    killed = 0
    while killed < KILLS and (await town.accepted())["total"] < PEOPLE * 0.98:
        await asyncio.sleep(dice.uniform(0.1, 1.5))
        name = dice.choice(["worker0", "worker1"])
        town.stop(name, kill=True)
        killed += 1
        town.start(name, "worker")
        await asyncio.sleep(dice.uniform(0.5, 2.5))
    assert killed >= min(KILLS, 3), "the alert was out before anybody died"
    fates = await over(town)
    got = Counter(await town.numbers())
    unknown = {number for number, status in fates.items() if status == "unknown"}
    assert set(fates.values()) <= {"accepted", "unknown"}
    assert set(got) <= set(fates), "somebody got it who was not meant"
    assert set(fates) - set(got) <= unknown, "somebody was skipped and nobody says so"
    assert max(got.values()) == 1, "what may be out is not sent again"
    assert len(unknown) <= killed * AT_ONCE
    await decided_once(town)
    doubts = await town.number(
        "SELECT count(*) FROM delivery_attempts "
        "WHERE outcome = 'unknown' AND code = 'lease-expired'"
    )
    assert doubts >= len(unknown), "why nobody knows is written down"


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
