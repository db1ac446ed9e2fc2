"""Who wants emergency alerts, for where, and on which address."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, BigId, Now


class Subscription(Base):
    """A contact's wish for alerts about one district, on one address and channel.

    `silenced` are the levels they don't want; critical alerts can't be silenced, only stopped.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("contact_id", "district"),
        CheckConstraint("silenced <@ ARRAY['emergency','advisory']::varchar[]", "silenced"),
        Index("ix_subscriptions_district", "district"),
    )

    id: Mapped[BigId]
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id"))
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"))
    channel: Mapped[str]
    district: Mapped[str]
    language: Mapped[str]
    silenced: Mapped[list[str]] = mapped_column(
        ARRAY(String), default=list, server_default=text("'{}'")
    )
    created_at: Mapped[Now]
