"""What was promised to be sent, and how far it came: one row a recipient, whatever its cause."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, BigId, Now

STATUSES = (
    "pending", "dispatching", "accepted", "sent", "delivered",
    "unknown", "failed", "suppressed", "expired", "cancelled",
)  # fmt: skip


OUTCOMES = (
    "accepted", "retryable", "throttled", "rejected", "content", "stopped", "unknown", "skipped",
)  # fmt: skip
PART_STATUSES = ("accepted", "sent", "failed", "delivered")


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN (" + ",".join(f"'{word}'" for word in words) + ")"


class Delivery(Base):
    """One message to one person: a bot's reply, an agent's, a notice, or an alert.

    Its cause is a `message` or a broadcast's `event`, never both. `claimed_until` is the lease of
    the worker that is sending it; a lease that ran out means nobody knows what became of it.

    `channel`, `address_id` and `provider` are the way it takes now, and `route` counts the ways
    from 0; `failures` are the refusals on this one and `parts` how many it is cut into. `attempts`
    counts all tries, each a row of its own. `check_at` is when a silent provider is asked, or no
    longer waited for. `district` is the one of the alert's area that its citizen counts in, frozen
    by the fan-out: looking a million of them up at each view took ten seconds.

    `event_id` and `contact_id` are no foreign keys: the fan-out reads both from the rows they name,
    whose lock it holds, and looking each up again was half of its time. Events are never deleted;
    a contact can't be while its address, which is a foreign key, stands.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("event_id", "contact_id"),
        CheckConstraint(_one_of("status", STATUSES), "status"),
        CheckConstraint("lane IN ('siren','reply','bulk')", "lane"),
        CheckConstraint("(message_id IS NULL) <> (event_id IS NULL)", "one_cause"),
        CheckConstraint(
            "status NOT IN ('failed','suppressed') OR reason IS NOT NULL", "reason_given"
        ),
        CheckConstraint(
            "(status = 'dispatching') = (claimed_until IS NOT NULL)", "claimed_while_sent"
        ),
        Index(
            "uq_deliveries_message_id", "message_id", unique=True,
            postgresql_where=text("message_id IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_due", "lane", "channel", "due_at", "id",
            postgresql_where=text("status = 'pending'"),
        ),
        Index(
            "ix_deliveries_open", "contact_id", "id",
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
        Index("ix_deliveries_end", "expires_at", postgresql_where=text("status = 'pending'")),
        Index("ix_deliveries_check", "check_at", postgresql_where=text("check_at IS NOT NULL")),
    )  # fmt: skip

    id: Mapped[BigId]
    lane: Mapped[str]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    event_id: Mapped[UUID | None]
    contact_id: Mapped[UUID]
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"))
    channel: Mapped[str]
    provider: Mapped[str | None]
    language: Mapped[str]
    district: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="pending")
    reason: Mapped[str | None]
    route: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    attempts: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    parts: Mapped[int | None] = mapped_column(SmallInteger)
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    claimed_until: Mapped[datetime | None]
    check_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    created_at: Mapped[Now]
    updated_at: Mapped[Now]


class DeliveryAttempt(Base):
    """One try: on which channel, through whom, to which address, and what came of it.

    `skipped` is a way that was left without trying, since its provider was down.
    """

    __tablename__ = "delivery_attempts"
    __table_args__ = (
        CheckConstraint(_one_of("outcome", OUTCOMES), "outcome"),
        # What was tried in the last seconds: times come in order, so that a summary is enough.
        Index(
            "ix_delivery_attempts_at", "at", postgresql_using="brin",
            postgresql_with={"pages_per_range": 16, "autosummarize": True},
        ),
    )  # fmt: skip

    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    route: Mapped[int] = mapped_column(SmallInteger)
    channel: Mapped[str]
    provider: Mapped[str | None]
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"))
    outcome: Mapped[str]
    code: Mapped[str | None]
    at: Mapped[Now]


class DeliveryPart(Base):
    """One part of a message as its provider knows it, by the provider's own id.

    `total` is how many parts the message has on its `route`; it has arrived when all have.
    """

    __tablename__ = "delivery_parts"
    __table_args__ = (CheckConstraint(_one_of("status", PART_STATUSES), "status"),)

    provider: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"), index=True)
    route: Mapped[int] = mapped_column(SmallInteger)
    total: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str]
    code: Mapped[str | None]
    updated_at: Mapped[Now]
