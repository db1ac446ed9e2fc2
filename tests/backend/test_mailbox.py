"""The mailbox: what waits is handed over once, in order, and what was not shown comes back."""

import asyncio
import uuid

from sqlalchemy import select

from backend import db
from backend.attachments import service as attachments
from backend.attachments.links import Links
from backend.attachments.pictures import Cleaned
from backend.delivery import answers, mailbox
from backend.delivery import service as delivery
from backend.messages import service as messages
from backend.models import Delivery, HeldDelivery
from channels.base import Provider
from channels.message import Choice, Reply
from tests.backend.desk import employee
from tests.backend.house import citizen

LINKS = Links("secret", "https://city.example")
USER = "0f5a1c6be2d94d07a3f8c1b2d3e4f5a6"


async def said(
    sessions: db.Sessions, *texts: str, scheme: str = "kakao", address: str = USER
) -> list[int]:
    """Return the deliveries of what the bot said in place, held where the citizen has to ask."""
    async with sessions() as session, session.begin():
        who = await citizen(session, address, scheme)
        channel = "kakao" if scheme == "kakao" else "sms"
        talk = await messages.open_conversation(session, who, channel, "ko")
        heard = await messages.add(
            session, talk, author="citizen", text="네", external_id=uuid.uuid4().hex
        )
        replies = [Reply(text, (Choice("1", "네"),)) for text in texts]
        kept = await answers.keep(session, talk, heard, replies, Provider(channel))
        made = [reply.delivery for reply in kept.replies if reply.delivery is not None]
        for sent in made:
            await mailbox.hold(session, sent)  # safe to repeat
        return made


async def take(sessions: db.Sessions, address: str = USER) -> list[tuple[int | None, str]]:
    async with sessions() as session, session.begin():
        return [(r.delivery, r.text) for r in await mailbox.take(session, "kakao", address, LINKS)]


async def test_what_waits_is_taken_once_and_in_order(sessions: db.Sessions) -> None:
    first, second = await said(sessions, "하나", "둘")
    assert await take(sessions, "somebody-else") == []
    assert await take(sessions) == [(first, "하나"), (second, "둘")]
    assert await take(sessions) == []


async def test_choices_come_along(sessions: db.Sessions) -> None:
    await said(sessions, "하나")
    async with sessions() as session, session.begin():
        (reply,) = await mailbox.take(session, "kakao", USER, LINKS)
    assert [(choice.id, choice.title) for choice in reply.choices] == [("1", "네")]


async def test_an_agents_photo_is_a_link_at_the_end(sessions: db.Sessions) -> None:
    agent = await employee(sessions)
    async with sessions() as session, session.begin():
        talk = await messages.open_conversation(
            session, await citizen(session, USER, "kakao"), "kakao", "ko"
        )
        message = await messages.add(
            session, talk, author="agent", text="", agent_id=agent, external_id="agent:1"
        )
        [photo] = await attachments.keep(session, message.id, [Cleaned("d", b"f", b"s", 4, 3)])
        await mailbox.hold(session, (await delivery.promise(session, talk, message)).id)
    [(_, text)] = await take(sessions)
    assert text.startswith(f"https://city.example/photos/{photo}/full?until=")


async def test_those_who_take_at_once_share_it(sessions: db.Sessions) -> None:
    made = await said(sessions, *(f"{n}" for n in range(20)))
    taken = await asyncio.gather(*(take(sessions) for _ in range(8)))
    assert sorted(delivery for some in taken for delivery, _ in some) == made


async def test_a_taker_that_fails_takes_nothing(sessions: db.Sessions) -> None:
    (one,) = await said(sessions, "하나")
    async with sessions() as session:
        assert await mailbox.take(session, "kakao", USER, LINKS)
        await session.rollback()
    assert await take(sessions) == [(one, "하나")]


async def test_what_was_shown_in_part_goes_on_where_it_stopped(sessions: db.Sessions) -> None:
    (one,) = await said(sessions, "가나다\x07라마바사")
    for shown, rest in ((3, "라마바사"), (2, "바사"), (0, "바사")):
        assert await take(sessions)
        async with sessions() as session, session.begin():
            await mailbox.put_back(session, one, shown)
        async with sessions() as session, session.begin():
            held = await session.get_one(HeldDelivery, one)
            assert held.taken_at is None
        assert await take(sessions) == [(one, rest)]
        async with sessions() as session, session.begin():
            await mailbox.put_back(session, one, 0)


async def test_a_lost_answer_is_unknown_and_never_shown_again(sessions: db.Sessions) -> None:
    one, two = await said(sessions, "하나", "둘")
    await take(sessions)
    async with sessions() as session, session.begin():
        await mailbox.lose(session, [one], "connection-lost")
    async with sessions() as session:
        rows = await session.execute(
            select(Delivery.id, Delivery.status, Delivery.reason).order_by(Delivery.id)
        )
        assert [tuple(row) for row in rows] == [
            (one, "unknown", "connection-lost"), (two, "accepted", None),
        ]  # fmt: skip
    assert await take(sessions) == []


async def test_who_can_be_written_to_has_no_mailbox(sessions: db.Sessions) -> None:
    await said(sessions, "하나", scheme="phone", address="+821012345678")
    async with sessions() as session:
        assert (await session.scalars(select(HeldDelivery))).all() == []
