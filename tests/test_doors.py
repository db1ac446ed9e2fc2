"""Every route below /channels, walked over: none hears a stranger, and none compares in haste.

Whoever adds a route below /channels finds it here: it must refuse a request that proves nothing.
Web chat is open to everybody by nature; there a session must be named, and be a secret.
"""

import hmac
import re
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute, Route, WebSocketRoute
from twilio import request_validator

from backend.config import Settings
from backend.embedded import Servers
from backend.main import create_app
from channels import signatures
from channels.message import Answer, Incoming, StatusUpdate
from nlu.parse import Parser

OPEN = re.compile(r"/channels/web/")
FORGED = "Zm9yZ2VkIGJ5IG5vYm9keQ=="

# What providers prove themselves by, all of it wrong.
CLAIMS = {
    **{value: FORGED for name, value in vars(signatures).items() if name.endswith("_HEADER")},
    "Authorization": f"Bearer {FORGED}",
    "Jambonz-Signature": f"t={int(time.time())},v1={'0' * 64}",
}
BODIES: list[dict[str, Any]] = [
    {},
    {"content": b"MessageSid=SM1&CallSid=CA1&From=%2B821012345678&Body=x",
     "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    {"json": {"update_id": 1, "moLst": [], "hooks": [], "conversation": "c", "call_sid": "c"}},
    {"content": b"\xff\x00", "headers": {"Content-Type": "application/octet-stream"}},
]  # fmt: skip


def with_every_door() -> Settings:
    """Settings in which every secret and key of a provider is set, whatever channels there are."""
    named = {
        name: "test-" + secrets.token_hex(16)
        for name in Settings.model_fields
        if re.search(r"(?:secret|token|key|sid|account|password)", name) and name != "secret"
    }
    known = {
        "twilio_from_number": "+15005550006",
        "telegram_bot_token": "110201543:test-telegram-token",
        "korea_sms_from_number": "0212345678",
        "public_url": "https://eungdap.example.go.kr",
        "exercise_accounts": "own",
        "EUNGDAP_SIMULATOR": "0",
    }
    return Settings(
        _env_file=None, EUNGDAP_ENV="test", EUNGDAP_SECRET="x" * 40, **{**named, **known}
    )


@dataclass
class Deaf:
    """Stands where the bot does, and must hear nothing."""

    heard: int = 0

    async def on_message(self, _: Incoming) -> Answer:
        self.heard += 1
        return Answer("c", "ko", "bot")

    async def on_status(self, _: StatusUpdate) -> None:
        self.heard += 1


@pytest.fixture
def app() -> FastAPI:
    """The whole service with every door, not started: a stranger gets no further than the door."""
    servers = Servers("postgresql://nobody@127.0.0.1:9/none", "redis://127.0.0.1:9/0")
    made = create_app(with_every_door(), servers, cast(Parser, None), work=False)
    made.state.bot = Deaf()
    return made


def routes_below(routes: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, BaseRoute]]:
    """Every route of an app with its whole path, those of included routers too."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            path = prefix + getattr(route, "path", "")
            if path.startswith(("/channels/", "/exercise/channels/")):
                yield path, route
        else:
            yield from routes_below(inner.routes, prefix + route.include_context.prefix)


def doors(app: FastAPI) -> list[tuple[str, str]]:
    """Every method and path below /channels; whatever stands for a part of a path is "1"."""
    return sorted(
        (method, re.sub(r"\{[^}]*\}", "1", path))
        for path, route in routes_below(app.routes)
        if isinstance(route, Route)
        for method in route.methods or ()
        if method not in ("HEAD", "OPTIONS")
    )


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client


def test_the_walk_meets_every_kind_of_door(app: FastAPI) -> None:
    paths = {path for _, path in doors(app)}
    kinds = {path.split("/")[2] for path in paths if path.startswith("/channels/")}
    assert {"web", "twilio", "telegram", "korea-sms"} <= kinds
    assert {"/channels/twilio/call", "/exercise/channels/twilio/call/status"} <= paths


@pytest.mark.parametrize("claims", [{}, CLAIMS], ids=["unsigned", "forged"])
async def test_no_route_hears_a_stranger(
    app: FastAPI, http: httpx.AsyncClient, claims: dict[str, str]
) -> None:
    for method, path in doors(app):
        for body in BODIES:
            headers = {**claims, **body.get("headers", {})}
            response = await http.request(method, path, **{**body, "headers": headers})
            expected = (400, 401, 403, 413, 415, 422) if OPEN.match(path) else (401, 403)
            assert response.status_code in expected, (method, path, response.status_code)
            kind = response.headers["content-type"]
            assert kind == "application/problem+json", (method, path)
    assert app.state.bot.heard == 0


async def test_each_route_compares_in_constant_time(
    app: FastAPI, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not `==`: how long a refusal takes would tell how much of a secret was guessed."""
    compared: list[str] = []

    def watch(place: Any, name: str) -> None:
        compare = getattr(place, name)

        def compared_here(*args: Any) -> bool:
            compared.append(name)
            return bool(compare(*args))

        monkeypatch.setattr(place, name, compared_here)

    watch(hmac, "compare_digest")
    watch(secrets, "compare_digest")
    watch(request_validator, "compare")  # Twilio's own, which goes through to the end
    for method, path in doors(app):
        if not OPEN.match(path):
            compared.clear()
            for body in BODIES:
                headers = {**CLAIMS, **body.get("headers", {})}
                await http.request(method, path, **{**body, "headers": headers})
            assert compared, (method, path)


@pytest.mark.parametrize("session", ["", "short", "x" * 21, "가" * 40, "../" * 20])
async def test_web_chat_wants_a_session_that_nobody_guesses(
    app: FastAPI, http: httpx.AsyncClient, session: str
) -> None:
    sent = await http.post("/channels/web/messages", json={"session": session, "text": "안녕"})
    assert sent.status_code == 400
    header = {"X-Session": session.encode()}
    read = await http.get("/channels/web/messages", headers=header)
    assert read.status_code == 400
    assert app.state.bot.heard == 0


async def test_no_live_line_opens_for_a_stranger(app: FastAPI) -> None:
    live = [path for path, route in routes_below(app.routes) if isinstance(route, WebSocketRoute)]
    assert live
    for path in live:
        sent: list[Any] = []
        frames = [
            {"type": "websocket.connect"},
            {"type": "websocket.receive", "text": '{"session": "short"}'},
            {"type": "websocket.disconnect", "code": 1000},
        ]
        scope = {
            "type": "websocket", "path": path, "raw_path": path.encode(), "query_string": b"",
            "root_path": "", "scheme": "ws", "headers": [], "subprotocols": [],
            "client": ("127.0.0.1", 1), "server": ("testserver", 80), "extensions": {},
        }  # fmt: skip

        async def receive(left: list[Any] = frames) -> Any:
            return left.pop(0)

        async def send(event: Any, seen: list[Any] = sent) -> None:
            seen.append(event)

        await app(scope, receive, send)
        assert sent[-1]["type"] == "websocket.close", path
        assert [event["type"] for event in sent].count("websocket.send") == 0, path
