"""The next way to a citizen, where one is closed: another channel that they allow.

Only what the city says of its own accord takes it, notices and alerts. An answer stays in the talk
it belongs to, and a phone's code on the phone that it proves.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import ARRAY, BigInteger, String, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from channels.base import Channel

# What reaches people most surely comes first. Nobody sees a closed browser, so the web is no way.
# A call wakes people up and goes one by one: it is the last way, for what threatens them alone.
PREFERRED = ("sms", "alimtalk", "telegram", "email", "call")

# A citizen allows an address by having proven that it is theirs and not having closed it. What was
# cancelled or is over goes no other way: its failure may be told an hour after its correction.
_MOVE = text("""
    WITH next AS (
        SELECT DISTINCT ON (d.id) d.id, a.id AS address_id, way.channel
        FROM deliveries d
        JOIN addresses a ON a.contact_id = d.contact_id AND a.stopped_at IS NULL
        JOIN unnest(CAST(:channels AS text[]), CAST(:schemes AS text[]))
            WITH ORDINALITY AS way(channel, scheme, place) ON way.scheme = a.scheme
        LEFT JOIN messages m ON m.id = d.message_id
        WHERE d.id = ANY(:ids) AND d.expires_at > now()
          AND (d.event_id IS NOT NULL
               OR m.author = 'notice' AND NOT coalesce(jsonb_exists(m.reply, 'code_for'), false))
          AND (a.verified_at IS NOT NULL OR a.scheme NOT IN ('phone', 'email'))
          AND (a.id, way.channel) <> (d.address_id, d.channel)
          AND (way.channel <> 'call' OR EXISTS (
            SELECT 1 FROM broadcast_events e
            WHERE e.id = d.event_id AND e.level <> 'advisory' AND e.kind <> 'reminder'))
          AND NOT EXISTS (
            SELECT 1 FROM broadcast_events e JOIN broadcasts b ON b.id = e.broadcast_id
            WHERE e.id = d.event_id AND (e.expires_at <= now()
              OR e.kind = 'alert' AND b.status IN ('cancelling', 'cancelled')))
          AND NOT EXISTS (
            SELECT 1 FROM delivery_attempts t
            WHERE t.delivery_id = d.id AND t.address_id = a.id AND t.channel = way.channel)
        ORDER BY d.id, way.place, a.verified_at DESC NULLS LAST, a.id)
    UPDATE deliveries d SET status = 'pending', reason = NULL, channel = next.channel,
        address_id = next.address_id, provider = NULL, route = d.route + 1, failures = 0,
        parts = NULL, due_at = now(), check_at = NULL, claimed_until = NULL, updated_at = now()
    FROM next WHERE d.id = next.id
    RETURNING d.id, d.lane""").bindparams(
    bindparam("ids", type_=ARRAY(BigInteger)),
    bindparam("channels", type_=ARRAY(String)),
    bindparam("schemes", type_=ARRAY(String)),
)


async def move(
    session: AsyncSession, ids: Collection[int], channels: Mapping[str, Channel]
) -> dict[int, str]:
    """Send these deliveries another way, where their citizen has one; return those, with lanes.

    The caller has locked the rows, and knows that they did not arrive the way they went.
    """
    if not ids:
        return {}
    ways = [(name, channels[name].scheme) for name in PREFERRED if name in channels]
    values = {
        "ids": list(ids),
        "channels": [name for name, _ in ways],
        "schemes": [scheme for _, scheme in ways],
    }
    rows = await session.execute(_MOVE, values)
    return {row.id: row.lane for row in rows}
