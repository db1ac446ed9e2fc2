"""Contacts: who stands behind an address, and how a phone is proven."""

import hashlib
import hmac
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.models import Address, Contact, Conversation, Petition, PhoneCode, Subscription
from channels.phones import at_home, takes_texts

CODE_LIFE = timedelta(minutes=10)
CODE_TRIES = 5


def mobile(phone: str) -> str | None:
    """Return `phone` in E.164 if it is a valid mobile number of our country, else None.

    Only such a number is sent a code: other numbers can't take texts, and foreign ones are cheap
    to come by and dear to write to.
    """
    number = at_home(phone)
    return number if number is not None and takes_texts(number) else None


_LOCKED = (
    select(Address)
    .where(Address.scheme == bindparam("scheme"), Address.address == bindparam("address"))
    .with_for_update(key_share=True)
)


async def lock_address(
    session: AsyncSession, scheme: str, address: str, *, verified: bool
) -> Address:
    """Return the address, made with a contact of its own if new, locked until the commit.

    The lock puts the messages of one citizen in a line: each sees what the one before it did.
    `verified` says that the channel vouches for its owner.
    """
    wanted = {"scheme": scheme, "address": address}
    found: Address | None = await session.scalar(_LOCKED, wanted)
    if found is None:
        contact = Contact()
        session.add(contact)
        await session.flush()
        made = await session.scalar(
            insert(Address)
            .values(scheme=scheme, address=address, contact_id=contact.id)
            .on_conflict_do_nothing()
            .returning(Address.id)
        )
        if made is None:
            await session.execute(delete(Contact).where(Contact.id == contact.id))
            session.expunge(contact)
        found = (await session.scalars(_LOCKED, wanted)).one()
    if verified and found.verified_at is None:
        found.verified_at = await session.scalar(select(func.now()))
    return found


async def phone_of(session: AsyncSession, contact_id: object) -> Address | None:
    """Return the contact's proven phone, the latest where there are several."""
    found: Address | None = await session.scalar(
        select(Address)
        .where(
            Address.contact_id == contact_id,
            Address.scheme == "phone",
            Address.verified_at.is_not(None),
        )
        .order_by(Address.verified_at.desc())
        .limit(1)
    )
    return found


async def prove_phone(session: AsyncSession, address: Address, phone: str) -> Address:
    """Record that whoever writes from `address` holds `phone` (E.164); return the phone's address.

    From now on both belong to one contact, the phone's: what that person filed by SMS is theirs
    here too. What `address` had filed before comes along, and wishes the other had not uttered.
    """
    owner = await lock_address(session, "phone", phone, verified=True)
    if owner.contact_id != address.contact_id:
        left, joined = address.contact_id, owner.contact_id
        address.contact_id = joined
        await session.flush()
        remaining = await session.scalar(
            select(func.count()).select_from(Address).where(Address.contact_id == left)
        )
        # Alerts follow the address they come to; a district that is there already is not doubled.
        moving = (Subscription.contact_id == left, Subscription.address_id == address.id)
        kept = select(Subscription.district).where(Subscription.contact_id == joined)
        await session.execute(delete(Subscription).where(*moving, Subscription.district.in_(kept)))
        await session.execute(update(Subscription).where(*moving).values(contact_id=joined))
        if remaining == 0:
            await session.execute(
                update(Petition).where(Petition.contact_id == left).values(contact_id=joined)
            )
            await _bring_wishes(session, left, joined)
    return owner


async def _bring_wishes(session: AsyncSession, left: UUID, joined: UUID) -> None:
    """Give `joined` the place, the quiet hours and the language of `left` where it has none."""
    for first, *others in (
        (Contact.latitude, Contact.longitude),
        (Contact.quiet_from, Contact.quiet_until),
        (Contact.language,),
    ):
        wishes = select(first, *others).where(Contact.id == left)
        found = (await session.execute(wishes)).one()
        await session.execute(
            update(Contact)
            .where(Contact.id == joined, first.is_(None))
            .values(dict(zip((first, *others), found, strict=True)))
            .execution_options(synchronize_session=False)
        )


async def set_language(session: AsyncSession, address: Address, language: str) -> None:
    """Remember the language a citizen chose, for every talk and alert to come."""
    await session.execute(
        update(Contact).where(Contact.id == address.contact_id).values(language=language)
    )
    await session.execute(
        update(Subscription)
        .where(Subscription.contact_id == address.contact_id)
        .values(language=language)
    )
    await session.execute(
        update(Conversation)
        .where(Conversation.address_id == address.id, Conversation.state != "closed")
        .values(language=language)
    )


async def stop(session: AsyncSession, address: Address) -> None:
    """Push nothing to this address any more: its owner closed the door."""
    await session.execute(
        update(Address)
        .where(Address.id == address.id, Address.stopped_at.is_(None))
        .values(stopped_at=func.now())
    )


async def restart(session: AsyncSession, address: Address) -> None:
    """Open the door again, at its owner's word."""
    await session.execute(update(Address).where(Address.id == address.id).values(stopped_at=None))


def phone_code(secret: str, code: PhoneCode) -> str:
    """Return the six digits of `code`. They follow from our secret and are stored nowhere."""
    mark = f"{code.address_id}:{code.phone}:{code.nonce}".encode()
    digest = hmac.new(secret.encode(), mark, hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8]) % 1_000_000:06d}"


async def start_phone_code(session: AsyncSession, address: Address, phone: str) -> PhoneCode:
    """Begin to prove `phone` (E.164) for `address`: a new code replaces the one before."""
    values = {"phone": phone, "nonce": secrets.token_hex(16), "tries": 0}
    expires = func.now() + CODE_LIFE
    statement = insert(PhoneCode).values(address_id=address.id, expires_at=expires, **values)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[PhoneCode.address_id], set_={**values, "expires_at": expires}
        )
    )
    found = await session.get(PhoneCode, address.id, populate_existing=True)
    assert found is not None
    return found


async def check_phone_code(
    session: AsyncSession, address: Address, digits: str, secret: str
) -> str | None:
    """Return the phone that `digits` prove, or None: wrong, too late, or tried too often."""
    code = await session.scalar(
        select(PhoneCode)
        .where(
            PhoneCode.address_id == address.id,
            PhoneCode.expires_at > func.now(),
            PhoneCode.tries < CODE_TRIES,
        )
        .with_for_update()
    )
    if code is None:
        return None
    if not hmac.compare_digest(phone_code(secret, code), digits):
        code.tries += 1
        return None
    phone = code.phone
    await session.delete(code)
    return phone
