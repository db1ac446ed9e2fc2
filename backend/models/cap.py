"""CAP 1.2 messages, byte for byte as they were published, or as they came to us."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, BigId, Now


class CapMessage(Base):
    """One CAP document: `published` of an event of ours, or `imported` as a draft.

    `sent` is the string in the document and no time: an answer has to repeat it exactly.
    `refers_to` are the broadcasts that the document's references name, as far as we know them.
    """

    __tablename__ = "cap_messages"
    __table_args__ = (
        CheckConstraint("direction IN ('published','imported')", "direction"),
        CheckConstraint("(direction = 'published') = (event_id IS NOT NULL)", "event"),
        CheckConstraint(
            "msg_type NOT IN ('Update','Cancel') OR length(reference_list) > 0", "references"
        ),
        UniqueConstraint("direction", "sender", "identifier", "sent"),
        Index("ix_cap_messages_identifier", "identifier"),
        Index("ix_cap_messages_broadcast", "broadcast_id"),
    )

    id: Mapped[BigId]
    direction: Mapped[str]
    broadcast_id: Mapped[UUID] = mapped_column(ForeignKey("broadcasts.id"))
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("broadcast_events.id"), unique=True)
    identifier: Mapped[str]
    sender: Mapped[str]
    sent: Mapped[str]
    msg_type: Mapped[str]
    status: Mapped[str]
    reference_list: Mapped[str]
    refers_to: Mapped[list[str]]
    xml: Mapped[str]
    created_at: Mapped[Now]
