"""What an alert has to leave behind: who decided, every try, and why each delivery ended as it did.

The counts say how many; this says that each of them can be explained from what is written down.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from backend.models import BroadcastEvent
from tests.broadcasts.conftest import Office

ARRIVED = ("accepted", "sent", "delivered")

# Every delivery of an event with its tries in order, and what its providers reported of it.
_TRIES = """
    SELECT d.id, d.status, d.reason, d.attempts, d.provider, d.created_at AS since,
        now() AS until,
        coalesce((SELECT jsonb_agg(jsonb_build_array(
                t.number, t.provider, t.outcome, t.code, t.at >= d.created_at AND t.at <= now(),
                t.address_id IS NOT NULL) ORDER BY t.number)
            FROM delivery_attempts t WHERE t.delivery_id = d.id), '[]') AS tries,
        coalesce((SELECT jsonb_agg(jsonb_build_array(p.provider, p.external_id, p.status, p.code))
            FROM delivery_parts p WHERE p.delivery_id = d.id), '[]') AS parts
    FROM deliveries d WHERE d.event_id = :event ORDER BY d.id"""


async def on_record(office: Office, event: BroadcastEvent, *decided: tuple[str, str]) -> None:
    """Check what is written down of `event`.

    Its people wrote, submitted and approved it, and did `decided` (actor, action) afterwards, in
    that order; nobody decided anything else. What the clock saw of its progress
    (`broadcast.now_…`) may stand in between. Every try of every delivery is there with its
    provider, its time and its outcome, and explains how the delivery stands.
    """
    deeds = [
        deed
        for deed in await office.deeds(event.broadcast_id)
        if not deed[1].startswith("broadcast.now_")
    ]
    wrote = office.author.label
    assert deeds == [
        (wrote, "broadcast.created"),
        (wrote, "broadcast.submitted"),
        (office.approver.label, "broadcast.approved"),
        *decided,
    ]
    async with office.sessions() as session:
        rows = (await session.execute(text(_TRIES), {"event": event.id})).all()
        approved = await session.scalar(
            text(
                "SELECT detail ->> 'content_hash' FROM audit WHERE action = 'broadcast.approved' "
                "AND subject = :subject AND at <= now()"
            ),
            {"subject": f"broadcast:{event.broadcast_id}"},
        )
    assert approved == event.content_hash, "what was approved is what was frozen"
    for row in rows:
        _explained(row)


def _explained(row: Any) -> None:
    tries: Sequence[Any] = row.tries
    known = (row.id, row.status, row.reason, tries, row.parts)
    made = row.attempts - (row.status == "dispatching")
    assert [number for number, *_ in tries][:made] == list(range(1, made + 1)), known
    for _, provider, outcome, code, timely, addressed in tries:
        assert timely, known
        assert addressed, known
        assert provider or code in ("lease-expired", "no-such-channel"), known
        assert (code is None) == (outcome == "accepted"), known
    words = [(outcome, code) for _, _, outcome, code, *_ in tries]
    reported = {status for _, _, status, _ in row.parts}
    codes = {code for _, code in words} | {code for *_, code in row.parts}
    assert all(provider and external for provider, external, *_ in row.parts), known
    match row.status:
        case "accepted" | "sent" | "delivered":
            assert ("accepted", None) in words or reported & set(ARRIVED), known
            assert row.reason is None, known
        case "failed" | "suppressed":
            assert row.reason in codes, known
        case "unknown":
            assert row.reason == "no-report" or ("unknown", row.reason) in words, known
        case "expired":
            assert row.reason == "too-late" or row.reason in codes, known
        case "pending" | "cancelled":
            assert ("accepted", None) not in words, known
