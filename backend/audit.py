"""The audit: one line in the transaction of the deed."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.models import AuditEntry


def record(session: AsyncSession, actor: str, action: str, subject: str, **detail: Any) -> None:
    """Add a deed to the audit: `actor` as `staff:7`, `action` as `broadcast.approved`.

    `detail` holds ids, states and reasons; never a phone number, a name or a message.
    """
    session.add(AuditEntry(actor=actor, action=action, subject=subject, detail=detail))
