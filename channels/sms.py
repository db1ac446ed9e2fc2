"""The door of text messages: one address, several providers, chosen by the number's prefix."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from fastapi import APIRouter

from channels.base import Provider, Rejected
from channels.message import OnMessage, OnStatus, Outgoing, Scheme, Sent, StatusUpdate
from channels.settings import Routes


class SmsProvider(Protocol):
    """Who carries text messages; `carrier` is its name, pace and habit of reporting."""

    carrier: Provider

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:
        """Return the webhooks of this provider, as of a `Channel`."""
        ...

    async def send(self, message: Outgoing) -> Sent:
        """Send one message, as a `Channel` does."""
        ...

    async def look_up(
        self, message: Outgoing, known: Sequence[str], since: datetime
    ) -> list[StatusUpdate]:
        """Return what became of a message, as a `Traceable` channel does."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


class Sms:
    """Text messages. What came through a provider that answers in place is answered there."""

    name = "sms"
    scheme: Scheme = "phone"
    pushes = True
    in_place = True

    def __init__(self, providers: Sequence[SmsProvider], routes: Routes) -> None:
        self._by_name = {provider.carrier.name: provider for provider in providers}
        self._routes = routes

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:
        """Return the webhooks of all providers."""
        router = APIRouter()
        for provider in self._by_name.values():
            router.include_router(provider.router(on_message, on_status))
        return router

    def providers(self, address: str) -> Sequence[Provider]:
        """Return who can carry a message to `address`: by the longest prefix first."""
        names = [name for prefix, name in self._routes if address.startswith(prefix)]
        return [self._by_name[n].carrier for n in dict.fromkeys(names) if n in self._by_name]

    async def send(self, message: Outgoing) -> Sent:
        """Send by the provider that `message` names, else by the first that the number has."""
        return await self._provider(message).send(message)

    async def look_up(
        self, message: Outgoing, known: Sequence[str], since: datetime
    ) -> list[StatusUpdate]:
        """Ask the provider that `message` names what became of it."""
        return await self._provider(message).look_up(message, known, since)

    async def close(self) -> None:
        """Close the connections to all providers."""
        for provider in self._by_name.values():
            await provider.close()

    def _provider(self, message: Outgoing) -> SmsProvider:
        name = message.provider
        if name is None:
            able = self.providers(message.address)
            name = able[0].name if able else ""
        if name not in self._by_name:
            raise Rejected("no-route")
        return self._by_name[name]
