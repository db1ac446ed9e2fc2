"""SMS through Twilio: forms as Twilio posts them, the TwiML back, the requests of its REST API."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from twilio.request_validator import RequestValidator

from channels import transport
from channels.base import Content, Rejected, Retryable, SendError, Stopped, Throttled, Unknown
from channels.message import (
    Answer,
    Choice,
    DeliveryState,
    Incoming,
    Opted,
    Outgoing,
    Reply,
    Sent,
    StatusUpdate,
)
from channels.twilio_sms import RESERVED, TwilioSms
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

SID = "SM00000000000000000000000000000001"
SMS = "/channels/twilio/sms"
STATUS = "/channels/twilio/status"
TEXT = "골목에 쓰레기 더미가 있어요"
ABROAD = "+12025550123"
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
KEY = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()


def inbound(**changed: str) -> dict[str, str]:
    """The form of an incoming message."""
    form = {
        "ToCountry": "US", "ToState": "", "SmsMessageSid": SID, "NumMedia": "0", "ToCity": "",
        "FromZip": "", "SmsSid": SID, "FromState": "", "SmsStatus": "received", "FromCity": "",
        "Body": TEXT, "FromCountry": "KR", "To": OUR_NUMBER, "ToZip": "", "NumSegments": "1",
        "MessageSid": SID, "AccountSid": ACCOUNT, "From": CITIZEN, "ApiVersion": "2010-04-01",
    }  # fmt: skip
    return {**form, **changed}


def heard(text: str, opted: Opted | None = None, sender: str = CITIZEN) -> Incoming:
    return Incoming(
        "sms", "phone", sender, SID, text, phone=sender, provider="twilio", opted=opted
    )  # fmt: skip


def callback(status: str, **changed: str) -> dict[str, str]:
    form = {
        "SmsSid": SID, "SmsStatus": status, "MessageStatus": status, "To": CITIZEN,
        "MessageSid": SID, "AccountSid": ACCOUNT, "From": OUR_NUMBER, "ApiVersion": "2010-04-01",
    }  # fmt: skip
    return {**form, **changed}


def word(
    state: DeliveryState | None,
    delivery: int | None = 17,
    code: str | None = None,
    parts: int | None = 2,
) -> StatusUpdate:
    return StatusUpdate("sms", state, delivery, SID, code, "twilio", parts)


def sign(case: Heard) -> dict[str, str]:
    assert case.form is not None
    url = PUBLIC_URL + case.path
    return {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(url, case.form)}


OURS = f"{STATUS}?delivery=17&parts=2"
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response />'

HEARD = [
    Heard("a text", SMS, inbound(), messages=(heard(TEXT),)),
    Heard("controls are dropped", SMS, inbound(Body="nul\x00 and \x01 bell"),
          messages=(heard("nul and  bell"),)),
    Heard("an empty text", SMS, inbound(Body=""), messages=(heard(""),)),
    Heard("the longest text", SMS, inbound(Body="a" * 1600), messages=(heard("a" * 1600),)),
    Heard("lines and emoji", SMS, inbound(Body="두 줄\n이에요 😀"),
          messages=(heard("두 줄\n이에요 😀"),)),
    Heard("new parameters", SMS, inbound(Body="x", AddOns="{}", ANewParameter="1"),
          messages=(heard("x"),)),
    Heard("stop in another language", SMS, inbound(Body="Arrêt", OptOutType="STOP"),
          messages=(heard("STOP", "stop"),)),
    Heard("start again", SMS, inbound(Body="unstop", OptOutType="START"),
          messages=(heard("START", "start"),)),
    Heard("help", SMS, inbound(Body="info", OptOutType="HELP"), messages=(heard("HELP", "help"),)),
    Heard("stop without advanced opt-out", SMS, inbound(Body=" Stop "),
          messages=(heard(" Stop ", "stop"),)),
    Heard("a word in a sentence", SMS, inbound(Body="please stop the noise"),
          messages=(heard("please stop the noise"),)),
    Heard("an unknown opt-out", SMS, inbound(Body="x", OptOutType="MAYBE"),
          messages=(heard("x"),)),
    *(Heard(f"nobody to answer: {sender}", SMS, inbound(From=sender), body=EMPTY)
      for sender in ("12345", "SEOUL", "", "+0123456789", "whatsapp:+821012345678")),
    *(Heard(f"status {name}", OURS, callback(name), statuses=(word(state),), status=204)
      for name, state in (
          ("accepted", DeliveryState.ACCEPTED), ("scheduled", DeliveryState.ACCEPTED),
          ("queued", DeliveryState.ACCEPTED), ("sending", DeliveryState.ACCEPTED),
          ("sent", DeliveryState.SENT), ("delivered", DeliveryState.DELIVERED),
          ("read", DeliveryState.DELIVERED), ("undelivered", DeliveryState.FAILED),
          ("failed", DeliveryState.FAILED), ("canceled", DeliveryState.FAILED))),
    Heard("why it failed", STATUS, callback("undelivered", ErrorCode="30003"),
          statuses=(word(DeliveryState.FAILED, None, "30003", None),), status=204),
    *(Heard(f"not a status: {name}", OURS, callback(name), status=204)
      for name in ("partially_delivered", "received", "")),
    Heard("an unknown word is kept", OURS, callback("teleported"),
          statuses=(word(None, code="teleported"),), status=204),
    *(Heard(f"not our id: {query}", STATUS + query, callback("sent"),
            statuses=(word(DeliveryState.SENT, None, parts=None),), status=204)
      for query in ("?delivery=x", "?delivery=", "?delivery=-1", "?delivery=1" + "0" * 30,
                    "?delivery=%EF%BC%91")),
]  # fmt: skip


@pytest.fixture
def door() -> Door:
    return Door(TwilioSms(settings_for()))


@pytest.mark.parametrize("case", HEARD, ids=str)
async def test_what_twilio_posts(door: Door, case: Heard) -> None:
    response = await hear(door, case, sign)
    if case.status == 200:
        assert response.headers["content-type"].startswith("text/xml")


@pytest.mark.parametrize("reserved", RESERVED)
async def test_twilios_words_are_marked_as_obeyed(door: Door, reserved: str) -> None:
    await door.twilio(SMS, inbound(Body=reserved.lower()))
    assert [message.opted for message in door.messages] == [RESERVED[reserved]]


async def test_a_signature_of_another_body_is_forged(door: Door) -> None:
    signed = await door.twilio(SMS, inbound())
    signature = signed.request.headers["X-Twilio-Signature"]
    changed = inbound(Body="다른 말")
    response = await door.post(SMS, data=changed, headers={"X-Twilio-Signature": signature})
    assert response.status_code == 403
    assert len(door.messages) == 1


async def test_a_status_may_come_as_json_with_the_hash_of_its_body(door: Door) -> None:
    body = json.dumps(callback("delivered"))
    digest = RequestValidator(TOKEN).compute_hash(body)
    path = f"{OURS}&bodySHA256={digest}"
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + path, {})
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/json"}
    response = await door.post(path, content=body, headers=headers)
    assert response.status_code == 204
    assert door.statuses == [word(DeliveryState.DELIVERED)]
    other = await door.post(path, content=body.replace("delivered", "failed"), headers=headers)
    assert other.status_code == 403
    assert len(door.statuses) == 1


async def test_replies_are_messages_with_our_callback(door: Door) -> None:
    choices = (Choice("a", "네"), Choice("b", "아니요"))
    long = "가" * 1590 + ". " + "나" * 100
    replies = (
        Reply("접수할까요? <&> 😀", choices, delivery=41),
        Reply(long, delivery=42),
        Reply("끝"),
    )
    door.answer = Answer("c1", "ko", "bot", replies)
    response = await door.twilio(SMS, inbound())
    messages = list(ElementTree.fromstring(response.text))
    assert [m.tag for m in messages] == ["Message"] * 4
    texts = [m.text or "" for m in messages]
    assert texts[0] == "접수할까요? <&> 😀\n1. 네\n2. 아니요"
    assert texts[1] + texts[2] == long
    assert max(map(len, texts)) <= 1600
    assert texts[3] == "끝"
    ours = f"{PUBLIC_URL}{STATUS}?delivery="
    found = [m.get("statusCallback") for m in messages]
    assert found == [ours + "41&parts=1", ours + "42&parts=2", ours + "42&parts=2", None]


@pytest.mark.parametrize("replies", [(), (Reply(""),), (Reply("\x0b\x00 "),)])
async def test_silence_is_an_empty_response(door: Door, replies: tuple[Reply, ...]) -> None:
    door.answer = Answer("c1", "ko", "agent", replies)
    response = await door.twilio(SMS, inbound())
    assert response.text == EMPTY


async def test_the_same_message_is_answered_alike(door: Door) -> None:
    first = await door.twilio(SMS, inbound())
    again = await door.twilio(SMS, inbound(), **{"I-Twilio-Idempotency-Token": "t-2"})
    assert first.text == again.text
    assert door.messages == [heard(TEXT)] * 2  # the same id twice: the service sees to it


def created(sid: str, status: str = "queued", **changed: Any) -> dict[str, Any]:
    """A Message as the API returns it."""
    message: dict[str, Any] = {
        "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": TEXT,
        "date_created": "Thu, 24 Aug 2026 05:01:45 +0000", "date_sent": None,
        "date_updated": "Thu, 24 Aug 2026 05:01:45 +0000", "direction": "outbound-api",
        "error_code": None, "error_message": None, "from": OUR_NUMBER, "num_media": "0",
        "num_segments": "1", "price": None, "price_unit": None, "messaging_service_sid": None,
        "sid": sid, "status": status, "to": CITIZEN, "subresource_uris": {}, "uri": "/",
    }  # fmt: skip
    return {**message, **changed}


def asked(body: str, answer: tuple[int, Any] | str, to: str = CITIZEN, parts: int = 1,
          **headers: str) -> Asked:  # fmt: skip
    form = {
        "To": to,
        "From": OUR_NUMBER,
        "Body": body,
        "StatusCallback": f"{PUBLIC_URL}{STATUS}?delivery=99&parts={parts}",
    }
    return Asked(
        MESSAGES, form, headers={"Authorization": f"Basic {KEY}"}, answer=answer,
        answer_headers=headers,
    )  # fmt: skip


def failure(code: int, status: int) -> tuple[int, dict[str, Any]]:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return status, {"code": code, "message": "in words", "more_info": more, "status": status}


def refused(name: str, answer: tuple[int, Any] | str, error: SendError, **headers: str) -> Said:
    return Said(name, Outgoing(99, CITIZEN, TEXT), (asked(TEXT, answer, **headers),), error)


def ok(sid: str) -> tuple[int, dict[str, Any]]:
    return 201, created(sid)


LONG = "하" * 1600
SAID = [
    Said("with choices", Outgoing(99, CITIZEN, "무엇인가요?", (Choice("a", "도로"),)),
         (asked("무엇인가요?\n1. 도로", ok("SM1")),), Sent(("SM1",), 1, "twilio")),
    Said("with a photo", Outgoing(99, CITIZEN, "이 양식이에요.", photo_url="https://c.example/p"),
         (asked("이 양식이에요.\nhttps://c.example/p", ok("SM1")),), Sent(("SM1",), 1, "twilio")),
    Said("in three parts", Outgoing(99, ABROAD, "😀" * 2000),
         (asked("😀" * 800, ok("SM1"), ABROAD, 3), asked("😀" * 800, ok("SM2"), ABROAD, 3),
          asked("😀" * 400, ok("SM3"), ABROAD, 3)), Sent(("SM1", "SM2", "SM3"), 3, "twilio")),
    Said("only the part that is missing", Outgoing(99, CITIZEN, LONG + "끝", skip=1),
         (asked("끝", ok("SM2"), parts=2),), Sent(("SM2",), 2, "twilio")),
    Said("to Korea in its own characters", Outgoing(99, CITIZEN, "café – “9–6시” 😀"),
         (asked("cafe - “9-6시” □", ok("SM1")),), Sent(("SM1",), 1, "twilio")),
    Said("abroad as it is", Outgoing(99, ABROAD, "café – “9–6시” 😀"),
         (asked("café – “9–6시” 😀", ok("SM1"), ABROAD),), Sent(("SM1",), 1, "twilio")),
    Said("abroad in GSM-7 where a dash alone was in the way",
         Outgoing(99, ABROAD, "It’s open 9–6…"),
         (asked("It's open 9-6...", ok("SM1"), ABROAD),), Sent(("SM1",), 1, "twilio")),
    Said("never to Korea in a script that does not arrive",
         Outgoing(99, CITIZEN, "请问区政府怎么走"), (), Content("unwritable")),
    Said("nothing to say", Outgoing(99, CITIZEN, " \x00\n"), (), Content("empty")),
    refused("no such number", failure(21211, 400), Rejected("21211")),
    refused("a landline", failure(21614, 400), Rejected("21614")),
    refused("opted out", failure(21610, 400), Stopped("21610")),
    refused("a region that is off", failure(21408, 403), Rejected("21408")),
    refused("not json", (404, b"gone"), Rejected("404")),
    refused("json of another kind", (400, b'["x"]'), Rejected("400")),
    refused("wrong credentials", failure(20003, 401), Retryable("20003")),
    refused("too fast", failure(20429, 429), Throttled("20429")),
    refused("too fast, for seconds", failure(20429, 429), Throttled("20429", 7.0),
            **{"Retry-After": "7"}),
    refused("too fast, in words", (429, b""), Throttled("429"), **{"Retry-After": "soon"}),
    refused("too fast, until long ago", (429, b""), Throttled("429", 0.0),
            **{"Retry-After": "Thu, 01 Jan 2026 00:00:00 GMT"}),
    refused("the sender's queue is full", failure(21611, 400), Throttled("21611")),
    refused("an empty body", failure(21602, 400), Content("21602")),
    refused("unavailable", failure(20503, 503), Retryable("20503", 2.5),
            **{"Retry-After": "2.5"}),
    refused("broken", failure(20500, 500), Unknown("20500")),
    refused("a bad gateway", (502, b"<html>"), Unknown("502")),
    refused("a slow gateway", (504, b""), Unknown("504")),
    refused("no sid", (201, {"no": "sid"}), Unknown("unreadable-answer")),
    refused("no json", (201, b"taken"), Unknown("unreadable-answer")),
    refused("a lost answer", "hang", Unknown("timeout")),
    refused("a lost connection", "drop", Unknown("connection-lost")),
]  # fmt: skip


@pytest.fixture
async def sms(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TwilioSms]:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.3)
    opened = TwilioSms(settings_for(twilio_api_url=provider.url))
    yield opened
    await opened.close()


@pytest.mark.parametrize("case", SAID, ids=str)
async def test_what_we_ask_of_twilio(sms: TwilioSms, provider: Provider, case: Said) -> None:
    await say(sms, provider, case)


async def test_without_a_connection_nothing_was_sent() -> None:
    closed = TwilioSms(settings_for())
    with pytest.raises(Retryable) as failed:
        await closed.send(Outgoing(99, CITIZEN, TEXT))
    assert failed.value.code == "no-connection"
    await closed.close()


async def test_an_error_says_which_parts_are_out(sms: TwilioSms, provider: Provider) -> None:
    provider.answers(*ok("SM1"))
    provider.answers(*failure(20429, 429))
    with pytest.raises(Throttled) as failed:
        await sms.send(Outgoing(99, CITIZEN, "가" * 3000))
    assert (failed.value.sent, failed.value.parts) == (("SM1",), 2)


SINCE = datetime(2026, 8, 24, 5, 1, 30, tzinfo=UTC)


async def test_known_parts_are_asked_for_by_id(sms: TwilioSms, provider: Provider) -> None:
    provider.answers(200, created(SID, "undelivered", error_code=30003))
    found = await sms.look_up(Outgoing(17, CITIZEN, TEXT), [SID], SINCE)
    assert found == [word(DeliveryState.FAILED, code="30003", parts=1)]
    assert provider.calls[0].path == MESSAGES.replace(".json", f"/{SID}.json")


async def test_a_lost_answer_is_found_by_what_was_said(sms: TwilioSms, provider: Provider) -> None:
    page = [
        created("SMother", body="다른 말"),
        created("SMreply", direction="outbound-reply"),
        created(SID, "delivered"),
        created("SMold", date_created="Thu, 24 Aug 2026 04:00:00 +0000"),
        created("SMundated", date_created=None),
    ]
    provider.answers(200, {"messages": page})
    found = await sms.look_up(Outgoing(17, CITIZEN, TEXT), [], SINCE)
    assert found == [word(DeliveryState.DELIVERED, parts=1)]
    assert provider.calls[0].path == f"{MESSAGES}?{urlencode({'To': CITIZEN, 'PageSize': 50})}"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failure(20429, 429), Throttled),
        (failure(20003, 401), Retryable),
        ((200, b"not json"), Retryable),
        ("drop", Unknown),
    ],
)
async def test_who_cannot_be_asked(
    sms: TwilioSms, provider: Provider, answer: Any, error: type[SendError]
) -> None:
    if isinstance(answer, str):
        provider.script += [answer] * 2  # a question harms nobody: it is put again at once
    else:
        provider.script.append((*answer, {}))
    with pytest.raises(error):
        await sms.look_up(Outgoing(17, CITIZEN, TEXT), [SID], SINCE)


async def test_what_twilio_has_forgotten_is_left_out(sms: TwilioSms, provider: Provider) -> None:
    provider.answers(*failure(20404, 404))
    assert await sms.look_up(Outgoing(17, CITIZEN, TEXT), [SID], SINCE) == []
