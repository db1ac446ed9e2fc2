"""What providers report of an alert, over HTTP: often, late, early, forged, about the forgotten.

Faults 11 to 15 of docs/faults.md.
"""

import asyncio
import re
import threading
from collections import Counter

import httpx
import pytest

from backend.context import Context
from backend.delivery import reaper
from backend.main import build_channels
from backend.models import BroadcastEvent
from broadcasts import schedule
from channels.signatures import KOREA_HEADER
from channels.simulator.faults import Faults
from tests.faults.front import Fault
from tests.faults.siren_house import House

RESULTS = "/channels/korea-sms/results"


def status(delivery: int, sid: str, word: str) -> tuple[str, dict[str, str]]:
    """Return the path and the form of a report by Twilio."""
    path = f"/channels/twilio/status?delivery={delivery}&parts=1"
    return path, {"MessageSid": sid, "SmsSid": sid, "MessageStatus": word, "AccountSid": "AC"}


def result(delivery: int, request: str, word: str, code: str = "1000") -> dict[str, object]:
    """Return a report by the domestic gateway."""
    hook = {
        "requestId": request, "recipientSeq": 1, "messageStatus": word, "resultCode": code,
        "senderGroupingKey": str(delivery), "recipientGroupingKey": "1/1",
    }  # fmt: skip
    return {"event": "MESSAGE_RESULT_UPDATE", "hooks": [hook]}


async def silent(house: House, provider: str = "twilio") -> tuple[BroadcastEvent, str, int]:
    """Send an alert of which the provider reports nothing by itself; (event, address, delivery)."""
    house.simulator.faults.set(Faults(rate_lost_callback=1))
    (address,) = await house.people(provider)
    event = await house.alert()
    async with house.working():
        await house.settled(event, lambda fates: fates[address] == "accepted")
    return event, address, (await house.ids(event))[address]


def sid_of(house: House, address: str) -> str:
    return next(e.sid for e in house.simulator.store.sent(address)[0])


async def moves(house: House, delivery: int) -> list[tuple[str, str]]:
    """Return the parts of a delivery as (status, provider)."""
    return await house.ask(
        "SELECT status, provider FROM delivery_parts WHERE delivery_id = :id", id=delivery
    )


async def test_a_hundred_times_the_same_report_at_once_changes_it_once(house: House) -> None:
    event, address, delivery = await silent(house)
    path, form = status(delivery, sid_of(house, address), "delivered")
    headers = house.city.signature(path, form)
    await house.do(
        """CREATE TABLE changes (was text, is_now text);
        CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO changes VALUES (OLD.status, NEW.status); RETURN NEW; END $$;
        CREATE TRIGGER note_change AFTER UPDATE ON deliveries
            FOR EACH ROW EXECUTE FUNCTION note_change()"""
    )
    async with httpx.AsyncClient(base_url=house.city.url, timeout=90, trust_env=False) as client:
        answers = await asyncio.gather(
            *(client.post(path, data=form, headers=headers) for _ in range(100))
        )
    assert {answer.status_code for answer in answers} == {204}
    assert await house.counts(event) == {"delivered": 1}
    assert await house.ask("SELECT was, is_now FROM changes") == [("accepted", "delivered")]
    assert await moves(house, delivery) == [("delivered", "twilio")]
    assert await house.tries(event) == {("twilio", None, "accepted"): 1}
    await house.on_record(event)


async def test_a_hundred_times_that_it_failed_has_it_go_another_way_once(house: House) -> None:
    event, address, delivery = await silent(house)
    await house.also(address, "telegram", "7700001")
    path, form = status(delivery, sid_of(house, address), "undelivered")
    headers = house.city.signature(path, form)
    async with httpx.AsyncClient(base_url=house.city.url, timeout=90, trust_env=False) as client:
        answers = await asyncio.gather(
            *(client.post(path, data=form, headers=headers) for _ in range(100))
        )
    assert {answer.status_code for answer in answers} == {204}
    assert await house.ask("SELECT route, channel FROM deliveries") == [(1, "telegram")]
    async with house.working():
        await house.until(lambda: house.tries(event), lambda tries: len(tries) == 2)
    assert house.taken() == {address: 1, "7700001": 1}
    assert await moves(house, delivery) == [("failed", "twilio"), ("accepted", "telegram")]
    assert await house.counts(event) == {"accepted": 1}
    await house.on_record(event)


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        (("undelivered", "delivered"), "delivered"),
        (("delivered", "undelivered"), "delivered"),
        (("delivered", "sent", "queued"), "delivered"),
        (("undelivered", "sent"), "failed"),
        (("sent", "teleported"), "sent"),
    ],
)
async def test_the_highest_word_counts_and_an_unknown_one_is_kept(
    house: House, words: tuple[str, ...], ends: str
) -> None:
    event, address, delivery = await silent(house)
    for word in words:
        path, form = status(delivery, sid_of(house, address), word)
        assert house.city.twilio(path, form).status_code == 204
    assert await house.counts(event) == {ends: 1}
    strange = await house.ask(
        "SELECT actor, subject, detail ->> 'word' FROM audit WHERE action = 'delivery.unknown_word'"
    )
    told = [("provider:twilio", f"delivery:{delivery}", "teleported")]
    assert strange == (told if "teleported" in words else [])
    await house.on_record(event)


async def test_a_report_that_is_faster_than_our_note_finds_its_alert(house: House) -> None:
    (address,) = await house.people("twilio")
    # The provider takes it, reports it as delivered, and answers when that has come.
    answers = threading.Event()
    house.front.faults["twilio"] = [Fault(status=None, held=answers)]
    event = await house.alert()
    async with house.working():
        await house.settled(event, lambda fates: fates[address] == "delivered")
        assert house.front.of("twilio")[0].to == address
        assert await house.tries(event) == {}, "our own note is not there yet"
        answers.set()
        await house.until(lambda: house.tries(event), bool)
    assert await house.counts(event) == {"delivered": 1}
    assert await house.tries(event) == {("twilio", None, "accepted"): 1}
    assert house.taken() == {address: 1}
    await house.on_record(event)


async def test_a_report_four_days_late_corrects_what_was_given_up(
    house: House, context: Context
) -> None:
    event, address, delivery = await silent(house)
    async with context.sessions() as session, session.begin():
        await schedule.finish(session)
    # Two days of silence, asked in vain, and two more.
    await house.do(
        "UPDATE deliveries SET status = 'unknown', reason = 'no-report', check_at = NULL, "
        "updated_at = now() - interval '2 days', created_at = now() - interval '4 days'"
    )
    await schedule.tend(context)
    await schedule.tend(context)
    assert await house.office.status(event.broadcast_id) == "finished"
    assert await house.counts(event) == {"unknown": 1}
    path, form = status(delivery, sid_of(house, address), "delivered")
    assert house.city.twilio(path, form).status_code == 204
    assert await house.counts(event) == {"delivered": 1}
    deeds = [deed for _, deed in await house.office.deeds(event.broadcast_id)]
    assert deeds[-2:] == ["broadcast.now_sent", "broadcast.now_finished"]
    assert await house.tries(event) == {("twilio", None, "accepted"): 1}
    await house.on_record(event)


async def test_a_report_on_somebody_who_is_forgotten_is_taken_without_them(house: House) -> None:
    event, address, delivery = await silent(house)
    sid = sid_of(house, address)
    await house.do(
        "UPDATE addresses SET address = 'forgotten-' || id, verified_at = NULL, stopped_at = now()"
    )
    await house.do("DELETE FROM subscriptions")
    path, form = status(delivery, sid, "delivered")
    form["To"] = address
    assert house.city.twilio(path, form).status_code == 204
    assert await house.counts(event) == {"delivered": 1}
    for table in ("deliveries", "delivery_parts", "delivery_attempts", "audit", "addresses"):
        found = await house.ask(f"SELECT count(*) FROM {table} t WHERE t::text LIKE :it",
                                it=f"%{address.removeprefix('+')}%")  # fmt: skip
        assert found == [0], table
    await house.on_record(event)


async def test_a_sweep_never_takes_back_what_arrived(house: House, context: Context) -> None:
    """Thirty alerts whose lease or whose waiting time ends in the instant of their report."""
    house.simulator.faults.set(Faults(rate_lost_callback=1))
    addresses = await house.people("twilio", 30)
    event = await house.alert()
    async with house.working():
        await house.settled(event, lambda fates: set(fates.values()) == {"accepted"})
    ids = await house.ids(event)
    await house.do("UPDATE deliveries SET check_at = now() - interval '1 second' WHERE id % 2 = 0")
    await house.do(
        "UPDATE deliveries SET status = 'dispatching', check_at = NULL, "
        "claimed_until = now() - interval '1 second' WHERE id % 2 = 1"
    )
    channels = build_channels(house.context)

    async def sweep() -> None:
        for _ in range(3):
            async with context.sessions() as session, session.begin():
                await reaper.reap(session)
            await reaper.follow_up(house.context, channels)

    async with httpx.AsyncClient(base_url=house.city.url, timeout=90, trust_env=False) as client:

        async def arrive(address: str) -> int:
            path, form = status(ids[address], sid_of(house, address), "delivered")
            headers = house.city.signature(path, form)
            return (await client.post(path, data=form, headers=headers)).status_code

        _, _, *answers = await asyncio.gather(sweep(), sweep(), *map(arrive, addresses))
    for channel in channels.values():
        await channel.close()
    assert Counter(answers) == {204: 30}
    await sweep_again(context)
    assert await house.counts(event) == {"delivered": 30}
    left = await house.ask(
        "SELECT count(*) FROM deliveries WHERE claimed_until IS NOT NULL OR check_at IS NOT NULL"
    )
    assert left == [0]
    assert house.taken() == Counter(addresses)
    assert await house.tries(event) == {("twilio", None, "accepted"): 30}
    await house.on_record(event)


async def sweep_again(context: Context) -> None:
    async with context.sessions() as session, session.begin():
        await reaper.reap(session)


async def written(house: House) -> list[object]:
    """Return what a report could have changed, and the audit."""
    return [
        await house.ask(f"SELECT t::text FROM {table} t ORDER BY 1")
        for table in ("deliveries", "delivery_parts", "delivery_attempts", "audit")
    ]


def turned_away(house: House) -> Counter[tuple[str, str]]:
    """Return how often each door turned somebody away, by (path, status), as operators see it."""
    told = re.findall(
        r'^eungdap_turned_away_total\{door="([^"]+)",status="(\d+)"\} (\S+)$',
        house.city.client.get("/metrics").text,
        re.MULTILINE,
    )
    return Counter({(door, status): int(float(times)) for door, status, times in told})


@pytest.mark.parametrize(
    "wrong",
    ["missing", "forged", "another's", "another delivery", "another host", "too long", "gateway"],
)
async def test_a_report_that_nobody_signed_changes_nothing(
    house: House, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    event, address, delivery = await silent(house)
    path, form = status(delivery, sid_of(house, address), "undelivered")
    right = house.city.signature(path, form)
    before, seen = await written(house), turned_away(house)
    expected = {403}
    match wrong:
        case "missing":
            answer = house.city.twilio(path, form, signature="")
        case "forged":
            answer = house.city.twilio(path, form, signature="Zm9yZ2Vk")
        case "another's":
            answer = house.city.client.post(
                path, data=form | {"MessageStatus": "delivered"}, headers=right
            )
        case "another delivery":
            other = path.replace(f"delivery={delivery}", f"delivery={delivery + 1}")
            answer = house.city.client.post(other, data=form, headers=right)
        case "another host":
            host = {"Host": "evil.example", "X-Forwarded-Proto": "https"}
            signed = house.city.signature(path, form)
            answer = house.city.client.post(path, data=form, headers=signed | host)
            expected = {204}  # a proxy that changes the host changes nothing that counts
        case "too long":
            answer = house.city.twilio(path, form | {"Body": "가" * 400_000})
            expected = {413}
        case _:
            answer = house.city.client.post(
                RESULTS, json=result(delivery, "1", "FAILED"), headers={KOREA_HEADER: "guessed"}
            )
    assert answer.status_code in expected
    assert await house.counts(event) == {"failed" if wrong == "another host" else "accepted": 1}
    assert await house.tries(event) == {("twilio", None, "accepted"): 1}
    await house.on_record(event)
    after = turned_away(house)
    if wrong == "another host":
        assert after == seen
        return
    assert await written(house) == before, "whoever is nobody writes nothing"
    door = RESULTS if wrong == "gateway" else "/channels/twilio/status"
    assert after - seen == {(door, str(answer.status_code)): 1}, "operators see that somebody tried"
    assert [line for line in caplog.text.splitlines() if address.removeprefix("+1") in line] == []


async def test_a_replayed_report_is_the_same_report(house: House) -> None:
    event, address, delivery = await silent(house)
    path, form = status(delivery, sid_of(house, address), "sent")
    early = house.city.signature(path, form)
    later, arrived = status(delivery, sid_of(house, address), "delivered")
    assert house.city.client.post(path, data=form, headers=early).status_code == 204
    assert house.city.twilio(later, arrived).status_code == 204
    before = await house.ask("SELECT updated_at FROM deliveries")
    for _ in range(3):
        assert house.city.client.post(path, data=form, headers=early).status_code == 204
    assert await house.ask("SELECT updated_at FROM deliveries") == before
    assert await house.counts(event) == {"delivered": 1}
    assert await moves(house, delivery) == [("delivered", "twilio")]
    await house.on_record(event)


async def test_a_body_of_more_than_a_megabyte_is_not_read_by_any_door(house: House) -> None:
    long, seen = b"x" * 1_100_000, turned_away(house)
    doors = (
        "/channels/twilio/sms", "/channels/twilio/status", "/channels/telegram/webhook", RESULTS,
    )  # fmt: skip
    for door in doors:
        headers = {
            "Content-Type": "application/json", KOREA_HEADER: "test-korea-webhook",
            "X-Telegram-Bot-Api-Secret-Token": "test-telegram-secret",
        }  # fmt: skip
        answer = house.city.client.post(door, content=long, headers=headers)
        assert answer.status_code == 413, door
    assert await house.ask("SELECT count(*) FROM messages") == [0]
    assert await house.ask("SELECT count(*) FROM audit") == [0]
    assert turned_away(house) - seen == {(door, "413"): 1 for door in doors}
