"""Sending what is due, once and to its end, as a worker does all day."""

from collections.abc import Mapping

from backend.context import Context
from backend.delivery.dispatch import Dispatcher
from channels.base import Channel


async def send_due(context: Context, channels: Mapping[str, Channel], lane: str) -> int:
    """Send everything due in `lane`; return how many were tried. Safe to run many times at once."""
    dispatcher = Dispatcher(context, channels)
    try:
        return await dispatcher.drain(lane)
    finally:
        await dispatcher.close()
