"""Telegram updates as it posts them, what is heard in them, and the pictures they name."""

from typing import Any

import pytest
from telegram import Update

from channels import pictures, telegram
from channels.message import Incoming, Location, Photo
from channels.telegram import PATH, Telegram
from tests.channels.conftest import (
    BOT_TOKEN,
    CITIZEN,
    WEBHOOK_SECRET,
    Door,
    Provider,
    settings_for,
)
from tests.channels.tables import Heard, hear

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


def edited(**fields: Any) -> dict[str, Any]:
    changed = message(edit_date=1787000060, **fields)["message"]
    return {"update_id": 5004, "edited_message": changed}


START = [{"type": "bot_command", "offset": 0, "length": 6}]
POINT = {"latitude": 37.5665, "longitude": 126.978}
VENUE = {"location": POINT, "title": "서울광장", "address": "중구 을지로 12"}
LIVE = {**POINT, "live_period": 900, "horizontal_accuracy": 20.0}
STICKER = {
    "file_id": "s", "file_unique_id": "t", "type": "regular", "width": 512, "height": 512,
    "is_animated": False, "is_video": False,
}  # fmt: skip


def row(name: str, update: dict[str, Any], *expected: Incoming) -> Heard:
    # The answer to a message goes out through delivery: the body is empty.
    return Heard(name, PATH, json=update, messages=expected, body="")


UPDATES = [
    row("words", message(text=TEXT), heard(TEXT)),
    row("what can't be stored is left out", message(text="nul\x00 😀"), heard("nul 😀")),
    row("start", message(text="/start", entities=START), heard("", kind="start")),
    row("a link that says more", message(text="/start poll-3"), heard("poll-3", kind="start")),
    row("start by name", message(text="/start@eungdap_bot"), heard("", kind="start")),
    row("a word like start", message(text="/started"), heard("/started")),
    row("a command of the menu", message(text="/menu@eungdap_bot "), heard("menu")),
    row("help", message(text="/HELP"), heard("help")),
    row("a sticker", message(sticker=STICKER), heard("")),
    row("one's own contact", contact(user_id=CHAT), heard("", kind="contact", phone=CITIZEN)),
    row("a contact with gaps", contact(user_id=CHAT, phone_number="+82 10-2987-6543"),
        heard("", kind="contact", phone=CITIZEN)),
    row("somebody else's contact", contact(user_id=CHAT + 1), heard("", kind="contact")),
    row("a contact of nobody", contact(), heard("", kind="contact")),
    row("a contact of this country only", contact(user_id=CHAT, phone_number="010-2987-6543"),
        heard("", kind="contact")),
    row("a point", message(location=POINT), heard("", location=Location(37.5665, 126.978))),
    row("a point that moves", message(location=LIVE),
        heard("", location=Location(37.5665, 126.978))),
    row("a place with a name", message(venue=VENUE, location=POINT),
        heard("", location=Location(37.5665, 126.978, "서울광장, 중구 을지로 12"))),
    row("a changed wording", edited(text=TEXT), heard(TEXT, 5004, kind="edit")),
    row("a changed caption", edited(caption=TEXT), heard(TEXT, 5004, kind="edit")),
    row("the citizen closed the door", membership("kicked"),
        heard("", 5003, kind="blocked", language=None)),
    row("a group", message(text="안녕", chat=GROUP)),
    row("a changed wording in a group", edited(text="안녕", chat=GROUP)),
    row("another bot", message(text="안녕", **{"from": {**USER, "is_bot": True}})),
    row("a pinned message", message(pinned_message={"message_id": 1, "chat": PRIVATE, "date": 1})),
    row("the citizen opened the door", membership("member")),
    row("a group threw us out", membership("kicked", GROUP)),
    row("a point that moved on", edited(location=LIVE)),
    row("a change without words", edited(sticker=STICKER)),
    row("a channel", {"update_id": 1, "channel_post": {
        "message_id": 1, "date": 1, "chat": GROUP, "text": "x"}}),
    row("a kind of later years", {"update_id": 1, "something_new": {"a": 1}}),
    row("nothing", {"update_id": 1}),
]  # fmt: skip


def sign(_: Heard) -> dict[str, str]:
    return HEADERS


@pytest.fixture
def door(provider: Provider) -> Door:
    return Door(Telegram(settings_for(telegram_api_url=provider.url)))


@pytest.mark.parametrize("case", UPDATES, ids=str)
async def test_an_update_comes_in(door: Door, case: Heard) -> None:
    await hear(door, case, sign)


JPEG = b"\xff\xd8\xff\xe0" + b"j" * 60
PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 60
SIZES = [
    {"file_id": "small", "file_unique_id": "1", "width": 90, "height": 60, "file_size": 900},
    {"file_id": "large", "file_unique_id": "2", "width": 1280, "height": 960, "file_size": 64},
]
HUGE = {**SIZES[1], "file_id": "huge", "file_size": 30_000_000}
FILE = {"file_id": "doc", "file_unique_id": "3", "file_name": "a.png", "mime_type": "image/png"}


def found(path: str = "photos/file_7.jpg") -> dict[str, Any]:
    return {"ok": True, "result": {"file_id": "x", "file_unique_id": "y", "file_path": path}}


@pytest.mark.parametrize(
    ("fields", "wanted", "content", "kind"),
    [
        ({"photo": SIZES, "caption": "여기예요"}, "large", JPEG, "image/jpeg"),
        ({"photo": SIZES}, "large", JPEG, "image/jpeg"),
        ({"photo": [SIZES[0], HUGE]}, "small", JPEG, "image/jpeg"),
        ({"document": FILE}, "doc", PNG, "image/png"),
        # What it is counts, not what it is called.
        ({"document": {**FILE, "mime_type": "image/gif"}}, "doc", JPEG, "image/jpeg"),
    ],
)
async def test_a_picture_is_fetched(
    door: Door,
    provider: Provider,
    fields: dict[str, Any],
    wanted: str,
    content: bytes,
    kind: str,
) -> None:
    provider.answers(200, found())
    provider.answers(200, content)
    await door.post(PATH, json=message(**fields), headers=HEADERS)
    text = fields.get("caption", "")
    assert door.messages == [heard(text, photos=(Photo(content, kind),))]
    asked, fetched = provider.calls
    assert (asked.path, asked.form) == (f"/bot{BOT_TOKEN}/getFile", {"file_id": wanted})
    assert (fetched.method, fetched.path) == ("GET", f"/file/bot{BOT_TOKEN}/photos/file_7.jpg")


@pytest.mark.parametrize(
    "answers",
    [
        [(404, {"ok": False, "error_code": 404, "description": "Not Found"})],
        [(400, {"ok": False, "error_code": 400, "description": "Bad Request: file is too big"})],
        [(200, found()), (404, b"")],
        [(200, found()), (200, b"<svg onload='alert(1)'/>")],
        [(200, found()), (200, b"\xff\xd8\xff" + b"x" * (8 * 1024 * 1024))],
        [(200, found()), (302, b"")],
    ],
)
async def test_a_picture_that_does_not_come_silences_no_words(
    door: Door, provider: Provider, answers: list[tuple[int, Any]]
) -> None:
    for status, body in answers:
        provider.answers(status, body, Location="/elsewhere")
    response = await door.post(PATH, json=message(photo=SIZES, caption="여기예요"), headers=HEADERS)
    assert response.status_code == 200  # or Telegram would send all of it again
    assert door.messages == [heard("여기예요", photos_missed=1)]


async def test_a_picture_too_large_is_not_asked_for(door: Door, provider: Provider) -> None:
    huge = {**FILE, "file_size": 9_000_000}
    await door.post(PATH, json=message(document=huge), headers=HEADERS)
    assert door.messages == [heard("", photos_missed=1)]
    assert provider.calls == []


async def test_a_picture_that_keeps_us_waiting_is_given_up(
    door: Door, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram, "SECONDS", 0.2)
    monkeypatch.setattr(pictures, "SECONDS", 0.2)
    provider.hangs()
    await door.post(PATH, json=message(photo=SIZES), headers=HEADERS)
    provider.answers(200, found())
    provider.hangs()
    await door.post(PATH, json=message(photo=SIZES), headers=HEADERS)
    assert door.messages == [heard("", photos_missed=1)] * 2


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("731:2", heard("2", 5002, pressed=731)),
        ("731:a:b", heard("a:b", 5002, pressed=731)),
        ("2", heard("2", 5002)),
        ("0:2", heard("0:2", 5002)),
        (f"{10**20}:2", heard(f"{10**20}:2", 5002)),
    ],
)
async def test_a_button_says_which_message_it_stood_under(
    door: Door, provider: Provider, data: str, expected: Incoming
) -> None:
    provider.answers(200, {"ok": True, "result": True})
    await door.post(PATH, json=pressed(data=data), headers=HEADERS)
    assert door.messages == [expected]


@pytest.mark.parametrize(
    "query",
    [
        pressed(message={"message_id": 6, "chat": GROUP, "date": 1787000000}),
        pressed(data=None),
    ],
)
async def test_a_button_that_is_not_ours_only_stops_spinning(
    door: Door, provider: Provider, query: dict[str, Any]
) -> None:
    provider.answers(200, {"ok": True, "result": True})
    await door.post(PATH, json=query, headers=HEADERS)
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
