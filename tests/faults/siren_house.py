"""A house that sends alerts to simulated providers over HTTP, and hears their reports."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from backend import worker
from backend.context import Context
from backend.delivery.dispatch import Dispatcher
from backend.main import build_channels
from backend.models import Address, BroadcastEvent, Delivery
from broadcasts.outcomes import outcomes
from channels.simulator import Simulator
from tests.broadcasts.conftest import Office, enrol
from tests.city import City
from tests.faults import trail
from tests.faults.front import Front
from tests.faults.line import Line

WAIT_SECONDS = 90.0
PREFIX = {"korea": "+8210{:08d}", "twilio": "+1202555{:04d}", "telegram": "7{:07d}"}


@dataclass
class House:
    """The office, its service at `city`, the providers: `lines` to `front`, and the `simulator`."""

    office: Office
    context: Context
    database_url: str
    city: City
    simulator: Simulator
    front: Front
    lines: dict[str, Line]
    moved_in: int = 0
    audience: int = 0
    addresses: dict[UUID, str] = field(default_factory=dict)

    async def people(self, provider: str, count: int = 1) -> list[str]:
        """Let citizens of 마포구 move in whom `provider` reaches; return their addresses."""
        made = []
        async with self.office.sessions() as session, session.begin():
            for _ in range(count):
                self.moved_in += 1
                address = PREFIX[provider].format(self.moved_in)
                channel = "telegram" if provider == "telegram" else "sms"
                contact = await enrol(session, "마포구", channel=channel, address=address)
                self.addresses[contact.id] = address
                made.append(address)
            await session.execute(text("UPDATE addresses SET verified_at = now()"))
        self.audience += count
        return made

    async def also(self, address: str, scheme: str, other: str) -> None:
        """Let whoever has `address` have proven another one."""
        async with self.office.sessions() as session, session.begin():
            contact = await session.scalar(
                select(Address.contact_id).where(Address.address == address)
            )
            await session.execute(
                text(
                    "INSERT INTO addresses (contact_id, scheme, address, verified_at) "
                    "VALUES (:contact, :scheme, :other, now())"
                ),
                {"contact": contact, "scheme": scheme, "other": other},
            )

    async def alert(self, **changes: Any) -> BroadcastEvent:
        """Approve an alert to everybody; workers that are there begin to send it."""
        return await self.office.approved(self.audience, **changes)

    @asynccontextmanager
    async def working(self, count: int = 1) -> AsyncIterator[None]:
        """Have workers of every lane, each with a clock and connections of its own.

        They call nobody: a call would take up, one a second, what these tests see fail.
        """
        doors = [build_channels(self.context) for _ in range(count)]
        for each in doors:
            del each["call"]
        tasks = [
            asyncio.create_task(
                worker.run(self.context, Dispatcher(self.context, each), self.database_url)
            )
            for each in doors
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for each in doors:
                for channel in each.values():
                    await channel.close()

    async def fates(self, event: BroadcastEvent) -> dict[str, str]:
        """Return the state of each delivery of `event`, by the address it went to."""
        async with self.office.sessions() as session:
            rows = await session.execute(
                select(Address.address, Delivery.status)
                .join(Delivery, Delivery.address_id == Address.id)
                .where(Delivery.event_id == event.id)
            )
            return {row[0]: row[1] for row in rows}

    async def settled(
        self,
        event: BroadcastEvent,
        good: Callable[[dict[str, str]], bool],
        seconds: float = WAIT_SECONDS,
    ) -> dict[str, str]:
        """Return the fates of `event` once they are `good`."""
        found: dict[str, str] = await self.until(
            lambda: self.fates(event),
            lambda fates: len(fates) >= self.audience and good(fates),
            seconds,
        )
        return found

    async def until(
        self,
        look: Callable[[], Awaitable[Any]],
        good: Callable[[Any], bool],
        seconds: float = WAIT_SECONDS,
    ) -> Any:
        """Return what is seen once it is good."""
        end = time.monotonic() + seconds
        while not good(found := await look()):
            assert time.monotonic() < end, found
            await asyncio.sleep(0.05)
        return found

    async def quiet(self) -> int:
        """Return how many requests there were, once none has come for a second."""
        while True:
            before = len(self.front.seen)
            await asyncio.sleep(1)
            if len(self.front.seen) == before:
                return before

    async def counts(self, event: BroadcastEvent) -> dict[str, int]:
        """Return how many are in each state; they sum to the audience."""
        async with self.office.sessions() as session:
            found = await outcomes(session, event.broadcast_id)
        assert found is not None
        one = next(each for each in found.events if each.id == event.id)
        assert sum(one.counts.values()) == one.audience == event.audience
        return {state: people for state, people in one.counts.items() if people}

    async def on_record(self, event: BroadcastEvent, *decided: tuple[str, str]) -> None:
        """Check what is written down of `event`: see `trail.on_record`."""
        await trail.on_record(self.office, event, *decided)

    async def tries(self, event: BroadcastEvent) -> Counter[tuple[str, str | None, str]]:
        """Return how many tries there were, by (provider, code, outcome)."""
        async with self.office.sessions() as session:
            rows = await session.execute(
                text(
                    "SELECT t.provider, t.code, t.outcome FROM delivery_attempts t "
                    "JOIN deliveries d ON d.id = t.delivery_id WHERE d.event_id = :event"
                ),
                {"event": event.id},
            )
            return Counter((row[0], row[1], row[2]) for row in rows)

    async def ids(self, event: BroadcastEvent) -> dict[str, int]:
        """Return the id of each delivery of `event`, by its address."""
        async with self.office.sessions() as session:
            rows = await session.execute(
                select(Address.address, Delivery.id)
                .join(Delivery, Delivery.address_id == Address.id)
                .where(Delivery.event_id == event.id)
            )
            return {row[0]: row[1] for row in rows}

    async def claimed(self) -> set[str]:
        """Return the addresses of all deliveries that a worker has claimed."""
        query = (
            "SELECT a.address FROM deliveries d JOIN addresses a ON a.id = d.address_id "
            "WHERE d.attempts > 0"
        )
        return set(await self.ask(query))

    def taken(self) -> Counter[str]:
        """Return how many messages the providers took, by address."""
        return Counter(entry.address for entry in self.simulator.store.sent()[0])

    async def do(self, statement: str, **values: Any) -> None:
        """Run a statement of SQL."""
        async with self.office.sessions() as session, session.begin():
            await session.execute(text(statement), values)

    async def ask(self, query: str, **values: Any) -> list[Any]:
        """Return the rows of a query; of one column its values."""
        async with self.office.sessions() as session:
            rows = (await session.execute(text(query), values)).all()
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    async def paged(self) -> list[str]:
        """Return why members of staff were called, in order."""
        return await self.ask("SELECT why FROM staff_pages ORDER BY id")
