"""The contract of a channel, and the closed family of ways a send can go wrong."""

from typing import Protocol

from fastapi import APIRouter

from channels.message import OnMessage, OnStatus, Outgoing, Scheme, Sent


class SendError(Exception):
    """A message was not, or perhaps not, sent. The channel says what happened; `delivery` decides.

    `code` is the provider's own code or a short word; it never holds an address or a text.
    """

    def __init__(self, code: str, retry_after: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class Retryable(SendError):
    """Refused before it was taken (no connection, 5xx that says so): safe to try again."""


class Throttled(Retryable):
    """The provider asks for a slower pace; `retry_after` in seconds where it says how slow."""


class Rejected(SendError):
    """This message can't be sent to this address, now or later: bad number, bad content."""


class Stopped(Rejected):
    """The citizen closed this door (opted out, blocked the bot): suppress the address."""


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
