"""The door of text messages: one address, several providers, chosen by the number's prefix."""

from collections.abc import Sequence
from typing import Protocol

from fastapi import APIRouter

from channels.base import Provider, Rejected
from channels.message import OnMessage, OnStatus, Outgoing, Scheme, Sent
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
        name = message.provider
        if name is None:
            first = self.providers(message.address)
            name = first[0].name if first else ""
        if name not in self._by_name:
            raise Rejected("no-route")
        return await self._by_name[name].send(message)

    async def close(self) -> None:
        """Close the connections to all providers."""
        for provider in self._by_name.values():
            await provider.close()
