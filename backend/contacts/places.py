"""The one place whose alerts a citizen wants wherever their districts are: their home, mostly."""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit
from backend.models import Contact

METRES = 4  # decimals of a degree kept: about eleven metres, and no doorstep


async def save(session: AsyncSession, contact_id: UUID, latitude: float, longitude: float) -> None:
    """Keep a point (WGS 84) as a contact's place, rounded; a later one takes its place."""
    await session.execute(
        update(Contact)
        .where(Contact.id == contact_id)
        .values(latitude=round(latitude, METRES), longitude=round(longitude, METRES))
        .execution_options(synchronize_session=False)
    )
    audit.record(session, "citizen", "alerts.place", f"contact:{contact_id}")


async def forget(session: AsyncSession, contact_id: UUID) -> None:
    """Keep no place of a contact any more."""
    await session.execute(
        update(Contact)
        .where(Contact.id == contact_id)
        .values(latitude=None, longitude=None)
        .execution_options(synchronize_session=False)
    )
