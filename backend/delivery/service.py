"""Delivery: the rows that promise a message to an address, and every change of their status."""

from datetime import timedelta
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import jobs
from backend.messages import service as messages
from backend.models import Address, Conversation, Delivery, Message
from channels.message import DeliveryState, StatusUpdate

REPLY_LIFE = timedelta(hours=24)
SEND = "delivery.send"

# Reports may come late, twice and out of order: a status only ever moves up.
# `failed` ranks below `delivered`: a receipt from the phone beats any guess before it.
RANK = {
    "pending": 0, "dispatching": 0, "unknown": 1, "accepted": 2, "sent": 3,
    "failed": 4, "suppressed": 4, "expired": 4, "cancelled": 4, "delivered": 5,
}  # fmt: skip
_FINAL_BEFORE_SENDING = ("suppressed", "expired", "cancelled")


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
    session: AsyncSession, conversation: Conversation, message: Message
) -> Delivery:
    """Record that `message` leaves in the response to the request it answers."""
    delivery = _of(conversation, message)
    delivery.status = "accepted"
    delivery.attempts = 1
    session.add(delivery)
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


async def apply_status(session: AsyncSession, report: StatusUpdate) -> bool:
    """Apply a provider's report; return whether it told anything new.

    The rank decides in the same statement that writes, so that two reports at once can't cross.
    """
    state = report.state.value
    reason = (report.code or "failed") if report.state is DeliveryState.FAILED else None
    rank = case(*((Delivery.status == status, value) for status, value in RANK.items()), else_=0)
    which = (
        Delivery.id == report.delivery
        if report.delivery is not None
        else Delivery.external_id == report.external_id
    )
    changed = await session.scalar(
        update(Delivery)
        .where(
            which,
            Delivery.channel == report.channel,
            Delivery.status.not_in(_FINAL_BEFORE_SENDING),
            rank < RANK[state],
        )
        .values(
            status=state,
            reason=reason,
            claimed_until=None,
            external_id=func.coalesce(Delivery.external_id, report.external_id),
            updated_at=func.now(),
        )
        .returning(Delivery.id)
    )
    return changed is not None


async def reap(session: AsyncSession) -> None:
    """Give every delivery that nobody works on a way out; the clock calls this.

    A lease that ran out means that the worker died with the message in its hands: it may have
    gone out, so it is `unknown` and never silently sent again. What is past its time expires.
    What is due and has no job (a wake-up was lost) gets one.
    """
    await session.execute(
        update(Delivery)
        .where(Delivery.status == "dispatching", Delivery.claimed_until < func.now())
        .values(status="unknown", reason="lease-expired", claimed_until=None, updated_at=func.now())
    )
    await session.execute(
        update(Delivery)
        .where(Delivery.status == "pending", Delivery.expires_at <= func.now())
        .values(status="expired", reason="too-late", updated_at=func.now())
    )
    due = await session.scalars(
        select(Delivery.lane)
        .where(Delivery.status == "pending", Delivery.due_at <= func.now())
        .group_by(Delivery.lane)
    )
    for lane in due.all():
        await wake(session, lane)
