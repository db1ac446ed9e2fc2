"""What stands before the simulated providers: it notes every request, and misbehaves on purpose.

The simulator's own faults are the usual ones; here is what a test wants of one request alone: an
answer that no JSON is, a redirect, a stated time to wait, or silence after the message was taken.
"""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to a request: an answer of `status` and `body` instead of the provider's own.

    With `taken` the provider takes the message first, and without a `status` it answers itself;
    `seconds` is how long the answer takes, and `held` keeps it until it is set.
    """

    status: int | None = 200
    body: bytes = b"{}"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    taken: bool = False
    seconds: float = 0.0
    held: threading.Event | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A request to send: when it came (monotonic seconds), whom to ask and whom to reach."""

    at: float
    provider: str
    to: str


@dataclass
class Front:
    """An ASGI app before the simulator.

    `faults` by provider and `to` by address are used up one by one; `always` happens to the rest of
    a provider's requests.
    """

    app: App
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    always: dict[str, Fault] = field(default_factory=dict)
    to: dict[str, list[Fault]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or have it answered."""
        provider = _provider(scope)
        if provider is None:
            await self.app(scope, receive, send)
            return
        body = await _body(receive)
        fault = self._note(provider, _to(provider, body))

        async def again() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        if fault is None:
            await self.app(scope, again, send)
            return
        said: list[MutableMapping[str, Any]] = []

        async def keep(event: MutableMapping[str, Any]) -> None:
            said.append(event)

        if fault.taken or fault.status is None:
            await self.app(scope, again, keep)
        await asyncio.sleep(fault.seconds)
        while fault.held is not None and not fault.held.is_set():
            await asyncio.sleep(0.02)
        if fault.status is None:
            for event in said:
                await send(event)
            return
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(fault.body)).encode()),
            *fault.headers,
        ]
        await send({"type": "http.response.start", "status": fault.status, "headers": headers})
        await send({"type": "http.response.body", "body": fault.body})

    def of(self, provider: str) -> list[Seen]:
        """Return the requests to one provider, in order."""
        return [each for each in self.seen if each.provider == provider]

    def _note(self, provider: str, to: str) -> Fault | None:
        with self._lock:
            self.seen.append(Seen(time.monotonic(), provider, to))
            waiting = self.faults.get(provider) or self.to.get(to)
            return waiting.pop(0) if waiting else self.always.get(provider)


def _provider(scope: Scope) -> str | None:
    """Return whose way to send a request is; None for every other one."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return None
    path: str = scope["path"]
    if path.endswith("/Messages.json"):
        return "twilio"
    if path.startswith("/sms/v3.0/"):
        return "korea"
    return "telegram" if path.lower().endswith("/sendmessage") else None


def _to(provider: str, body: bytes) -> str:
    if provider == "korea":
        number = str(json.loads(body)["recipientList"][0]["recipientNo"])
        return "+82" + number.removeprefix("0")
    fields = dict(parse_qsl(body.decode()))
    return fields.get("To") or fields.get("chat_id") or ""


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    return body
