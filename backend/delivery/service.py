"""Delivery: the rows that promise a message to an address, in the commit of their cause."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import jobs
from backend.messages import service as messages
from backend.models import Address, Conversation, Delivery, DeliveryAttempt, Message
from channels.base import Provider
from channels.phones import takes_texts

REPLY_LIFE = timedelta(hours=24)
SEND = "delivery.send"


async def send_message(
    session: AsyncSession, conversation: Conversation, message: Message
) -> Delivery:
    """Promise `message` to the conversation's address: a row and its job, in one commit."""
    delivery = await promise(session, conversation, message)
    if delivery.status == "pending":
        await wake(session, "reply")
    return delivery


async def promise(session: AsyncSession, conversation: Conversation, message: Message) -> Delivery:
    """Promise `message` as `send_message` does, for a caller who wakes the workers once for all.

    Nothing goes to an address that its owner closed, nor to a landline that never texted us.
    """
    address = conversation.address
    delivery = Delivery(**_values(conversation, message))
    if conversation.channel == "voice" and address.scheme == "phone":
        delivery.channel = "sms"  # a call can't be spoken into from outside: the words are texted
    if address.stopped_at is not None:
        delivery.status, delivery.reason = "suppressed", "stopped"
    elif delivery.channel == "sms" and not await _takes_texts(session, address):
        delivery.status, delivery.reason = "suppressed", "landline"
    session.add(delivery)
    await session.flush()
    return delivery


async def notify(
    session: AsyncSession,
    address: Address,
    channel: str,
    language: str,
    text: str,
    reply: dict[str, Any] | None = None,
) -> Delivery:
    """Send a notice of the city's own accord to `address`, as part of the talk with it."""
    conversation = await messages.open_conversation(session, address, channel, language)
    notice = await messages.add(session, conversation, author="notice", text=text, reply=reply)
    return await send_message(session, conversation, notice)


async def wake(session: AsyncSession, lane: str) -> None:
    """Have a worker look for what is due in `lane`, once `session` commits."""
    await jobs.enqueue(session, SEND, "siren" if lane == "siren" else "reply", lane=lane)


async def answered_in_place(
    session: AsyncSession, conversation: Conversation, message: Message, carrier: Provider
) -> int:
    """Record that `message` leaves in the response to the request it answers; return its delivery.

    `carrier` is who asked and takes the response. Its ids of the parts come with its reports.
    """
    sent = _values(conversation, message) | {
        "status": "accepted", "provider": carrier.name, "attempts": 1,
    }  # fmt: skip
    if carrier.reports_within is not None:
        sent["check_at"] = func.now() + timedelta(seconds=carrier.reports_within)
    made = insert(Delivery).values(sent).returning(Delivery.id).cte("made")
    tried = {
        "number": 1, "route": 0, "channel": conversation.channel, "provider": carrier.name,
        "address_id": conversation.address_id, "outcome": "accepted",
    }  # fmt: skip
    row = select(made.c.id, *(literal(value) for value in tried.values()))
    # The delivery and its try are one statement.
    both = insert(DeliveryAttempt).from_select(["delivery_id", *tried], row)
    return (await session.scalars(both.returning(DeliveryAttempt.delivery_id))).one()


async def _takes_texts(session: AsyncSession, address: Address) -> bool:
    """Tell whether a text can arrive: the plan of numbers says so, or one came from there."""
    if takes_texts(address.address):
        return True
    came = (
        select(Message.id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(
            Conversation.address_id == address.id,
            Conversation.channel == "sms",
            Message.author == "citizen",
        )
        .limit(1)
    )
    return await session.scalar(came) is not None


def _values(conversation: Conversation, message: Message) -> dict[str, Any]:
    return {
        "lane": "reply",
        "message_id": message.id,
        "contact_id": conversation.address.contact_id,
        "address_id": conversation.address_id,
        "channel": conversation.channel,
        "language": conversation.language,
        "status": "pending",
        "expires_at": func.now() + REPLY_LIFE,
    }
