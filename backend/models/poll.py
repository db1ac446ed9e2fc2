"""Polls, who took part, and, apart from that, what was chosen."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.db import Base, BigId, Now


class Poll(Base):
    """A question to citizens, open in `[opens_at, closes_at)` by the database's clock.

    `secret` keys the voters' marks: without it a mark can't be traced to a phone. `eligibility`
    says by language who may take part; empty, it is whoever has a phone of their own.
    """

    __tablename__ = "polls"
    __table_args__ = (CheckConstraint("opens_at < closes_at", "period"),)

    id: Mapped[BigId]
    title: Mapped[dict[str, str]]
    description: Mapped[dict[str, str]]
    eligibility: Mapped[dict[str, str]] = mapped_column(
        default=dict, server_default=text("'{}'::jsonb")
    )
    secret: Mapped[bytes]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    created_at: Mapped[Now]

    options: Mapped[list["PollOption"]] = relationship(
        order_by="PollOption.number", lazy="selectin"
    )


class PollOption(Base):
    """One answer to a poll, with the number a citizen types."""

    __tablename__ = "poll_options"
    __table_args__ = (CheckConstraint("number BETWEEN 1 AND 99", "number"),)

    poll_id: Mapped[int] = mapped_column(ForeignKey("polls.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[dict[str, str]]


class Participation(Base):
    """Somebody took part in a poll. The key decides: one phone, one vote, over all channels.

    `receipt` is what the voter is told: twelve digits by chance, which say that a vote was counted
    and lead to no ballot.
    """

    __tablename__ = "participations"
    __table_args__ = (UniqueConstraint("receipt"),)

    poll_id: Mapped[int] = mapped_column(ForeignKey("polls.id"), primary_key=True)
    voter_key: Mapped[bytes] = mapped_column(primary_key=True)
    channel: Mapped[str]
    receipt: Mapped[str | None]


class Ballot(Base):
    """One vote, with nothing that leads to its voter: no name, no time, no order."""

    __tablename__ = "ballots"
    __table_args__ = (
        ForeignKeyConstraint(
            ["poll_id", "option_number"], ["poll_options.poll_id", "poll_options.number"]
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    poll_id: Mapped[int]
    option_number: Mapped[int]
