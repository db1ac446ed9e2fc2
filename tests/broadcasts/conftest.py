"""Officials, registered citizens and broadcasts in every state, on a real PostgreSQL."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.routing import Mount

from backend import errors
from backend.console import pages as console
from backend.context import Context
from backend.db import Sessions
from backend.models import (
    Address,
    AuditEntry,
    Broadcast,
    BroadcastEvent,
    Contact,
    Delivery,
    Staff,
    Subscription,
)
from backend.security import COOKIE, Actor
from backend.staff import grants
from backend.staff import service as staff
from bench.siren_city import CLEAR, FACTS
from broadcasts import approval, audience, plan, routes, service
from broadcasts.schemas import Approval, Draft
from tests.broadcasts.browsers import Browsers

KO = "[서울특별시] 14:30 호우(Heavy rain)경보. 한강변 출입 금지. 지하에서는 바로 대피. 문의 120"
EN = "[Seoul] 14:30 heavy rain warning. Keep away from the Han river. Questions: 120"
SCHEMES = {"sms": "phone", "telegram": "telegram", "web": "web"}


def draft(**changes: Any) -> Draft:
    """A draft that is ready for submission, but for `changes`."""
    values: dict[str, Any] = {
        "environment": "live",
        "title": "호우경보",
        "facts": FACTS,
        "texts": {"ko": KO, "en": EN},
        "correction": {
            "ko": "[정정] 14:30에 보낸 호우경보는 잘못 보낸 것입니다. 죄송합니다. 문의 120",
            "en": "[Correction] The 14:30 warning was sent by mistake. Questions: 120",
        },
        "all_clear": CLEAR,
        "districts": ["마포구"],
        "expires_at": datetime.now(UTC) + timedelta(hours=4),
    }
    return Draft.model_validate(values | changes)


class Office:
    """The people of an office, and what they do, each in a transaction of its own."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.author = Actor("staff", 0, "", frozenset())
        self.editor = self.author
        self.approver = self.author
        self.second = self.author

    async def open(self) -> "Office":
        """Hire an author, an editor and two approvers."""
        async with self.sessions() as session, session.begin():
            for name in ("author", "editor", "approver", "second"):
                role = "author" if name in ("author", "editor") else "approver"
                person = Staff(login=name, name=name, password_hash="-", roles=[role])
                session.add(person)
                await session.flush()
                setattr(self, name, Actor("staff", person.id, name, frozenset([role])))
        return self

    async def promote(self, login: str, role: str) -> None:
        """Give somebody a role that takes two administrators."""
        async with self.sessions() as session, session.begin():
            bosses = []
            for name in ("first", "second"):
                boss = Staff(login=f"{name}-admin", name=name, password_hash="-", roles=["admin"])
                session.add(boss)
                await session.flush()
                bosses.append(Actor("staff", boss.id, name, frozenset(["admin"])))
            person = await session.scalar(select(Staff.id).where(Staff.login == login))
            grant = await grants.propose(session, bosses[0], person or 0, role, "야간 당직")
            await grants.confirm(session, bosses[1], grant.id)

    async def do(self, step: Callable[..., Awaitable[Any]], actor: Actor, *args: Any) -> Any:
        """Run one service function in a transaction that commits."""
        async with self.sessions() as session, session.begin():
            return await step(session, actor, *args)

    async def submitted(self, **changes: Any) -> Broadcast:
        """A broadcast that the author wrote and submitted."""
        written = await self.do(service.create, self.author, draft(**changes))
        done: Broadcast = await self.do(service.submit, self.author, written.id, written.version)
        return done

    async def approved(self, people: int, **changes: Any) -> BroadcastEvent:
        """The event of a broadcast approved by the second person."""
        broadcast = await self.submitted(**changes)
        event: BroadcastEvent = await self.do(
            approval.approve, self.approver, broadcast.id, seen(broadcast, people)
        )
        return event

    async def release(self, event: BroadcastEvent) -> None:
        """Let an alert go to everybody, as after a canary that went well."""
        async with self.sessions() as session, session.begin():
            await plan.release(session, event.id)

    async def status(self, broadcast_id: uuid.UUID) -> str:
        """The state of a broadcast as everybody sees it."""
        async with self.sessions() as session:
            return (await service.get(session, broadcast_id)).status

    async def events(self, broadcast_id: uuid.UUID) -> list[BroadcastEvent]:
        """The events of a broadcast, the alert first."""
        async with self.sessions() as session:
            rows = await session.scalars(
                select(BroadcastEvent)
                .where(BroadcastEvent.broadcast_id == broadcast_id)
                .order_by(BroadcastEvent.kind)
            )
            return list(rows)

    async def deeds(self, broadcast_id: uuid.UUID) -> list[tuple[str, str]]:
        """The audit of a broadcast: (actor, action), in order."""
        async with self.sessions() as session:
            rows = await session.execute(
                select(AuditEntry.actor, AuditEntry.action)
                .where(AuditEntry.subject == f"broadcast:{broadcast_id}")
                .order_by(AuditEntry.id)
            )
            return [(actor, action) for actor, action in rows]

    async def jobs(self, task: str) -> list[dict[str, Any]]:
        """The arguments of the jobs waiting for `task`."""
        async with self.sessions() as session:
            rows = await session.scalars(
                text(
                    "SELECT args FROM procrastinate_jobs "
                    "WHERE task_name = :task AND status = 'todo' ORDER BY id"
                ),
                {"task": task},
            )
            return list(rows)

    async def deliveries(self, event_id: uuid.UUID) -> list[Delivery]:
        """The deliveries of an event, in order."""
        async with self.sessions() as session:
            rows = await session.scalars(
                select(Delivery).where(Delivery.event_id == event_id).order_by(Delivery.id)
            )
            return list(rows)

    async def set_deliveries(self, event_id: uuid.UUID, statuses: list[str]) -> list[Delivery]:
        """Bring the first deliveries of an event into the given states, as a sender would."""
        rows = await self.deliveries(event_id)
        async with self.sessions() as session, session.begin():
            for row, status in zip(rows, statuses, strict=False):
                held = datetime.now(UTC) + timedelta(minutes=1)
                await session.execute(
                    update(Delivery)
                    .where(Delivery.id == row.id)
                    .values(
                        status=status,
                        reason="test" if status in ("failed", "suppressed") else None,
                        claimed_until=held if status == "dispatching" else None,
                    )
                )
        return await self.deliveries(event_id)


def seen(broadcast: Broadcast, people: int, *, again: bool = True) -> Approval:
    """What an approver sends who saw this version and typed this number.

    Most tests send the same words many times, and mean it.
    """
    return Approval(
        version=broadcast.version,
        content_hash=broadcast.content_hash,
        audience=people,
        again=again,
    )


async def enrol(
    session: AsyncSession,
    *districts: str,
    channel: str = "sms",
    language: str = "ko",
    address: str = "",
) -> Contact:
    """Register one citizen for `districts`, all on one address."""
    contact = Contact(language=language)
    session.add(contact)
    await session.flush()
    place = Address(
        contact_id=contact.id,
        scheme=SCHEMES[channel],
        address=address or uuid.uuid4().hex,
    )
    session.add(place)
    await session.flush()
    for district in districts:
        session.add(
            Subscription(
                contact_id=contact.id, address_id=place.id, channel=channel,
                district=district, language=language,
            )
        )  # fmt: skip
    await session.flush()
    return contact


@pytest.fixture
async def office(sessions: Sessions) -> Office:
    """An office with its people."""
    return await Office(sessions).open()


@pytest.fixture
async def crowd(sessions: Sessions) -> list[uuid.UUID]:
    """Twelve citizens of 마포구: every third also of 용산구; one more only of 용산구."""
    async with sessions() as session, session.begin():
        people = []
        for number in range(12):
            channel = ("sms", "telegram", "web")[number % 3]
            both = ("마포구", "용산구") if number % 3 == 0 else ("마포구",)
            language = ("ko", "ko", "en", "vi")[number % 4]
            citizen = await enrol(session, *both, channel=channel, language=language)
            people.append(citizen.id)
        await enrol(session, "용산구")
    return people


@pytest.fixture
async def many(sessions: Sessions) -> int:
    """Two thousand citizens of 마포구, half of them of 용산구 too, made in one statement."""
    async with sessions() as session, session.begin():
        await session.execute(
            text("""
            WITH person AS (INSERT INTO contacts (id)
                SELECT gen_random_uuid() FROM generate_series(1, 2000) RETURNING id),
            place AS (INSERT INTO addresses (contact_id, scheme, address)
                SELECT id, 'phone', id::text FROM person RETURNING id, contact_id)
            INSERT INTO subscriptions (contact_id, address_id, channel, district, language)
            SELECT contact_id, id, 'sms', '마포구', 'ko' FROM place
            UNION ALL SELECT contact_id, id, 'sms', '용산구', 'ko' FROM place WHERE id % 2 = 0
            """)
        )
    return 2000


async def total(sessions: Sessions, districts: list[str]) -> int:
    """How many people an alert would reach now."""
    async with sessions() as session:
        return (await audience.count(session, districts, ["ko"])).people


@pytest.fixture
def app(context: Context) -> FastAPI:
    """The broadcast routes on this test's database."""
    made = FastAPI()
    made.state.context = context
    errors.install(made)
    made.include_router(routes.router)
    made.router.routes.append(Mount("/static", console.static))
    return made


@pytest.fixture
async def browsers(app: FastAPI, office: Office) -> AsyncIterator[Browsers]:
    """Logged-in people of the office."""
    found = Browsers(app)
    async with office.sessions() as session, session.begin():
        for person in (await session.scalars(select(Staff))).all():
            client = found.client()
            client.cookies.set(COOKIE, await staff.log_in(session, person))
            found.clients[person.login] = client
    yield found
    for client in found.clients.values():
        await client.aclose()


@pytest.fixture
async def clients(browsers: Browsers) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """Logged-in people of the office by their login, and "nobody"."""
    nobody = browsers.client()
    yield {"nobody": nobody, **browsers.clients}
    await nobody.aclose()
