"""The mailbox: messages for citizens who have to ask for them, each handed over once.

A KakaoTalk skill answers and can't write first. What it has not shown yet, be it a late answer, an
agent's words or the rest of a long text, waits here for the citizen's next message.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.attachments import service as attachments
from backend.attachments.links import Links
from backend.messages import service as messages
from backend.models import Address, Delivery, HeldDelivery, Message
from channels.inbound import clean_text
from channels.message import Reply

SCHEMES = frozenset({"kakao"})


async def hold(session: AsyncSession, delivery_id: int) -> None:
    """Keep a delivery until its citizen asks; one to an address that can be written to is not kept.

    Safe to repeat.
    """
    row = (
        select(Delivery.id, Delivery.address_id)
        .join(Address, Address.id == Delivery.address_id)
        .where(Delivery.id == delivery_id, Address.scheme.in_(SCHEMES))
    )
    held = insert(HeldDelivery).from_select(["delivery_id", "address_id"], row)
    await session.execute(held.on_conflict_do_nothing())


async def take(session: AsyncSession, scheme: str, address: str, links: Links) -> list[Reply]:
    """Return what waits for an address, oldest first, and mark it as handed over.

    Two who take at once share it: no message is returned twice. Of a message that was shown in
    part, only the rest is returned. A photo is a link at the end of its message.
    """
    owner = select(Address.id).where(Address.scheme == scheme, Address.address == address)
    taken = await session.execute(
        update(HeldDelivery)
        .where(HeldDelivery.address_id == owner.scalar_subquery(), HeldDelivery.taken_at.is_(None))
        .values(taken_at=func.now())
        .returning(HeldDelivery.delivery_id, HeldDelivery.shown)
    )
    shown = {row.delivery_id: row.shown for row in taken}
    if not shown:
        return []
    found = await session.execute(
        select(Message, Delivery.id)
        .join(Delivery, Delivery.message_id == Message.id)
        .where(Delivery.id.in_(shown))
        .order_by(Delivery.id)
    )
    rows = found.all()
    photos = await attachments.of_agents(session, [message.id for message, _ in rows])
    replies = []
    for message, delivery_id in rows:
        reply = messages.unpack(message, delivery_id)
        words = [clean_text(reply.text)] if reply.text else []
        if photo := photos.get(message.id):
            words.append(links.for_provider(photo, message.created_at.timestamp()))
        replies.append(replace(reply, text="\n".join(words)[shown[delivery_id] :]))
    return replies


async def put_back(session: AsyncSession, delivery_id: int, shown: int) -> None:
    """Keep a delivery again of which no more than `shown` characters were shown this time."""
    await session.execute(
        update(HeldDelivery)
        .where(HeldDelivery.delivery_id == delivery_id)
        .values(taken_at=None, shown=HeldDelivery.shown + shown)
    )


async def lose(session: AsyncSession, deliveries: Sequence[int], code: str) -> None:
    """Note that nobody knows whether these deliveries were shown: an answer was lost."""
    await session.execute(
        update(Delivery)
        .where(Delivery.id.in_(deliveries), Delivery.status == "accepted")
        .values(status="unknown", reason=code, updated_at=func.now())
    )
