"""Nothing stays where nobody works on it: leases, ends, lost wake-ups, silent providers."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from backend.context import Context
from backend.db import Sessions
from backend.delivery import answers, reaper
from backend.delivery.outcome import Outcome
from backend.delivery.packing import claim
from backend.delivery.settle import settle
from backend.messages import service as messages
from backend.models import Address, Delivery, DeliveryAttempt
from channels.base import Provider, Retryable, SendError, Unknown
from channels.message import DeliveryState, Outgoing, Reply, Sent, StatusUpdate
from tests.backend.post import Door, Post, doors
from tests.sending import send_due


class Asked(Door):
    """A door whose provider can be asked; `knows` is what it answers."""

    knows: list[StatusUpdate] | SendError = []  # noqa: RUF012
    asked: list[tuple[Outgoing, list[str]]]

    async def look_up(
        self, message: Outgoing, known: Sequence[str], since: datetime
    ) -> list[StatusUpdate]:
        assert since <= datetime.now(UTC)
        self.asked = [*getattr(self, "asked", []), (message, list(known))]
        if isinstance(self.knows, SendError):
            raise self.knows
        return self.knows


@pytest.fixture
def post(sessions: Sessions) -> Post:
    return Post(sessions)


REPORTING = Provider("twilio", reports_within=3600)


@pytest.fixture
def sms() -> Asked:
    return Asked("sms", "phone", REPORTING)


async def reap(post: Post) -> None:
    async with post.sessions() as session, session.begin():
        await reaper.reap(session)


async def test_a_worker_that_died_leaves_an_unknown_that_is_not_sent_again(
    context: Context, post: Post, sms: Asked
) -> None:
    promised = await post.reply(await post.address())
    assert len(await claim(context, "reply", "sms", 10)) == 1
    await reap(post)
    assert (await post.get(promised)).status == "dispatching", "its lease lasts"
    await post.pass_time(promised, seconds=1)
    await reap(post)
    found = await post.get(promised)
    assert (found.status, found.reason) == ("unknown", "lease-expired")
    assert await post.tries(promised) == [("sms", None, "unknown", "lease-expired")]
    assert await send_due(context, doors(sms), "reply") == 0


async def test_a_worker_that_was_only_slow_tells_what_became_of_it(
    context: Context, post: Post, sms: Asked
) -> None:
    promised = await post.reply(await post.address())
    (parcel,) = await claim(context, "reply", "sms", 10)
    await post.pass_time(promised, seconds=1)
    await reap(post)
    late = Outcome(parcel, "twilio", "accepted", None, "accepted", external_ids=("S1",), parts=1)
    await settle(context, [late], doors(sms))
    assert (await post.get(promised)).status == "accepted"
    assert await post.tries(promised) == [("sms", "twilio", "accepted", None)]


async def test_what_is_past_its_time_expires_with_the_last_reason(
    context: Context, post: Post, sms: Asked
) -> None:
    never, refused = await post.reply(await post.address()), await post.reply(await post.address())
    sms.says_to[(await post.get(refused)).channel] = []
    async with post.sessions() as session:
        number = await session.scalar(
            select(Address.address).join(Delivery).where(Delivery.id == refused)
        )
    sms.says_to[number or ""] = [Retryable("503")]
    await send_due(context, doors(sms), "reply")
    late = await post.reply(await post.address())
    for each in (refused, late):
        await post.pass_time(each, seconds=1)
    await reap(post)
    assert [(await post.get(e)).status for e in (never, refused, late)] == [
        "accepted", "expired", "expired",
    ]  # fmt: skip
    assert [(await post.get(e)).reason for e in (refused, late)] == ["503", "too-late"]


async def test_what_is_due_and_has_lost_its_job_gets_one(post: Post) -> None:
    await post.reply(await post.address())
    async with post.sessions() as session, session.begin():
        await session.execute(Delivery.__table__.update().values(lane="bulk"))
    await reap(post)
    assert sorted(await post.wakeups()) == ["bulk", "reply"]


async def test_a_provider_that_never_reports_has_said_its_last_word(
    context: Context, post: Post
) -> None:
    telegram = Door("telegram", "telegram")
    promised = await post.reply(await post.address("1001", "telegram"))
    await send_due(context, doors(telegram), "reply")
    assert (await post.get(promised)).check_at is None
    assert await reaper.follow_up(context, doors(telegram)) == 0


async def test_silence_about_what_was_accepted_is_unknown_in_the_end(
    context: Context, post: Post, sms: Asked
) -> None:
    promised = await post.reply(await post.address(), "접수했어요.")
    sms.says = [Sent(("SM1",))]
    await send_due(context, doors(sms), "reply")
    assert await reaper.follow_up(context, doors(sms)) == 0
    await post.pass_time(promised, seconds=1)
    assert await reaper.follow_up(context, doors(sms)) == 1
    found = await post.get(promised)
    assert (found.status, found.reason, found.check_at) == ("unknown", "no-report", None)
    ((message, known),) = sms.asked
    assert (message.text, message.provider, known) == ("접수했어요.", "twilio", ["SM1"])
    assert await reaper.follow_up(context, doors(sms)) == 0


async def test_a_lost_report_is_asked_for(context: Context, post: Post, sms: Asked) -> None:
    promised = await post.reply(await post.address())
    sms.says = [Sent(("SM1",))]
    await send_due(context, doors(sms), "reply")
    await post.pass_time(promised, seconds=1)
    sms.knows = [
        StatusUpdate("sms", DeliveryState.DELIVERED, None, "SM1", provider="twilio", parts=1)
    ]
    await reaper.follow_up(context, doors(sms))
    found = await post.get(promised)
    assert (found.status, found.check_at) == ("delivered", None)


async def test_an_unknown_is_asked_for_and_found_or_left_as_it_is(
    context: Context, post: Post, sms: Asked
) -> None:
    sms.says = [Unknown("timeout"), Unknown("timeout")]
    found, lost = await post.reply(await post.address()), await post.reply(await post.address())
    await send_due(context, doors(sms), "reply")
    await post.pass_time(found, seconds=1)
    sms.knows = [StatusUpdate("sms", DeliveryState.SENT, found, "SM7", provider="twilio", parts=1)]
    await reaper.follow_up(context, doors(sms))
    assert (await post.get(found)).status == "sent"
    sms.knows = Retryable("no-connection")
    for _ in range(4):
        await post.pass_time(lost, seconds=1)
        await reaper.follow_up(context, doors(sms))
    assert (await post.get(lost)).status == "unknown"
    assert (await post.get(lost)).reason == "timeout"
    assert len(sms.sent) == 2, "nothing was sent again"


async def test_an_answer_in_place_leaves_records_of_the_same_shape(
    context: Context, post: Post, sms: Asked
) -> None:
    address = await post.address()
    async with post.sessions() as session, session.begin():
        owner = await session.get_one(Address, address)
        talk = await messages.open_conversation(session, owner, "sms", "ko")
        heard = await messages.add(session, talk, author="citizen", text="네?", external_id="SM1")
        kept = await answers.keep(session, talk, heard, [Reply("네.")], REPORTING)
    sent = await post.reply(address)
    await send_due(context, doors(sms), "reply")
    async with post.sessions() as session:
        rows = [await session.get_one(Delivery, each) for each in (kept.replies[0].delivery, sent)]
        tries = list(await session.scalars(select(DeliveryAttempt)))
    assert {(r.status, r.provider, r.attempts, r.check_at is None) for r in rows} == {
        ("accepted", "twilio", 1, False)
    }
    assert {(t.channel, t.provider, t.outcome, t.route) for t in tries} == {
        ("sms", "twilio", "accepted", 0)
    }
