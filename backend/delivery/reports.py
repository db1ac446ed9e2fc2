"""Providers' reports on what they carried, and the status of a delivery that follows from them.

Reports come late, twice, out of order and before our own note of the send. A part's status and a
delivery's only ever move up, and a message has arrived when all parts of one way have.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.delivery import ways
from backend.delivery.service import wake
from channels.base import Channel
from channels.message import DeliveryState, StatusUpdate

# `failed` ranks below `delivered`: a receipt from the phone beats any guess before it.
RANK = {
    "pending": 0, "dispatching": 0, "unknown": 1, "accepted": 2, "sent": 3,
    "failed": 4, "suppressed": 4, "expired": 4, "cancelled": 4, "delivered": 5,
}  # fmt: skip


def _rank(column: str) -> str:
    """Return SQL that ranks a status."""
    return f"(CASE {column} " + " ".join(f"WHEN '{s}' THEN {r}" for s, r in RANK.items()) + " END)"


_IDS = bindparam("ids", type_=ARRAY(BigInteger))

_KNOWN = text("""
    SELECT delivery_id FROM delivery_parts
    WHERE provider = :provider AND external_id = :external_id""")

# A report by our own id counts where this provider was given the message: by a try that is noted,
# or by the one that is going on.
_CARRIED = text("""
    SELECT d.id, d.parts,
        CASE WHEN d.channel = :channel AND (d.status = 'dispatching' OR d.reason = 'lease-expired')
             THEN d.route
             ELSE (SELECT max(t.route) FROM delivery_attempts t WHERE t.delivery_id = d.id
                   AND t.channel = :channel AND t.provider = :provider) END AS route
    FROM deliveries d WHERE d.id = :delivery
    FOR NO KEY UPDATE""")

_NOTE = text(f"""
    INSERT INTO delivery_parts AS p
        (provider, external_id, delivery_id, route, total, status, code)
    VALUES (:provider, :external_id, :delivery, :route, :total, :status, :code)
    ON CONFLICT (provider, external_id) DO UPDATE SET status = excluded.status,
        code = excluded.code, total = greatest(p.total, excluded.total), updated_at = now()
    WHERE p.delivery_id = excluded.delivery_id
      AND {_rank("excluded.status")} > {_rank("p.status")}
    RETURNING p.delivery_id""")  # noqa: S608 - constant parts

_REFRESH = text(f"""
    WITH way AS (
        SELECT p.delivery_id, p.route, count(*) AS known, max(p.total) AS total,
            count(*) FILTER (WHERE p.status = 'delivered') AS arrived,
            bool_and(p.status IN ('sent', 'delivered')) AS on_its_way,
            bool_or(p.status = 'failed') AS failed, min(p.code) AS code
        FROM delivery_parts p WHERE p.delivery_id = ANY(:ids)
        GROUP BY p.delivery_id, p.route),
    seen AS (
        SELECT d.id, coalesce(way.arrived, 0) AS arrived, way.code,
            CASE WHEN EXISTS (SELECT 1 FROM way any_way WHERE any_way.delivery_id = d.id
                              AND any_way.arrived >= any_way.total) THEN 'delivered'
                 WHEN way.failed THEN 'failed'
                 WHEN way.known IS NULL OR way.known < way.total THEN NULL
                 WHEN way.on_its_way THEN 'sent' ELSE 'accepted' END AS status
        FROM deliveries d LEFT JOIN way ON way.delivery_id = d.id AND way.route = d.route
        WHERE d.id = ANY(:ids))
    UPDATE deliveries d SET status = seen.status, claimed_until = NULL, updated_at = now(),
        reason = CASE WHEN seen.status = 'failed' THEN coalesce(seen.code, 'failed') END,
        check_at = CASE WHEN seen.status IN ('sent', 'accepted')
                        THEN coalesce(d.check_at, now() + interval '1 day') END
    FROM seen WHERE d.id = seen.id AND seen.status IS NOT NULL
      AND {_rank("seen.status")} > {_rank("d.status")}
    RETURNING d.id, d.status, seen.arrived""").bindparams(_IDS)  # noqa: S608 - constant parts


async def apply(
    session: AsyncSession, report: StatusUpdate, channels: Mapping[str, Channel]
) -> bool:
    """Apply a provider's report; return whether it told anything new about its delivery.

    What failed for good and is not part of a talk goes another way, where its citizen has one.
    """
    provider = report.provider or report.channel
    delivery = report.delivery
    if delivery is None:
        values = {"provider": provider, "external_id": report.external_id}
        delivery = await session.scalar(_KNOWN, values)
    if delivery is None:
        return False
    carried = (
        await session.execute(
            _CARRIED, {"delivery": delivery, "channel": report.channel, "provider": provider}
        )
    ).one_or_none()
    if carried is None or carried.route is None:
        return False
    failed = report.state is DeliveryState.FAILED
    noted = await session.scalar(
        _NOTE,
        {
            "provider": provider,
            "external_id": report.external_id or f"delivery-{delivery}",
            "delivery": delivery,
            "route": carried.route,
            "total": report.parts or carried.parts or 1,
            "status": report.state.value,
            "code": (report.code or "failed") if failed else None,
        },
    )
    if noted is None:
        return False
    changed = await refresh(session, [delivery])
    lost = [row.id for row in changed if row.status == "failed" and not row.arrived]
    for lane in set((await ways.move(session, lost, channels)).values()):
        await wake(session, lane)
    return bool(changed)


async def refresh(session: AsyncSession, ids: Collection[int]) -> Sequence[Any]:
    """Bring deliveries, which the caller has locked, to where their parts are.

    Returns (id, status, arrived parts) of those that moved.
    """
    return (await session.execute(_REFRESH, {"ids": list(ids)})).all()
