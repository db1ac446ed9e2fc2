"""What a citizen may still do with a petition of their own, and joining somebody else's.

A petition may be supplemented, changed or withdrawn until it is finished (Civil Petitions
Treatment Act, art. 22). Whoever calls these has made sure that it is the citizen's own.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit
from backend.errors import Conflict
from backend.models import Petition, PetitionEvent, PetitionMessage, PetitionSupporter
from backend.petitions import routing
from backend.petitions.places import locate
from backend.petitions.service import CITIZEN, WITHDRAWS_FROM, stage_text

NEARBY_FOR = timedelta(days=30)
MAX_DETAILS = 4000
_WORDS = re.compile(r"[가-힣a-z0-9]{2,}", re.IGNORECASE)
_SAYS_LITTLE = frozenset({"앞", "뒤", "근처", "출구", "번", "길", "도로", "the", "near", "exit"})


def open_still(petition: Petition) -> bool:
    """Tell whether its owner may still change it."""
    return petition.stage in WITHDRAWS_FROM


async def supplement(
    session: AsyncSession, petition: Petition, text: str, message_id: int
) -> Petition:
    """Add the owner's words to a petition. Raises: Conflict once it is finished."""
    _refuse_finished(petition)
    petition.details = f"{petition.details}\n{text}"[:MAX_DETAILS]
    return await _written_down(session, petition, text, message_id, "petition.supplemented")


async def change(
    session: AsyncSession,
    petition: Petition,
    message_id: int,
    *,
    details: str | None = None,
    place: str | None = None,
    district: str | None = None,
) -> Petition:
    """Replace what a petition says, at its owner's word. Raises: Conflict once it is finished.

    A new district moves it to that district's office; the words before stay in its history.
    """
    _refuse_finished(petition)
    before = f"{petition.place} · {petition.details}" if petition.place else petition.details
    if details is not None:
        petition.details = details[:MAX_DETAILS]
    if place is not None:
        petition.place = place
    if district is not None:
        petition.district = district
    category = routing.directory().categories.get(petition.category, routing.directory().default)
    petition.department = routing.department(category, petition.district, "ko")
    return await _written_down(session, petition, before, message_id, "petition.changed")


async def _written_down(
    session: AsyncSession, petition: Petition, note: str, message_id: int, action: str
) -> Petition:
    session.add(
        PetitionEvent(petition_id=petition.id, stage=petition.stage, actor=CITIZEN, note=note)
    )
    await session.execute(
        insert(PetitionMessage)
        .values(petition_id=petition.id, message_id=message_id)
        .on_conflict_do_nothing()
    )
    audit.record(session, CITIZEN, action, f"petition:{petition.id}", number=petition.number)
    await session.flush()
    return petition


def _refuse_finished(petition: Petition) -> None:
    if not open_still(petition):
        raise Conflict(
            f"이 민원은 지금 '{stage_text(petition.stage, 'ko')}' 단계라서 바꿀 수 없어요.",
            f"This petition is {stage_text(petition.stage, 'en')}; it can't be changed.",
            stage=petition.stage,
        )


async def nearby(
    session: AsyncSession, contact_id: UUID, details: str, place: str, district: str | None
) -> Sequence[Petition]:
    """Return open petitions of others on the same subject at a similar place, newest first.

    Same category and district, within 30 days, and the places share a name or a telling word.
    """
    if district is None or not place:
        return ()
    category = routing.classify(details)
    rows = await session.scalars(
        select(Petition)
        .where(
            Petition.category == category.id,
            Petition.district == district,
            Petition.received_at > func.now() - NEARBY_FOR,
            Petition.stage.in_(WITHDRAWS_FROM),
            Petition.contact_id != contact_id,
        )
        .order_by(Petition.id.desc())
        .limit(50)
    )
    return [row for row in rows if _alike(row.place, place)][:3]


def _alike(one: str, other: str) -> bool:
    spots = (locate(one), locate(other))
    if spots[0] is not None and spots[1] is not None:
        return spots[0].name.lower() == spots[1].name.lower()
    words = [{w.lower() for w in _WORDS.findall(p)} - _SAYS_LITTLE for p in (one, other)]
    gu = set(routing.directory().districts)
    return bool((words[0] & words[1]) - gu)


async def join(session: AsyncSession, petition: Petition, contact_id: UUID) -> int:
    """Add a supporter to a petition, once; return how many there are now."""
    await session.execute(
        insert(PetitionSupporter)
        .values(petition_id=petition.id, contact_id=contact_id)
        .on_conflict_do_nothing()
    )
    audit.record(session, CITIZEN, "petition.joined", f"petition:{petition.id}")
    count = await session.scalar(
        select(func.count())
        .select_from(PetitionSupporter)
        .where(PetitionSupporter.petition_id == petition.id)
    )
    return int(count or 0)


async def supported(session: AsyncSession, petition: Petition, contact_id: UUID) -> bool:
    """Tell whether a contact joined a petition."""
    found = await session.get(PetitionSupporter, (petition.id, contact_id))
    return found is not None


async def joined(session: AsyncSession, contact_id: UUID) -> Sequence[Petition]:
    """Return the petitions that a contact joined, the latest first."""
    rows = await session.scalars(
        select(Petition)
        .join(PetitionSupporter, PetitionSupporter.petition_id == Petition.id)
        .where(PetitionSupporter.contact_id == contact_id)
        .order_by(PetitionSupporter.joined_at.desc())
        .limit(5)
    )
    return rows.all()


async def name(session: AsyncSession, petition: Petition, given: str) -> None:
    """Note the petitioner's name, given freely after the receipt."""
    petition.petitioner_name = given[:60]
    await session.flush()
