"""What the broadcast API takes and gives. The actor is never in a body."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from broadcasts.content import LONG_LIMIT

Language = Literal["ko", "en", "zh", "ja", "vi"]
Environment = Literal["live", "exercise", "test"]
Level = Literal["critical", "emergency", "advisory"]
Fact = Literal["sender", "time", "what", "where", "why", "action", "where_to_go", "contact"]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Ring = Annotated[list[tuple[Latitude, Longitude]], Field(min_length=3, max_length=250)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Words = Annotated[str, StringConstraints(max_length=LONG_LIMIT)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC)),
]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Draft(BaseModel):
    """The content of a broadcast: what an author writes. Languages left empty are not sent.

    `polygons` are rings of [latitude, longitude] (WGS 84), each an area of its own. `send_at` is
    when it goes out, if it is approved by then; without it the approval sends at once.
    """

    model_config = ConfigDict(extra="forbid")

    environment: Environment
    hazard: Key = "other"
    level: Level = "emergency"
    title: Title
    facts: dict[Language, dict[Fact, Words]] = {}
    texts: dict[Language, Words]
    long_texts: dict[Language, Words] = {}
    correction: dict[Language, Words] = {}
    all_clear: dict[Language, Words] = {}
    districts: Annotated[list[str], Field(max_length=50)] = []
    polygons: Annotated[list[Ring], Field(max_length=20)] = []
    send_at: Moment | None = None
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
    hazard: str
    level: Level
    title: str
    facts: dict[str, dict[str, str]]
    texts: dict[str, str]
    long_texts: dict[str, str]
    correction: dict[str, str]
    all_clear: dict[str, str]
    districts: list[str]
    polygons: list[Any]
    status: str
    mode: Literal["live", "training"]
    version: int
    content_hash: str
    send_at: datetime | None
    expires_at: datetime
    created_by: int | None
    drafted_by_key: int | None
    created_at: datetime
    submitted_by: int | None
    submitted_at: datetime | None
    approved_by: int | None
    approved_at: datetime | None
    breakglass_id: UUID | None
    halted_at: datetime | None
    halted_reason: str | None
    resumed_by: int | None
    resumed_at: datetime | None
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
    kind: Literal["alert", "correction", "update", "all_clear", "reminder"]
    audience: int
    counts: dict[str, int]
    expires_at: datetime


class Outcomes(BaseModel):
    """What became of a broadcast: its alert, and its correction where there is one."""

    broadcast: UUID
    status: str
    events: list[EventOutcomes]
