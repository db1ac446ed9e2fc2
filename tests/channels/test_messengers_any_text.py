"""Any text, through the messengers: no 5xx coming in; whole and within the limits going out."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import Channel
from channels.inbound import clean_text
from channels.kakao import PATH as KAKAO_PATH
from channels.kakao import Kakao
from channels.message import Choice, Incoming, Outgoing
from channels.segments import utf16_units
from channels.telegram import PATH as TELEGRAM_PATH
from channels.telegram import Telegram, compose
from tests.channels.any_text import MESSAGES, TEXTS, marked, words
from tests.channels.conftest import WEBHOOK_SECRET, Door, settings_for
from tests.channels.kakao_room import HEADERS, USER, Box, payload

pytestmark = marked

TELEGRAM = {"X-Telegram-Bot-Api-Secret-Token": WEBHOOK_SECRET}
CHAT = {"id": 7, "type": "private", "first_name": "시민"}


def update(text: str) -> dict[str, Any]:
    message = {"message_id": 1, "date": 1, "chat": CHAT, "text": text,
               "from": {"id": 7, "is_bot": False, "first_name": "시민"}}  # fmt: skip
    return {"update_id": 1, "message": message}


class Town:
    """One door in one app on one loop: to make them anew for each text would take minutes."""

    def __init__(self, channel: Channel, path: str, headers: dict[str, str]) -> None:
        self.door, self.path = Door(channel), path
        transport = httpx.ASGITransport(self.door.app())
        self.http = httpx.AsyncClient(transport=transport, base_url="http://t", headers=headers)
        self.runner = asyncio.Runner()

    def hears(self, body: dict[str, Any]) -> list[Incoming]:
        self.door.messages.clear()
        content = json.dumps(body)
        response = self.runner.run(self.http.post(self.path, content=content))
        assert response.status_code == 200
        return self.door.messages


@pytest.fixture
def town(request: pytest.FixtureRequest) -> Iterator[Town]:
    made: Town = request.param()
    yield made
    made.runner.run(made.door.channel.close())
    made.runner.close()


def telegram() -> Town:
    return Town(Telegram(settings_for()), TELEGRAM_PATH, TELEGRAM)


def kakao() -> Town:
    return Town(Kakao(settings_for(), Box().mailbox()), KAKAO_PATH, HEADERS)


@pytest.mark.parametrize("town", [telegram], indirect=True)
@given(text=MESSAGES)
@TEXTS
def test_telegram_takes_any_text(town: Town, text: str) -> None:
    heard = [message.text for message in town.hears(update(text))]
    assert heard in ([clean_text(text)], []) or text.startswith("/")


@pytest.mark.parametrize("town", [kakao], indirect=True)
@given(text=MESSAGES)
@TEXTS
def test_kakao_takes_any_text(town: Town, text: str) -> None:
    (message,) = town.hears(payload(text))
    assert (message.address, message.text) == (USER, clean_text(text).strip())


@given(text=MESSAGES, titles=st.lists(st.text(min_size=1, max_size=40), max_size=4))
@TEXTS
def test_what_telegram_sends_is_whole_and_within_its_limits(text: str, titles: list[str]) -> None:
    choices = tuple(Choice(str(n), title) for n, title in enumerate(titles, 1))
    parts, keyboard = compose(Outgoing(1, "7", text, choices))
    assert all(utf16_units(part) <= 4096 and part.strip() for part in parts)
    assert words("".join(parts)) == words(clean_text(text))
    assert (keyboard is not None) is bool(titles)
