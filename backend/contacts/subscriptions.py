"""Who wants emergency alerts, for which district, and where they should arrive."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit
from backend.contacts import places
from backend.errors import Invalid
from backend.models import Address, Subscription
from backend.petitions.routing import directory
from channels.phones import takes_texts

CITIZEN = "citizen"

# The channels an alert can arrive on by itself, and the kind of address each writes to.
ALERT_SCHEMES = {"sms": "phone", "call": "phone", "telegram": "telegram", "web": "web"}


async def subscribe(
    session: AsyncSession,
    contact_id: UUID,
    address_id: int,
    channel: str,
    district: str,
    language: str,
) -> Subscription:
    """Register a contact for the alerts of a district (Korean name, `마포구`).

    Registering again changes where and in which language they arrive. Whoever asks on the phone
    gets them at the number they call from: by SMS, or by a call where that is a landline.

    Raises: Invalid where no alert can arrive: a withheld number, a terminal, no such district.
    """
    if district not in directory().districts:
        raise Invalid(
            "서울의 25개 구 가운데 하나를 말씀해 주세요.",
            "Please name one of the 25 districts of Seoul.",
        )
    found = await session.execute(
        select(Address.scheme, Address.address).where(
            Address.id == address_id, Address.contact_id == contact_id
        )
    )
    row = found.one_or_none()
    scheme, number = (row.scheme, row.address) if row is not None else (None, "")
    arrives = channel
    if channel == "voice":
        arrives = "sms" if takes_texts(number) else "call"
    if scheme is None or ALERT_SCHEMES.get(arrives) != scheme:
        raise Invalid(
            "여기로는 알림을 보낼 수 없어요. 문자나 텔레그램, 웹 채팅에서 신청해 주세요.",
            "Alerts can't be sent here. Please register by text message, Telegram or web chat.",
        )
    where = {"address_id": address_id, "channel": arrives, "language": language}
    registered = await session.scalars(
        insert(Subscription)
        .values(contact_id=contact_id, district=district, **where)
        .on_conflict_do_update(
            index_elements=[Subscription.contact_id, Subscription.district], set_=where
        )
        .returning(Subscription)
        .execution_options(populate_existing=True)
    )
    audit.record(
        session, CITIZEN, "alerts.on", f"contact:{contact_id}", district=district, channel=arrives
    )
    return registered.one()


async def unsubscribe(
    session: AsyncSession, contact_id: UUID, districts: Sequence[str] | None
) -> list[str]:
    """End the alerts of `districts`, or all of them when None; return those that ended.

    With the last of them the contact's place is forgotten too.
    """
    ending = delete(Subscription).where(Subscription.contact_id == contact_id)
    if districts is not None:
        ending = ending.where(Subscription.district.in_(districts))
    else:
        await places.forget(session, contact_id)
    ended = sorted(await session.scalars(ending.returning(Subscription.district)))
    if ended:
        audit.record(session, CITIZEN, "alerts.off", f"contact:{contact_id}", districts=ended)
    return ended


async def speak(session: AsyncSession, contact_id: UUID, language: str) -> bool:
    """Send a contact's alerts in `language` from now on; False where they get none."""
    changed = await session.scalars(
        update(Subscription)
        .where(Subscription.contact_id == contact_id)
        .values(language=language)
        .returning(Subscription.id)
    )
    return bool(changed.all())


async def districts_of(session: AsyncSession, contact_id: UUID) -> list[str]:
    """Return the districts whose alerts a contact gets, in alphabetical order."""
    rows = await session.scalars(
        select(Subscription.district)
        .where(Subscription.contact_id == contact_id)
        .order_by(Subscription.district.collate("C"))
    )
    return list(rows)


async def counts(session: AsyncSession) -> Sequence[tuple[str, str, int]]:
    """Return (district, channel, people) for all who can be reached: their door is not closed."""
    rows = await session.execute(
        select(Subscription.district, Subscription.channel, func.count())
        .join(Address, Address.id == Subscription.address_id)
        .where(Address.stopped_at.is_(None))
        .group_by(Subscription.district, Subscription.channel)
        .order_by(Subscription.district.collate("C"), Subscription.channel)
    )
    return [(district, channel, people) for district, channel, people in rows]


async def forget_address(session: AsyncSession, address_id: int) -> None:
    """End the alerts that come to one address; those on a contact's other addresses stay."""
    await session.execute(delete(Subscription).where(Subscription.address_id == address_id))
