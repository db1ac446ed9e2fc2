"""What was promised to be sent, and how far it came: one row a recipient, whatever its cause."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, BigId, Now

STATUSES = (
    "pending", "dispatching", "accepted", "sent", "delivered",
    "unknown", "failed", "suppressed", "expired", "cancelled",
)  # fmt: skip


class Delivery(Base):
    """One message to one address: a bot's reply, an agent's, a notice, or an alert.

    Its cause is a `message` or a broadcast's `event`, never both. `claimed_until` is the lease of
    the worker that is sending it; a lease that ran out means nobody knows what became of it.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("event_id", "contact_id"),
        CheckConstraint("status IN (" + ",".join(f"'{s}'" for s in STATUSES) + ")", "status"),
        CheckConstraint("lane IN ('siren','reply','bulk')", "lane"),
        CheckConstraint("(message_id IS NULL) <> (event_id IS NULL)", "one_cause"),
        CheckConstraint(
            "status NOT IN ('failed','suppressed') OR reason IS NOT NULL", "reason_given"
        ),
        CheckConstraint(
            "(status = 'dispatching') = (claimed_until IS NOT NULL)", "claimed_while_sent"
        ),
        Index("ix_deliveries_due", "lane", "due_at", postgresql_where=text("status = 'pending'")),
        Index(
            "ix_deliveries_open", "address_id", "id",
            postgresql_where=text("status IN ('pending','dispatching')"),
        ),
        Index(
            "ix_deliveries_event", "event_id", "id",
            postgresql_where=text("event_id IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_lease", "claimed_until",
            postgresql_where=text("status = 'dispatching'"),
        ),
    )  # fmt: skip

    id: Mapped[BigId]
    lane: Mapped[str]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), unique=True)
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("broadcast_events.id"))
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id"))
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"))
    channel: Mapped[str]
    language: Mapped[str]
    status: Mapped[str] = mapped_column(default="pending")
    reason: Mapped[str | None]
    external_id: Mapped[str | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    claimed_until: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]
