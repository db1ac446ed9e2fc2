"""Who proves a phone is one person with it: what they had wished before comes along."""

from datetime import time

from sqlalchemy.ext.asyncio import AsyncSession

from backend.contacts import places, quiet
from backend.contacts.service import lock_address, prove_phone, set_language
from backend.models import Contact

NIGHT = (time(22), time(7))


async def test_place_quiet_hours_and_language_come_along(session: AsyncSession) -> None:
    chat = await lock_address(session, "web", "w" * 8, verified=False)
    await places.save(session, chat.contact_id, 37.5563, 126.9236)
    await quiet.keep(session, chat.contact_id, NIGHT)
    await set_language(session, chat, "vi")
    phone = await prove_phone(session, chat, "+821012345678")
    contact = await session.get_one(Contact, phone.contact_id, populate_existing=True)
    assert (contact.latitude, contact.longitude) == (37.5563, 126.9236)
    assert (contact.quiet_from, contact.quiet_until, contact.language) == (*NIGHT, "vi")


async def test_what_the_phone_had_wished_stays(session: AsyncSession) -> None:
    chat = await lock_address(session, "web", "w" * 8, verified=False)
    phone = await lock_address(session, "phone", "+821012345678", verified=True)
    for address, latitude, language in ((chat, 37.55, "vi"), (phone, 37.6, "ja")):
        await places.save(session, address.contact_id, latitude, 127.0)
        await set_language(session, address, language)
    await quiet.keep(session, phone.contact_id, NIGHT)
    await prove_phone(session, chat, "+821012345678")
    contact = await session.get_one(Contact, phone.contact_id, populate_existing=True)
    assert (contact.latitude, contact.language, contact.quiet_from) == (37.6, "ja", NIGHT[0])


async def test_what_another_way_still_uses_stays_there(session: AsyncSession) -> None:
    chat = await lock_address(session, "web", "w" * 8, verified=False)
    await prove_phone(session, chat, "+821012345678")
    await places.save(session, chat.contact_id, 37.55, 127.0)
    await prove_phone(session, chat, "+821087654321")
    left = await lock_address(session, "phone", "+821012345678", verified=True)
    kept = await session.get_one(Contact, left.contact_id, populate_existing=True)
    joined = await session.get_one(Contact, chat.contact_id, populate_existing=True)
    assert (kept.latitude, joined.latitude) == (37.55, None)
