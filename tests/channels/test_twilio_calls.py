"""Calls that we place: what is asked of Twilio, what is said on the phone, and how it ended."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from channels.announcement import Announcement
from channels.base import Rejected, Retryable, SendError, Throttled, Unknown
from channels.message import Answer, DeliveryState, Incoming, Outgoing, Reply, Sent, StatusUpdate
from channels.twilio_calls import NAME, TwilioCalls
from tests.channels.conftest import (
    ACCOUNT,
    CITIZEN,
    OUR_NUMBER,
    PUBLIC_URL,
    TOKEN,
    Door,
    Provider,
    settings_for,
)
from tests.channels.tables import Asked, Heard, Said, hear, say

CALL = "CA3b1e0d9c8f7a6b5c4d3e2f1a0b9c8d7e"
SAYS = Announcement(
    "ko",
    opening=("이 전화는 훈련이에요.", "안녕하세요. 서울특별시 재난 안내 전화예요."),
    lines=("하천에서 나오세요.",),
    prompt="안전하면 1번, 도움이 필요하면 2번을 눌러 주세요.",
    again="다시 말씀드릴게요.",
    ending=("안내를 마칠게요.", "이 전화는 훈련이에요."),
    answers={"1": "안전하다고 적었어요.", "2": "도움 요청을 전했어요."},
)
OVER = Announcement("en", ending=("It is over.",), over=True)


def door_for(found: Announcement | None = SAYS) -> Door:
    async def announcement_of(delivery: int) -> Announcement | None:
        return found if delivery == 7 else None

    return Door(TwilioCalls(settings_for(), announcement_of))


def form(status: str = "in-progress", **more: str) -> dict[str, str]:
    """What Twilio posts of a call that it placed for us."""
    return {
        "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "CallSid": CALL, "CallStatus": status,
        "Called": CITIZEN, "CalledCity": "", "CalledCountry": "KR", "Caller": OUR_NUMBER,
        "CallerCountry": "US", "Direction": "outbound-api", "From": OUR_NUMBER,
        "FromCountry": "US", "To": CITIZEN, "ToCountry": "KR", **more,
    }  # fmt: skip


def sign(case: Heard) -> dict[str, str]:
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + case.path, case.form or {})
    return {"X-Twilio-Signature": signature}


def update(state: DeliveryState, code: str | None = None) -> StatusUpdate:
    return StatusUpdate("call", state, 7, CALL, code, NAME, 1)


def key(pressed: str, turn: int) -> Incoming:
    return Incoming(
        "voice", "phone", CITIZEN, f"{CALL}:{turn}", pressed, kind="keys", pressed=7, in_place=True
    )


STATUS = "/channels/twilio/call/status?delivery=7"
CALLBACK: dict[str, str] = {
    "CallbackSource": "call-progress-events", "SequenceNumber": "0",
    "Timestamp": "Sun, 22 Nov 2026 10:00:00 +0000",
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "state", "code"),
    [
        ("queued", DeliveryState.ACCEPTED, None),
        ("initiated", DeliveryState.ACCEPTED, None),
        ("ringing", DeliveryState.SENT, None),
        ("in-progress", DeliveryState.SENT, None),
        ("completed", DeliveryState.SENT, None),
        ("busy", DeliveryState.FAILED, "busy"),
        ("no-answer", DeliveryState.FAILED, "no-answer"),
        ("failed", DeliveryState.FAILED, "failed"),
        ("canceled", DeliveryState.FAILED, "canceled"),
    ],
)
async def test_word_on_how_a_call_goes(status: str, state: DeliveryState, code: str | None) -> None:
    sent = form(status, **CALLBACK, CallDuration="0", SipResponseCode="486")
    await hear(
        door_for(),
        Heard(status, STATUS, sent, statuses=(update(state, code),), status=204, body=""),
        sign,
    )


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        (STATUS, {"CallStatus": ""}),
        (STATUS, {"CallSid": "CA/../../x"}),
        ("/channels/twilio/call/status", {}),
        ("/channels/twilio/call/status?delivery=seven", {}),
    ],
)
async def test_word_on_no_delivery_of_ours_changes_nothing(
    path: str, changed: dict[str, str]
) -> None:
    sent = {**form("completed", **CALLBACK), **changed}
    await hear(door_for(), Heard("nothing", path, sent, status=204), sign)


async def test_a_word_that_is_not_known_is_kept_as_that() -> None:
    word = StatusUpdate("call", None, 7, CALL, "dreaming", NAME, 1)
    sent = form("dreaming", **CALLBACK)
    await hear(door_for(), Heard("dreaming", STATUS, sent, statuses=(word,), status=204), sign)


async def spoken(door: Door, path: str, *, pressed: str | None = None) -> tuple[str, str | None]:
    """What is said on the phone, and where Twilio comes back to (None: the call ends)."""
    sent = form() if pressed is None else form(Digits=pressed, msg="Gather End")
    response = await door.twilio(path, sent)
    assert response.status_code == 200
    root = ET.fromstring(response.text)
    said = " ".join("".join(say.itertext()) for say in root.iter("Say"))
    gather = root.find("Gather")
    if gather is None:
        assert root.find("Hangup") is not None
        return said, None
    assert gather.attrib["numDigits"] == "1"
    assert gather.attrib["actionOnEmptyResult"] == "true"
    return said, gather.attrib["action"].removeprefix(PUBLIC_URL)


FIRST = (
    "이 전화는 훈련이에요. 안녕하세요. 서울특별시 재난 안내 전화예요. 하천에서 나오세요. "
    "안전하면 1번, 도움이 필요하면 2번을 눌러 주세요."
)
AGAIN = "다시 말씀드릴게요. 하천에서 나오세요. 안전하면 1번, 도움이 필요하면 2번을 눌러 주세요."
LAST = "안내를 마칠게요. 이 전화는 훈련이에요."


async def test_who_calls_what_for_and_once_more_and_then_the_end() -> None:
    door = door_for()
    said, then = await spoken(door, "/channels/twilio/call?delivery=7")
    assert (said, door.statuses) == (FIRST, [update(DeliveryState.DELIVERED)])
    said, then = await spoken(door, then or "", pressed="")
    assert said == AGAIN
    assert await spoken(door, then or "", pressed="") == (LAST, None)
    assert (door.messages, len(door.statuses)) == ([], 1)


@pytest.mark.parametrize("pressed", ["1", "2"])
async def test_a_key_is_an_answer_and_is_said_to_be_noted(pressed: str) -> None:
    door = door_for()
    door.answer = Answer("c", "ko", "queue", (Reply("적었어요. (1-2)", spoken="적었어요."),))
    _, then = await spoken(door, "/channels/twilio/call?delivery=7")
    assert await spoken(door, then or "", pressed=pressed) == (f"적었어요. {LAST}", None)
    assert door.messages == [key(pressed, 1)]
    door.answer = Answer("c", "en", "bot", (Reply("Noted."),))  # the talk is in another language
    said, _ = await spoken(door, then or "", pressed=pressed)
    assert said == f"{SAYS.answers[pressed]} {LAST}"


async def test_another_key_repeats_but_not_for_ever() -> None:
    door = door_for()
    _, then = await spoken(door, "/channels/twilio/call?delivery=7")
    turns = 0
    while then is not None:
        said, then = await spoken(door, then, pressed="*")
        turns += 1
        assert said == (AGAIN if then else LAST)
    assert 3 <= turns <= 10
    assert door.messages == []


async def test_where_nothing_is_asked_every_key_repeats() -> None:
    door = door_for(replace(SAYS, answers={}))
    _, then = await spoken(door, "/channels/twilio/call?delivery=7")
    said, _ = await spoken(door, then or "", pressed="2")
    assert said == AGAIN
    assert door.messages == []


async def test_what_is_over_is_not_spoken_nor_said_to_have_arrived() -> None:
    door = door_for(OVER)
    assert await spoken(door, "/channels/twilio/call?delivery=7") == ("It is over.", None)
    assert await spoken(door, "/channels/twilio/call?delivery=8") == ("", None)
    assert await spoken(door, "/channels/twilio/call") == ("", None)
    assert (door.statuses, door.messages) == ([], [])


@pytest.mark.parametrize(
    ("language", "voice", "locale"),
    [
        ("ko", "Polly.Seoyeon", "ko-KR"), ("en", "Polly.Joanna", "en-US"),
        ("zh", "Polly.Zhiyu", "cmn-CN"), ("ja", "Polly.Takumi", "ja-JP"),
        ("vi", "Google.vi-VN-Standard-A", "vi-VN"),
    ],
)  # fmt: skip
async def test_each_language_has_its_voice(language: str, voice: str, locale: str) -> None:
    door = door_for(Announcement(language, ending=("1 1 9",), lines=("1 1 9",), again="1"))
    response = await door.twilio("/channels/twilio/call?delivery=7", form())
    (verb,) = ET.fromstring(response.text).iter("Say")
    assert (verb.attrib["voice"], verb.attrib["language"]) == (voice, locale)


ASKED: dict[str, Any] = {
    "path": f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json",
    "form": {
        "To": CITIZEN,
        "From": OUR_NUMBER,
        "Url": f"{PUBLIC_URL}/channels/twilio/call?delivery=7",
        "Method": "POST",
        "StatusCallback": f"{PUBLIC_URL}/channels/twilio/call/status?delivery=7",
        "StatusCallbackMethod": "POST",
        "StatusCallbackEvent": "completed",  # the last of four, as a mapping keeps it
        "Timeout": "30",
        "TimeLimit": "180",
    },
    "headers": {"Content-Type": "application/x-www-form-urlencoded"},
}
QUEUED = {"sid": CALL, "status": "queued", "to": CITIZEN, "queue_time": "1000"}


@pytest.mark.parametrize(
    "case",
    [
        Said("taken", Outgoing(7, CITIZEN, "대피하세요."), (Asked(**ASKED, answer=(201, QUEUED)),),
             Sent((CALL,), 1, NAME)),
        Said("no such number", Outgoing(7, CITIZEN, "x"),
             (Asked(**ASKED, answer=(400, {"code": 21211})),), Rejected("21211")),
        Said("country closed", Outgoing(7, CITIZEN, "x"),
             (Asked(**ASKED, answer=(400, {"code": 21215})),), Rejected("21215")),
        Said("too many at once", Outgoing(7, CITIZEN, "x"),
             (Asked(**ASKED, answer=(400, {"code": 10004})),), Throttled("10004")),
        Said("too fast", Outgoing(7, CITIZEN, "x"),
             (Asked(**ASKED, answer=(429, {"code": 20429}), answer_headers={"Retry-After": "3"}),),
             Throttled("20429", 3.0)),
        Said("our number", Outgoing(7, CITIZEN, "x"),
             (Asked(**ASKED, answer=(400, {"code": 21210})),), Retryable("21210")),
        Said("our secret", Outgoing(7, CITIZEN, "x"),
             (Asked(**ASKED, answer=(401, {"code": 20003})),), Retryable("20003")),
        Said("broken", Outgoing(7, CITIZEN, "x"), (Asked(**ASKED, answer=(500, {})),),
             Unknown("500")),
        Said("unreadable", Outgoing(7, CITIZEN, "x"), (Asked(**ASKED, answer=(201, [])),),
             Unknown("unreadable-answer")),
        Said("lost", Outgoing(7, CITIZEN, "x"), (Asked(**ASKED, answer="drop"),),
             Unknown("connection-lost")),
    ],
    ids=str,
)  # fmt: skip
async def test_what_is_asked_of_twilio_and_what_comes_of_it(provider: Provider, case: Said) -> None:
    async def nothing(_: int) -> Announcement | None:
        return None

    calls = TwilioCalls(settings_for(twilio_api_url=provider.url), nothing)
    await say(calls, provider, case)
    asked = provider.calls[0].body.decode()
    assert [part.partition("=")[2] for part in asked.split("&") if "CallbackEvent" in part] == [
        "initiated", "ringing", "answered", "completed",
    ]  # fmt: skip
    assert calls.providers(CITIZEN)[0].per_second == 1.0  # Twilio's own default
    await calls.close()


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ((200, {**QUEUED, "status": "no-answer"}), [update(DeliveryState.FAILED, "no-answer")]),
        ((200, {**QUEUED, "status": "completed"}), [update(DeliveryState.SENT)]),
        ((404, {"code": 20404}), []),
    ],
)
async def test_a_silent_call_is_looked_up_by_its_id(
    provider: Provider, answer: tuple[int, Any], found: list[StatusUpdate]
) -> None:
    async def nothing(_: int) -> Announcement | None:
        return None

    calls = TwilioCalls(settings_for(twilio_api_url=provider.url), nothing)
    provider.answers(*answer)
    message, since = Outgoing(7, CITIZEN, "x"), datetime.now(UTC)
    assert await calls.look_up(message, (CALL,), since) == found
    assert provider.calls[0].path == f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{CALL}.json"
    assert await calls.look_up(message, (), since) == []  # whose id was lost is not guessed at
    provider.answers(401, {"code": 20003})
    with pytest.raises(SendError):
        await calls.look_up(message, (CALL,), since)
    await calls.close()
