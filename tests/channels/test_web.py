"""Web chat: what a browser posts and fetches, and the socket that tells it when to look.

Its photos are in test_web_photos.py.
"""

import asyncio
import contextlib
import hashlib
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from channels.base import Retryable
from channels.message import Answer, Choice, Incoming, Location, Outgoing, Reply, Sent
from channels.web import WebChannel
from channels.web_requests import address_of
from tests.channels.conftest import Door, eventually, listen, served

MESSAGES = "/channels/web/messages"
SESSION = "9f86d081884c7d659a2feaa0c55ad015"
ADDRESS = hashlib.sha256(SESSION.encode()).hexdigest()
PHOTO = "7b0a5f5e-9d3a-4a5c-8f7e-1f5d0c9d2b11"


class Composition:
    """The three callables that the channel is given: a history, and signals to its pages."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.published: list[tuple[str, dict[str, Any]]] = []
        self.signals: list[dict[str, Any]] = [{"type": "ready"}, {"type": "changed"}]
        self.photos: list[tuple[str, bytes]] = []
        self.dropped: list[tuple[str, uuid.UUID]] = []
        self.fails: Exception | None = None
        self.endless = True
        self.listening = 0

    async def history(self, address: str, since: int) -> dict[str, Any]:
        self.asked.append((address, since))
        return {"items": [{"id": 8, "text": "상담사예요."}], "owner": "agent"}

    async def subscribe(self, address: str) -> AsyncIterator[dict[str, Any]]:
        assert address == ADDRESS
        self.listening += 1
        try:
            for signal in self.signals:
                yield signal
            if self.fails:
                raise self.fails
            if self.endless:
                await asyncio.Event().wait()
        finally:
            self.listening -= 1

    async def publish(self, address: str, signal: dict[str, Any]) -> None:
        if self.fails:
            raise self.fails
        self.published.append((address, signal))

    async def keep_photo(self, address: str, content: bytes) -> dict[str, Any]:
        self.photos.append((address, content))
        return {"id": PHOTO, "width": 4, "height": 3, "url": "/photos/u", "small": "/photos/s"}

    async def drop_photo(self, address: str, photo: uuid.UUID) -> None:
        self.dropped.append((address, photo))

    def channel(self) -> WebChannel:
        return WebChannel(
            self.history, self.subscribe, self.publish, self.keep_photo, self.drop_photo
        )


@pytest.fixture
def composition() -> Composition:
    return Composition()


@pytest.fixture
def door(composition: Composition) -> Door:
    return Door(composition.channel())


async def test_a_message_is_answered_in_place(door: Door) -> None:
    choices = (Choice("1", "네"), Choice("2", "아니요"))
    door.answer = Answer("c-7", "ko", "queue", (Reply("맞나요?", choices), Reply("끝")))
    body = {"session": SESSION, "text": "가로등이\x00 꺼졌어요", "message_id": "m-1"}
    response = await door.post(MESSAGES, json=body)
    assert response.status_code == 200
    assert response.json() == {
        "conversation": "c-7",
        "language": "ko",
        "owner": "queue",
        "replies": [
            {
                "text": "맞나요?",
                "choices": [{"id": "1", "title": "네"}, {"id": "2", "title": "아니요"}],
            },
            {"text": "끝", "choices": []},
        ],
    }
    assert door.messages == [
        Incoming("web", "web", ADDRESS, f"{ADDRESS[:32]}:m-1", "가로등이 꺼졌어요")
    ]


async def test_a_message_id_names_the_message(door: Door) -> None:
    for message_id in ("m-1", "m-1", 7, None):
        body = {"session": SESSION, "text": "네", "language": "en", "message_id": message_id}
        await door.post(MESSAGES, json=body)
    await door.post(MESSAGES, json={"session": SESSION, "text": "네"})
    ids = [message.external_id.removeprefix(f"{ADDRESS[:32]}:") for message in door.messages]
    assert ids[:3] == ["m-1", "m-1", "7"]
    assert uuid.UUID(ids[3]) != uuid.UUID(ids[4])
    assert [message.language for message in door.messages] == ["en"] * 4 + [None]


@pytest.mark.parametrize(
    "session",
    ["f4ec8fe7fc3805ef17ef08395385f8ec", "NHEFYkyf92fc7t2YoU1L4A",
     "_v-pO3lOqwGjTLTj2lHr0qWn46-zEDV2CM0f2Tpf37U", "A" * 32,
     "1a107bb9-abc4-4ec3-82d2-40f4609a3d6e", "1" * 39, "a-b_" * 6],
)  # fmt: skip
def test_strong_sessions(session: str) -> None:
    assert address_of(session) == hashlib.sha256(session.encode()).hexdigest()


WEAK = [
    "",
    "abc",
    "e519fc0d7690aef0f5f838956834c3",
    "z" * 21,
    "1" * 38,
    "a" * 201,
    "가" * 40,
    "x y" * 20,
]


@pytest.mark.parametrize("session", [*WEAK, None, 5, ["a"]])
async def test_a_weak_session_is_a_400(door: Door, session: object) -> None:
    response = await door.post(MESSAGES, json={"session": session, "text": "네"})
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert door.messages == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"\xff\xfe", 400), (b"[" * 50_000, 400),
        (b"[]", 422), (b"5", 422), (b"{}", 422),
        (b'{"session": "%s"}' % SESSION.encode(), 422),
        (b'{"session": "%s", "text": 5.5}' % SESSION.encode(), 200),
        (b'{"session": "%s", "text": null}' % SESSION.encode(), 422),
        (b'{"session": "%s", "text": ""}' % SESSION.encode(), 422),
        (b'{"session": "%s", "text": " \\n\\u0000"}' % SESSION.encode(), 422),
        (b'{"session": "%s", "text": "\\ud800"}' % SESSION.encode(), 422),
        (b'{"session": "%s", "text": "x", "language": "korean"}' % SESSION.encode(), 422),
        (b'{"session": "%s", "text": "x", "message_id": ""}' % SESSION.encode(), 422),
        (b'{"session": "%s", "text": "x", "other": 1}' % SESSION.encode(), 200),
        (b"x" * 140_000, 413),
    ],
)  # fmt: skip
async def test_what_a_browser_may_post(door: Door, body: bytes, status: int) -> None:
    response = await door.post(MESSAGES, content=body)
    assert response.status_code == status
    assert len(door.messages) == (status == 200)


@pytest.mark.parametrize(
    ("point", "status"),
    [
        ({"latitude": 37.5, "longitude": 126.9}, 200),
        ({"latitude": 91, "longitude": 126.9}, 422),
        ({"latitude": 37.5}, 422),
        ("here", 422),
        (None, 422),  # and no text either
    ],
)
async def test_a_place_is_a_message_of_its_own(door: Door, point: object, status: int) -> None:
    body = {"session": SESSION, "text": "", "location": point}
    response = await door.post(MESSAGES, json=body)
    assert response.status_code == status
    assert [m.location for m in door.messages] == [Location(37.5, 126.9)] * (status == 200)


@pytest.mark.parametrize(("length", "status"), [(20_000, 200), (20_001, 422)])
async def test_the_length_of_a_text(door: Door, length: int, status: int) -> None:
    response = await door.post(MESSAGES, json={"session": SESSION, "text": "가" * length})
    assert response.status_code == status


@pytest.mark.parametrize(
    ("accepted", "detail"),
    [
        (None, "글을 20,000자 이하로 줄여 주세요."),
        ("ko-KR,ko;q=0.9,en;q=0.8", "글을 20,000자 이하로 줄여 주세요."),
        ("en-US,en;q=0.9", "Shorten the text to 20,000 characters."),
        ("fr, en;q=0.5, ko;q=0.4", "Shorten the text to 20,000 characters."),
        ("fr", "글을 20,000자 이하로 줄여 주세요."),
    ],
)
async def test_a_problem_speaks_the_browsers_language(
    door: Door, accepted: str | None, detail: str
) -> None:
    headers = {"Accept-Language": accepted} if accepted else {}
    body = {"session": SESSION, "text": "가" * 20_001}
    response = await door.post(MESSAGES, json=body, headers=headers)
    assert response.json()["detail"] == detail


async def test_what_came_later(door: Door, composition: Composition) -> None:
    transport = httpx.ASGITransport(door.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
        response = await http.get(f"{MESSAGES}?since=7", headers={"X-Session": SESSION})
        assert response.json()["items"] == [{"id": 8, "text": "상담사예요."}]
        assert (await http.get(MESSAGES, headers={"X-Session": SESSION})).status_code == 200
        assert composition.asked == [(ADDRESS, 7), (ADDRESS, 0)]
        for headers in ({}, {"X-Session": "short"}):
            assert (await http.get(MESSAGES, headers=headers)).status_code == 400
        for since in ("-1", "x", "9" * 30):
            response = await http.get(f"{MESSAGES}?since={since}", headers={"X-Session": SESSION})
            assert response.status_code == 422
    assert len(composition.asked) == 2


@contextlib.asynccontextmanager
async def socket_of(door: Door) -> AsyncIterator[ClientConnection]:
    """A browser's socket to the door, over a real server."""
    listener, url = listen()
    with served(door.app(), listener):
        async with connect(url.replace("http", "ws") + "/channels/web/live") as socket:
            yield socket


async def closing_code(socket: ClientConnection) -> int | None:
    """Wait until the server closes the socket and return its code."""
    with pytest.raises(ConnectionClosed):
        await asyncio.wait_for(socket.recv(), 60)
    return socket.close_code


async def test_the_socket_passes_signals_on(door: Door, composition: Composition) -> None:
    async with socket_of(door) as socket:
        await socket.send(json.dumps({"session": SESSION}))
        assert json.loads(await socket.recv()) == {"type": "ready"}
        assert json.loads(await socket.recv()) == {"type": "changed"}
        await socket.send("whatever else")
        assert composition.listening == 1
        await socket.close()

        async def left() -> bool:
            return composition.listening == 0

        await eventually(left)


@pytest.mark.parametrize(
    "frame", ["{}", "[]", "not json", '{"session": 5}', '{"session": "short"}', "[" * 50_000, b"\0"]
)
async def test_a_socket_without_a_session_is_closed(door: Door, frame: str | bytes) -> None:
    async with socket_of(door) as socket:
        await socket.send(frame)
        assert await closing_code(socket) == 1008


async def test_a_silent_socket_is_closed(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.web.GREETING_SECONDS", 0.1)
    async with socket_of(door) as socket:
        assert await closing_code(socket) == 1008


async def test_a_page_too_many_is_told_to_ask_instead(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.web.MAX_LIVE", 2)
    listener, url = listen()
    live = url.replace("http", "ws") + "/channels/web/live"
    with served(door.app(), listener):
        async with connect(live) as first, connect(live):
            with pytest.raises(InvalidStatus) as refused:
                await connect(live)
            assert refused.value.response.status_code == 403
            await first.send("{}")
            assert await closing_code(first) == 1008

            async def room() -> bool:
                with contextlib.suppress(InvalidStatus):
                    async with connect(live):
                        return True
                return False

            await eventually(room)


@pytest.mark.parametrize("fails", [None, ConnectionError("redis")])
async def test_when_the_signals_end_the_browser_comes_back_later(
    door: Door, composition: Composition, fails: Exception | None
) -> None:
    composition.signals, composition.endless, composition.fails = [], False, fails
    async with socket_of(door) as socket:
        await socket.send(json.dumps({"session": SESSION}))
        assert await closing_code(socket) == 1013


async def test_sending_nudges_the_pages(composition: Composition) -> None:
    channel = composition.channel()
    assert await channel.send(Outgoing(5, ADDRESS, "알림이에요.")) == Sent(("5",))
    assert composition.published == [(ADDRESS, {"type": "changed"})]
    composition.fails = ConnectionError("redis")
    with pytest.raises(Retryable) as failed:
        await channel.send(Outgoing(5, ADDRESS, "알림이에요."))
    assert failed.value.code == "signal-lost"
    await channel.close()


async def test_the_contract_is_in_the_schema(door: Door) -> None:
    paths = door.app().openapi()["paths"]
    body = paths[MESSAGES]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["required"]) == {"session", "text"}
