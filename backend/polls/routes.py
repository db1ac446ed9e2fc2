"""`/api/v1/polls`: the staff's view of polls; citizens vote through the bot."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from backend.context import Session
from backend.models.staff import ROLES
from backend.polls import service
from backend.polls.schemas import OptionCount, PollIn, PollList, PollOut, ResultsOut
from backend.security import Actor, require

router = APIRouter(prefix="/api/v1/polls", tags=["polls"])

Anyone = Annotated[Actor, Depends(require(*ROLES))]
Creator = Annotated[Actor, Depends(require("officer", "admin"))]


@router.get("")
async def list_polls(
    _: Anyone,
    session: Session,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> PollList:
    """List polls, newest first: open, closed, and yet to open."""
    page, total = await service.search(session, limit=limit, offset=offset)
    return PollList(items=[PollOut.model_validate(poll) for poll in page], total=total)


@router.post("", status_code=201)
async def create_poll(poll: PollIn, actor: Creator, session: Session) -> PollOut:
    """Put a question to citizens."""
    created = await service.create(
        session,
        title=poll.title,
        description=poll.description,
        options=poll.options,
        opens_at=poll.opens_at,
        closes_at=poll.closes_at,
        actor=actor.label,
        eligibility=poll.eligibility,
    )
    return PollOut.model_validate(created)


@router.get("/{poll_id}")
async def get_poll(poll_id: int, _: Anyone, session: Session) -> PollOut:
    """Show one poll."""
    return PollOut.model_validate(await service.get(session, poll_id))


@router.get("/{poll_id}/results")
async def poll_results(poll_id: int, _: Anyone, session: Session) -> ResultsOut:
    """Tell how many took part, and, once the poll has closed, what they chose."""
    poll = await service.get(session, poll_id)
    outcome = await service.results(session, poll)
    return ResultsOut(
        poll=poll.id,
        closed=outcome.closed,
        participants=outcome.participants,
        options=[
            OptionCount(
                number=option.number,
                title=option.title,
                count=None if outcome.counts is None else outcome.counts[option.number],
            )
            for option in poll.options
        ],
    )
