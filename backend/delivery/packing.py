"""Claiming what is due, and packing it with all that its channel needs: one statement a batch."""

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Row, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.attachments.links import Links
from backend.contacts.service import lock_address, phone_code
from backend.context import Context
from backend.delivery.alert_words import alert_link, alert_words
from backend.messages import service as messages
from backend.models import PhoneCode
from channels.message import Choice, Outgoing

LEASE = timedelta(seconds=60)
CODE_MARK = "●●●●●●"

# The channels with something due, found by skipping along the index instead of reading the queue.
_CHANNELS = text("""
    WITH RECURSIVE queued AS (
        (SELECT channel FROM deliveries WHERE lane = :lane AND status = 'pending'
         ORDER BY channel LIMIT 1)
        UNION ALL
        SELECT (SELECT d.channel FROM deliveries d
                WHERE d.lane = :lane AND d.status = 'pending' AND d.channel > queued.channel
                ORDER BY d.channel LIMIT 1)
        FROM queued WHERE queued.channel IS NOT NULL)
    SELECT channel FROM queued WHERE EXISTS (
        SELECT 1 FROM deliveries d WHERE d.lane = :lane AND d.channel = queued.channel
          AND d.status = 'pending' AND d.due_at <= now())""")

# What waits of an alert that is halted or being cancelled waits on, from the moment of that commit.
# Where a city waits for one alert, the planner takes `<> ALL` for a condition that nobody meets,
# reads a million rows and sorts them for every claim. It guesses nothing about a coalesce, and
# finds no index for an end with an interval: what is left is the queue in its own order.
_HELD = """
          AND NOT coalesce(q.event_id = ANY (ARRAY(
            SELECT e.id FROM broadcasts b JOIN broadcast_events e ON e.broadcast_id = b.id
            WHERE b.status IN ('halted', 'cancelling') AND e.kind = 'alert')), false)
          AND q.expires_at + interval '0' > now()"""

# An earlier message of the same citizen goes first: on this address always, on another one unless
# it has to wait there.
_CLAIM = text(f"""
    WITH due AS (
        SELECT id FROM deliveries q
        WHERE lane = :lane AND channel = :channel AND status = 'pending'
          AND due_at <= now() {_HELD}
          AND NOT EXISTS (
            SELECT 1 FROM deliveries earlier
            WHERE earlier.contact_id = q.contact_id AND earlier.id < q.id
              AND earlier.status IN ('pending', 'dispatching') AND earlier.lane = q.lane
              AND (earlier.address_id = q.address_id OR earlier.status = 'dispatching'
                   OR earlier.due_at <= now()))
        ORDER BY due_at, id LIMIT :size FOR UPDATE SKIP LOCKED),
    claimed AS (
        UPDATE deliveries d SET status = 'dispatching', claimed_until = now() + :lease,
            attempts = attempts + 1, updated_at = now()
        FROM due WHERE d.id = due.id
        RETURNING d.id, d.attempts, d.failures, d.route, d.provider, d.channel, d.language,
            d.address_id, d.message_id, d.event_id)
    SELECT c.*, a.scheme, a.address, m.reply, m.created_at AS said_at,
        CASE WHEN m.author = 'agent' THEN (
            SELECT t.id FROM attachments t WHERE t.message_id = m.id ORDER BY t.place LIMIT 1
        ) END AS photo,
        coalesce(m.text, e.texts ->> c.language) AS words,
        e.long_texts ->> c.language AS full_words, e.environment,
        CASE WHEN c.language NOT IN ('ko', 'en') THEN e.texts ->> 'en' END AS english,
        e.broadcast_id,
        CASE WHEN c.attempts > 1 THEN (
            SELECT count(*) FROM delivery_parts p
            WHERE p.delivery_id = c.id AND p.route = c.route) ELSE 0 END AS sent_parts,
        CASE WHEN c.attempts > 1 THEN ARRAY(
            SELECT t.provider FROM delivery_attempts t
            WHERE t.delivery_id = c.id AND t.channel = c.channel AND t.address_id = c.address_id
              AND t.outcome IN ('rejected', 'content')) END AS refused_by
    FROM claimed c JOIN addresses a ON a.id = c.address_id
    LEFT JOIN messages m ON m.id = c.message_id
    LEFT JOIN broadcast_events e ON e.id = c.event_id
    ORDER BY c.id""")  # noqa: S608 - constant parts

_CANCEL = text("""
    UPDATE deliveries SET status = 'cancelled', reason = 'code-replaced', claimed_until = NULL,
        updated_at = now() WHERE id = ANY(:ids)""").bindparams(
    bindparam("ids", type_=ARRAY(BigInteger))
)


def awake() -> float:
    """Return seconds that only go forward, those of a suspended machine among them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed delivery.

    `attempt` is the number of this try, `route` the way it takes, `failures` how often that way
    was refused. `provider` carried it last; where parts are out (`outgoing.skip`), it carries the
    rest too. `refused_by` are the providers of the channel that won't take it.
    """

    channel: str
    address_id: int
    attempt: int
    route: int
    failures: int
    provider: str | None
    refused_by: tuple[str, ...]
    outgoing: Outgoing
    claimed_at: float = field(default_factory=awake)

    @property
    def ours(self) -> bool:
        """Whether its lease lasts for a whole try still: no process that stood still sends late."""
        return awake() - self.claimed_at < LEASE.total_seconds() / 2


async def channels_due(session: AsyncSession, lane: str) -> list[str]:
    """Return the channels on which something in `lane` is due."""
    return list(await session.scalars(_CHANNELS, {"lane": lane}))


async def claim(context: Context, lane: str, channel: str, size: int) -> list[Parcel]:
    """Take up to `size` deliveries that are due; they are the caller's for the length of a lease.

    No two workers get the same one, and a citizen's later message is not among them while an
    earlier one is open.
    """
    values = {"lane": lane, "channel": channel, "size": size, "lease": LEASE}
    claimed_at = awake()
    async with context.sessions() as session, session.begin():
        rows = (await session.execute(_CLAIM, values)).all()
        parcels = []
        replaced = []
        for row in rows:
            packed: dict[str, Any] = row.reply or {}
            words = row.words or ""
            if row.event_id is not None:
                link = alert_link(context.settings.base_url, row.broadcast_id, row.language)
                words = alert_words(
                    row.channel, row.address, words, row.full_words, row.english, link
                )
                if row.scheme == "web":
                    await _put_into_conversation(session, row, words)
            if "code_for" in packed:
                code = await session.get(PhoneCode, packed["code_for"])
                if code is None or (code.phone, code.nonce) != (row.address, packed["nonce"]):
                    # A newer code replaced it, perhaps for another phone: this one proves nothing.
                    replaced.append(row.id)
                    continue
                words = words.replace(CODE_MARK, phone_code(context.settings.secret, code))
            parcels.append(_parcel(row, packed, words, Links.of(context.settings), claimed_at))
        if replaced:
            await session.execute(_CANCEL, {"ids": replaced})
        return parcels


def _parcel(
    row: Row[Any], packed: dict[str, Any], words: str, links: Links, claimed_at: float
) -> Parcel:
    said_at = row.said_at.timestamp() if row.photo else 0.0
    return Parcel(
        row.channel,
        row.address_id,
        row.attempts,
        row.route,
        row.failures,
        row.provider,
        tuple(row.refused_by or ()),
        Outgoing(
            row.id,
            row.address,
            words,
            tuple(Choice(id_, title) for id_, title in packed.get("choices", [])),
            row.language,
            bool(packed.get("ask_phone")),
            skip=row.sent_parts,
            photo_url=links.for_provider(row.photo, said_at) if row.photo else None,
            environment=row.environment or "live",
        ),
        claimed_at,
    )


async def _put_into_conversation(session: AsyncSession, row: Row[Any], words: str) -> None:
    """Write an alert into the conversation that a browser reads; once, however often tried."""
    address = await lock_address(session, "web", row.address, verified=False)
    talk = await messages.open_conversation(session, address, row.channel, row.language)
    mark = f"alert:{row.id}"
    if not await messages.find_incoming(session, row.channel, mark):
        await messages.add(session, talk, author="alert", text=words, external_id=mark)
