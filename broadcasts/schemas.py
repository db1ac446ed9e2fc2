"""What the broadcast API takes and gives. The actor is never in a body."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from broadcasts.content import LONG_LIMIT

Language = Literal["ko", "en", "zh", "ja", "vi"]
Environment = Literal["live", "exercise", "test"]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Words = Annotated[str, StringConstraints(max_length=LONG_LIMIT)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC)),
]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Draft(BaseModel):
    """The content of a broadcast: what an author writes. Languages left empty are not sent."""

    model_config = ConfigDict(extra="forbid")

    environment: Environment
    title: Title
    texts: dict[Language, Words]
    correction: dict[Language, Words] = {}
    districts: Annotated[list[str], Field(max_length=50)] = []
    expires_at: Moment


class Edit(Draft):
    """A new content for the version that the author saw."""

    version: Version


class Seen(BaseModel):
    """The version that the caller saw; a later one refuses the call."""

    model_config = ConfigDict(extra="forbid")

    version: Version


class Approval(Seen):
    """What the approver saw, and the number of people, typed by hand."""

    content_hash: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    audience: Annotated[int, Field(ge=0)]


class Explained(Seen):
    """The version and why it goes back or is refused."""

    reason: Reason


class AudienceOut(BaseModel):
    """How many people an alert would reach now."""

    people: int
    by_channel: dict[str, int]
    by_language: dict[str, int]


class BroadcastOut(BaseModel):
    """A broadcast; people of the staff by id."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    environment: Environment
    title: str
    texts: dict[str, str]
    correction: dict[str, str]
    districts: list[str]
    status: str
    version: int
    content_hash: str
    expires_at: datetime
    created_by: int
    created_at: datetime
    submitted_by: int | None
    submitted_at: datetime | None
    approved_by: int | None
    approved_at: datetime | None
    cancelled_by: int | None
    cancelled_at: datetime | None
    reason: str | None


class BroadcastDetail(BroadcastOut):
    """A broadcast with whom it would reach now."""

    audience: AudienceOut


class BroadcastList(BaseModel):
    """A page of broadcasts, the newest first."""

    items: list[BroadcastOut]
    total: int


class EventOutcomes(BaseModel):
    """What became of one event: `counts` holds every state, and sums to `audience`."""

    id: UUID
    kind: Literal["alert", "correction"]
    audience: int
    counts: dict[str, int]
    expires_at: datetime


class Outcomes(BaseModel):
    """What became of a broadcast: its alert, and its correction where there is one."""

    broadcast: UUID
    status: str
    events: list[EventOutcomes]
