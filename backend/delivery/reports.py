"""Providers' reports on what they carried, and the status of a delivery that follows from them.

Reports come late, twice, out of order and before our own note of the send. A part's status and a
delivery's only ever move up, and a message has arrived when all parts of one way have.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend import audit
from backend.delivery import ways
from backend.delivery.batch import LOCK, batch
from backend.delivery.service import wake
from channels.base import Channel, providers_of
from channels.message import DeliveryState, StatusUpdate

log = logging.getLogger(__name__)

# `failed` ranks below `delivered`: a receipt from the phone beats any guess before it.
RANK = {
    "pending": 0, "dispatching": 0, "unknown": 1, "accepted": 2, "sent": 3,
    "failed": 4, "suppressed": 4, "expired": 4, "cancelled": 4, "delivered": 5,
}  # fmt: skip


def _rank(column: str) -> str:
    """Return SQL that ranks a status."""
    return f"(CASE {column} " + " ".join(f"WHEN '{s}' THEN {r}" for s, r in RANK.items()) + " END)"


_IDS = bindparam("ids", type_=ARRAY(BigInteger))

_KNOWN = batch(
    """SELECT u.place, p.delivery_id FROM {rows}
    JOIN delivery_parts p ON p.provider = u.provider AND p.external_id = u.external_id""",
    place="bigint", provider="text", external_id="text",
)  # fmt: skip

# A report by our own id counts where this provider was given the message: by a try that is noted,
# or by the one that is going on. The first report of that one ends its `dispatching`: for the next
# ones the part tells that it was given. Of a try that is going on nobody has noted the provider:
# it is `unsure`, and counts for who may carry it, unless another one has taken a part already.
# Nothing but the delivery's id selects parts: by statistics of before the alert PostgreSQL would
# read all parts of a provider for an EXISTS, in every batch.
_CARRIED = batch(
    """SELECT seen.place, seen.id, seen.parts, seen.unsure,
        CASE WHEN seen.unsure THEN (
            SELECT a.address FROM addresses a WHERE a.id = seen.address_id) END AS address,
        CASE WHEN seen.unsure THEN (SELECT e.environment FROM broadcast_events e
            WHERE e.id = seen.event_id) END AS environment,
        CASE WHEN seen.unsure OR seen.taken THEN seen.route
             ELSE (SELECT max(t.route) FROM delivery_attempts t WHERE t.delivery_id = seen.id
                   AND t.channel = seen.by AND t.provider = seen.provider) END AS route
    FROM (
        SELECT u.place, d.id, d.parts, d.route, d.address_id, d.event_id, u.channel AS by,
            u.provider, d.channel = u.channel AND coalesce(p.taken, false) AS taken,
            d.channel = u.channel AND p.taken IS NULL
                AND (d.status = 'dispatching' OR d.reason = 'lease-expired') IS TRUE AS unsure
        FROM {rows} JOIN deliveries d ON d.id = u.delivery
        LEFT JOIN LATERAL (
            SELECT bool_or(p.provider = u.provider) FILTER (WHERE p.route = d.route) AS taken
            FROM delivery_parts p WHERE p.delivery_id = d.id) p ON true) seen""",
    place="bigint", delivery="bigint", channel="text", provider="text",
)  # fmt: skip

_NOTE = batch(
    f"""INSERT INTO delivery_parts AS p
        (provider, external_id, delivery_id, route, total, status, code)
    SELECT * FROM {{rows}}
    ON CONFLICT (provider, external_id) DO UPDATE SET status = excluded.status,
        code = excluded.code, total = greatest(p.total, excluded.total), updated_at = now()
    WHERE p.delivery_id = excluded.delivery_id
      AND {_rank("excluded.status")} > {_rank("p.status")}
    RETURNING p.delivery_id""",  # noqa: S608 - constant parts
    provider="text", external_id="text", delivery="bigint", route="bigint", total="bigint",
    status="text", code="text",
)  # fmt: skip

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
    """Apply a provider's report; return whether it told anything new about its delivery."""
    return bool(await apply_all(session, [report], channels))


async def apply_all(
    session: AsyncSession, reports: Sequence[StatusUpdate], channels: Mapping[str, Channel]
) -> set[int]:
    """Apply reports, in whatever order they came; return the deliveries they moved.

    What failed for good and is not part of a talk goes another way, where its citizen has one.
    """
    told = await _about(session, reports)
    _keep_unknown(session, [each for each in told if each[1].state is None])
    told = [each for each in told if each[1].state is not None]
    await session.execute(LOCK, {"ids": sorted({id_ for id_, _ in told})})
    asked = {
        "place": list(range(len(told))),
        "delivery": [id_ for id_, _ in told],
        "channel": [report.channel for _, report in told],
        "provider": [_provider(report) for _, report in told],
    }
    carried = await session.execute(_CARRIED, asked) if told else ()
    best: dict[tuple[str, str], dict[str, Any]] = {}
    for row in carried:
        if row.route is not None and _may_carry(told[row.place][1], row, channels):
            part = _part(told[row.place][1], row)
            key = (part["provider"], part["external_id"])
            if key not in best or RANK[part["status"]] > RANK[best[key]["status"]]:
                best[key] = part
    if not best:
        return set()
    # In one order, so that two who write the same parts at once wait and do not lock each other.
    parts = [best[key] for key in sorted(best)]
    noted = await session.scalars(_NOTE, {name: [p[name] for p in parts] for name in parts[0]})
    changed = await refresh(session, set(noted))
    lost = [row.id for row in changed if row.status == "failed" and not row.arrived]
    for lane in set((await ways.move(session, lost, channels)).values()):
        await wake(session, lane)
    return {row.id for row in changed}


def _may_carry(report: StatusUpdate, row: Any, channels: Mapping[str, Channel]) -> bool:
    """Tell whether the provider that reports is one that the message can have been given to."""
    channel = channels.get(report.channel)
    if not row.unsure or channel is None:
        return True
    able = providers_of(channel, row.address, row.environment or "live")
    return any(each.name == _provider(report) for each in able)


async def _about(
    session: AsyncSession, reports: Sequence[StatusUpdate]
) -> list[tuple[int, StatusUpdate]]:
    """Return the reports of which we know the delivery, with its id."""
    told = [(report.delivery, report) for report in reports if report.delivery is not None]
    others = [r for r in reports if r.delivery is None and r.external_id is not None]
    if others:
        asked = {
            "place": list(range(len(others))),
            "provider": [_provider(report) for report in others],
            "external_id": [report.external_id for report in others],
        }
        rows = await session.execute(_KNOWN, asked)
        told += [(row.delivery_id, others[row.place]) for row in rows]
    return told


def _keep_unknown(session: AsyncSession, told: Sequence[tuple[int, StatusUpdate]]) -> None:
    """Note words of providers that we do not know: they move nothing, and somebody has to look."""
    for id_, report in told:
        who = _provider(report)
        log.warning("%s says a word that we do not know: %s", who, report.code)
        audit.record(
            session, f"provider:{who}", "delivery.unknown_word", f"delivery:{id_}", word=report.code
        )


def _part(report: StatusUpdate, carried: Any) -> dict[str, Any]:
    failed = report.state is DeliveryState.FAILED
    return {
        "provider": _provider(report),
        "external_id": report.external_id or f"delivery-{carried.id}",
        "delivery": carried.id,
        "route": carried.route,
        "total": report.parts or carried.parts or 1,
        "status": str(report.state),
        "code": (report.code or "failed") if failed else None,
    }


def _provider(report: StatusUpdate) -> str:
    return report.provider or report.channel


async def refresh(session: AsyncSession, ids: Collection[int]) -> Sequence[Any]:
    """Bring deliveries, which the caller has locked, to where their parts are.

    Returns (id, status, arrived parts) of those that moved.
    """
    return (await session.execute(_REFRESH, {"ids": list(ids)})).all()
