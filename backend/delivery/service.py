"""Delivery: the rows that promise a message to an address, in the commit of their cause."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from backend import jobs
from backend.messages import service as messages
from backend.models import Address, Conversation, Delivery, DeliveryAttempt, Message
from channels.base import Provider

REPLY_LIFE = timedelta(hours=24)
SEND = "delivery.send"


async def send_message(
    session: AsyncSession, conversation: Conversation, message: Message
) -> Delivery:
    """Promise `message` to the conversation's address: a row and its job, in one commit."""
    delivery = _of(conversation, message)
    if conversation.channel == "voice" and conversation.address.scheme == "phone":
        delivery.channel = "sms"  # a call can't be spoken into from outside: the words are texted
    if conversation.address.stopped_at is not None:
        delivery.status, delivery.reason = "suppressed", "stopped"
    session.add(delivery)
    await session.flush()
    if delivery.status == "pending":
        await wake(session, "reply")
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
) -> Delivery:
    """Record that `message` leaves in the response to the request it answers.

    `carrier` is who asked and takes the response. Its ids of the parts come with its reports.
    """
    delivery = _of(conversation, message)
    delivery.status = "accepted"
    delivery.provider = carrier.name
    delivery.attempts = 1
    if carrier.reports_within is not None:
        delivery.check_at = func.now() + timedelta(seconds=carrier.reports_within)
    session.add(delivery)
    await session.flush()
    attempt = DeliveryAttempt(
        delivery_id=delivery.id, number=1, route=0, channel=delivery.channel, provider=carrier.name,
        address_id=delivery.address_id, outcome="accepted",
    )  # fmt: skip
    session.add(attempt)
    await session.flush()
    return delivery


def _of(conversation: Conversation, message: Message) -> Delivery:
    return Delivery(
        lane="reply",
        message_id=message.id,
        contact_id=conversation.address.contact_id,
        address_id=conversation.address_id,
        channel=conversation.channel,
        language=conversation.language,
        status="pending",
        expires_at=func.now() + REPLY_LIFE,
    )
