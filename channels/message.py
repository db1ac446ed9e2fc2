"""What crosses a door: a message that came in, the replies that answer it, a message to send."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal
from uuid import UUID

# Of a call: `unclear` is speech that was hardly heard, `unanswered` a transfer that reached nobody.
Kind = Literal[
    "text", "edit", "speech", "keys", "silence", "unclear", "unanswered", "contact", "start",
    "hangup", "blocked",
]  # fmt: skip
Scheme = Literal["phone", "telegram", "kakao", "email", "web", "terminal", "call"]
Owner = Literal["bot", "queue", "agent"]
Opted = Literal["stop", "start", "help"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing the citizen can answer with: `id` is what counts, `title` what is shown."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to the citizen, before a channel gives it its own form.

    `spoken` replaces `text` on voice where the written form holds what a voice must not read.
    `ask_phone` asks the channel to offer its own way of proving a phone number, where it has one.
    `transfer` hands a call over to people. `slow` asks a voice to speak slowly, `keys_only` a
    call to listen to keys and not to speech.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    spoken: str | None = None
    ask_phone: bool = False
    transfer: bool = False
    delivery: int | None = None
    slow: bool = False
    keys_only: bool = False


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture as it came, at most a few megabytes; what it says of its maker is still in it."""

    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Location:
    """A point that the citizen shared, in degrees of WGS 84, and its name where one came along."""

    latitude: float
    longitude: float
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message from a citizen, as its channel understood it.

    `scheme` and `address` name who wrote (phone numbers in E.164); `channel` how. `external_id`
    is the provider's own id, unique within the channel: the same one twice is the same message.
    `confidence` (0..1) is the recogniser's, for speech. `phone` is a number that the channel
    itself vouches for (E.164): the sender of an SMS, the caller, a contact shared on Telegram.
    `photos_missed` counts pictures that were sent and did not come through: too large, of a kind
    we can't show, or not handed over. `uploads` are the ids of photos that were uploaded for this
    message before it came. `pressed` is the delivery whose button was pressed, where
    the button says so. The kind `edit` is the new wording of something said before.
    `in_place` says whether the answer goes into the response to this very request; None: as the
    channel usually does. `provider` is who brought the message, where the channel has several, and
    `opted` the order in it that the provider itself has obeyed and answered.
    """

    channel: str
    scheme: Scheme
    address: str
    external_id: str
    text: str
    kind: Kind = "text"
    confidence: float | None = None
    phone: str | None = None
    language: str | None = None
    photos: tuple[Photo, ...] = ()
    photos_missed: int = 0
    uploads: tuple[UUID, ...] = ()
    location: Location | None = None
    pressed: int | None = None
    in_place: bool | None = None
    provider: str | None = None
    opted: Opted | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an incoming message: who owns the conversation now, and what to say."""

    conversation: str
    language: str
    owner: Owner
    replies: tuple[Reply, ...] = ()
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way out: `id` is our delivery's, and comes back in status callbacks.

    `provider` is who shall carry it, where the channel has several. `skip` is how many of its parts
    an earlier try has sent: only the others go out now.
    `photo_url` is a link to a JPEG that goes with it, for the provider or the citizen to
    fetch: good for three days, and open to whoever holds it. `environment` is live, exercise or
    test: whose accounts carry it.
    """

    id: int
    address: str
    text: str
    choices: tuple[Choice, ...] = ()
    language: str = "ko"
    ask_phone: bool = False
    provider: str | None = None
    skip: int = 0
    photo_url: str | None = None
    environment: str = "live"


@dataclass(frozen=True, slots=True)
class Sent:
    """A provider took the message. `external_ids` holds the ids of the parts sent now, in order.

    `parts` is how many the whole message has. `provider` is who took it; None: the channel's only
    one, which is called like the channel.
    """

    external_ids: tuple[str, ...] = field(default=())
    parts: int = 1
    provider: str | None = None


class DeliveryState(StrEnum):
    """How far a message came, as a provider reports it; the order of rank is `delivery`'s."""

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """A provider's word on one part of a message: by our own `delivery` id, or its `external_id`.

    `provider` is who says so (None: the one called like the channel); its word counts for nothing
    but what it carried itself. `parts` is how many parts the whole message has, where the report
    knows: a message has arrived when all of them have. `state` is None for a word that we do not
    know, which is the `code` then.
    """

    channel: str
    state: DeliveryState | None
    delivery: int | None = None
    external_id: str | None = None
    code: str | None = None
    provider: str | None = None
    parts: int | None = None


OnMessage = Callable[[Incoming], Awaitable[Answer]]
OnStatus = Callable[[StatusUpdate], Awaitable[None]]
