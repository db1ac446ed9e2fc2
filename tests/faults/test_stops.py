"""An alert that ends in the middle: its time is over, somebody cancels it, its canary fails.

Faults 17, 18 and 22 of docs/faults.md.
"""

import csv
import io
import time
from collections import Counter
from dataclasses import replace

import httpx
import pytest

from backend.main import build_channels
from backend.models import Staff
from backend.security import COOKIE
from backend.staff import service as staff
from broadcasts import audience, plan, service
from channels.simulator.faults import Faults
from tests.faults.front import Fault
from tests.faults.siren_house import House
from tests.sending import send_due


def paced(house: House, per_second: float) -> None:
    """Let the domestic provider take so many messages a second."""
    settings = house.context.settings.model_copy(update={"provider_pace": {"korea": per_second}})
    house.context = replace(house.context, settings=settings)


async def test_the_end_of_the_time_stops_the_sending_and_the_report_says_for_how_many(
    house: House,
) -> None:
    addresses = await house.people("korea", 45)
    paced(house, 10)
    event = await house.alert()
    async with house.working(2):
        await house.until(house.claimed, lambda claimed: len(claimed) >= 8)
        await house.do("UPDATE broadcast_events SET expires_at = now()")
        await house.do("UPDATE deliveries SET expires_at = now()")
        claimed = await house.claimed()
        fates = await house.settled(event, lambda f: set(f.values()) <= {"delivered", "expired"})
        await house.until(
            lambda: house.office.status(event.broadcast_id), lambda s: s in ("sent", "finished")
        )
    assert {each.to for each in house.front.seen} <= claimed, "what was claimed, and no more"
    got = {address for address, status in fates.items() if status == "delivered"}
    assert house.taken() == Counter(got)
    counts = await house.counts(event)
    assert counts == {"delivered": len(got), "expired": 45 - len(got)}
    assert 0 < len(got) < len(addresses)
    assert await house.ask("SELECT DISTINCT reason FROM deliveries WHERE status = 'expired'") == [
        "too-late"
    ]
    async with house.office.sessions() as session, session.begin():
        author = await session.get_one(Staff, house.office.author.id)
        cookie = await staff.log_in(session, author)
    async with httpx.AsyncClient(base_url=house.city.url, timeout=60, trust_env=False) as client:
        client.cookies.set(COOKIE, cookie)
        table = await client.get(f"/siren/{event.broadcast_id}/report.csv")
    rows = csv.DictReader(io.StringIO(table.content.decode("utf-8-sig")))
    told = {row["state"]: int(row["people"]) for row in rows}
    assert (told["expired"], told["audience"]) == (45 - len(got), 45)
    assert ("system", "broadcast.now_sent") in await house.office.deeds(event.broadcast_id)
    await house.on_record(event)


async def test_a_cancel_in_the_middle_corrects_the_unknown_too(
    house: House,
) -> None:
    addresses = await house.people("twilio", 40)
    lost = addresses[:5]  # their provider takes the message, and nobody learns of it
    for address in lost:
        house.front.to[address] = [Fault(502, b"<html>", taken=True)]
    house.simulator.faults.set(Faults(rate_lost_callback=1))
    settings = house.context.settings.model_copy(update={"provider_pace": {"twilio": 10}})
    house.context = replace(house.context, settings=settings)
    event = await house.alert()
    async with house.working(2):
        await house.until(lambda: house.fates(event), lambda f: "unknown" in f.values())
        await house.office.do(service.cancel, house.office.editor, event.broadcast_id)
        pressed = time.monotonic()
        await house.until(
            lambda: house.office.status(event.broadcast_id), lambda status: status == "cancelled"
        )
    alert, corrected = await house.office.events(event.broadcast_id)
    first, second = await house.fates(alert), await house.fates(corrected)
    maybe = {address for address, status in first.items() if status in audience.MAYBE_OUT}
    assert set(second) == maybe == set(house.taken()), "whoever may have it, and nobody else"
    unknown = {address for address, status in first.items() if status == "unknown"}
    assert unknown
    assert unknown <= set(lost)
    assert unknown <= set(second)
    assert set(first.values()) == {"accepted", "unknown", "cancelled"}
    assert max(house.taken().values()) == 2, "the alert and its correction"
    corrections = [seen.at for seen in house.front.seen if seen.at > pressed]
    assert corrections
    assert max(corrections) - pressed < 60
    counts = await house.counts(alert)
    assert counts["cancelled"] == 40 - len(maybe)
    assert sum((await house.counts(corrected)).values()) == len(maybe)
    deeds = await house.office.deeds(event.broadcast_id)
    assert [deed for _, deed in deeds][-3:] == [
        "broadcast.cancelled",
        "broadcast.corrected",
        "broadcast.now_cancelled",
    ]
    editor = house.office.editor.label
    await house.on_record(alert, (editor, "broadcast.cancelled"), (editor, "broadcast.corrected"))


@pytest.mark.parametrize("people", [5_000, pytest.param(100_000, marks=pytest.mark.faults)])
async def test_a_canary_that_fails_is_the_end_of_it_until_somebody_looks(
    house: House, people: int
) -> None:
    """A city whose numbers the provider refuses: fifty are tried, or one in a hundred."""
    canary = audience.canary_of(people)
    await house.do(
        """WITH person AS (INSERT INTO contacts (id)
            SELECT gen_random_uuid() FROM generate_series(1, :people) RETURNING id),
        place AS (INSERT INTO addresses (contact_id, scheme, address, verified_at)
            SELECT id, 'phone', '+1202' || lpad((row_number() OVER ())::text, 7, '0'), now()
            FROM person RETURNING id, contact_id)
        INSERT INTO subscriptions (contact_id, address_id, channel, district, language)
        SELECT contact_id, id, 'sms', '마포구', 'ko' FROM place""",
        people=people,
    )
    house.audience = people
    house.front.always["twilio"] = Fault(400, b'{"code": 21211, "message": "no"}')
    event = await house.alert()
    async with house.working(2):
        await house.until(
            lambda: house.office.status(event.broadcast_id), lambda status: status == "halted"
        )
        await house.until(house.paged, bool)
    assert len(house.front.seen) <= canary
    assert house.taken() == {}
    counts = await house.counts(event)
    assert counts["pending"] >= people - canary > people * 0.98
    assert counts["failed"] <= canary
    assert len(await house.fates(event)) == canary, "nobody else is even written down"
    assert await house.paged() == ["halted", "halted"]
    await house.on_record(event, ("system", "broadcast.halted"))
    assert await house.ask(
        "SELECT detail ->> 'why' FROM audit WHERE action = 'broadcast.halted'"
    ) == ["error-rate"]
    # What is halted stays so, however often its workers look.
    asked = len(house.front.seen)
    await plan.watch_canaries(house.context)
    await plan.watch_errors(house.context)
    await audience.fan_out(house.context, str(event.id))
    doors = build_channels(house.context)
    await send_due(house.context, doors, "siren")
    for door in doors.values():
        await door.close()
    assert len(house.front.seen) == asked
    assert await house.office.status(event.broadcast_id) == "halted"
