"""People who work for the city, how they log in, and the keys of other systems."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, BigId, Now

ROLES = (
    "agent", "officer", "author", "approver", "breakglass", "operator", "auditor", "admin",
)  # fmt: skip


class Staff(Base):
    """A member of staff with one or more roles; called on `phone` (E.164) when it is urgent."""

    __tablename__ = "staff"

    id: Mapped[BigId]
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    roles: Mapped[list[str]]
    active: Mapped[bool] = mapped_column(default=True)
    phone: Mapped[str | None]
    email: Mapped[str | None]
    created_at: Mapped[Now]


class StaffTotp(Base):
    """The second factor of a member of staff (RFC 6238).

    The secret follows from `nonce` and the service's own secret and is stored nowhere. `last_step`
    is the 30-second step of the last code that was taken: no code works twice. After five wrong
    tries nothing is taken until `locked_until`.
    """

    __tablename__ = "staff_totp"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    nonce: Mapped[str]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(server_default=text("0"))
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[datetime | None]
    created_at: Mapped[Now]


class RecoveryCode(Base):
    """A code that stands in once for a lost authenticator; only its keyed hash is kept."""

    __tablename__ = "staff_recovery_codes"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]


class StaffSession(Base):
    """A browser that is logged in; only the hash of its cookie is kept.

    `verified_at` is when this browser last proved the second factor.
    """

    __tablename__ = "staff_sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[Now]
    expires_at: Mapped[datetime]
    verified_at: Mapped[datetime | None]


class ApiKey(Base):
    """A key that another system calls us with; only its hash is kept.

    It drafts emergency messages of its own `environment` alone, and `owner`, who asked for it,
    can't approve them.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("role IN (" + ",".join(f"'{r}'" for r in ROLES) + ")", "role"),
        CheckConstraint("environment IN ('live','exercise','test')", "environment"),
    )

    id: Mapped[BigId]
    name: Mapped[str]
    key_hash: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    environment: Mapped[str] = mapped_column(default="live", server_default=text("'live'"))
    owner: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[Now]
    revoked_at: Mapped[datetime | None]
