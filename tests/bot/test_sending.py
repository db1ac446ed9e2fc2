"""What the bot says goes out right after its commit, and also where nobody was told of it."""

import asyncio

from sqlalchemy import select, text

from backend import seed
from backend.context import Context
from backend.delivery import reaper
from backend.delivery.dispatch import Dispatcher
from backend.events import Signals, subscribe
from backend.main import build_faq
from backend.models import Delivery, Message
from bot.conversation import Bot
from channels.message import Incoming
from nlu.builtin import BuiltinParser
from tests.backend.post import Door, doors
from tests.sending import send_due


def said(number: int) -> Incoming:
    return Incoming("telegram", "telegram", str(number), f"update-{number}", "안녕하세요")


async def jobs(context: Context) -> int:
    async with context.sessions() as session:
        return await session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) or 0


async def bot_of(context: Context, parser: BuiltinParser, dispatcher: Dispatcher | None) -> Bot:
    async with context.sessions() as session, session.begin():
        await seed.seed(session, dict.fromkeys(seed.DEMO_STAFF, "password-of-demo"))
    channels = doors(Door("telegram", "telegram"))
    return Bot(context, parser, await build_faq(context), channels, dispatcher)


async def test_a_reply_is_sent_without_a_job_and_once(
    context: Context, parser: BuiltinParser
) -> None:
    door = Door("telegram", "telegram")
    dispatcher = Dispatcher(context, doors(door))
    bot = await bot_of(context, parser, dispatcher)
    answers = await asyncio.gather(*(bot.on_message(said(n)) for n in range(1, 13)))
    replies = [reply for answer in answers for reply in answer.replies]
    async with asyncio.timeout(60):
        while len(door.sent) < len(replies):
            await asyncio.sleep(0.02)
    await dispatcher.close()
    assert sorted(each.id for each in door.sent) == sorted(r.delivery or 0 for r in replies)
    assert await jobs(context) == 0
    async with context.sessions() as session:
        assert set(await session.scalars(select(Delivery.status))) == {"accepted"}
        outcomes = await session.scalars(select(Message.outcome).where(Message.direction == "in"))
        assert set(outcomes) == {"answered"}


async def test_what_was_committed_and_not_looked_at_is_found(
    context: Context, parser: BuiltinParser
) -> None:
    ended = Dispatcher(context, doors(Door("telegram", "telegram")))
    ended.rouse("reply", "telegram")
    await ended.close()  # its pump looks no more: the process ended at the commit
    bot = await bot_of(context, parser, ended)
    answer = await bot.on_message(said(1))
    assert await jobs(context) == 0
    async with context.sessions() as session, session.begin():
        await reaper.reap(session)
    assert await jobs(context) == 1
    door = Door("telegram", "telegram")
    assert await send_due(context, doors(door), "reply") == len(answer.replies)
    assert [each.id for each in door.sent] == [reply.delivery for reply in answer.replies]


async def test_without_a_dispatcher_a_worker_elsewhere_is_woken(
    context: Context, parser: BuiltinParser
) -> None:
    bot = await bot_of(context, parser, None)
    assert (await bot.on_message(said(1))).replies
    assert await jobs(context) == 1


async def test_what_changes_several_times_is_told_once(context: Context) -> None:
    heard = subscribe(context.redis, "desk", "conversation:1")
    assert (await anext(heard))["type"] == "ready"
    signals = Signals(context.redis)
    for _ in range(20):
        signals.changed(["desk"])
    signals.changed(["conversation:1"])
    told: list[str] = []
    async with asyncio.timeout(60):
        while len(told) < 2:
            told += [event["type"] for event in [await anext(heard)] if event["type"] != "tick"]
    assert told == ["changed", "changed"]
    while True:  # nothing more was told: the next is what the end says
        await context.redis.publish("desk", '{"type": "end"}')
        event = await anext(heard)
        if event["type"] != "tick":
            break
    assert event["type"] == "end"
