"""The next provider and the next way, where one is closed or down: for whom, and no further."""

from collections import Counter

import pytest

from backend.context import Context
from backend.db import Sessions
from backend.delivery import dispatch, health
from backend.delivery.dispatch import Dispatcher
from backend.models import Address
from channels.base import (
    Content,
    Provider,
    Rejected,
    Retryable,
    SendError,
    Stopped,
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


async def test_a_provider_that_refuses_gives_way_to_the_next_one_of_the_channel(
    context: Context, post: Post
) -> None:
    sms = Door("sms", "phone", Provider("korea"), Provider("twilio"))
    promised = await post.reply(await post.address())
    sms.says = [Rejected("not-routed")]
    await send_due(context, doors(sms), "reply")
    assert [message.provider for message in sms.sent] == ["korea", "twilio"]
    assert [(p, o) for _, p, o, _ in await post.tries(promised)] == [
        ("korea", "rejected"), ("twilio", "accepted"),
    ]  # fmt: skip


async def test_a_provider_that_is_down_is_left_for_the_next_one_at_once(
    context: Context, post: Post
) -> None:
    sms = Door("sms", "phone", Provider("korea"), Provider("twilio"))

    def half(message: Outgoing) -> Sent | SendError:
        return Retryable("503") if message.provider == "korea" else Sent((f"T{message.id}",))

    sms.says = [half] * 1000
    for _ in range(health.FAILURES):
        await post.reply(await post.address())
    dispatcher = Dispatcher(context, doors(sms))
    await dispatcher.drain("reply")
    sms.sent.clear()
    for _ in range(50):
        await post.reply(await post.address())
    await dispatcher.drain("reply")
    carried = Counter(message.provider for message in sms.sent)
    assert carried["twilio"] >= 49
    assert (await post.statuses())["accepted"] >= 49


@pytest.mark.parametrize("said", [Rejected("30006"), Content("30007"), Stopped("21610")])
async def test_a_notice_that_a_way_refuses_takes_the_next_one_its_citizen_allows(
    context: Context, post: Post, sms: Door, telegram: Door, said: SendError
) -> None:
    email = Door("email", "email")
    phone = await post.address()
    closed = await post.address("1000", "telegram", of=phone)
    letters = await post.address("citizen@example.org", "email", of=phone)
    promised = await post.notice(phone, "처리 결과가 나왔어요.")
    async with post.sessions() as session, session.begin():
        address = await session.get_one(Address, closed)
        address.stopped_at = address.created_at
    sms.says = [said]
    await send_due(context, doors(sms, telegram, email), "reply")
    found = await post.get(promised)
    assert (found.status, found.channel, found.address_id) == ("accepted", "email", letters)
    assert [(c, o) for c, _, o, _ in await post.tries(promised)] == [
        ("sms", type(said).__name__.lower()), ("email", "accepted"),
    ]  # fmt: skip
    assert email.texts == ["처리 결과가 나왔어요."]
    assert telegram.sent == []


async def test_an_answer_stays_in_its_talk(
    context: Context, post: Post, sms: Door, telegram: Door
) -> None:
    chat = await post.address("1001", "telegram")
    await post.address(of=chat)
    promised = await post.reply(chat)
    telegram.says = [Rejected("400")]
    await send_due(context, doors(sms, telegram), "reply")
    found = await post.get(promised)
    assert (found.status, found.reason, sms.sent) == ("failed", "400", [])


async def test_every_way_is_tried_once_and_then_it_has_failed(
    context: Context, post: Post, sms: Door, telegram: Door
) -> None:
    phone = await post.address()
    await post.address("1001", "telegram", of=phone)
    promised = await post.notice(phone)
    sms.says, telegram.says = [Rejected("30006")], [Rejected("chat-not-found")]
    await send_due(context, doors(sms, telegram), "reply")
    found = await post.get(promised)
    assert (found.status, found.reason, found.route) == ("failed", "chat-not-found", 1)
    assert (len(sms.sent), len(telegram.sent)) == (1, 1)


async def test_a_closed_door_is_noted_and_nothing_more_is_sent_there(
    context: Context, post: Post, sms: Door
) -> None:
    address = await post.address()
    sms.says = [Stopped("21610")]
    first = await post.reply(address)
    await send_due(context, doors(sms), "reply")
    assert (await post.get(first)).status == "suppressed"
    second = await post.reply(address)
    assert (await post.get(second)).status == "suppressed"
    assert len(sms.sent) == 1


async def test_notices_leave_a_channel_that_is_down_and_answers_wait_for_it(
    context: Context, post: Post, sms: Door, telegram: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(dispatch.PATIENCE, "reply", 0.0)
    monkeypatch.setattr(health, "FIRST_SECONDS", 60.0)  # nobody is the one who asks again
    sms.says = [Retryable("no-connection")] * 1000
    for _ in range(health.FAILURES):
        await post.reply(await post.address())
    dispatcher = Dispatcher(context, doors(sms, telegram))
    await dispatcher.drain("reply")
    phone = await post.address()
    await post.address("1001", "telegram", of=phone)
    notice, answer = await post.notice(phone), await post.reply(await post.address())
    await dispatcher.drain("reply")
    assert telegram.texts == ["소식이 있어요."]
    assert (await post.get(notice)).status == "accepted"
    assert [(c, o, code) for c, _, o, code in await post.tries(notice)] == [
        ("sms", "skipped", "provider-down"), ("telegram", "accepted", None),
    ]  # fmt: skip
    waiting = await post.get(answer)
    assert (waiting.status, waiting.channel) == ("pending", "sms")
