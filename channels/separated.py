"""A channel whose exercises and tests go through accounts of their own, or through none at all.

Hawaii, 13 January 2018: a drill and the real thing stood behind the same button. Here a mistaken
exercise can't use up, block or look like the account that real alerts come from.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from fastapi import APIRouter

from channels.base import Channel, Provider, Rejected, providers_of, traceable
from channels.message import (
    Answer,
    Incoming,
    OnMessage,
    OnStatus,
    Outgoing,
    Scheme,
    Sent,
    StatusUpdate,
)

PATH = "/exercise"  # below it lie the webhooks of the accounts for exercises
MARK = "-exercise"
NO_ACCOUNT = "no-exercise-account"


class Separated:
    """The channel `live`, and `exercise` beside it; without that, exercises are refused."""

    def __init__(self, live: Channel, exercise: Channel | None) -> None:
        self.live = live
        self._exercise = exercise
        self.name = live.name
        self.scheme: Scheme = live.scheme
        self.pushes = live.pushes
        self.in_place = live.in_place

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:
        """Return the webhooks of both; what comes to the accounts for exercises is named so."""
        router = APIRouter()
        router.include_router(self.live.router(on_message, on_status))
        if self._exercise is None:
            return router

        async def heard(incoming: Incoming) -> Answer:
            return await on_message(replace(incoming, provider=_marked(incoming.provider)))

        async def reported(update: StatusUpdate) -> None:
            name = _marked(update.provider or update.channel)
            await on_status(replace(update, provider=name))

        router.include_router(self._exercise.router(heard, reported), prefix=PATH)
        return router

    def providers(self, address: str) -> Sequence[Provider]:
        """Return who carries what is real."""
        return providers_of(self.live, address)

    def exercise_providers(self, address: str) -> Sequence[Provider]:
        """Return who carries exercises and tests, with a pace and a health of their own."""
        if self._exercise is None:
            return (Provider(NO_ACCOUNT),)
        own = providers_of(self._exercise, address)
        return [replace(provider, name=provider.name + MARK) for provider in own]

    async def send(self, message: Outgoing) -> Sent:
        """Send by the accounts of the message's environment; never by those of another one."""
        if message.environment == "live":
            return await self.live.send(message)
        if self._exercise is None:
            raise Rejected(NO_ACCOUNT)
        sent = await self._exercise.send(_unmarked(message))
        return replace(sent, provider=_marked(sent.provider or self.name))

    async def look_up(
        self, message: Outgoing, known: Sequence[str], since: datetime
    ) -> list[StatusUpdate]:
        """Ask the accounts of the message's environment, where they can be asked."""
        live = message.environment == "live"
        door = traceable(self.live if live else self._exercise)
        if door is None:
            return []
        if live:
            return await door.look_up(message, known, since)
        found = await door.look_up(_unmarked(message), known, since)
        return [replace(each, provider=_marked(each.provider or self.name)) for each in found]

    async def close(self) -> None:
        """Close the connections of both."""
        await self.live.close()
        if self._exercise is not None:
            await self._exercise.close()


def _marked(provider: str | None) -> str | None:
    return provider and provider + MARK


def _unmarked(message: Outgoing) -> Outgoing:
    name = message.provider
    return replace(message, provider=name.removesuffix(MARK) if name else None)
