"""Who is at the desk, and what becomes of those who wait when nobody is."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from backend import db, events
from backend.context import Context
from backend.handoff import presence, service
from backend.handoff.watch import GONE_SECONDS, watch
from backend.models import Conversation
from tests.backend.desk import employee, waiting


class Clock:
    """A clock of Redis that a test can move on."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    async def time(self, _: Redis) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr("backend.handoff.presence.now", moved.time)
    monkeypatch.setattr("backend.handoff.watch.now", moved.time)
    return moved


@contextmanager
def _broken(context: Context) -> Iterator[Context]:
    yield Context(
        context.settings, context.sessions, events.connect("unix:///nowhere/redis.socket")
    )


async def _state(sessions: db.Sessions, talk: UUID) -> tuple[str, int | None]:
    async with sessions() as session:
        found = await session.get_one(Conversation, talk)
        return found.state, found.agent_id


async def _active(sessions: db.Sessions, agent: int) -> UUID:
    talk = await waiting(sessions)
    async with sessions() as session, session.begin():
        await service.claim(session, talk, agent)
    return talk


async def _waited(sessions: db.Sessions, minutes: int) -> None:
    async with sessions() as session, session.begin():
        await session.execute(
            text("UPDATE handoffs SET requested_at = now() - make_interval(mins => :m)"),
            {"m": minutes},
        )


async def test_a_lease_runs_out(redis: Redis, clock: Clock) -> None:
    await presence.here(redis, 1, taking=True)
    await presence.here(redis, 2, taking=True)
    clock.now += presence.LEASE_SECONDS - 1
    await presence.here(redis, 2, taking=True)
    assert await service.agents_on_duty(redis) == {1, 2}

    clock.now += 2
    assert await service.agents_on_duty(redis) == {2}


async def test_on_a_break_one_is_there_and_takes_nothing(redis: Redis) -> None:
    await presence.here(redis, 1, taking=True)
    await presence.here(redis, 1, taking=False)

    assert await service.agents_on_duty(redis) == frozenset()
    assert await presence.present(redis) == {1}


async def test_who_leaves_is_gone_at_once(redis: Redis) -> None:
    await presence.here(redis, 1, taking=True)
    await presence.leave(redis, 1)

    assert await service.agents_on_duty(redis) == frozenset()
    assert await presence.present(redis) == frozenset()


async def test_without_redis_nobody_is_promised_and_nothing_breaks(context: Context) -> None:
    with _broken(context) as cut:
        await presence.here(cut.redis, 1, taking=True)
        await presence.leave(cut.redis, 1)
        assert await service.agents_on_duty(cut.redis) == frozenset()


async def test_a_vanished_agents_conversation_goes_back_to_the_queue(
    context: Context, sessions: db.Sessions, clock: Clock
) -> None:
    agent, colleague = await employee(sessions), await employee(sessions, "colleague")
    talk = await _active(sessions, agent)
    await presence.here(context.redis, colleague, taking=True)

    await watch(context)
    assert await _state(sessions, talk) == ("active", agent), "a wiped Redis takes nobody's"

    clock.now += GONE_SECONDS
    await watch(context)
    assert await _state(sessions, talk) == ("queued", None)


async def test_who_comes_back_in_time_keeps_the_conversation(
    context: Context, sessions: db.Sessions, clock: Clock
) -> None:
    agent = await employee(sessions)
    talk = await _active(sessions, agent)
    await watch(context)

    clock.now += GONE_SECONDS - 1
    await presence.here(context.redis, agent, taking=False)
    await watch(context)
    clock.now += presence.LEASE_SECONDS + 1
    await watch(context)

    assert await _state(sessions, talk) == ("active", agent)


async def test_a_wait_in_vain_becomes_a_call_back(context: Context, sessions: db.Sessions) -> None:
    talk = await waiting(sessions)
    await watch(context)
    assert (await _state(sessions, talk))[0] == "queued"

    await _waited(sessions, 11)
    await watch(context)
    assert (await _state(sessions, talk))[0] == "callback"


async def test_while_somebody_takes_conversations_the_queue_stands(
    context: Context, sessions: db.Sessions
) -> None:
    talk = await waiting(sessions)
    await _waited(sessions, 60)
    await presence.here(context.redis, await employee(sessions), taking=True)

    await watch(context)

    assert (await _state(sessions, talk))[0] == "queued"


async def test_without_redis_the_watch_touches_nothing(
    context: Context, sessions: db.Sessions
) -> None:
    agent = await employee(sessions)
    held = await _active(sessions, agent)
    await _waited(sessions, 60)

    with _broken(context) as cut:
        await watch(cut)

    assert await _state(sessions, held) == ("active", agent)
