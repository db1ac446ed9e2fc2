"""Delivery: the rows that promise a message to an address, in the commit of their cause."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend import jobs
from backend.messages import service as messages
from backend.models import Address, Conversation, Delivery, Message
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
    channel, status, reason = await way(session, conversation)
    delivery = Delivery(
        lane="reply",
        message_id=message.id,
        contact_id=conversation.address.contact_id,
        address_id=conversation.address_id,
        channel=channel,
        language=conversation.language,
        status=status,
        reason=reason,
        expires_at=func.now() + REPLY_LIFE,
    )
    session.add(delivery)
    await session.flush()
    return delivery


async def way(session: AsyncSession, conversation: Conversation) -> tuple[str, str, str | None]:
    """Return the channel that takes words to a conversation's address, their status, and why.

    The status is `pending`, or `suppressed` where they may not or can't be sent.
    """
    address = conversation.address
    channel = conversation.channel
    if channel == "voice" and address.scheme == "phone":
        channel = "sms"  # a call can't be spoken into from outside: the words are texted
    if address.stopped_at is not None:
        return channel, "suppressed", "stopped"
    if channel == "sms" and not await _takes_texts(session, address):
        return channel, "suppressed", "landline"
    return channel, "pending", None


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
