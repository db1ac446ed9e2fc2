"""Petitions, what happened to them, and the numbers that citizens are given."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, BigId, Now

STAGES = ("received", "assigned", "in_process", "answered", "closed", "withdrawn")


class NumberSeries(Base):
    """The last number given out in a series, as `P-2026`; numbers have no gaps."""

    __tablename__ = "number_series"

    series: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class Petition(Base):
    """A citizen's petition. `number` is the receipt; `district` is the Korean name of a gu."""

    __tablename__ = "petitions"
    __table_args__ = (
        CheckConstraint("stage IN (" + ",".join(f"'{s}'" for s in STAGES) + ")", "stage"),
        CheckConstraint("number ~ '^P-[0-9]{4}-[0-9]{7}$'", "number"),
    )

    id: Mapped[BigId]
    number: Mapped[str] = mapped_column(unique=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id"), index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), unique=True)
    channel: Mapped[str]
    language: Mapped[str]
    category: Mapped[str]
    department: Mapped[str]
    district: Mapped[str | None] = mapped_column(index=True)
    place: Mapped[str]
    details: Mapped[str]
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
