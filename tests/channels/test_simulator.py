"""The simulator, driven by clients that we did not write, over a real server on loopback."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import requests
from fastapi import FastAPI, Request, Response
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, Forbidden, InvalidToken, RetryAfter, TimedOut
from telegram.request import HTTPXRequest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from channels.message import DeliveryState, Outgoing
from channels.simulator import create_simulator
from channels.simulator import store as simulated
from channels.telegram import Telegram
from channels.twilio_sms import TwilioSms
from tests.channels.conftest import (
    ACCOUNT,
    BOT_TOKEN,
    CITIZEN,
    OUR_NUMBER,
    PUBLIC_URL,
    TOKEN,
    Door,
    eventually,
    listen,
    served,
    settings_for,
)


@dataclass
class Running:
    """A simulator that is served, and one app that takes its callbacks."""

    url: str
    app: FastAPI
    callbacks_url: str
    callbacks: list[tuple[str, dict[str, str], str]] = field(default_factory=list)

    def sent(self, **query: Any) -> dict[str, Any]:
        return httpx.get(f"{self.url}/simulator/sent", params=query).json()

    def faults(self, **faults: Any) -> None:
        assert httpx.post(f"{self.url}/simulator/faults", json=faults).status_code == 200

    def incoming(self, **act: Any) -> httpx.Response:
        return httpx.post(f"{self.url}/simulator/incoming", json=act)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    listener, url = listen()
    ours, ours_url = listen()
    app = create_simulator(settings_for(public_url=ours_url, twilio_api_url=url))
    state = Running(url, app, ours_url)
    receiver = FastAPI()

    @receiver.post("/callback")
    async def callback(request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        address = f"{ours_url}/callback?{request.url.query}"
        state.callbacks.append((address, form, request.headers["X-Twilio-Signature"]))
        return Response(status_code=204)

    with served(app, listener), served(receiver, ours):
        yield state


@pytest.fixture
def simulator(running: Running) -> Running:
    """The simulator with nothing sent, nobody opted out and no faults."""
    httpx.delete(f"{running.url}/simulator/sent")
    running.faults()
    running.callbacks.clear()
    running.app.state.simulator.store.stopped.clear()
    running.app.state.simulator.store.blocked.clear()
    return running


@pytest.fixture
def twilio(simulator: Running) -> Client:
    client = Client(ACCOUNT, TOKEN)
    client.api.base_url = simulator.url
    return client


@pytest.fixture
async def bot(simulator: Running) -> AsyncIterator[Bot]:
    request = HTTPXRequest(read_timeout=3)
    async with Bot(BOT_TOKEN, base_url=f"{simulator.url}/bot", request=request) as started:
        yield started


async def test_twilios_client_sends_fetches_and_lists(simulator: Running, twilio: Client) -> None:
    created = await asyncio.to_thread(
        twilio.messages.create, to=CITIZEN, from_=OUR_NUMBER, body="안녕하세요 😀"
    )
    assert created.sid.startswith("SM")
    assert len(created.sid) == 34
    assert (created.status, created.direction) == ("queued", "outbound-api")
    assert (created.num_segments, created.error_code) == ("1", None)
    assert created.date_created.tzinfo is not None

    async def delivered() -> bool:
        message = await asyncio.to_thread(twilio.messages(created.sid).fetch)
        return bool(message.status == "delivered")

    await eventually(delivered)
    for number in range(5):
        await asyncio.to_thread(
            twilio.messages.create, to="+15005550009", from_=OUR_NUMBER, body=f"{number}"
        )
    listed = await asyncio.to_thread(twilio.messages.list, to="+15005550009", page_size=2)
    assert [message.body for message in listed] == ["4", "3", "2", "1", "0"]
    assert simulator.sent()["total"] == 6


@pytest.mark.parametrize(
    ("fields", "code", "status"),
    [
        ({"to": "010-1234"}, 21211, 400),
        ({"to": CITIZEN, "body": ""}, 21602, 400),
        ({"to": CITIZEN, "body": "가" * 1601}, 21617, 400),
        ({"to": CITIZEN, "from_": ""}, 21603, 400),
        ({"to": ""}, 21604, 400),
    ],
)
async def test_twilios_refusals(
    simulator: Running, twilio: Client, fields: dict[str, str], code: int, status: int
) -> None:
    message = {"from_": OUR_NUMBER, "body": "x", **fields}
    with pytest.raises(TwilioRestException) as refused:
        await asyncio.to_thread(twilio.messages.create, **message)
    assert (refused.value.code, refused.value.status) == (code, status)
    assert simulator.sent() == {"items": [], "total": 0}


async def test_twilio_knows_its_account(simulator: Running) -> None:
    for account, token in ((ACCOUNT, "wrong"), ("AC" + "f" * 32, TOKEN)):
        client = Client(account, token)
        client.api.base_url = simulator.url
        with pytest.raises(TwilioRestException) as refused:
            await asyncio.to_thread(client.messages.create, to=CITIZEN, from_=OUR_NUMBER, body="x")
        assert (refused.value.code, refused.value.status) == (20003, 401)
    client = Client(ACCOUNT, TOKEN)
    client.api.base_url = simulator.url
    with pytest.raises(TwilioRestException) as refused:
        await asyncio.to_thread(client.messages("SM" + "0" * 32).fetch)
    assert refused.value.status == 404


async def test_callbacks_are_signed_and_in_order(simulator: Running, twilio: Client) -> None:
    address = f"{simulator.callbacks_url}/callback?delivery=5"
    created = await asyncio.to_thread(
        twilio.messages.create,
        to=CITIZEN, from_=OUR_NUMBER, body="x", status_callback=address,
    )  # fmt: skip

    async def all_came() -> bool:
        return len(simulator.callbacks) == 3

    await eventually(all_came)
    validator = RequestValidator(TOKEN)
    assert all(validator.validate(url, form, sign) for url, form, sign in simulator.callbacks)
    assert [form["MessageStatus"] for _, form, _ in simulator.callbacks] == [
        "queued", "sent", "delivered",
    ]  # fmt: skip
    assert {form["MessageSid"] for _, form, _ in simulator.callbacks} == {created.sid}


@pytest.mark.parametrize(("fault", "came"), [("lost", 0), ("double", 6)])
async def test_callbacks_get_lost_and_doubled(
    simulator: Running, twilio: Client, fault: str, came: int
) -> None:
    simulator.faults(**{f"rate_{fault}_callback": 1})
    created = await asyncio.to_thread(
        twilio.messages.create, to=CITIZEN, from_=OUR_NUMBER, body="x",
        status_callback=f"{simulator.callbacks_url}/callback?delivery=5",
    )  # fmt: skip

    async def delivered() -> bool:
        message = await asyncio.to_thread(twilio.messages(created.sid).fetch)
        return bool(message.status == "delivered") and len(simulator.callbacks) == came

    await eventually(delivered)
    counts = httpx.get(f"{simulator.url}/simulator/faults").json()["counts"]
    assert counts == {f"rate_{fault}_callback": 3}


async def test_telegrams_bot_sends_and_answers(simulator: Running, bot: Bot) -> None:
    assert bot.username == "eungdap_bot"
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("네", callback_data="yes")]])
    message = await bot.send_message(1001, "접수할까요?", reply_markup=keyboard)
    assert (message.chat.id, message.chat.type, message.text) == (1001, "private", "접수할까요?")
    assert message.reply_markup == keyboard
    assert await bot.answer_callback_query("42")
    (item,) = simulator.sent(to="1001")["items"]
    assert (item["provider"], item["to"], item["text"]) == ("telegram", "1001", "접수할까요?")
    assert item["buttons"] == [{"id": "yes", "title": "네"}]


async def test_telegrams_refusals(simulator: Running, bot: Bot) -> None:
    for chat, text in ((-5, "x"), ("@somebody", "x"), (1001, " "), (1001, "가" * 4097)):
        with pytest.raises(BadRequest):
            await bot.send_message(chat, text)
    simulator.app.state.simulator.store.blocked.add("1001")
    with pytest.raises(Forbidden) as refused:
        await bot.send_message(1001, "x")
    assert refused.value.message == "Forbidden: bot was blocked by the user"
    stranger = Bot("110201543:wrong", base_url=f"{simulator.url}/bot")
    with pytest.raises(InvalidToken):
        await stranger.initialize()
    missing = httpx.post(f"{simulator.url}/bot{BOT_TOKEN}/sendPoll")
    assert missing.json() == {"ok": False, "error_code": 404, "description": "Not Found"}


async def test_telegram_takes_json_too(simulator: Running) -> None:
    body = {"chat_id": 1001, "text": "안녕"}
    answer = httpx.post(f"{simulator.url}/bot{BOT_TOKEN}/sendmessage", json=body).json()
    assert answer["result"]["text"] == "안녕"


@pytest.mark.filterwarnings("ignore:.*retry_after")
async def test_faults(simulator: Running, twilio: Client, bot: Bot) -> None:
    simulator.faults(rate_429=1)
    with pytest.raises(TwilioRestException) as refused:
        await asyncio.to_thread(twilio.messages.create, to=CITIZEN, from_=OUR_NUMBER, body="x")
    assert (refused.value.code, refused.value.status) == (20429, 429)
    with pytest.raises(RetryAfter) as slow:
        await bot.send_message(1001, "x")
    assert slow.value.retry_after == 1
    simulator.faults(rate_5xx=1, latency_ms=20)
    with pytest.raises(TwilioRestException) as refused:
        await asyncio.to_thread(twilio.messages.create, to=CITIZEN, from_=OUR_NUMBER, body="x")
    assert (refused.value.code, refused.value.status) == (20503, 503)
    assert simulator.sent()["total"] == 0
    simulator.faults(rate_timeout_after_accept=1, timeout_ms=5000)
    twilio.http_client.timeout = 0.5
    with pytest.raises(requests.exceptions.ReadTimeout):
        await asyncio.to_thread(twilio.messages.create, to=CITIZEN, from_=OUR_NUMBER, body="x")
    with pytest.raises(TimedOut):
        await bot.send_message(1001, "x")
    assert simulator.sent()["total"] == 2  # both were taken


@pytest.mark.parametrize(
    "faults", [{"rate_429": 1.5}, {"rate_5xx": -1}, {"latency_ms": "long"}, {"rate_503": 1}]
)
def test_faults_that_make_no_sense_are_refused(simulator: Running, faults: dict[str, Any]) -> None:
    response = httpx.post(f"{simulator.url}/simulator/faults", json=faults)
    assert response.status_code == 422
    assert httpx.get(f"{simulator.url}/simulator/faults").json()["rate_429"] == 0


async def test_what_was_sent_is_listed_by_address_and_place(
    simulator: Running, twilio: Client, bot: Bot
) -> None:
    for text in ("하나", "둘"):
        await asyncio.to_thread(twilio.messages.create, to=CITIZEN, from_=OUR_NUMBER, body=text)
        await bot.send_message(1001, text)
    whole = simulator.sent()
    assert [item["text"] for item in whole["items"]] == ["하나", "하나", "둘", "둘"]
    assert [item["id"] for item in whole["items"]] == [1, 2, 3, 4]
    assert whole["total"] == 4
    assert simulator.sent(since=4)["items"] == []
    mine = simulator.sent(to=CITIZEN)
    assert ([item["text"] for item in mine["items"]], mine["total"]) == (["하나", "둘"], 2)
    later = simulator.sent(to=CITIZEN, since=1)
    assert ([item["text"] for item in later["items"]], later["total"]) == (["둘"], 2)
    unescaped = httpx.get(f"{simulator.url}/simulator/sent?to={CITIZEN}").json()
    assert [item["id"] for item in unescaped["items"]] == [1, 3]
    assert simulator.sent(to="+19999999999") == {"items": [], "total": 0}


def test_the_store_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "CAPACITY", 3)
    store = simulated.Store()
    for number in range(5):
        entry = simulated.Entry("sms", incoming=False, address=f"+{number % 2}", text=str(number))
        entry.sid = f"SM{number}"
        store.add(entry)
    entries, total = store.sent()
    assert ([entry.text for entry in entries], total) == (["2", "3", "4"], 5)
    assert [entry.text for entry in store.sent("+0", since=2)[0]] == ["4"]
    assert store.find("SM1") is None
    assert store.find("SM4") is entries[2]


async def test_our_channels_work_against_it(simulator: Running) -> None:
    settings = settings_for(
        public_url=PUBLIC_URL, twilio_api_url=simulator.url, telegram_api_url=simulator.url
    )
    sms, telegram = TwilioSms(settings), Telegram(settings)
    text = "가" * 1700
    sent = await sms.send(Outgoing(1, CITIZEN, text))
    assert len(sent.external_ids) == sent.parts == 2
    assert "".join(item["text"] for item in simulator.sent(to=CITIZEN)["items"]) == text
    await telegram.register_webhook()
    known = simulator.app.state.simulator
    assert known._telegram.webhook == f"{PUBLIC_URL}/channels/telegram/webhook"
    sent = await telegram.send(Outgoing(2, "1001", "번호를 알려 주세요.", ask_phone=True))
    assert len(sent.external_ids) == 1
    assert known.store.phones()[0]["bubbles"][0]["asks_contact"] is True
    await sms.close()
    await telegram.close()


async def test_a_real_callback_reaches_our_door() -> None:
    """The whole way round: our channel sends, the simulator calls back, our door understands."""
    listener, url = listen()
    settings = settings_for(public_url=url, twilio_api_url=url)
    door = Door(TwilioSms(settings))
    app = door.app()
    simulator = create_simulator(settings).state.simulator
    app.include_router(simulator.router())
    with served(app, listener):
        await door.channel.send(Outgoing(7, CITIZEN, "접수했어요."))

        async def reported() -> bool:
            return len(door.statuses) == 3

        await eventually(reported)
    assert [update.state for update in door.statuses] == [
        DeliveryState.ACCEPTED, DeliveryState.SENT, DeliveryState.DELIVERED,
    ]  # fmt: skip
    assert {update.delivery for update in door.statuses} == {7}
    await door.channel.close()
