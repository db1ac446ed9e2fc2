"""Tables of payloads: what a provider posts and what the door hears, what we send and how.

A row is a case of its own test. Every row also stands under the watch of `conftest`: nothing
leaves loopback, nothing private reaches the log, no request too many or too few.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from channels.base import Channel, SendError
from channels.message import Incoming, Outgoing, Sent, StatusUpdate
from tests.channels.conftest import Door, Provider

REFUSED = (401, 403)


@dataclass(frozen=True, slots=True)
class Heard:
    """A request as a provider makes it (a form, or JSON), and what the door makes of it."""

    name: str
    path: str
    form: dict[str, str] | None = None
    json: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    messages: tuple[Incoming, ...] = ()
    statuses: tuple[StatusUpdate, ...] = ()
    status: int = 200
    body: str | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def payload(self) -> dict[str, Any]:
        return {"data": self.form} if self.json is None else {"json": self.json}


Sign = Callable[[Heard], Mapping[str, str]]


async def hear(door: Door, case: Heard, sign: Sign) -> httpx.Response:
    """Prove that the door makes of a request what the row says, and nothing of it unsigned."""
    stranger = await door.post(case.path, headers=case.headers, **case.payload)
    assert stranger.status_code in REFUSED
    assert stranger.headers["content-type"] == "application/problem+json"
    assert (door.messages, door.statuses) == ([], [])

    headers = {**case.headers, **sign(case)}
    response = await door.post(case.path, headers=headers, **case.payload)
    assert response.status_code == case.status
    assert (tuple(door.messages), tuple(door.statuses)) == (case.messages, case.statuses)
    if case.body is not None:
        assert response.text == case.body
    return response


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that the provider has to get. Only the headers named here are compared.

    `answer` is its status and body; `hang` and `drop` take the request and say nothing.
    """

    path: str
    form: dict[str, str] | None = None
    json: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    answer: tuple[int, Any] | str = (200, {})
    answer_headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Said:
    """A message to send, the exact requests that carry it, and how that ends."""

    name: str
    message: Outgoing
    requests: tuple[Asked, ...]
    outcome: Sent | SendError

    def __str__(self) -> str:
        return self.name


async def say(channel: Channel, provider: Provider, case: Said) -> None:
    """Prove that a message is sent by exactly the requests of its row and ends as it says."""
    for request in case.requests:
        if isinstance(request.answer, str):
            provider.script.append(request.answer)
        else:
            provider.answers(*request.answer, **request.answer_headers)
    outcome: Sent | SendError
    try:
        outcome = await channel.send(case.message)
    except SendError as error:
        outcome = error
    provider.check()
    for call, request in zip(provider.calls, case.requests, strict=True):
        assert (call.method, call.path) == (request.method, request.path)
        if request.form is not None:
            assert call.form == request.form
        if request.json is not None:
            assert call.json == request.json
        sent = {name: call.headers.get(name.lower()) for name in request.headers}
        assert sent == request.headers
    if isinstance(case.outcome, SendError):
        assert type(outcome) is type(case.outcome)
        assert (outcome.code, outcome.retry_after) == (case.outcome.code, case.outcome.retry_after)
    else:
        assert outcome == case.outcome
