"""A word to the open pages that a broadcast changed, after the commit."""

from typing import Annotated
from uuid import UUID

from fastapi import BackgroundTasks, Depends

from backend.context import Ctx
from backend.events import publish


class Signal:
    """Tells open pages that a broadcast changed, after the commit."""

    def __init__(self, ctx: Ctx, later: BackgroundTasks) -> None:
        self._redis = ctx.redis
        self._later = later

    def changed(self, broadcast_id: UUID) -> None:
        """Have the pages of `broadcast_id` look again."""
        self._later.add_task(publish, self._redis, f"broadcast:{broadcast_id}", {"type": "changed"})


Signals = Annotated[Signal, Depends()]
