"""The siren's WebSocket: numbers of a running alert, and a word when to look again."""

import asyncio
import logging
import time
from uuid import UUID

from fastapi import APIRouter, WebSocket
from fastapi.websockets import WebSocketDisconnect, WebSocketState

from backend import events
from backend.context import Context, context
from backend.errors import Forbidden
from backend.security import find_actor

router = APIRouter()
log = logging.getLogger(__name__)

READERS = ("author", "approver", "breakglass", "operator", "auditor", "admin")
NO_LONGER_ALLOWED = 1008
COME_BACK = 1013
ASK_AGAIN_SECONDS = 14.0


@router.websocket("/siren/live")
async def live(socket: WebSocket, broadcast: UUID) -> None:
    """Send `{"type": "changed"}` and `{"type": "outcomes", "outcomes": …}` of one broadcast.

    The cookie and the Origin are checked before the handshake is answered, and the cookie again
    every quarter of a minute. No database connection is held in between.
    """
    shared = context(socket)
    if not await _may_listen(shared, socket):
        await socket.close(NO_LONGER_ALLOWED)
        return
    await socket.accept()
    pump = asyncio.create_task(_pump(shared, socket, f"broadcast:{broadcast}"))
    gone = asyncio.create_task(_gone(socket))
    await asyncio.wait((pump, gone), return_when=asyncio.FIRST_COMPLETED)
    for task in (pump, gone):
        task.cancel()
    ended, _ = await asyncio.gather(pump, gone, return_exceptions=True)
    if isinstance(ended, Exception) and not isinstance(ended, WebSocketDisconnect):
        log.warning("the siren's signals broke off: %s", type(ended).__name__)
    if socket.client_state is WebSocketState.CONNECTED:
        await socket.close(ended if isinstance(ended, int) else COME_BACK)


async def _may_listen(shared: Context, socket: WebSocket) -> bool:
    try:
        async with shared.sessions() as session:
            actor = await find_actor(socket, session)
    except Forbidden:
        return False  # another site's page, with our cookie
    return actor is not None and not actor.roles.isdisjoint(READERS)


async def _pump(shared: Context, socket: WebSocket, topic: str) -> int:
    """Pass signals on; return the code to close with."""
    asked = time.monotonic()
    async for event in events.subscribe(shared.redis, topic):
        if time.monotonic() - asked > ASK_AGAIN_SECONDS:
            if not await _may_listen(shared, socket):
                return NO_LONGER_ALLOWED
            asked = time.monotonic()
        await socket.send_json(event)
    return COME_BACK


async def _gone(socket: WebSocket) -> None:
    """Return once the page is gone; what it sends is not ours to read."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        continue
