"""The list of doors, and what holds for every one of them."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from channels.announcement import Announcement
from channels.base import Channel
from channels.kakao import Mailbox
from channels.registry import build
from channels.voice import Caller
from tests.channels.conftest import Door, settings_for


async def history(address: str, since: int) -> dict[str, Any]:
    return {"items": []}


async def subscribe(address: str) -> AsyncIterator[dict[str, Any]]:
    yield {"type": "ready"}


async def publish(address: str, signal: dict[str, Any]) -> None:
    assert address


async def caller_of(call: str) -> Caller | None:
    return Caller("call", call)


async def nothing(*_: Any) -> Any:
    return []


async def keep_photo(address: str, content: bytes) -> dict[str, Any]:
    return {"id": str(uuid4()), "width": 1, "height": 1, "url": "/u", "small": "/s"}


async def drop_photo(address: str, photo: UUID) -> None:
    assert address


async def announcement_of(_: int) -> Announcement | None:
    return None


def doors(**changed: Any) -> dict[str, Channel]:
    return build(
        settings_for(**changed),
        history=history,
        subscribe=subscribe,
        publish=publish,
        caller_of=caller_of,
        mailbox=Mailbox(nothing, nothing, nothing, nothing),
        keep_photo=keep_photo,
        drop_photo=drop_photo,
        announcement_of=announcement_of,
    )


def test_every_door_is_under_its_name() -> None:
    channels = doors()
    assert list(channels) == [
        "web", "sms", "voice", "call", "audiocodes", "jambonz", "telegram", "kakao", "alimtalk",
    ]  # fmt: skip
    assert {name: (c.scheme, c.pushes, c.in_place) for name, c in channels.items()} == {
        "web": ("web", True, True),
        "sms": ("phone", True, True),
        "voice": ("phone", False, True),
        "call": ("phone", True, False),
        "audiocodes": ("phone", False, True),
        "jambonz": ("phone", False, True),
        "telegram": ("telegram", True, False),
        "kakao": ("kakao", False, True),
        "alimtalk": ("phone", True, False),
    }


@pytest.mark.parametrize(
    ("missing", "left_out"),
    [
        ("twilio_auth_token", {"voice", "call"}),
        ("twilio_account_sid", {"voice", "call"}),
        ("korea_sms_app_key", set()),
        ("audiocodes_token", {"audiocodes"}),
        ("jambonz_webhook_secret", {"jambonz"}),
        ("telegram_bot_token", {"telegram"}),
        ("telegram_webhook_secret", {"telegram"}),
        ("kakao_skill_secret", {"kakao"}),
        ("alimtalk_app_key", {"alimtalk"}),
        ("alimtalk_secret_key", {"alimtalk"}),
        ("alimtalk_sender_key", {"alimtalk"}),
    ],
)
def test_a_door_without_credentials_is_not_there(missing: str, left_out: set[str]) -> None:
    assert set(doors()) - set(doors(**{missing: ""})) == left_out


def test_without_any_provider_there_is_no_sms() -> None:
    assert "sms" not in doors(twilio_auth_token="", korea_sms_secret_key="")


def hooks(app: FastAPI) -> list[tuple[str, str]]:
    """Every method and path below /channels that the app really answers."""
    schema = app.openapi()["paths"]
    return [(method, path) for path, methods in schema.items() for method in methods]


REFUSAL = {"web": 400, "audiocodes": 401}  # every other door: 403


@pytest.mark.parametrize(
    "name",
    ["web", "sms", "voice", "call", "audiocodes", "jambonz", "telegram", "kakao", "alimtalk"],
)
async def test_no_route_hears_a_stranger(name: str) -> None:
    door = Door(doors()[name])
    app = door.app()
    routes = hooks(app)
    assert routes
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as http:
        for method, path in routes:
            response = await http.request(method, path, content=b"CallSid=CA1&MessageSid=SM1")
            assert response.status_code == REFUSAL.get(name, 403), (method, path)
            assert response.headers["content-type"] == "application/problem+json"
    assert door.messages == []
    assert door.statuses == []
    await door.channel.close()
