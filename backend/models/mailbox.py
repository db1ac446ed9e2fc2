"""What waits for citizens who can't be written to: a skill answers, and never speaks first."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, Now


class HeldDelivery(Base):
    """A delivery that its citizen has to ask for, and `taken_at`, when it was handed over.

    Whoever sets `taken_at`, and nobody else, shows it. `shown` is how many of its characters the
    citizen has seen before: a long text takes several answers.
    """

    __tablename__ = "held_deliveries"
    __table_args__ = (
        CheckConstraint("shown >= 0", "shown"),
        Index(
            "ix_held_deliveries_waiting", "address_id",
            postgresql_where=text("taken_at IS NULL"),
        ),
    )  # fmt: skip

    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"), primary_key=True)
    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"))
    shown: Mapped[int] = mapped_column(default=0)
    taken_at: Mapped[datetime | None]
    created_at: Mapped[Now]
