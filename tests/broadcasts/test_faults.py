"""Faults of the list that are quick to show: lost jobs, jobs that come twice, clocks that lie."""

import asyncio
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from backend.config import ROOT
from backend.context import Context
from backend.models import BroadcastEvent
from broadcasts import audience, drafts, schedule
from broadcasts.outcomes import outcomes
from tests.broadcasts.conftest import Office, draft

# What an office is called today: nothing begins, ends or is let in by it.
BY_THE_DAY = Path(ROOT, "backend", "petitions", "routing.py")


async def approvals(office: Office, event: BroadcastEvent) -> int:
    """Return how many approvals the audit knows of; nothing else may have decided anything."""
    deeds = [deed for _, deed in await office.deeds(event.broadcast_id)]
    assert set(deeds) == {"broadcast.created", "broadcast.submitted", "broadcast.approved"}
    return deeds.count("broadcast.approved")


async def test_a_kill_between_commit_and_job_is_swept_up(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    async with office.sessions() as session, session.begin():
        await session.execute(text("DELETE FROM procrastinate_jobs"))
    await schedule.tend(context)
    assert await office.jobs(audience.FAN_OUT) == []  # its worker may be about to begin
    async with office.sessions() as session, session.begin():
        await session.execute(
            text("UPDATE broadcast_events SET created_at = created_at - interval '11 seconds'")
        )
    for _ in range(2):
        await schedule.tend(context)
    (job,) = await office.jobs(audience.FAN_OUT)
    await audience.fan_out(context, **job)
    rows = await office.deliveries(event.id)
    assert {row.contact_id for row in rows} == set(crowd)
    assert len(rows) == 12
    assert await approvals(office, event) == 1


async def test_a_job_that_wrote_nothing_and_was_resumed_twice_writes_everyone_once(
    office: Office, context: Context, many: int
) -> None:
    event = await office.approved(many)
    await office.release(event)
    async with office.sessions() as session:
        await audience.fan_out_chunk(session, event.id, 500)
        await session.rollback()
    assert await office.deliveries(event.id) == []
    await asyncio.gather(*(audience.fan_out(context, str(event.id), 300) for _ in range(2)))
    await audience.fan_out(context, str(event.id), 300)
    rows = await office.deliveries(event.id)
    assert len(rows) == len({row.contact_id for row in rows}) == many
    assert await approvals(office, event) == 1


async def test_the_end_in_the_middle_of_a_fan_out_stops_it_and_says_how_many(
    office: Office, context: Context, many: int
) -> None:
    event = await office.approved(many)
    await office.release(event)
    async with office.sessions() as session, session.begin():
        await audience.fan_out_chunk(session, event.id, 500)
        for statement in (
            "UPDATE broadcast_events SET expires_at = now()",
            "UPDATE deliveries SET expires_at = now()",
        ):
            await session.execute(text(statement))
    out = len(await office.deliveries(event.id))
    await office.set_deliveries(event.id, ["delivered"] * 7)
    await audience.fan_out(context, str(event.id))
    await schedule.tend(context)
    assert len(await office.deliveries(event.id)) == out < many
    async with office.sessions() as session:
        counted = await outcomes(session, event.broadcast_id)
    assert counted is not None
    (alert,) = counted.events
    assert (alert.counts["delivered"], alert.counts["expired"]) == (7, many - 7)
    assert sum(alert.counts.values()) == alert.audience == many
    assert await office.status(event.broadcast_id) == "finished"


def test_nothing_that_decides_reads_the_clock_of_its_own_machine() -> None:
    """Ten minutes wrong on one worker, or an hour at a change of time, then change nothing."""
    own_clock = re.compile(r"datetime\.(utc)?now\(|time\.time\(|date\.today\(|get_localzone")
    for folder in ("broadcasts", "backend", "bot"):
        for source in Path(ROOT, folder).rglob("*.py"):
            if source != BY_THE_DAY:
                assert not own_clock.search(source.read_text(encoding="utf-8")), source


@pytest.mark.parametrize("zone", ["Asia/Seoul", "America/New_York", "UTC"])
async def test_expiry_is_a_moment_whatever_the_zone_of_the_session(
    office: Office, context: Context, crowd: list[uuid.UUID], zone: str
) -> None:
    event = await office.approved(12, expires_at=datetime.now(UTC) + timedelta(minutes=30))
    async with office.sessions() as session, session.begin():
        await session.execute(text(f"SET LOCAL TIME ZONE '{zone}'"))
        more, _ = await audience.fan_out_chunk(session, event.id, 5)
        assert more
        assert await schedule.expire_submitted(session) == []
    await schedule.tend(context)
    assert await office.status(event.broadcast_id) == "sending"
    assert {row.status for row in await office.deliveries(event.id)} == {"pending"}


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2028, 2, 29, 23, 30, tzinfo=ZoneInfo("Asia/Seoul")),
        datetime(2026, 11, 1, 1, 30, fold=1, tzinfo=ZoneInfo("America/New_York")),
    ],
)
def test_a_leap_day_and_a_doubled_hour_are_hashed_as_the_moment_they_are(
    moment: datetime,
) -> None:
    elsewhere = moment.astimezone(UTC)
    assert (
        drafts.columns(draft(expires_at=moment))["content_hash"]
        == (drafts.columns(draft(expires_at=elsewhere))["content_hash"])
    )
