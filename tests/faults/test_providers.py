"""Providers that are busy, broken, slow or down while an alert goes out: faults 7, 8 and 10."""

import asyncio
import json
import time
from collections import Counter

import pytest

from backend import metrics
from backend.delivery import pace, reaper
from backend.main import build_channels
from broadcasts.plan import STUCK_SECONDS
from channels.simulator.faults import Faults
from tests.faults.front import Fault
from tests.faults.siren_house import House


def busy(provider: str, seconds: int) -> Fault:
    """Return the 429 of a provider that wants to be left alone for so long."""
    if provider == "telegram":
        said = {
            "ok": False, "error_code": 429, "description": f"Too Many Requests: {seconds}",
            "parameters": {"retry_after": seconds},
        }  # fmt: skip
        return Fault(429, json.dumps(said).encode())
    body = b'{"code": 20429, "message": "Too Many Requests", "status": 429}'
    return Fault(429, body, ((b"retry-after", str(seconds).encode()),))


@pytest.mark.parametrize(
    ("provider", "seconds"),
    [
        ("telegram", 8),
        ("korea", 8),
        ("twilio", 8),
        pytest.param("telegram", 35, marks=pytest.mark.faults),
    ],
)
async def test_nothing_is_asked_before_the_time_that_a_busy_provider_named(
    house: House, provider: str, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The workers tell one another through Redis, which a busy machine may keep waiting.
    monkeypatch.setattr(pace, "REDIS_SECONDS", 10.0)
    others = [name for name in ("telegram", "korea", "twilio") if name != provider]
    waiting = await house.people(provider, 10)
    rest = [address for name in others for address in await house.people(name, 5)]
    house.front.faults[provider] = [busy(provider, seconds)]
    event = await house.alert()
    async with house.working(2):
        good = ("accepted", "delivered")
        await house.settled(event, lambda fates: all(fates[each] in good for each in rest))
        elsewhere = time.monotonic()
        await house.settled(
            event, lambda fates: set(fates.values()) <= set(good), seconds=seconds * 2 + 30
        )
    refused, *asked = house.front.of(provider)
    again = [each.at - refused.at for each in asked if each.to == refused.to]
    assert len(again) == 1, "the one that was refused comes again"
    assert again[0] >= seconds
    # What was under way when the provider asked to wait arrives soon; then nobody is asked.
    after = [each.at - refused.at for each in asked]
    assert not [at for at in after if seconds / 2 < at < seconds], after
    assert elsewhere - refused.at < seconds, "the others did not wait"
    assert house.taken() == Counter(waiting + rest)
    tries = await house.tries(event)
    assert sum(count for (_, _, word), count in tries.items() if word == "throttled") == 1
    assert sum(count for (_, _, word), count in tries.items() if word == "accepted") == 20
    assert sum((await house.counts(event)).values()) == 20
    stuck = ("system", "broadcast.stuck")
    deeds = await house.office.deeds(event.broadcast_id)
    called = seconds > STUCK_SECONDS and stuck in deeds  # its people are, after half a minute
    await house.on_record(event, *[stuck][: int(called)])


ODD = {
    "burst": [Fault(503, b"", ()), Fault(503, b"", ())],
    "500": [Fault(500, b"oops")],
    "502": [Fault(502, b"<html>")],
    "no json": [Fault(200, b"<html>it worked!</html>", taken=True)],
    "no object": [Fault(200, b'"yes"', taken=True)],
    "redirect": [Fault(307, b"", ((b"location", b"http://127.0.0.1:9/elsewhere"),))],
}
# State of the delivery, and the outcomes of its tries in order.
FATES = {
    "burst": ("delivered", ["retryable", "retryable", "accepted"]),
    "500": ("unknown", ["unknown"]),
    "502": ("unknown", ["unknown"]),
    "no json": ("unknown", ["unknown"]),
    "no object": ("unknown", ["unknown"]),
    "redirect": ("failed", ["rejected"]),
}


async def test_each_odd_answer_means_what_it_proves(house: House) -> None:
    """Refused before it was taken: again. Not known: never again. Refused for good: failed."""
    odd = dict(zip(ODD, await house.people("twilio", len(ODD)), strict=True))
    well = await house.people("twilio", 6)
    for kind, address in odd.items():
        house.front.to[address] = list(ODD[kind])
    house.simulator.faults.set(Faults(rate_late_callback=1, late_ms=20_000))
    event = await house.alert()
    await house.do("UPDATE broadcast_events SET released_at = now()")

    def out(fates: dict[str, str]) -> bool:
        return not set(fates.values()) & {"pending", "dispatching"}

    async with house.working(2):
        fates = await house.settled(event, out)
    ids = await house.ids(event)
    for kind, address in odd.items():
        status, words = FATES[kind]
        tried = await house.ask(
            "SELECT outcome FROM delivery_attempts WHERE delivery_id = :id ORDER BY number",
            id=ids[address],
        )
        expected = "accepted" if status == "delivered" else status  # its report is late
        assert (kind, fates[address], tried) == (kind, expected, words)
    assert {fates[address] for address in well} == {"accepted"}
    assert max(house.taken().values()) == 1
    assert await house.counts(event) == {"accepted": 7, "unknown": 4, "failed": 1}
    await house.on_record(event)

    # What is not known is looked up: two of the four had been taken.
    await house.do("UPDATE deliveries SET check_at = now() WHERE status = 'unknown'")
    doors = build_channels(house.context)
    await reaper.follow_up(house.context, doors)
    for door in doors.values():
        await door.close()
    after = await house.fates(event)
    assert {kind: after[odd[kind]] for kind in ("500", "502")} == dict.fromkeys(
        ("500", "502"), "unknown"
    )
    assert {after[odd[kind]] for kind in ("no json", "no object")} <= {"accepted", "delivered"}
    assert max(house.taken().values()) == 1
    await house.on_record(event)


async def test_an_error_inside_a_200_is_an_error(house: House) -> None:
    """The domestic gateway answers 200 to everything; its own code decides."""

    def said(code: int) -> Fault:
        header = {"isSuccessful": False, "resultCode": code, "resultMessage": "-"}
        return Fault(200, json.dumps({"header": header}).encode())

    busy_one, wrong, lost = await house.people("korea", 3)
    house.front.to = {busy_one: [said(-2021)], wrong: [said(-2019)], lost: [said(-9999)]}
    event = await house.alert()
    async with house.working():
        fates = await house.settled(
            event, lambda fates: not set(fates.values()) & {"pending", "dispatching", "accepted"}
        )
    assert fates == {busy_one: "delivered", wrong: "delivered", lost: "unknown"}
    assert await house.tries(event) == {
        ("korea", "-2021", "retryable"): 1,
        ("korea", None, "accepted"): 1,
        ("korea", "-2019", "rejected"): 1,
        ("twilio", None, "accepted"): 1,  # another provider of the number took it
        ("korea", "-9999", "unknown"): 1,
    }
    assert house.taken() == {busy_one: 1, wrong: 1}
    assert await house.counts(event) == {"delivered": 2, "unknown": 1}
    await house.on_record(event)


async def test_a_provider_that_is_down_is_left_for_the_other_one(house: House) -> None:
    addresses = await house.people("korea", 40)
    await house.lines["korea"].cut()
    event = await house.alert()
    began = time.monotonic()
    async with house.working(2):
        await house.settled(event, lambda fates: set(fates.values()) == {"delivered"}, seconds=60)
        assert time.monotonic() - began < 60
        assert metrics.PROVIDER_OPEN.labels("korea")._value.get() == 1
        # The line is mended: each worker finds out by asking with one message, untold.
        await house.lines["korea"].mend()
        alerts, back = 1, False
        while not back:
            await asyncio.sleep(2)
            alerts += 1
            assert alerts < 15, "nobody finds out that it works again"
            again = await house.alert()
            await house.settled(again, lambda fates: set(fates.values()) == {"delivered"})
            back = (await house.tries(again))["korea", None, "accepted"] == 40
    assert house.taken() == Counter(addresses * alerts)
    tries = await house.tries(event)
    assert tries["twilio", None, "accepted"] == 40
    refused = sum(n for (name, _, word), n in tries.items() if word == "retryable")
    assert refused <= 40 + 16, "it is not asked again and again"
    assert await house.counts(event) == {"delivered": 40}
    await house.on_record(event)


async def test_with_both_down_the_queue_is_kept_and_its_people_are_called(house: House) -> None:
    addresses = await house.people("korea", 12)
    for line in house.lines.values():
        await line.cut()
    event = await house.alert()
    async with house.working(2):
        await house.until(lambda: house.tries(event), lambda tries: sum(tries.values()) >= 12)
        await house.do(
            "WITH e AS (UPDATE broadcast_events SET created_at = now() - interval '40 seconds') "
            "UPDATE deliveries SET created_at = created_at - interval '40 seconds'"
        )
        paged = await house.until(house.paged, bool)
        assert set(paged) == {"stuck"}
        assert await house.counts(event) == {"pending": 12}
        await asyncio.sleep(6)
        assert len(await house.paged()) == 2, "its author and its approver, once"
        for line in house.lines.values():
            await line.mend()
        await house.settled(event, lambda fates: set(fates.values()) == {"delivered"}, seconds=60)
    assert house.taken() == Counter(addresses)
    assert await house.counts(event) == {"delivered": 12}
    await house.on_record(event, ("system", "broadcast.stuck"))


async def test_with_both_slow_nobody_is_sent_to_and_fro(house: House) -> None:
    addresses = await house.people("korea", 20)
    house.front.always = {name: Fault(status=None, seconds=3) for name in ("korea", "twilio")}
    event = await house.alert()
    async with house.working(2):
        await house.settled(event, lambda fates: set(fates.values()) == {"delivered"})
        await house.until(
            lambda: house.tries(event), lambda tries: tries["korea", None, "accepted"] == 20
        )
    assert house.front.of("twilio") == [], "slow is not down"
    assert house.taken() == Counter(addresses)
    assert await house.tries(event) == {("korea", None, "accepted"): 20}
    assert await house.counts(event) == {"delivered": 20}
    assert await house.paged() == [], "nobody is called for what goes on"
    await house.on_record(event)
