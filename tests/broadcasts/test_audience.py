"""Who is counted, and in which language they will read it."""

import uuid

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db import Sessions
from backend.models import Address, Subscription
from broadcasts import audience
from tests.broadcasts.conftest import enrol


async def test_a_person_is_counted_once_however_many_districts(
    sessions: Sessions, crowd: list[uuid.UUID]
) -> None:
    async with sessions() as session:
        one = await audience.count(session, ["마포구"], ["ko", "en"])
        both = await audience.count(session, ["마포구", "용산구"], ["ko", "en"])
        by_district = await audience.count_by_district(session, ["마포구", "용산구", "중구"])
    assert one.people == 12
    assert both.people == 13
    assert by_district == {"마포구": 12, "용산구": 5, "중구": 0}
    assert both.by_channel == {"sms": 5, "telegram": 4, "web": 4}


async def test_a_closed_door_is_not_counted(session: AsyncSession) -> None:
    citizen = await enrol(session, "마포구")
    await enrol(session, "마포구")
    await session.execute(
        update(Address).where(Address.contact_id == citizen.id).values(stopped_at=func.now())
    )
    assert (await audience.count(session, ["마포구"], ["ko"])).people == 1


async def test_who_has_a_closed_and_an_open_door_is_reached_by_the_open_one(
    session: AsyncSession,
) -> None:
    citizen = await enrol(session, "마포구", channel="sms")
    await session.execute(
        update(Address).where(Address.contact_id == citizen.id).values(stopped_at=func.now())
    )
    other = Address(contact_id=citizen.id, scheme="telegram", address="77")
    session.add(other)
    await session.flush()
    session.add(
        Subscription(
            contact_id=citizen.id, address_id=other.id, channel="telegram",
            district="용산구", language="ko",
        )
    )  # fmt: skip
    await session.flush()
    found = await audience.count(session, ["마포구", "용산구"], ["ko"])
    assert found.by_channel == {"telegram": 1}


@pytest.mark.parametrize(
    ("speaks", "texts", "reads"),
    [
        ("ko", ["ko", "en"], "ko"),
        ("en", ["ko", "en"], "en"),
        ("vi", ["ko", "en"], "ko"),
        ("vi", ["ko", "en", "vi"], "vi"),
        ("en", ["ko"], "ko"),
        ("zh", ["en"], "en"),
    ],
)
async def test_everyone_gets_a_language_there_is_a_text_in(
    session: AsyncSession, speaks: str, texts: list[str], reads: str
) -> None:
    await enrol(session, "마포구", language=speaks)
    assert (await audience.count(session, ["마포구"], texts)).by_language == {reads: 1}


async def test_nobody_is_counted_where_nobody_lives(session: AsyncSession) -> None:
    found = await audience.count(session, ["마포구"], ["ko"])
    assert (found.people, found.through, found.by_channel) == (0, 0, {})
    assert await session.scalar(select(func.count()).select_from(Address)) == 0
