"""Signals to open pages: each hears its own, and all of them together cost one connection."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend import events

PAGES = 300


@pytest.fixture
def nowhere() -> Redis:
    """A Redis that is not there."""
    return events.connect("redis://127.0.0.1:9/0")


async def heard(page: AsyncIterator[dict[str, Any]]) -> dict[str, Any]:
    """Return the next event of a page that is no tick."""
    async with asyncio.timeout(60):
        while (event := await anext(page))["type"] == "tick":
            continue
    return event


async def listening(redis: Redis) -> int:
    """Return how many connections wait for signals."""
    return len(await redis.client_list(_type="pubsub"))


async def no_more_than(redis: Redis, connections: int) -> None:
    async with asyncio.timeout(60):
        while await listening(redis) > connections:
            await asyncio.sleep(0.02)


async def test_many_open_pages_leave_redis_to_everything_else(redis: Redis) -> None:
    pages = [events.subscribe(redis, f"web:{n}", "desk") for n in range(PAGES)]
    ready = await asyncio.gather(*(heard(page) for page in pages))
    assert [event["type"] for event in ready] == ["ready"] * PAGES
    assert await listening(redis) == 1
    assert len(await asyncio.gather(*(redis.ping() for _ in range(PAGES)))) == PAGES
    for n in (7, 290):
        await events.publish(redis, f"web:{n}", {"type": "changed", "conversation": str(n)})
        assert await heard(pages[n]) == {"type": "changed", "conversation": str(n)}
    await events.publish(redis, "desk", {"type": "changed"})
    assert [await heard(page) for page in pages] == [{"type": "changed"}] * PAGES
    for page in pages:
        await page.aclose()  # type: ignore[attr-defined]
    await no_more_than(redis, 0)


async def test_who_left_is_told_no_more_and_who_comes_back_is(redis: Redis) -> None:
    stays, goes = (events.subscribe(redis, topic) for topic in ("web:stays", "web:goes"))
    assert [(await heard(page))["type"] for page in (stays, goes)] == ["ready"] * 2
    await goes.aclose()  # type: ignore[attr-defined]
    async with asyncio.timeout(60):
        while (await redis.pubsub_numsub("web:goes"))[0][1]:
            await asyncio.sleep(0.02)
    again = events.subscribe(redis, "web:goes")
    assert (await heard(again))["type"] == "ready"
    await events.publish(redis, "web:goes", {"type": "changed"})
    assert await heard(again) == {"type": "changed"}
    for page in (again, stays):
        await page.aclose()  # type: ignore[attr-defined]
    first = events.subscribe(redis, "web:stays")  # while the line is being ended, or after
    assert (await heard(first))["type"] == "ready"
    await events.publish(redis, "web:stays", {"type": "changed"})
    assert await heard(first) == {"type": "changed"}
    await first.aclose()  # type: ignore[attr-defined]
    await no_more_than(redis, 0)


async def test_a_page_that_sleeps_holds_little(redis: Redis) -> None:
    page = events.subscribe(redis, "web:1")
    assert (await heard(page))["type"] == "ready"
    for n in range(events._HELD + 50):
        await redis.publish("web:1", f'{{"type": "changed", "n": {n}}}')
    await redis.publish("web:1", '{"type": "end"}')
    told = []
    while not told or told[-1]["type"] != "end":
        told.append(await heard(page))
    assert len(told) <= events._HELD + 51
    await page.aclose()  # type: ignore[attr-defined]


async def test_without_redis_a_page_is_told_at_once(nowhere: Redis) -> None:
    page = events.subscribe(nowhere, "web:1")
    with pytest.raises((RedisError, OSError)):
        await anext(page)
    await nowhere.aclose()
