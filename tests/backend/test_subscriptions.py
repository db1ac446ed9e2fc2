"""Alerts are registered once a district, arrive where they can, and are counted without names."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import db
from backend.contacts import subscriptions
from backend.contacts.subscription_routes import router
from backend.context import Context
from backend.errors import Invalid
from backend.models import AuditEntry, Subscription
from tests.backend.house import api, citizen, key


async def test_registering_again_changes_the_one_registration(session: AsyncSession) -> None:
    phone = await citizen(session)
    contact = phone.contact_id
    first = await subscriptions.subscribe(session, contact, phone.id, "sms", "마포구", "ko")
    again = await subscriptions.subscribe(session, contact, phone.id, "sms", "마포구", "en")
    assert again.id == first.id
    assert again.language == "en"
    await subscriptions.subscribe(session, contact, phone.id, "sms", "강남구", "ko")
    assert await session.scalar(select(func.count()).select_from(Subscription)) == 2
    assert await subscriptions.districts_of(session, contact) == ["강남구", "마포구"]


async def test_registering_at_once_makes_one_row(
    sessions: db.Sessions, session: AsyncSession
) -> None:
    phone = await citizen(session)
    await session.commit()

    async def register(language: str) -> int:
        async with sessions() as own, own.begin():
            made = await subscriptions.subscribe(
                own, phone.contact_id, phone.id, "sms", "마포구", language
            )
            return made.id

    ids = await asyncio.gather(*(register("ko" if n % 2 else "en") for n in range(10)))
    assert len(set(ids)) == 1
    assert await session.scalar(select(func.count()).select_from(Subscription)) == 1


async def test_a_caller_gets_alerts_by_sms(session: AsyncSession) -> None:
    phone = await citizen(session)
    made = await subscriptions.subscribe(
        session, phone.contact_id, phone.id, "voice", "마포구", "ko"
    )
    assert (made.channel, made.address_id) == ("sms", phone.id)


@pytest.mark.parametrize(
    ("scheme", "address", "channel"),
    [
        ("call", "CA-withheld", "voice"),
        ("terminal", "tty", "terminal"),
        ("web", "hash", "sms"),
        ("telegram", "42", "web"),
    ],
)
async def test_where_no_alert_can_arrive_none_is_promised(
    session: AsyncSession, scheme: str, address: str, channel: str
) -> None:
    there = await citizen(session, address, scheme)
    with pytest.raises(Invalid):
        await subscriptions.subscribe(session, there.contact_id, there.id, channel, "마포구", "ko")
    assert await subscriptions.districts_of(session, there.contact_id) == []


async def test_somebody_elses_address_and_an_unknown_district_are_refused(
    session: AsyncSession,
) -> None:
    mine, other = await citizen(session), await citizen(session, "+821099998888")
    with pytest.raises(Invalid):
        await subscriptions.subscribe(session, mine.contact_id, other.id, "sms", "마포구", "ko")
    with pytest.raises(Invalid):
        await subscriptions.subscribe(session, mine.contact_id, mine.id, "sms", "해운대구", "ko")
    assert await session.scalar(select(func.count()).select_from(Subscription)) == 0


async def test_ending_one_district_or_all(session: AsyncSession) -> None:
    phone = await citizen(session)
    contact = phone.contact_id
    for district in ("마포구", "강남구", "중구"):
        await subscriptions.subscribe(session, contact, phone.id, "sms", district, "ko")
    assert await subscriptions.unsubscribe(session, contact, ["강남구"]) == ["강남구"]
    assert await subscriptions.unsubscribe(session, contact, ["강남구"]) == []
    assert await subscriptions.unsubscribe(session, contact, None) == ["마포구", "중구"]
    assert await subscriptions.districts_of(session, contact) == []
    entries = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()
    assert [entry.action for entry in entries] == ["alerts.on"] * 3 + ["alerts.off"] * 2
    assert "1012345678" not in str([entry.detail for entry in entries])


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (None, 401),
        ("agent", 403),
        ("officer", 200),
        ("author", 200),
        ("approver", 200),
        ("admin", 200),
    ],
)
async def test_roles(context: Context, role: str | None, status: int) -> None:
    headers = await key(context.sessions, role) if role else {}
    async with api(context, router) as client:
        answer = await client.get("/api/v1/subscriptions", headers=headers)
    assert answer.status_code == status


async def test_counts_are_by_district_and_channel_without_closed_doors_or_numbers(
    context: Context,
) -> None:
    async with context.sessions() as session, session.begin():
        for n in range(3):
            phone = await citizen(session, f"+82101111000{n}")
            await subscriptions.subscribe(
                session, phone.contact_id, phone.id, "sms", "마포구", "ko"
            )
            if n == 2:
                phone.stopped_at = datetime.now(UTC)
        chat = await citizen(session, "4242", "telegram")
        await subscriptions.subscribe(session, chat.contact_id, chat.id, "telegram", "마포구", "en")
        await subscriptions.subscribe(session, chat.contact_id, chat.id, "telegram", "강남구", "en")
    headers = await key(context.sessions, "author")
    async with api(context, router) as client:
        answer = await client.get("/api/v1/subscriptions", headers=headers)
    assert answer.json() == {
        "items": [
            {"district": "강남구", "channel": "telegram", "people": 1},
            {"district": "마포구", "channel": "sms", "people": 2},
            {"district": "마포구", "channel": "telegram", "people": 1},
        ],
        "total": 3,
    }
    assert "1011110" not in answer.text
