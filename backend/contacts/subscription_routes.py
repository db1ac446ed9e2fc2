"""`/api/v1/subscriptions`: how many citizens get alerts, and nothing of who they are."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from backend.contacts import subscriptions
from backend.context import Session
from backend.security import Actor, require

router = APIRouter(prefix="/api/v1/subscriptions", tags=["subscriptions"])

Official = Annotated[Actor, Depends(require("officer", "author", "approver", "admin"))]


class SubscriptionCount(BaseModel):
    """How many people get the alerts of a district on a channel."""

    district: str
    channel: str
    people: int


class SubscriptionCounts(BaseModel):
    """One item a district and channel; `total` counts the items."""

    items: list[SubscriptionCount]
    total: int


@router.get("")
async def list_subscriptions(_: Official, session: Session) -> SubscriptionCounts:
    """Count who can be reached, by district and channel."""
    items = [
        SubscriptionCount(district=district, channel=channel, people=people)
        for district, channel, people in await subscriptions.counts(session)
    ]
    return SubscriptionCounts(items=items, total=len(items))
