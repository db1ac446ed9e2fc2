"""Web chat: a message by POST, what came later by GET, and a WebSocket that says when to look.

A browser makes up a secret session of 128 random bits or more. Only its hash is an address.
"""

import asyncio
import hashlib
import json
import logging
import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Header, Query, Request, WebSocket
from fastapi.websockets import WebSocketDisconnect, WebSocketState
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from channels.base import DoorError, Retryable
from channels.inbound import clean_text, prefers_english, read_body
from channels.message import Answer, Incoming, OnMessage, OnStatus, Outgoing, Owner, Scheme, Sent

SESSION_BITS = 128
SESSION_MAX = 200
TEXT_MAX = 4000
GREETING_SECONDS = 10.0
BAD_GREETING = 1008  # policy violation
COME_BACK = 1013  # try again later

log = logging.getLogger(__name__)

Signal = dict[str, Any]
History = Callable[[str, int], Awaitable[dict[str, Any]]]
Subscribe = Callable[[str], AsyncIterator[Signal]]
Publish = Callable[[str, Signal], Awaitable[None]]

_PROBLEMS = {
    "json": (400, "읽을 수 없는 요청", "요청을 JSON으로 보내 주세요.",
             "Unreadable", "Send the request as JSON."),
    "session": (400, "쓸 수 없는 세션", "128비트 이상의 임의 값으로 만든 세션을 보내 주세요.",
                "Bad session", "Send a session made of at least 128 random bits."),
    "shape": (422, "잘못된 항목", "session, text, message_id, language를 확인해 주세요.",
              "Wrong fields", "Check session, text, message_id and language."),
    "long": (422, "너무 긴 글", f"글을 {TEXT_MAX:,}자 이하로 줄여 주세요.",
             "Too long", f"Shorten the text to {TEXT_MAX:,} characters."),
    "empty": (422, "빈 글", "하실 말씀을 적어 주세요.", "Empty text", "Write your message."),
}  # fmt: skip


class WebMessage(BaseModel):
    """What a browser posts."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    session: str
    text: str
    message_id: str | None = Field(None, min_length=1, max_length=100)
    language: str | None = Field(None, pattern="^[a-z]{2}$")


class WebChoice(BaseModel):
    """One quick reply: `id` is sent back as the text."""

    id: str
    title: str


class WebReply(BaseModel):
    """One message of the answer."""

    text: str
    choices: list[WebChoice]


class WebAnswer(BaseModel):
    """What a posted message is answered with."""

    conversation: str
    language: str
    owner: Owner
    replies: list[WebReply]


class WebChannel:
    """The door of the web chat.

    `history(address, since)` returns what came after message `since`; `subscribe(address)` yields
    signals until it is closed, `publish(address, signal)` sends one. All from the composition.
    """

    name = "web"
    scheme: Scheme = "web"
    pushes = True
    in_place = True

    def __init__(self, history: History, subscribe: Subscribe, publish: Publish) -> None:
        self._history = history
        self._subscribe = subscribe
        self._publish = publish

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:  # noqa: ARG002
        """Return the chat's routes. A browser reports no delivery: `on_status` is not called."""
        router = APIRouter(tags=["web"])
        body = {"application/json": {"schema": WebMessage.model_json_schema()}}

        @router.post(
            "/channels/web/messages",
            openapi_extra={"requestBody": {"required": True, "content": body}},
        )
        async def receive(request: Request) -> WebAnswer:
            """Take a message and answer it; the same `message_id` again gets the same answer."""
            return _present(await on_message(await read_message(request)))

        @router.get("/channels/web/messages")
        async def later(
            request: Request,
            since: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
            x_session: Annotated[str, Header()] = "",
        ) -> dict[str, Any]:
            """Return what came after message `since` to the session in X-Session."""
            address = address_of(x_session)
            if address is None:
                raise _problem("session", request)
            return await self._history(address, since)

        @router.websocket("/channels/web/live")
        async def live(socket: WebSocket) -> None:
            """Say when there is something to fetch; the session comes in the first frame."""
            await socket.accept()
            try:
                address = await _greeting(socket)
            except WebSocketDisconnect:
                return
            if address is None:
                await socket.close(BAD_GREETING, "session")
                return
            await self._pump_until_closed(socket, address)

        return router

    async def send(self, message: Outgoing) -> Sent:
        """Tell the open pages of a citizen that there is a message; the pages fetch it."""
        try:
            await self._publish(message.address, {"type": "changed"})
        except Exception as error:
            # The message is in the history already; only the nudge has to be tried again.
            raise Retryable("signal-lost") from error
        return Sent((str(message.id),))

    async def close(self) -> None:
        """Nothing is held beyond a request."""

    async def _pump_until_closed(self, socket: WebSocket, address: str) -> None:
        """Pass signals on until the browser leaves or the signals end."""
        tasks = {
            asyncio.create_task(self._pump(socket, address)),
            asyncio.create_task(_closed(socket)),
        }
        _, unfinished = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in unfinished:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
                log.warning("live signals broke off: %s", type(result).__name__)
        if socket.client_state is WebSocketState.CONNECTED:
            await socket.close(COME_BACK)

    async def _pump(self, socket: WebSocket, address: str) -> None:
        async for signal in self._subscribe(address):
            await socket.send_json(signal)


async def _closed(socket: WebSocket) -> None:
    """Return once the browser is gone; whatever else it says after the greeting is not ours."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        continue


async def _greeting(socket: WebSocket) -> str | None:
    """Return the address of the session in the first frame; None when it holds none."""
    try:
        async with asyncio.timeout(GREETING_SECONDS):
            first = await socket.receive_json()
    except (TimeoutError, ValueError, KeyError, RecursionError):
        return None
    session = first.get("session") if isinstance(first, dict) else None
    return address_of(session) if isinstance(session, str) else None


def address_of(session: str) -> str | None:
    """Return the address of a session, the SHA-256 of it in hex; None when it is too weak.

    Its alphabet tells how many random bits a character can hold: digits, hex or URL-safe.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", session, re.ASCII) or len(session) > SESSION_MAX:
        return None
    plain = session.replace("-", "")
    if plain.isdigit():
        bits = len(plain) * math.log2(10)
    elif re.fullmatch(r"[0-9a-f]+|[0-9A-F]+", plain):
        bits = len(plain) * 4.0
    else:
        bits = len(session) * 6.0
    return hashlib.sha256(session.encode()).hexdigest() if bits >= SESSION_BITS else None


async def read_message(request: Request) -> Incoming:
    """Return the message that a browser posted.

    Raises: DoorError with the status and, in the browser's language, what to change.
    """
    try:
        body = json.loads(await read_body(request))
    except (ValueError, RecursionError):
        raise _problem("json", request) from None
    try:
        message = WebMessage.model_validate(body)
    except ValidationError as error:
        fields = {part["loc"][0] for part in error.errors() if part["loc"]}
        raise _problem("session" if fields == {"session"} else "shape", request) from None
    address = address_of(message.session)
    if address is None:
        raise _problem("session", request)
    text = clean_text(message.text)
    if not text.strip():
        raise _problem("empty", request)
    if len(text) > TEXT_MAX:
        raise _problem("long", request)
    external_id = f"{address[:32]}:{clean_text(message.message_id or '') or uuid4()}"
    return Incoming("web", "web", address, external_id, text, language=message.language)


def _present(answer: Answer) -> WebAnswer:
    replies = [
        WebReply(text=r.text, choices=[WebChoice(id=c.id, title=c.title) for c in r.choices])
        for r in answer.replies
    ]
    owner, language = answer.owner, answer.language
    return WebAnswer(
        conversation=answer.conversation, language=language, owner=owner, replies=replies
    )


def _problem(kind: str, request: Request) -> DoorError:
    status, title_ko, detail_ko, title_en, detail_en = _PROBLEMS[kind]
    if prefers_english(request):
        return DoorError(status, title_en, detail_en)
    return DoorError(status, title_ko, detail_ko)
