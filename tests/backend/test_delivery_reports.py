"""Status reports: late, twice, reordered, forged, too early; a delivery's status only moves up."""

import asyncio
import random

import pytest

from backend.context import Context
from backend.db import Sessions
from backend.delivery import reports
from channels.base import Provider, Rejected, Unknown
from channels.message import DeliveryState, Outgoing, Sent, StatusUpdate
from tests.backend.post import Door, Post, doors
from tests.sending import send_due

ACCEPTED, SENT, DELIVERED, FAILED = DeliveryState
TWILIO = Provider("twilio")


@pytest.fixture
def post(sessions: Sessions) -> Post:
    return Post(sessions)


@pytest.fixture
def sms() -> Door:
    return Door("sms", "phone", TWILIO)


@pytest.fixture
def telegram() -> Door:
    return Door("telegram", "telegram")


async def report(post: Post, door: Door, state: DeliveryState, **more: object) -> bool:
    """Let a provider report; say whether it told anything new."""
    values: dict[str, object] = {"provider": "twilio", **more}
    async with post.sessions() as session, session.begin():
        update = StatusUpdate(door.name, state, **values)  # type: ignore[arg-type]
        return await reports.apply(session, update, doors(door))


async def accepted(context: Context, post: Post, sms: Door, *ids: str) -> int:
    """Return a delivery whose parts the provider took under `ids`."""
    sms.says = [Sent(ids, len(ids))]
    promised = await post.reply(await post.address())
    await send_due(context, doors(sms), "reply")
    return promised


@pytest.mark.parametrize(
    ("heard", "ends"),
    [
        ([SENT, DELIVERED], "delivered"),
        ([DELIVERED, SENT], "delivered"),
        ([DELIVERED, FAILED], "delivered"),
        ([FAILED, DELIVERED], "delivered"),
        ([FAILED, SENT], "failed"),
        ([SENT, ACCEPTED], "sent"),
        ([ACCEPTED, ACCEPTED], "accepted"),
    ],
)
async def test_late_and_repeated_reports_never_move_it_back(
    context: Context, post: Post, sms: Door, heard: list[DeliveryState], ends: str
) -> None:
    promised = await accepted(context, post, sms, "SM1")
    for state in heard:
        await report(post, sms, state, external_id="SM1", code="30003" if state is FAILED else None)
    found = await post.get(promised)
    assert found.status == ends
    assert found.reason == ("30003" if ends == "failed" else None)


async def test_whatever_the_order_the_end_is_the_highest_of_what_was_heard(
    context: Context, post: Post, sms: Door
) -> None:
    states, dice = list(DeliveryState), random.Random(11)
    order = [ACCEPTED, SENT, FAILED, DELIVERED]
    for number in range(40):
        promised = await accepted(context, post, sms, f"SM{number}")
        heard = dice.choices(states, k=dice.randint(1, 6))
        for state in heard:
            await report(post, sms, state, external_id=f"SM{number}")
        assert (await post.get(promised)).status == max(heard, key=order.index).value


async def test_every_part_has_its_own_id_and_all_have_to_arrive(
    context: Context, post: Post, sms: Door
) -> None:
    promised = await accepted(context, post, sms, "SM1", "SM2", "SM3")
    assert await report(post, sms, DELIVERED, external_id="SM2") is False
    assert (await post.get(promised)).status == "accepted"
    await report(post, sms, SENT, external_id="SM1")
    await report(post, sms, SENT, external_id="SM3")
    assert (await post.get(promised)).status == "sent"
    await report(post, sms, DELIVERED, external_id="SM1")
    await report(post, sms, DELIVERED, external_id="SM1")
    assert (await post.get(promised)).status == "sent"
    assert await report(post, sms, DELIVERED, external_id="SM3") is True
    assert (await post.get(promised)).status == "delivered"


async def test_a_message_of_which_a_part_failed_has_not_arrived(
    context: Context, post: Post, sms: Door
) -> None:
    promised = await accepted(context, post, sms, "SM1", "SM2")
    await report(post, sms, DELIVERED, external_id="SM1")
    await report(post, sms, FAILED, external_id="SM2", code="30008")
    found = await post.get(promised)
    assert (found.status, found.reason) == ("failed", "30008")


async def test_a_report_that_is_faster_than_our_own_note_is_not_lost(
    context: Context, post: Post, sms: Door
) -> None:
    waiting: list[asyncio.Task[bool]] = []

    def answer(message: Outgoing) -> Sent:
        early = report(post, sms, DELIVERED, delivery=message.id, external_id="SM1", parts=1)
        waiting.append(asyncio.ensure_future(early))
        return Sent(("SM1",))

    sms.says = [answer]
    promised = await post.reply(await post.address())
    await send_due(context, doors(sms), "reply")
    await asyncio.gather(*waiting)
    found = await post.get(promised)
    assert (found.status, found.parts, found.provider) == ("delivered", 1, "twilio")
    assert await post.parts(promised) == {"SM1": "delivered"}
    assert [outcome for _, _, outcome, _ in await post.tries(promised)] == ["accepted"]


@pytest.mark.parametrize("said", [DELIVERED, FAILED])
async def test_who_can_t_have_carried_it_is_not_believed_while_it_is_sent(
    context: Context, post: Post, sms: Door, said: DeliveryState
) -> None:
    told: list[asyncio.Task[bool]] = []

    async def both(message: Outgoing) -> bool:
        """Another provider, rightly signed, has a word before our own note; then so has ours."""
        about = {"delivery": message.id, "parts": 1}
        other = await report(post, sms, said, provider="korea", external_id="K1", **about)
        return other or not await report(post, sms, SENT, external_id="SM1", **about)

    def answer(message: Outgoing) -> Sent:
        told.append(asyncio.ensure_future(both(message)))
        return Sent(("SM1",))

    sms.says = [answer]
    promised = await post.reply(await post.address())
    await send_due(context, doors(sms), "reply")
    assert await asyncio.gather(*told) == [False]
    found = await post.get(promised)
    assert (found.status, found.provider) == ("sent", "twilio")
    assert await post.parts(promised) == {"SM1": "sent"}


async def test_once_a_part_is_taken_no_other_provider_is_believed(
    context: Context, post: Post
) -> None:
    sms = Door("sms", "phone", TWILIO, Provider("korea"))
    told: list[asyncio.Task[list[bool]]] = []

    async def three(message: Outgoing) -> list[bool]:
        about = {"delivery": message.id, "parts": 2}
        return [
            await report(post, sms, SENT, external_id="SM1", **about),
            await report(post, sms, DELIVERED, provider="korea", external_id="K1", **about),
            await report(post, sms, FAILED, provider="korea", external_id="K2", **about),
        ]

    def answer(message: Outgoing) -> Sent:
        told.append(asyncio.ensure_future(three(message)))
        return Sent(("SM1", "SM2"), 2)

    sms.says = [answer]
    promised = await post.reply(await post.address())
    await send_due(context, doors(sms), "reply")
    await asyncio.gather(*told)
    assert set(await post.parts(promised)) == {"SM1", "SM2"}
    assert (await post.get(promised)).status == "accepted"


async def test_what_was_reported_early_is_still_followed_to_its_end(
    context: Context, post: Post, sms: Door
) -> None:
    sms.carriers = (Provider("twilio", reports_within=3600),)

    async def say(message: Outgoing) -> Sent:
        await report(post, sms, SENT, delivery=message.id, external_id="SM1", parts=1)
        return Sent(("SM1",))

    sms.send = say  # type: ignore[method-assign]
    promised = await post.reply(await post.address())
    await send_due(context, doors(sms), "reply")
    found = await post.get(promised)
    assert found.status == "sent"
    assert found.check_at is not None
    assert 3000 < (found.check_at - found.updated_at).total_seconds() < 4000


async def test_early_reports_of_a_long_message_wait_for_the_rest(
    context: Context, post: Post, sms: Door
) -> None:
    async def say(message: Outgoing) -> Sent:
        await report(post, sms, DELIVERED, delivery=message.id, external_id="SM1", parts=2)
        return Sent(("SM1", "SM2"), 2)

    sms.send = say  # type: ignore[method-assign]
    promised = await post.reply(await post.address())
    await send_due(context, doors(sms), "reply")
    assert (await post.get(promised)).status == "accepted"
    await report(post, sms, DELIVERED, delivery=promised, external_id="SM2", parts=2)
    assert (await post.get(promised)).status == "delivered"


async def test_a_lost_answer_is_found_again_by_the_report(
    context: Context, post: Post, sms: Door
) -> None:
    sms.says = [Unknown("timeout")]
    promised = await post.reply(await post.address())
    await send_due(context, doors(sms), "reply")
    assert (await post.get(promised)).status == "unknown"
    assert (await post.get(promised)).check_at is None, "this door can't be asked"
    await report(post, sms, SENT, delivery=promised, external_id="SM9", parts=2)
    assert (await post.get(promised)).status == "unknown", "one part of two"
    await report(post, sms, DELIVERED, delivery=promised, external_id="SM8", parts=2)
    await report(post, sms, DELIVERED, delivery=promised, external_id="SM9", parts=2)
    assert (await post.get(promised)).status == "delivered"


@pytest.mark.parametrize(
    "forged",
    [
        {"provider": "korea", "external_id": "SM1"},
        {"provider": "korea", "delivery": True},
        {"external_id": "SM2"},
        {"delivery": 999_999},
        {"provider": None, "delivery": True},
    ],
)
async def test_a_providers_word_counts_only_for_what_it_carried(
    context: Context, post: Post, sms: Door, forged: dict[str, object]
) -> None:
    promised = await accepted(context, post, sms, "SM1")
    if forged.get("delivery") is True:
        forged = {**forged, "delivery": promised}
    assert await report(post, sms, DELIVERED, **forged) is False
    assert (await post.get(promised)).status == "accepted"


async def test_what_was_never_tried_can_t_be_reported(post: Post, sms: Door) -> None:
    promised = await post.reply(await post.address())
    assert await report(post, sms, DELIVERED, delivery=promised, external_id="SM1") is False
    assert (await post.get(promised)).status == "pending"


async def test_the_id_of_another_delivery_s_part_tells_nothing(
    context: Context, post: Post, sms: Door
) -> None:
    first = await accepted(context, post, sms, "SM1")
    second = await accepted(context, post, sms, "SM2")
    assert await report(post, sms, DELIVERED, delivery=second, external_id="SM1") is False
    assert [(await post.get(each)).status for each in (first, second)] == ["accepted"] * 2


async def test_a_notice_that_is_reported_undelivered_takes_another_way(
    context: Context, post: Post, sms: Door, telegram: Door
) -> None:
    phone = await post.address()
    await post.address("1001", "telegram", of=phone)
    sms.says = [Sent(("SM1",))]
    promised = await post.notice(phone)
    await send_due(context, doors(sms, telegram), "reply")
    async with post.sessions() as session, session.begin():
        update = StatusUpdate("sms", FAILED, promised, "SM1", "30006", "twilio")
        await reports.apply(session, update, doors(sms, telegram))
    moved = await post.get(promised)
    assert (moved.status, moved.channel, moved.route) == ("pending", "telegram", 1)
    assert await post.wakeups() == ["reply", "reply"]
    # The first way may be heard of again: sent tells nothing of the second, delivered is the end.
    assert await report(post, sms, SENT, external_id="SM1") is False
    assert (await post.get(promised)).status == "pending"
    await report(post, sms, DELIVERED, external_id="SM1")
    assert (await post.get(promised)).status == "delivered"
    assert await send_due(context, doors(sms, telegram), "reply") == 0
    assert telegram.sent == []


async def test_a_failure_that_is_reported_before_our_note_leads_another_way_too(
    context: Context, post: Post, sms: Door, telegram: Door
) -> None:
    phone = await post.address()
    await post.address("1001", "telegram", of=phone)

    async def say(message: Outgoing) -> Sent:
        async with post.sessions() as session, session.begin():
            update = StatusUpdate("sms", FAILED, message.id, "SM1", "30003", "twilio", 1)
            await reports.apply(session, update, doors(sms, telegram))
        return Sent(("SM1",))

    sms.send = say  # type: ignore[method-assign]
    promised = await post.notice(phone)
    await send_due(context, doors(sms, telegram), "reply")
    found = await post.get(promised)
    assert (found.status, found.channel, found.check_at) == ("accepted", "telegram", None)
    assert telegram.texts == ["소식이 있어요."]
    assert [(c, o) for c, _, o, _ in await post.tries(promised)] == [
        ("sms", "accepted"), ("telegram", "accepted"),
    ]  # fmt: skip


async def test_an_answer_that_is_reported_undelivered_has_failed(
    context: Context, post: Post, sms: Door, telegram: Door
) -> None:
    promised = await accepted(context, post, sms, "SM1")
    async with post.sessions() as session, session.begin():
        update = StatusUpdate("sms", FAILED, None, "SM1", "30006", "twilio")
        await reports.apply(session, update, doors(sms, telegram))
    assert (await post.get(promised)).status == "failed"


async def test_reports_of_all_parts_at_once_cross_each_other_unharmed(
    context: Context, post: Post, sms: Door
) -> None:
    dice = random.Random(7)
    promised = await accepted(context, post, sms, *(f"SM{n}" for n in range(6)))
    heard = [(state, f"SM{n}") for n in range(6) for state in (ACCEPTED, SENT, DELIVERED)] * 2
    dice.shuffle(heard)
    await asyncio.gather(*(report(post, sms, state, external_id=id_) for state, id_ in heard))
    assert (await post.get(promised)).status == "delivered"
    assert set((await post.parts(promised)).values()) == {"delivered"}


async def test_what_failed_on_the_first_way_does_not_count_on_the_second(
    context: Context, post: Post, sms: Door, telegram: Door
) -> None:
    phone = await post.address()
    chat = await post.address("1001", "telegram", of=phone)
    promised = await post.notice(phone)
    sms.says = [Rejected("30006")]
    await send_due(context, doors(sms, telegram), "reply")
    found = await post.get(promised)
    assert (found.status, found.address_id) == ("accepted", chat)
    assert await report(post, sms, FAILED, delivery=promised, external_id="SM1") is False
    assert (await post.get(promised)).status == "accepted"
