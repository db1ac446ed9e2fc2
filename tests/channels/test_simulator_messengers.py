"""Messengers, simulated: clients that we did not write, and our own doors all the way round."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from telegram import Bot, BotCommand
from telegram.error import BadRequest

from channels import kakao
from channels.kakao import Kakao, Mailbox
from channels.kakao_alimtalk import Alimtalk
from channels.message import (
    Answer,
    Choice,
    DeliveryState,
    Incoming,
    Outgoing,
    Photo,
    Reply,
    StatusUpdate,
)
from channels.simulator import create_simulator
from channels.simulator import kakao_api as simulated
from channels.telegram import Telegram
from tests.channels.conftest import BOT_TOKEN, CITIZEN, eventually, listen, served, settings_for

JPEG = b"\xff\xd8\xff\xe0" + b"j" * 2000
USER = "citizen1"


class Town:
    """Our doors and the simulator in one process, and a bot that says what it is told to."""

    def __init__(self) -> None:
        self.listener, self.url = listen()
        settings = settings_for(
            public_url=self.url,
            telegram_api_url=self.url,
            alimtalk_api_url=self.url,
            kakao_origin=self.url,
        )
        self.heard: list[Incoming] = []
        self.statuses: list[StatusUpdate] = []
        self.waiting: list[Reply] = []
        self.seconds = 0.0
        self.reply = Reply("네.", delivery=1)
        self.telegram = Telegram(settings)
        self.kakao = Kakao(settings, Mailbox(self.put, self.take, self.leave, self.lose))
        self.alimtalk = Alimtalk(settings)
        self.app = FastAPI()
        for channel in (self.telegram, self.kakao, self.alimtalk):
            self.app.include_router(channel.router(self.on_message, self.on_status))
        self.simulator = create_simulator(settings).state.simulator
        self.app.include_router(self.simulator.router())

    async def on_message(self, message: Incoming) -> Answer:
        await asyncio.sleep(self.seconds)
        self.heard.append(message)
        self.waiting.append(self.reply)
        return Answer("c", "ko", "bot", (self.reply,))

    async def on_status(self, update: StatusUpdate) -> None:
        self.statuses.append(update)

    async def put(self, delivery: int) -> None:
        self.waiting.append(Reply("상담사예요.", delivery=delivery))

    async def take(self, address: str) -> Sequence[Reply]:
        assert address == USER
        taken, self.waiting = self.waiting, []
        return taken

    async def leave(self, delivery: int, shown: int) -> None:
        self.waiting.append(Reply(f"{delivery} ab {shown}", delivery=delivery))

    async def lose(self, deliveries: Sequence[int], code: str) -> None:
        raise AssertionError((deliveries, code))

    async def act(self, provider: str, sender: str, text: str = "", **more: Any) -> dict[str, Any]:
        async with httpx.AsyncClient(base_url=self.url, timeout=30) as http:
            body = {"provider": provider, "from": sender, "text": text, **more}
            response = await http.post("/simulator/incoming", json=body)
        assert response.status_code == 200, response.text
        outcome: dict[str, Any] = response.json()
        return outcome

    def sent(self, to: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = httpx.get(
            f"{self.url}/simulator/sent", params={"to": to}
        ).json()["items"]
        return items


@pytest.fixture
def town() -> Iterator[Town]:
    town = Town()
    with served(town.app, town.listener):
        yield town


@pytest.fixture
async def bot(town: Town) -> AsyncIterator[Bot]:
    """python-telegram-bot's client as it comes, told only where the Bot API is."""
    base, files = f"{town.url}/bot", f"{town.url}/file/bot"
    async with Bot(BOT_TOKEN, base_url=base, base_file_url=files) as bot:
        yield bot


# Telegram


async def test_the_librarys_bot_fetches_what_a_citizen_sent(town: Town, bot: Bot) -> None:
    sizes = town.simulator._telegram.attach(JPEG, "image/jpeg")
    file = await bot.get_file(sizes[-1]["file_id"])
    assert (file.file_size, bytes(await file.download_as_bytearray())) == (len(JPEG), JPEG)
    with pytest.raises(BadRequest, match=r"(?i)wrong file_id"):
        await bot.get_file("nothing")
    stranger = httpx.get(f"{town.url}/file/bot1:wrong/{sizes[0]['file_id']}")
    assert stranger.status_code == 401


async def test_the_librarys_bot_manages_its_webhook_and_commands(bot: Bot) -> None:
    wanted = ["message", "edited_message"]
    assert await bot.set_webhook("https://a.go.kr/x", secret_token="s", allowed_updates=wanted)
    info = await bot.get_webhook_info()
    assert (info.url, list(info.allowed_updates or ())) == ("https://a.go.kr/x", wanted)
    assert await bot.delete_webhook()
    assert (await bot.get_webhook_info()).url == ""
    assert await bot.set_my_commands([("menu", "할 수 있는 일")], language_code="ko")
    assert await bot.get_my_commands(language_code="ko") == (BotCommand("menu", "할 수 있는 일"),)
    assert await bot.get_my_commands() == ()


async def test_the_librarys_bot_sends_photos_and_looks_busy(town: Town, bot: Bot) -> None:
    assert await bot.send_chat_action(1001, "typing")
    message = await bot.send_photo(1001, JPEG, caption="고친 뒤예요")
    assert (message.caption, message.photo[-1].file_size) == ("고친 뒤예요", len(JPEG))
    (item,) = town.sent("1001")
    assert item["text"] == "고친 뒤예요"
    with pytest.raises(BadRequest, match=r"(?i)image_process_failed"):
        await bot.send_photo(1001, b"no picture")
    with pytest.raises(BadRequest, match="too long"):
        await bot.send_photo(1001, JPEG, caption="가" * 1025)


async def test_a_photo_and_a_place_come_through(town: Town) -> None:
    photo = base64.b64encode(JPEG).decode()
    await town.act("telegram", "1001", photo=photo)
    await town.act("telegram", "1001", "여기예요", photo=photo)
    await town.act("telegram", "1001", latitude=37.5665, longitude=126.978)
    await town.act("telegram", "1001", "고친 글", kind="edit")
    first, second, third, fourth = town.heard
    assert (first.text, first.photos) == ("", (Photo(JPEG, "image/jpeg"),))
    assert (second.text, second.photos) == ("여기예요", (Photo(JPEG, "image/jpeg"),))
    assert third.location is not None
    assert (third.text, third.location.latitude) == ("", 37.5665)
    assert (fourth.text, fourth.kind) == ("고친 글", "edit")


async def test_a_button_of_ours_comes_back_with_its_message(town: Town) -> None:
    choices = (Choice("1", "네"), Choice("2", "아니요"))
    await town.telegram.send(Outgoing(731, "1001", "접수할까요?", choices))
    (item,) = town.sent("1001")
    await town.act("telegram", "1001", item["buttons"][1]["id"], kind="button")
    assert (town.heard[0].text, town.heard[0].pressed) == ("2", 731)


async def test_no_picture_is_no_picture(town: Town) -> None:
    photo = base64.b64encode(b"<svg/>").decode()
    await town.act("telegram", "1001", photo=photo)
    assert (town.heard[0].photos, town.heard[0].photos_missed) == ((), 1)


# KakaoTalk


async def test_a_citizen_talks_in_kakaotalk(town: Town) -> None:
    town.reply = Reply("뭘 할까요?", (Choice("1", "민원 넣기"),), delivery=1)
    outcome = await town.act("kakao", USER, "안녕")
    assert (outcome["status"], outcome["texts"]) == (200, ["뭘 할까요?"])
    assert (town.heard[0].address, town.heard[0].text) == (USER, "안녕")
    (item,) = town.sent(USER)
    assert (item["provider"], item["channel"]) == ("kakao", "kakao")
    assert item["buttons"] == [{"id": "민원 넣기", "title": "민원 넣기"}]
    await town.act("kakao", USER, item["buttons"][0]["id"], kind="button")
    assert town.heard[1].text == "민원 넣기"


async def test_a_photo_is_fetched_from_kakao(town: Town) -> None:
    await town.act("kakao", USER, photo=base64.b64encode(JPEG).decode())
    assert (town.heard[0].text, town.heard[0].photos) == ("", (Photo(JPEG, "image/jpeg"),))


@pytest.mark.parametrize("callback", [True, False])
async def test_a_late_answer_comes_one_way_or_the_other(
    town: Town, callback: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kakao, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(kakao, "LOOK_EVERY", 0.05)
    town.seconds = 0.45
    first = await town.act("kakao", USER, "하나", callback=callback)
    assert "준비하고 있어요" in first["texts"][0]
    if not callback:
        await town.act("kakao", USER, "답변 보기", callback=False)

    async def answered() -> bool:
        return town.sent(USER)[-1]["text"] == "네."

    await eventually(answered)
    assert [item["text"] for item in town.sent(USER)].count("네.") == 1
    assert len(town.heard) == 1


async def test_an_agents_words_come_with_the_next_message(town: Town) -> None:
    await town.kakao.send(Outgoing(9, USER, "상담사예요."))
    outcome = await town.act("kakao", USER, "네")
    assert outcome["texts"] == ["상담사예요.", "네."]


async def test_kakao_gives_up_after_five_seconds(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulated, "SKILL_SECONDS", 0.2)
    town.seconds = 0.5
    outcome = await town.act("kakao", USER, "안녕")
    assert (outcome["status"], outcome["texts"]) == (504, [])


@pytest.mark.parametrize("rate", ["rate_429", "rate_5xx"])
async def test_a_late_answer_that_kakao_refuses_waits_for_the_next_word(
    town: Town, rate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kakao, "ANSWER_SECONDS", 0.2)
    town.seconds = 0.4
    httpx.post(f"{town.url}/simulator/faults", json={rate: 1})
    await town.act("kakao", USER, "하나")

    async def kept() -> bool:
        return bool(town.waiting) and town.waiting[0].text == "1 ab 0"

    await eventually(kept)
    httpx.post(f"{town.url}/simulator/faults", json={})
    town.seconds = 0.0
    assert (await town.act("kakao", USER, "둘"))["texts"] == ["1 ab 0", "네."]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, "version is not 2.0"),
        ({"version": "2.0", "template": {"outputs": []}}, "0 outputs"),
        ({"version": "2.0", "template": {"outputs": [{"simpleText": {"text": "가" * 1001}}]}},
         "1001 characters"),
        ({"version": "2.0", "template": {"outputs": [{"simpleText": {"text": " "}}]}},
         "an empty text"),
        ({"version": "2.0", "template": {"outputs": [{"basicCard": {"title": "x"}}]}},
         "unknown output basicCard"),
        ({"version": "2.0", "template": {"outputs": [{"textCard": {"description": "x", "buttons": [
            {"action": "webLink", "label": "x", "webLinkUrl": "http://a.kr"}]}}]}},
         "a button that leads nowhere"),
        ({"version": "2.0", "template": {"outputs": [{"listCard": {"header": {}, "items": []}}]}},
         "a list without a title; 0 items"),
        ({"version": "2.0", "template": {"outputs": [{"simpleText": {"text": "x"}}],
          "quickReplies": [{"action": "message", "label": "가" * 15, "messageText": "x"}]}},
         "a label of 15 characters"),
    ],
)  # fmt: skip
def test_a_response_over_a_limit_is_thrown_away(body: Any, said: str) -> None:
    assert "; ".join(simulated.problems(body)) == said


# AlimTalk

RECEIPT = (
    "[서울시 응답] 민원이 접수되었어요. 접수번호 P-2026-0000123, 담당 도로과. "
    "이 번호를 보내시면 처리 상황을 알려드려요."
)


async def test_a_notice_arrives_and_is_reported(town: Town) -> None:
    sent = await town.alimtalk.send(Outgoing(7, CITIZEN, RECEIPT))
    (item,) = town.sent(CITIZEN)
    assert (item["provider"], item["text"]) == ("alimtalk", RECEIPT)
    assert sent.external_ids == (item["external_id"],)
    await eventually(lambda: _reported(town, 1))
    expected = StatusUpdate("alimtalk", DeliveryState.DELIVERED, 7, item["external_id"])
    assert town.statuses == [expected]
    asked = await town.alimtalk.look_up(
        Outgoing(7, CITIZEN, RECEIPT), [], town.simulator.store.sent()[0][0].at
    )
    assert asked == [expected]


async def test_without_kakaotalk_a_notice_fails_and_says_so(town: Town) -> None:
    assert (await town.act("alimtalk", CITIZEN, kind="block"))["status"] == 204
    await town.alimtalk.send(Outgoing(7, CITIZEN, RECEIPT))
    await eventually(lambda: _reported(town, 1))
    assert (town.statuses[0].state, town.statuses[0].code) == (DeliveryState.FAILED, "MRC02")
    await town.act("alimtalk", CITIZEN, kind="unblock")
    assert town.simulator.store.blocked == set()


@pytest.mark.parametrize(
    ("path", "headers", "body", "code"),
    [
        ("other", {}, {}, -1000),
        ("app-key", {"X-Secret-Key": "x"}, {}, -1001),
        ("app-key", None, {"templateCode": "x", "senderKey": "f" * 40}, -3003),
        ("app-key", None, {"templateCode": "petition-receipt-ko", "senderKey": "x"}, -2017),
        ("app-key", None, {"templateCode": "petition-receipt-ko", "senderKey": "f" * 40}, -5001),
    ],
)
async def test_the_providers_refusals(
    town: Town, path: str, headers: dict[str, str] | None, body: dict[str, Any], code: int
) -> None:
    ours = {"X-Secret-Key": settings_for().alimtalk_secret_key}
    url = f"{town.url}/alimtalk/v2.3/appkeys/{path}/messages"
    answer = httpx.post(url, json=body, headers=ours if headers is None else headers).json()
    assert (answer["header"]["isSuccessful"], answer["header"]["resultCode"]) == (False, code)


async def _reported(town: Town, count: int) -> bool:
    return len(town.statuses) == count
