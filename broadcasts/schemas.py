"""What the broadcast API takes and gives. The actor is never in a body."""

from datetime import UTC, datetime
from decimal import Decimal
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
Hash = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
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
    """What the approver saw, and the number of people, typed by hand.

    `again` sends the same words to the same area although that was done within half an hour.
    """

    content_hash: Hash
    audience: Annotated[int, Field(ge=0)]
    again: bool = False


class Explained(Seen):
    """The version and why it goes back or is refused."""

    reason: Reason


class AudienceQuery(BaseModel):
    """An area whose people are to be counted."""

    model_config = ConfigDict(extra="forbid")

    districts: Annotated[list[str], Field(max_length=50)] = []
    polygons: Annotated[list[Ring], Field(max_length=20)] = []
    languages: list[Language] = ["ko"]
    level: Level = "emergency"


class Drawn(BaseModel):
    """Areas as somebody drew or typed them: lines of latitude and longitude, or GeoJSON."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(max_length=40_000)]


class Held(BaseModel):
    """Why an alert is held."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class SwitchChange(BaseModel):
    """Where the great switch is put, and why."""

    model_config = ConfigDict(extra="forbid")

    to: Literal["live", "training", "stopped", "released"]
    reason: Reason


class SwitchOut(BaseModel):
    """How the house stands; nothing is sent while `stopped_at` is set."""

    model_config = ConfigDict(from_attributes=True)

    mode: Literal["live", "training"]
    stopped_at: datetime | None
    changed_by: int | None
    changed_at: datetime
    reason: str | None


class UpdateIn(BaseModel):
    """New words for those who may have got an alert."""

    model_config = ConfigDict(extra="forbid")

    texts: dict[Language, Words]
    long_texts: dict[Language, Words] = {}


class UpdateOut(BaseModel):
    """An update; its event exists once another person approved it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    broadcast_id: UUID
    texts: dict[str, str]
    long_texts: dict[str, str]
    content_hash: str
    written_by: int
    written_at: datetime
    approved_by: int | None
    approved_at: datetime | None
    event_id: UUID | None


class UpdateSeen(BaseModel):
    """The words of an update that its approver saw."""

    model_config = ConfigDict(extra="forbid")

    content_hash: Hash


class TemplateIn(BaseModel):
    """Words for sending alone. The Korean ones have 90 characters at most."""

    model_config = ConfigDict(extra="forbid")

    hazard: Key = "other"
    level: Level = "emergency"
    title: Title
    texts: dict[Language, Words]
    long_texts: dict[Language, Words] = {}
    correction: dict[Language, Words]
    all_clear: dict[Language, Words]


class TemplateOut(BaseModel):
    """A template; it can be used once another person than its writer approved it."""

    model_config = ConfigDict(from_attributes=True)

    key: str
    hazard: str
    level: Level
    title: str
    texts: dict[str, str]
    long_texts: dict[str, str]
    correction: dict[str, str]
    all_clear: dict[str, str]
    content_hash: str
    created_by: int
    created_at: datetime
    approved_by: int | None
    approved_at: datetime | None


class BreakGlassIn(BaseModel):
    """Which template is sent alone, where, why, and the number of people, typed by hand.

    `again` sends what went to the same area a moment ago: a button pressed twice sends once.
    """

    model_config = ConfigDict(extra="forbid")

    template: Key
    environment: Literal["live", "exercise"] = "live"
    districts: Annotated[list[str], Field(max_length=50)] = []
    polygons: Annotated[list[Ring], Field(max_length=20)] = []
    reason: Reason
    audience: Annotated[int, Field(ge=0)]
    again: bool = False


class BreakGlassOut(BaseModel):
    """One sending alone; its review is open while `reviewed_at` is empty."""

    id: UUID
    broadcast: UUID
    actor: int
    template: str
    reason: str
    at: datetime
    paged_at: datetime | None
    reviewed_by: int | None
    reviewed_at: datetime | None
    findings: str | None


class Findings(BaseModel):
    """What the review of a sending alone found."""

    model_config = ConfigDict(extra="forbid")

    findings: Reason


class Call(BaseModel):
    """What a member of staff was called about: `broke-glass`, `halted`, `not-approved`…"""

    model_config = ConfigDict(from_attributes=True)

    id: int
    why: str
    broadcast_id: UUID | None
    breakglass_id: UUID | None
    at: datetime


class Reach(BaseModel):
    """How many an alert had reached, or may have, when it was stopped, and how many it had not."""

    already_out: int
    stopped: int


class AudienceOut(BaseModel):
    """How many people an alert would reach now.

    `touched` are the districts that its polygons touch and nobody named; `without_place` are the
    people who are meant for one of these alone, and of whom no place is known.
    """

    people: int
    by_channel: dict[str, int]
    by_language: dict[str, int]
    without_place: int = 0
    touched: list[str] = []


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


class Stopped(BroadcastOut):
    """A broadcast that was cancelled or cleared, and how far it had come."""

    reach: Reach


class BroadcastList(BaseModel):
    """A page of broadcasts, the newest first."""

    items: list[BroadcastOut]
    total: int


class ChannelCost(BaseModel):
    """A text on one channel in one language: its form, parts and length for one person.

    `won` is for all `people`; None where no price is set. `legible` is false where the language
    can't be written there, `lost` counts characters that would not arrive.
    """

    channel: str
    language: str
    people: int
    form: str
    parts: int
    length: int
    measure: str
    legible: bool
    lost: int
    won: Decimal | None


class ChannelTime(BaseModel):
    """How long a channel takes at its account's pace; None where no pace limits it."""

    channel: str
    people: int
    per_second: float | None
    minutes: int | None


class Review(BaseModel):
    """What an approver decides on, in numbers; `by_district` counts who chose two in both.

    Of what was sent they are the numbers that were approved. Its people by district are told by
    its answers then, and `by_district` is empty.

    `last_way` is what it takes at the very most to call those whom nothing else reaches: everybody.
    It is None where nobody is called: no account for it, or a level that wakes nobody up.
    """

    broadcast: BroadcastOut
    audience: AudienceOut
    by_district: dict[str, int]
    resolver: str
    costs: list[ChannelCost]
    won: Decimal | None
    times: list[ChannelTime]
    last_way: ChannelTime | None = None


class EventOutcomes(BaseModel):
    """What became of one event: `counts` holds every state, and sums to `audience`."""

    id: UUID
    kind: Literal["alert", "correction", "update", "all_clear", "reminder"]
    audience: int
    counts: dict[str, int]
    expires_at: datetime


class Outcomes(BaseModel):
    """What became of a broadcast by `at`: its alert, and its correction where there is one."""

    broadcast: UUID
    status: str
    at: datetime
    events: list[EventOutcomes]
