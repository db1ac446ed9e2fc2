"""Calls that we place at simulated phones: Twilio's client, our door, keys, nobody there."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from channels.announcement import Announcement
from channels.base import DoorError, Retryable, SendError, Throttled, Unknown
from channels.message import Answer, DeliveryState, Incoming, Outgoing, Reply, StatusUpdate
from channels.simulator import create_simulator
from channels.twilio_calls import TwilioCalls
from tests.channels.conftest import (
    ACCOUNT,
    CITIZEN,
    OUR_NUMBER,
    TOKEN,
    eventually,
    listen,
    served,
    settings_for,
)

HOME = "+8227771234"  # a landline
SAYS = Announcement(
    "ko", opening=("서울시예요.",), lines=("대피하세요.",), prompt="안전하면 1번, 도움은 2번.",
    again="다시요.", ending=("끝이에요.",), answers={"1": "네.", "2": "도움을 부를게요."},
)  # fmt: skip


class Town:
    """The door that calls and the simulated phones, on one port."""

    def __init__(self) -> None:
        self.listener, self.url = listen()
        settings = settings_for(public_url=self.url, twilio_api_url=self.url)
        self.heard: list[Incoming] = []
        self.statuses: list[StatusUpdate] = []
        self.calls = TwilioCalls(settings, self.announcement_of)
        self.app = FastAPI()
        self.app.include_router(self.calls.router(self.on_message, self.on_status))
        self.simulator = create_simulator(settings).state.simulator
        self.app.include_router(self.simulator.router())

        @self.app.exception_handler(DoorError)
        async def turned_away(_: Request, error: DoorError) -> Response:
            return JSONResponse({"detail": error.detail}, error.status)

    async def announcement_of(self, _: int) -> Announcement | None:
        return SAYS

    async def on_message(self, message: Incoming) -> Answer:
        self.heard.append(message)
        return Answer("c", "ko", "queue", (Reply("적었어요."),))

    async def on_status(self, update: StatusUpdate) -> None:
        self.statuses.append(update)

    async def faults(self, **faults: Any) -> None:
        async with httpx.AsyncClient(base_url=self.url) as http:
            assert (await http.post("/simulator/faults", json=faults)).status_code == 200

    async def act(self, number: str, text: str = "", **more: Any) -> dict[str, Any]:
        async with httpx.AsyncClient(base_url=self.url, timeout=30) as http:
            body = {"provider": "voice", "from": number, "text": text, **more}
            response = await http.post("/simulator/incoming", json=body)
        assert response.status_code == 200, response.text
        outcome: dict[str, Any] = response.json()
        return outcome

    def call(self, number: str) -> Any:
        """What the simulator knows of the newest call to a number."""
        entries, _ = self.simulator.store.sent(number)
        return entries[-1] if entries else None

    async def until(self, good: Callable[[], bool]) -> None:
        async def is_so() -> bool:
            return good()

        await eventually(is_so)

    def states(self) -> list[str]:
        return [str(update.state) for update in self.statuses]


@pytest.fixture
def town() -> Iterator[Town]:
    town = Town()
    with served(town.app, town.listener):
        yield town


async def test_a_phone_takes_the_call_hears_it_and_presses_a_key(town: Town) -> None:
    sent = await town.calls.send(Outgoing(3, HOME, "대피하세요."))
    await town.until(lambda: town.simulator._placed.has_taken(HOME) and town.call(HOME).text != "")
    assert town.call(HOME).text == "서울시예요.\n대피하세요.\n안전하면 1번, 도움은 2번."
    pressed = await town.act(HOME, "2")
    assert pressed["texts"] == ["적었어요.", "끝이에요."]
    await town.until(
        lambda: town.statuses[-1].state is DeliveryState.SENT and len(town.states()) == 5
    )
    (key,) = town.heard
    assert (key.text, key.kind, key.pressed, key.address) == ("2", "keys", 3, HOME)
    assert {update.external_id for update in town.statuses} == set(sent.external_ids)
    assert sorted(town.states()) == ["accepted", "delivered", "sent", "sent", "sent"]
    assert town.call(HOME).status == "completed"
    assert not town.simulator._placed.has_taken(HOME)
    await town.calls.close()


async def test_nobody_presses_anything_and_it_is_said_twice(town: Town) -> None:
    await town.faults(key_wait_ms=50)
    await town.calls.send(Outgoing(3, CITIZEN, "대피하세요."))
    await town.until(lambda: (entry := town.call(CITIZEN)) and entry.status == "completed")
    lines = town.call(CITIZEN).text.split("\n")
    assert lines.count("대피하세요.") == 2
    assert lines[-1] == "끝이에요."
    assert town.heard == []
    await town.calls.close()


async def test_whoever_hangs_up_has_been_spoken_to(town: Town) -> None:
    await town.calls.send(Outgoing(3, CITIZEN, "대피하세요."))
    await town.until(lambda: town.simulator._placed.has_taken(CITIZEN))
    assert (await town.act(CITIZEN, kind="hangup"))["status"] == 204
    await town.until(lambda: len(town.states()) == 5)
    assert town.states().count("delivered") == 1
    await town.calls.close()


@pytest.mark.parametrize(
    ("fault", "code"),
    [("rate_busy", "busy"), ("rate_no_answer", "no-answer"), ("rate_call_failed", "failed")],
)
async def test_a_call_in_vain_says_why(town: Town, fault: str, code: str) -> None:
    await town.faults(**{fault: 1})
    await town.calls.send(Outgoing(3, CITIZEN, "대피하세요."))
    await town.until(lambda: len(town.states()) == 3)
    assert (town.statuses[-1].state, town.statuses[-1].code) == (DeliveryState.FAILED, code)
    assert (town.call(CITIZEN).status, town.call(CITIZEN).text) == (code, "")
    await town.calls.close()


@pytest.mark.parametrize(
    ("faults", "kind"),
    [
        ({"rate_429": 1}, Throttled),
        ({"rate_5xx": 1}, Retryable),
    ],
)
async def test_bad_days_of_the_api(town: Town, faults: dict[str, Any], kind: type) -> None:
    await town.faults(**faults)
    with pytest.raises(SendError) as raised:
        await town.calls.send(Outgoing(3, CITIZEN, "x"))
    assert type(raised.value) is kind
    assert town.call(CITIZEN) is None
    await town.calls.close()


async def test_a_call_whose_answer_is_lost_tells_of_itself_by_its_reports(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.transport.READ_SECONDS", 0.3)
    await town.faults(rate_timeout_after_accept=1, timeout_ms=2000, key_wait_ms=50)
    with pytest.raises(Unknown):
        await town.calls.send(Outgoing(3, CITIZEN, "x"))
    await town.until(lambda: "delivered" in town.states())
    assert {update.delivery for update in town.statuses} == {3}
    await town.calls.close()


async def test_twilios_own_client_places_reads_lists_and_ends_calls(town: Town) -> None:
    client = Client(ACCOUNT, TOKEN)
    client.api.base_url = town.url
    place = {
        "from_": OUR_NUMBER,
        "status_callback": f"{town.url}/channels/twilio/call/status?delivery=9",
    }

    def use() -> list[Any]:
        made = client.calls.create(
            to=CITIZEN, url=f"{town.url}/channels/twilio/call?delivery=9",
            status_callback_event=["initiated", "ringing", "answered", "completed"], **place,
        )  # fmt: skip
        spoken = client.calls.create(to=HOME, twiml="<Response><Say>안녕</Say></Response>", **place)
        listed = client.calls.list(to=HOME)
        return [made, spoken, *listed]

    made, spoken, listed = await asyncio.to_thread(use)
    assert (made.status, made.direction, made.to) == ("queued", "outbound-api", CITIZEN)
    assert listed.sid == spoken.sid
    await town.until(lambda: town.call(HOME).status == "completed")
    assert town.call(HOME).text == "안녕"
    await town.until(lambda: town.simulator._placed.has_taken(CITIZEN))

    def end() -> Any:
        client.calls(made.sid).update(status="completed")
        return client.calls(made.sid).fetch(), client.calls(spoken.sid).fetch()

    ended, before = await asyncio.to_thread(end)
    assert (ended.status, before.status) == ("completed", "completed")

    def wrong(**call: Any) -> int:
        with pytest.raises(TwilioRestException) as raised:
            client.calls.create(**{"from_": OUR_NUMBER, "to": CITIZEN, **call})
        return int(raised.value.code)

    assert await asyncio.to_thread(wrong, to="12345", twiml="<Response/>") == 21211
    assert await asyncio.to_thread(wrong, url="not a url") == 21205
    await town.calls.close()
