"""Demo data is there after a start, and a second start changes nothing."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from backend import db
from backend.models import Poll, Staff
from backend.models.staff import ROLES
from backend.polls import service as polls
from backend.security import verify_password
from backend.seed import DEMO_STAFF, seed

LANGUAGES = {"ko", "en", "zh", "ja", "vi"}
PASSWORDS = {login: f"{login}-password" for login in DEMO_STAFF}


async def plant(sessions: db.Sessions, passwords: dict[str, str]) -> None:
    async with sessions() as session, session.begin():
        await seed(session, passwords)


async def test_twice_at_once_and_again_makes_one_of_each(sessions: db.Sessions) -> None:
    await asyncio.gather(plant(sessions, PASSWORDS), plant(sessions, PASSWORDS))
    async with sessions() as session:
        before = (await session.scalars(select(Staff.password_hash).order_by(Staff.id))).all()
    await plant(sessions, PASSWORDS)
    async with sessions() as session:
        staff = (await session.scalars(select(Staff).order_by(Staff.id))).all()
        assert [member.password_hash for member in staff] == list(before)
        assert {member.login: member.roles for member in staff} == {
            login: [login] for login in ROLES
        }
        for member in staff:
            assert verify_password(member.password_hash, PASSWORDS[member.login])
            assert member.name.endswith("데모")
        asked = await polls.open_polls(session)
        assert len(asked) == 2
        for poll in asked:
            assert set(poll.title) == set(poll.description) == LANGUAGES
            assert [option.number for option in poll.options] == [1, 2, 3]
            assert all(set(option.title) == LANGUAGES for option in poll.options)


async def test_the_password_given_last_is_the_one_that_works(sessions: db.Sessions) -> None:
    await plant(sessions, PASSWORDS)
    await plant(sessions, {**PASSWORDS, "agent": "another"})
    async with sessions() as session:
        agent = (await session.scalars(select(Staff).where(Staff.login == "agent"))).one()
        assert verify_password(agent.password_hash, "another")
        assert not verify_password(agent.password_hash, PASSWORDS["agent"])


async def test_a_demo_poll_that_closed_gets_a_successor(sessions: db.Sessions) -> None:
    await plant(sessions, PASSWORDS)
    async with sessions() as session, session.begin():
        past = func.now() - timedelta(days=2)
        await session.execute(
            update(Poll).values(opens_at=past, closes_at=func.now() - timedelta(days=1))
        )
    await plant(sessions, PASSWORDS)
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Poll)) == 4
        assert len(await polls.open_polls(session)) == 2


async def test_every_login_needs_its_password(sessions: db.Sessions) -> None:
    with pytest.raises(KeyError):
        await plant(sessions, {"agent": "only"})
    async with sessions() as session:
        assert await session.scalar(select(func.count()).select_from(Staff)) == 0
