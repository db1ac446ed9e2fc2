"""The answers to an alert, and how it went over time, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from backend.context import Session
from backend.security import Actor, require
from backend.staff.second_factor import Fresh
from broadcasts import answers, live, progress, service, unknown
from broadcasts.signals import Signals

router = APIRouter(tags=["broadcasts"])


class Answers(BaseModel):
    """What people answered, district by district."""

    items: list[answers.DistrictAnswers]
    total: int


class Reminded(BaseModel):
    """How many are asked once more."""

    people: int


@router.get("/api/v1/broadcasts/{broadcast_id}/answers")
async def answers_by_district(
    session: Session,
    actor: Annotated[Actor, Depends(require(*live.READERS))],  # noqa: ARG001
    broadcast_id: UUID,
) -> Answers:
    """Return whom it reached, who is safe, who needs help and who is silent, by district."""
    await service.get(session, broadcast_id)
    found = await answers.by_district(session, broadcast_id)
    return Answers(items=found, total=len(found))


@router.get("/api/v1/broadcasts/{broadcast_id}/timeline")
async def read_timeline(
    session: Session,
    actor: Annotated[Actor, Depends(require(*live.READERS))],  # noqa: ARG001
    broadcast_id: UUID,
) -> progress.Timeline:
    """Return how the alert stood over time, until now; no points where nothing was sent."""
    await service.get(session, broadcast_id)
    found = await progress.timeline(session, broadcast_id)
    return found or progress.Timeline(audience=0, points=[])


@router.post("/api/v1/broadcasts/{broadcast_id}/remind")
async def remind(
    session: Session,
    signals: Signals,
    actor: Annotated[Actor, Depends(require("author", "approver", "operator"))],
    broadcast_id: UUID,
) -> Reminded:
    """Ask those who have not answered once more."""
    event = await answers.remind(session, actor, broadcast_id)
    signals.changed(broadcast_id)
    return Reminded(people=event.audience)


class Resend(BaseModel):
    """For how many minutes nothing must have been known of those who are sent it again."""

    model_config = ConfigDict(extra="forbid")

    minutes: Annotated[int, Field(ge=5, le=240)] = unknown.AFTER_MINUTES


class Resent(BaseModel):
    """How many are sent the alert once more, over another channel."""

    people: int


@router.post("/api/v1/broadcasts/{broadcast_id}/resend")
async def resend(
    request: Request,
    session: Session,
    signals: Signals,
    actor: Annotated[Actor, Depends(require("approver", "operator"))],
    fresh: Fresh,  # noqa: ARG001 - the second factor is what counts
    broadcast_id: UUID,
    body: Resend | None = None,
) -> Resent:
    """Send a live alert of the highest level again to those of whom nothing is known."""
    channels = getattr(request.app.state, "channels", {})
    minutes = (body or Resend()).minutes
    people = await unknown.resend(session, actor, broadcast_id, channels, minutes)
    signals.changed(broadcast_id)
    return Resent(people=people)
