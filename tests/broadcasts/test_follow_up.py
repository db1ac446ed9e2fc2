"""What follows an alert: the all-clear and updates, to everyone who may have got it."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from backend.context import Context
from backend.errors import Conflict, Forbidden, Invalid
from broadcasts import (
    approval,
    audience,
    correction,
    drafts,
    halting,
    schedule,
    sending,
    service,
)
from broadcasts.schemas import UpdateIn
from tests.broadcasts.conftest import Office, draft, seen

CLEAR = {
    "ko": "[서울특별시] 호우경보 해제. 통제가 풀렸습니다. 문의 120",
    "en": "[Seoul] All clear.",
}
# Six may have got it, one of them unknown; the rest have not.
STATES = [
    "accepted", "delivered", "sent", "unknown", "dispatching", "delivered",
    "failed", "suppressed", "expired", "pending", "pending", "pending",
]  # fmt: skip


async def half_out(office: Office, context: Context) -> uuid.UUID:
    event = await office.approved(12, all_clear=CLEAR)
    await audience.fan_out(context, str(event.id))
    await office.set_deliveries(event.id, STATES)
    return event.broadcast_id


async def told(office: Office, context: Context, broadcast_id: uuid.UUID, kind: str) -> set[object]:
    """Fan the event of `kind` out; return the contacts it goes to, each once."""
    (event,) = [e for e in await office.events(broadcast_id) if e.kind == kind]
    await audience.fan_out(context, str(event.id))
    rows = await office.deliveries(event.id)
    assert len({row.contact_id for row in rows}) == len(rows) == event.audience
    return {(row.contact_id, row.channel, row.address_id) for row in rows}


async def maybe_out(office: Office, broadcast_id: uuid.UUID) -> set[object]:
    alert = (await office.events(broadcast_id))[0]
    rows = await office.deliveries(alert.id)
    return {
        (row.contact_id, row.channel, row.address_id)
        for row in rows
        if row.status in audience.MAYBE_OUT
    }


async def test_the_all_clear_reaches_the_unknown_and_stops_the_rest(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    broadcast_id = await half_out(office, context)
    for _ in range(2):
        await office.do(correction.all_clear, office.author, broadcast_id)
    async with office.sessions() as session:
        counted = await correction.reach(session, broadcast_id)
    assert (counted.already_out, counted.stopped) == (6, 3)
    assert await told(office, context, broadcast_id, "all_clear") == await maybe_out(
        office, broadcast_id
    )
    (clear,) = [e for e in await office.events(broadcast_id) if e.kind == "all_clear"]
    assert (clear.texts["ko"], clear.audience) == (CLEAR["ko"], 6)
    await correction.stop_and_correct(context, str(broadcast_id))
    alert = (await office.events(broadcast_id))[0]
    states = [row.status for row in await office.deliveries(alert.id)]
    assert (states.count("cancelled"), states.count("pending")) == (3, 0)
    kinds = [event.kind for event in await office.events(broadcast_id)]
    assert kinds == ["alert", "all_clear"]
    assert [deed for _, deed in await office.deeds(broadcast_id)].count("broadcast.all_clear") == 1


async def test_a_lost_stop_after_an_all_clear_is_taken_up(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    broadcast_id = await half_out(office, context)
    await office.do(correction.all_clear, office.author, broadcast_id)
    async with office.sessions() as session, session.begin():
        await session.execute(text("DELETE FROM procrastinate_jobs"))
        await session.execute(
            text("UPDATE broadcast_events SET created_at = created_at - interval '1 minute'")
        )
    await schedule.tend(context)
    assert {"broadcast_id": str(broadcast_id)} in await office.jobs(service.CANCEL)
    assert len(await office.jobs(audience.FAN_OUT)) == 1


async def test_an_all_clear_needs_an_alert_and_its_words(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    waiting = await office.submitted(all_clear=CLEAR)
    with pytest.raises(Conflict):
        await office.do(correction.all_clear, office.author, waiting.id)
    event = await office.approved(12)
    await audience.fan_out(context, str(event.id))
    async with (
        office.sessions() as session,
        session.begin(),
    ):  # as one of before they were asked for
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(text("UPDATE broadcasts SET all_clear = '{}'"))
    with pytest.raises(Invalid):
        await office.do(correction.all_clear, office.author, event.broadcast_id)


async def test_an_update_needs_two_people_and_reaches_everyone_who_may_have_got_it(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    broadcast_id = await half_out(office, context)
    words = UpdateIn(texts={"ko": "[서울특별시] 잠수교도 통제합니다. 문의 120"})
    for number in (1, 2):
        written = await office.do(correction.write_update, office.approver, broadcast_id, words)
        with pytest.raises(Forbidden):
            await office.do(
                correction.approve_update, office.approver, broadcast_id, written.id,
                written.content_hash,
            )  # fmt: skip
        with pytest.raises(Conflict):
            await office.do(
                correction.approve_update, office.second, broadcast_id, written.id, "0" * 64
            )
        args = (office.second, broadcast_id, written.id, written.content_hash)
        await office.do(correction.approve_update, *args)
        with pytest.raises(Conflict):
            await office.do(correction.approve_update, *args)
        kinds = [e.kind for e in await office.events(broadcast_id)]
        assert kinds.count("update") == number
    updates = [e for e in await office.events(broadcast_id) if e.kind == "update"]
    await audience.fan_out(context, str(updates[0].id))
    rows = await office.deliveries(updates[0].id)
    assert {(r.contact_id, r.channel, r.address_id) for r in rows} == await maybe_out(
        office, broadcast_id
    )
    with pytest.raises(IntegrityError, match="ck_broadcast_updates_two_people"):
        async with office.sessions() as session, session.begin():
            await session.execute(text("UPDATE broadcast_updates SET approved_by = written_by"))


@pytest.mark.parametrize(
    "words", [{"en": "only English"}, {"ko": "가" * 91}, {"ko": "[훈련] 대피하세요"}]
)
async def test_an_update_has_the_form_of_an_alert(
    office: Office, context: Context, crowd: list[uuid.UUID], words: dict[str, str]
) -> None:
    broadcast_id = await half_out(office, context)
    with pytest.raises(Invalid):
        await office.do(
            correction.write_update,
            office.author,
            broadcast_id,
            UpdateIn.model_validate({"texts": words}),
        )


async def planned(office: Office, minutes: float = 30) -> uuid.UUID:
    send_at = datetime.now(UTC) + timedelta(minutes=minutes)
    return (await office.submitted(send_at=send_at)).id


async def due(office: Office, broadcast_id: uuid.UUID) -> None:
    """Let the time come. The hash is over the planned moment, and moves with it here."""
    async with office.sessions() as session, session.begin():
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        broadcast = await service.get(session, broadcast_id)
        broadcast.send_at = datetime.now(UTC) - timedelta(seconds=1)
        broadcast.content_hash = drafts.hash_of(broadcast)
        if broadcast.approved_hash:
            broadcast.approved_hash = broadcast.content_hash


async def approve_planned(office: Office, broadcast_id: uuid.UUID) -> None:
    async with office.sessions() as session:
        broadcast = await service.get(session, broadcast_id)
    assert (
        await office.do(approval.approve, office.approver, broadcast_id, seen(broadcast, 12))
        is None
    )
    assert (await office.status(broadcast_id), await office.events(broadcast_id)) == (
        "approved", []
    )  # fmt: skip


async def test_an_approved_plan_fires_once_however_many_clocks_run(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    broadcast_id = await planned(office)
    await approve_planned(office, broadcast_id)
    await schedule.tend(context)
    assert await office.events(broadcast_id) == []
    await due(office, broadcast_id)
    await asyncio.gather(*(schedule.tend(context) for _ in range(4)))
    (event,) = await office.events(broadcast_id)
    assert (event.kind, event.audience) == ("alert", 12)
    deeds = [deed for _, deed in await office.deeds(broadcast_id)]
    assert deeds.count("broadcast.fired") == 1
    assert len(await office.jobs(audience.FAN_OUT)) == 1
    await audience.fan_out(context, str(event.id))
    assert len(await office.deliveries(event.id)) == 12


async def test_a_plan_nobody_approved_in_time_expires_and_is_told(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    broadcast_id = await planned(office)
    await due(office, broadcast_id)
    await schedule.tend(context)
    assert await office.status(broadcast_id) == "expired"
    assert ("system", "broadcast.expired") in await office.deeds(broadcast_id)
    async with office.sessions() as session:
        calls = (await session.execute(text("SELECT staff_id, why FROM staff_pages"))).all()
    assert [(row.staff_id, row.why) for row in calls] == [(office.author.id, "not-approved")]


@pytest.mark.parametrize("change", ["mode", "words", "time", "nobody"])
async def test_a_plan_is_looked_at_again_when_it_fires(
    office: Office, context: Context, crowd: list[uuid.UUID], change: str
) -> None:
    broadcast_id = await planned(office)
    await approve_planned(office, broadcast_id)
    await due(office, broadcast_id)
    statement = {
        "mode": "UPDATE siren_switch SET mode = 'training'",
        "words": 'UPDATE broadcasts SET texts = \'{"ko": "다른 말"}\'',
        "time": "UPDATE broadcasts SET expires_at = now()",
        "nobody": "UPDATE addresses SET stopped_at = now()",
    }[change]
    async with office.sessions() as session, session.begin():
        if change == "words":  # the database itself refuses that of everybody but its owner
            await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(text(statement))
    await schedule.tend(context)
    assert await office.events(broadcast_id) == []
    assert await office.status(broadcast_id) == "expired"
    assert ("system", "broadcast.refused_at_sending") in await office.deeds(broadcast_id)
    async with office.sessions() as session:
        calls = (await session.scalars(text("SELECT DISTINCT why FROM staff_pages"))).all()
    assert list(calls) == ["not-sent"]


async def test_a_plan_is_cancelled_before_its_time_without_a_correction(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    broadcast_id = await planned(office)
    await approve_planned(office, broadcast_id)
    await office.do(service.cancel, office.author, broadcast_id)
    assert await office.status(broadcast_id) == "cancelled"
    await due(office, broadcast_id)
    await schedule.tend(context)
    assert await office.events(broadcast_id) == []


async def test_a_plan_that_was_halted_and_resumed_still_fires_at_its_time(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    broadcast_id = await planned(office)
    await approve_planned(office, broadcast_id)
    async with office.sessions() as session, session.begin():
        assert await halting.halt(session, broadcast_id, "잠깐만요", actor=office.author.label)
    await schedule.tend(context)
    await office.do(sending.resume, office.second, broadcast_id)
    assert await office.status(broadcast_id) == "approved"
    await schedule.tend(context)
    assert await office.events(broadcast_id) == []
    await due(office, broadcast_id)
    await schedule.tend(context)
    (event,) = await office.events(broadcast_id)
    await audience.fan_out(context, str(event.id))
    assert len(await office.deliveries(event.id)) == 12


async def test_a_plan_halted_beyond_its_time_expires(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    broadcast_id = await planned(office)
    await approve_planned(office, broadcast_id)
    async with office.sessions() as session, session.begin():
        assert await halting.halt(session, broadcast_id, "잠깐만요", actor=office.author.label)
        await session.execute(text("UPDATE broadcasts SET expires_at = now()"))
    with pytest.raises(Conflict) as refused:
        await office.do(sending.resume, office.second, broadcast_id)
    assert refused.value.en == "Its time is over, so it can't go on."
    await schedule.tend(context)
    assert await office.status(broadcast_id) == "expired"
    assert ("system", "broadcast.now_expired") in await office.deeds(broadcast_id)


async def test_a_plan_for_the_past_can_t_be_submitted(office: Office) -> None:
    written = await office.do(
        service.create, office.author, draft(send_at=datetime.now(UTC) - timedelta(minutes=1))
    )
    with pytest.raises(Invalid) as refused:
        await office.do(service.submit, office.author, written.id, 1)
    assert [problem["field"] for problem in refused.value.extra["problems"]] == ["send_at"]
