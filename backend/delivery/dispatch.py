"""The dispatcher: claims what is due, sends it with no connection held, notes the outcome."""

import asyncio
import logging
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, text, update

from backend import metrics
from backend.contacts.service import lock_address, phone_code, stop
from backend.context import Context
from backend.messages import service as messages
from backend.models import Address, BroadcastEvent, Delivery, Message, PhoneCode
from channels.base import Channel, Rejected, Retryable, SendError, Stopped, Unknown
from channels.message import Choice, Outgoing, Sent

log = logging.getLogger(__name__)

BATCH = 64
LEASE = timedelta(seconds=60)
SEND_SECONDS = 25.0  # less than the lease: a send that takes longer is given up as unknown
MAX_ATTEMPTS = 7
CODE_MARK = "●●●●●●"

_CLAIM = text("""
    UPDATE deliveries SET status = 'dispatching', claimed_until = now() + :lease,
        attempts = attempts + 1, updated_at = now()
    WHERE id IN (
        SELECT id FROM deliveries q
        WHERE lane = :lane AND status = 'pending' AND due_at <= now() AND expires_at > now()
          AND NOT EXISTS (
            SELECT 1 FROM deliveries earlier
            WHERE earlier.address_id = q.address_id AND earlier.id < q.id
              AND earlier.lane = q.lane AND earlier.status IN ('pending', 'dispatching'))
        ORDER BY due_at, id LIMIT :batch FOR UPDATE SKIP LOCKED)
    RETURNING id""")


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A claimed delivery with all that its channel needs."""

    channel: str
    attempts: int
    outgoing: Outgoing


async def send_due(context: Context, channels: dict[str, Channel], lane: str) -> int:
    """Send everything due in `lane`; return how many were tried. Safe to run many times at once."""
    tried = 0
    while parcels := await _claim(context, lane):
        await asyncio.gather(*(_send(context, channels, parcel) for parcel in parcels))
        tried += len(parcels)
    return tried


async def _claim(context: Context, lane: str) -> list[_Parcel]:
    async with context.sessions() as session, session.begin():
        ids = (await session.scalars(_CLAIM, {"lane": lane, "lease": LEASE, "batch": BATCH})).all()
        if not ids:
            return []
        rows = await session.execute(
            select(Delivery, Address, Message, BroadcastEvent)
            .join(Address, Address.id == Delivery.address_id)
            .outerjoin(Message, Message.id == Delivery.message_id)
            .outerjoin(BroadcastEvent, BroadcastEvent.id == Delivery.event_id)
            .where(Delivery.id.in_(ids))
            .order_by(Delivery.id)
        )
        parcels = []
        for delivery, address, message, event in rows:
            packed: dict[str, Any] = (message.reply if message else None) or {}
            words = message.text if message else event.texts[delivery.language]
            if event is not None and address.scheme == "web":
                # A browser reads its conversation: an alert has to stand in it.
                await lock_address(session, "web", address.address, verified=False)
                conversation = await messages.open_conversation(
                    session, address, delivery.channel, delivery.language
                )
                mark = f"alert:{delivery.id}"
                if not await messages.find_incoming(session, delivery.channel, mark):
                    await messages.add(
                        session, conversation, author="alert", text=words, external_id=mark
                    )
            if "code_for" in packed:
                code = await session.get(PhoneCode, packed["code_for"])
                if code is None or (code.phone, code.nonce) != (address.address, packed["nonce"]):
                    # A newer code replaced it, perhaps for another phone: this one proves nothing.
                    delivery.status, delivery.reason = "cancelled", "code-replaced"
                    delivery.claimed_until = None
                    continue
                words = words.replace(CODE_MARK, phone_code(context.settings.secret, code))
            parcels.append(
                _Parcel(
                    delivery.channel,
                    delivery.attempts,
                    Outgoing(
                        delivery.id,
                        address.address,
                        words,
                        tuple(Choice(i, t) for i, t in packed.get("choices", [])),
                        delivery.language,
                        bool(packed.get("ask_phone")),
                    ),
                )
            )
        return parcels


async def _send(context: Context, channels: dict[str, Channel], parcel: _Parcel) -> None:
    try:
        channel = channels[parcel.channel]
        async with asyncio.timeout(SEND_SECONDS):
            sent: Sent | SendError = await channel.send(parcel.outgoing)
    except SendError as error:
        sent = error
    except TimeoutError:
        sent = Unknown("timeout")
    except KeyError:
        sent = Rejected("no-such-channel")
    except Exception as error:
        # One bad message must not stop the others; it may have gone out, so it is unknown.
        kind = type(error).__name__
        log.error("delivery %d on %s broke: %s", parcel.outgoing.id, parcel.channel, kind)
        sent = Unknown("broken")
    await _settle(context, parcel, sent)


async def _settle(context: Context, parcel: _Parcel, sent: Sent | SendError) -> None:
    values: dict[str, Any]
    if isinstance(sent, Sent):
        first = sent.external_ids[0] if sent.external_ids else None
        values = {"status": "accepted", "external_id": first}
    elif isinstance(sent, Retryable) and parcel.attempts < MAX_ATTEMPTS:
        wait = sent.retry_after or min(2.0**parcel.attempts, 300.0)
        delay = timedelta(seconds=wait + random.uniform(0, wait / 4))  # noqa: S311 - jitter
        values = {"status": "pending", "due_at": func.now() + delay, "reason": sent.code}
    elif isinstance(sent, Stopped):
        values = {"status": "suppressed", "reason": f"stopped:{sent.code}"}
    elif isinstance(sent, Unknown):
        values = {"status": "unknown", "reason": sent.code}
    else:
        values = {"status": "failed", "reason": sent.code}
    metrics.SETTLED.labels(parcel.channel, values["status"]).inc()
    async with context.sessions() as session, session.begin():
        settled = await session.scalar(
            update(Delivery)
            .where(Delivery.id == parcel.outgoing.id, Delivery.status == "dispatching")
            .values(**values, claimed_until=None, updated_at=func.now())
            .returning(Delivery.address_id)
        )
        if settled is None and "external_id" in values:
            # A report was faster than our own note; it knows more, but not the provider's id.
            await session.execute(
                update(Delivery)
                .where(Delivery.id == parcel.outgoing.id, Delivery.external_id.is_(None))
                .values(external_id=values["external_id"])
            )
        if isinstance(sent, Stopped) and settled is not None:
            address = await session.get(Address, settled)
            if address is not None:
                await stop(session, address)
