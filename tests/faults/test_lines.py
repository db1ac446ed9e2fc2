"""The line to a provider fails, before a message was taken or after it: fault 9.

What was not taken is sent again. What may have been taken is unknown, is never sent again by
itself, and is known once its report comes with our own id.
"""

import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from backend.models import BroadcastEvent
from channels import transport
from channels.signatures import KOREA_HEADER
from channels.simulator.faults import Faults
from tests.faults.front import Fault
from tests.faults.line import Break
from tests.faults.siren_house import House
from tests.faults.test_reports import RESULTS, result, sid_of, status

PROVIDERS = ("korea", "twilio", "telegram")
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@contextmanager
def deaf() -> Iterator[str]:
    """Where nobody ever answers a call: a port whose queue is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        callers = [socket.socket() for _ in range(8)]
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for caller in callers:
            caller.close()


def settle_down(house: House, **urls: str) -> None:
    """Have the next workers call the providers there."""
    settings = house.context.settings.model_copy(
        update={f"{name}_api_url": url for name, url in urls.items()}
    )
    house.context = replace(house.context, settings=settings)


async def everybody(house: House) -> dict[str, list[str]]:
    """Let two citizens of each provider move in; (addresses by provider)."""
    return {name: await house.people(name, 2) for name in PROVIDERS}


async def alert(house: House) -> BroadcastEvent:
    """Approve an alert whose canary is over: here everything fails at first."""
    event = await house.alert()
    await house.do("UPDATE broadcast_events SET released_at = now()")
    return event


@pytest.mark.parametrize(
    "broken", ["refused", "never answered", "no such name", "no encryption", "a proxy that refuses"]
)
async def test_what_no_connection_took_is_sent_once_there_is_one(
    house: House, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*PROXIES, *map(str.lower, PROXIES)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 1.0)
    people = await everybody(house)
    right = {name: line.url for name, line in zip(
        ("korea_sms", "twilio", "telegram"), map(house.lines.__getitem__, PROVIDERS), strict=True
    )}  # fmt: skip
    event = await alert(house)
    with deaf() as nowhere:
        wrong = dict.fromkeys(right, nowhere)
        match broken:
            case "refused":
                wrong = right
                for line in house.lines.values():
                    await line.cut()
            case "no such name":
                wrong = dict.fromkeys(right, "http://provider.invalid")
            case "no encryption":
                wrong = {name: url.replace("http:", "https:") for name, url in right.items()}
            case "a proxy that refuses":
                wrong = dict.fromkeys(right, "https://provider.invalid")
                # It forwards to a provider, who can't carry a connection to anybody.
                monkeypatch.setenv("HTTPS_PROXY", house.lines["twilio"].url)
        settle_down(house, **wrong)
        async with house.working():
            await house.until(lambda: house.tries(event), lambda tries: sum(tries.values()) >= 6)
    tries = await house.tries(event)
    assert {(code, word) for _, code, word in tries} == {("no-connection", "retryable")}
    assert {name for name, _, _ in tries} == set(PROVIDERS)
    assert set((await house.fates(event)).values()) == {"pending"}
    assert house.front.seen == []
    assert house.taken() == {}
    await house.on_record(event)

    for line in house.lines.values():
        await line.mend()
    settle_down(house, **right)
    await house.do("UPDATE deliveries SET due_at = now()")
    async with house.working():
        await house.settled(event, lambda fates: _good(fates, people))
    assert house.taken() == Counter(address for each in people.values() for address in each)
    tries = await house.tries(event)
    assert [tries[name, None, "accepted"] for name in PROVIDERS] == [2, 2, 2]
    assert await house.counts(event) == {"delivered": 4, "accepted": 2}
    await house.on_record(event)


def _good(fates: dict[str, str], people: dict[str, list[str]]) -> bool:
    """Tell whether everybody has it: of a chat nobody reports more than that it was taken."""
    return all(
        fates[address] == ("accepted" if name == "telegram" else "delivered")
        for name, addresses in people.items()
        for address in addresses
    )


@pytest.mark.parametrize(
    ("lost", "code"),
    [
        ("no answer", "timeout"),
        ("before the answer", "connection-lost"),
        ("in the answer", "connection-lost"),
    ],
)
async def test_what_was_taken_and_not_answered_is_unknown_until_its_report(
    house: House, lost: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if lost == "no answer":
        monkeypatch.setattr(transport, "READ_SECONDS", 1.0)
    people = await everybody(house)
    breaks: dict[str, Break] = {"before the answer": "before the answer",
                                "in the answer": "in the answer"}  # fmt: skip
    for name in PROVIDERS:
        house.lines[name].breaks = breaks.get(lost)
        if lost == "no answer":
            house.front.always[name] = Fault(status=None, seconds=2.5)
    house.simulator.faults.set(Faults(rate_lost_callback=1))
    event = await alert(house)
    async with house.working():
        await house.until(lambda: house.tries(event), lambda tries: sum(tries.values()) >= 6)
    expected = {(name, code, "unknown"): 2 for name in PROVIDERS}
    assert await house.tries(event) == expected, "nobody is tried again"
    assert set((await house.fates(event)).values()) == {"unknown"}
    await house.on_record(event)
    # The report comes with our own id, and tells that it had been taken. A chat has none.
    ids = await house.ids(event)
    for address in people["twilio"]:
        path, form = status(ids[address], sid_of(house, address), "delivered")
        assert house.city.twilio(path, form).status_code == 204
    for address in people["korea"]:
        told = result(ids[address], sid_of(house, address).partition(":")[0], "COMPLETED")
        answer = house.city.client.post(
            RESULTS, json=told, headers={KOREA_HEADER: "test-korea-webhook"}
        )
        assert answer.status_code < 300
    fates = await house.fates(event)
    assert {fates[a] for n in ("korea", "twilio") for a in people[n]} == {"delivered"}
    assert {fates[address] for address in people["telegram"]} == {"unknown"}
    assert house.taken() == Counter(address for each in people.values() for address in each)
    assert await house.tries(event) == expected
    assert await house.counts(event) == {"delivered": 4, "unknown": 2}
    await house.on_record(event)
