"""Polls: opening questions to citizens, counting one vote a phone, and telling the outcome.

A vote is confidential, not anonymous: nothing in the tables leads from a ballot to a phone, but
whoever runs the database could still pair rows by the order of writing. Binding elections are not
for this. A phone shared by a family has one vote; a number that changed hands has no second one.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit
from backend.errors import Conflict, Invalid, NotFound
from backend.models import Ballot, Participation, Poll, PollOption

_REMEMBERED = timedelta(days=90)
_E164 = re.compile(r"\+[1-9]\d{6,14}")


class AlreadyVoted(Conflict):
    """This phone has taken part in this poll, on whatever channel; `receipt` is from then."""

    def __init__(self, receipt: str | None = None) -> None:
        self.receipt = receipt
        super().__init__(
            "이 번호로 이미 투표했어요. 한 번호로 한 번만 참여할 수 있어요.",
            "This number has voted already. Each number has one vote.",
        )


class PollClosed(Conflict):
    """The poll takes no votes now: it has not opened yet, or it has closed."""

    def __init__(self, opens_at: datetime, closes_at: datetime) -> None:
        super().__init__(
            "지금은 이 투표에 참여할 수 없어요. 투표 기간을 확인해 주세요.",
            "This poll is not open now. Please check its dates.",
            opens_at=opens_at,
            closes_at=closes_at,
        )


class UnknownOption(Invalid):
    """The poll has no option of this number."""

    def __init__(self, poll: Poll) -> None:
        numbers = [option.number for option in poll.options]
        super().__init__(
            f"{numbers[0]}번부터 {numbers[-1]}번 가운데 하나를 골라 주세요.",
            f"Please choose a number from {numbers[0]} to {numbers[-1]}.",
            options=numbers,
        )


@dataclass(frozen=True, slots=True)
class Results:
    """What may be told of a poll. `counts` maps option numbers to votes; None before closing."""

    closed: bool
    participants: int
    counts: dict[int, int] | None


def in_language(texts: Mapping[str, str], language: str) -> str:
    """Return the text in `language`, else in English, else in Korean."""
    return texts.get(language) or texts.get("en") or texts["ko"]


def _open_now() -> ColumnElement[bool]:
    # The clock itself, not the time at which the transaction began, which may be long ago.
    now = func.clock_timestamp()
    return and_(Poll.opens_at <= now, now < Poll.closes_at)


async def open_polls(session: AsyncSession) -> Sequence[Poll]:
    """Return the polls that take votes now, those that close first in front."""
    rows = await session.scalars(select(Poll).where(_open_now()).order_by(Poll.closes_at, Poll.id))
    return rows.all()


async def around_now(session: AsyncSession) -> Sequence[Poll]:
    """Return polls that closed in the last ninety days or are still to open, the nearest first."""
    now = func.clock_timestamp()
    rows = await session.scalars(
        select(Poll)
        .where(or_(Poll.opens_at > now, Poll.closes_at.between(now - _REMEMBERED, now)))
        .order_by(func.abs(func.extract("epoch", Poll.closes_at - now)), Poll.id)
        .limit(20)
    )
    return rows.all()


async def search(session: AsyncSession, *, limit: int, offset: int) -> tuple[Sequence[Poll], int]:
    """Return a page of all polls, newest first, and how many there are."""
    total = await session.scalar(select(func.count()).select_from(Poll))
    page = await session.scalars(select(Poll).order_by(Poll.id.desc()).limit(limit).offset(offset))
    return page.all(), total or 0


async def get(session: AsyncSession, poll_id: int) -> Poll:
    """Return a poll with its options.

    Raises: NotFound.
    """
    found = await session.get(Poll, poll_id)
    if found is None:
        raise NotFound("이 투표를 찾을 수 없어요.", "There is no such poll.")
    return found


async def create(
    session: AsyncSession,
    *,
    title: dict[str, str],
    description: dict[str, str],
    options: Sequence[dict[str, str]],
    opens_at: datetime,
    closes_at: datetime,
    actor: str,
    eligibility: dict[str, str] | None = None,
) -> Poll:
    """Put a question to citizens; texts are by language, options are numbered from 1.

    `eligibility` says who may take part, where that is not everybody with a phone of their own.

    Votes count in `[opens_at, closes_at)`, by the database's clock.
    """
    poll = Poll(
        title=title,
        description=description,
        eligibility=eligibility or {},
        secret=secrets.token_bytes(32),
        opens_at=opens_at,
        closes_at=closes_at,
        options=[PollOption(number=n, title=text) for n, text in enumerate(options, start=1)],
    )
    session.add(poll)
    await session.flush()
    audit.record(session, actor, "poll.created", f"poll:{poll.id}", options=len(options))
    return poll


def voter_key(poll: Poll, phone_e164: str) -> bytes:
    """Return the mark that stands for a phone in this poll alone.

    Raises: ValueError when the phone is not in E.164: another way of writing it would be
    another voter.
    """
    if not _E164.fullmatch(phone_e164):
        raise ValueError("a voter's phone must be in E.164")
    return hmac.new(poll.secret, phone_e164.encode(), hashlib.sha256).digest()


async def vote(
    session: AsyncSession, poll: Poll, phone_e164: str, option_number: int, channel: str
) -> str:
    """Count one vote of a verified phone, and return the receipt: twelve digits by chance.

    Who took part and what was chosen share nothing, and the receipt belongs to the taking part.

    The constraint on participations decides who was first. No audit line is written: its time
    and order would lead from the ballot to the voter.

    Raises: UnknownOption, PollClosed, AlreadyVoted.
    """
    if option_number not in {option.number for option in poll.options}:
        raise UnknownOption(poll)
    period = await session.execute(
        select(Poll.opens_at, Poll.closes_at, _open_now()).where(Poll.id == poll.id)
    )
    opens_at, closes_at, is_open = period.one()
    if not is_open:
        raise PollClosed(opens_at, closes_at)
    key = voter_key(poll, phone_e164)
    receipt: str | None = await session.scalar(
        insert(Participation)
        .values(poll_id=poll.id, voter_key=key, channel=channel, receipt=_receipt())
        .on_conflict_do_nothing(index_elements=[Participation.poll_id, Participation.voter_key])
        .returning(Participation.receipt)
    )
    if receipt is None:
        raise AlreadyVoted(
            await session.scalar(
                select(Participation.receipt).where(
                    Participation.poll_id == poll.id, Participation.voter_key == key
                )
            )
        )
    await session.execute(insert(Ballot).values(poll_id=poll.id, option_number=option_number))
    return receipt


def _receipt() -> str:
    # Long enough that no two are ever the same; in groups, as they are read aloud.
    digits = f"{secrets.randbelow(9 * 10**11) + 10**11}"
    return "-".join((digits[:4], digits[4:8], digits[8:]))


async def results(session: AsyncSession, poll: Poll) -> Results:
    """Return what may be told of a poll now.

    Until it closes only the number of participants is told: whoever reads the counts before and
    after somebody's vote would know the vote, so that hiding small counts alone does not help.
    Once it has closed the counts are exact; they are of the whole poll, never of a group in it.
    """
    closed = await session.scalar(
        select(func.clock_timestamp() >= Poll.closes_at).where(Poll.id == poll.id)
    )
    participants = await session.scalar(
        select(func.count()).select_from(Participation).where(Participation.poll_id == poll.id)
    )
    if not closed:
        return Results(closed=False, participants=participants or 0, counts=None)
    counted = await session.execute(
        select(Ballot.option_number, func.count())
        .where(Ballot.poll_id == poll.id)
        .group_by(Ballot.option_number)
    )
    votes = dict(counted.all())
    return Results(
        closed=True,
        participants=participants or 0,
        counts={option.number: votes.get(option.number, 0) for option in poll.options},
    )
