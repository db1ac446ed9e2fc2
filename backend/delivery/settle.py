"""Writing down what became of a batch of sends: the tries, the parts, the deliveries."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from backend import metrics
from backend.context import Context
from backend.delivery import reports, ways
from backend.delivery.batch import LOCK, batch
from backend.delivery.outcome import Outcome
from backend.delivery.packing import Parcel
from backend.models import Address
from channels.base import Channel

# A try whose lease ran out is there already, as unknown: now it is known.
_TRIES = batch(
    """INSERT INTO delivery_attempts
        (delivery_id, number, route, channel, provider, address_id, outcome, code)
    SELECT * FROM {rows}
    ON CONFLICT (delivery_id, number) DO UPDATE
        SET provider = excluded.provider, outcome = excluded.outcome, code = excluded.code""",
    id="bigint", number="bigint", route="bigint", channel="text", provider="text",
    address="bigint", outcome="text", code="text",
)  # fmt: skip

# A report may have been faster than this note; it knows the part's state, we the whole.
_PARTS = batch(
    """INSERT INTO delivery_parts AS p (provider, external_id, delivery_id, route, total, status)
    SELECT u.provider, u.external_id, u.id, u.route, u.total, 'accepted' FROM {rows}
    ON CONFLICT (provider, external_id) DO UPDATE SET total = excluded.total
    WHERE p.delivery_id = excluded.delivery_id""",
    id="bigint", route="bigint", provider="text", external_id="text", total="bigint",
)  # fmt: skip

_SETTLE = batch(
    """UPDATE deliveries d SET status = u.status, reason = u.reason, provider = u.provider,
        failures = u.failures, parts = coalesce(u.parts, d.parts),
        due_at = coalesce(now() + u.delay * interval '1 second', d.due_at),
        check_at = now() + u.check_in * interval '1 second',
        claimed_until = NULL, updated_at = now()
    FROM {rows} WHERE d.id = u.id AND d.attempts = u.number
      AND (d.status = 'dispatching'
           OR d.status = 'unknown' AND d.reason = 'lease-expired' AND u.status = 'accepted')
    RETURNING d.id""",
    id="bigint", number="bigint", status="text", reason="text", provider="text",
    failures="bigint", parts="bigint", delay="double precision", check_in="double precision",
)  # fmt: skip

# A report was faster and has moved the status: what it could not know is added.
_ADD = batch(
    """UPDATE deliveries d SET provider = u.provider, parts = coalesce(u.parts, d.parts),
        check_at = CASE WHEN d.status IN ('accepted', 'sent')
                        THEN coalesce(now() + u.check_in * interval '1 second', d.check_at) END
    FROM {rows} WHERE d.id = u.id AND d.route = u.route""",
    id="bigint", route="bigint", provider="text", parts="bigint", check_in="double precision",
)  # fmt: skip

# Whoever puts it back has not sent it: what was given up with its lease is known again to wait,
# unless its alert was stopped meanwhile and the citizen is told of that already.
_PUT_BACK = batch(
    """UPDATE deliveries d SET status = 'pending', attempts = d.attempts - 1,
        reason = CASE WHEN d.status = 'dispatching' THEN d.reason END,
        due_at = now() + u.delay * interval '1 second', claimed_until = NULL, check_at = NULL,
        updated_at = now()
    FROM {rows} WHERE d.id = u.id AND d.attempts = u.number
      AND (d.status = 'dispatching'
           OR d.status = 'unknown' AND d.reason = 'lease-expired' AND d.expires_at > now()
              AND NOT EXISTS (
                SELECT 1 FROM broadcast_events e JOIN broadcasts b ON b.id = e.broadcast_id
                WHERE e.id = d.event_id AND e.kind = 'alert'
                  AND (e.expires_at <= now() OR b.status IN ('cancelling', 'cancelled'))))""",
    id="bigint", number="bigint", delay="double precision",
)  # fmt: skip


async def settle(
    context: Context, outcomes: Sequence[Outcome], channels: Mapping[str, Channel]
) -> bool:
    """Write down what became of `outcomes`; return whether any goes another way now.

    Safe to repeat after an error: what was written before is not changed.
    """
    by_id = {outcome.parcel.outgoing.id: outcome for outcome in outcomes}
    async with context.sessions() as session, session.begin():
        await session.execute(LOCK, {"ids": list(by_id)})
        await _note_tries(session, outcomes)
        closed = {o.parcel.address_id for o in outcomes if o.word == "stopped"}
        if closed:
            await session.execute(
                update(Address)
                .where(Address.id.in_(closed), Address.stopped_at.is_(None))
                .values(stopped_at=func.now())
            )
        moving = [id_ for id_, outcome in by_id.items() if outcome.move]
        moved = await ways.move(session, moving, channels)
        staying = {id_: outcome for id_, outcome in by_id.items() if id_ not in moved}
        settled = set(await session.scalars(_SETTLE, _settled(list(staying.values()))))
        overtaken = [outcome for id_, outcome in staying.items() if id_ not in settled]
        if overtaken:
            await _catch_up(session, overtaken)
    for outcome in outcomes:
        id_ = outcome.parcel.outgoing.id
        status = "moved" if id_ in moved else outcome.status
        metrics.SETTLED.labels(outcome.parcel.channel, status).inc()
    return bool(moved)


async def put_back(
    context: Context, held: Sequence[tuple[Parcel, float]], channels: Mapping[str, Channel] | None
) -> int:
    """Let go of parcels that were not tried: each is due again in so many seconds.

    With `channels`, another way is looked for first: theirs has been down for too long. Returns
    how many went another way.
    """
    async with context.sessions() as session, session.begin():
        await session.execute(LOCK, {"ids": [parcel.outgoing.id for parcel, _ in held]})
        ids = [parcel.outgoing.id for parcel, _ in held if not parcel.outgoing.skip]
        moved = await ways.move(session, ids, channels) if channels is not None else {}
        left = [parcel for parcel, _ in held if parcel.outgoing.id in moved]
        if left:
            down = [Outcome(p, p.provider, "skipped", "provider-down", "pending") for p in left]
            await _note_tries(session, down)
        waiting = [(parcel, delay) for parcel, delay in held if parcel.outgoing.id not in moved]
        values = {
            "id": [parcel.outgoing.id for parcel, _ in waiting],
            "number": [parcel.attempt for parcel, _ in waiting],
            "delay": [delay for _, delay in waiting],
        }
        await session.execute(_PUT_BACK, values)
    return len(moved)


async def _note_tries(session: AsyncSession, outcomes: Sequence[Outcome]) -> None:
    parcels = [outcome.parcel for outcome in outcomes]
    await session.execute(
        _TRIES,
        {
            "id": [parcel.outgoing.id for parcel in parcels],
            "number": [parcel.attempt for parcel in parcels],
            "route": [parcel.route for parcel in parcels],
            "channel": [parcel.channel for parcel in parcels],
            "provider": [outcome.provider for outcome in outcomes],
            "address": [parcel.address_id for parcel in parcels],
            "outcome": [outcome.word for outcome in outcomes],
            "code": [outcome.code for outcome in outcomes],
        },
    )
    parts = [(outcome, id_) for outcome in outcomes for id_ in outcome.external_ids]
    if parts:
        await session.execute(
            _PARTS,
            {
                "id": [outcome.parcel.outgoing.id for outcome, _ in parts],
                "route": [outcome.parcel.route for outcome, _ in parts],
                "provider": [outcome.provider for outcome, _ in parts],
                "external_id": [external_id for _, external_id in parts],
                "total": [outcome.parts or 1 for outcome, _ in parts],
            },
        )


def _settled(outcomes: Sequence[Outcome]) -> dict[str, list[Any]]:
    return {
        "id": [outcome.parcel.outgoing.id for outcome in outcomes],
        "number": [outcome.parcel.attempt for outcome in outcomes],
        "status": [outcome.status for outcome in outcomes],
        "reason": [outcome.reason for outcome in outcomes],
        "provider": [outcome.provider for outcome in outcomes],
        "failures": [outcome.failures for outcome in outcomes],
        "parts": [outcome.parts for outcome in outcomes],
        "delay": [outcome.delay for outcome in outcomes],
        "check_in": [outcome.check_in for outcome in outcomes],
    }


async def _catch_up(session: AsyncSession, overtaken: Sequence[Outcome]) -> None:
    ids = [outcome.parcel.outgoing.id for outcome in overtaken]
    await session.execute(
        _ADD,
        {
            "id": ids,
            "route": [outcome.parcel.route for outcome in overtaken],
            "provider": [outcome.provider for outcome in overtaken],
            "parts": [outcome.parts for outcome in overtaken],
            "check_in": [outcome.check_in for outcome in overtaken],
        },
    )
    await reports.refresh(session, ids)
