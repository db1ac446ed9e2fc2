"""Emergency messages: the words, who wrote and who approved them, and what was sent."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, BigId, Now, UuidId

STATUSES = (
    "draft", "submitted", "returned", "rejected", "approved",
    "sending", "finished", "cancelling", "cancelled", "expired",
)  # fmt: skip
_LIVE = "('approved','sending','finished','cancelling','cancelled')"


class Broadcast(Base):
    """An emergency message on its way from a draft to phones.

    `texts` maps a language to the message. An approval binds `version` and `content_hash`, and
    the table itself refuses a live message that one person wrote and approved.
    """

    __tablename__ = "broadcasts"
    __table_args__ = (
        CheckConstraint("status IN (" + ",".join(f"'{s}'" for s in STATUSES) + ")", "status"),
        CheckConstraint("environment IN ('live','exercise','test')", "environment"),
        CheckConstraint(
            f"status NOT IN {_LIVE} OR (submitted_by IS NOT NULL AND approved_by IS NOT NULL "
            "AND approved_by <> submitted_by AND approved_by <> created_by "
            "AND approved_hash IS NOT NULL AND approved_hash = content_hash)",
            "two_people",
        ),
    )

    id: Mapped[UuidId]
    environment: Mapped[str]
    title: Mapped[str]
    texts: Mapped[dict[str, str]]
    correction: Mapped[dict[str, str]]
    districts: Mapped[list[str]]
    status: Mapped[str] = mapped_column(default="draft")
    version: Mapped[int] = mapped_column(default=1)
    content_hash: Mapped[str]
    expires_at: Mapped[datetime]
    created_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[Now]
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    submitted_at: Mapped[datetime | None]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]
    approved_hash: Mapped[str | None]
    cancelled_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    cancelled_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class BroadcastEdit(Base):
    """Who put which words into which version; nobody approves words of their own."""

    __tablename__ = "broadcast_edits"
    __table_args__ = (UniqueConstraint("broadcast_id", "version"),)

    id: Mapped[BigId]
    broadcast_id: Mapped[UUID] = mapped_column(ForeignKey("broadcasts.id"))
    version: Mapped[int]
    actor: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    content_hash: Mapped[str]
    at: Mapped[Now]


class BroadcastEvent(Base):
    """What was really sent: a frozen copy, written by the approval. A correction is a new event.

    `audience` is the number of people counted in the approving transaction. `cursor` is how far
    the fan-out came, by subscription id; NULL once everybody has a delivery.
    """

    __tablename__ = "broadcast_events"
    __table_args__ = (
        UniqueConstraint("broadcast_id", "kind"),
        CheckConstraint("kind IN ('alert','correction')", "kind"),
    )

    id: Mapped[UuidId]
    broadcast_id: Mapped[UUID] = mapped_column(ForeignKey("broadcasts.id"))
    kind: Mapped[str]
    environment: Mapped[str]
    texts: Mapped[dict[str, str]]
    area: Mapped[dict[str, Any]]
    audience: Mapped[int]
    cursor: Mapped[int | None] = mapped_column(default=0)
    expires_at: Mapped[datetime]
    created_at: Mapped[Now]
