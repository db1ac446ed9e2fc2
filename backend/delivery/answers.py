"""What the bot answers, written in one statement: its words, their deliveries, and its memory."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ARRAY, BigInteger, Float, Integer, Interval, String, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from backend.delivery import mailbox
from backend.delivery.service import REPLY_LIFE, way
from backend.messages import service as messages
from backend.models import Conversation, Message
from channels.base import Provider
from channels.message import Reply

# Every turn of every talk ends here. One by one these writes took most of a turn's time.
_KEEP = text("""
    WITH talk AS (
        UPDATE conversations SET last_seq = last_seq + cardinality(:texts), dialogue = :dialogue,
            updated_at = now()
        WHERE id = :talk RETURNING last_seq - cardinality(:texts) AS seq),
    heard AS (
        UPDATE messages SET outcome = :outcome
        WHERE id = :heard AND outcome IS DISTINCT FROM :outcome),
    said AS (
        INSERT INTO messages
            (conversation_id, seq, direction, author, channel, text, reply, answers)
        SELECT :talk, talk.seq + r.place, 'out', 'bot', :channel, r.words, r.packed::jsonb, :heard
        FROM talk, unnest(:texts, :packed) WITH ORDINALITY AS r(words, packed, place)
        ORDER BY r.place
        RETURNING id, seq),
    promised AS (
        INSERT INTO deliveries
            (lane, message_id, contact_id, address_id, channel, provider, language, status, reason,
             attempts, check_at, expires_at)
        SELECT 'reply', said.id, :contact, :address, :way, :provider, :language, :status, :reason,
            :attempts, now() + :check_in * interval '1 second', now() + :life
        FROM said ORDER BY said.seq
        RETURNING id, attempts),
    tried AS (
        INSERT INTO delivery_attempts
            (delivery_id, number, route, channel, provider, address_id, outcome)
        SELECT id, attempts, 0, :way, :provider, :address, 'accepted'
        FROM promised WHERE attempts > 0)
    SELECT id FROM promised ORDER BY id""").bindparams(
    *(bindparam(name, type_=String) for name in (
        "outcome", "channel", "way", "provider", "language", "status", "reason",
    )),
    *(bindparam(name, type_=ARRAY(String)) for name in ("texts", "packed")),
    *(bindparam(name, type_=Uuid) for name in ("talk", "contact")),
    *(bindparam(name, type_=BigInteger) for name in ("heard", "address")),
    bindparam("dialogue", type_=JSONB),
    bindparam("attempts", type_=Integer),
    bindparam("check_in", type_=Float),
    bindparam("life", type_=Interval),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """Replies as they are stored, each with its delivery, and the channel they wait to be sent on.

    `waits_on` is None where there is nothing to send.
    """

    replies: tuple[Reply, ...]
    waits_on: str | None = None


async def keep(
    session: AsyncSession,
    conversation: Conversation,
    heard: Message,
    replies: Sequence[Reply],
    carrier: Provider | None,
    *,
    ended: bool = False,
) -> Kept:
    """Write down the bot's `replies` to the message `heard`, and what of both has changed.

    `carrier` takes them in the response to that message, and their ids come with its reports;
    without one they are promised, and the caller has them sent. `ended` marks a talk that is over.
    """
    if carrier is not None:
        channel, status, reason = conversation.channel, "accepted", None
    else:
        channel, status, reason = await way(session, conversation)
    over = {"ended": True} if ended else {}
    written = await session.scalars(
        _KEEP,
        {
            "talk": conversation.id,
            "dialogue": conversation.dialogue,
            "heard": heard.id,
            "outcome": heard.outcome,
            "channel": conversation.channel,
            "texts": [reply.text for reply in replies],
            "packed": [json.dumps(messages.pack(reply) | over) for reply in replies],
            "contact": conversation.address.contact_id,
            "address": conversation.address_id,
            "way": channel,
            "provider": carrier.name if carrier is not None else None,
            "language": conversation.language,
            "status": status,
            "reason": reason,
            "attempts": int(carrier is not None),
            "check_in": carrier.reports_within if carrier is not None else None,
            "life": REPLY_LIFE,
        },
    )
    ids = written.all()
    if carrier is not None and conversation.address.scheme in mailbox.SCHEMES:
        for id_ in ids:
            await mailbox.hold(session, id_)
    # They are written: the session need not do it again.
    set_committed_value(conversation, "dialogue", conversation.dialogue)
    set_committed_value(heard, "outcome", heard.outcome)
    stored = tuple(replace(r, delivery=id_) for r, id_ in zip(replies, ids, strict=True))
    return Kept(stored, channel if status == "pending" else None)
