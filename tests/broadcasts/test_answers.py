"""Who is safe, who needs help, who is silent; and the question once more to the silent alone."""

import uuid

import pytest
from sqlalchemy import select, text

from backend.contacts import alert_replies
from backend.context import Context
from backend.errors import Conflict
from backend.messages import service as messages
from backend.models import Address
from broadcasts import answers, audience, service
from tests.broadcasts.conftest import Office, draft, enrol


async def answer(
    office: Office, event: uuid.UUID, people: list[uuid.UUID], word: alert_replies.Reply
) -> None:
    """Let people answer an alert, each in a conversation of their own."""
    async with office.sessions() as session, session.begin():
        for person in people:
            where = select(Address).where(Address.contact_id == person).limit(1)
            address = (await session.scalars(where)).one()
            talk = await messages.open_conversation(session, address, "sms", "ko")
            said = await messages.add(
                session, talk, author="citizen", text="1", external_id=uuid.uuid4().hex
            )
            await alert_replies.record(session, event, person, said.id, word)


async def test_answers_are_counted_by_district_and_only_the_silent_are_asked_again(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(13, districts=["마포구", "용산구"])
    await audience.fan_out(context, str(event.id))
    rows = await office.deliveries(event.id)
    await office.set_deliveries(event.id, ["accepted"] * 12 + ["failed"])
    reached = [row.contact_id for row in rows[:12]]
    await answer(office, event.id, reached[:3], "safe")
    await answer(office, event.id, reached[3:5], "help")
    async with office.sessions() as session:
        found = await answers.by_district(session, event.broadcast_id)
    assert sum(each.reached for each in found) == 12
    assert (sum(e.safe for e in found), sum(e.help for e in found)) == (3, 2)
    assert sum(each.silent for each in found) == 7
    assert {each.district for each in found} <= {"마포구", "용산구"}

    reminder = await office.do(answers.remind, office.author, event.broadcast_id)
    assert reminder.audience == 7
    await answer(office, event.id, reached[5:6], "safe")  # before the reminder is on its way
    await audience.fan_out(context, str(reminder.id))
    asked = {row.contact_id for row in await office.deliveries(reminder.id)}
    assert asked == set(reached[6:])
    assert ("staff:" + str(office.author.id), "broadcast.reminded") in await office.deeds(
        event.broadcast_id
    )
    with pytest.raises(Conflict):  # a moment ago
        await office.do(answers.remind, office.author, event.broadcast_id)


async def test_the_districts_sum_to_the_audience_from_the_first_moment(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(13, districts=["마포구", "용산구"])

    async def people() -> dict[str, int]:
        async with office.sessions() as session:
            rows = await answers.by_district(session, event.broadcast_id)
        assert sum(row.people for row in rows) == 13
        return {row.district: row.people for row in rows}

    assert await people() == {"": 13}
    async with office.sessions() as session, session.begin():
        await audience.fan_out_chunk(session, event.id, 5)
    begun = await people()
    assert begun[""] > 0
    await audience.fan_out(context, str(event.id))
    assert await people() == {"마포구": 12, "용산구": 1}
    # Where they count is frozen with the alert, wherever they move afterwards.
    async with office.sessions() as session, session.begin():
        await session.execute(text("DELETE FROM subscriptions"))
    assert await people() == {"마포구": 12, "용산구": 1}


async def test_who_left_before_their_turn_counts_without_a_district(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    async with office.sessions() as session, session.begin():
        await session.execute(
            text("DELETE FROM subscriptions WHERE contact_id = :who"), {"who": crowd[0]}
        )
    await audience.fan_out(context, str(event.id))
    async with office.sessions() as session:
        rows = await answers.by_district(session, event.broadcast_id)
        assert await answers.by_district(session, uuid.uuid4()) == []
    assert {row.district: (row.people, row.reached) for row in rows} == {
        "": (1, 0), "마포구": (11, 0),
    }  # fmt: skip


async def test_who_is_meant_for_a_saved_place_counts_where_the_area_is(
    office: Office, context: Context
) -> None:
    async with office.sessions() as session, session.begin():
        person = await enrol(session, "강남구", "마포구")
        visitor = await enrol(session, "강남구")
        for each in (person, visitor):
            each.latitude, each.longitude = 37.559, 126.908
    ring = [(37.556, 126.905), (37.562, 126.905), (37.562, 126.912), (37.556, 126.912)]
    event = await office.approved(2, districts=[], polygons=[ring])
    await audience.fan_out(context, str(event.id))
    async with office.sessions() as session:
        rows = await answers.by_district(session, event.broadcast_id)
    assert {row.district: row.people for row in rows} == {"강남구": 1, "마포구": 1}


async def test_nobody_is_asked_again_about_what_was_not_sent_or_was_cancelled(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    written = await office.do(service.create, office.author, draft())
    with pytest.raises(Conflict):
        await office.do(answers.remind, office.author, written.id)
    event = await office.approved(12)
    await audience.fan_out(context, str(event.id))
    with pytest.raises(Conflict):  # it reached nobody yet
        await office.do(answers.remind, office.author, event.broadcast_id)
    await office.do(service.cancel, office.author, event.broadcast_id)
    with pytest.raises(Conflict):
        await office.do(answers.remind, office.author, event.broadcast_id)


async def test_an_exercise_asks_as_an_exercise(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12, environment="exercise")
    await audience.fan_out(context, str(event.id))
    await office.set_deliveries(event.id, ["accepted"])
    reminder = await office.do(answers.remind, office.author, event.broadcast_id)
    assert all("훈련" in said for language, said in reminder.texts.items() if language == "ko")
    assert reminder.audience == 1
