"""Answers to emergency alerts: who is safe and who needs help, one answer a person and alert."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.models import AlertReply, BroadcastEvent, Delivery, Message

Reply = Literal["safe", "help"]

# For how long a message can be an answer to an alert.
ANSWERED_WITHIN = timedelta(hours=24)
_MAYBE_OUT = ("dispatching", "accepted", "sent", "delivered", "unknown")


@dataclass(frozen=True, slots=True)
class Received:
    """An alert that a citizen may have got: its event, its words, and when it was on its way."""

    event_id: UUID
    text: str
    at: datetime


_LAST_RECEIVED = (
    select(BroadcastEvent.id, BroadcastEvent.texts, Delivery.language, Delivery.created_at)
    .join(BroadcastEvent, BroadcastEvent.id == Delivery.event_id)
    .where(
        Delivery.contact_id == bindparam("contact"),
        Delivery.status.in_(_MAYBE_OUT),
        BroadcastEvent.kind == "alert",
        Delivery.created_at > func.now() - ANSWERED_WITHIN,
    )
    .order_by(Delivery.id.desc())
    .limit(1)
)


async def last_received(session: AsyncSession, contact_id: UUID) -> Received | None:
    """Return the latest alert that may have reached a contact within the last day."""
    row = (await session.execute(_LAST_RECEIVED, {"contact": contact_id})).first()
    if row is None:
        return None
    event_id, texts, language, at = row
    return Received(event_id, texts.get(language, ""), at)


async def told_by(session: AsyncSession, delivery: int, contact_id: UUID) -> UUID | None:
    """Return the event of the alert that a contact's delivery told of, be it by a follow-up."""
    row = (
        await session.execute(
            select(BroadcastEvent.id, BroadcastEvent.kind, BroadcastEvent.area)
            .join(Delivery, Delivery.event_id == BroadcastEvent.id)
            .where(Delivery.id == delivery, Delivery.contact_id == contact_id)
        )
    ).first()
    if row is None:
        return None
    event_id, kind, area = row
    return event_id if kind == "alert" else UUID(area["corrects"])


async def overtaken(session: AsyncSession, conversation_id: UUID, at: datetime) -> bool:
    """Tell whether the bot has said something else in a conversation since `at`."""
    found = await session.scalar(
        select(Message.id)
        .where(
            Message.conversation_id == conversation_id,
            Message.author.in_(("bot", "agent")),
            Message.created_at > at,
        )
        .limit(1)
    )
    return found is not None


async def record(
    session: AsyncSession, event_id: UUID, contact_id: UUID, message_id: int, answer: Reply
) -> None:
    """Keep a contact's answer to an alert; a later answer takes the place of the one before."""
    changed = {"answer": answer, "message_id": message_id, "at": func.now()}
    await session.execute(
        insert(AlertReply)
        .values(event_id=event_id, contact_id=contact_id, **changed)
        .on_conflict_do_update(
            index_elements=[AlertReply.event_id, AlertReply.contact_id], set_=changed
        )
    )


async def counts(session: AsyncSession, event_id: UUID) -> dict[Reply, int]:
    """Return how many people answered an alert, by what they said."""
    rows = await session.execute(
        select(AlertReply.answer, func.count())
        .where(AlertReply.event_id == event_id)
        .group_by(AlertReply.answer)
    )
    found = dict(rows.all())
    return {"safe": found.get("safe", 0), "help": found.get("help", 0)}
