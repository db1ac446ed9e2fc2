"""Telegram: the calls of the Bot API that send, and what their answers mean."""

import json
from typing import Any

import pytest

from channels import transport
from channels.base import Content, Rejected, Retryable, SendError, Stopped, Throttled, Unknown
from channels.message import Choice, Outgoing, Sent
from channels.telegram import PATH, Telegram
from tests.channels.conftest import BOT_TOKEN, PUBLIC_URL, WEBHOOK_SECRET, Provider, settings_for

CHAT = 987654321
BOT = {"id": 110201543, "is_bot": True, "first_name": "응답", "username": "eungdap_bot"}
PRIVATE = {"id": CHAT, "first_name": "시민", "type": "private"}
TEXT = "골목에 쓰레기 더미가 있어요"


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


LINK = "https://city.example/photos/1/full?mark=2"


async def test_a_photo_goes_with_its_words_under_it(bot: Telegram, provider: Provider) -> None:
    for text, form in (("이 양식이에요.", {"caption": "이 양식이에요."}), ("", {})):
        provider.answers(200, taken(31))
        assert await bot.send(outgoing(text, photo_url=LINK)) == Sent((f"{CHAT}:31",), 1)
        call = provider.calls[-1]
        assert call.path == f"/bot{BOT_TOKEN}/sendPhoto"
        assert call.form == {"chat_id": str(CHAT), "photo": LINK, **form}


async def test_many_words_follow_their_photo(bot: Telegram, provider: Provider) -> None:
    provider.answers(200, taken(31))
    provider.answers(200, taken(32))
    sent = await bot.send(outgoing("가" * 1025, photo_url=LINK, choices=(Choice("1", "네"),)))
    assert sent == Sent((f"{CHAT}:31", f"{CHAT}:32"), 2)
    photo, words = provider.calls
    assert photo.form == {"chat_id": str(CHAT), "photo": LINK}
    assert words.form["text"] == "가" * 1025
    assert "reply_markup" in words.form


@pytest.mark.parametrize("said", [
    "Bad Request: failed to get HTTP URL content",
    "Bad Request: wrong file identifier/HTTP URL specified",
    "Bad Request: wrong type of the web page content",
])  # fmt: skip
async def test_a_photo_that_telegram_cannot_fetch_goes_as_a_link(
    bot: Telegram, provider: Provider, said: str
) -> None:
    provider.answers(400, failure(400, said))
    provider.answers(200, taken(31))
    assert await bot.send(outgoing("이 양식이에요.", photo_url=LINK)) == Sent((f"{CHAT}:31",), 1)
    form = provider.calls[-1].form
    preview = json.loads(form.pop("link_preview_options"))
    assert preview == {"url": LINK, "prefer_large_media": True}
    assert form == {"chat_id": str(CHAT), "text": f"이 양식이에요.\n{LINK}"}


async def test_another_refusal_of_a_photo_is_one(bot: Telegram, provider: Provider) -> None:
    provider.answers(403, failure(403, "Forbidden: bot was blocked by the user"))
    with pytest.raises(Stopped):
        await bot.send(outgoing("이 양식이에요.", photo_url=LINK))


async def test_choices_are_buttons_under_the_last_part(bot: Telegram, provider: Provider) -> None:
    provider.answers(200, taken(31))
    provider.answers(200, taken(32))
    text = "가" * 4090 + ". " + "나" * 50
    choices = (Choice("yes", "네"), Choice("가" * 20, "아니요"))
    assert await bot.send(outgoing(text, choices=choices)) == Sent((f"{CHAT}:31", f"{CHAT}:32"), 2)
    first, last = provider.calls
    assert first.form["text"] + last.form["text"] == text
    assert "reply_markup" not in first.form
    assert json.loads(last.form["reply_markup"]) == {
        "inline_keyboard": [
            [{"text": "네", "callback_data": "99:yes"}],
            [{"text": "아니요", "callback_data": "99:" + "가" * 20}],
        ]
    }


async def test_an_id_too_long_for_a_button_becomes_a_line(
    bot: Telegram, provider: Provider
) -> None:
    provider.answers(200, taken(31))
    await bot.send(outgoing("뭐예요?", choices=(Choice("가" * 21, "네"),)))
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
        (400, failure(400, "Bad Request: message is too long"), Content, "400", None),
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


LONG = "가" * 4096 + "나" * 4096 + "다" * 9


@pytest.mark.filterwarnings("ignore:.*retry_after")
async def test_what_is_out_of_a_long_message_is_not_sent_again(
    bot: Telegram, provider: Provider
) -> None:
    provider.answers(200, taken(31))
    provider.answers(200, taken(32))
    provider.answers(429, failure(429, "Too Many Requests: retry after 3", retry_after=3))
    with pytest.raises(Throttled) as failed:
        await bot.send(outgoing(LONG))
    assert (failed.value.sent, failed.value.parts) == ((f"{CHAT}:31", f"{CHAT}:32"), 3)
    provider.answers(200, taken(33))
    assert await bot.send(outgoing(LONG, skip=2)) == Sent((f"{CHAT}:33",), 3)
    assert provider.calls[-1].form["text"] == "다" * 9


@pytest.mark.parametrize(("address", "text"), [("@channel", "x"), ("1e3", "x"), ("5", " \n")])
async def test_what_cannot_be_sent_is_not_tried(
    bot: Telegram, provider: Provider, address: str, text: str
) -> None:
    with pytest.raises(Rejected):
        await bot.send(Outgoing(1, address, text))
    assert provider.calls == []


async def test_the_webhook_is_registered_with_its_secret(bot: Telegram, provider: Provider) -> None:
    for _ in range(3):
        provider.answers(200, {"ok": True, "result": True})
    await bot.register_webhook()
    form = provider.calls[0].form
    assert form["url"] == PUBLIC_URL + PATH
    assert form["secret_token"] == WEBHOOK_SECRET
    wanted = ["message", "edited_message", "callback_query", "my_chat_member"]
    assert json.loads(form["allowed_updates"]) == wanted
    korean, others = provider.calls[1:]
    assert korean.path == others.path == f"/bot{BOT_TOKEN}/setMyCommands"
    assert (korean.form["language_code"], "language_code" in others.form) == ("ko", False)
    for call in (korean, others):
        named = [one["command"] for one in json.loads(call.form["commands"])]
        assert named == ["menu", "agent", "cancel"]
    provider.answers(401, failure(401, "Unauthorized"))
    with pytest.raises(Retryable):
        await bot.register_webhook()
