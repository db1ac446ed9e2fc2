"""What stands around the emergency messages: templates, breaking the glass, the great switch."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, BigId, Now, UuidId


class AlertTemplate(Base):
    """Words for the worst hour, which two people approved in a quiet one.

    Only with these, and word for word, may one person alone send. A change of the words takes the
    approval away.
    """

    __tablename__ = "alert_templates"
    __table_args__ = (
        CheckConstraint("level IN ('critical','emergency','advisory')", "level"),
        CheckConstraint(
            "approved_by IS NULL OR (approved_by <> created_by AND approved_at IS NOT NULL)",
            "two_people",
        ),
    )

    id: Mapped[BigId]
    key: Mapped[str] = mapped_column(unique=True)
    hazard: Mapped[str]
    level: Mapped[str]
    title: Mapped[str]
    texts: Mapped[dict[str, str]]
    long_texts: Mapped[dict[str, str]]
    correction: Mapped[dict[str, str]]
    all_clear: Mapped[dict[str, str]]
    content_hash: Mapped[str]
    created_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[Now]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]


class BreakGlass(Base):
    """One person sent alone: who, with which template and why, and who looked into it afterwards.

    `paged_at` is when every approver was called. Whoever broke the glass can't close the review.
    """

    __tablename__ = "break_glass"
    __table_args__ = (
        CheckConstraint("reviewed_by <> actor", "reviewed_by_another"),
        CheckConstraint("(reviewed_by IS NULL) = (reviewed_at IS NULL)", "reviewed"),
        CheckConstraint("length(reason) > 0", "reason_given"),
    )

    id: Mapped[UuidId]
    actor: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    template: Mapped[str] = mapped_column(ForeignKey("alert_templates.key"))
    reason: Mapped[str]
    at: Mapped[Now]
    paged_at: Mapped[datetime | None]
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    reviewed_at: Mapped[datetime | None]
    findings: Mapped[str | None]


class SirenSwitch(Base):
    """The one row that says how the house stands.

    In `training` mode nothing live goes out; while `stopped_at` is set nothing goes out at all.
    """

    __tablename__ = "siren_switch"
    __table_args__ = (
        CheckConstraint("id = 1", "one_row"),
        CheckConstraint("mode IN ('live','training')", "mode"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    mode: Mapped[str]
    stopped_at: Mapped[datetime | None]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    changed_at: Mapped[Now]
    reason: Mapped[str | None]


class StaffPage(Base):
    """A member of staff was called about something urgent; on their phone, where one is known."""

    __tablename__ = "staff_pages"

    id: Mapped[BigId]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    breakglass_id: Mapped[UUID | None] = mapped_column(ForeignKey("break_glass.id"))
    broadcast_id: Mapped[UUID | None] = mapped_column(ForeignKey("broadcasts.id"))
    why: Mapped[str]
    at: Mapped[Now]
    seen_at: Mapped[datetime | None]
