"""Calls through VoiceAI Connect: conversations, activities, and the activities that answer."""

from dataclasses import replace
from typing import Any

import pytest

from channels.audiocodes import AudioCodes
from channels.base import Rejected
from channels.message import Answer, Choice, Incoming, Outgoing, Reply
from channels.voice import Caller
from tests.channels.conftest import AUDIOCODES_TOKEN, CITIZEN, Door, settings_for
from tests.channels.tables import Heard, hear

CALL = "2fd4e1c6-7a6d-49d3-a1c8-8e2b1c9d0f11"
BOT = "/channels/audiocodes/bot"
BEARER = {"Authorization": f"Bearer {AUDIOCODES_TOKEN}"}
AGENTS = "+8225550100"


async def caller_of(call: str) -> Caller | None:
    """The composition's memory: it knows one call."""
    return Caller("phone", CITIZEN) if call == CALL else None


@pytest.fixture
def door() -> Door:
    return Door(AudioCodes(settings_for(), caller_of))


async def urls(door: Door, call: str = CALL) -> dict[str, Any]:
    opened = {"conversation": call, "id": "1", "timestamp": "2026-07-15T01:02:03.456Z"}
    response = await door.post(BOT, json=opened, headers=BEARER)
    assert response.status_code == 200
    addresses: dict[str, Any] = response.json()
    return addresses


def message(text: str, confidence: Any = 0.92, **changed: Any) -> dict[str, Any]:
    activity = {
        "id": "a1", "timestamp": "2026-07-15T01:02:09.000Z", "language": "ko-KR",
        "type": "message", "text": text,
        "parameters": {"confidence": confidence, "recognitionOutput": {"text": text}},
    }  # fmt: skip
    return {**activity, **changed}


def event(name: str, value: Any = None, **parameters: Any) -> dict[str, Any]:
    activity = {"id": "a1", "timestamp": "2026-07-15T01:02:09.000Z", "language": "ko-KR",
                "type": "event", "name": name, "parameters": parameters}  # fmt: skip
    return activity if value is None else {**activity, "value": value}


def start(number: str, **more: str) -> dict[str, Any]:
    return event("start", caller=number, callee="120", callerHost="sbc.example.org",
                 locale="ko-KR", **more)  # fmt: skip


def said(turn: str, text: str = "", **changed: Any) -> Incoming:
    values = {"scheme": "phone", "address": CITIZEN, "phone": CITIZEN, "language": "ko", **changed}
    return Incoming("voice", external_id=f"{CALL}:{turn}", text=text, **values)


WITHHELD: dict[str, Any] = {"scheme": "call", "address": CALL, "phone": None}


@pytest.mark.parametrize(
    ("name", "activities", "messages"),
    [
        ("a call comes in", [start(CITIZEN)], [said("start", kind="start")]),
        ("a national number", [start("01029876543")], [said("start", kind="start")]),
        ("a withheld number", [start("anonymous")], [said("start", kind="start", **WITHHELD)]),
        ("a withheld number that speaks at once",
         [start("anonymous"), message("여보세요", id="a2")],
         [said("start", kind="start", **WITHHELD),
          said("a2", "여보세요", kind="speech", confidence=0.92, **WITHHELD)]),
        ("speech", [message("가로등이 꺼졌어요")],
         [said("a1", "가로등이 꺼졌어요", kind="speech", confidence=0.92)]),
        ("speech of which nothing is known", [message("네", None)],
         [said("a1", "네", kind="speech")]),
        ("English speech", [message("Hello", language="en-US")],
         [said("a1", "Hello", kind="speech", confidence=0.92, language="en")]),
        ("keys", [event("DTMF", "20260000123")], [said("a1", "20260000123", kind="keys")]),
        ("a key as a number", [event("DTMF", 1)], [said("a1", "1", kind="keys")]),
        ("silence", [event("noUserInput", 1)], [said("a1", kind="silence")]),
        ("nobody answered",
         [event("transferStatus", {"status": "failed", "reasonCode": "no-answer", "reason": "x"})],
         [said("a1", kind="unanswered", language=None)]),
        ("people answered", [event("transferStatus", {"status": "answered"})], []),
        ("an unknown event", [event("speechHypothesis", "가")], []),
        ("an unknown type", [message("x", type="typing")], []),
        ("nothing", [], []),
        ("strange parts", [{**message(""), "text": 5, "parameters": "x", "language": 7}],
         [said("a1", kind="silence", language=None)]),
    ],
)  # fmt: skip
async def test_activities_come_in(
    door: Door, name: str, activities: list[Any], messages: list[Incoming]
) -> None:
    body = {"conversation": CALL, "activities": activities}
    path = (await urls(door))["activitiesURL"]
    case = Heard(name, path, json=body, messages=tuple(messages))
    response = await hear(door, case, lambda _: BEARER)
    assert response.json()["conversation"] == CALL
    assert len(response.json()["activities"]) == len(messages)


async def test_a_conversation_is_opened_kept_and_ended(door: Door) -> None:
    opened = await urls(door)
    assert opened["expiresSeconds"] == 120
    assert opened["activitiesURL"].startswith(f"/channels/audiocodes/conversations/{CALL}/")
    assert await urls(door) == opened  # the same again, wherever it is asked
    kept = Heard("refresh", opened["refreshURL"], json={"conversation": CALL},
                 body='{"expiresSeconds":120}')  # fmt: skip
    await hear(door, kept, lambda _: BEARER)
    over = Heard(
        "disconnect", opened["disconnectURL"], body="{}",
        json={"conversation": CALL, "reason": "Client Side", "reasonCode": "client-disconnected"},
        messages=(said("end", kind="hangup", language=None),),
    )  # fmt: skip
    await hear(door, over, lambda _: BEARER)


async def test_the_administrator_may_probe(door: Door) -> None:
    response = await door.request("GET", BOT, headers=BEARER)
    assert response.json() == {"type": "ac-bot-api", "success": True}
    assert (await door.request("GET", BOT)).status_code == 401


async def test_addresses_stand_below_the_public_path() -> None:
    door = Door(AudioCodes(settings_for(public_url="https://city.example/talk"), caller_of))
    assert (await urls(door))["refreshURL"].startswith("/talk/channels/audiocodes/")


@pytest.mark.parametrize(
    "token",
    ["", "Bearer", "Bearer wrong", f"Basic {AUDIOCODES_TOKEN}", AUDIOCODES_TOKEN,
     f"Bearer {AUDIOCODES_TOKEN}x"],
)  # fmt: skip
async def test_a_wrong_token_is_turned_away(door: Door, token: str) -> None:
    opened = await urls(door)
    for path in (BOT, *(opened[f"{name}URL"] for name in ("activities", "refresh", "disconnect"))):
        response = await door.post(path, json={}, headers={"Authorization": token})
        assert response.status_code == 401
    assert door.messages == []


async def test_without_a_token_nobody_is_let_in() -> None:
    door = Door(AudioCodes(settings_for(audiocodes_token=""), caller_of))
    for header in ("Bearer ", "Bearer"):
        response = await door.request("GET", BOT, headers={"Authorization": header})
        assert response.status_code == 401


async def test_a_conversation_that_we_did_not_open_is_unknown(door: Door) -> None:
    opened = await urls(door)
    for name in ("activities", "refresh", "disconnect"):
        path = opened[f"{name}URL"].replace(CALL, "another")
        assert (await door.post(path, json={}, headers=BEARER)).status_code == 404
    assert door.messages == []


@pytest.mark.parametrize(
    "body", [{}, {"conversation": 5}, {"conversation": "a:b"}, {"conversation": "x" * 101}, []]
)
async def test_a_conversation_needs_an_id(door: Door, body: Any) -> None:
    assert (await door.post(BOT, json=body, headers=BEARER)).status_code == 400


@pytest.mark.parametrize(
    "activities",
    [None, "x", ["x"], [{"type": "message", "text": "네"}], [message("네", id="")],
     [message("네", id="x" * 101)], [message("네", id="a\x00b")], [message("네")] * 21],
)  # fmt: skip
async def test_activities_need_a_list_and_ids(door: Door, activities: Any) -> None:
    path = (await urls(door))["activitiesURL"]
    response = await door.post(path, json={"activities": activities}, headers=BEARER)
    assert response.status_code == 400
    assert door.messages == []


async def answer(door: Door, *replies: Reply, language: str = "ko", ended: bool = False) -> Any:
    """Return the activities that carry `replies`, without their ids and times."""
    door.answer = Answer("c1", language, "bot", replies, ended)
    path = (await urls(door))["activitiesURL"]
    body = {"conversation": CALL, "activities": [message("네")]}
    response = await door.post(path, json=body, headers=BEARER)
    said = response.json()["activities"]
    assert len({activity.pop("id") for activity in said}) == len(said)
    assert all(activity.pop("timestamp").endswith("Z") for activity in said)
    return said


def session(one_key: bool, language: str = "ko-KR") -> dict[str, Any]:
    return {
        "language": language, "bargeIn": True, "bargeInOnDTMF": True, "sendDTMF": True,
        "dtmfCollect": not one_key, "dtmfCollectSubmitDigit": "#",
        "dtmfCollectInterDigitTimeoutMS": 3000, "dtmfCollectMaxDigits": 20,
        "sendEventsToBot": ["noUserInput"], "userNoInputTimeoutMS": 6000,
    }  # fmt: skip


async def test_the_bot_asks_and_listens(door: Door) -> None:
    choices = (Choice("1", "도로 파손"), Choice("2", "불법주차"))
    assert await answer(door, Reply("무엇인가요?", choices)) == [
        {"type": "message", "text": "무엇인가요?", "sessionParams": session(one_key=True)},
        {"type": "message", "text": "도로 파손은 1번, 불법주차는 2번.",
         "activityParams": {"sttContextPhrases": ["도로 파손", "불법주차"]}},
    ]  # fmt: skip


async def test_slow_words_have_pauses(door: Door) -> None:
    (asked,) = await answer(door, Reply("Where is it now?", slow=True), language="en")
    assert asked == {
        "type": "message", "text": "Where is, it now?",
        "sessionParams": session(one_key=False, language="en-US"),
    }  # fmt: skip


async def test_an_ended_talk_hangs_up(door: Door) -> None:
    assert await answer(door, Reply("안녕히 계세요."), ended=True) == [
        {"type": "message", "text": "안녕히 계세요."}, {"type": "event", "name": "hangup"},
    ]  # fmt: skip


async def test_a_transfer_names_the_agents() -> None:
    door = Door(AudioCodes(settings_for(agent_number=AGENTS), caller_of))
    assert await answer(door, Reply("연결할게요.", transfer=True)) == [
        {"type": "message", "text": "연결할게요."},
        {"type": "event", "name": "transfer",
         "activityParams": {"transferTarget": f"tel:{AGENTS}"}},
    ]  # fmt: skip


async def test_nothing_is_heard_after_the_end_of_a_talk(door: Door) -> None:
    door.answer = replace(door.answer, ended=True)
    path = (await urls(door))["activitiesURL"]
    body = {"activities": [message("그만"), message("여보세요", id="a2")]}
    await door.post(path, json=body, headers=BEARER)
    assert [heard.text for heard in door.messages] == ["그만"]


async def test_nothing_can_be_pushed_into_a_call() -> None:
    voice = AudioCodes(settings_for(), caller_of)
    with pytest.raises(Rejected):
        await voice.send(Outgoing(1, CITIZEN, "안녕하세요"))
    await voice.close()
