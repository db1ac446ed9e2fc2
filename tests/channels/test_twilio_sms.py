"""SMS through Twilio: forms as Twilio posts them, the TwiML back, the requests of its REST API."""

import base64
from xml.etree import ElementTree

import httpx
import pytest

from channels import transport
from channels.base import Rejected, Retryable, SendError, Stopped, Throttled, Unknown
from channels.message import (
    Answer,
    Choice,
    DeliveryState,
    Incoming,
    Outgoing,
    Reply,
    Sent,
    StatusUpdate,
)
from channels.twilio_sms import TwilioSms
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

SID = "SM00000000000000000000000000000001"
SMS = "/channels/twilio/sms"
STATUS = "/channels/twilio/status"
TEXT = "골목에 쓰레기 더미가 있어요"


def inbound(**changed: str) -> dict[str, str]:
    """The form of an incoming message."""
    form = {
        "ToCountry": "US", "ToState": "", "SmsMessageSid": SID, "NumMedia": "0", "ToCity": "",
        "FromZip": "", "SmsSid": SID, "FromState": "", "SmsStatus": "received", "FromCity": "",
        "Body": TEXT, "FromCountry": "KR", "To": OUR_NUMBER, "ToZip": "", "NumSegments": "1",
        "MessageSid": SID, "AccountSid": ACCOUNT, "From": CITIZEN, "ApiVersion": "2010-04-01",
    }  # fmt: skip
    return {**form, **changed}


def expected(text: str) -> Incoming:
    return Incoming("sms", "phone", CITIZEN, SID, text, phone=CITIZEN)


@pytest.fixture
def door() -> Door:
    return Door(TwilioSms(settings_for()))


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, TEXT),
        ({"Body": "nul\x00 and \x01 bell"}, "nul and  bell"),
        ({"Body": ""}, ""),
        ({"Body": "a" * 1600}, "a" * 1600),
        ({"Body": "두 줄\n이에요 😀"}, "두 줄\n이에요 😀"),
        ({"Body": "Arrêt", "OptOutType": "STOP"}, "STOP"),
        ({"Body": "unstop", "OptOutType": "START"}, "START"),
        ({"Body": "info", "OptOutType": "HELP"}, "HELP"),
        ({"Body": "x", "AddOns": "{}", "ANewParameter": "1"}, "x"),
    ],
)
async def test_a_message_comes_in(door: Door, changed: dict[str, str], text: str) -> None:
    response = await door.twilio(SMS, inbound(**changed))
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/xml")
    assert door.messages == [expected(text)]


@pytest.mark.parametrize("sender", ["12345", "SEOUL", "", "+0123456789", "whatsapp:+821012345678"])
async def test_who_cannot_be_answered_is_not_heard(door: Door, sender: str) -> None:
    response = await door.twilio(SMS, inbound(From=sender))
    assert response.text.endswith("<Response />")
    assert door.messages == []


@pytest.mark.parametrize("path", [SMS, STATUS])
@pytest.mark.parametrize("headers", [{}, {"X-Twilio-Signature": "Zm9yZ2Vk"}])
async def test_a_forged_request_changes_nothing(
    door: Door, path: str, headers: dict[str, str]
) -> None:
    response = await door.post(path, data=inbound(MessageStatus="delivered"), headers=headers)
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    assert door.messages == []
    assert door.statuses == []


async def test_a_signature_of_another_body_is_forged(door: Door) -> None:
    signed = await door.twilio(SMS, inbound())
    signature = signed.request.headers["X-Twilio-Signature"]
    changed = inbound(Body="다른 말")
    response = await door.post(SMS, data=changed, headers={"X-Twilio-Signature": signature})
    assert response.status_code == 403
    assert len(door.messages) == 1


async def test_replies_are_messages_with_our_callback(door: Door) -> None:
    choices = (Choice("yes", "네"), Choice("no", "아니요"))
    long = "가" * 1590 + ". " + "나" * 100
    replies = (
        Reply("접수할까요? <&>", choices, delivery=41),
        Reply(long, delivery=42),
        Reply("끝"),
    )
    door.answer = Answer("c1", "ko", "bot", replies)
    response = await door.twilio(SMS, inbound())
    messages = list(ElementTree.fromstring(response.text))
    assert [m.tag for m in messages] == ["Message"] * 4
    texts = [m.text or "" for m in messages]
    assert texts[0] == "접수할까요? <&>\n1. 네\n2. 아니요"
    assert texts[1] + texts[2] == long
    assert max(map(len, texts)) <= 1600
    assert texts[3] == "끝"
    callback = f"{PUBLIC_URL}{STATUS}?delivery="
    found = [m.get("statusCallback") for m in messages]
    assert found == [callback + "41", callback + "42", callback + "42", None]


@pytest.mark.parametrize("replies", [(), (Reply(""),), (Reply("\x0b\x00 "),)])
async def test_silence_is_an_empty_response(door: Door, replies: tuple[Reply, ...]) -> None:
    door.answer = Answer("c1", "ko", "agent", replies)
    response = await door.twilio(SMS, inbound())
    assert response.text == '<?xml version="1.0" encoding="UTF-8"?><Response />'


async def test_the_same_message_is_answered_alike(door: Door) -> None:
    first = await door.twilio(SMS, inbound())
    again = await door.twilio(SMS, inbound(), **{"I-Twilio-Idempotency-Token": "t-2"})
    assert first.text == again.text
    assert door.messages == [expected(TEXT)] * 2  # the same id twice: the service sees to it


def callback(status: str, **changed: str) -> dict[str, str]:
    form = {
        "SmsSid": SID, "SmsStatus": status, "MessageStatus": status, "To": CITIZEN,
        "MessageSid": SID, "AccountSid": ACCOUNT, "From": OUR_NUMBER, "ApiVersion": "2010-04-01",
    }  # fmt: skip
    return {**form, **changed}


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("accepted", DeliveryState.ACCEPTED),
        ("scheduled", DeliveryState.ACCEPTED),
        ("queued", DeliveryState.ACCEPTED),
        ("sending", DeliveryState.ACCEPTED),
        ("sent", DeliveryState.SENT),
        ("delivered", DeliveryState.DELIVERED),
        ("read", DeliveryState.DELIVERED),
        ("undelivered", DeliveryState.FAILED),
        ("failed", DeliveryState.FAILED),
        ("canceled", DeliveryState.FAILED),
    ],
)
async def test_status_words(door: Door, word: str, state: DeliveryState) -> None:
    response = await door.twilio(f"{STATUS}?delivery=17", callback(word))
    assert response.status_code == 204
    assert door.statuses == [StatusUpdate("sms", state, 17, SID)]


async def test_a_failure_says_why(door: Door) -> None:
    await door.twilio(STATUS, callback("undelivered", ErrorCode="30003"))
    assert door.statuses == [StatusUpdate("sms", DeliveryState.FAILED, None, SID, "30003")]


@pytest.mark.parametrize("word", ["partially_delivered", "received", "teleported", ""])
async def test_other_words_are_passed_over(door: Door, word: str) -> None:
    response = await door.twilio(f"{STATUS}?delivery=17", callback(word))
    assert response.status_code == 204
    assert door.statuses == []


@pytest.mark.parametrize("query", ["?delivery=x", "?delivery=", "?delivery=-1", "?delivery=１"])
async def test_a_strange_delivery_leaves_the_sid(door: Door, query: str) -> None:
    path = httpx.URL(STATUS + query).raw_path.decode()
    await door.twilio(path, callback("sent"))
    assert door.statuses == [StatusUpdate("sms", DeliveryState.SENT, None, SID)]


def created(sid: str) -> dict[str, object]:
    """The answer of the Messages API to a message it took."""
    return {
        "account_sid": ACCOUNT, "api_version": "2010-04-01", "body": TEXT,
        "date_created": "Thu, 24 Aug 2026 05:01:45 +0000", "date_sent": None,
        "date_updated": "Thu, 24 Aug 2026 05:01:45 +0000", "direction": "outbound-api",
        "error_code": None, "error_message": None, "from": OUR_NUMBER, "num_media": "0",
        "num_segments": "1", "price": None, "price_unit": None, "messaging_service_sid": None,
        "sid": sid, "status": "queued", "to": CITIZEN, "subresource_uris": {}, "uri": "/",
    }  # fmt: skip


@pytest.fixture
def sms(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> TwilioSms:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.3)
    return TwilioSms(settings_for(twilio_api_url=provider.url))


def outgoing(text: str = TEXT, choices: tuple[Choice, ...] = ()) -> Outgoing:
    return Outgoing(99, CITIZEN, text, choices)


async def test_a_message_goes_out(sms: TwilioSms, provider: Provider) -> None:
    provider.answers(201, created(SID))
    assert await sms.send(outgoing("무엇인가요?", (Choice("a", "도로"),))) == Sent((SID,), 1)
    (call,) = provider.calls
    assert call.method == "POST"
    assert call.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert call.form == {
        "To": CITIZEN,
        "From": OUR_NUMBER,
        "Body": "무엇인가요?\n1. 도로",
        "StatusCallback": f"{PUBLIC_URL}{STATUS}?delivery=99",
    }
    key = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    assert call.headers["authorization"] == f"Basic {key}"
    await sms.close()


async def test_every_part_has_its_own_id(sms: TwilioSms, provider: Provider) -> None:
    for sid in ("SM1", "SM2", "SM3"):
        provider.answers(201, created(sid))
    text = "😀" * 2000
    assert await sms.send(outgoing(text)) == Sent(("SM1", "SM2", "SM3"), 3)
    assert "".join(call.form["Body"] for call in provider.calls) == text
    assert all(len(call.form["Body"].encode("utf-16-le")) <= 3200 for call in provider.calls)


def failure(code: int, status: int) -> dict[str, object]:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return {"code": code, "message": "in words", "more_info": more, "status": status}


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "code", "wait"),
    [
        (400, failure(21211, 400), {}, Rejected, "21211", None),
        (400, failure(21614, 400), {}, Rejected, "21614", None),
        (400, failure(21610, 400), {}, Stopped, "21610", None),
        (403, failure(21408, 403), {}, Rejected, "21408", None),
        (404, "not json", {}, Rejected, "404", None),
        (401, failure(20003, 401), {}, Retryable, "20003", None),
        (429, failure(20429, 429), {}, Throttled, "20429", None),
        (429, failure(20429, 429), {"Retry-After": "7"}, Throttled, "20429", 7.0),
        (429, "", {"Retry-After": "soon"}, Throttled, "429", None),
        (429, "", {"Retry-After": "Thu, 01 Jan 2026 00:00:00 GMT"}, Throttled, "429", 0.0),
        (400, failure(21611, 400), {}, Throttled, "21611", None),
        (503, failure(20503, 503), {"Retry-After": "2.5"}, Retryable, "20503", 2.5),
        (500, failure(20500, 500), {}, Unknown, "20500", None),
        (502, "<html>", {}, Unknown, "502", None),
        (504, "", {}, Unknown, "504", None),
        (201, {"no": "sid"}, {}, Unknown, "unreadable-answer", None),
        (201, "not json", {}, Unknown, "unreadable-answer", None),
    ],
)
async def test_what_an_answer_means(
    sms: TwilioSms,
    provider: Provider,
    status: int,
    body: object,
    headers: dict[str, str],
    kind: type[SendError],
    code: str,
    wait: float | None,
) -> None:
    provider.answers(status, body, **headers)
    with pytest.raises(SendError) as failed:
        await sms.send(outgoing())
    assert type(failed.value) is kind
    assert (failed.value.code, failed.value.retry_after) == (code, wait)


async def test_a_lost_answer_is_unknown(sms: TwilioSms, provider: Provider) -> None:
    provider.hangs()
    with pytest.raises(Unknown) as failed:
        await sms.send(outgoing())
    assert failed.value.code == "timeout"
    provider.drops()
    with pytest.raises(Unknown) as failed:
        await sms.send(outgoing())
    assert failed.value.code == "connection-lost"
    assert len(provider.calls) == 2


async def test_without_a_connection_nothing_was_sent() -> None:
    closed = TwilioSms(settings_for(twilio_api_url="http://127.0.0.1:9"))
    with pytest.raises(Retryable) as failed:
        await closed.send(outgoing())
    assert failed.value.code == "no-connection"


async def test_half_a_message_is_never_started_again(sms: TwilioSms, provider: Provider) -> None:
    provider.answers(201, created("SM1"))
    provider.answers(429, failure(20429, 429))
    with pytest.raises(Unknown) as failed:
        await sms.send(outgoing("가" * 3000))
    assert failed.value.code == "partial-20429"


async def test_an_empty_message_is_not_sent(sms: TwilioSms, provider: Provider) -> None:
    with pytest.raises(Rejected):
        await sms.send(outgoing(" \x00\n"))
    assert provider.calls == []
