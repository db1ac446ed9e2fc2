"""The clock: what is late expires, what is done is finished, what was left is taken up."""

import asyncio
import json
import uuid
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from sqlalchemy import select, text, update

from backend.context import Context
from backend.events import subscribe
from backend.models import Broadcast, BroadcastEvent
from broadcasts import audience, progress, schedule, service
from broadcasts.outcomes import outcomes
from tests.broadcasts.conftest import Office, draft


async def age(office: Office, broadcast_id: uuid.UUID, *, expired: bool) -> None:
    """Let an hour pass for a broadcast; or all of its time."""
    async with office.sessions() as session, session.begin():
        for statement in (
            "UPDATE broadcasts SET cancelled_at = cancelled_at - interval '1 hour' WHERE id = :id",
            "UPDATE broadcast_events SET created_at = created_at - interval '1 hour' "
            "WHERE broadcast_id = :id",
            *(
                (
                    "UPDATE broadcasts SET expires_at = now() WHERE id = :id",
                    "UPDATE broadcast_events SET expires_at = now() WHERE broadcast_id = :id",
                    "UPDATE deliveries SET expires_at = now() WHERE event_id IN "
                    "(SELECT id FROM broadcast_events WHERE broadcast_id = :id)",
                )
                if expired
                else ()
            ),
        ):
            await session.execute(text(statement), {"id": broadcast_id})


async def test_what_nobody_approved_in_time_expires(office: Office, context: Context) -> None:
    submitted = await office.submitted()
    written = await office.do(service.create, office.author, draft())
    for broadcast in (submitted, written):
        await age(office, broadcast.id, expired=True)
    await schedule.tend(context)
    assert await office.status(submitted.id) == "expired"
    assert await office.status(written.id) == "draft"
    assert ("system", "broadcast.expired") in await office.deeds(submitted.id)


async def test_an_approved_alert_that_never_began_expires(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    await age(office, event.broadcast_id, expired=True)
    await schedule.tend(context)
    assert await office.status(event.broadcast_id) == "expired"
    async with office.sessions() as session:
        counted = await outcomes(session, event.broadcast_id)
    assert counted is not None
    assert counted.events[0].counts["expired"] == 12


async def test_the_end_of_the_time_stops_what_is_pending_and_says_how_many(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    await audience.fan_out(context, str(event.id))
    await office.set_deliveries(event.id, ["sent"] * 5 + ["dispatching"])
    await age(office, event.broadcast_id, expired=True)
    while await schedule.expire_deliveries(context, 4):
        pass
    await schedule.tend(context)
    assert await office.status(event.broadcast_id) == "sending"
    await office.set_deliveries(event.id, ["sent"] * 6)
    await schedule.tend(context)
    assert await office.status(event.broadcast_id) == "finished"
    rows = await office.deliveries(event.id)
    assert [row.status for row in rows] == ["sent"] * 6 + ["expired"] * 6
    assert {row.reason for row in rows[6:]} == {"too-late"}


async def test_an_alert_is_finished_when_nothing_is_left_to_send(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    await audience.fan_out(context, str(event.id))
    await office.set_deliveries(event.id, ["delivered"] * 10 + ["unknown"])
    await schedule.tend(context)
    assert await office.status(event.broadcast_id) == "sending"
    await office.set_deliveries(event.id, ["delivered"] * 10 + ["unknown", "failed"])
    await schedule.tend(context)
    await schedule.tend(context)
    assert await office.status(event.broadcast_id) == "finished"
    finished = ("system", "broadcast.now_finished")
    assert (await office.deeds(event.broadcast_id)).count(finished) == 1


async def test_a_fan_out_whose_worker_died_gets_a_job_again(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    await age(office, event.broadcast_id, expired=False)
    job = {"event_id": str(event.id)}
    await schedule.tend(context)
    assert await office.jobs(audience.FAN_OUT) == [job]
    await take(office)
    await schedule.tend(context)
    await schedule.tend(context)
    assert await office.jobs(audience.FAN_OUT) == [job]
    await audience.fan_out(context, str(event.id))
    await take(office)
    await schedule.tend(context)
    assert await office.jobs(audience.FAN_OUT) == []


async def take(office: Office) -> None:
    """Let a worker take every job, and die with them."""
    async with office.sessions() as session, session.begin():
        await session.execute(text("UPDATE procrastinate_jobs SET status = 'doing'"))


async def test_a_cancel_whose_worker_died_gets_a_job_again(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    await office.do(service.cancel, office.author, event.broadcast_id)
    await take(office)
    await schedule.tend(context)
    assert await office.jobs(service.CANCEL) == []
    await age(office, event.broadcast_id, expired=False)
    await schedule.tend(context)
    jobs = await office.jobs(service.CANCEL)
    assert jobs == [{"broadcast_id": str(event.broadcast_id)}]
    assert await office.jobs(audience.FAN_OUT) == []


async def test_a_fan_out_in_work_is_left_alone(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    await age(office, event.broadcast_id, expired=False)
    await take(office)
    async with office.sessions() as working, working.begin():
        await audience.fan_out_chunk(working, event.id, 3)
        async with office.sessions() as session, session.begin():
            await schedule.resume(session)
    assert await office.jobs(audience.FAN_OUT) == []


async def first_outcomes(watching: AsyncGenerator[dict[str, Any]]) -> dict[str, Any]:
    """The first numbers pushed; quiet times tick."""
    async for event in watching:
        if event["type"] != "tick":
            return event
    raise AssertionError("the signals ended")


async def test_the_numbers_of_running_alerts_are_pushed(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    watching = subscribe(context.redis, f"broadcast:{event.broadcast_id}")
    assert (await anext(watching))["type"] == "ready"
    await progress.pulse(context)
    pushed = await first_outcomes(watching)
    assert pushed["outcomes"]["status"] == "approved"
    assert pushed["outcomes"]["events"][0]["counts"]["pending"] == 12
    assert "호우" not in json.dumps(pushed, ensure_ascii=False)
    await watching.aclose()


async def test_a_broadcast_at_rest_pushes_nothing(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    broadcast = await office.submitted()
    async with office.sessions() as session, session.begin():
        await session.execute(
            update(Broadcast).where(Broadcast.id == broadcast.id).values(status="rejected")
        )
        assert await session.scalar(select(BroadcastEvent.id)) is None
    watching = subscribe(context.redis, f"broadcast:{broadcast.id}")
    await anext(watching)
    await progress.pulse(context)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(first_outcomes(watching), 0.5)
    await watching.aclose()
