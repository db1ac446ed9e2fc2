"""People who work for the city, how they log in, and the keys of other systems."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, BigId, Now

ROLES = (
    "agent", "officer", "author", "approver", "breakglass", "operator", "auditor", "admin",
)  # fmt: skip
# What reaches a city is decided by these, so that giving one takes two administrators.
GUARDED = ("approver", "breakglass", "admin")


class Staff(Base):
    """A member of staff with their roles; called on `phone` (E.164) when it is urgent.

    A trigger refuses a role of GUARDED that no `RoleGrant` of the same commit gives. Only while
    there never were two administrators can a new account be made with one.

    With a `first_password` nobody is let in: whoever made the account knows it.
    """

    __tablename__ = "staff"

    id: Mapped[BigId]
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    roles: Mapped[list[str]]
    active: Mapped[bool] = mapped_column(default=True)
    first_password: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    phone: Mapped[str | None]
    email: Mapped[str | None]
    created_at: Mapped[Now]


class RoleGrant(Base):
    """A role that one administrator proposed for somebody, and what another one decided.

    Nobody proposes or confirms for themselves, nobody confirms what they proposed, and what was
    decided stays. A trigger sees to it that both are administrators.
    """

    __tablename__ = "role_grants"
    __table_args__ = (
        CheckConstraint("role IN (" + ",".join(f"'{r}'" for r in GUARDED) + ")", "role"),
        CheckConstraint("outcome IN ('confirmed','refused','withdrawn')", "outcome"),
        CheckConstraint("length(reason) > 0", "reason_given"),
        CheckConstraint("proposed_by <> staff_id", "not_to_oneself"),
        CheckConstraint(
            "(outcome IS NULL) = (decided_by IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)",
            "decided",
        ),
        CheckConstraint(
            "outcome IS DISTINCT FROM 'confirmed' "
            "OR (decided_by <> proposed_by AND decided_by <> staff_id)",
            "two_people",
        ),
        Index(
            "ix_role_grants_open", "staff_id", "role", unique=True,
            postgresql_where=text("outcome IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[BigId]
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    role: Mapped[str]
    reason: Mapped[str]
    proposed_by: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    proposed_at: Mapped[Now]
    outcome: Mapped[str | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None]


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
