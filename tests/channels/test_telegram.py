"""Telegram: updates as it posts them, and the calls of the Bot API that answer."""

import json
from typing import Any

import pytest
from telegram import Update

from channels import transport
from channels.base import Rejected, Retryable, SendError, Stopped, Throttled, Unknown
from channels.message import Choice, Incoming, Outgoing, Sent
from channels.telegram import PATH, Telegram
from tests.channels.conftest import (
    BOT_TOKEN,
    CITIZEN,
    PUBLIC_URL,
    WEBHOOK_SECRET,
    Door,
    Provider,
    settings_for,
)

CHAT = 987654321
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET}
USER = {"id": CHAT, "is_bot": False, "first_name": "시민", "language_code": "ko"}
BOT = {"id": 110201543, "is_bot": True, "first_name": "응답", "username": "eungdap_bot"}
PRIVATE = {"id": CHAT, "first_name": "시민", "type": "private"}
GROUP = {"id": -1001234, "title": "우리 동네", "type": "supergroup"}
TEXT = "골목에 쓰레기 더미가 있어요"


def message(**fields: Any) -> dict[str, Any]:
    base = {"message_id": 7, "from": USER, "chat": PRIVATE, "date": 1787000000}
    return {"update_id": 5001, "message": {**base, **fields}}


def pressed(**changed: Any) -> dict[str, Any]:
    shown = {"message_id": 6, "from": BOT, "chat": PRIVATE, "date": 1787000000, "text": "접수?"}
    query = {
        "id": "4242", "from": USER, "message": shown, "chat_instance": "-99", "data": "confirm",
    }  # fmt: skip
    return {"update_id": 5002, "callback_query": {**query, **changed}}


def membership(status: str, chat: dict[str, Any] = PRIVATE) -> dict[str, Any]:
    change = {
        "chat": chat, "from": USER, "date": 1787000000,
        "old_chat_member": {"status": "member", "user": BOT},
        "new_chat_member": {"status": status, "user": BOT, "until_date": 0},
    }  # fmt: skip
    return {"update_id": 5003, "my_chat_member": change}


def contact(**fields: Any) -> dict[str, Any]:
    return message(contact={"phone_number": CITIZEN[1:], "first_name": "시민", **fields})


def heard(text: str, update: int = 5001, **changed: Any) -> Incoming:
    values = {"language": "ko", **changed}
    return Incoming("telegram", "telegram", str(CHAT), str(update), text, **values)


PHOTO = [{"file_id": "a", "file_unique_id": "b", "width": 90, "height": 90}]
START = [{"type": "bot_command", "offset": 0, "length": 6}]


@pytest.fixture
def door(provider: Provider) -> Door:
    return Door(Telegram(settings_for(telegram_api_url=provider.url)))


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (message(text=TEXT), heard(TEXT)),
        (message(text="nul\x00 😀"), heard("nul 😀")),
        (message(text="/start", entities=START), heard("", kind="start")),
        (message(text="/start poll-3", entities=START), heard("poll-3", kind="start")),
        (message(text="/start@eungdap_bot"), heard("", kind="start")),
        (message(text="/started"), heard("/started")),
        (message(photo=PHOTO, caption="여기예요"), heard("여기예요")),
        (message(photo=PHOTO), heard("")),
        (contact(user_id=CHAT), heard("", kind="contact", phone=CITIZEN)),
        (contact(user_id=CHAT, phone_number="+82 10-2987-6543"),
         heard("", kind="contact", phone=CITIZEN)),
        (contact(user_id=CHAT + 1), heard("", kind="contact")),
        (contact(), heard("", kind="contact")),
        (contact(user_id=CHAT, phone_number="010-2987-6543"), heard("", kind="contact")),
        (membership("kicked"), heard("", 5003, kind="blocked", language=None)),
    ],
)  # fmt: skip
async def test_an_update_comes_in(door: Door, update: dict[str, Any], expected: Incoming) -> None:
    response = await door.post(PATH, json=update, headers=HEADERS)
    assert response.status_code == 200
    assert response.content == b""  # the answer goes out through delivery
    assert door.messages == [expected]


@pytest.mark.parametrize(
    "update",
    [
        message(text="안녕", chat=GROUP),
        message(text="안녕", **{"from": {**USER, "is_bot": True}}),
        message(pinned_message={"message_id": 1, "chat": PRIVATE, "date": 1}),
        membership("member"),
        membership("kicked", GROUP),
        {"update_id": 1, "edited_message": message(text="고침")["message"]},
        {"update_id": 1, "channel_post": {"message_id": 1, "date": 1, "chat": GROUP, "text": "x"}},
        {"update_id": 1, "something_new": {"a": 1}},
        {"update_id": 1},
    ],
)
async def test_what_is_none_of_our_business_is_taken_quietly(
    door: Door, update: dict[str, Any]
) -> None:
    response = await door.post(PATH, json=update, headers=HEADERS)
    assert response.status_code == 200
    assert door.messages == []


async def test_a_pressed_button_is_its_id_and_stops_spinning(
    door: Door, provider: Provider
) -> None:
    provider.answers(200, {"ok": True, "result": True})
    await door.post(PATH, json=pressed(), headers=HEADERS)
    assert door.messages == [heard("confirm", 5002)]
    (call,) = provider.calls
    assert call.path == f"/bot{BOT_TOKEN}/answerCallbackQuery"
    assert call.form == {"callback_query_id": "4242"}


async def test_a_button_too_old_to_answer_is_still_heard(door: Door, provider: Provider) -> None:
    description = (
        "Bad Request: query is too old and response timeout expired or query ID is invalid"
    )
    provider.answers(400, {"ok": False, "error_code": 400, "description": description})
    response = await door.post(PATH, json=pressed(), headers=HEADERS)
    assert response.status_code == 200
    assert door.messages == [heard("confirm", 5002)]


async def test_an_update_built_by_the_library_is_understood(door: Door) -> None:
    update = Update.de_json(message(text=TEXT), None)
    body = update.to_json()
    await door.post(PATH, content=body, headers={**HEADERS, "Content-Type": "application/json"})
    assert door.messages == [heard(TEXT)]


@pytest.mark.parametrize(
    "headers", [{}, {"X-Telegram-Bot-Api-Secret-Token": ""},
                {"X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET + "x"}]
)  # fmt: skip
async def test_a_stranger_changes_nothing(door: Door, headers: dict[str, str]) -> None:
    response = await door.post(PATH, json=message(text=TEXT), headers=headers)
    assert response.status_code == 403
    assert door.messages == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"7", b"{}", b"\xff", b"[" * 50_000,
             b'{"update_id": 1, "message": {"message_id": 1}}',
             b'{"update_id": 1, "message": 5}']
)  # fmt: skip
async def test_a_broken_body_is_a_400(door: Door, body: bytes) -> None:
    response = await door.post(PATH, content=body, headers=HEADERS)
    assert response.status_code == 400
    assert door.messages == []


def taken(number: int) -> dict[str, Any]:
    said = {"message_id": number, "from": BOT, "chat": PRIVATE, "date": 1787000000, "text": "x"}
    return {"ok": True, "result": said}


@pytest.fixture
async def bot(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.3)
    channel = Telegram(settings_for(telegram_api_url=provider.url))
    yield channel
    await channel.close()


def outgoing(text: str = TEXT, **changed: Any) -> Outgoing:
    return Outgoing(99, str(CHAT), text, **changed)


async def test_a_message_goes_out_as_plain_text(bot: Telegram, provider: Provider) -> None:
    provider.answers(200, taken(31))
    assert await bot.send(outgoing("별표 *와 _밑줄")) == Sent((f"{CHAT}:31",), 1)
    (call,) = provider.calls
    assert (call.method, call.path) == ("POST", f"/bot{BOT_TOKEN}/sendMessage")
    preview = call.form.pop("link_preview_options")
    assert json.loads(preview) == {"is_disabled": True}
    assert call.form == {"chat_id": str(CHAT), "text": "별표 *와 _밑줄"}


async def test_choices_are_buttons_under_the_last_part(bot: Telegram, provider: Provider) -> None:
    provider.answers(200, taken(31))
    provider.answers(200, taken(32))
    text = "가" * 4090 + ". " + "나" * 50
    choices = (Choice("yes", "네"), Choice("가" * 21, "아니요"))
    assert await bot.send(outgoing(text, choices=choices)) == Sent((f"{CHAT}:31", f"{CHAT}:32"), 2)
    first, last = provider.calls
    assert first.form["text"] + last.form["text"] == text
    assert "reply_markup" not in first.form
    assert json.loads(last.form["reply_markup"]) == {
        "inline_keyboard": [
            [{"text": "네", "callback_data": "yes"}],
            [{"text": "아니요", "callback_data": "가" * 21}],
        ]
    }


async def test_an_id_too_long_for_a_button_becomes_a_line(
    bot: Telegram, provider: Provider
) -> None:
    provider.answers(200, taken(31))
    await bot.send(outgoing("뭐예요?", choices=(Choice("가" * 22, "네"),)))
    assert provider.calls[0].form["text"] == "뭐예요?\n1. 네"
    assert "reply_markup" not in provider.calls[0].form


@pytest.mark.parametrize(
    ("language", "label"), [("ko", "내 전화번호 보내기"), ("vi", "Send my phone number")]
)
async def test_a_phone_is_asked_with_its_own_button(
    bot: Telegram, provider: Provider, language: str, label: str
) -> None:
    provider.answers(200, taken(31))
    choices = (Choice("later", "나중에"),)
    await bot.send(outgoing("번호?", choices=choices, ask_phone=True, language=language))
    (call,) = provider.calls
    assert call.form["text"] == "번호?\n1. 나중에"
    assert json.loads(call.form["reply_markup"]) == {
        "keyboard": [[{"text": label, "request_contact": True}]],
        "resize_keyboard": True,
        "one_time_keyboard": True,
    }


def failure(code: int, description: str, **parameters: Any) -> dict[str, Any]:
    body = {"ok": False, "error_code": code, "description": description}
    return {**body, "parameters": parameters} if parameters else body


@pytest.mark.filterwarnings("ignore:.*retry_after")
@pytest.mark.parametrize(
    ("status", "body", "kind", "code", "wait"),
    [
        (429, failure(429, "Too Many Requests: retry after 34", retry_after=34),
         Throttled, "429", 34),
        (403, failure(403, "Forbidden: bot was blocked by the user"), Stopped, "403", None),
        (403, failure(403, "Forbidden: user is deactivated"), Stopped, "403", None),
        (400, failure(400, "Bad Request: chat not found"), Rejected, "chat-not-found", None),
        (400, failure(400, "Bad Request: message is too long"), Rejected, "400", None),
        (400, failure(400, "Bad Request: group chat was upgraded to a supergroup chat",
                      migrate_to_chat_id=-1), Rejected, "chat-migrated", None),
        (401, failure(401, "Unauthorized"), Retryable, "bad-token", None),
        (404, failure(404, "Not Found"), Retryable, "bad-token", None),
        (503, "busy", Retryable, "503", None),
        (500, failure(500, "Internal Server Error"), Unknown, "500", None),
        (502, "<html>Bad Gateway</html>", Unknown, "502", None),
    ],
)  # fmt: skip
async def test_what_an_answer_means(
    bot: Telegram,
    provider: Provider,
    status: int,
    body: Any,
    kind: type[SendError],
    code: str,
    wait: float | None,
) -> None:
    provider.answers(status, body)
    with pytest.raises(SendError) as failed:
        await bot.send(outgoing())
    assert type(failed.value) is kind
    assert (failed.value.code, failed.value.retry_after) == (code, wait)


async def test_a_lost_answer_is_unknown(bot: Telegram, provider: Provider) -> None:
    provider.hangs()
    with pytest.raises(Unknown) as failed:
        await bot.send(outgoing())
    assert failed.value.code == "timeout"
    provider.drops()
    with pytest.raises(Unknown) as failed:
        await bot.send(outgoing())
    assert failed.value.code == "connection-lost"
    assert len(provider.calls) == 2


async def test_without_a_connection_nothing_was_sent() -> None:
    channel = Telegram(settings_for(telegram_api_url="http://127.0.0.1:9"))
    with pytest.raises(Retryable) as failed:
        await channel.send(outgoing())
    assert failed.value.code == "no-connection"
    await channel.close()


async def test_half_a_message_is_never_started_again(bot: Telegram, provider: Provider) -> None:
    provider.answers(200, taken(31))
    provider.answers(403, failure(403, "Forbidden: bot was blocked by the user"))
    with pytest.raises(Unknown) as failed:
        await bot.send(outgoing("가" * 5000))
    assert failed.value.code == "partial-403"


@pytest.mark.parametrize(("address", "text"), [("@channel", "x"), ("1e3", "x"), ("5", " \n")])
async def test_what_cannot_be_sent_is_not_tried(
    bot: Telegram, provider: Provider, address: str, text: str
) -> None:
    with pytest.raises(Rejected):
        await bot.send(Outgoing(1, address, text))
    assert provider.calls == []


async def test_the_webhook_is_registered_with_its_secret(bot: Telegram, provider: Provider) -> None:
    provider.answers(200, {"ok": True, "result": True})
    await bot.register_webhook()
    form = provider.calls[0].form
    assert form["url"] == PUBLIC_URL + PATH
    assert form["secret_token"] == WEBHOOK_SECRET
    assert json.loads(form["allowed_updates"]) == ["message", "callback_query", "my_chat_member"]
    provider.answers(401, failure(401, "Unauthorized"))
    with pytest.raises(Retryable):
        await bot.register_webhook()
