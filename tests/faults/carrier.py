"""The SMS providers after they took a message: each report comes twice, until we answer it."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx
from sqlalchemy import text

from bench.siren_callbacks import Request, korea_report, twilio_report
from bench.siren_city import City

LOOK_SECONDS = 0.2
AT_ONCE = 20

_NEW = text(
    "SELECT delivery_id, provider, external_id FROM delivery_parts WHERE status = 'accepted' "
    "ORDER BY delivery_id LIMIT 1000"
)
_NOTED = text(
    "SELECT p.delivery_id, d.status FROM delivery_parts p JOIN deliveries d ON d.id = p.delivery_id"
)


@dataclass
class Carrier:
    """Reports of every message that `town` handed over that it has arrived.

    `told` are the deliveries it spoke of, `lost` counts reports that nobody answered.
    """

    town: City
    told: set[int] = field(default_factory=set)
    lost: int = 0
    _queue: dict[str, Request] = field(default_factory=dict)

    async def report(self) -> None:
        """Report until cancelled; a service that is away is tried again."""
        async with httpx.AsyncClient(
            base_url=self.town.settings.base_url, trust_env=False, timeout=10
        ) as client:
            while True:
                async with self.town.context.sessions() as session:
                    rows = (await session.execute(_NEW)).all()
                for row in rows:
                    if row.external_id not in self._queue and row.delivery_id not in self.told:
                        self._say(row.delivery_id, row.provider, row.external_id)
                await self._post(client)
                await asyncio.sleep(LOOK_SECONDS)

    async def solve(self, doubts: Iterable[tuple[int, str]]) -> None:
        """Report on deliveries (id, provider) of which nobody here knows that they were taken."""
        for id_, provider in doubts:
            self._say(id_, provider, f"found{id_}:1" if provider == "korea" else f"SMfound{id_}")
        async with asyncio.timeout(60):
            while self._queue:
                await asyncio.sleep(LOOK_SECONDS)

    async def all_told(self) -> bool:
        """Tell whether every report was answered and none is left to be made."""
        async with self.town.context.sessions() as session:
            return not self._queue and not (await session.execute(_NEW)).all()

    async def forgotten(self) -> Counter[str]:
        """Return how many deliveries, by state, it spoke of that are not known to have arrived."""
        async with self.town.context.sessions() as session:
            found = {row.delivery_id: row.status for row in await session.execute(_NOTED)}
        return Counter(found[id_] for id_ in self.told if found[id_] != "delivered")

    def _say(self, delivery: int, provider: str, external_id: str) -> None:
        made = twilio_report if provider == "twilio" else korea_report
        self._queue[external_id] = made(self.town.settings, delivery, external_id, "delivered")
        self.told.add(delivery)

    async def _post(self, client: httpx.AsyncClient) -> None:
        turns = asyncio.Semaphore(AT_ONCE)

        async def post(external_id: str, request: Request) -> None:
            path, body, headers = request
            async with turns:
                try:
                    for _ in range(2):
                        sent = (
                            client.post(path, content=body, headers=headers)
                            if isinstance(body, bytes)
                            else client.post(path, json=body, headers=headers)
                        )
                        (await sent).raise_for_status()
                except httpx.HTTPError:
                    self.lost += 1
                else:
                    del self._queue[external_id]

        await asyncio.gather(*(post(*each) for each in tuple(self._queue.items())))
