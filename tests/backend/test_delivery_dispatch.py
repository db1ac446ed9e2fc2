"""The dispatcher against scripted doors and a real database: who is sent what, when, by whom."""

import asyncio
import time
from collections import Counter, defaultdict

import pytest

from backend.context import Context
from backend.db import Sessions
from backend.delivery import dispatch
from backend.delivery.dispatch import Dispatcher
from backend.models import Delivery
from channels.base import (
    Provider,
    Retryable,
    Throttled,
    Unknown,
)
from channels.message import Outgoing, Sent
from tests.backend.post import Door, Post, doors
from tests.sending import send_due


@pytest.fixture
def post(sessions: Sessions) -> Post:
    return Post(sessions)


@pytest.fixture
def sms() -> Door:
    return Door("sms", "phone")


@pytest.fixture
def telegram() -> Door:
    return Door("telegram", "telegram")


async def test_what_is_promised_is_sent_once_and_every_try_is_kept(
    context: Context, post: Post, sms: Door
) -> None:
    sms.says = [Sent(("SM1",), provider="twilio")]
    promised = await post.reply(await post.address(), "접수했어요.")
    assert await post.wakeups() == ["reply"]
    assert await send_due(context, doors(sms), "reply") == 1
    assert await send_due(context, doors(sms), "reply") == 0
    sent = await post.get(promised)
    assert (sent.status, sent.provider, sent.attempts, sent.parts) == ("accepted", "twilio", 1, 1)
    assert await post.tries(promised) == [("sms", "twilio", "accepted", None)]
    assert await post.parts(promised) == {"SM1": "accepted"}
    assert [(m.id, m.text, m.provider) for m in sms.sent] == [(promised, "접수했어요.", "sms")]


async def test_a_citizens_later_message_never_overtakes_an_earlier_one(
    context: Context, post: Post, sms: Door
) -> None:
    address = await post.address()
    first = await post.reply(address, "하나")
    for words in ("둘", "셋"):
        await post.reply(address, words)
    sms.says = [Retryable("503")]
    await send_due(context, doors(sms), "reply")
    assert sms.texts == ["하나"]
    await post.come_due(first)
    await send_due(context, doors(sms), "reply")
    assert sms.texts == ["하나", "하나", "둘", "셋"]


async def test_one_citizens_messages_keep_their_order_among_many_workers(
    context: Context, post: Post, sms: Door
) -> None:
    addresses = [await post.address() for _ in range(6)]
    for number in range(5):
        for address in addresses:
            await post.reply(address, str(number))
    sms.seconds = 0.01
    await asyncio.gather(*(send_due(context, doors(sms), "reply") for _ in range(4)))
    by_citizen = defaultdict(list)
    for message in sms.sent:
        by_citizen[message.address].append(message.text)
    assert list(by_citizen.values()) == [["0", "1", "2", "3", "4"]] * 6
    assert await post.statuses() == {"accepted": 30}


async def test_who_waits_holds_up_nobody_else(context: Context, post: Post, sms: Door) -> None:
    slow, quick = await post.address("+821000000001"), await post.address("+821000000002")
    await post.reply(slow, "기다림")
    await post.reply(quick, "바로")
    sms.says_to["+821000000001"] = [Throttled("429")]
    await send_due(context, doors(sms), "reply")
    assert set(sms.texts) == {"기다림", "바로"}


async def test_a_way_that_waits_does_not_hold_up_the_citizens_other_one(
    context: Context, post: Post, sms: Door, telegram: Door
) -> None:
    phone = await post.address()
    chat = await post.address("1001", "telegram", of=phone)
    await post.reply(chat, "텔레그램으로")
    telegram.says = [Retryable("503")]
    await send_due(context, doors(sms, telegram), "reply")
    await post.reply(phone, "인증번호")
    await send_due(context, doors(sms, telegram), "reply")
    assert sms.texts == ["인증번호"]


async def test_one_slow_provider_is_waited_for_by_its_own_messages_only(
    context: Context, post: Post, sms: Door, telegram: Door
) -> None:
    answered = asyncio.Event()

    async def send(message: Outgoing) -> Sent:
        await answered.wait()
        return Sent((str(message.id),))

    sms.send = send  # type: ignore[method-assign]
    await post.reply(await post.address())
    await post.reply(await post.address("1001", "telegram"))
    sending = asyncio.create_task(send_due(context, doors(sms, telegram), "reply"))
    async with asyncio.timeout(60):
        while not telegram.sent:
            await asyncio.sleep(0.005)
    answered.set()
    await sending


async def test_a_lost_answer_is_unknown_and_never_sent_again(
    context: Context, post: Post, sms: Door, telegram: Door
) -> None:
    phone = await post.address()
    await post.address("1001", "telegram", of=phone)
    promised = await post.notice(phone)
    sms.says = [Unknown("timeout")]
    await send_due(context, doors(sms, telegram), "reply")
    await post.come_due()
    assert await send_due(context, doors(sms, telegram), "reply") == 0
    assert ((await post.get(promised)).status, len(sms.sent), telegram.sent) == ("unknown", 1, [])


async def test_a_send_that_never_ends_is_unknown(
    context: Context, post: Post, sms: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "SEND_SECONDS", 0.05)
    sms.seconds = 5
    promised = await post.reply(await post.address())
    await send_due(context, doors(sms), "reply")
    found = await post.get(promised)
    assert (found.status, found.reason) == ("unknown", "timeout")


async def test_one_message_that_breaks_the_door_stops_no_other(
    context: Context, post: Post, sms: Door
) -> None:
    def broken(_: Outgoing) -> Sent:
        raise ZeroDivisionError

    sms.says_to["+821000000001"] = [broken]
    first = await post.reply(await post.address("+821000000001"))
    await post.reply(await post.address("+821000000002"))
    await send_due(context, doors(sms), "reply")
    assert await post.statuses() == {"unknown": 1, "accepted": 1}
    assert (await post.get(first)).reason == "broken"


async def test_only_the_missing_parts_of_a_long_message_are_sent_again(
    context: Context, post: Post, sms: Door
) -> None:
    promised = await post.reply(await post.address(), "긴 글")
    sms.says = [Throttled("429", 0.1, sent=("SM1",), parts=3), Sent(("SM2", "SM3"), 3)]
    await send_due(context, doors(sms), "reply")
    assert [message.skip for message in sms.sent] == [0, 1]
    assert (await post.get(promised)).status == "accepted"
    assert await post.parts(promised) == {f"SM{n}": "accepted" for n in (1, 2, 3)}


async def test_the_rest_of_a_message_goes_by_who_carried_the_first_parts(
    context: Context, post: Post
) -> None:
    sms = Door("sms", "phone", Provider("korea"), Provider("twilio"))
    promised = await post.reply(await post.address())
    sms.says = [Retryable("503", sent=("K1",), parts=2), Retryable("503"), Retryable("503")]
    for _ in range(4):
        await send_due(context, doors(sms), "reply")
        await post.come_due()
    assert [message.provider for message in sms.sent] == ["korea"] * 4
    assert (await post.get(promised)).status == "accepted"


async def test_retry_after_stops_the_whole_account_and_no_other(
    context: Context, post: Post, sms: Door
) -> None:
    telegram = Door("telegram", "telegram", Provider("telegram", per_second=1000))
    for number in range(3):
        await post.reply(await post.address(f"100{number}", "telegram"))
    await post.reply(await post.address())
    telegram.says = [Throttled("429", 60)]
    dispatcher = Dispatcher(context, doors(sms, telegram))
    await dispatcher.drain("reply")
    late = await post.reply(await post.address("1009", "telegram"))
    await dispatcher.drain("reply")
    assert (await post.get(late)).status == "pending"
    assert (await post.get(late)).attempts == 0, "it was not tried"
    assert len(sms.sent) == 1
    other_process = Dispatcher(context, doors(sms, telegram))
    await other_process.drain("reply")
    assert late not in [message.id for message in telegram.sent]
    await context.redis.delete("pace:{telegram}:pause")  # the minute is over
    await post.come_due()
    await Dispatcher(context, doors(sms, telegram)).drain("reply")
    assert await post.statuses() == {"accepted": 5}


async def test_the_pace_of_an_account_is_kept(context: Context, post: Post) -> None:
    telegram = Door("telegram", "telegram", Provider("telegram", per_second=40))
    for number in range(60):
        await post.reply(await post.address(f"1{number:03}", "telegram"))
    begun = time.monotonic()
    dispatcher = Dispatcher(context, doors(telegram))
    await dispatcher.start("reply")
    while (await post.statuses()).get("accepted", 0) < 60:
        await asyncio.sleep(0.05)
        assert time.monotonic() - begun < 30
    took = time.monotonic() - begun
    await dispatcher.close()
    assert took >= 0.8
    assert max(Counter(int(message.id) for message in telegram.sent).values()) == 1


async def test_what_waits_for_the_pace_does_not_wait_for_a_slow_send(
    context: Context, post: Post
) -> None:
    telegram = Door("telegram", "telegram", Provider("telegram", per_second=100))
    answered = asyncio.Event()

    async def send(message: Outgoing) -> Sent:
        telegram.sent.append(message)
        if message.text == "느림":
            await answered.wait()
        return Sent((str(message.id),))

    telegram.send = send  # type: ignore[method-assign]
    for number in range(80):
        address = await post.address(f"1{number:03}", "telegram")
        await post.reply(address, "느림" if number == 0 else "빠름")
    dispatcher = Dispatcher(context, doors(telegram))
    await dispatcher.start("reply")
    async with asyncio.timeout(60):
        while (await post.statuses()).get("accepted", 0) < 79:
            await asyncio.sleep(0.05)
    answered.set()
    await dispatcher.close()
    assert await post.statuses() == {"accepted": 80}


async def test_no_more_than_a_bounded_number_is_under_way(
    context: Context, post: Post, sms: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "AT_ONCE", 8)
    sms.seconds = 0.1
    for _ in range(40):
        await post.reply(await post.address())
    assert await send_due(context, doors(sms), "reply") == 40
    assert 2 < sms.most_at_once <= 8


async def test_what_is_past_its_time_is_not_sent(context: Context, post: Post, sms: Door) -> None:
    promised = await post.reply(await post.address())
    await post.pass_time(promised, seconds=1)
    assert await send_due(context, doors(sms), "reply") == 0
    assert sms.sent == []


async def test_a_channel_that_is_gone_fails_its_messages(
    context: Context, post: Post, sms: Door
) -> None:
    promised = await post.reply(await post.address("1001", "telegram"))
    await send_due(context, doors(sms), "reply")
    found = await post.get(promised)
    assert (found.status, found.reason) == ("failed", "no-such-channel")


async def test_a_restart_lets_what_is_under_way_land(
    context: Context, post: Post, sms: Door
) -> None:
    sms.seconds = 0.3
    for _ in range(5):
        await post.reply(await post.address())
    dispatcher = Dispatcher(context, doors(sms))
    await dispatcher.start("reply")
    while len(sms.sent) < 5:
        await asyncio.sleep(0.01)
    await dispatcher.close()
    assert await post.statuses() == {"accepted": 5}


async def test_what_becomes_due_again_is_sent_without_another_wake_up(
    context: Context, post: Post, sms: Door
) -> None:
    promised = await post.reply(await post.address())
    sms.says = [Throttled("429", 0.2)]
    dispatcher = Dispatcher(context, doors(sms))
    await dispatcher.start("reply")
    async with asyncio.timeout(60):
        while (await post.get(promised)).status != "accepted":
            await asyncio.sleep(0.05)
    await dispatcher.close()
    assert len(sms.sent) == 2


async def test_a_reply_an_agents_words_and_an_alert_leave_records_of_the_same_shape(
    context: Context, post: Post, sms: Door
) -> None:
    sms.carriers = (Provider("twilio", reports_within=3600),)
    made = [
        await post.promise(await post.address(), "봇의 답", "bot"),
        await post.promise(await post.address(), "상담원의 답", "agent"),
        await post.promise(await post.address(), "안내", "notice"),
        await post.alert(await post.address(), "호우경보"),
    ]
    for lane in ("reply", "siren"):
        await send_due(context, doors(sms), lane)
    rows = [await post.get(each) for each in made]
    ours = {"id", "lane", "message_id", "event_id", "contact_id", "address_id"}
    times = {"due_at", "check_at", "expires_at", "created_at", "updated_at"}
    shapes = {
        tuple(
            (name, getattr(row, name) is not None if name in times else getattr(row, name))
            for name in sorted(set(Delivery.__table__.columns.keys()) - ours)
        )
        for row in rows
    }
    assert len(shapes) == 1, shapes
    assert [await post.tries(each) for each in made] == [[("sms", "twilio", "accepted", None)]] * 4
    assert [list((await post.parts(each)).values()) for each in made] == [["accepted"]] * 4
    assert [row.lane for row in rows] == ["reply", "reply", "reply", "siren"]
