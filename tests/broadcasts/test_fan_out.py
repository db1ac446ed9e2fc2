"""From the frozen event to one delivery a person: once each, resumable, and the numbers add up."""

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, text, update

from backend.config import ROOT
from backend.context import Context
from backend.db import Sessions
from backend.delivery import packing
from backend.delivery.service import SEND
from backend.embedded import Servers
from backend.models import Address, BroadcastEvent, Delivery, Subscription
from broadcasts import audience
from broadcasts.outcomes import outcomes
from broadcasts.schemas import EventOutcomes
from tests.broadcasts.conftest import Office, enrol

KILLED = Path(__file__).with_name("fan_out_process.py")


async def alert_outcomes(sessions: Sessions, broadcast_id: uuid.UUID) -> EventOutcomes:
    """The alert's outcomes, which always sum to its audience."""
    async with sessions() as session:
        found = await outcomes(session, broadcast_id)
    assert found is not None
    for event in found.events:
        assert sum(event.counts.values()) == event.audience
    return found.events[0]


async def test_everyone_gets_one_delivery_in_a_language_there_is(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(13, districts=["용산구", "마포구"])
    await audience.fan_out(context, str(event.id))
    rows = await office.deliveries(event.id)
    assert len(rows) == 13
    assert set(crowd) <= {row.contact_id for row in rows}
    assert {row.language for row in rows} == {"ko", "en"}
    assert {(row.lane, row.status, row.attempts) for row in rows} == {("siren", "pending", 0)}
    assert {row.expires_at for row in rows} == {event.expires_at}
    assert await office.status(event.broadcast_id) == "sending"
    assert await office.jobs(SEND) == [{"lane": "siren"}]


async def test_a_delivery_goes_where_its_citizen_registered(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    await audience.fan_out(context, str(event.id))
    async with office.sessions() as session:
        wanted = await session.execute(
            select(Subscription.contact_id, Subscription.address_id, Subscription.channel).where(
                Subscription.district == "마포구"
            )
        )
        expected = {tuple(row) for row in wanted}
    rows = await office.deliveries(event.id)
    assert {(row.contact_id, row.address_id, row.channel) for row in rows} == expected


@pytest.mark.parametrize("size", [1, 3, 4, 5, 12, 100])
async def test_chunks_of_any_size_reach_the_same_people(
    office: Office, context: Context, crowd: list[uuid.UUID], size: int
) -> None:
    event = await office.approved(13, districts=["마포구", "용산구"])
    await audience.fan_out(context, str(event.id), size)
    people = Counter(row.contact_id for row in await office.deliveries(event.id))
    assert len(people) == 13
    assert set(people.values()) == {1}
    assert (await office.events(event.broadcast_id))[0].cursor is None


async def test_a_fan_out_that_died_between_chunks_is_taken_up_where_it_was(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(13, districts=["마포구", "용산구"])
    for expected in (True, True):
        async with office.sessions() as session, session.begin():
            more, _ = await audience.fan_out_chunk(session, event.id, 4)
        assert more is expected
        counted = await alert_outcomes(office.sessions, event.broadcast_id)
        assert counted.counts["pending"] == counted.audience == 13
    async with office.sessions() as session:
        await audience.fan_out_chunk(session, event.id, 4)
        await session.rollback()
    await audience.fan_out(context, str(event.id), 4)
    await audience.fan_out(context, str(event.id), 4)
    people = Counter(row.contact_id for row in await office.deliveries(event.id))
    assert (len(people), set(people.values())) == (13, {1})


async def test_two_workers_on_one_event_write_everyone_once(
    office: Office, context: Context, many: int
) -> None:
    event = await office.approved(many, districts=["마포구", "용산구"])
    await office.release(event)
    await asyncio.gather(*(audience.fan_out(context, str(event.id), 100) for _ in range(4)))
    people = Counter(row.contact_id for row in await office.deliveries(event.id))
    assert (len(people), set(people.values())) == (many, {1})


async def test_a_worker_killed_anywhere_skips_and_doubles_nobody(
    office: Office, context: Context, many: int, database_url: str, servers: Servers
) -> None:
    event = await office.approved(many, districts=["마포구", "용산구"])
    await office.release(event)
    partial = []
    for chunks in (2, 5, 11, 17):
        worker = subprocess.Popen(
            [sys.executable, str(KILLED), database_url, servers.redis_url, str(event.id)],
            stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert worker.stdout is not None
        # It says after each chunk that it goes on to the next: somewhere within that it ends.
        for _ in range(chunks):
            await asyncio.to_thread(worker.stdout.readline)
        worker.send_signal(signal.SIGKILL)
        await asyncio.to_thread(worker.wait, 10)
        counted = await alert_outcomes(office.sessions, event.broadcast_id)
        assert counted.counts["pending"] == many
        partial.append(len(await office.deliveries(event.id)))
    assert all(0 < rows < many for rows in partial), partial
    await audience.fan_out(context, str(event.id))
    people = Counter(row.contact_id for row in await office.deliveries(event.id))
    assert (len(people), set(people.values())) == (many, {1})


async def test_who_leaves_meanwhile_is_counted_as_suppressed(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    async with office.sessions() as session, session.begin():
        await session.execute(delete(Subscription).where(Subscription.contact_id == crowd[0]))
        await session.execute(
            update(Address).where(Address.contact_id == crowd[1]).values(stopped_at=func.now())
        )
    await audience.fan_out(context, str(event.id))
    counted = await alert_outcomes(office.sessions, event.broadcast_id)
    assert (counted.audience, counted.counts["pending"], counted.counts["suppressed"]) == (
        12, 10, 2
    )  # fmt: skip


async def test_who_joined_in_the_same_instant_is_sent_the_alert_and_counted(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    async with office.sessions() as joining, joining.begin():
        await enrol(joining, "마포구")
        async with office.sessions() as session, session.begin():
            await enrol(session, "마포구")
        event = await office.approved(13)
    await audience.fan_out(context, str(event.id))
    counted = await alert_outcomes(office.sessions, event.broadcast_id)
    assert counted.audience == counted.counts["pending"] == 14
    assert ("system", "broadcast.audience_grew") in await office.deeds(event.broadcast_id)


async def test_nothing_is_written_after_the_time_is_over(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    async with office.sessions() as session, session.begin():
        await audience.fan_out_chunk(session, event.id, 5)
    async with office.sessions() as session, session.begin():
        await session.execute(
            update(BroadcastEvent)
            .where(BroadcastEvent.id == event.id)
            .values(expires_at=func.now())
        )
    await audience.fan_out(context, str(event.id), 5)
    assert len(await office.deliveries(event.id)) == 5
    counted = await alert_outcomes(office.sessions, event.broadcast_id)
    assert (counted.counts["pending"], counted.counts["expired"]) == (5, 7)


async def test_outcomes_sum_to_the_audience_in_every_state(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    assert (await alert_outcomes(office.sessions, event.broadcast_id)).counts["pending"] == 12
    await audience.fan_out(context, str(event.id))
    states = ["dispatching", "accepted", "sent", "delivered", "unknown", "failed", "suppressed"]
    await office.set_deliveries(event.id, states)
    counts = (await alert_outcomes(office.sessions, event.broadcast_id)).counts
    assert counts == dict.fromkeys(states, 1) | {"pending": 5, "expired": 0, "cancelled": 0}


async def test_a_person_can_t_have_two_deliveries_of_one_event(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    await audience.fan_out(context, str(event.id))
    async with office.sessions() as session, session.begin():
        await session.execute(
            update(BroadcastEvent).where(BroadcastEvent.id == event.id).values(cursor=0)
        )
    await audience.fan_out(context, str(event.id))
    async with office.sessions() as session:
        rows = await session.scalar(
            select(func.count()).select_from(Delivery).where(Delivery.event_id == event.id)
        )
    assert rows == 12


async def test_a_claim_reads_the_queue_in_its_own_order_and_no_further(
    office: Office, context: Context, many: int
) -> None:
    """Once the planner knows that everybody waits for one alert, too: it sorted a million rows."""
    event = await office.approved(many)
    await office.release(event)
    await audience.fan_out(context, str(event.id))
    async with office.sessions() as session:
        await session.execute(text("ANALYZE deliveries"))
        found = await session.scalars(
            text(f"EXPLAIN {packing._CLAIM.text}"),
            {"lane": "siren", "channel": "sms", "size": 20, "lease": packing.LEASE},
        )
        plan = "\n".join(found)
    assert "ix_deliveries_due" in plan
    assert "Sort Key: q.due_at" not in plan
