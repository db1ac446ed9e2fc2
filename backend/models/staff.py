"""People who work for the city, how they log in, and the keys of other systems."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, BigId, Now

ROLES = ("agent", "officer", "author", "approver", "admin")


class Staff(Base):
    """A member of staff with one or more roles."""

    __tablename__ = "staff"

    id: Mapped[BigId]
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    roles: Mapped[list[str]]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[Now]


class StaffSession(Base):
    """A browser that is logged in; only the hash of its cookie is kept."""

    __tablename__ = "staff_sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[Now]
    expires_at: Mapped[datetime]


class ApiKey(Base):
    """A key that another system calls us with; only its hash is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("role IN (" + ",".join(f"'{r}'" for r in ROLES) + ")", "role"),
    )

    id: Mapped[BigId]
    name: Mapped[str]
    key_hash: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    created_at: Mapped[Now]
    revoked_at: Mapped[datetime | None]
