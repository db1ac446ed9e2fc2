"""The pace of a provider's account, shared by all workers through a real Redis."""

import asyncio
import time

import pytest
from redis.asyncio import Redis

from backend import events
from backend.delivery import pace
from backend.delivery.pace import SIREN_SHARE, Pace
from channels.base import Provider

FAST = Provider("carrier", per_second=200)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def drawn(workers: list[Pace], lane: str, seconds: float, wanted: int = 10) -> int:
    """Return how much all `workers` together get in `seconds`, asking all the time."""
    end = time.monotonic() + seconds
    total = 0

    async def draw(worker: Pace) -> None:
        nonlocal total
        while time.monotonic() < end:
            grant = await worker.take(FAST, lane, wanted)
            total += grant.granted
            await asyncio.sleep(min(0.01, grant.wait) if grant.granted else 0.01)

    await asyncio.gather(*(draw(worker) for worker in workers))
    return total


async def test_an_account_without_a_pace_gives_everything(redis: Redis) -> None:
    grant = await Pace(redis).take(Provider("web"), "reply", 500)
    assert (grant.granted, grant.wait) == (500, 0)
    assert await redis.keys("pace:*") == []


async def test_all_workers_together_keep_the_pace(redis: Redis) -> None:
    workers, most = [Pace(redis) for _ in range(5)], 0
    for _ in range(5):
        begun = time.monotonic()
        total = await drawn(workers, "reply", 1.0)
        took = time.monotonic() - begun
        # What that time is worth, and the burst the buckets held when it began.
        assert total <= 200 * (took + pace.BURST_SECONDS) * 1.15
        most = max(most, total)
        if most >= 150:
            break
    assert most >= 150, "they get it as well, where the machine lets them ask"


async def test_a_city_may_set_another_pace(redis: Redis) -> None:
    paced = Pace(redis, {"carrier": 2.0})
    assert paced.rate(FAST) == 2.0
    assert (await paced.take(FAST, "siren", 100)).granted <= 2


async def test_alerts_keep_their_share_and_replies_theirs(redis: Redis) -> None:
    await drawn([Pace(redis)], "siren", 0.1)
    await drawn([Pace(redis)], "reply", 0.1)
    siren, replies = await asyncio.gather(
        drawn([Pace(redis)], "siren", 1.5), drawn([Pace(redis)], "reply", 1.5)
    )
    assert siren / (siren + replies) == pytest.approx(SIREN_SHARE, abs=0.08)


async def test_who_does_not_ask_lends(redis: Redis) -> None:
    own = 200 * (1 - SIREN_SHARE) * pace.BURST_SECONDS
    alone = await Pace(redis).take(FAST, "reply", 1000)
    assert alone.granted > own * 1.5
    await redis.flushall()
    await Pace(redis).take(FAST, "siren", 1)
    assert (await Pace(redis).take(FAST, "reply", 1000)).granted <= own


async def test_bulk_leaves_half_of_the_bucket_to_replies(redis: Redis) -> None:
    paced = Pace(redis)
    await paced.take(FAST, "siren", 1)  # alerts are on: nothing is lent
    bulk = (await paced.take(FAST, "bulk", 100)).granted
    replies = (await paced.take(FAST, "reply", 100)).granted
    assert replies >= bulk > 0


async def test_a_grant_says_when_the_next_one_comes(redis: Redis) -> None:
    slow, paced = Provider("slow", per_second=1), Pace(redis)
    while (grant := await paced.take(slow, "reply", 1)).granted:
        pass
    assert 0 < grant.wait <= 1.1


async def test_retry_after_stops_the_whole_account_for_everybody(redis: Redis) -> None:
    clock = Clock()
    one, other = Pace(redis, clock=clock), Pace(redis, clock=clock)
    await one.pause("carrier", 60.0)
    for worker in (one, other):
        grant = await worker.take(FAST, "siren", 5)
        assert grant.granted == 0
        assert 0 < grant.wait <= 60.0
    await one.pause("carrier", 0.05)  # a shorter one does not end a longer one
    assert (await other.take(FAST, "siren", 5)).granted == 0
    assert (await one.take(Provider("another", per_second=5), "siren", 1)).granted == 1
    clock.now += 60
    assert 0 < await redis.pttl("pace:{carrier}:pause") <= 60_000, "it ends by itself"
    await redis.pexpire("pace:{carrier}:pause", 1)
    await asyncio.sleep(0.05)
    assert (await one.take(FAST, "siren", 5)).granted == 5
    assert (await other.take(FAST, "siren", 5)).granted == 5


async def test_further_parts_are_charged(redis: Redis) -> None:
    paced = Pace(redis)
    await paced.take(FAST, "siren", 1)
    await paced.spend(FAST, "reply", 40)
    assert (await paced.take(FAST, "reply", 1)).granted == 0


@pytest.fixture
def nowhere() -> Redis:
    """A Redis that is not there."""
    return events.connect("redis://127.0.0.1:9/0")


async def test_without_redis_each_process_keeps_to_its_part(nowhere: Redis) -> None:
    clock = Clock()
    paced = Pace(nowhere, clock=clock)
    granted = 0
    for _ in range(100):
        granted += (await paced.take(FAST, "reply", 10)).granted
        granted += (await paced.take(FAST, "siren", 10)).granted
        clock.now += 0.1
    whole = 200 * 10 / pace.PROCESSES_UNTIL_KNOWN
    assert whole * 0.8 <= granted <= whole * 1.1


async def test_without_redis_alerts_keep_their_share(nowhere: Redis) -> None:
    clock = Clock()
    paced = Pace(nowhere, clock=clock)
    got = {"reply": 0, "siren": 0}
    for _ in range(100):
        for lane in got:
            got[lane] += (await paced.take(FAST, lane, 100)).granted
        clock.now += 0.1
    assert got["siren"] / sum(got.values()) == pytest.approx(SIREN_SHARE, abs=0.08)


async def test_a_dead_redis_costs_its_time_out_once_in_a_while(
    nowhere: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    async def hang(self: Pace, *_: object) -> pace.Grant:
        nonlocal asked
        asked += 1
        raise TimeoutError

    monkeypatch.setattr(Pace, "_ask", hang)
    clock = Clock()
    paced = Pace(nowhere, clock=clock)
    for _ in range(50):
        await paced.take(FAST, "reply", 1)
        clock.now += 0.1
    assert asked <= 3


async def test_the_part_of_a_process_follows_their_number(redis: Redis) -> None:
    workers = [Pace(redis) for _ in range(3)]
    for worker in workers:
        await worker.take(FAST, "reply", 1)
    await workers[0].take(FAST, "reply", 1)
    assert workers[0]._processes == 3
    alone = workers[0]._alone("carrier", 300, "siren", 10_000)
    assert alone.granted == int(300 / 3 * SIREN_SHARE * pace.BURST_SECONDS)


async def test_a_pause_holds_without_redis_too(nowhere: Redis) -> None:
    clock = Clock()
    paced = Pace(nowhere, clock=clock)
    await paced.pause("carrier", 30)
    assert (await paced.take(FAST, "siren", 5)).granted == 0
    clock.now += 31
    assert (await paced.take(FAST, "siren", 5)).granted == 5
