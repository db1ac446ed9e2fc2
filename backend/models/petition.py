"""Petitions, what happened to them, and the numbers that citizens are given."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, BigId, Now

STAGES = ("received", "assigned", "in_process", "answered", "closed", "withdrawn")


class NumberSeries(Base):
    """The last number given out in a series, as `P-2026`; numbers have no gaps."""

    __tablename__ = "number_series"

    series: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class Petition(Base):
    """A citizen's petition. `number` is the receipt; `district` is the Korean name of a gu.

    `kind` is a type of `backend/petitions/types.yml`. `petitioner_name` is given freely, after the
    receipt. `location` is a point that came along: latitude and longitude (WGS 84) and its name.
    """

    __tablename__ = "petitions"
    __table_args__ = (
        CheckConstraint("stage IN (" + ",".join(f"'{s}'" for s in STAGES) + ")", "stage"),
        CheckConstraint("number ~ '^P-[0-9]{4}-[0-9]{7}$'", "number"),
        Index("ix_petitions_nearby", "category", "district", "received_at"),
    )

    id: Mapped[BigId]
    number: Mapped[str] = mapped_column(unique=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id"), index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), unique=True)
    channel: Mapped[str]
    language: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="complaint")
    category: Mapped[str]
    department: Mapped[str]
    district: Mapped[str | None] = mapped_column(index=True)
    place: Mapped[str]
    details: Mapped[str]
    petitioner_name: Mapped[str | None]
    location: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    stage: Mapped[str] = mapped_column(default="received")
    received_at: Mapped[Now]
    due_at: Mapped[datetime | None]


class PetitionEvent(Base):
    """One step in a petition's life; rows are only ever added."""

    __tablename__ = "petition_events"

    id: Mapped[BigId]
    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id"), index=True)
    stage: Mapped[str]
    actor: Mapped[str]
    note: Mapped[str | None]
    at: Mapped[Now]


class PetitionMessage(Base):
    """A message that a petition was told in: its photos belong to the petition too."""

    __tablename__ = "petition_messages"

    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id"), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), primary_key=True)


class PetitionSupporter(Base):
    """Somebody who joined another's petition instead of filing the same once more."""

    __tablename__ = "petition_supporters"

    petition_id: Mapped[int] = mapped_column(ForeignKey("petitions.id"), primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contacts.id"), primary_key=True, index=True
    )
    joined_at: Mapped[Now]


class SealedReport(Base):
    """A report of corruption, of public interest or on human rights, apart from all petitions.

    Nothing here leads to who wrote it: no contact, no conversation, no message. Whoever reported
    keeps `code`, which is random and shows nothing to anybody who looks it up.
    """

    __tablename__ = "sealed_reports"
    __table_args__ = (CheckConstraint("code ~ '^S-[A-Z2-9]{12}$'", "code"),)

    id: Mapped[BigId]
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    language: Mapped[str]
    district: Mapped[str | None]
    place: Mapped[str]
    details: Mapped[str]
    received_at: Mapped[Now]
