"""Simulated citizens against our own doors: written, called, pressed, opted out, blocked."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from channels.base import DoorError
from channels.message import Answer, Choice, Incoming, OnMessage, Reply, StatusUpdate
from channels.simulator import create_simulator
from channels.simulator.store import Entry
from channels.telegram import Telegram
from channels.twilio_sms import TwilioSms
from channels.twilio_voice import TwilioVoice
from tests.channels.conftest import CITIZEN, OUR_NUMBER, eventually, listen, served, settings_for

Bot = Callable[[Incoming], Answer]


def say(*texts: str, **fields: Any) -> Answer:
    replies = tuple(Reply(text, delivery=place) for place, text in enumerate(texts, 1))
    return Answer("c", "ko", "bot", replies, **fields)


class Town:
    """Our doors and the simulator in one process, as `make run` has them."""

    def __init__(self) -> None:
        listener, self.url = listen()
        self.listener = listener
        settings = settings_for(
            public_url=self.url, twilio_api_url=self.url, telegram_api_url=self.url,
            agent_number="+8225550100",
        )  # fmt: skip
        self.heard: list[Incoming] = []
        self.statuses: list[StatusUpdate] = []
        self.bot: Bot = lambda _: say("네.")
        self.app = FastAPI()
        on_message: OnMessage = self.on_message
        for channel in (TwilioSms(settings), TwilioVoice(settings), Telegram(settings)):
            self.app.include_router(channel.router(on_message, self.on_status))
        self.simulator = create_simulator(settings).state.simulator
        self.app.include_router(self.simulator.router())

        @self.app.exception_handler(DoorError)
        async def turned_away(_: Request, error: DoorError) -> Response:
            return JSONResponse({"detail": error.detail}, error.status)

    async def on_message(self, message: Incoming) -> Answer:
        self.heard.append(message)
        return self.bot(message)

    async def on_status(self, update: StatusUpdate) -> None:
        self.statuses.append(update)

    async def act(self, provider: str, sender: str, text: str = "", **more: Any) -> dict[str, Any]:
        async with httpx.AsyncClient(base_url=self.url, timeout=30) as http:
            body = {"provider": provider, "from": sender, "text": text, **more}
            response = await http.post("/simulator/incoming", json=body)
        assert response.status_code == 200, response.text
        outcome: dict[str, Any] = response.json()
        return outcome


@pytest.fixture
def town() -> Iterator[Town]:
    town = Town()
    with served(town.app, town.listener):
        yield town


async def test_a_text_message_and_its_answer(town: Town) -> None:
    town.bot = lambda message: say(f"들었어요: {message.text}", "더 말씀하실 것이 있나요?")
    outcome = await town.act("sms", CITIZEN, "가로등이 꺼졌어요")
    assert outcome["status"] == 200
    assert outcome["texts"] == ["들었어요: 가로등이 꺼졌어요", "더 말씀하실 것이 있나요?"]
    (message,) = town.heard
    assert (message.channel, message.address, message.phone) == ("sms", CITIZEN, CITIZEN)
    entries, total = town.simulator.store.sent(CITIZEN)
    assert ([entry.text for entry in entries], total) == (outcome["texts"], 2)
    assert {entry.direction for entry in entries} == {"outbound-reply"}

    async def reported() -> bool:
        return len(town.statuses) == 6

    await eventually(reported)  # the TwiML carried our callback with our ids
    assert {update.delivery for update in town.statuses} == {1, 2}


async def test_opting_out_and_back(town: Town) -> None:
    stopped = await town.act("sms", CITIZEN, " stop ")
    assert town.heard[-1].text == "STOP"
    assert stopped["texts"] == []  # the provider lets nothing through
    form = {"To": CITIZEN, "From": OUR_NUMBER, "Body": "공지예요."}
    settings = settings_for()
    url = f"{town.url}/2010-04-01/Accounts/{settings.twilio_account_sid}/Messages.json"
    auth = (settings.twilio_account_sid, settings.twilio_auth_token)
    async with httpx.AsyncClient(auth=auth) as http:
        refused = await http.post(url, data=form)
        assert (refused.status_code, refused.json()["code"]) == (400, 21610)
        started = await town.act("sms", CITIZEN, "START")
        assert (town.heard[-1].text, started["texts"]) == ("START", ["네."])
        assert (await http.post(url, data=form)).status_code == 201


async def test_a_call_from_greeting_to_end(town: Town) -> None:
    answers = {
        "start": say("안녕하세요. 응답이에요."),
        "speech": Answer("c", "ko", "bot", (Reply("접수할까요?", (Choice("a", "네"),)),)),
        "keys": say("접수했어요.", ended=True),
        "silence": say("못 들었어요."),
        "hangup": say(),
    }
    town.bot = lambda message: answers[message.kind]
    greeting = await town.act("voice", CITIZEN)
    assert greeting["texts"] == ["안녕하세요. 응답이에요."]
    asked = await town.act("voice", CITIZEN, "가로등이 꺼졌어요")
    assert asked["texts"] == ["접수할까요?", "네는 1번."]
    assert (await town.act("voice", CITIZEN))["texts"] == ["못 들었어요."]
    assert (await town.act("voice", CITIZEN, "1#"))["texts"] == ["접수했어요."]
    assert [(m.kind, m.text) for m in town.heard] == [
        ("start", ""), ("speech", "가로등이 꺼졌어요"), ("silence", ""), ("keys", "1"),
        ("hangup", ""),
    ]  # fmt: skip
    call = town.heard[0].external_id.partition(":")[0]
    turns = ["0", "1", "2", "3", "end"]
    assert [m.external_id for m in town.heard] == [f"{call}:{turn}" for turn in turns]
    assert town.simulator.store.sent()[1] == 0  # what is spoken is no message


async def test_a_call_that_speaks_at_once_then_hangs_up(town: Town) -> None:
    town.bot = lambda message: say(message.kind)
    outcome = await town.act("voice", CITIZEN, "여보세요")
    assert outcome["texts"] == ["start.", "speech."]
    assert (await town.act("voice", CITIZEN, kind="hangup"))["status"] == 204
    assert [m.kind for m in town.heard] == ["start", "speech", "hangup"]
    await town.act("voice", CITIZEN, kind="hangup")
    assert len(town.heard) == 3  # there is no call any more


async def test_a_call_is_transferred(town: Town) -> None:
    reply = Reply("상담사에게 연결할게요.", transfer=True)
    town.bot = lambda _: Answer("c", "ko", "queue", (reply,))
    outcome = await town.act("voice", CITIZEN)
    assert outcome["texts"] == ["상담사에게 연결할게요."]
    assert [m.kind for m in town.heard] == ["start", "hangup"]


@pytest.mark.parametrize(
    ("kind", "text", "heard"),
    [
        ("message", "안녕", ("안녕", "text", None)),
        ("message", "/start", ("", "start", None)),
        ("button", "confirm", ("confirm", "text", None)),
        ("contact", CITIZEN, ("", "contact", CITIZEN)),
        ("block", "", ("", "blocked", None)),
    ],
)
async def test_what_is_done_on_telegram(
    town: Town, kind: str, text: str, heard: tuple[str, str, str | None]
) -> None:
    outcome = await town.act("telegram", "1001", text, kind=kind)
    assert (outcome["status"], outcome["answer"]) == (200, "")
    (message,) = town.heard
    assert (message.text, message.kind, message.phone) == heard
    assert message.address == "1001"
    assert ("1001" in town.simulator.store.blocked) is (kind == "block")


async def test_unblocking_lets_messages_through_again(town: Town) -> None:
    await town.act("telegram", "1001", kind="block")
    await town.act("telegram", "1001", kind="unblock")
    await town.act("telegram", "1001", "다시 왔어요")
    assert [m.kind for m in town.heard] == ["blocked", "text"]
    assert town.heard[0].external_id != town.heard[1].external_id
    assert town.simulator.store.blocked == set()


@pytest.mark.parametrize(
    "body",
    [
        {"provider": "sms", "from": "01012345678", "text": "x"},
        {"provider": "voice", "from": "１", "text": "x"},
        {"provider": "telegram", "from": "-100", "text": "x"},
        {"provider": "telegram", "from": "²", "text": "x"},
        {"provider": "fax", "from": CITIZEN, "text": "x"},
        {"provider": "sms", "text": "x"},
    ],
)
async def test_nobody_else_can_act(town: Town, body: dict[str, str]) -> None:
    async with httpx.AsyncClient(base_url=town.url) as http:
        assert (await http.post("/simulator/incoming", json=body)).status_code == 422
    assert town.heard == []


async def test_without_a_service_it_says_so() -> None:
    listener, url = listen()
    with served(create_simulator(settings_for(public_url="http://127.0.0.1:9")), listener):
        async with httpx.AsyncClient(base_url=url) as http:
            body = {"provider": "sms", "from": CITIZEN, "text": "안녕"}
            response = await http.post("/simulator/incoming", json=body)
            assert (await http.get("/")).headers["location"] == "/simulator"
    assert response.status_code == 502
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"] == "Start the service; PUBLIC_URL must be its address."


async def test_the_page_and_its_phones(town: Town) -> None:
    town.bot = lambda _: say("<b>네</b>")
    await town.act("sms", CITIZEN, "안녕")
    await town.act("telegram", "1001", "안녕")
    async with httpx.AsyncClient(base_url=town.url) as http:
        page = await http.get("/simulator")
        assert page.headers["content-type"].startswith("text/html")
        assert '<html lang="ko">' in page.text
        english = await http.get("/simulator", headers={"Accept-Language": "en"})
        assert "Write as a citizen" in english.text
        assert "javascript" in (await http.get("/simulator/page.js")).headers["content-type"]
        assert "text/css" in (await http.get("/simulator/page.css")).headers["content-type"]
        assert (await http.get("/simulator/other")).status_code == 404

        async def settled() -> bool:
            return len(town.statuses) == 3

        await eventually(settled)
        state = (await http.get("/simulator/phones")).json()
        assert [phone["address"] for phone in state["phones"]] == ["1001", CITIZEN]
        bubbles = state["phones"][1]["bubbles"]
        assert [(b["incoming"], b["text"]) for b in bubbles] == [
            (True, "안녕"),
            (False, "<b>네</b>"),
        ]
        same = await http.get(f"/simulator/phones?version={state['version']}")
        assert same.status_code == 204


async def test_a_crowd_of_phones_shows_the_newest(town: Town) -> None:
    for number in range(40):
        entry = Entry("sms", incoming=True, address=f"+8210{number:08}", text="안녕")
        town.simulator.store.add(entry)
    phones = town.simulator.store.phones()
    assert len(phones) == 30
    assert phones[0]["address"] == "+821000000039"
