"""Calls through jambonz: its signed webhooks, what is handed over, and the verbs that answer."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from channels.base import Rejected
from channels.jambonz import Jambonz
from channels.message import Answer, Choice, Incoming, Outgoing, Reply
from channels.signatures import JAMBONZ_HEADER, jambonz_signature
from tests.channels.conftest import CITIZEN, JAMBONZ_SECRET, PUBLIC_URL, Door, settings_for
from tests.channels.tables import Heard, hear

CALL = "3a8b1c4e-7d5f-4f0a-9e21-0c6d2b7a9f10"
HOOK = "/channels/jambonz/call"
AGENTS = "+8225550100"


def event(**changed: Any) -> dict[str, Any]:
    """The body of one webhook; a field that is None is not sent."""
    body = {
        "call_sid": CALL, "account_sid": "9351f46a", "application_sid": "0e0681b0",
        "direction": "inbound", "from": CITIZEN, "to": "+15005550006", "call_id": "f1f4bcad",
        "sip_status": 200, "call_status": "in-progress", "trace_id": "5bd36f3a",
    } | changed  # fmt: skip
    return {key: value for key, value in body.items() if value is not None}


def speech(transcript: str, confidence: Any, reason: str = "speechDetected") -> dict[str, Any]:
    best = {"transcript": transcript, "confidence": confidence}
    heard = {"language_code": "ko-KR", "channel_tag": 1, "is_final": True, "alternatives": [best]}
    return event(reason=reason, speech=heard)


def said(external_id: str, text: str = "", **changed: Any) -> Incoming:
    values = {"scheme": "phone", "address": CITIZEN, "phone": CITIZEN, **changed}
    return Incoming("voice", external_id=external_id, text=text, **values)


def signed(body: Any, at: int | None = None, secret: str = JAMBONZ_SECRET) -> dict[str, str]:
    raw = httpx.Request("POST", "http://t", json=body).content
    return {JAMBONZ_HEADER: jambonz_signature(secret, at or int(time.time()), raw)}


@pytest.fixture
def door() -> Door:
    return Door(Jambonz(settings_for()))


@pytest.mark.parametrize(
    "case",
    [
        Heard("a call comes in", HOOK,
              json=event(call_status="trying", sip={"method": "INVITE"}, caller_name="시민"),
              messages=(said(f"{CALL}:0", kind="start"),)),
        Heard("at an English number", f"{HOOK}?language=en", json=event(call_status="trying"),
              messages=(said(f"{CALL}:0", kind="start", language="en"),)),
        Heard("a national number", f"{HOOK}?turn=0", json=event(**{"from": "01029876543"}),
              messages=(said(f"{CALL}:0", kind="start"),)),
        Heard("a withheld number", HOOK, json=event(**{"from": "anonymous"}),
              messages=(said(f"{CALL}:0", kind="start", scheme="call", address=CALL,
                             phone=None),)),
        Heard("speech", f"{HOOK}?turn=1", json=speech("가로등이 꺼졌어요", 0.91),
              messages=(said(f"{CALL}:1", "가로등이 꺼졌어요", kind="speech", confidence=0.91),)),
        Heard("speech of which nothing is known", f"{HOOK}?turn=2", json=speech("네", 0),
              messages=(said(f"{CALL}:2", "네", kind="speech"),)),
        Heard("hardly heard", f"{HOOK}?turn=3", json=speech("거기", 0.2, "stt-low-confidence"),
              messages=(said(f"{CALL}:3", "거기", kind="unclear", confidence=0.2),)),
        Heard("hardly heard, without words", f"{HOOK}?turn=3",
              json=event(reason="stt-low-confidence"),
              messages=(said(f"{CALL}:3", kind="unclear"),)),
        Heard("keys", f"{HOOK}?turn=4", json=event(reason="dtmfDetected", digits="20260000123"),
              messages=(said(f"{CALL}:4", "20260000123", kind="keys"),)),
        Heard("silence", f"{HOOK}?turn=5", json=event(reason="timeout"),
              messages=(said(f"{CALL}:5", kind="silence"),)),
        Heard("a broken recogniser", f"{HOOK}?turn=5",
              json=event(reason="error", details={"error": "x"}),
              messages=(said(f"{CALL}:5", kind="silence"),)),
        Heard("strange parts", f"{HOOK}?turn=x", json=event(speech=["x"], digits=7, **{"from": 5}),
              messages=(said(f"{CALL}:0", kind="start", scheme="call", address=CALL,
                             phone=None),)),
        Heard("strange speech", f"{HOOK}?turn=6", json=event(speech={"alternatives": [3]}),
              messages=(said(f"{CALL}:6", kind="silence"),)),
        Heard("the end, said to a turn", f"{HOOK}?turn=6", json=event(call_status="completed"),
              messages=(said(f"{CALL}:end", kind="hangup"),), body="[]"),
        Heard("no call", HOOK, json={"hello": 1}, body="[]"),
        Heard("nobody answered", "/channels/jambonz/transfer?turn=7",
              json=event(dial_call_status="no-answer", dial_sip_status=480),
              messages=(said(f"{CALL}:7", kind="unanswered"),)),
        Heard("people took the call", "/channels/jambonz/transfer?turn=7",
              json=event(dial_call_status="completed"), body='[{"verb":"hangup"}]'),
        Heard("the caller left while it rang", "/channels/jambonz/transfer?turn=7",
              json=event(dial_call_status="failed", call_status="completed"),
              body='[{"verb":"hangup"}]'),
        Heard("the end", "/channels/jambonz/status", status=204,
              json=event(call_status="completed", duration=31, call_termination_by="caller"),
              messages=(said(f"{CALL}:end", kind="hangup"),)),
        Heard("under way", "/channels/jambonz/status", json=event(), status=204),
        Heard("the end of the agents' leg", "/channels/jambonz/status", status=204,
              json=event(call_sid="child", direction="outbound", call_status="completed")),
    ],
    ids=str,
)  # fmt: skip
async def test_a_webhook_comes_in(door: Door, case: Heard) -> None:
    await hear(door, case, lambda row: signed(row.json))


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda: signed(event(), at=int(time.time()) - 4000)[JAMBONZ_HEADER], id="old"),
        pytest.param(lambda: signed(event(), at=int(time.time()) + 4000)[JAMBONZ_HEADER], id="new"),
        pytest.param(lambda: signed(event(), secret="other")[JAMBONZ_HEADER], id="secret"),
        pytest.param(lambda: signed(event(call_sid="other"))[JAMBONZ_HEADER], id="body"),
        pytest.param(lambda: f"t={int(time.time())}", id="no signature"),
        pytest.param(lambda: "v1=" + "0" * 64, id="no time"),
        pytest.param(lambda: "t=x,v1=", id="no number"),
        pytest.param(lambda: "t=99999999999999999999,v1=" + "0" * 64, id="far off"),
        pytest.param(str, id="empty"),
    ],
)
async def test_a_forged_or_old_signature_is_turned_away(
    door: Door, forge: Callable[[], str]
) -> None:
    response = await door.post(HOOK, json=event(), headers={JAMBONZ_HEADER: forge()})
    assert response.status_code == 403
    assert door.messages == []


async def test_a_secret_that_changes_is_signed_with_both(door: Door) -> None:
    right = signed(event())[JAMBONZ_HEADER]
    time_part, _, signature = right.partition(",")
    both = f"{time_part},v1={'0' * 64},{signature}"
    assert (await door.post(HOOK, json=event(), headers={JAMBONZ_HEADER: both})).status_code == 200


async def test_without_a_secret_nobody_is_let_in() -> None:
    door = Door(Jambonz(settings_for(jambonz_webhook_secret="")))
    headers = signed(event(), secret="")
    assert (await door.post(HOOK, json=event(), headers=headers)).status_code == 403


async def test_what_is_no_object_is_turned_away(door: Door) -> None:
    assert (await door.post(HOOK, json=[1], headers=signed([1]))).status_code == 400


async def answer(door: Door, *replies: Reply, language: str = "ko", ended: bool = False) -> Any:
    door.answer = Answer("c1", language, "bot", replies, ended)
    body = speech("네", 0.9)
    response = await door.post(f"{HOOK}?turn=3", json=body, headers=signed(body))
    return response.json()


async def test_the_bot_asks_and_listens(door: Door) -> None:
    choices = (Choice("1", "도로 파손"), Choice("2", "불법주차"))
    assert await answer(door, Reply("안내: https://a.kr"), Reply("무엇인가요?", choices)) == [
        {
            "verb": "gather",
            "actionHook": f"{PUBLIC_URL}{HOOK}?turn=4",
            "input": ["speech", "digits"],
            "timeout": 6,
            "finishOnKey": "#",
            "interDigitTimeout": 3,
            "bargein": True,
            "dtmfBargein": True,
            "listenDuringPrompt": True,
            "say": {
                "text": "안내. 무엇인가요? 도로 파손은 1번, 불법주차는 2번.",
                "synthesizer": {"vendor": "default", "language": "ko-KR"},
            },
            "numDigits": 1,
            "speechTimeout": 2,
            "recognizer": {
                "vendor": "default",
                "language": "ko-KR",
                "hints": ["도로 파손", "불법주차"],
            },
        }
    ]


async def test_slow_words_and_keys_alone(door: Door) -> None:
    reply = Reply("Where is it? Press the number.", slow=True, keys_only=True)
    (gather,) = await answer(door, reply, language="en")
    assert gather["input"] == ["digits"]
    assert gather["bargein"] is False
    assert "recognizer" not in gather
    assert gather["maxDigits"] == 20
    assert gather["say"] == {
        "text": "Where is, it? Press the, number.",
        "synthesizer": {"vendor": "default", "language": "en-US"},
    }


async def test_an_ended_talk_hangs_up(door: Door) -> None:
    voice = {"vendor": "default", "language": "ko-KR"}
    assert await answer(door, Reply("안녕히 계세요."), ended=True) == [
        {"verb": "say", "text": "안녕히 계세요.", "synthesizer": voice}, {"verb": "hangup"},
    ]  # fmt: skip
    assert await answer(door, ended=True) == [{"verb": "hangup"}]


async def test_a_transfer_dials_the_agents() -> None:
    door = Door(Jambonz(settings_for(agent_number=AGENTS)))
    _, dial = await answer(door, Reply("연결할게요.", transfer=True))
    assert dial == {
        "verb": "dial",
        "target": [{"type": "phone", "number": AGENTS}],
        "timeout": 30,
        "actionHook": f"{PUBLIC_URL}/channels/jambonz/transfer?turn=4",
    }


async def test_nothing_can_be_pushed_into_a_call() -> None:
    voice = Jambonz(settings_for())
    with pytest.raises(Rejected):
        await voice.send(Outgoing(1, CITIZEN, "안녕하세요"))
    await voice.close()
