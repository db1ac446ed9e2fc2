"""A few people first; the others where that went well; a halt where it goes wrong."""

import asyncio

import pytest
from sqlalchemy import text

from backend.context import Context
from backend.delivery import dispatch
from backend.models import BroadcastEvent, Delivery
from broadcasts import audience, plan, service
from channels.base import Channel, Rejected, Unknown
from tests.broadcasts.conftest import Office
from tests.broadcasts.test_sending import Recorder
from tests.sending import send_due

Doors = dict[str, Channel]


class Partly(Recorder):
    """A phone network that refuses every so many messages; 0: none."""

    def __init__(self, every: int, error: type[Exception] = Rejected) -> None:
        super().__init__("sms", "phone")
        self.every = every
        self.error = error
        self.asked = 0

    async def send(self, message):  # type: ignore[no-untyped-def]
        self.asked += 1
        if self.every and self.asked % self.every == 0:
            raise self.error("test")
        return await super().send(message)


@pytest.mark.parametrize(
    ("people", "good", "bad", "open_", "silent", "verdict"),
    [
        (50, 0, 0, 50, False, None),
        (50, 29, 0, 21, False, None),
        (50, 30, 0, 20, False, "release"),
        (50, 24, 6, 20, False, "release"),
        (50, 23, 7, 20, False, "error-rate"),
        (50, 0, 19, 31, False, None),
        (50, 0, 20, 30, False, "error-rate"),
        (50, 0, 0, 50, True, "canary-silent"),
        (50, 1, 0, 49, True, "release"),
        (60, 0, 0, 0, False, "release"),
        (60, 3, 2, 0, False, "error-rate"),
    ],
)
def test_the_canary_is_judged_by_what_is_known_of_it(
    people: int, good: int, bad: int, open_: int, silent: bool, verdict: str | None
) -> None:
    assert plan.judge(people, good, bad, open_, silent=silent) == verdict


async def step(context: Context, doors: Doors, event: BroadcastEvent) -> None:
    await audience.fan_out(context, str(event.id))
    await send_due(context, doors, "siren")
    await plan.watch_canaries(context)


async def test_the_others_follow_a_canary_that_went_well(
    office: Office, context: Context, many: int
) -> None:
    door = Partly(0)
    event = await office.approved(many)
    await step(context, {"sms": door}, event)
    assert len(door.sent) == len(await office.deliveries(event.id)) == audience.CANARY
    assert len(await office.jobs(audience.FAN_OUT)) == 2
    await step(context, {"sms": door}, event)
    assert len({message.address for message in door.sent}) == len(door.sent) == many
    assert ("system", "broadcast.halted") not in await office.deeds(event.broadcast_id)


async def test_a_canary_that_went_well_need_not_wait_for_the_clock(
    office: Office, context: Context, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "CLOSE_SECONDS", 60.0)  # it ends by what it sees
    event = await office.approved(many)
    await audience.fan_out(context, str(event.id))
    watching = asyncio.create_task(plan.follow_canary(context))
    await send_due(context, {"sms": Partly(0)}, "siren")
    await watching
    assert len(await office.jobs(audience.FAN_OUT)) == 2


async def test_a_canary_without_an_answer_is_left_to_the_clock(
    office: Office, context: Context, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "CLOSE_SECONDS", 0.2)
    event = await office.approved(many)
    await audience.fan_out(context, str(event.id))
    await plan.follow_canary(context)
    assert len(await office.jobs(audience.FAN_OUT)) == 1
    assert await office.status(event.broadcast_id) == "sending"


@pytest.mark.parametrize("error", [Rejected, Unknown])
async def test_a_canary_that_fails_keeps_the_alert_from_everybody(
    office: Office, context: Context, many: int, error: type[Exception]
) -> None:
    door = Partly(2, error)
    event = await office.approved(many)
    await step(context, {"sms": door}, event)
    await step(context, {"sms": door}, event)
    assert door.asked == audience.CANARY
    assert await office.status(event.broadcast_id) == "halted"
    assert ("system", "broadcast.halted") in await office.deeds(event.broadcast_id)
    broadcast = await office.do(_get, office.author, event.broadcast_id)
    assert broadcast.halted_reason == "error-rate"


async def _get(session, actor, broadcast_id):  # type: ignore[no-untyped-def]
    return await service.get(session, broadcast_id)


async def test_an_alert_on_its_way_is_halted_where_its_tries_begin_to_fail(
    office: Office, context: Context, many: int
) -> None:
    event = await office.approved(many)
    await office.release(event)
    await audience.fan_out(context, str(event.id))
    dispatcher = dispatch.Dispatcher(context, {"sms": Partly(3)})
    await dispatcher.start("siren")
    for _ in range(200):
        await plan.watch_errors(context)
        if await office.status(event.broadcast_id) == "halted":
            break
    await dispatcher.close()
    assert await office.status(event.broadcast_id) == "halted"
    left = sum(row.status == "pending" for row in await office.deliveries(event.id))
    await send_due(context, {"sms": Partly(0)}, "siren")
    again = sum(row.status == "pending" for row in await office.deliveries(event.id))
    assert left == again > 0, "nothing is claimed of an alert that is halted"


async def test_workers_that_died_are_no_reason_to_halt(
    office: Office, context: Context, many: int
) -> None:
    event = await office.approved(many)
    await office.release(event)
    await audience.fan_out(context, str(event.id))
    async with office.sessions() as session, session.begin():
        await session.execute(
            text(
                "INSERT INTO delivery_attempts (delivery_id, number, route, channel, address_id, "
                "outcome, code) SELECT id, 1, 0, channel, address_id, 'unknown', 'lease-expired' "
                "FROM deliveries LIMIT 300"
            )
        )
    await plan.watch_errors(context)
    assert await office.status(event.broadcast_id) == "sending"


async def test_what_waits_of_a_cancelled_alert_is_not_claimed_from_that_commit_on(
    office: Office, context: Context, many: int
) -> None:
    event = await office.approved(many)
    await office.release(event)
    await audience.fan_out(context, str(event.id))
    await office.do(service.cancel, office.editor, event.broadcast_id)
    door = Partly(0)
    await send_due(context, {"sms": door}, "siren")
    assert door.sent == []
    rows: list[Delivery] = await office.deliveries(event.id)
    assert {row.status for row in rows} == {"pending"}
