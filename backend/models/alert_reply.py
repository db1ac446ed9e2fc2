"""What people answered to an emergency alert: safe, or in need of help."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, Now


class AlertReply(Base):
    """One answer a person and alert; whoever answers again has changed their answer.

    `message_id` is the words it came in, in the conversation they stand in.
    """

    __tablename__ = "alert_replies"
    __table_args__ = (
        CheckConstraint("answer IN ('safe','help')", "answer"),
        Index("ix_alert_replies_event", "event_id", "answer"),
    )

    event_id: Mapped[UUID] = mapped_column(ForeignKey("broadcast_events.id"), primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id"), primary_key=True)
    answer: Mapped[str]
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    at: Mapped[Now]
