"""How the house stands: live or training, open or stopped; halting, resuming, keys, repeats."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from backend.context import Context
from backend.delivery import packing
from backend.errors import Conflict, Forbidden
from backend.models import ApiKey
from backend.security import Actor
from broadcasts import approval, audience, halting, schedule, sending, service, switch
from tests.broadcasts.conftest import Office, draft, seen

OPERATOR_REASON = "훈련을 시작해요"


async def key_of(office: Office, owner: Actor, environment: str = "live") -> Actor:
    async with office.sessions() as session, session.begin():
        key = ApiKey(
            name="기상", key_hash=uuid.uuid4().hex, role="author", environment=environment,
            owner=owner.id,
        )  # fmt: skip
        session.add(key)
        await session.flush()
        return Actor("key", key.id, key.name, frozenset(["author"]))


async def test_a_key_s_draft_needs_two_people_and_not_its_owner(
    office: Office, crowd: list[uuid.UUID]
) -> None:
    key = await key_of(office, office.second)
    drafted = await office.do(service.create, key, draft())
    assert (drafted.created_by, drafted.drafted_by_key) == (None, key.id)
    with pytest.raises(Forbidden):
        await office.do(service.submit, key, drafted.id, 1)
    submitted = await office.do(service.submit, office.author, drafted.id, 1)
    for alone in (office.author, office.second):
        with pytest.raises(Forbidden):
            await office.do(approval.approve, alone, drafted.id, seen(submitted, 12))
        assert (await office.deeds(drafted.id))[-1] == (alone.label, "broadcast.approval_refused")
    with pytest.raises(Forbidden):
        await office.do(approval.approve, key, drafted.id, seen(submitted, 12))
    assert (await office.deeds(drafted.id))[-1] == (key.label, "broadcast.approval_refused")
    assert await office.events(drafted.id) == []
    assert await office.jobs(audience.FAN_OUT) == []
    await office.do(approval.approve, office.approver, drafted.id, seen(submitted, 12))
    assert len(await office.events(drafted.id)) == 1


async def test_a_key_drafts_in_its_own_environment_and_its_own_drafts(office: Office) -> None:
    key, other = await key_of(office, office.second), await key_of(office, office.second)
    with pytest.raises(Forbidden):
        await office.do(service.create, key, draft(environment="exercise"))
    drafted = await office.do(service.create, key, draft())
    with pytest.raises(Forbidden):
        await office.do(service.edit, other, drafted.id, 1, draft(title="남의 말"))
    edited = await office.do(service.edit, key, drafted.id, 1, draft(title="내 말"))
    assert edited.version == 2


@pytest.mark.parametrize("who", ["editor", "owner"])
async def test_the_table_itself_refuses_the_editor_and_the_key_s_owner(
    office: Office, crowd: list[uuid.UUID], who: str
) -> None:
    key = await key_of(office, office.second)
    drafted = await office.do(service.create, key, draft())
    await office.do(service.edit, office.editor, drafted.id, 1, draft(title="고침"))
    await office.do(service.submit, office.author, drafted.id, 2)
    approver = office.editor if who == "editor" else office.second
    with pytest.raises(IntegrityError, match="words of their own"):
        async with office.sessions() as session, session.begin():
            await session.execute(
                text(
                    "UPDATE broadcasts SET status = 'approved', approved_by = :who, "
                    "approved_hash = content_hash WHERE id = :id"
                ),
                {"who": approver.id, "id": drafted.id},
            )
    assert await office.status(drafted.id) == "submitted"
    assert await office.events(drafted.id) == []
    assert [deed for _, deed in await office.deeds(drafted.id)] == [
        "broadcast.created", "broadcast.edited", "broadcast.submitted"
    ]  # fmt: skip


async def test_a_house_that_changed_its_mode_refuses_and_says_so(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    waiting = await office.submitted()
    event = await office.approved(12)
    await office.do(switch.set_mode, office.second, "training", OPERATOR_REASON)

    with pytest.raises(Conflict):
        await office.do(approval.approve, office.approver, waiting.id, seen(waiting, 12))
    assert (await office.deeds(waiting.id))[-1][1] == "broadcast.approval_refused"
    assert await office.events(waiting.id) == []

    await audience.fan_out(context, str(event.id))
    assert await office.deliveries(event.id) == []
    assert await office.status(event.broadcast_id) == "halted"
    assert ("system", "broadcast.refused_at_sending") in await office.deeds(event.broadcast_id)

    # Nothing live is approved in training, not even what is submitted in it; a drill is.
    live = await office.submitted()
    with pytest.raises(Conflict):
        await office.do(approval.approve, office.approver, live.id, seen(live, 12))
    drill = await office.submitted(environment="exercise")
    await office.do(approval.approve, office.approver, drill.id, seen(drill, 12))
    await office.do(switch.set_mode, office.second, "live", "훈련이 끝났어요")
    with pytest.raises(Conflict):
        await office.do(approval.approve, office.approver, live.id, seen(live, 12))


async def test_the_database_keeps_the_test_list_apart(
    office: Office, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    for environment, districts in (("live", '["시험", "마포구"]'), ("test", '["마포구"]')):
        with pytest.raises(IntegrityError, match="broadcast_events_test"):
            async with office.sessions() as session, session.begin():
                await session.execute(
                    text("""INSERT INTO broadcast_events
                        (broadcast_id, kind, environment, texts, area, audience, expires_at)
                        VALUES (:id, 'update', :environment, '{}',
                            jsonb_build_object('districts', CAST(:districts AS jsonb)), 1,
                            now())"""),
                    {
                        "id": event.broadcast_id,
                        "environment": environment,
                        "districts": districts,
                    },
                )


async def test_a_halt_holds_what_is_left_and_a_second_person_resumes_it(
    office: Office, context: Context, many: int
) -> None:
    event = await office.approved(many)
    async with office.sessions() as session, session.begin():
        await audience.fan_out_chunk(session, event.id, 500)
    async with office.sessions() as session, session.begin():
        assert await halting.halt(session, event.broadcast_id, "error-rate")
        assert not await halting.halt(session, event.broadcast_id, "error-rate")
    await audience.fan_out(context, str(event.id))
    out = len(await office.deliveries(event.id))
    assert out < many
    assert await office.status(event.broadcast_id) == "halted"

    with pytest.raises(Forbidden):
        await office.do(sending.resume, office.approver, event.broadcast_id)
    with pytest.raises(IntegrityError, match="ck_broadcasts_resumed"):
        async with office.sessions() as session, session.begin():
            await session.execute(
                text("UPDATE broadcasts SET resumed_by = approved_by WHERE id = :id"),
                {"id": event.broadcast_id},
            )
    await office.do(sending.resume, office.second, event.broadcast_id)
    with pytest.raises(Conflict):  # resumed twice
        await office.do(sending.resume, office.second, event.broadcast_id)
    await audience.fan_out(context, str(event.id))
    reached = [row.contact_id for row in await office.deliveries(event.id)]
    assert (len(reached), len(set(reached))) == (many, many)
    assert [deed for _, deed in await office.deeds(event.broadcast_id)].count(
        "broadcast.resumed"
    ) == 1


async def test_the_great_switch_stops_everything_and_another_person_opens_it(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    waiting = await office.submitted(title="다른 것")
    await office.do(switch.stop, office.editor, "이상해요")
    assert await office.status(event.broadcast_id) == "halted"
    await audience.fan_out(context, str(event.id))
    assert await office.deliveries(event.id) == []
    with pytest.raises(Conflict):
        await office.do(approval.approve, office.approver, waiting.id, seen(waiting, 12))
    with pytest.raises(Conflict):
        await office.do(sending.resume, office.second, event.broadcast_id)
    with pytest.raises(Conflict):
        await office.do(switch.release, office.editor, "괜찮아요")
    # Whatever others change meanwhile, whoever stopped it does not open it again.
    await office.do(switch.set_mode, office.second, "live", "그대로예요")
    await office.do(switch.stop, office.approver, "저도 이상해요")
    with pytest.raises(Conflict):
        await office.do(switch.release, office.editor, "괜찮아요")
    await office.do(switch.release, office.second, "확인했어요")
    assert await office.status(event.broadcast_id) == "halted"
    await office.do(sending.resume, office.second, event.broadcast_id)
    await audience.fan_out(context, str(event.id))
    assert len(await office.deliveries(event.id)) == 12


@pytest.mark.parametrize("by", ["switch", "statement"])
async def test_a_change_to_training_holds_what_waits_for_its_turn(
    office: Office, context: Context, crowd: list[uuid.UUID], by: str
) -> None:
    event = await office.approved(12)
    await audience.fan_out(context, str(event.id))
    assert await office.status(event.broadcast_id) == "sending"
    if by == "switch":
        await office.do(switch.set_mode, office.second, "training", OPERATOR_REASON)
        held = (office.second.label, "broadcast.halted")
    else:
        async with office.sessions() as session, session.begin():
            await session.execute(text("UPDATE siren_switch SET mode = 'training'"))
        await schedule.tend(context)
        held = ("system", "broadcast.refused_at_sending")
    assert await office.status(event.broadcast_id) == "halted"
    assert held in await office.deeds(event.broadcast_id)
    assert await packing.claim(context, "siren", "sms", 50) == []
    await office.do(switch.set_mode, office.second, "live", "훈련이 끝났어요")
    await office.do(sending.resume, office.second, event.broadcast_id)
    await schedule.tend(context)
    assert len(await packing.claim(context, "siren", "sms", 50)) == 4


async def test_what_was_resumed_in_the_instant_of_a_stop_is_held_by_the_clock(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    await audience.fan_out(context, str(event.id))
    async with office.sessions() as session, session.begin():
        await session.execute(text("UPDATE siren_switch SET stopped_at = now()"))
    await schedule.tend(context)
    assert await office.status(event.broadcast_id) == "halted"
    assert [d for _, d in await office.deeds(event.broadcast_id)].count("broadcast.halted") == 1


async def test_the_same_words_to_the_same_people_have_to_be_meant(
    office: Office, crowd: list[uuid.UUID]
) -> None:
    first = await office.approved(12)
    second = await office.submitted()
    with pytest.raises(Conflict) as refused:
        await office.do(approval.approve, office.approver, second.id, seen(second, 12, again=False))
    assert refused.value.extra["repeats"] == str(first.broadcast_id)
    elsewhere = await office.submitted(districts=["용산구"])
    await office.do(
        approval.approve, office.approver, elsewhere.id, seen(elsewhere, 5, again=False)
    )
    await office.do(approval.approve, office.approver, second.id, seen(second, 12))
    assert len(await office.events(second.id)) == 1


async def test_sent_waits_for_outcomes_and_then_finishes(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    await audience.fan_out(context, str(event.id))
    await office.set_deliveries(event.id, ["accepted"] * 12)
    async with office.sessions() as session, session.begin():
        await session.execute(
            text("UPDATE deliveries SET check_at = now() + interval '1 hour' WHERE event_id = :e"),
            {"e": event.id},
        )
    await schedule.tend(context)
    assert await office.status(event.broadcast_id) == "sent"
    async with office.sessions() as session, session.begin():
        await session.execute(
            text("UPDATE deliveries SET check_at = NULL WHERE event_id = :e"), {"e": event.id}
        )
    await schedule.tend(context)
    assert await office.status(event.broadcast_id) == "finished"


async def test_a_halted_alert_ends_with_its_time(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12, expires_at=datetime.now(UTC) + timedelta(hours=1))
    await audience.fan_out(context, str(event.id))
    await office.set_deliveries(event.id, ["delivered"] * 3)
    async with office.sessions() as session, session.begin():
        await halting.halt(session, event.broadcast_id, "error-rate")
    async with office.sessions() as session, session.begin():
        for statement in (
            "UPDATE broadcast_events SET expires_at = now()",
            "UPDATE deliveries SET expires_at = now()",
        ):
            await session.execute(text(statement))
    await schedule.tend(context)
    assert await office.status(event.broadcast_id) == "finished"
    states = [row.status for row in await office.deliveries(event.id)]
    assert (states.count("delivered"), states.count("expired")) == (3, 9)
