"""The simulated SMS providers: Twilio's media, the domestic gateway, and their bad days."""

import asyncio
import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from twilio.rest import Client

from channels.base import Content, DoorError, Rejected, Retryable, SendError, Throttled
from channels.korea_sms import KoreaSms
from channels.message import Answer, DeliveryState, Incoming, Outgoing, Photo, StatusUpdate
from channels.settings import read_routes
from channels.simulator import create_simulator
from channels.sms import Sms
from channels.twilio_sms import TwilioSms
from tests.channels.conftest import (
    ACCOUNT,
    CITIZEN,
    CITIZEN_AT_HOME,
    KOREA_KEY,
    KOREA_NUMBER,
    KOREA_SECRET,
    OUR_NUMBER,
    TOKEN,
    eventually,
    listen,
    served,
    settings_for,
)

ABROAD = "+12025550123"
PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 20
SEND = f"/sms/v3.0/appKeys/{KOREA_KEY}/sender"


class Town:
    """The door of text messages and its simulated providers, on one port."""

    def __init__(self) -> None:
        self.listener, self.url = listen()
        settings = settings_for(
            public_url=self.url, twilio_api_url=self.url, korea_sms_api_url=self.url
        )
        self.heard: list[Incoming] = []
        self.statuses: list[StatusUpdate] = []
        self.sms = Sms(
            [TwilioSms(settings), KoreaSms(settings)], read_routes("+82=korea,*=twilio")
        )  # fmt: skip
        self.app = FastAPI()
        self.app.include_router(self.sms.router(self.on_message, self.on_status))
        self.simulator = create_simulator(settings).state.simulator
        self.app.include_router(self.simulator.router())

        @self.app.exception_handler(DoorError)
        async def turned_away(_: Request, error: DoorError) -> Response:
            return JSONResponse({"detail": error.detail}, error.status)

    async def on_message(self, message: Incoming) -> Answer:
        self.heard.append(message)
        return Answer("c", "ko", "bot")

    async def on_status(self, update: StatusUpdate) -> None:
        self.statuses.append(update)

    def act(self, **act: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/simulator/incoming", json=act, timeout=30)

    def faults(self, **faults: Any) -> None:
        assert httpx.post(f"{self.url}/simulator/faults", json=faults).status_code == 200

    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = httpx.get(f"{self.url}/simulator/faults").json()["counts"]
        return counts

    def sent(self, to: str) -> list[dict[str, Any]]:
        items = httpx.get(f"{self.url}/simulator/sent", params={"to": to}).json()["items"]
        return list(items)

    def korea(self, service: str, **changed: Any) -> dict[str, Any]:
        body = {
            "body": "안내", "sendNo": KOREA_NUMBER, "title": "응답 안내", "senderGroupingKey": "5",
            "recipientList": [{"recipientNo": CITIZEN_AT_HOME, "recipientGroupingKey": "1/1"}],
        }  # fmt: skip
        headers = {"X-Secret-Key": changed.pop("secret", KOREA_SECRET)}
        response = httpx.post(
            f"{self.url}{SEND}/{service}", json={**body, **changed}, headers=headers
        )
        assert response.status_code == 200
        answer: dict[str, Any] = response.json()
        return answer


@pytest.fixture
def town() -> Iterator[Town]:
    town = Town()
    with served(town.app, town.listener):
        yield town


@pytest.fixture
def twilio(town: Town) -> Client:
    client = Client(ACCOUNT, TOKEN)
    client.api.base_url = town.url
    return client


async def test_a_picture_goes_from_phone_to_door(town: Town, twilio: Client) -> None:
    photo = base64.b64encode(PNG).decode()
    act = {"provider": "sms", "from": CITIZEN, "text": "여기예요", "photo": photo}
    outcome = await asyncio.to_thread(town.act, **act)
    assert outcome.json()["status"] == 200
    (message,) = town.heard
    assert (message.text, message.photos) == ("여기예요", (Photo(PNG, "image/png"),))
    listed = await asyncio.to_thread(twilio.messages(message.external_id).media.list)
    assert [medium.content_type for medium in listed] == ["image/png"]
    address = f"{town.url}{listed[0].uri.removesuffix('.json')}"
    stranger = await asyncio.to_thread(httpx.get, address)
    assert stranger.status_code == 401
    assert (await asyncio.to_thread(town.act, **{**act, "photo": "!"})).status_code == 422


async def test_twilios_client_lists_by_date(town: Town, twilio: Client) -> None:
    await asyncio.to_thread(twilio.messages.create, to=ABROAD, from_=OUR_NUMBER, body="x")
    now = datetime.now(UTC)
    for since, count in ((now - timedelta(days=1), 1), (now + timedelta(days=1), 0)):
        found = await asyncio.to_thread(
            twilio.messages.list, to=ABROAD, from_=OUR_NUMBER, date_sent_after=since
        )
        assert len(found) == count


async def test_a_phone_that_is_off_is_reported(town: Town, twilio: Client) -> None:
    await asyncio.to_thread(town.faults, rate_undelivered=1)
    await town.sms.send(Outgoing(1, ABROAD, "Hello"))
    await town.sms.send(Outgoing(2, CITIZEN, "안녕하세요"))

    async def reported() -> bool:
        return len(town.statuses) == 4

    await eventually(reported)
    failed = {(u.delivery, u.code) for u in town.statuses if u.state is DeliveryState.FAILED}
    assert failed == {(1, "30003"), (2, "2003")}
    message = (await asyncio.to_thread(twilio.messages.list))[0]
    assert (message.status, message.error_code) == ("undelivered", 30003)


async def test_word_comes_late_and_out_of_order(town: Town) -> None:
    await asyncio.to_thread(town.faults, rate_reordered_callback=1)
    await town.sms.send(Outgoing(1, ABROAD, "Hello"))

    async def all_came() -> bool:
        return len(town.statuses) == 3

    await eventually(all_came)
    assert [update.state for update in town.statuses] == [
        DeliveryState.DELIVERED, DeliveryState.SENT, DeliveryState.ACCEPTED,
    ]  # fmt: skip
    town.statuses.clear()
    await asyncio.to_thread(town.faults, rate_late_callback=1, late_ms=5000)
    await town.sms.send(Outgoing(2, CITIZEN, "안녕하세요"))
    await asyncio.sleep(0.25)
    assert town.statuses == []
    assert town.sent(CITIZEN)[-1]["status"] == "delivered"

    async def came() -> bool:
        return len(town.statuses) == 1

    await eventually(came)
    assert await asyncio.to_thread(town.counts) == {"rate_late_callback": 1}


async def test_a_domestic_talk_from_end_to_end(town: Town) -> None:
    outcome = await asyncio.to_thread(
        town.act, **{"provider": "korea", "from": CITIZEN, "text": "가로등이 꺼졌어요"}
    )
    assert outcome.json()["status"] == 200
    (message,) = town.heard
    assert (message.address, message.phone, message.text) == (
        CITIZEN, CITIZEN, "가로등이 꺼졌어요"
    )  # fmt: skip
    assert (message.in_place, message.provider, message.opted) == (False, "korea", None)
    text = "접수했어요. " * 200
    sent = await town.sms.send(Outgoing(7, CITIZEN, text))
    assert (sent.parts, len(sent.external_ids), sent.provider) == (2, 2, "korea")

    async def reported() -> bool:
        return len(town.statuses) == 2

    await eventually(reported)
    assert {(u.delivery, u.external_id, u.state, u.provider, u.parts) for u in town.statuses} == {
        (7, each, DeliveryState.DELIVERED, "korea", 2) for each in sent.external_ids
    }
    items = town.sent(CITIZEN)
    assert "".join(item["text"] for item in items) == text
    assert {item["provider"] for item in items} == {"korea"}
    found = await town.sms.look_up(Outgoing(7, CITIZEN, text), [], datetime.now(UTC))
    assert {update.external_id for update in found} == set(sent.external_ids)


async def test_a_lost_answer_is_found_again(town: Town) -> None:
    await asyncio.to_thread(town.faults, rate_timeout_after_accept=1, timeout_ms=100)
    since = datetime.now(UTC)
    for message in (Outgoing(8, CITIZEN, "안녕하세요"), Outgoing(9, ABROAD, "Hello")):
        await town.sms.send(message)  # late, but within the time we wait
        (found,) = await town.sms.look_up(message, [], since)
        assert (found.delivery, found.external_id) == (
            message.id, town.sent(message.address)[0]["external_id"]
        )  # fmt: skip
    assert (await asyncio.to_thread(town.counts))["rate_timeout_after_accept"] == 2


async def test_who_calls_the_line_of_refusal_closes_the_door(town: Town) -> None:
    act = {"provider": "korea", "from": CITIZEN, "kind": "block"}
    assert (await asyncio.to_thread(town.act, **act)).json()["status"] == 204
    (message,) = town.heard
    assert (message.kind, message.address) == ("blocked", CITIZEN)


@pytest.mark.parametrize(
    ("service", "changed", "code"),
    [
        ("sms", {}, 0),
        ("mms", {}, 0),
        ("fax", {}, -1000),
        ("sms", {"secret": "wrong"}, -1000),
        ("sms", {"sendNo": "01000000000"}, -2312),
        ("sms", {"body": " "}, -2014),
        ("mms", {"title": ""}, -2014),
        ("sms", {"body": "가" * 46}, -2015),
        ("mms", {"body": "가" * 1001}, -2015),
        ("mms", {"title": "가" * 21}, -2015),
        ("sms", {"body": "é"}, -2023),
        ("sms", {"recipientList": []}, -9997),
        ("sms", {"recipientList": [{"recipientNo": "12"}]}, -2019),
    ],
)
def test_the_gateway_refuses(
    town: Town, service: str, changed: dict[str, Any], code: int
) -> None:  # fmt: skip
    answer = town.korea(service, **changed)
    assert answer["header"]["resultCode"] == code
    assert answer["header"]["isSuccessful"] is (code == 0)


async def test_the_gateway_has_bad_days(town: Town) -> None:
    expected: list[tuple[str, type[SendError]]] = [
        ("rate_429", Throttled),
        ("rate_5xx", Retryable),
    ]
    for fault, error in expected:
        await asyncio.to_thread(town.faults, **{fault: 1})
        with pytest.raises(error):
            await town.sms.send(Outgoing(1, CITIZEN, "안녕하세요"))
    await asyncio.to_thread(town.faults)
    with pytest.raises(Content):
        await town.sms.send(Outgoing(1, CITIZEN, "请问区政府怎么走"))
    with pytest.raises(Rejected):
        await town.sms.send(Outgoing(1, "+8212", "안녕하세요"))
    assert town.sent(CITIZEN) == []
