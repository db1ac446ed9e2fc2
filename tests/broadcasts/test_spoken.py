"""What a call says, to whom it is placed, and what becomes of it when it is over."""

import uuid
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import func, select, text, update

from backend.context import Context
from backend.delivery import reports
from backend.models import Address, BroadcastEvent, Contact, Delivery, DeliveryPart, Subscription
from broadcasts import audience, content, halting, service, spoken
from broadcasts.outcomes import outcomes
from channels.announcement import Announcement
from channels.base import Rejected
from channels.message import DeliveryState, StatusUpdate
from tests.backend.post import Door, doors
from tests.broadcasts.conftest import Office
from tests.sending import send_due

WORDS = {
    "ko": "[서울특별시] 14:30 마포구 홍제천 범람(flood). 대피하세요. 문의 120 https://seoul.go.kr/a",
    "en": "[Seoul] 14:30 Mapo-gu: Hongjecheon is flooding. Leave now. Call 119. https://x.go.kr",
    "zh": "[首尔市] 14:30 麻浦区弘济川泛滥。请立即撤离，拨打119。https://x.go.kr",
    "ja": "[ソウル市] 14:30 麻浦区の弘済川が氾濫。すぐ避難し、119へ。https://x.go.kr",
    "vi": "[Seoul] 14:30 Mapo-gu: ngập lụt. Hãy rời đi ngay, gọi 119. https://x.go.kr",
}


def row(language: str, **changes: Any) -> Any:
    values = {
        "language": language, "kind": "alert", "environment": "live", "texts": WORDS,
        "facts": {"ko": {"sender": "[마포구청]"}},
    }  # fmt: skip
    return cast(Any, SimpleNamespace(**{**values, **changes}))


def everything(found: Announcement) -> str:
    said = (*found.opening, *found.lines, found.prompt, found.again, *found.ending)
    return "\n".join((*said, *found.answers.values()))


@pytest.mark.parametrize("language", content.LANGUAGES)
@pytest.mark.parametrize("environment", content.ENVIRONMENTS)
def test_a_call_in_every_language_is_for_ears(language: str, environment: str) -> None:
    found = spoken.compose(row(language, environment=environment))
    said = everything(found)
    assert not any(sign in said for sign in "[]()<>/*")
    assert "http" not in said
    assert "119" not in said
    assert "120" not in said
    assert (found.language, set(found.answers)) == (language, {"1", "2"})
    # Every language in the words of its own, and none of the five says what another says.
    others = [spoken.compose(row(other)) for other in content.LANGUAGES if other != language]
    assert all(other.prompt != found.prompt and other.again != found.again for other in others)
    first, last = found.opening[0], found.ending[-1]
    assert (first == last) is (environment != "live")  # a drill says so first and last


def test_who_calls_is_the_sender_of_the_alert_or_the_city() -> None:
    assert "마포구청" in spoken.compose(row("ko")).opening[-1]
    assert "City of Seoul" in spoken.compose(row("en")).opening[-1]
    assert spoken.compose(row("th")).language == "ko"  # what there is no text in


@pytest.mark.parametrize("kind", ["correction", "all_clear"])
def test_nobody_is_asked_whether_they_are_safe_from_what_is_over(kind: str) -> None:
    found = spoken.compose(row("ko", kind=kind))
    assert found.answers == {}
    assert "2번" not in everything(found)


async def household(
    office: Office, channel: str = "call", *, verified: bool = True, **more: Any
) -> uuid.UUID:
    """Register somebody of 마포구 with one phone; return the contact."""
    async with office.sessions() as session, session.begin():
        contact = Contact(language="ko")
        session.add(contact)
        await session.flush()
        number = f"+822{uuid.uuid4().int % 10**8:08d}"
        phone = Address(contact_id=contact.id, scheme="phone", address=number)
        session.add(phone)
        await session.flush()
        if verified:
            await session.execute(
                update(Address).where(Address.id == phone.id).values(verified_at=func.now())
            )
        session.add(
            Subscription(
                contact_id=contact.id, address_id=phone.id, channel=channel, district="마포구",
                language="ko", **more,
            )
        )  # fmt: skip
    return contact.id


async def rung(
    office: Office, context: Context, **changes: Any
) -> tuple[Delivery, dict[str, Door]]:
    """An alert to one landline, whose call Twilio has accepted."""
    await household(office)
    event = await office.approved(1)
    await audience.fan_out(context, str(event.id))
    found = doors(Door("call", "phone"), Door("sms", "phone"))
    await send_due(context, found, "siren")
    (delivery,) = await office.deliveries(event.id)
    assert (delivery.channel, delivery.status) == ("call", "accepted")
    return delivery, found


async def heard(office: Office, delivery: int) -> Announcement:
    async with office.sessions() as session, session.begin():
        found = await spoken.announcement(session, delivery)
    assert found is not None
    return found


async def over(office: Office, delivery: int, found: dict[str, Door]) -> tuple[str, str | None]:
    """The status of a delivery once its call is over, as Twilio then reports."""
    async with office.sessions() as session, session.begin():
        call = await session.scalar(
            select(DeliveryPart.external_id).where(DeliveryPart.delivery_id == delivery)
        )
        report = StatusUpdate("call", DeliveryState.SENT, delivery, call, None, "call", 1)
        await reports.apply(session, report, found)
    async with office.sessions() as session:
        kept = await session.get_one(Delivery, delivery)
        return kept.status, kept.reason


async def test_what_is_running_is_spoken(office: Office, context: Context) -> None:
    delivery, found = await rung(office, context)
    said = await heard(office, delivery.id)
    assert not said.over
    assert said.lines
    assert (await over(office, delivery.id, found))[0] == "sent"
    async with office.sessions() as session, session.begin():
        assert await spoken.announcement(session, delivery.id + 1) is None


async def test_what_expired_meanwhile_is_not_spoken_and_counted_as_that(
    office: Office, context: Context
) -> None:
    delivery, found = await rung(office, context)
    async with office.sessions() as session, session.begin():
        await session.execute(text("UPDATE broadcast_events SET expires_at = now()"))
    said = await heard(office, delivery.id)
    assert (said.over, said.lines, said.answers) == (True, (), {})
    assert await over(office, delivery.id, found) == ("expired", "too-late")


@pytest.mark.parametrize("step", ["cancel", "halt"])
async def test_what_was_stopped_meanwhile_is_not_spoken(
    office: Office, context: Context, step: str
) -> None:
    delivery, found = await rung(office, context)
    broadcast = await broadcast_of(office, delivery)
    async with office.sessions() as session, session.begin():
        if step == "cancel":
            await service.cancel(session, office.author, broadcast)
        else:
            assert await halting.halt(session, broadcast, "odd")
    assert (await heard(office, delivery.id)).over
    assert await over(office, delivery.id, found) == ("cancelled", "cancelled")
    async with office.sessions() as session:
        counted = await outcomes(session, broadcast)
    assert counted is not None
    alert = next(event for event in counted.events if event.kind == "alert")
    assert alert.counts["cancelled"] == alert.audience == 1


async def broadcast_of(office: Office, delivery: Delivery) -> uuid.UUID:
    async with office.sessions() as session:
        found = select(BroadcastEvent.broadcast_id).where(BroadcastEvent.id == delivery.event_id)
        return (await session.scalars(found)).one()


@pytest.mark.parametrize(
    ("verified", "level", "people"),
    [(True, "critical", 1), (True, "emergency", 1), (True, "advisory", 0), (False, "critical", 0)],
)
async def test_a_landline_is_counted_where_it_may_be_called(
    office: Office, verified: bool, level: str, people: int
) -> None:
    await household(office, verified=verified)
    async with office.sessions() as session:
        found = await audience.count(session, ["마포구"], ["ko"], level=level)
        by_district = await audience.count_by_district(session, ["마포구"], level)
    assert (found.people, by_district) == (people, {"마포구": people})


@pytest.mark.parametrize(
    ("verified", "level", "called"),
    [(True, "critical", 1), (True, "emergency", 1), (True, "advisory", 0), (False, "critical", 0)],
)
async def test_a_refused_text_becomes_a_call_where_the_phone_and_the_level_allow(
    office: Office, context: Context, verified: bool, level: str, called: int
) -> None:
    await household(office, "sms", verified=verified)
    event = await office.approved(1, level=level)
    await audience.fan_out(context, str(event.id))
    found = doors(Door("call", "phone"), Door("sms", "phone"))
    found["sms"].says = [Rejected("21614")]
    await send_due(context, found, "siren")
    await send_due(context, found, "siren")
    (delivery,) = await office.deliveries(event.id)
    assert len(found["call"].sent) == called
    assert delivery.status == ("accepted" if called else "failed")
