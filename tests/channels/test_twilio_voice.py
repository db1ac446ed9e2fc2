"""Calls through Twilio: each turn's form, what is handed over, and the TwiML that is spoken."""

from typing import Any
from xml.etree import ElementTree

import pytest

from channels.base import Rejected
from channels.message import Answer, Choice, Incoming, Outgoing, Reply
from channels.twilio_voice import TwilioVoice
from tests.channels.conftest import ACCOUNT, CITIZEN, OUR_NUMBER, PUBLIC_URL, Door, settings_for

CALL = "CA00000000000000000000000000000001"
VOICE = "/channels/twilio/voice"
AGENTS = "+8225550100"


def turn(**changed: str) -> dict[str, str]:
    """The form of one request during a call."""
    form = {
        "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "CallSid": CALL, "Called": OUR_NUMBER,
        "CallStatus": "in-progress", "Caller": CITIZEN, "Direction": "inbound", "From": CITIZEN,
        "To": OUR_NUMBER,
    }  # fmt: skip
    return {**form, **changed}


def said(external_id: str, text: str = "", **changed: Any) -> Incoming:
    values = {"scheme": "phone", "address": CITIZEN, "phone": CITIZEN, **changed}
    return Incoming("voice", external_id=external_id, text=text, **values)


@pytest.fixture
def door() -> Door:
    return Door(TwilioVoice(settings_for()))


async def speak(door: Door, *replies: Reply, language: str = "ko", ended: bool = False,
                query: str = "?turn=3") -> ElementTree.Element:  # fmt: skip
    """Let the bot answer a turn with `replies` and return the TwiML."""
    door.answer = Answer("c1", language, "bot", replies, ended)
    response = await door.twilio(VOICE + query, turn(SpeechResult="네"))
    assert response.headers["content-type"].startswith("text/xml")
    return ElementTree.fromstring(response.text)


@pytest.mark.parametrize(
    ("query", "changed", "message"),
    [
        ("", {"CallStatus": "ringing"}, said(f"{CALL}:0", kind="start")),
        ("?turn=0", {}, said(f"{CALL}:0", kind="start")),
        ("?turn=1", {"SpeechResult": "가로등이 꺼졌어요", "Confidence": "0.87"},
         said(f"{CALL}:1", "가로등이 꺼졌어요", kind="speech", confidence=0.87)),
        ("?turn=2", {"SpeechResult": "네"}, said(f"{CALL}:2", "네", kind="speech")),
        ("?turn=2", {"SpeechResult": "네", "Confidence": "high"},
         said(f"{CALL}:2", "네", kind="speech")),
        ("?turn=2", {"SpeechResult": "네", "Confidence": "nan"},
         said(f"{CALL}:2", "네", kind="speech")),
        ("?turn=2", {"SpeechResult": "네", "Confidence": "0.0"},
         said(f"{CALL}:2", "네", kind="speech")),
        ("?turn=3", {"Digits": "20260000001", "FinishedOnKey": "#"},
         said(f"{CALL}:3", "20260000001", kind="keys")),
        ("?turn=4", {}, said(f"{CALL}:4", kind="silence")),
        ("?turn=4", {"SpeechResult": ""}, said(f"{CALL}:4", kind="silence")),
        ("?turn=x", {}, said(f"{CALL}:0", kind="start")),
        ("?turn=5", {"CallStatus": "completed"}, said(f"{CALL}:end", kind="hangup")),
        ("", {"From": "anonymous"},
         said(f"{CALL}:0", kind="start", scheme="call", address=CALL, phone=None)),
        ("", {"From": "+266696687"},
         said(f"{CALL}:0", kind="start", scheme="call", address=CALL, phone=None)),
        ("?turn=1", {"From": "", "Digits": "1"},
         said(f"{CALL}:1", "1", kind="keys", scheme="call", address=CALL, phone=None)),
    ],
)  # fmt: skip
async def test_a_turn_comes_in(
    door: Door, query: str, changed: dict[str, str], message: Incoming
) -> None:
    response = await door.twilio(VOICE + query, turn(**changed))
    assert response.status_code == 200
    assert door.messages == [message]


async def test_speech_without_a_turn_has_the_providers_id(door: Door) -> None:
    token = {"I-Twilio-Idempotency-Token": "6d7c"}
    await door.twilio(VOICE, turn(SpeechResult="네"), **token)
    await door.twilio(VOICE, turn(SpeechResult="네"), **token)
    await door.twilio(VOICE, turn(SpeechResult="네"))
    ids = [message.external_id for message in door.messages]
    assert ids[0] == ids[1] == f"{CALL}:6d7c"
    assert ids[2] not in (ids[0], f"{CALL}:0")


@pytest.mark.parametrize("path", ["", "?turn=1", "/status", "/transfer"])
@pytest.mark.parametrize("headers", [{}, {"X-Twilio-Signature": "Zm9yZ2Vk"}])
async def test_a_forged_request_changes_nothing(
    door: Door, path: str, headers: dict[str, str]
) -> None:
    response = await door.post(VOICE + path, data=turn(CallStatus="completed"), headers=headers)
    assert response.status_code == 403
    assert door.messages == []


async def test_the_bot_asks_and_listens(door: Door) -> None:
    choices = (Choice("road", "도로 파손"), Choice("park", "불법주차"))
    document = await speak(door, Reply("안내: https://a.kr"), Reply("무엇인가요?", choices))
    (gather,) = document
    assert gather.tag == "Gather"
    assert gather.attrib == {
        "input": "speech dtmf",
        "action": f"{PUBLIC_URL}{VOICE}?turn=4",
        "method": "POST",
        "actionOnEmptyResult": "true",
        "bargeIn": "true",
        "language": "ko-KR",
        "timeout": "6",
        "speechTimeout": "auto",
        "numDigits": "1",
        "hints": "도로 파손,불법주차",
    }
    says = list(gather)
    assert [say.text for say in says] == [
        "안내.", "무엇인가요?", "도로 파손은 1번, 불법주차는 2번.",
    ]  # fmt: skip
    assert says[0].attrib == {"voice": "Polly.Seoyeon", "language": "ko-KR"}


@pytest.mark.parametrize("language", ["en", "vi"])
async def test_other_languages_are_spoken_in_english(door: Door, language: str) -> None:
    document = await speak(door, Reply("Ok?", (Choice("10", "yes"),)), language=language)
    (gather,) = document
    assert gather.get("language") == "en-US"
    assert gather.get("numDigits") is None  # ten can't be one key
    assert [say.attrib for say in gather] == [{"voice": "Polly.Joanna", "language": "en-US"}] * 2
    assert [say.text for say in gather] == ["Ok?", "yes, press 10."]


async def test_the_spoken_form_is_said(door: Door) -> None:
    (gather,) = await speak(door, Reply("P-2026-0000001", spoken="이공이육, 공공공, 공공공일"))
    assert [say.text for say in gather] == ["이공이육, 공공공, 공공공일."]


async def test_a_silent_bot_asks_to_wait_and_keeps_listening(door: Door) -> None:
    (gather,) = await speak(door)
    assert gather.tag == "Gather"
    assert [say.text for say in gather] == ["잠시만 기다려 주세요."]


async def test_an_ended_conversation_hangs_up(door: Door) -> None:
    document = await speak(door, Reply("안녕히 계세요."), ended=True)
    assert [verb.tag for verb in document] == ["Say", "Hangup"]


async def test_a_transfer_dials_the_agents() -> None:
    door = Door(TwilioVoice(settings_for(agent_number=AGENTS)))
    document = await speak(door, Reply("상담사에게 연결할게요.", transfer=True))
    say, dial = document
    assert say.text == "상담사에게 연결할게요."
    assert (dial.tag, dial.text) == ("Dial", AGENTS)
    assert dial.attrib == {
        "action": f"{PUBLIC_URL}{VOICE}/transfer?turn=4", "method": "POST", "timeout": "30",
    }  # fmt: skip


class Desk(Door):
    """A door whose bot transfers, and goes on talking once it hears that nobody answered."""

    async def answered(self, message: Incoming) -> Answer:
        self.messages.append(message)
        lost = message.kind == "unanswered"
        reply = Reply("다시 전화드릴게요.") if lost else Reply("연결할게요.", transfer=True)
        return Answer("c1", "ko", "queue", (reply,))


async def test_without_agents_the_bot_hears_at_once_that_nobody_answered() -> None:
    door = Desk(TwilioVoice(settings_for()))
    response = await door.twilio(f"{VOICE}?turn=3", turn(SpeechResult="상담원"))
    (gather,) = ElementTree.fromstring(response.text)
    assert [say.text for say in gather] == ["다시 전화드릴게요."]
    assert [(m.kind, m.external_id) for m in door.messages] == [
        ("speech", f"{CALL}:3"), ("unanswered", f"{CALL}:3:nobody"),
    ]  # fmt: skip


@pytest.mark.parametrize("outcome", ["no-answer", "busy", "failed", "canceled", ""])
async def test_a_transfer_that_reaches_nobody_comes_back_to_the_bot(outcome: str) -> None:
    door = Desk(TwilioVoice(settings_for(agent_number=AGENTS)))
    response = await door.twilio(f"{VOICE}/transfer?turn=4", turn(DialCallStatus=outcome))
    (gather,) = ElementTree.fromstring(response.text)
    assert gather.get("action") == f"{PUBLIC_URL}{VOICE}?turn=5"
    assert door.messages == [said(f"{CALL}:4", kind="unanswered")]


@pytest.mark.parametrize(
    "form",
    [{"DialCallStatus": "completed"}, {"DialCallStatus": "answered"},
     {"DialCallStatus": "no-answer", "CallStatus": "completed"}],
    ids=["completed", "answered", "the caller hung up"],
)  # fmt: skip
async def test_a_transfer_that_people_took_ends_the_call(door: Door, form: dict[str, str]) -> None:
    response = await door.twilio(f"{VOICE}/transfer?turn=4", turn(**form))
    assert [verb.tag for verb in ElementTree.fromstring(response.text)] == ["Hangup"]
    assert door.messages == []


async def test_slow_words_are_said_slowly(door: Door) -> None:
    (gather,) = await speak(door, Reply("어디에서 <생긴> 일인가요?", slow=True))
    (say,) = gather
    (prosody,) = say
    assert (say.text, prosody.tag, prosody.get("rate")) == (None, "prosody", "80%")
    assert prosody.text == "어디에서 생긴 일인가요?"


async def test_keys_alone_are_heard_where_speech_failed(door: Door) -> None:
    (gather,) = await speak(door, Reply("눌러 주세요.", (Choice("1", "네"),), keys_only=True))
    assert gather.get("input") == "dtmf"
    assert gather.get("speechTimeout") is None


async def test_a_number_may_answer_in_its_own_language(door: Door) -> None:
    await door.twilio(f"{VOICE}?language=en", turn(CallStatus="ringing"))
    assert door.messages == [said(f"{CALL}:0", kind="start", language="en")]


@pytest.mark.parametrize("status", ["completed", "busy", "no-answer", "failed", "canceled"])
async def test_the_end_of_a_call(door: Door, status: str) -> None:
    response = await door.twilio(f"{VOICE}/status", turn(CallStatus=status, CallDuration="12"))
    assert response.status_code == 204
    assert door.messages == [said(f"{CALL}:end", kind="hangup")]


async def test_a_call_under_way_is_no_end(door: Door) -> None:
    assert (await door.twilio(f"{VOICE}/status", turn())).status_code == 204
    assert (await door.twilio(VOICE, {"From": CITIZEN})).text.endswith("<Response />")
    assert door.messages == []


async def test_what_xml_cannot_hold_is_left_out(door: Door) -> None:
    (gather,) = await speak(door, Reply("하나\x00\x0b 둘 <b> & 셋"))
    assert [say.text for say in gather] == ["하나 둘 비 그리고 셋."]


async def test_nothing_can_be_pushed_into_a_call() -> None:
    voice = TwilioVoice(settings_for())
    with pytest.raises(Rejected) as refused:
        await voice.send(Outgoing(1, CITIZEN, "안녕하세요"))
    assert refused.value.code == "voice-not-open"
    assert voice.pushes is False
    await voice.close()


async def test_a_korean_name_in_an_english_talk_is_for_the_korean_voice(door: Door) -> None:
    (gather,) = await speak(door, Reply("포은로 87."), Reply("Shall I file it?"), language="en")
    assert [say.get("voice") for say in gather] == ["Polly.Seoyeon", "Polly.Joanna"]
