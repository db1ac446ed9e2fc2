"""Who wants emergency alerts, for where, and on which address."""

from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, BigId, Now


class Subscription(Base):
    """A contact's wish for alerts about one district, on one address and channel."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("contact_id", "district"),
        Index("ix_subscriptions_district", "district"),
    )

    id: Mapped[BigId]
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id"))
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"))
    channel: Mapped[str]
    district: Mapped[str]
    language: Mapped[str]
    created_at: Mapped[Now]
