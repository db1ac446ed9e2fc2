"""The contract of a channel, and the closed family of ways a send can go wrong."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar, runtime_checkable

from fastapi import APIRouter

from channels.message import OnMessage, OnStatus, Outgoing, Scheme, Sent, StatusUpdate

Part = TypeVar("Part")


class SendError(Exception):
    """A message was not, or perhaps not, sent. The channel says what happened; `delivery` decides.

    `code` is the provider's own code or a short word; it never holds an address or a text.
    `retry_after` (seconds) is what the provider asked for. Where some parts of a long message are
    out, `sent` holds their ids and `parts` how many the whole has.
    """

    def __init__(
        self,
        code: str,
        retry_after: float | None = None,
        *,
        sent: tuple[str, ...] = (),
        parts: int = 1,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after
        self.sent = sent
        self.parts = parts


class Retryable(SendError):
    """Refused before it was taken (no connection, 5xx that says so): safe to try again."""


class Throttled(Retryable):
    """The provider asks its whole account to slow down, for `retry_after` seconds where it says."""


class Rejected(SendError):
    """This message can't be sent to this address, now or later: no such number, not allowed."""


class Stopped(Rejected):
    """The citizen closed this door (opted out, blocked the bot): suppress the address."""


class Content(Rejected):
    """These words can't be sent this way: empty, too long, characters or a template refused."""


class Unknown(SendError):
    """It may or may not have been sent (the answer was lost): never silently sent again."""


class DoorError(Exception):
    """A request that a door turns away, for the composition to show as problem+json.

    `title` names the problem and `detail` says what to do, both in the caller's language; neither
    ever repeats what was sent.
    """

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Provider:
    """Who carries a channel's messages: one account, with a pace and a health of its own.

    `per_second` is how many messages the account takes (None: as many as come). After
    `reports_within` seconds without a last word on a message it accepted, nobody knows what became
    of it; None: it never reports, and accepted is its last word.
    """

    name: str
    per_second: float | None = None
    reports_within: float | None = None


class Channel(Protocol):
    """A door. `name` is its word in our tables, `scheme` the kind of address it writes to.

    `pushes` tells whether `send` reaches a citizen who is not talking right now; `in_place`
    whether the answer to a message is rendered into the response to its request.
    """

    name: str
    scheme: Scheme
    pushes: bool
    in_place: bool

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:
        """Return the routes this channel listens on, which hand over what they verified."""
        ...

    async def send(self, message: Outgoing) -> Sent:
        """Send one message; raise a `SendError` that says what happened."""
        ...

    async def close(self) -> None:
        """Let go of the connections to the provider; the channel is not used afterwards."""
        ...


@runtime_checkable
class Routed(Protocol):
    """A channel that says who carries its messages: several providers, or one with a pace."""

    def providers(self, address: str) -> Sequence[Provider]:
        """Return who can carry a message to `address`, the first choice first."""
        ...


@runtime_checkable
class Exercised(Protocol):
    """A channel that keeps the accounts of exercises and tests apart from those of real alerts."""

    def exercise_providers(self, address: str) -> Sequence[Provider]:
        """Return who can carry an exercise to `address`, the first choice first."""
        ...


@runtime_checkable
class Traceable(Protocol):
    """A channel that can ask its provider what became of a message."""

    async def look_up(
        self, message: Outgoing, known: Sequence[str], since: datetime
    ) -> list[StatusUpdate]:
        """Return what the provider knows of `message`, sent at `since` or a little later.

        `known` are the ids that it gave parts of it. What it does not know is left out: a list may
        lag behind, so that silence proves nothing. Raises: a SendError when it can't be asked.
        """
        ...


def providers_of(channel: Channel, address: str, environment: str = "live") -> Sequence[Provider]:
    """Return who can carry a message of `channel` to `address`, the first choice first.

    What is not `live` has accounts of its own, where the channel keeps them apart. A channel that
    does not say has one provider, called like itself, without limits or reports.
    """
    if environment != "live" and isinstance(channel, Exercised):
        return channel.exercise_providers(address)
    if isinstance(channel, Routed):
        return channel.providers(address) or (Provider(channel.name),)
    return (Provider(channel.name),)


def traceable(channel: Channel | None) -> Traceable | None:
    """Return `channel` as one that can ask what became of a message; None where it can't."""
    found: object = channel
    return found if isinstance(found, Traceable) else None


def carrier_of(channel: Channel, address: str, name: str | None) -> Provider:
    """Return the provider called `name`, or the first choice for `address` where it is not known.

    It is how a channel names who brought a message and takes the answer to it in place.
    """
    known = [*providers_of(channel, address), *providers_of(channel, address, "exercise")]
    return next((each for each in known if each.name == name), known[0])


async def send_parts(
    parts: Sequence[Part], skip: int, post: Callable[[int, Part], Awaitable[str]]
) -> Sent:
    """Send the parts of a message after the first `skip`, one by one.

    `post` takes a part's place (from 1) and the part, and returns the provider's id of it.

    Raises: Content when there is nothing to send; what `post` raises, with the parts that are out.
    """
    if not parts:
        raise Content("empty")
    ids: list[str] = []
    for place, part in enumerate(parts[skip:], skip + 1):
        try:
            ids.append(await post(place, part))
        except SendError as error:
            error.sent, error.parts = tuple(ids), len(parts)
            raise
    return Sent(tuple(ids), len(parts))
