"""Builders for the tests of delivery: citizens, what is promised to them, a scripted door."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from sqlalchemy import func, select, text, update

from backend.contacts.service import lock_address
from backend.db import Sessions
from backend.delivery import service
from backend.messages import service as messages
from backend.models import (
    Address,
    Broadcast,
    BroadcastEvent,
    Delivery,
    DeliveryAttempt,
    DeliveryPart,
    Staff,
)
from channels.base import Provider, SendError
from channels.message import OnMessage, OnStatus, Outgoing, Scheme, Sent

Answer = Sent | SendError | Callable[[Outgoing], Sent | SendError]


class Door:
    """A channel that says what the test tells it; everything it was given is in `sent`.

    `says` are its next answers, for every message or by address; without one it takes the message.
    `seconds` is how long a send lasts.
    """

    pushes = True
    in_place = False

    def __init__(self, name: str, scheme: Scheme, *carriers: Provider) -> None:
        self.name = name
        self.scheme = scheme
        self.carriers = carriers or (Provider(name),)
        self.sent: list[Outgoing] = []
        self.says: list[Answer] = []
        self.says_to: dict[str, list[Answer]] = defaultdict(list)
        self.seconds = 0.0
        self.at_once = self.most_at_once = 0

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:  # noqa: ARG002
        return APIRouter()

    def providers(self, address: str) -> Sequence[Provider]:  # noqa: ARG002
        return self.carriers

    async def send(self, message: Outgoing) -> Sent:
        self.sent.append(message)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.at_once -= 1
        script = self.says_to[message.address] or self.says
        answer: Answer = script.pop(0) if script else Sent((f"{self.name}-{secrets.token_hex(8)}",))
        if callable(answer):
            answer = answer(message)
        if isinstance(answer, SendError):
            raise answer
        return answer

    async def close(self) -> None:
        self.sent.clear()

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.sent]


def doors(*given: Door) -> dict[str, Any]:
    """Return doors by their names, as the composition hands them out."""
    return {door.name: door for door in given}


class Post:
    """What is promised to citizens, and what became of it."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions

    async def address(self, address: str = "", scheme: str = "phone", of: int | None = None) -> int:
        """Return the id of a proven address, of a new citizen or of the one behind address `of`."""
        async with self.sessions() as session, session.begin():
            made = await lock_address(
                session, scheme, address or f"+8210{secrets.randbelow(10**8):08d}", verified=True
            )
            if of is not None:
                made.contact_id = (await session.get_one(Address, of)).contact_id
            return made.id

    async def notice(self, address: int, words: str = "소식이 있어요.", **more: Any) -> int:
        """Promise a notice to an address; return the delivery's id."""
        return await self.promise(address, words, "notice", **more)

    async def reply(self, address: int, words: str = "네.", **more: Any) -> int:
        """Promise a bot's reply in the talk with an address; return the delivery's id."""
        return await self.promise(address, words, "bot", **more)

    async def promise(
        self, address: int, words: str, author: str, channel: str = "", **values: Any
    ) -> int:
        """Promise a message by `author`; `values` replace the delivery's own."""
        async with self.sessions() as session, session.begin():
            to = await session.get_one(Address, address)
            usual = {"phone": "sms"}.get(to.scheme, to.scheme)
            talk = await messages.open_conversation(session, to, channel or usual, "ko")
            message = await messages.add(session, talk, author=author, text=words)
            promised = await service.send_message(session, talk, message)
            if values:
                await session.execute(
                    update(Delivery).where(Delivery.id == promised.id).values(**values)
                )
            return promised.id

    async def alert(self, address: int, words: str) -> int:
        """Promise an emergency message to an address, as a fan-out does."""
        async with self.sessions() as session, session.begin():
            # Nobody wrote or approved this one, as the database would ask.
            await session.execute(text("SET LOCAL session_replication_role = replica"))
            to = await session.get_one(Address, address)
            author = Staff(login=secrets.token_hex(8), name="-", password_hash="-", roles=[])
            session.add(author)
            await session.flush()
            end = func.now() + timedelta(hours=1)
            broadcast = Broadcast(
                environment="live", title="-", texts={"ko": words}, correction={"ko": "-"},
                districts=[], content_hash="-", created_by=author.id, expires_at=end,
            )  # fmt: skip
            session.add(broadcast)
            await session.flush()
            event = BroadcastEvent(
                broadcast_id=broadcast.id, kind="alert", environment="live", texts={"ko": words},
                area={}, audience=1, cursor=None, expires_at=end,
            )  # fmt: skip
            session.add(event)
            await session.flush()
            promised = Delivery(
                lane="siren", event_id=event.id, contact_id=to.contact_id, address_id=to.id,
                channel="sms", language="ko", expires_at=end,
            )  # fmt: skip
            session.add(promised)
            await session.flush()
            return promised.id

    async def get(self, delivery: int) -> Delivery:
        async with self.sessions() as session:
            return await session.get_one(Delivery, delivery)

    async def statuses(self) -> dict[str, int]:
        """Return how many deliveries there are of each status."""
        async with self.sessions() as session:
            rows = await session.execute(
                select(Delivery.status, func.count()).group_by(Delivery.status)
            )
            return {row[0]: row[1] for row in rows}

    async def tries(self, delivery: int) -> list[tuple[str, str | None, str, str | None]]:
        """Return (channel, provider, outcome, code) of every try."""
        async with self.sessions() as session:
            rows = await session.scalars(
                select(DeliveryAttempt)
                .where(DeliveryAttempt.delivery_id == delivery)
                .order_by(DeliveryAttempt.number)
            )
            return [(row.channel, row.provider, row.outcome, row.code) for row in rows]

    async def parts(self, delivery: int) -> dict[str, str]:
        """Return the status of each part by its provider's id."""
        async with self.sessions() as session:
            rows = await session.scalars(
                select(DeliveryPart).where(DeliveryPart.delivery_id == delivery)
            )
            return {row.external_id: row.status for row in rows}

    async def come_due(self, *deliveries: int) -> None:
        """Let the wait of deliveries be over (of all that are pending, where none is named)."""
        async with self.sessions() as session, session.begin():
            which = Delivery.id.in_(deliveries) if deliveries else Delivery.status == "pending"
            await session.execute(update(Delivery).where(which).values(due_at=func.now()))

    async def pass_time(self, delivery: int, **ago: float) -> None:
        """Let the lease, the end and the next look at a delivery have been so long ago."""
        past = func.now() - timedelta(**ago)
        async with self.sessions() as session, session.begin():
            for name in ("claimed_until", "check_at", "expires_at"):
                column = getattr(Delivery, name)
                await session.execute(
                    update(Delivery)
                    .where(Delivery.id == delivery, column.is_not(None))
                    .values({name: past})
                )

    async def wakeups(self) -> list[str]:
        """Return the lanes of the waiting jobs."""
        async with self.sessions() as session:
            rows = await session.scalars(
                text("SELECT args ->> 'lane' FROM procrastinate_jobs WHERE status = 'todo'")
            )
            return list(rows)
