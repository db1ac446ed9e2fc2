"""Who did what, when: rows are added in the transaction of the deed and never changed."""

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, BigId, Now


class AuditEntry(Base):
    """One deed. `actor` is `staff:7`, `key:3`, `citizen` or `system`; `subject` as `petition:12`.

    `detail` holds ids, states and reasons, never a phone number or a message. A trigger refuses
    changes and deletions.
    """

    __tablename__ = "audit"

    id: Mapped[BigId]
    at: Mapped[Now]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
