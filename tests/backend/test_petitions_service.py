"""Petitions are numbered without gaps, kept with their history, and move as the rules allow."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from backend import db
from backend.errors import Conflict
from backend.models import AuditEntry, Petition, PetitionEvent
from backend.models.petition import STAGES
from backend.petitions import routing, service, working_days
from tests.backend.house import citizen, messages


async def filed(
    session: AsyncSession,
    contact_id: UUID,
    message_id: int,
    details: str = "불법 주차가 심해요",
    *,
    identified: bool = True,
) -> Petition:
    return await service.file(
        session,
        contact_id=contact_id,
        message_id=message_id,
        channel="sms",
        language="ko",
        place="포은로 87 앞",
        district="마포구",
        details=details,
        identified=identified,
    )


async def test_a_petition_is_routed_dated_and_written_down(session: AsyncSession) -> None:
    address = await citizen(session)
    (message,) = await messages(session, address)
    petition = await filed(session, address.contact_id, message)
    await session.commit()

    year = datetime.now(working_days.calendar().zone).year
    assert petition.number == f"P-{year}-0000001"
    assert petition.stage == "received"
    assert petition.category == "illegal_parking"
    assert petition.department == "마포구청 주차관리과"
    category = routing.directory().categories["illegal_parking"]
    assert petition.due_at == working_days.due(petition.received_at, category.period)

    (event,) = await service.events(session, petition)
    assert (event.stage, event.actor, event.note) == ("received", "citizen", None)
    entry = (await session.scalars(select(AuditEntry))).one()
    assert (entry.actor, entry.action) == ("citizen", "petition.filed")
    assert entry.subject == f"petition:{petition.id}"
    assert "포은로" not in str(entry.detail)
    assert "주차가" not in str(entry.detail)


async def test_without_a_verified_phone_it_is_a_tip_with_a_number_and_no_due_date(
    session: AsyncSession,
) -> None:
    address = await citizen(session, "web-session-hash", "web")
    (message,) = await messages(session, address)
    petition = await filed(session, address.contact_id, message, identified=False)
    await session.commit()
    again = await service.find(session, petition.number)
    assert again is not None
    assert again.due_at is None
    assert again.department == "마포구청 주차관리과"


async def test_one_message_files_one_petition(session: AsyncSession) -> None:
    address = await citizen(session)
    (message,) = await messages(session, address)
    await filed(session, address.contact_id, message)
    with pytest.raises(IntegrityError):
        await filed(session, address.contact_id, message)


async def test_numbers_have_no_gaps_and_no_twins_under_30_filings_at_once(
    sessions: db.Sessions, session: AsyncSession
) -> None:
    address = await citizen(session)
    ids = await messages(session, address, 33)
    await session.commit()

    async def one(message_id: int, *, fails: bool) -> None:
        async with sessions() as own, own.begin():
            await filed(own, address.contact_id, message_id)
            if fails:
                await own.rollback()

    await asyncio.gather(*(one(id_, fails=n % 11 == 5) for n, id_ in enumerate(ids)))
    numbers = (await session.scalars(select(Petition.number).order_by(Petition.number))).all()
    year = datetime.now(working_days.calendar().zone).year
    assert numbers == [f"P-{year}-{n:07d}" for n in range(1, 31)]
    assert await session.scalar(select(func.count()).select_from(PetitionEvent)) == 30


async def test_every_year_begins_at_one(session: AsyncSession) -> None:
    assert await service.next_number(session, "P", 2026) == "P-2026-0000001"
    assert await service.next_number(session, "P", 2026) == "P-2026-0000002"
    assert await service.next_number(session, "P", 2027) == "P-2027-0000001"
    assert await service.next_number(session, "D", 2026) == "D-2026-0000001"


async def test_find_takes_a_number_as_it_was_typed(session: AsyncSession) -> None:
    address = await citizen(session)
    (message,) = await messages(session, address)
    petition = await filed(session, address.contact_id, message)
    assert await service.find(session, f" {petition.number.lower()} ") is petition
    assert await service.find(session, "P-2026-9999999") is None


async def test_latest_shows_the_contacts_own_newest_first(session: AsyncSession) -> None:
    mine, other = await citizen(session), await citizen(session, "+821099998888")
    ids = await messages(session, mine, 7)
    (foreign,) = await messages(session, other)
    filed_by_me = [await filed(session, mine.contact_id, id_) for id_ in ids]
    await filed(session, other.contact_id, foreign)
    newest = await service.latest(session, mine.contact_id)
    assert [p.number for p in newest] == [p.number for p in reversed(filed_by_me)][:5]
    assert len(await service.latest(session, other.contact_id)) == 1


# Which moves an officer may make; everything else is refused.
ALLOWED = {
    ("received", "assigned"),
    ("received", "in_process"),
    ("received", "answered"),
    ("assigned", "in_process"),
    ("assigned", "answered"),
    ("in_process", "assigned"),
    ("in_process", "answered"),
    ("answered", "in_process"),
    ("answered", "closed"),
}


@pytest.mark.parametrize("target", STAGES)
async def test_an_officer_moves_a_petition_along_the_allowed_ways_only(
    session: AsyncSession, target: str
) -> None:
    address = await citizen(session)
    ids = await messages(session, address, len(STAGES))
    for stage, message_id in zip(STAGES, ids, strict=True):
        petition = await filed(session, address.contact_id, message_id)
        petition.stage = stage
        await session.flush()
        if (stage, target) in ALLOWED:
            moved = await service.advance(session, petition.number, target, "staff:7", "검토함")
            assert moved is petition
            assert moved.stage == target
            await session.flush()
            last = (await service.events(session, petition))[-1]
            assert (last.stage, last.actor, last.note) == (target, "staff:7", "검토함")
        else:
            with pytest.raises(Conflict) as refused:
                await service.advance(session, petition.number, target, "staff:7", None)
            assert refused.value.extra == {"stage": stage}
            assert petition.stage == stage


async def test_an_unknown_number_is_not_found(session: AsyncSession) -> None:
    with pytest.raises(service.NoSuchPetition):
        await service.advance(session, "P-2026-0000404", "assigned", "staff:7", None)


async def test_of_two_officers_at_once_one_is_told_that_it_moved_on(
    sessions: db.Sessions, session: AsyncSession
) -> None:
    address = await citizen(session)
    (message,) = await messages(session, address)
    petition = await filed(session, address.contact_id, message)
    await service.advance(session, petition.number, "answered", "staff:7", "답변")
    await session.commit()

    async def close(actor: str) -> str:
        async with sessions() as own, own.begin():
            moved = await service.advance(own, petition.number, "closed", actor, None)
            return moved.stage

    outcomes = await asyncio.gather(
        *(close(f"staff:{n}") for n in range(8)), return_exceptions=True
    )
    assert outcomes.count("closed") == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 7
    history = await service.events(session, petition)
    assert [event.stage for event in history] == ["received", "answered", "closed"]


async def test_a_citizen_withdraws_until_it_is_answered(session: AsyncSession) -> None:
    address = await citizen(session)
    first, second = await messages(session, address, 2)
    petition = await filed(session, address.contact_id, first)
    await service.withdraw(session, petition, service.CITIZEN)
    assert petition.stage == "withdrawn"
    with pytest.raises(Conflict):
        await service.withdraw(session, petition, service.CITIZEN)

    answered = await filed(session, address.contact_id, second)
    await service.advance(session, answered.number, "answered", "staff:7", "답변")
    with pytest.raises(Conflict):
        await service.withdraw(session, answered, service.CITIZEN)
    assert answered.stage == "answered"
    actions = (await session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))).all()
    assert actions == [
        "petition.filed",
        "petition.withdrawn",
        "petition.filed",
        "petition.answered",
    ]


def test_every_stage_has_words_in_every_language() -> None:
    for stage in STAGES:
        assert service.stage_text(stage, "ko")
        assert service.stage_text(stage, "en").islower()
        for language in ("zh", "ja", "vi"):
            assert service.stage_text(stage, language) not in ("", service.stage_text(stage, "en"))
        assert service.stage_text(stage, "mn") == service.stage_text(stage, "en")


async def test_the_year_of_a_number_is_seouls(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await citizen(session)
    (message,) = await messages(session, address)

    class NewYearsEve:
        """What the database would say at 2026-12-31 15:30 UTC, half past midnight in Seoul."""

        def now(self) -> object:
            return func.to_timestamp(datetime(2026, 12, 31, 15, 30, tzinfo=UTC).timestamp())

    monkeypatch.setattr(service, "func", NewYearsEve())
    petition = await filed(session, address.contact_id, message)
    assert petition.number == "P-2027-0000001"
    assert petition.due_at is not None
    assert petition.due_at.isoformat() == "2027-01-04T12:00:00+09:00"
