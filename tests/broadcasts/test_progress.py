"""An alert over time and by district: kept by the clock, read by the page, pushed to watchers."""

import asyncio
import time
import uuid
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text

from backend.context import Context
from backend.events import subscribe
from backend.models import BroadcastSample
from backend.worker import sparingly
from broadcasts import answers, audience, progress
from tests.broadcasts.conftest import Office, enrol
from tests.broadcasts.test_answers import answer


async def older(office: Office, event: uuid.UUID, seconds: int) -> None:
    """Let what was kept so far be as old as that."""
    async with office.sessions() as session, session.begin():
        await session.execute(
            text("UPDATE broadcast_samples SET at = at - :ago * interval '1 second'"),
            {"ago": seconds},
        )
        await session.execute(text("ALTER TABLE broadcast_events DISABLE TRIGGER USER"))
        await session.execute(
            text("UPDATE broadcast_events SET created_at = created_at - :ago * interval '1 second'"
                 " WHERE id = :event"),
            {"ago": seconds, "event": event},
        )  # fmt: skip


async def kept(office: Office) -> int:
    async with office.sessions() as session:
        return await session.scalar(select(func.count()).select_from(BroadcastSample)) or 0


async def test_the_chart_begins_at_nothing_and_ends_at_what_is(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    await audience.fan_out(context, str(event.id))
    await progress.pulse(context)
    await older(office, event.id, 30)
    await office.set_deliveries(
        event.id, ["delivered"] * 3 + ["accepted"] * 2 + ["failed", "unknown", "dispatching"]
    )
    await progress.pulse(context)
    async with office.sessions() as session:
        found = await progress.timeline(session, event.broadcast_id)
    assert found is not None
    assert found.audience == 12
    first, *_, last = found.points
    assert first.model_dump(exclude={"at"}) == {
        "sent": 0, "accepted": 0, "delivered": 0, "failed": 0, "unknown": 0,
    }  # fmt: skip
    assert last.model_dump(exclude={"at"}) == {
        "sent": 8, "accepted": 5, "delivered": 3, "failed": 1, "unknown": 1,
    }  # fmt: skip
    assert [point.at for point in found.points] == sorted(point.at for point in found.points)


async def test_nothing_new_is_not_kept_again_and_old_alerts_are_kept_rarely(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    await audience.fan_out(context, str(event.id))
    for _ in range(3):
        await progress.pulse(context)
    assert await kept(office) == 1
    await older(office, event.id, 3600)
    await office.set_deliveries(event.id, ["accepted"])
    await progress.pulse(context)
    assert await kept(office) == 2
    await older(office, event.id, 30)  # of an hour's age: not before a minute
    await office.set_deliveries(event.id, ["delivered"])
    await progress.pulse(context)
    assert await kept(office) == 2
    async with office.sessions() as session:
        found = await progress.timeline(session, event.broadcast_id)
    assert found is not None
    assert found.points[-1].delivered == 1  # what is now stands at the end all the same


async def test_every_district_tells_how_far_the_alert_came(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    async with office.sessions() as session, session.begin():
        quiet = await enrol(session, "용산구")
    event = await office.approved(14, districts=["마포구", "용산구"])
    await audience.fan_out(context, str(event.id))
    rows = await office.deliveries(event.id)
    mapo = [row for row in rows if row.contact_id in crowd]
    await office.set_deliveries(event.id, ["pending"] * 14)
    async with office.sessions() as session, session.begin():
        await session.execute(
            text("UPDATE deliveries SET status = 'accepted' WHERE contact_id = ANY(:ids)"),
            {"ids": [row.contact_id for row in mapo[:6]]},
        )
    await answer(office, event.id, [mapo[0].contact_id], "help")
    await answer(office, event.id, [quiet.id], "safe")  # told by a neighbour
    watching = subscribe(context.redis, f"broadcast:{event.broadcast_id}")
    await anext(watching)
    await progress.pulse_districts(context)
    pushed: dict[str, Any] = {}
    async for signal in watching:
        if signal["type"] == "districts":
            pushed = {row["district"]: row for row in signal["districts"]}
            break
    await watching.aclose()
    assert pushed["마포구"] == {
        "district": "마포구", "people": 12, "reached": 6, "accepted": 6, "safe": 0, "help": 1,
        "silent": 5,
    }  # fmt: skip
    assert pushed["용산구"]["people"] == 2
    assert (pushed["용산구"]["reached"], pushed["용산구"]["safe"]) == (0, 1)
    async with office.sessions() as session:
        again = await answers.by_district(session, event.broadcast_id)
    assert [row.model_dump() for row in again] == list(pushed.values())


async def test_the_timeline_is_read_by_officials_only(
    clients: dict[str, httpx.AsyncClient], office: Office, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    path = f"/api/v1/broadcasts/{event.broadcast_id}/timeline"
    assert (await clients["nobody"].get(path)).status_code == 401
    found = (await clients["approver"].get(path)).json()
    assert found["audience"] == 12
    assert [point["sent"] for point in found["points"]] == [0]
    waiting = await office.submitted()
    none = await clients["author"].get(f"/api/v1/broadcasts/{waiting.id}/timeline")
    assert none.json() == {"audience": 0, "points": []}


async def test_a_count_that_failed_is_not_begun_again_at_once() -> None:
    begun = []

    async def count() -> None:
        begun.append(time.monotonic())
        await asyncio.sleep(0.05)
        raise TimeoutError

    rarely = sparingly(count)
    with pytest.raises(TimeoutError):
        await rarely()
    await rarely()
    assert len(begun) == 1
