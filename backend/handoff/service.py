"""Handing a conversation to a person and back: each step is state, audit and words in one commit.

Whoever calls publishes with `changed` after the commit, never before.
"""

from typing import Any, Literal, NoReturn, get_args
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit, events
from backend.attachments import service as attachments
from backend.delivery import service as delivery
from backend.errors import Conflict, NotFound
from backend.handoff.presence import agents_on_duty
from backend.handoff.states import line_up, transition
from backend.handoff.texts import Change, notice
from backend.messages import service as messages
from backend.models import Conversation, Handoff, Message, Staff

__all__ = [
    "OUTCOMES", "Outcome", "agents_on_duty", "call_back_later", "changed", "claim", "close",
    "leave", "note", "open_handoff", "promise_call", "release", "reply", "request",
    "return_to_bot", "ticket",
]  # fmt: skip

Outcome = Literal["resolved", "referred", "reached", "not_reached", "citizen_left"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


async def changed(redis: Redis, conversation_id: UUID) -> None:
    """Tell the desk and the conversation's own watchers to look again; call it after a commit."""
    event = {"type": "changed", "conversation": str(conversation_id)}
    await events.publish_to(redis, ("desk", f"conversation:{conversation_id}"), event)


async def request(
    session: AsyncSession,
    conversation: Conversation,
    reason: str,
    packet: dict[str, Any],
    urgency: int = 0,
) -> Handoff:
    """Put a conversation into the queue for people; asking again only makes it more urgent.

    `reason` is a word such as `asked`, `not_understood`, `sealed`, `crisis`; `packet` is what the
    bot knew: `understood`, `flow`, `slots`, `answered`. `urgency` is 0 to 2, see Handoff. The bot
    writes the citizen's ack.
    Raises: Conflict when the conversation is closed.
    """
    moved = await transition(session, conversation.id, "queued", owner=None)
    opened = await open_handoff(session, conversation.id)
    if moved is None and opened is None:
        raise Conflict(
            "이미 끝난 대화예요. 새로 말씀해 주세요.", "This conversation is closed. Begin anew."
        )
    if opened is None:
        opened = Handoff(
            conversation_id=conversation.id, reason=reason, packet=packet, urgency=urgency
        )
        session.add(opened)
        await session.flush()
        _record(session, "citizen", "handoff.requested", conversation.id, reason=reason)
    elif opened.urgency < urgency:
        opened.urgency, opened.reason, opened.packet = urgency, reason, packet
        _record(session, "citizen", "handoff.requested", conversation.id, reason=reason)
    return opened


def ticket(handoff: Handoff) -> str:
    """Return the number under which a citizen can ask after a call that was promised."""
    return f"C-{handoff.id:06d}"


async def promise_call(session: AsyncSession, handoff: Handoff, phone: str | None) -> None:
    """Put a handoff on the call-back list, with the number to call (E.164) where it is known.

    For a handoff that nobody is there to take; the bot has told the citizen. The same again with
    another number changes the number.
    """
    await transition(session, handoff.conversation_id, "callback", owner=None, only_from="queued")
    if phone is not None:
        handoff.callback_phone = phone
        await session.flush()
    _record(
        session, "citizen", "handoff.callback", handoff.conversation_id,
        number="known" if phone else "unknown",
    )  # fmt: skip


async def open_handoff(session: AsyncSession, conversation_id: UUID) -> Handoff | None:
    """Return the handoff of a conversation that nobody has finished, if there is one."""
    found: Handoff | None = await session.scalar(
        select(Handoff).where(
            Handoff.conversation_id == conversation_id, Handoff.closed_at.is_(None)
        )
    )
    return found


async def claim(session: AsyncSession, conversation_id: UUID, staff_id: int) -> Conversation:
    """Make `staff_id` the owner of a waiting conversation, in one statement.

    Claiming what is already one's own changes nothing.
    Raises: Conflict naming who was first, or saying that nobody waits; NotFound.
    """
    conversation = await transition(
        session, conversation_id, "active", owner=None, agent_id=staff_id
    )
    if conversation is None:
        current = await session.get(Conversation, conversation_id, populate_existing=True)
        if current is not None and current.agent_id == staff_id:
            return current
        await _refuse(session, conversation_id)
    await session.execute(
        update(Handoff)
        .where(Handoff.conversation_id == conversation_id, Handoff.closed_at.is_(None))
        .values(agent_id=staff_id, claimed_at=func.now())
    )
    _record(session, f"staff:{staff_id}", "handoff.claimed", conversation_id)
    await _tell(session, conversation, "claimed")
    return conversation


async def reply(
    session: AsyncSession,
    conversation_id: UUID,
    staff_id: int,
    text: str,
    client_id: str,
    photo: UUID | None = None,
) -> Message:
    """Send an agent's words to the citizen on their own channel; only the owner may.

    `photo` is one that the agent uploaded before. The same `client_id` again returns the message
    that it named the first time.
    Raises: Conflict when somebody else, or nobody, owns the conversation; NotFound, also for a
    photo that is not there.
    """
    conversation, before = await _lock(session, conversation_id, f"agent:{client_id}", staff_id)
    if before is not None:
        return before
    if conversation.agent_id != staff_id:
        await _refuse(session, conversation_id)
    message = await messages.add(
        session,
        conversation,
        author="agent",
        text=text,
        agent_id=staff_id,
        external_id=f"agent:{client_id}",
    )
    if photo is not None and not await attachments.link(
        session, message.id, attachments.of_agent(staff_id), [photo]
    ):
        raise NotFound("사진을 다시 올려 주세요.", "Upload the photo again.")
    await delivery.send_message(session, conversation, message)
    _record(session, f"staff:{staff_id}", "handoff.replied", conversation_id, message=message.id)
    return message


async def note(
    session: AsyncSession, conversation_id: UUID, staff_id: int, text: str, client_id: str
) -> Message:
    """Add words for colleagues only; they never leave the desk. Idempotent by `client_id`.

    Raises: NotFound.
    """
    conversation, before = await _lock(session, conversation_id, f"note:{client_id}", staff_id)
    if before is not None:
        return before
    return await messages.add(
        session,
        conversation,
        author="note",
        text=text,
        agent_id=staff_id,
        external_id=f"note:{client_id}",
    )


async def release(
    session: AsyncSession, conversation_id: UUID, staff_id: int, actor: str | None = None
) -> Conversation:
    """Put `staff_id`'s conversation back into the queue, at the place it had, and say so.

    `actor` is who did it, where it was not the agent. Raises: Conflict, NotFound.
    """
    conversation = await transition(session, conversation_id, "queued", owner=staff_id)
    if conversation is None:
        await _refuse(session, conversation_id)
    await session.execute(
        update(Handoff)
        .where(Handoff.conversation_id == conversation_id, Handoff.closed_at.is_(None))
        .values(agent_id=None, claimed_at=None)
    )
    _record(session, actor or f"staff:{staff_id}", "handoff.released", conversation_id)
    await _tell(session, conversation, "released")
    return conversation


async def call_back_later(session: AsyncSession, conversation_id: UUID) -> Conversation | None:
    """Move a conversation that waited in vain to the call-back list, and say so.

    Returns None when it no longer waits.
    """
    conversation = await transition(
        session, conversation_id, "callback", owner=None, only_from="queued"
    )
    if conversation is not None:
        _record(session, "system", "handoff.callback", conversation_id)
        await _tell(session, conversation, "callback")
    return conversation


async def leave(session: AsyncSession, conversation_id: UUID) -> bool:
    """Take a citizen who no longer wants to wait out of the queue; False when a person has them."""
    conversation = await transition(session, conversation_id, "bot", owner=None)
    if conversation is None:
        return False
    conversation.dialogue = {}
    await _finish(session, conversation_id, "citizen", "citizen_left")
    return True


async def return_to_bot(
    session: AsyncSession, conversation_id: UUID, staff_id: int
) -> Conversation:
    """Give the conversation back to the bot, which begins with an empty memory of the thread.

    Raises: Conflict, NotFound.
    """
    conversation = await transition(session, conversation_id, "bot", owner=staff_id)
    if conversation is None:
        await _refuse(session, conversation_id)
    conversation.dialogue = {}
    await _finish(session, conversation_id, f"staff:{staff_id}", "returned")
    await _tell(session, conversation, "returned")
    return conversation


async def close(
    session: AsyncSession, conversation_id: UUID, staff_id: int, outcome: Outcome
) -> Conversation:
    """End the conversation with what came of it; the citizen's next message opens a new one.

    Raises: Conflict, NotFound.
    """
    conversation = await transition(session, conversation_id, "closed", owner=staff_id)
    if conversation is None:
        await _refuse(session, conversation_id)
    conversation.dialogue = {}
    await _finish(session, conversation_id, f"staff:{staff_id}", outcome)
    await _tell(session, conversation, "closed")
    return conversation


async def _lock(
    session: AsyncSession, conversation_id: UUID, external_id: str, staff_id: int
) -> tuple[Conversation, Message | None]:
    """Return the conversation, locked until the commit, and the message already known by the id."""
    await line_up(session, conversation_id)
    conversation = await session.scalar(
        select(Conversation)
        .where(Conversation.id == conversation_id)
        .with_for_update(of=Conversation)
        .execution_options(populate_existing=True)
    )
    if conversation is None:
        raise _unknown()
    before = await messages.find_incoming(session, conversation.channel, external_id)
    if before is not None and (before.conversation_id, before.agent_id) != (
        conversation_id,
        staff_id,
    ):
        raise Conflict(
            "이미 다른 글에 쓴 client_id예요. 새로 만들어 주세요.",
            "This client_id names another message. Make a new one.",
        )
    return conversation, before


async def _finish(session: AsyncSession, conversation_id: UUID, actor: str, outcome: str) -> None:
    await session.execute(
        update(Handoff)
        .where(Handoff.conversation_id == conversation_id, Handoff.closed_at.is_(None))
        .values(closed_at=func.now(), outcome=outcome)
    )
    action = "handoff.returned" if outcome == "returned" else "handoff.closed"
    _record(session, actor, action, conversation_id, outcome=outcome)


async def _tell(session: AsyncSession, conversation: Conversation, change: Change) -> None:
    message = await messages.add(
        session, conversation, author="notice", text=notice(conversation.language, change)
    )
    await delivery.send_message(session, conversation, message)


def _record(
    session: AsyncSession, actor: str, action: str, conversation_id: UUID, **detail: str | int
) -> None:
    audit.record(session, actor, action, f"conversation:{conversation_id}", **detail)


def _unknown() -> NotFound:
    return NotFound(
        "그런 대화가 없어요. 목록을 새로 고쳐 주세요.",
        "There is no such conversation. Reload the list.",
    )


async def _refuse(session: AsyncSession, conversation_id: UUID) -> NoReturn:
    """Say why a step was not possible: who owns the conversation, or in which state it is."""
    row = (
        await session.execute(
            select(
                Conversation.state,
                Staff.id,
                Staff.name,
                func.extract("epoch", func.clock_timestamp() - Handoff.claimed_at),
            )
            .outerjoin(Staff, Staff.id == Conversation.agent_id)
            .outerjoin(
                Handoff,
                (Handoff.conversation_id == Conversation.id) & Handoff.closed_at.is_(None),
            )
            .where(Conversation.id == conversation_id)
        )
    ).first()
    if row is None:
        raise _unknown()
    state, agent, name, seconds = row
    if state == "closed":
        raise Conflict(
            "이미 끝난 대화예요. 목록을 새로 고쳐 주세요.",
            "This conversation is closed. Reload the list.",
            state=state,
        )
    if agent is None:
        raise Conflict(
            "지금은 상담원이 맡고 있지 않은 대화예요. 목록을 새로 고쳐 주세요.",
            "No agent has this conversation right now. Reload the list.",
            state=state,
        )
    ko, en = _ago(float(seconds or 0))
    raise Conflict(
        f"{name} 님이 {ko} 맡은 대화예요.",
        f"{name} took this conversation {en}.",
        state=state,
        agent={"id": agent, "name": name},
    )


def _ago(seconds: float) -> tuple[str, str]:
    if seconds < 60:
        whole = max(1, int(seconds))
        return f"{whole}초 전에", f"{whole} s ago"
    minutes = int(seconds // 60)
    return f"{minutes}분 전에", f"{minutes} min ago"
