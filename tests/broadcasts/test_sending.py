"""From the approval to the channels by the real dispatcher: the approved words, to the audience."""

import uuid
from collections import Counter

import pytest
from fastapi import APIRouter
from sqlalchemy import select

from backend.context import Context
from backend.models import Address
from broadcasts import audience, correction, schedule, service
from broadcasts.outcomes import outcomes
from channels.base import Channel, Rejected, Stopped, Unknown
from channels.message import OnMessage, OnStatus, Outgoing, Scheme, Sent
from tests.broadcasts.conftest import SCHEMES, Office
from tests.sending import send_due


class Recorder:
    """A channel that keeps what it was given; some addresses answer with an error."""

    pushes = True
    in_place = False

    def __init__(self, name: str, scheme: Scheme) -> None:
        self.name = name
        self.scheme = scheme
        self.sent: list[Outgoing] = []
        self.errors: dict[str, Exception] = {}

    def router(self, on_message: OnMessage, on_status: OnStatus) -> APIRouter:  # noqa: ARG002
        return APIRouter()

    async def send(self, message: Outgoing) -> Sent:
        if message.address in self.errors:
            raise self.errors[message.address]
        self.sent.append(message)
        return Sent((f"ext-{message.id}",))

    async def close(self) -> None:
        self.sent.clear()


@pytest.fixture
def recorders() -> dict[str, Recorder]:
    """One for each kind of channel that alerts go to."""
    return {
        name: Recorder(name, scheme)  # type: ignore[arg-type]
        for name, scheme in SCHEMES.items()
    }


async def work(context: Context, recorders: dict[str, Recorder], office: Office) -> None:
    """Do what the worker does for everything waiting in the siren's lane."""
    channels: dict[str, Channel] = dict(recorders)
    for job in await office.jobs(service.CANCEL):
        await correction.stop_and_correct(context, **job)
    for job in await office.jobs(audience.FAN_OUT):
        await audience.fan_out(context, **job)
    await send_due(context, channels, "siren")
    await schedule.tend(context)


def everything(recorders: dict[str, Recorder]) -> list[Outgoing]:
    return [message for recorder in recorders.values() for message in recorder.sent]


async def addresses(office: Office, people: list[uuid.UUID]) -> set[str]:
    async with office.sessions() as session:
        rows = await session.scalars(select(Address.address).where(Address.contact_id.in_(people)))
        return set(rows)


async def test_exactly_the_audience_gets_exactly_the_approved_words(
    office: Office, context: Context, crowd: list[uuid.UUID], recorders: dict[str, Recorder]
) -> None:
    event = await office.approved(12)
    await work(context, recorders, office)
    sent = everything(recorders)
    assert Counter(m.address for m in sent) == Counter(await addresses(office, crowd))
    assert {m.text for m in sent} == set(event.texts.values())
    assert all(m.text == event.texts[m.language] for m in sent)
    assert await office.status(event.broadcast_id) == "finished"


async def test_outcomes_tell_what_each_channel_said_and_the_correction_follows(
    office: Office, context: Context, crowd: list[uuid.UUID], recorders: dict[str, Recorder]
) -> None:
    rejected, stopped, unknown = [await addresses(office, [person]) for person in crowd[:3]]
    for recorder in recorders.values():
        recorder.errors = {
            rejected.copy().pop(): Rejected("21211"),
            stopped.copy().pop(): Stopped("21610"),
            unknown.copy().pop(): Unknown("timeout"),
        }
    event = await office.approved(12)
    await work(context, recorders, office)
    async with office.sessions() as session:
        found = await outcomes(session, event.broadcast_id)
    assert found is not None
    counts = {state: n for state, n in found.events[0].counts.items() if n}
    assert counts == {"accepted": 9, "failed": 1, "suppressed": 1, "unknown": 1}

    for recorder in recorders.values():
        recorder.sent.clear()
        recorder.errors.clear()
    await office.do(service.cancel, office.editor, event.broadcast_id)
    await work(context, recorders, office)
    again = everything(recorders)
    assert {m.address for m in again} == await addresses(office, crowd) - rejected - stopped
    assert len(again) == 10
    alert, corrected = await office.events(event.broadcast_id)
    assert {m.text for m in again} == set(corrected.texts.values())
    assert set(corrected.texts.values()).isdisjoint(alert.texts.values())
    await schedule.tend(context)
    assert await office.status(event.broadcast_id) == "cancelled"


async def test_nothing_goes_out_after_a_cancel_but_the_correction(
    office: Office, context: Context, crowd: list[uuid.UUID], recorders: dict[str, Recorder]
) -> None:
    event = await office.approved(12)
    await audience.fan_out(context, str(event.id))
    await office.do(service.cancel, office.author, event.broadcast_id)
    await correction.stop_and_correct(context, str(event.broadcast_id))
    await work(context, recorders, office)
    assert everything(recorders) == []
    assert await office.status(event.broadcast_id) == "cancelled"
