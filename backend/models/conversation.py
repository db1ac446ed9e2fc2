"""Talks with citizens, who owns them, and every message in them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.db import Base, BigId, Now, UuidId
from backend.models.contact import Address


class Conversation(Base):
    """One thread on one channel with one address.

    A person owns it (`state` active, with an agent) or the bot does, never both. `dialogue` is
    the bot's memory of the thread; `last_seq` numbers the messages, so that a page that lost its
    connection asks for what came after the last one it saw.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        CheckConstraint(
            "state IN ('bot','offered','queued','active','callback','closed')", "state"
        ),
        CheckConstraint("(state = 'active') = (agent_id IS NOT NULL)", "one_owner"),
        Index(
            "uq_conversations_open", "address_id", "channel", unique=True,
            postgresql_where=text("state <> 'closed'"),
        ),
        Index("ix_conversations_state", "state", "updated_at"),
    )  # fmt: skip

    id: Mapped[UuidId]
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"))
    channel: Mapped[str]
    state: Mapped[str] = mapped_column(default="bot")
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    language: Mapped[str]
    dialogue: Mapped[dict[str, Any]] = mapped_column(default=dict)
    last_seq: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Now]
    updated_at: Mapped[Now]

    address: Mapped[Address] = relationship(lazy="joined", innerjoin=True)


class Message(Base):
    """One message, in or out. What came in is unique by the provider's id within its channel.

    `answers` links a reply to the message it answers: the same message again gets it again.
    `parse` keeps what was understood (intent, best three, engine, model); never shown to citizens.
    `outcome` is what came of what the citizen said: answered or missed at first; what is said next
    may show that it was rephrased, refused ("no"), unhelpful, or followed by a call for a person.
    `location` is a point that the citizen shared: latitude and longitude (WGS 84) and its name.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        UniqueConstraint("channel", "external_id"),
        CheckConstraint("direction IN ('in','out')", "direction"),
        CheckConstraint("author IN ('citizen','bot','agent','notice','alert','note')", "author"),
        CheckConstraint("(direction = 'in') = (author = 'citizen')", "citizens_write_in"),
        CheckConstraint("direction = 'out' OR external_id IS NOT NULL", "in_has_id"),
        CheckConstraint(
            "outcome IN ('answered','missed','rephrased','refused','unhelpful','person_asked',"
            "'handed_over')",
            "outcome",
        ),
        CheckConstraint("outcome IS NULL OR direction = 'in'", "outcome_of_citizens"),
    )

    id: Mapped[BigId]
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id"))
    seq: Mapped[int]
    direction: Mapped[str]
    author: Mapped[str]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    channel: Mapped[str]
    external_id: Mapped[str | None]
    text: Mapped[str]
    reply: Mapped[dict[str, Any] | None]
    parse: Mapped[dict[str, Any] | None]
    outcome: Mapped[str | None]
    location: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    answers: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), index=True)
    created_at: Mapped[Now]


class Handoff(Base):
    """A time that a conversation asked for a person: why, and what the bot knew by then.

    `urgency` orders the desk's queue: 2 where a life may be at risk, 1 where somebody is upset or
    the matter is sealed, else 0. `callback_phone` (E.164) is where to call when nobody was there.
    """

    __tablename__ = "handoffs"
    __table_args__ = (
        CheckConstraint("urgency BETWEEN 0 AND 2", "urgency"),
        Index(
            "uq_handoffs_open", "conversation_id", unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[BigId]
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversations.id"))
    reason: Mapped[str]
    packet: Mapped[dict[str, Any]]
    urgency: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    callback_phone: Mapped[str | None]
    requested_at: Mapped[Now]
    claimed_at: Mapped[datetime | None]
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
