"""A chat room of KakaoTalk in a test: requests, a mailbox in memory, a bot that takes its time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from channels.kakao import PATH, Mailbox
from channels.message import Answer, Incoming, Reply
from channels.signatures import KAKAO_HEADER
from channels.simulator.kakao_api import problems
from tests.channels.conftest import KAKAO_SECRET, Door

USER = "0f5a1c6be2d94d07a3f8c1b2d3e4f5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d"
HEADERS = {KAKAO_HEADER: KAKAO_SECRET}
TEXT = "골목에 쓰레기 더미가 있어요"


def payload(utterance: Any = TEXT, **changed: Any) -> dict[str, Any]:
    """A SkillPayload; what is given goes into its userRequest, `action` into the action."""
    action = {"name": "응답", "clientExtra": None, "params": {}, "id": "a1", "detailParams": {}}
    action |= changed.pop("action", {})
    return {
        "intent": {"id": "5e4cbe2a", "name": "폴백 블록", "extra": {"reason": {"code": 1}}},
        "userRequest": {
            "timezone": "Asia/Seoul",
            "params": {"surface": "Kakaotalk.plusfriend"},
            "block": {"id": "5e4cbe2a", "name": "폴백 블록"},
            "utterance": utterance,
            "lang": "ko",
            "user": {
                "id": USER,
                "type": "botUserKey",
                "properties": {"plusfriendUserKey": "Pt5qtfZJhnxp", "isFriend": True},
            },
            **changed,
        },
        "bot": {"id": "5e1bbea9", "name": "응답"},
        "action": action,
        "contexts": [],
    }


def happened() -> asyncio.Event:
    """Return an event that is set: nobody waits for it."""
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class Box:
    """A mailbox in memory, which remembers what was done to it; it gives nothing until `opened`."""

    waiting: list[Reply] = field(default_factory=list)
    put: list[int] = field(default_factory=list)
    left: list[tuple[int, int]] = field(default_factory=list)
    lost: list[tuple[list[int], str]] = field(default_factory=list)
    opened: asyncio.Event = field(default_factory=happened)
    looks: int = 0

    def mailbox(self) -> Mailbox:
        async def put(delivery: int) -> None:
            self.put.append(delivery)

        async def take(address: str) -> Sequence[Reply]:
            assert address == USER
            self.looks += 1
            await self.opened.wait()
            taken, self.waiting = self.waiting, []
            return taken

        async def leave(delivery: int, shown: int) -> None:
            self.left.append((delivery, shown))

        async def lose(deliveries: Sequence[int], code: str) -> None:
            self.lost.append((list(deliveries), code))

        return Mailbox(put, take, leave, lose)


class Bot(Door):
    """A door whose bot keeps its answers in the mailbox as the service does.

    It answers once `ready`; `asked` counts what it was asked by then.
    """

    box: Box
    ready: asyncio.Event
    asked: int = 0
    fails: bool = False
    http: httpx.AsyncClient

    async def hears(self, message: Incoming) -> Answer:
        self.asked += 1
        await self.ready.wait()
        if self.fails:
            raise RuntimeError(TEXT)
        self.messages.append(message)
        number = len(self.messages)
        said = Reply(f"답 {number}", delivery=number)
        self.box.waiting.append(said)
        return Answer("c1", "ko", "bot", (said,))

    async def asks(self, utterance: str = TEXT, **changed: Any) -> dict[str, Any]:
        response = await self.http.post(PATH, json=payload(utterance, **changed), headers=HEADERS)
        assert response.status_code == 200
        body: dict[str, Any] = response.json()
        assert problems(body) == []
        return body


def said(text: str) -> dict[str, Any]:
    return {"version": "2.0", "template": {"outputs": [{"simpleText": {"text": text}}]}}


def more(text: str) -> dict[str, Any]:
    button = {"label": "답변 보기", "action": "message", "messageText": "답변 보기"}
    return {
        "version": "2.0",
        "template": {"outputs": [{"simpleText": {"text": text}}], "quickReplies": [button]},
    }
