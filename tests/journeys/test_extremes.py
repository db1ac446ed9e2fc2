"""What nobody expects of a citizen, through every door: each gets one sensible answer, in order."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from backend.db import libpq_url
from tests.city import City, gather_in_threads, new_session
from tests.conversations.citizens import (
    Calling,
    Chatting,
    Citizen,
    Messaging,
    Records,
    Texting,
    new_phone,
)

LONG = "가로등이 꺼졌어요 " * 1000
BURST = 20


@pytest.fixture
def records(database_url: str) -> Any:
    """The database of this test's city."""
    with psycopg.connect(libpq_url(database_url), autocommit=True) as connection:
        yield Records(connection)


def _answered_once(database_url: str) -> Counter[int]:
    """Return how many times each message was answered, after a look at the order of answers."""
    with psycopg.connect(libpq_url(database_url)) as connection:
        rows = connection.execute(
            "SELECT id, direction, answers FROM messages ORDER BY conversation_id, seq"
        ).fetchall()
    latest, found = 0, Counter[int]()
    for number, direction, answers in rows:
        if direction == "in":
            latest = number
            found[number] = 0
        elif answers is not None:
            assert answers == latest, "an answer stands behind another message than its own"
            found[number_of := answers] += 1
            assert number_of in found
    return found


@pytest.mark.parametrize("door", [Texting, Messaging])
@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (LONG, ["앞부분만", "어디"]),
        ("", ["글로"]),
        ("😡😡😡", ["민원|풀어서|도와"]),
        ("   \n ", ["글로"]),
    ],
)
def test_odd_texts_are_answered(
    city: City, records: Records, door: Callable[..., Citizen], said: str, heard: list[str]
) -> None:
    answer = door(city, records).say(said)
    for wanted in heard:
        assert any(part in answer for part in wanted.split("|")), answer


def test_odd_texts_in_the_web_chat_and_on_the_phone(city: City, records: Records) -> None:
    body = {"session": new_session(), "message_id": "m-1"}
    for text, reason in (("", "적어 주세요"), (" \n", "적어 주세요")):
        refused = city.client.post("/channels/web/messages", json=body | {"text": text})
        assert refused.status_code == 422
        assert reason in refused.text
    assert "앞부분만" not in Chatting(city, records).say(LONG[:3999])
    assert "앞부분만" in Chatting(city, records).say(LONG)
    assert "도와" in Chatting(city, records).say("😀👍")
    caller = Calling(city, records)
    assert "앞부분만" in caller.say(LONG)
    assert caller.hush()


@pytest.mark.parametrize("door", [Texting, Messaging, Chatting])
def test_a_photo_alone_is_asked_about(
    city: City, records: Records, door: Callable[..., Citizen]
) -> None:
    citizen = door(city, records)
    assert "어떤 일인지" in citizen.show("")
    assert "어디" in citizen.say("보도블록이 깨졌어요")


def test_kakaotalk_takes_odd_texts(city: City) -> None:
    assert "앞부분만" in " ".join(city.kakao("odd1", LONG))
    assert city.kakao("odd2", "😀")
    assert city.kakao("odd3", " ")


async def test_twenty_messages_in_a_second_are_answered_once_each_and_in_order(
    city: City, database_url: str
) -> None:
    """Half of them arrive twice, as from a provider that heard no answer in time."""
    phone, session, user, kakao = new_phone(), new_session(), secrets.randbelow(10**9), "burst1"
    ids = [uuid4().hex for _ in range(BURST)]
    sends: dict[str, Callable[[int], Any]] = {
        "sms": lambda n: city.sms(phone, f"안녕하세요 {n}", "SM" + ids[n]),
        "web": lambda n: city.web(session, f"안녕하세요 {n}", ids[n]),
        "telegram": lambda n: city.telegram(user, f"안녕하세요 {n}", 5000 + n).status_code,
    }
    for channel, send in sends.items():
        first, again = await asyncio.gather(
            gather_in_threads(send, BURST), gather_in_threads(send, BURST // 2)
        )
        assert len(first) == BURST, channel
        if channel != "telegram":
            assert all(first), channel
            assert first[: BURST // 2] == again, channel
    for n in range(3):
        assert await asyncio.to_thread(city.kakao, kakao, f"안녕하세요 {n}")
    counted = await asyncio.to_thread(_answered_once, database_url)
    assert len(counted) == BURST * len(sends) + 3
    assert set(counted.values()) <= {1, 2}
    with psycopg.connect(libpq_url(database_url)) as connection:
        promised = connection.execute(
            "SELECT m.text FROM messages m WHERE m.channel = 'telegram' AND m.direction = 'out'"
            " ORDER BY m.seq"
        ).fetchall()
    sent = await asyncio.to_thread(city.wait_sent, user, len(promised))
    assert [text.split("\n")[0] for text in sent] == [text.split("\n")[0] for (text,) in promised]


def test_the_words_of_one_caller_in_quick_turns_are_answered_one_by_one(
    city: City, records: Records, database_url: str
) -> None:
    caller = Calling(city, records)
    for n in range(8):
        assert caller.say(f"안녕하세요 {n}")
    counted = _answered_once(database_url)
    assert len(counted) == 9  # the ring and eight turns
    assert all(counted.values())
