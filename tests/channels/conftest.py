"""The harness of the doors: a provider on loopback, an app around one channel, a watched log."""

import asyncio
import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from twilio.request_validator import RequestValidator

from channels.base import Channel, DoorError
from channels.message import Answer, Incoming, Reply, StatusUpdate
from channels.settings import ChannelSettings

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TOKEN = "twilio-token-of-the-tests"
OUR_NUMBER = "+15005550006"
BOT_TOKEN = "110201543:telegram-token-of-the-tests"
WEBHOOK_SECRET = "telegram-secret-of-the-tests"
KOREA_KEY = "korea-app-key-of-the-tests"
KOREA_SECRET = "korea-secret-key-of-the-tests"
KOREA_HOOK = "korea-webhook-secret-of-the-tests"
KOREA_NUMBER = "0212345678"
AUDIOCODES_TOKEN = "audiocodes-token-of-the-tests"
JAMBONZ_SECRET = "jambonz-secret-of-the-tests"
KAKAO_SECRET = "kakao-secret-of-the-tests"
ALIMTALK_KEY = "alimtalk-secret-of-the-tests"
ALIMTALK_WEBHOOK = "alimtalk-webhook-of-the-tests"
PUBLIC_URL = "https://eungdap.example.go.kr"
CITIZEN = "+821029876543"

CITIZEN_AT_HOME = "0" + CITIZEN[3:]
SECRETS = (
    TOKEN, BOT_TOKEN, WEBHOOK_SECRET, KOREA_KEY, KOREA_SECRET, KOREA_HOOK, AUDIOCODES_TOKEN,
    JAMBONZ_SECRET, KAKAO_SECRET, ALIMTALK_KEY, ALIMTALK_WEBHOOK,
    CITIZEN, CITIZEN[1:], CITIZEN_AT_HOME, "쓰레기 더미",
)  # fmt: skip


def settings_for(**changed: Any) -> ChannelSettings:
    """Settings of a test; a name given replaces its value."""
    values: dict[str, Any] = {
        "public_url": PUBLIC_URL,
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": TOKEN,
        "twilio_from_number": OUR_NUMBER,
        "twilio_api_url": "http://127.0.0.1:9",
        "agent_number": None,
        "telegram_bot_token": BOT_TOKEN,
        "telegram_api_url": "http://127.0.0.1:9",
        "telegram_webhook_secret": WEBHOOK_SECRET,
        "korea_sms_app_key": KOREA_KEY,
        "korea_sms_secret_key": KOREA_SECRET,
        "korea_sms_from_number": KOREA_NUMBER,
        "korea_sms_api_url": "http://127.0.0.1:9",
        "korea_sms_webhook_secret": KOREA_HOOK,
        "korea_sms_title": "응답 안내",
        "audiocodes_token": AUDIOCODES_TOKEN,
        "jambonz_webhook_secret": JAMBONZ_SECRET,
        "kakao_skill_secret": KAKAO_SECRET,
        "alimtalk_app_key": "app-key",
        "alimtalk_secret_key": ALIMTALK_KEY,
        "alimtalk_sender_key": "f" * 40,
        "alimtalk_api_url": "http://127.0.0.1:9",
        "alimtalk_webhook_secret": ALIMTALK_WEBHOOK,
    }
    return ChannelSettings(**{**values, **changed})


LOOPBACK = ("127.0.0.1", "localhost", "::1")


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Refuse every attempt to leave the machine, by name or by number, and fail its test.

    Yields the hosts that were asked for; a test that proves the refusal itself clears the list.
    """
    left: list[str] = []
    resolve, connect = socket.getaddrinfo, socket.socket.connect

    def resolving(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in (None, *LOOPBACK):
            left.append(name)
            raise ConnectionRefusedError("a request was about to leave loopback")
        return resolve(host, *args, **kwargs)

    def connecting(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOOPBACK:
            left.append(str(address[0]))
            raise ConnectionRefusedError("a request was about to leave loopback")
        connect(self, address)

    monkeypatch.setattr(socket, "getaddrinfo", resolving)
    monkeypatch.setattr(socket.socket, "connect", connecting)
    yield left
    assert left == [], "a request was about to leave loopback"


@pytest.fixture(autouse=True)
def silent_log(caplog: pytest.LogCaptureFixture) -> Iterator[set[str]]:
    """Prove after each test that no secret, number or text reached the log, traces included.

    Yields the words looked for; a test adds its own.
    """
    caplog.set_level(logging.INFO)
    words = set(SECRETS)
    yield words
    lines = [caplog.handler.format(record) for record in caplog.get_records("call")]
    assert [w for w in words if any(w in line for line in lines)] == []


@dataclass
class Door:
    """One channel in an app, with what it handed over and the answer it got."""

    channel: Channel
    answer: Answer = field(default_factory=lambda: Answer("c1", "ko", "bot", (Reply("네."),)))
    messages: list[Incoming] = field(default_factory=list)
    statuses: list[StatusUpdate] = field(default_factory=list)

    async def answered(self, message: Incoming) -> Answer:
        """Be the bot: note the message, return the answer to it."""
        self.messages.append(message)
        return self.answer

    def app(self) -> FastAPI:
        app = FastAPI()

        async def on_status(update: StatusUpdate) -> None:
            self.statuses.append(update)

        app.include_router(self.channel.router(self.answered, on_status))

        @app.exception_handler(DoorError)
        async def turned_away(_: Request, error: DoorError) -> Response:
            body = {"title": error.title, "status": error.status, "detail": error.detail}
            return JSONResponse(body, error.status, media_type="application/problem+json")

        return app

    async def post(self, path: str, **request: Any) -> httpx.Response:
        return await self.request("POST", path, **request)

    async def request(self, method: str, path: str, **request: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app())
        # Another host than PUBLIC_URL's, as behind a proxy.
        async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.7:8000") as http:
            return await http.request(method, path, **request)

    async def twilio(self, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
        """Post a form as Twilio does."""
        signature = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + path, form)
        return await self.post(
            path, data=form, headers={"X-Twilio-Signature": signature, **headers}
        )


@dataclass
class Call:
    """One request that reached the provider."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @cached_property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body)


class Provider:
    """A provider that answers what the test tells it, request by request.

    A body of bytes is answered as it is, other bodies as JSON.
    """

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.unexpected: list[Call] = []
        self.script: list[tuple[int, Any, dict[str, str]] | str] = []

    def check(self) -> None:
        """Fail where requests were made that nobody expected, or were expected and not made."""
        unexpected = [f"{call.method} {call.path}" for call in self.unexpected]
        assert unexpected == [], "the channel sent more requests than expected"
        assert self.script == [], "the channel sent fewer requests than expected"

    def answers(self, status: int, body: Any, **headers: str) -> None:
        """Expect one more request and answer it."""
        self.script.append((status, body, headers))

    def hangs(self) -> None:
        """Expect one more request, take it and never answer."""
        self.script.append("hang")

    def drops(self) -> None:
        """Expect one more request, take it and close the connection."""
        self.script.append("drop")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self._exchange(reader, writer):
                continue
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        call = Call(method, path, headers, body)
        self.calls.append(call)
        if not self.script:
            self.unexpected.append(call)
        step = self.script.pop(0) if self.script else (500, "nothing more was expected", {})
        if step == "drop":
            return False
        if step == "hang":
            await asyncio.sleep(3)
            return False
        status, answer, extra = step
        words = answer if isinstance(answer, str | bytes) else json.dumps(answer)
        payload = words.encode() if isinstance(words, str) else words
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(payload)}"]
        lines += [f"{key}: {value}" for key, value in extra.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + payload)
        await writer.drain()
        return True


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    """A scripted provider; a request too many or too few fails the test."""
    scripted = Provider()
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    scripted.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield scripted
    server.close()
    scripted.check()


@contextlib.contextmanager
def served(app: FastAPI, listener: socket.socket) -> Iterator[None]:
    """Serve `app` on `listener` in a thread of its own, by a real uvicorn."""
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, ws="websockets-sansio",
        timeout_keep_alive=75,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    end = time.monotonic() + 60
    while not server.started and time.monotonic() < end:
        time.sleep(0.01)
    assert server.started
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def listen() -> tuple[socket.socket, str]:
    """Return a listening socket on a free port, and its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    """Wait until `check` holds."""
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.02)
