"""What the desk sends and receives."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo, field_validator

from backend.handoff.service import Outcome
from backend.handoff.states import State
from channels.inbound import clean_text
from channels.message import Owner

TEXT_MAX = 2000


def _cleaned(text: str) -> str:
    return clean_text(text).strip()


def _words(text: str) -> str:
    cleaned = _cleaned(text)
    if not cleaned:
        raise ValueError("the text is empty")
    return cleaned


Words = Annotated[str, Field(max_length=TEXT_MAX), AfterValidator(_words)]
ClientId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]


class AgentOut(BaseModel):
    """The person who owns a conversation."""

    id: int
    name: str


class ChoiceOut(BaseModel):
    """A quick reply the citizen was offered."""

    id: str
    title: str


class PhotoOut(BaseModel):
    """A photo of a message: its size in pixels, and links that are good for an hour."""

    id: UUID
    width: int
    height: int
    url: str
    small: str


class PlaceOut(BaseModel):
    """A point that the citizen shared, in degrees of WGS 84."""

    latitude: float
    longitude: float
    name: str | None = None


class DeliveryOut(BaseModel):
    """How far a message to the citizen came."""

    status: str
    reason: str | None


WhatCame = Literal[
    "answered", "missed", "rephrased", "refused", "unhelpful", "person_asked", "handed_over"
]


class MessageOut(BaseModel):
    """One line of a transcript. `intent` is what the bot understood, with its certainty; `top` the
    three likeliest with theirs, `engine` and `model` who said so, `outcome` what came of it.
    """

    seq: int
    author: Literal["citizen", "bot", "agent", "notice", "alert", "note"]
    agent: AgentOut | None
    text: str
    choices: list[ChoiceOut]
    intent: str | None
    confidence: float | None
    top: list[tuple[str, float]]
    engine: str | None
    model: str | None
    outcome: WhatCame | None
    delivery: DeliveryOut | None
    photos: list[PhotoOut]
    location: PlaceOut | None
    at: datetime


class ConversationItem(BaseModel):
    """A conversation in a list. `citizen` is a masked address; `waiting_seconds` runs from the
    request until somebody claims; `last` is what the citizen said last; `urgency` (0 to 2) puts
    who is in danger in front.
    """

    id: UUID
    state: State
    owner: Owner
    agent: AgentOut | None
    channel: str
    language: str
    citizen: str
    reason: str | None
    urgency: int = 0
    requested_at: datetime | None
    waiting_seconds: int | None
    last: str | None
    last_author: str | None
    last_seq: int
    updated_at: datetime


class ConversationList(BaseModel):
    """A page of conversations and how many there are."""

    items: list[ConversationItem]
    total: int


class Counts(BaseModel):
    """How many conversations are in each list of the desk, whatever the filters."""

    queued: int = 0
    callback: int = 0
    active: int = 0
    mine: int = 0


class HandoffList(ConversationList):
    """The desk's list. `on_duty` counts the agents who take conversations."""

    counts: Counts
    on_duty: int


class Transcript(BaseModel):
    """A conversation, what the bot handed over with it, and its messages after `since`.

    `callback_phone` (E.164) is the number to call, where a call was promised.
    """

    conversation: ConversationItem
    packet: dict[str, Any] | None
    callback_phone: str | None
    outcome: str | None
    messages: list[MessageOut]


class HandoffState(BaseModel):
    """What a write leads to; `message` is what it added to the transcript, if anything."""

    conversation: UUID
    state: State
    owner: Owner
    agent: AgentOut | None
    last_seq: int
    message: int | None = None


class Write(BaseModel):
    """Words of an agent; the same `client_id` again has no second effect."""

    text: Words
    client_id: ClientId


class Answer(BaseModel):
    """What an agent sends to the citizen: words, or a photo that was uploaded before, or both."""

    photo: UUID | None = None
    text: Annotated[str, Field(max_length=TEXT_MAX, validate_default=True)] = ""
    client_id: ClientId

    @field_validator("text")
    @classmethod
    def _says_something(cls, text: str, info: ValidationInfo) -> str:
        return _cleaned(text) if info.data.get("photo") else _words(text)


class Close(BaseModel):
    """What came of a conversation."""

    outcome: Outcome


class Heartbeat(BaseModel):
    """An open desk; `taking` says whether new conversations may come."""

    taking: bool = True


class Presence(BaseModel):
    """How many agents take conversations, and when to send the next heartbeat at the latest."""

    on_duty: int
    expires_in: int
