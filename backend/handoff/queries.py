"""What the desk reads: the lists, one transcript, and the state after a write."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from backend.attachments import service as attachments
from backend.attachments.links import Links
from backend.errors import NotFound
from backend.handoff.schemas import (
    AgentOut,
    ChoiceOut,
    ConversationItem,
    Counts,
    DeliveryOut,
    HandoffState,
    MessageOut,
    PhotoOut,
    PlaceOut,
    Transcript,
)
from backend.messages.service import OWNERS
from backend.models import Address, Conversation, Delivery, Handoff, Message, Staff

PAGE = 500
_WAITING = ("queued", "callback", "active")


def mask(scheme: str, address: str, conversation_id: UUID) -> str:
    """Return what a list shows of a citizen: a phone without its middle, else a short mark."""
    if scheme in ("phone", "call") and len(address) >= 8:
        local = "0" + address[3:] if address.startswith("+82") else address
        return f"{local[:3]}-****-{local[-4:]}"
    return "#" + conversation_id.hex[:4]


async def list_conversations(
    session: AsyncSession,
    *,
    states: tuple[str, ...] = (),
    channel: str | None = None,
    language: str | None = None,
    agent_id: int | None = None,
    handed_over: bool = False,
    limit: int = 100,
    offset: int = 0,
) -> tuple[list[ConversationItem], int]:
    """Return a page of conversations and their total.

    With `handed_over` only those that asked for a person, the most urgent and among them those
    that wait longest first; else all of them, latest first. `agent_id` keeps what that agent owns.
    """
    wanted: list[ColumnElement[bool]] = []
    if states:
        wanted.append(Conversation.state.in_(states))
    if channel:
        wanted.append(Conversation.channel == channel)
    if language:
        wanted.append(Conversation.language == language)
    if agent_id is not None:
        wanted.append(Conversation.agent_id == agent_id)
    if handed_over:
        wanted.append(Handoff.id.is_not(None))
    total = await session.scalar(
        select(func.count())
        .select_from(Conversation)
        .outerjoin(Handoff, _open_handoff())
        .where(*wanted)
    )
    order = (
        (Handoff.urgency.desc(), Handoff.requested_at, Handoff.id)
        if handed_over
        else (Conversation.updated_at.desc(),)
    )
    rows = await session.execute(
        _items().where(*wanted).order_by(*order).limit(limit).offset(offset)
    )
    return [_item(row) for row in rows], total or 0


async def counts(session: AsyncSession, staff_id: int) -> Counts:
    """Return how many conversations wait, wait for a call, are active, and are `staff_id`'s."""
    rows = await session.execute(
        select(
            Conversation.state,
            func.count(),
            func.count().filter(Conversation.agent_id == staff_id),
        )
        .where(Conversation.state.in_(_WAITING))
        .group_by(Conversation.state)
    )
    found = {state: (total, mine) for state, total, mine in rows}
    return Counts(
        queued=found.get("queued", (0, 0))[0],
        callback=found.get("callback", (0, 0))[0],
        active=found.get("active", (0, 0))[0],
        mine=found.get("active", (0, 0))[1],
    )


async def transcript(
    session: AsyncSession, conversation_id: UUID, since: int, links: Links
) -> Transcript:
    """Return a conversation with its messages after number `since`, at most 500 of them.

    Raises: NotFound.
    """
    row = (await session.execute(_items().where(Conversation.id == conversation_id))).first()
    if row is None:
        raise NotFound("그런 대화가 없어요.", "There is no such conversation.")
    handoff = await session.scalar(
        select(Handoff)
        .where(Handoff.conversation_id == conversation_id)
        .order_by(Handoff.id.desc())
        .limit(1)
    )
    found = await session.execute(
        select(Message, Delivery.status, Delivery.reason, Staff.name)
        .outerjoin(Delivery, Delivery.message_id == Message.id)
        .outerjoin(Staff, Staff.id == Message.agent_id)
        .where(Message.conversation_id == conversation_id, Message.seq > since)
        .order_by(Message.seq)
        .limit(PAGE)
    )
    lines = found.all()
    photos = await attachments.of_messages(session, [line[0].id for line in lines], links)
    return Transcript(
        conversation=_item(row),
        packet=handoff.packet if handoff else None,
        callback_phone=handoff.callback_phone if handoff else None,
        outcome=handoff.outcome if handoff else None,
        messages=[
            _line(message, status, why, name, photos.get(message.id, []))
            for message, status, why, name in lines
        ],
    )


async def state_of(
    session: AsyncSession, conversation_id: UUID, message: Message | None = None
) -> HandoffState:
    """Return what a write led to."""
    row = (
        await session.execute(
            select(Conversation.state, Conversation.last_seq, Staff.id, Staff.name)
            .outerjoin(Staff, Staff.id == Conversation.agent_id)
            .where(Conversation.id == conversation_id)
        )
    ).one()
    state, last_seq, agent, name = row
    return HandoffState(
        conversation=conversation_id,
        state=state,
        owner=OWNERS[state],
        agent=AgentOut(id=agent, name=name) if agent is not None else None,
        last_seq=last_seq,
        message=message.seq if message is not None else None,
    )


def _open_handoff() -> ColumnElement[bool]:
    return and_(Handoff.conversation_id == Conversation.id, Handoff.closed_at.is_(None))


def _items() -> Select[*tuple[Any, ...]]:
    """Select what `_item` reads; the last words are looked up by index for each row shown."""
    said = aliased(Message)
    words = (
        select(said.text)
        .where(said.conversation_id == Conversation.id, said.author == "citizen")
        .order_by(said.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    spoke = aliased(Message)
    speaker = (
        select(spoke.author)
        .where(
            spoke.conversation_id == Conversation.id,
            or_(spoke.author == "citizen", spoke.author == "agent"),
        )
        .order_by(spoke.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    until = func.coalesce(Handoff.claimed_at, func.now())
    return (
        select(
            Conversation.id,
            Conversation.state,
            Conversation.channel,
            Conversation.language,
            Conversation.last_seq,
            Conversation.updated_at,
            Address.scheme,
            Address.address,
            Staff.id.label("agent"),
            Staff.name.label("agent_name"),
            Handoff.reason,
            Handoff.urgency,
            Handoff.requested_at,
            func.extract("epoch", until - Handoff.requested_at).label("waiting"),
            func.left(words, literal(200)).label("last"),
            speaker.label("last_author"),
        )
        .select_from(Conversation)
        .join(Address, Address.id == Conversation.address_id)
        .outerjoin(Staff, Staff.id == Conversation.agent_id)
        .outerjoin(Handoff, _open_handoff())
    )


def _item(row: Any) -> ConversationItem:
    return ConversationItem(
        id=row.id,
        state=row.state,
        owner=OWNERS[row.state],
        agent=AgentOut(id=row.agent, name=row.agent_name) if row.agent is not None else None,
        channel=row.channel,
        language=row.language,
        citizen=mask(row.scheme, row.address, row.id),
        reason=row.reason,
        urgency=row.urgency or 0,
        requested_at=row.requested_at,
        waiting_seconds=None if row.waiting is None else max(0, int(row.waiting)),
        last=row.last,
        last_author=row.last_author,
        last_seq=row.last_seq,
        updated_at=row.updated_at,
    )


def _line(
    message: Message,
    status: str | None,
    reason: str | None,
    agent_name: str | None,
    photos: list[dict[str, Any]],
) -> MessageOut:
    parse = message.parse or {}
    top = parse.get("top") or []
    return MessageOut(
        seq=message.seq,
        author=message.author,
        agent=(
            AgentOut(id=message.agent_id, name=agent_name)
            if message.agent_id is not None and agent_name is not None
            else None
        ),
        text=message.text,
        choices=[
            ChoiceOut(id=id_, title=title)
            for id_, title in (message.reply or {}).get("choices", [])
        ],
        intent=parse.get("intent"),
        confidence=top[0][1] if top else None,
        top=top,
        engine=parse.get("engine"),
        model=parse.get("model"),
        outcome=message.outcome,
        delivery=DeliveryOut(status=status, reason=reason) if status is not None else None,
        photos=[PhotoOut(**photo) for photo in photos],
        location=PlaceOut(**message.location) if message.location else None,
        at=message.created_at,
    )
