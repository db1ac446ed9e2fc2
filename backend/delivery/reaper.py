"""No delivery is left where nobody works on it; the clock calls these every few seconds."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.context import Context
from backend.delivery import reports
from backend.delivery.packing import channels_due
from backend.delivery.service import wake
from channels.base import Channel, SendError, Traceable, traceable
from channels.message import Outgoing, StatusUpdate

log = logging.getLogger(__name__)

LANES = ("siren", "reply", "bulk")
BATCH = 100
ASKED_AT_ONCE = 8

# A worker died with these in its hands: they may have gone out, and are never silently sent again.
_LEASES = text("""
    WITH dead AS (
        SELECT id FROM deliveries WHERE status = 'dispatching' AND claimed_until < now()
        ORDER BY id LIMIT :size FOR UPDATE SKIP LOCKED),
    given_up AS (
        UPDATE deliveries d SET status = 'unknown', reason = 'lease-expired', check_at = now(),
            claimed_until = NULL, updated_at = now()
        FROM dead WHERE d.id = dead.id
        RETURNING d.id, d.attempts, d.route, d.channel, d.address_id)
    INSERT INTO delivery_attempts
        (delivery_id, number, route, channel, provider, address_id, outcome, code)
    SELECT id, attempts, route, channel, NULL, address_id, 'unknown', 'lease-expired' FROM given_up
    ON CONFLICT DO NOTHING""")

_TOO_LATE = text("""
    WITH late AS (
        SELECT id FROM deliveries WHERE status = 'pending' AND expires_at <= now()
        ORDER BY id LIMIT :size FOR UPDATE SKIP LOCKED)
    UPDATE deliveries d SET status = 'expired', reason = coalesce(d.reason, 'too-late'),
        updated_at = now()
    FROM late WHERE d.id = late.id""")

# Whoever asks has ten minutes for it; if it dies, somebody else asks then.
_TO_ASK = text("""
    WITH silent AS (
        SELECT id FROM deliveries WHERE check_at <= now()
        ORDER BY check_at LIMIT :size FOR UPDATE SKIP LOCKED)
    UPDATE deliveries d SET check_at = now() + interval '10 minutes'
    FROM silent, addresses a WHERE d.id = silent.id AND a.id = d.address_id
    RETURNING d.id, d.status, d.channel, d.provider, d.language, a.address,
        (SELECT m.text FROM messages m WHERE m.id = d.message_id) AS said,
        (SELECT e.texts ->> d.language FROM broadcast_events e WHERE e.id = d.event_id) AS warned,
        (SELECT e.environment FROM broadcast_events e WHERE e.id = d.event_id) AS environment,
        ARRAY(SELECT p.external_id FROM delivery_parts p
              WHERE p.delivery_id = d.id AND p.route = d.route ORDER BY p.updated_at) AS known,
        coalesce((SELECT max(t.at) FROM delivery_attempts t WHERE t.delivery_id = d.id),
                 d.created_at) - interval '60 seconds' AS since""")

# What the answer moved is asked for again. What was accepted and never heard of again is unknown,
# and an unknown is asked for once more.
_ASKED = text("""
    UPDATE deliveries SET
        updated_at = CASE WHEN status = :was AND status <> 'unknown' THEN now() ELSE updated_at END,
        status = CASE WHEN status = :was THEN 'unknown' ELSE status END,
        reason = CASE WHEN status = :was AND status <> 'unknown' THEN 'no-report' ELSE reason END,
        check_at = CASE WHEN status <> :was THEN now() + interval '1 hour'
                        WHEN status = 'unknown' AND :again
                             AND updated_at > now() - interval '5 minutes'
                        THEN now() + interval '10 minutes' END
    WHERE id = :id AND status IN ('accepted', 'sent', 'unknown')""")

_FORGET = text("""
    UPDATE deliveries SET check_at = NULL
    WHERE id = :id AND status NOT IN ('accepted', 'sent', 'unknown')""")


async def reap(session: AsyncSession, size: int = 5000) -> None:
    """Give every delivery that nobody works on a way out.

    A lease that ran out leaves an unknown. What is past its time expires. What is due and has no
    job (a wake-up was lost) gets one.
    """
    await session.execute(_LEASES, {"size": size})
    await session.execute(_TOO_LATE, {"size": size})
    for lane in LANES:
        if await channels_due(session, lane):
            await wake(session, lane)


async def follow_up(context: Context, channels: Mapping[str, Channel]) -> int:
    """Ask the providers about messages that they are silent about; return how many were due.

    Where a provider can't be asked, or does not know, silence means that nobody knows.
    """
    asked = 0
    while True:
        async with context.sessions() as session, session.begin():
            rows = (await session.execute(_TO_ASK, {"size": BATCH})).all()
        places = asyncio.Semaphore(ASKED_AT_ONCE)
        await asyncio.gather(*(_follow(context, channels, row, places) for row in rows))
        asked += len(rows)
        if len(rows) < BATCH:
            return asked


async def _follow(
    context: Context, channels: Mapping[str, Channel], row: Row[Any], places: asyncio.Semaphore
) -> None:
    door = traceable(channels.get(row.channel))
    async with places:
        found = await _ask(door, row) if door else ()
        async with context.sessions() as session, session.begin():
            for report in found:
                await reports.apply(session, report, channels)
            values = {"id": row.id, "was": row.status, "again": door is not None}
            await session.execute(_ASKED, values)
            await session.execute(_FORGET, {"id": row.id})


async def _ask(channel: Traceable, row: Row[Any]) -> Sequence[StatusUpdate]:
    words = row.said or row.warned or ""
    message = Outgoing(
        row.id, row.address, words, language=row.language, provider=row.provider,
        environment=row.environment or "live",
    )  # fmt: skip
    try:
        return await channel.look_up(message, row.known, row.since)
    except SendError as error:
        log.info("delivery %d could not be asked after: %s", row.id, error.code)
        return ()
