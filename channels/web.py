"""Web chat: a message by POST, what came later by GET, and a WebSocket that says when to look.

A browser makes up a secret session of 128 random bits or more. Only its hash is an address.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, WebSocket
from fastapi.websockets import WebSocketDisconnect, WebSocketState
from pydantic import BaseModel

from channels.base import Retryable
from channels.message import Answer, OnMessage, OnStatus, Outgoing, Owner, Scheme, Sent
from channels.web_requests import WebMessage, address_of, caller, read_id, read_message, read_photo

GREETING_SECONDS = 10.0
BAD_GREETING = 1008  # policy violation
COME_BACK = 1013  # try again later
# Open pages of one process, at 70 kB each; whoever comes then asks every few seconds instead.
MAX_LIVE = 4_000

log = logging.getLogger(__name__)

Signal = dict[str, Any]
History = Callable[[str, int], Awaitable[dict[str, Any]]]
Subscribe = Callable[[str], AsyncIterator[Signal]]
Publish = Callable[[str, Signal], Awaitable[None]]
KeepPhoto = Callable[[str, bytes], Awaitable[dict[str, Any]]]
DropPhoto = Callable[[str, UUID], Awaitable[None]]


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


class WebPhoto(BaseModel):
    """A photo that was uploaded: `id` goes into the message; both links are good for an hour."""

    id: UUID
    width: int
    height: int
    url: str
    small: str


class WebChannel:
    """The door of the web chat.

    `history(address, since)` returns what came after message `since`; `subscribe(address)` yields
    signals until it is closed, `publish(address, signal)` sends one. `keep_photo(address, file)`
    keeps a photo until its message comes and returns a WebPhoto's fields, `drop_photo(address,
    id)` forgets it. All from the composition.
    """

    name = "web"
    scheme: Scheme = "web"
    pushes = True
    in_place = True

    def __init__(
        self,
        history: History,
        subscribe: Subscribe,
        publish: Publish,
        keep_photo: KeepPhoto,
        drop_photo: DropPhoto,
    ) -> None:
        self._history = history
        self._subscribe = subscribe
        self._publish = publish
        self._keep_photo = keep_photo
        self._drop_photo = drop_photo
        self._live = 0

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
            return await self._history(caller(request, x_session), since)

        file = {"schema": {"type": "string", "format": "binary"}}

        @router.post(
            "/channels/web/photos",
            status_code=201,
            openapi_extra={"requestBody": {"required": True, "content": {"image/*": file}}},
        )
        async def upload(request: Request, x_session: Annotated[str, Header()] = "") -> WebPhoto:
            """Keep one photo (the body, or a form's file) until the message that names its id."""
            address = caller(request, x_session)
            return WebPhoto(**await self._keep_photo(address, await read_photo(request)))

        @router.delete("/channels/web/photos/{photo}", status_code=204)
        async def discard(
            request: Request, photo: str, x_session: Annotated[str, Header()] = ""
        ) -> None:
            """Forget a photo that was uploaded and not sent."""
            address = caller(request, x_session)
            await self._drop_photo(address, read_id(photo, request))

        @router.websocket("/channels/web/live")
        async def live(socket: WebSocket) -> None:
            """Say when there is something to fetch; the session comes in the first frame."""
            if self._live >= MAX_LIVE:
                await socket.close(COME_BACK)
                return
            self._live += 1
            try:
                await self._listen(socket)
            finally:
                self._live -= 1

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

    async def _listen(self, socket: WebSocket) -> None:
        await socket.accept()
        try:
            address = await _greeting(socket)
        except WebSocketDisconnect:
            return
        if address is None:
            await socket.close(BAD_GREETING, "session")
            return
        await self._pump_until_closed(socket, address)

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


def _present(answer: Answer) -> WebAnswer:
    replies = [
        WebReply(text=r.text, choices=[WebChoice(id=c.id, title=c.title) for c in r.choices])
        for r in answer.replies
    ]
    owner, language = answer.owner, answer.language
    return WebAnswer(
        conversation=answer.conversation, language=language, owner=owner, replies=replies
    )
