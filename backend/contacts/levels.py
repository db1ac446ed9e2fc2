"""Which levels of alerts a citizen does not want; what threatens life is not among them."""

from typing import Literal
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit
from backend.models import Subscription

Silenced = Literal["emergency", "advisory"]


async def silence(session: AsyncSession, contact_id: UUID, level: Silenced, *, on: bool) -> bool:
    """Leave out alerts of `level` from now on, or (`on` false) send them again.

    False where the contact gets no alerts at all.
    """
    without = func.array_remove(Subscription.silenced, level)
    changed = await session.scalars(
        update(Subscription)
        .where(Subscription.contact_id == contact_id)
        .values(silenced=func.array_append(without, level) if on else without)
        .returning(Subscription.id)
        .execution_options(synchronize_session=False)
    )
    found = bool(changed.all())
    if found:
        audit.record(
            session, "citizen", "alerts.level", f"contact:{contact_id}", level=level, silenced=on
        )
    return found
