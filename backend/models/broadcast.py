"""Emergency messages: the words, who wrote and who approved them, and what was sent."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, BigId, Now, UuidId

STATUSES = (
    "draft", "submitted", "returned", "rejected", "approved", "sending", "halted",
    "sent", "finished", "cancelling", "cancelled", "expired",
)  # fmt: skip
LEVELS = ("critical", "emergency", "advisory")
ENVIRONMENTS = ("live", "exercise", "test")
KINDS = ("alert", "correction", "update", "all_clear", "reminder")
_LIVE = "('approved','sending','halted','sent','finished','cancelling','cancelled')"
_EMPTY = text("'{}'::jsonb")


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN (" + ",".join(f"'{word}'" for word in words) + ")"


class Broadcast(Base):
    """An emergency message on its way from a draft to phones.

    `texts`, `long_texts`, `correction` and `all_clear` map a language to the words; `facts` holds
    what they say by language and field. `polygons` are rings of [latitude, longitude] (WGS 84).
    `level` is critical (위급), emergency (긴급) or advisory (안전안내). At `send_at`, if there is
    one, an approved message goes out; `mode` is how the house stood when it was submitted.

    An approval binds `version` and `content_hash`, and the table itself refuses a live message
    that one person wrote and approved, unless a `break_glass` row says why. What a key drafted
    has no `created_by`: then submitter and approver are the two people.
    """

    __tablename__ = "broadcasts"
    __table_args__ = (
        CheckConstraint(_one_of("status", STATUSES), "status"),
        CheckConstraint(_one_of("environment", ENVIRONMENTS), "environment"),
        CheckConstraint(_one_of("level", LEVELS), "level"),
        CheckConstraint("mode IN ('live','training')", "mode"),
        CheckConstraint("(created_by IS NULL) <> (drafted_by_key IS NULL)", "one_author"),
        CheckConstraint("resumed_by IS DISTINCT FROM approved_by OR resumed_by IS NULL", "resumed"),
        CheckConstraint(
            f"status NOT IN {_LIVE} OR (approved_hash IS NOT NULL AND approved_hash = content_hash "
            "AND (breakglass_id IS NOT NULL OR (submitted_by IS NOT NULL "
            "AND approved_by IS NOT NULL AND approved_by <> submitted_by "
            "AND approved_by IS DISTINCT FROM created_by)))",
            "two_people",
        ),
        Index("ix_broadcasts_status", "status"),
    )

    id: Mapped[UuidId]
    environment: Mapped[str]
    hazard: Mapped[str] = mapped_column(default="other", server_default=text("'other'"))
    level: Mapped[str] = mapped_column(default="emergency", server_default=text("'emergency'"))
    title: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=_EMPTY)
    texts: Mapped[dict[str, str]]
    long_texts: Mapped[dict[str, str]] = mapped_column(default=dict, server_default=_EMPTY)
    correction: Mapped[dict[str, str]]
    all_clear: Mapped[dict[str, str]] = mapped_column(default=dict, server_default=_EMPTY)
    districts: Mapped[list[str]]
    polygons: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'::jsonb"))
    status: Mapped[str] = mapped_column(default="draft")
    mode: Mapped[str] = mapped_column(default="live", server_default=text("'live'"))
    version: Mapped[int] = mapped_column(default=1)
    content_hash: Mapped[str]
    send_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    drafted_by_key: Mapped[int | None] = mapped_column(ForeignKey("api_keys.id"))
    created_at: Mapped[Now]
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    submitted_at: Mapped[datetime | None]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]
    approved_hash: Mapped[str | None]
    breakglass_id: Mapped[UUID | None] = mapped_column(ForeignKey("break_glass.id"), unique=True)
    halted_at: Mapped[datetime | None]
    halted_reason: Mapped[str | None]
    resumed_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    resumed_at: Mapped[datetime | None]
    cancelled_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    cancelled_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class BroadcastEdit(Base):
    """Who put which words into which version; nobody approves words of their own.

    `actor` is a member of staff; words that came by a key have the key instead.
    """

    __tablename__ = "broadcast_edits"
    __table_args__ = (
        UniqueConstraint("broadcast_id", "version"),
        CheckConstraint("(actor IS NULL) <> (api_key IS NULL)", "one_hand"),
    )

    id: Mapped[BigId]
    broadcast_id: Mapped[UUID] = mapped_column(ForeignKey("broadcasts.id"))
    version: Mapped[int]
    actor: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    api_key: Mapped[int | None] = mapped_column(ForeignKey("api_keys.id"))
    content_hash: Mapped[str]
    at: Mapped[Now]


class BroadcastEvent(Base):
    """What was really sent: a frozen copy, which nothing changes. A correction is a new event.

    An `alert` is written by the approval (or at `send_at`); `correction`, `update`, `all_clear` and
    `reminder` go to those who may have got it, on the channels that were used. `area` holds the
    districts and polygons, the districts these touch, the `through` and the counts by channel and
    language, and the version of the `resolver`. `audience` is the number of people counted in the
    same transaction. `cursor` is how far the fan-out came, by subscription id; NULL once everybody
    has a delivery. An alert's first few people are its canary: the others follow at `released_at`.
    """

    __tablename__ = "broadcast_events"
    __table_args__ = (
        CheckConstraint(_one_of("kind", KINDS), "kind"),
        CheckConstraint(_one_of("level", LEVELS), "level"),
        CheckConstraint("mode IN ('live','training')", "mode"),
        CheckConstraint(
            "environment = 'test' OR NOT COALESCE(area -> 'districts', '[]'::jsonb) ? '시험'",
            "test_list_apart",
        ),
        CheckConstraint(
            "environment <> 'test' OR area -> 'districts' = '[\"시험\"]'::jsonb",
            "tests_stay_inside",
        ),
        Index(
            "ix_broadcast_events_once", "broadcast_id", "kind", unique=True,
            postgresql_where=text("kind NOT IN ('update','reminder')"),
        ),
        Index("ix_broadcast_events_broadcast", "broadcast_id"),
    )  # fmt: skip

    id: Mapped[UuidId]
    broadcast_id: Mapped[UUID] = mapped_column(ForeignKey("broadcasts.id"))
    kind: Mapped[str]
    environment: Mapped[str]
    mode: Mapped[str] = mapped_column(default="live", server_default=text("'live'"))
    level: Mapped[str] = mapped_column(default="emergency", server_default=text("'emergency'"))
    texts: Mapped[dict[str, str]]
    long_texts: Mapped[dict[str, str]] = mapped_column(default=dict, server_default=_EMPTY)
    area: Mapped[dict[str, Any]]
    audience: Mapped[int]
    cursor: Mapped[int | None] = mapped_column(default=0)
    released_at: Mapped[datetime | None]
    content_hash: Mapped[str | None]
    expires_at: Mapped[datetime]
    created_at: Mapped[Now]


class BroadcastSample(Base):
    """How an event stood at a moment: people by state of their delivery, for the chart over time.

    Taken by the clock where something changed, ever more rarely as the event grows older.
    """

    __tablename__ = "broadcast_samples"

    event_id: Mapped[UUID] = mapped_column(ForeignKey("broadcast_events.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True, server_default=func.now())
    counts: Mapped[dict[str, Any]]


class BroadcastUpdate(Base):
    """New words for those who may have got an alert, written by one person and approved by another.

    Its event exists once it is approved.
    """

    __tablename__ = "broadcast_updates"
    __table_args__ = (
        CheckConstraint(
            "event_id IS NULL OR (approved_by IS NOT NULL AND approved_by <> written_by)",
            "two_people",
        ),
        Index("ix_broadcast_updates_broadcast", "broadcast_id"),
    )

    id: Mapped[UuidId]
    broadcast_id: Mapped[UUID] = mapped_column(ForeignKey("broadcasts.id"))
    texts: Mapped[dict[str, str]]
    long_texts: Mapped[dict[str, str]]
    content_hash: Mapped[str]
    written_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    written_at: Mapped[Now]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("broadcast_events.id"), unique=True)
