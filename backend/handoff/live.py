"""The desk's WebSocket: it says when to look again, and nothing else."""

import asyncio
import logging
import time

from fastapi import APIRouter, WebSocket
from fastapi.websockets import WebSocketDisconnect, WebSocketState

from backend import events
from backend.context import Context, context
from backend.errors import Forbidden
from backend.security import Actor, find_actor

router = APIRouter()
log = logging.getLogger(__name__)

ROLES = frozenset({"agent", "admin"})
NO_LONGER_ALLOWED = 1008
COME_BACK = 1013
ASK_AGAIN_SECONDS = 14.0


@router.websocket("/desk/live")
async def live(socket: WebSocket) -> None:
    """Send `{"type": "changed", "conversation": id}` as things happen, to agents only.

    The cookie and the Origin are checked before the handshake is answered, and the cookie again
    every quarter of a minute: whoever logs out or loses the role hears nothing more.
    """
    shared = context(socket)
    if await _listener(shared, socket) is None:
        await socket.close(NO_LONGER_ALLOWED)
        return
    await socket.accept()
    tasks = {asyncio.create_task(_pump(shared, socket)), asyncio.create_task(_closed(socket))}
    done, unfinished = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in unfinished:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
            log.warning("the desk's signals broke off: %s", type(result).__name__)
    if socket.client_state is WebSocketState.CONNECTED:
        codes = [t.result() for t in done if not t.cancelled() and t.exception() is None]
        await socket.close(next((code for code in codes if code), COME_BACK))


async def _listener(shared: Context, socket: WebSocket) -> Actor | None:
    """Return who listens, if they may; the session is given back before any waiting."""
    try:
        async with shared.sessions() as session:
            actor = await find_actor(socket, session)
    except Forbidden:
        return None  # another site's page, with our cookie
    return actor if actor is not None and actor.roles & ROLES else None


async def _pump(shared: Context, socket: WebSocket) -> int:
    """Pass signals on; return the code to close with."""
    asked = time.monotonic()
    async for event in events.subscribe(shared.redis, "desk"):
        if time.monotonic() - asked > ASK_AGAIN_SECONDS:
            if await _listener(shared, socket) is None:
                return NO_LONGER_ALLOWED
            asked = time.monotonic()
        await socket.send_json(event)
    return COME_BACK


async def _closed(socket: WebSocket) -> int:
    """Return once the page is gone; what it sends is not ours to read."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        continue
    return 0
