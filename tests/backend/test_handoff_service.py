"""Handing over, answering and giving back."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text

from backend import db
from backend.attachments.links import Links
from backend.contacts.service import lock_address
from backend.errors import Conflict, NotFound
from backend.handoff import service
from backend.messages import service as messages
from backend.models import AuditEntry, Conversation, Delivery, Handoff, Message
from tests.backend.desk import PACKET, employee, waiting


async def _claimed(sessions: db.Sessions, agent: int) -> UUID:
    talk = await waiting(sessions)
    async with sessions() as session, session.begin():
        await service.claim(session, talk, agent)
    return talk


async def _read(sessions: db.Sessions, talk: UUID) -> tuple[Conversation, list[Message]]:
    async with sessions() as session:
        rows = await session.scalars(
            select(Message).where(Message.conversation_id == talk).order_by(Message.seq)
        )
        return await session.get_one(Conversation, talk), list(rows)


async def _handoff(sessions: db.Sessions, talk: UUID) -> Handoff:
    async with sessions() as session:
        return (
            await session.scalars(
                select(Handoff).where(Handoff.conversation_id == talk).order_by(Handoff.id)
            )
        ).all()[-1]


async def test_asking_for_a_person_twice_waits_once(sessions: db.Sessions) -> None:
    talk = await waiting(sessions)

    async with sessions() as session, session.begin():
        conversation = await session.get_one(Conversation, talk)
        again = await service.request(session, conversation, "not_understood", {})

    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Handoff)) == 1
    assert (again.reason, again.packet) == ("asked", PACKET)
    assert conversation.state == "queued"


async def test_a_closed_conversation_can_not_ask(sessions: db.Sessions) -> None:
    agent = await employee(sessions)
    talk = await _claimed(sessions, agent)
    async with sessions() as session, session.begin():
        closed = await service.close(session, talk, agent, "resolved")

        with pytest.raises(Conflict):
            await service.request(session, closed, "asked", {})


async def test_of_twenty_claims_at_once_one_wins_and_the_others_hear_who(
    sessions: db.Sessions,
) -> None:
    agents = [await employee(sessions, f"agent{number}") for number in range(20)]
    talk = await waiting(sessions)

    async def claim(agent: int) -> int | Conflict:
        try:
            async with sessions() as session, session.begin():
                conversation = await service.claim(session, talk, agent)
                return conversation.agent_id or 0
        except Conflict as refusal:
            return refusal

    results = await asyncio.gather(*(claim(agent) for agent in agents))

    winners = [result for result in results if isinstance(result, int)]
    refusals = [result for result in results if isinstance(result, Conflict)]
    assert len(winners) == 1
    assert len(refusals) == 19
    name = f"agent{agents.index(winners[0])} 님"
    for refusal in refusals:
        assert refusal.extra["agent"] == {"id": winners[0], "name": name}
        assert name in refusal.ko
        assert name in refusal.en
    conversation, said = await _read(sessions, talk)
    assert (conversation.state, conversation.agent_id) == ("active", winners[0])
    assert [m.author for m in said] == ["citizen", "notice"], "the citizen is told once"


async def test_claiming_what_is_mine_changes_nothing(sessions: db.Sessions) -> None:
    agent = await employee(sessions)
    talk = await _claimed(sessions, agent)

    async with sessions() as session, session.begin():
        again = await service.claim(session, talk, agent)

    assert again.agent_id == agent
    assert len((await _read(sessions, talk))[1]) == 2


async def test_what_does_not_wait_can_not_be_claimed(sessions: db.Sessions) -> None:
    agent = await employee(sessions)
    talk = await _claimed(sessions, agent)
    async with sessions() as session, session.begin():
        await service.return_to_bot(session, talk, agent)

    async with sessions() as session:
        with pytest.raises(Conflict) as refused:
            await service.claim(session, talk, agent)
        assert refused.value.extra == {"state": "bot"}
        with pytest.raises(NotFound):
            await service.claim(session, uuid4(), agent)


async def test_a_claim_and_a_citizens_turn_wait_for_each_other_and_not_in_a_circle(
    sessions: db.Sessions,
) -> None:
    agent = await employee(sessions)
    talk = await waiting(sessions)
    began = asyncio.Event()

    async def turn() -> None:
        async with sessions() as session, session.begin():
            address = await lock_address(session, "phone", "+821012345678", verified=True)
            began.set()
            await asyncio.sleep(0.2)
            conversation = await messages.open_conversation(session, address, "sms", "ko")
            await messages.add(session, conversation, author="bot", text="기다려 주세요.")

    async def claim() -> None:
        await began.wait()
        async with sessions() as session, session.begin():
            await service.claim(session, talk, agent)

    await asyncio.wait_for(asyncio.gather(turn(), claim()), 30)

    _, said = await _read(sessions, talk)
    assert [m.author for m in said] == ["citizen", "bot", "notice"]


async def test_a_reply_is_promised_to_the_citizen_in_the_same_commit(
    sessions: db.Sessions,
) -> None:
    agent = await employee(sessions)
    talk = await _claimed(sessions, agent)

    async with sessions() as session, session.begin():
        message = await service.reply(session, talk, agent, "곧 살펴볼게요.", "client-1")

    async with sessions() as session:
        sent = (
            await session.scalars(select(Delivery).where(Delivery.message_id == message.id))
        ).one()
        jobs = await session.scalar(text("SELECT count(*) FROM procrastinate_jobs"))
    assert (message.author, message.agent_id, message.seq) == ("agent", agent, 3)
    assert (sent.lane, sent.channel, sent.status) == ("reply", "sms", "pending")
    assert jobs == 2  # the notice of the claim, and the reply


async def test_the_same_reply_ten_times_at_once_is_one(sessions: db.Sessions) -> None:
    agent = await employee(sessions)
    talk = await _claimed(sessions, agent)

    async def reply() -> int:
        async with sessions() as session, session.begin():
            return (await service.reply(session, talk, agent, "네", "client-1")).id

    ids = await asyncio.gather(*(reply() for _ in range(10)))

    assert len(set(ids)) == 1
    assert [m.author for m in (await _read(sessions, talk))[1]] == ["citizen", "notice", "agent"]


async def test_a_reply_repeated_after_the_release_is_still_known(sessions: db.Sessions) -> None:
    agent = await employee(sessions)
    talk = await _claimed(sessions, agent)
    async with sessions() as session, session.begin():
        first = await service.reply(session, talk, agent, "네", "client-1")
        await service.release(session, talk, agent)

    async with sessions() as session, session.begin():
        assert (await service.reply(session, talk, agent, "네", "client-1")).id == first.id
        with pytest.raises(Conflict):
            await service.reply(session, talk, agent, "네", "client-2")


async def test_only_the_owner_replies(sessions: db.Sessions) -> None:
    agent, other = await employee(sessions), await employee(sessions, "other")
    talk = await _claimed(sessions, agent)

    async with sessions() as session:
        with pytest.raises(Conflict) as refused:
            await service.reply(session, talk, other, "제가 답할게요.", "client-1")
        assert refused.value.extra["agent"]["name"] == "agent 님"
    assert len((await _read(sessions, talk))[1]) == 2


async def test_an_id_of_another_conversation_is_refused(sessions: db.Sessions) -> None:
    agent = await employee(sessions)
    first = await _claimed(sessions, agent)
    second = await waiting(sessions, "+821099998888")
    async with sessions() as session, session.begin():
        await service.reply(session, first, agent, "네", "client-1")
        await service.claim(session, second, agent)

    async with sessions() as session:
        with pytest.raises(Conflict, match="another message"):
            await service.reply(session, second, agent, "네", "client-1")


async def test_a_note_stays_inside(sessions: db.Sessions) -> None:
    agent, colleague = await employee(sessions), await employee(sessions, "colleague")
    talk = await _claimed(sessions, agent)

    async with sessions() as session, session.begin():
        note = await service.note(session, talk, colleague, "어제도 전화하심", "note-1")
        again = await service.note(session, talk, colleague, "어제도 전화하심", "note-1")

    assert again.id == note.id
    async with sessions() as session:
        sent = select(func.count()).where(Delivery.message_id == note.id)
        assert await session.scalar(sent) == 0
        seen = await messages.history(session, "phone", "+821012345678", 0, Links("secret", ""))
    assert [m["author"] for m in seen["messages"]] == ["citizen", "notice"]


async def test_a_release_keeps_the_place_in_the_queue(sessions: db.Sessions) -> None:
    agent = await employee(sessions)
    talk = await _claimed(sessions, agent)
    before = await _handoff(sessions, talk)

    async with sessions() as session, session.begin():
        released = await service.release(session, talk, agent)

    after = await _handoff(sessions, talk)
    assert (released.state, released.agent_id) == ("queued", None)
    assert before.claimed_at is not None
    assert (after.id, after.requested_at) == (before.id, before.requested_at)
    assert (after.agent_id, after.claimed_at, after.closed_at) == (None, None, None)


async def test_the_bot_comes_back_with_an_empty_memory(sessions: db.Sessions) -> None:
    agent = await employee(sessions)
    talk = await _claimed(sessions, agent)

    async with sessions() as session, session.begin():
        await service.return_to_bot(session, talk, agent)

    conversation, said = await _read(sessions, talk)
    handoff = await _handoff(sessions, talk)
    assert (conversation.state, conversation.agent_id, conversation.dialogue) == ("bot", None, {})
    assert handoff.outcome == "returned"
    assert handoff.closed_at is not None
    assert "자동 응답" in said[-1].text


async def test_closing_keeps_the_outcome_and_the_next_message_opens_another(
    sessions: db.Sessions,
) -> None:
    agent = await employee(sessions)
    talk = await _claimed(sessions, agent)

    async with sessions() as session, session.begin():
        closed = await service.close(session, talk, agent, "referred")
        following = await messages.open_conversation(session, closed.address, "sms", "ko")

    assert (closed.state, following.state) == ("closed", "bot")
    assert following.id != talk
    assert (await _handoff(sessions, talk)).outcome == "referred"


@pytest.mark.parametrize("step", [service.release, service.return_to_bot])
async def test_nobody_else_moves_an_agents_conversation(sessions: db.Sessions, step: Any) -> None:
    agent, other = await employee(sessions), await employee(sessions, "other")
    talk = await _claimed(sessions, agent)

    async with sessions() as session:
        with pytest.raises(Conflict):
            await step(session, talk, other)
        with pytest.raises(Conflict):
            await service.close(session, talk, other, "resolved")
    assert (await _read(sessions, talk))[0].agent_id == agent


async def test_every_change_is_told_in_the_citizens_language(sessions: db.Sessions) -> None:
    agent = await employee(sessions)
    talk = await waiting(sessions, language="en")

    async with sessions() as session, session.begin():
        await service.claim(session, talk, agent)
        await service.release(session, talk, agent)
        await service.call_back_later(session, talk)
        await service.claim(session, talk, agent)
        await service.close(session, talk, agent, "reached")

    _, said = await _read(sessions, talk)
    notices = [m.text for m in said if m.author == "notice"]
    assert len(notices) == 5
    assert all(notice.isascii() for notice in notices)


async def test_the_audit_has_every_step_and_no_words(sessions: db.Sessions) -> None:
    agent = await employee(sessions)
    talk = await _claimed(sessions, agent)
    async with sessions() as session, session.begin():
        await service.reply(session, talk, agent, "비밀스러운 말", "client-1")
        await service.release(session, talk, agent, actor="system")
        await service.claim(session, talk, agent)
        await service.close(session, talk, agent, "resolved")

    async with sessions() as session:
        lines = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()
    me = f"staff:{agent}"
    assert [(line.actor, line.action) for line in lines] == [
        ("citizen", "handoff.requested"),
        (me, "handoff.claimed"),
        (me, "handoff.replied"),
        ("system", "handoff.released"),
        (me, "handoff.claimed"),
        (me, "handoff.closed"),
    ]
    assert {line.subject for line in lines} == {f"conversation:{talk}"}
    assert "비밀" not in "".join(str(line.detail) for line in lines)
