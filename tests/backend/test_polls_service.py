"""One phone, one vote, over all channels and all at once; ballots lead to nobody."""

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, inspect, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import db
from backend.errors import NotFound
from backend.models import AuditEntry, Ballot, Participation, Poll
from backend.polls import service
from backend.polls.service import AlreadyVoted, PollClosed, UnknownOption

PHONE = "+821012345678"


async def poll(session: AsyncSession, opens: float = -1, closes: float = 24) -> Poll:
    """Return a poll with three options; `opens` and `closes` are hours from now."""
    now = (await session.scalars(select(func.now()))).one()
    return await service.create(
        session,
        title={"ko": "어디로 갈까요?", "en": "Where to?"},
        description={"ko": "하나를 골라 주세요.", "en": "Choose one."},
        options=[{"ko": f"{n}번 길", "en": f"Way {n}"} for n in (1, 2, 3)],
        opens_at=now + timedelta(hours=opens),
        closes_at=now + timedelta(hours=closes),
        actor="staff:1",
    )


async def close(session: AsyncSession, closing: Poll) -> None:
    """Let a poll have closed just now."""
    await session.execute(
        update(Poll).where(Poll.id == closing.id).values(closes_at=func.clock_timestamp())
    )
    await session.commit()


async def test_the_same_phone_50_times_at_once_counts_once(
    sessions: db.Sessions, session: AsyncSession
) -> None:
    asked = await poll(session)
    await session.commit()

    async def attempt(n: int) -> str:
        async with sessions() as own, own.begin():
            same = await service.get(own, asked.id)
            channel = ("sms", "voice", "web")[n % 3]
            await service.vote(own, same, PHONE, n % 3 + 1, channel)
            return "counted"

    outcomes = await asyncio.gather(*(attempt(n) for n in range(50)), return_exceptions=True)
    assert outcomes.count("counted") == 1
    assert sum(isinstance(outcome, AlreadyVoted) for outcome in outcomes) == 49
    assert await session.scalar(select(func.count()).select_from(Ballot)) == 1
    assert await session.scalar(select(func.count()).select_from(Participation)) == 1


async def test_many_phones_at_once_all_count(sessions: db.Sessions, session: AsyncSession) -> None:
    asked = await poll(session)
    await session.commit()

    async def attempt(n: int) -> None:
        async with sessions() as own, own.begin():
            await service.vote(own, asked, f"+8210{n:08d}", n % 2 + 1, "sms")

    await asyncio.gather(*(attempt(n) for n in range(40)))
    await close(session, asked)
    outcome = await service.results(session, asked)
    assert outcome == service.Results(closed=True, participants=40, counts={1: 20, 2: 20, 3: 0})


async def test_a_vote_that_is_rolled_back_leaves_nothing_and_may_be_cast_again(
    sessions: db.Sessions, session: AsyncSession
) -> None:
    asked = await poll(session)
    await session.commit()
    async with sessions() as own:
        await service.vote(own, asked, PHONE, 1, "sms")
        await own.rollback()
    assert await session.scalar(select(func.count()).select_from(Participation)) == 0
    await service.vote(session, asked, PHONE, 2, "sms")
    await session.commit()
    assert (await session.scalars(select(Ballot.option_number))).all() == [2]


async def test_ballots_and_participations_share_only_the_poll(session: AsyncSession) -> None:
    asked = await poll(session)
    receipt = await service.vote(session, asked, PHONE, 2, "sms")
    assert re.fullmatch(r"\d{4}-\d{4}-\d{4}", receipt)
    await session.commit()
    assert {c.key for c in inspect(Ballot).columns} == {"id", "poll_id", "option_number"}
    assert {c.key for c in inspect(Participation).columns} == {
        "poll_id", "voter_key", "channel", "receipt",
    }  # fmt: skip
    ballot = (await session.scalars(select(Ballot))).one()
    took_part = (await session.scalars(select(Participation))).one()
    assert ballot.id.version == 4
    assert len(took_part.voter_key) == 32
    rows = await session.execute(
        text("SELECT row_to_json(participations)::text FROM participations")
    )
    assert "1012345678" not in str(rows.all())
    # Nor does the audit know of a vote.
    actions = (await session.scalars(select(AuditEntry.action))).all()
    assert actions == ["poll.created"]


async def test_whoever_votes_again_is_told_the_receipt_of_the_first_vote(
    session: AsyncSession,
) -> None:
    asked = await poll(session)
    receipt = await service.vote(session, asked, PHONE, 1, "sms")
    with pytest.raises(service.AlreadyVoted) as refused:
        await service.vote(session, asked, PHONE, 2, "web")
    assert refused.value.receipt == receipt
    other = await poll(session)
    assert await service.vote(session, other, PHONE, 1, "sms") != receipt


async def test_a_voters_mark_differs_from_poll_to_poll(session: AsyncSession) -> None:
    first, second = await poll(session), await poll(session)
    assert first.secret != second.secret
    assert service.voter_key(first, PHONE) == service.voter_key(first, PHONE)
    assert service.voter_key(first, PHONE) != service.voter_key(second, PHONE)
    assert service.voter_key(first, PHONE) != service.voter_key(first, "+821012345679")
    await service.vote(session, first, PHONE, 1, "sms")
    await service.vote(session, second, PHONE, 1, "sms")
    assert await session.scalar(select(func.count()).select_from(Ballot)) == 2


@pytest.mark.parametrize("written", ["010-1234-5678", "01012345678", "821012345678", "+82 10", ""])
async def test_a_phone_written_otherwise_is_no_voter(session: AsyncSession, written: str) -> None:
    asked = await poll(session)
    with pytest.raises(ValueError, match=r"E\.164"):
        await service.vote(session, asked, written, 1, "sms")


@pytest.mark.parametrize(("opens", "closes"), [(1, 2), (-2, -1)])
async def test_outside_its_period_a_poll_takes_no_vote(
    session: AsyncSession, opens: float, closes: float
) -> None:
    asked = await poll(session, opens, closes)
    with pytest.raises(PollClosed) as refused:
        await service.vote(session, asked, PHONE, 1, "sms")
    assert refused.value.status == 409
    assert refused.value.extra == {"opens_at": asked.opens_at, "closes_at": asked.closes_at}
    assert await session.scalar(select(func.count()).select_from(Participation)) == 0


async def test_the_databases_clock_closes_a_poll(session: AsyncSession) -> None:
    asked = await poll(session)
    await close(session, asked)
    with pytest.raises(PollClosed):
        await service.vote(session, asked, PHONE, 1, "sms")
    assert list(await service.open_polls(session)) == []


@pytest.mark.parametrize("number", [0, 4, -1, 99])
async def test_an_option_that_is_not_there_is_no_vote(session: AsyncSession, number: int) -> None:
    asked = await poll(session)
    with pytest.raises(UnknownOption) as refused:
        await service.vote(session, asked, PHONE, number, "sms")
    assert refused.value.extra == {"options": [1, 2, 3]}
    await service.vote(session, asked, PHONE, 3, "sms")


async def test_before_closing_only_participation_is_told(session: AsyncSession) -> None:
    asked = await poll(session)
    for n in range(7):
        await service.vote(session, asked, f"+8210000000{n:02d}", 1, "sms")
    await session.commit()
    assert await service.results(session, asked) == service.Results(
        closed=False, participants=7, counts=None
    )
    await close(session, asked)
    assert await service.results(session, asked) == service.Results(
        closed=True, participants=7, counts={1: 7, 2: 0, 3: 0}
    )


async def test_open_polls_are_those_that_take_votes_the_next_to_close_first(
    session: AsyncSession,
) -> None:
    late = await poll(session, -1, 48)
    soon = await poll(session, -1, 2)
    await poll(session, 1, 2)
    await poll(session, -2, -1)
    assert [p.id for p in await service.open_polls(session)] == [soon.id, late.id]
    found = await service.get(session, soon.id)
    assert [option.number for option in found.options] == [1, 2, 3]
    with pytest.raises(NotFound):
        await service.get(session, 4040)


def test_texts_fall_back_to_english_then_korean() -> None:
    both = {"ko": "투표", "en": "Poll"}
    assert service.in_language(both, "ko") == "투표"
    assert service.in_language(both, "vi") == "Poll"
    assert service.in_language({"ko": "투표"}, "en") == "투표"
