"""The siren's way is tried on the test list, on every channel, and what came of it is known."""

import uuid
from datetime import timedelta

import pytest

from backend.context import Context
from broadcasts import audience, probe
from broadcasts.outcomes import dead
from channels.base import Channel, Rejected
from tests.broadcasts.conftest import SCHEMES, Office, enrol
from tests.broadcasts.test_sending import Recorder
from tests.sending import send_due


async def test_every_channel_of_the_test_list_is_tried_and_nobody_else(
    office: Office, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    doors = {name: Recorder(name, scheme) for name, scheme in SCHEMES.items()}  # type: ignore[arg-type]
    async with office.sessions() as session, session.begin():
        await enrol(session, "마포구")
        await enrol(session, audience.TEST_LIST, channel="telegram", address="77")
        await enrol(session, audience.TEST_LIST, address="+821000000000")
        assert await probe.send(session) == 2
    doors["telegram"].errors["77"] = Rejected("403")
    channels: dict[str, Channel] = dict(doors)
    await send_due(context, channels, "siren")
    sent = [message for door in doors.values() for message in door.sent]
    assert {message.address for message in sent} == {"+821000000000"}
    assert all(message.text == probe.WORDS for message in sent)
    monkeypatch.setattr(probe, "LATE", timedelta(0))
    async with office.sessions() as session:
        assert await probe.last(session) == {"sms": True, "telegram": False}


async def test_without_a_test_list_nothing_is_tried(office: Office, context: Context) -> None:
    async with office.sessions() as session, session.begin():
        await enrol(session, "마포구")
    await probe.run(context)
    async with office.sessions() as session:
        assert await probe.last(session) == {}


async def test_the_dead_list_names_reasons_and_no_people(
    office: Office, context: Context, crowd: list[uuid.UUID]
) -> None:
    event = await office.approved(12)
    await audience.fan_out(context, str(event.id))
    await office.set_deliveries(event.id, ["accepted", "failed", "failed", "unknown", "delivered"])
    async with office.sessions() as session:
        found = await dead(session)
    rows = [row for row in found["people"] if row["broadcast_id"] == str(event.broadcast_id)]
    assert sum(int(str(row["people"])) for row in rows) == 3
    assert {row["status"] for row in rows} == {"failed", "unknown"}
    people = {str(person) for person in crowd}
    assert not any(person in str(found) for person in people)
