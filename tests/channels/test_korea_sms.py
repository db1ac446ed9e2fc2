"""The domestic gateway: results and messages as they are pushed to us, and the requests we make."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from channels import transport
from channels.base import Content, Rejected, Retryable, SendError, Stopped, Throttled, Unknown
from channels.korea_sms import KoreaSms, international
from channels.message import Choice, DeliveryState, Incoming, Outgoing, Sent, StatusUpdate
from tests.channels.conftest import (
    CITIZEN,
    CITIZEN_AT_HOME,
    KOREA_HOOK,
    KOREA_KEY,
    KOREA_NUMBER,
    KOREA_SECRET,
    Door,
    Provider,
    settings_for,
)
from tests.channels.tables import Asked, Heard, Said, hear, say

RESULTS = "/channels/korea-sms/results"
MO = f"/channels/korea-sms/mo/{KOREA_HOOK}"
HEADER = {"X-Toast-Webhook-Signature": KOREA_HOOK}
TEXT = "골목에 쓰레기 더미가 있어요"
REQUEST = "20261029205802y0Tl7Gbz0e0"
ID = f"{REQUEST}:1"
SEND = f"/sms/v3.0/appKeys/{KOREA_KEY}/sender/"


def pushed(event: str, *hooks: Any) -> dict[str, Any]:
    """What NHN Cloud posts to a webhook."""
    return {
        "hooksId": "202610291010101010sadasdavas", "webhookConfigId": "w1", "productName": "SMS",
        "appKey": KOREA_KEY, "event": event, "hooks": list(hooks),
    }  # fmt: skip


def result(status: str, code: str = "1000", **changed: Any) -> dict[str, Any]:
    hook = {
        "hookId": "20261029205809GcSUXthVA00", "senderType": "NORMAL_SMS", "requestId": REQUEST,
        "recipientSeq": 1, "requestDate": "2026-10-29T20:58:02",
        "receiveDate": "2026-10-29T20:58:04", "sendNo": KOREA_NUMBER,
        "recipientNo": CITIZEN_AT_HOME, "messageStatus": status, "senderGroupingKey": "17",
        "recipientGroupingKey": "1/2", "resultCode": code, "messageCount": 1,
    }  # fmt: skip
    return {**hook, **changed}


def word(
    state: DeliveryState | None,
    code: str | None = None,
    delivery: int | None = 17,
    parts: int | None = 2,
) -> StatusUpdate:
    return StatusUpdate("sms", state, delivery, ID, code, "korea", parts)


def written(text: str = TEXT, key: str = "MO1", **changed: Any) -> dict[str, Any]:
    """One message of a carrier's push."""
    item = {
        "moKey": key, "moNumber": CITIZEN_AT_HOME, "moCallback": KOREA_NUMBER, "moType": "SMSMO",
        "moTitle": None, "moMsg": text, "telco": "SKT", "contentCnt": 0, "contentInfoLst": None,
        "moRecvDt": "2026-10-29 20:58:02",
    }  # fmt: skip
    return {**item, **changed}


def mo(*items: Any) -> dict[str, Any]:
    return {"moCnt": len(items), "moLst": list(items)}


def heard(text: str = TEXT, external: str = "korea:MO1", **more: Any) -> Incoming:
    return Incoming(
        "sms", "phone", CITIZEN, external, text, phone=CITIZEN, in_place=False,
        provider="korea", **more,
    )  # fmt: skip


UPDATE = "MESSAGE_RESULT_UPDATE"
RESULT_ROWS = [
    Heard(name, RESULTS, json=pushed(UPDATE, *hooks), headers={}, statuses=statuses, status=204)
    for name, hooks, statuses in (
        ("arrived", (result("COMPLETED"),), (word(DeliveryState.DELIVERED),)),
        ("done but not arrived", (result("COMPLETED", "2003"),),
         (word(DeliveryState.FAILED, "2003"),)),
        ("failed", (result("FAILED", "3003"),), (word(DeliveryState.FAILED, "3003"),)),
        ("failed without a code", (result("FAILED", ""),), (word(DeliveryState.FAILED),)),
        ("cancelled", (result("CANCEL", "E919"),), (word(DeliveryState.FAILED, "E919"),)),
        ("doubled", (result("DUPLICATED", "E915"),), (word(DeliveryState.FAILED, "E915"),)),
        ("kept back as an advertisement", (result("FAILED_AD", "E919"),),
         (word(DeliveryState.FAILED, "E919"),)),
        ("under way", (result("SENDING", ""),), (word(DeliveryState.ACCEPTED),)),
        ("two at once", (result("COMPLETED"), result("SENDING", "")),
         (word(DeliveryState.DELIVERED), word(DeliveryState.ACCEPTED))),
        ("with the misspelt key of the documentation",
         (result("COMPLETED", recipientGroupingKey=None, recipientGropuingKey="1/3"),),
         (word(DeliveryState.DELIVERED, parts=3),)),
        ("of a message that is not ours",
         (result("COMPLETED", senderGroupingKey="campaign", recipientGroupingKey=None),),
         (word(DeliveryState.DELIVERED, delivery=None, parts=None),)),
        ("unknown word", (result("TELEPORTED"),), (word(None, "TELEPORTED"),)),
        ("without a request", (result("COMPLETED", requestId=None),), ()),
        ("nothing at all", (), ()),
        ("not an object", ("x", None, 7), ()),
    )
]  # fmt: skip

REFUSAL = {
    "hookId": "H1", "recipientNo": CITIZEN_AT_HOME, "unsubscribeNo": "08012341234",
    "enterpriseName": "서울", "createdDateTime": "2026-10-29T11:25:10.000+09:00",
}  # fmt: skip
OTHER_ROWS = [
    Heard("a refusal by 080", RESULTS, json=pushed("UNSUBSCRIBE", REFUSAL),
          messages=(heard("", "korea:H1", kind="blocked"),), status=204),
    Heard("a refusal of nobody", RESULTS, json=pushed("UNSUBSCRIBE", {"hookId": "H1"}), status=204),
    Heard("another event", RESULTS, json=pushed("CONVERSION_BLOCK", {"hookId": "H1"}), status=204),
    Heard("hooks that are no list", RESULTS,
          json={**pushed(UPDATE), "hooks": "x"}, status=204),
]  # fmt: skip


@pytest.fixture
def door() -> Door:
    return Door(KoreaSms(settings_for()))


@pytest.mark.parametrize("case", RESULT_ROWS + OTHER_ROWS, ids=str)
async def test_what_the_gateway_reports(door: Door, case: Heard) -> None:
    await hear(door, case, lambda _: HEADER)


MO_ROWS = [
    (mo(written()), (heard(),)),
    (mo(written(moNumber="010-2987-6543")), (heard(),)),
    (mo(written(moNumber="821029876543")), (heard(),)),
    (mo(written("하나", "A"), written("둘", "B")),
     (heard("하나", "korea:A"), heard("둘", "korea:B"))),
    (mo(written("nul\x00 \ud800x")), (heard("nul x"),)),
    (mo(written(moMsg=None, contentCnt=1)), (heard(""),)),
    (mo(written("STOP")), (heard("STOP"),)),  # nobody has obeyed it yet
    (mo(written(moNumber="#1234")), ()),
    (mo(written(moNumber=None)), ()),
    (mo("x", None), ()),
    ({"moCnt": 0}, ()),
    ({"moLst": "x"}, ()),
]  # fmt: skip


@pytest.mark.parametrize(("body", "messages"), MO_ROWS)
async def test_what_citizens_write(
    door: Door, body: dict[str, Any], messages: tuple[Incoming, ...]
) -> None:
    response = await door.post(MO, content=json.dumps(body))
    assert response.status_code == 200
    assert response.json() == {"code": "10000", "message": "success"}
    assert tuple(door.messages) == messages


async def test_a_message_without_its_key_is_known_again(door: Door) -> None:
    for text in ("하나", "하나", "둘"):
        await door.post(MO, json=mo(written(text, key="")))
    first, again, other = (message.external_id for message in door.messages)
    assert first == again != other
    assert first.startswith("korea:")
    assert len(first) <= 86


@pytest.mark.parametrize("path", [RESULTS, "/channels/korea-sms/mo/forged", MO[:-1], MO + "x"])
@pytest.mark.parametrize("headers", [{}, {"X-Toast-Webhook-Signature": "forged"}])
async def test_a_stranger_changes_nothing(door: Door, path: str, headers: dict[str, str]) -> None:
    for body in (pushed(UPDATE, result("COMPLETED")), mo(written())):
        response = await door.post(path, json=body, headers=headers)
        assert response.status_code == 403
        assert response.headers["content-type"] == "application/problem+json"
    assert (door.messages, door.statuses) == ([], [])


@pytest.mark.parametrize("path", [RESULTS, "/channels/korea-sms/mo/"])
async def test_without_a_secret_nobody_passes(path: str) -> None:
    open_door = Door(KoreaSms(settings_for(korea_sms_webhook_secret="")))
    response = await open_door.post(path + ("x" if path.endswith("/") else ""), json=mo(written()))
    assert response.status_code == 403
    response = await open_door.post(RESULTS, json={}, headers={"X-Toast-Webhook-Signature": ""})
    assert response.status_code == 403


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 5000])
async def test_no_object_is_a_bad_request(door: Door, body: bytes) -> None:
    for path, headers in ((RESULTS, HEADER), (MO, {})):
        assert (await door.post(path, content=body, headers=headers)).status_code == 400


def taken(code: int = 0, **changed: Any) -> dict[str, Any]:
    """What the gateway answers when it took a message."""
    recipient = {
        "recipientNo": CITIZEN_AT_HOME, "resultCode": code, "resultMessage": "SUCCESS",
        "recipientSeq": 1, "recipientGroupingKey": "1/1",
    }  # fmt: skip
    data = {
        "requestId": REQUEST, "statusCode": "2", "senderGroupingKey": "99",
        "sendResultList": [recipient],
    }  # fmt: skip
    header = {"isSuccessful": True, "resultCode": 0, "resultMessage": "SUCCESS"}
    return {"header": header, "body": {"data": {**data, **changed}}}


def refusal(code: int) -> dict[str, Any]:
    return {"header": {"isSuccessful": False, "resultCode": code, "resultMessage": "in words"}}


def asked(
    body: str, answer: tuple[int, Any] | str = (200, taken()), part: str = "1/1", form: str = "sms",
    **headers: str,
) -> Asked:  # fmt: skip
    sent = {
        "body": body,
        "sendNo": KOREA_NUMBER,
        "senderGroupingKey": "99",
        "recipientList": [{"recipientNo": CITIZEN_AT_HOME, "recipientGroupingKey": part}],
    }
    if form == "mms":
        sent["title"] = "응답 안내"
    known = {"X-Secret-Key": KOREA_SECRET, "Content-Type": "application/json"}
    return Asked(SEND + form, json=sent, headers=known, answer=answer, answer_headers=headers)


def ended(name: str, answer: tuple[int, Any] | str, error: SendError, **headers: str) -> Said:
    return Said(name, Outgoing(99, CITIZEN, TEXT), (asked(TEXT, answer, **headers),), error)


def one(request: str = REQUEST) -> Sent:
    return Sent((f"{request}:1",), 1, "korea")


SAID = [
    Said("a short text is an SMS", Outgoing(99, CITIZEN, TEXT), (asked(TEXT),), one()),
    Said("with choices", Outgoing(99, CITIZEN, "무엇인가요?", (Choice("a", "도로"),)),
         (asked("무엇인가요?\n1. 도로"),), one()),
    Said("with a photo", Outgoing(99, CITIZEN, "이 양식이에요.", photo_url="https://c.example/p"),
         (asked("이 양식이에요.\nhttps://c.example/p"),), one()),
    Said("90 bytes are one", Outgoing(99, CITIZEN, "가" * 45), (asked("가" * 45),), one()),
    Said("91 bytes are long", Outgoing(99, CITIZEN, "가" * 45 + "a"),
         (asked("가" * 45 + "a", form="mms"),), one()),
    Said("2,001 bytes are two", Outgoing(99, CITIZEN, "가" * 1000 + "a"),
         (asked("가" * 1000, part="1/2", form="mms"),
          asked("a", (200, taken(requestId="R2")), "2/2", "mms")),
         Sent((ID, "R2:1"), 2, "korea")),
    Said("only the part that is missing", Outgoing(99, CITIZEN, "가" * 1000 + "a", skip=1),
         (asked("a", part="2/2", form="mms"),), Sent((ID,), 2, "korea")),
    Said("in its own characters", Outgoing(99, CITIZEN, "9–6시 · “똠” café 👍🏽"),
         (asked("9-6시 · “똠” cafe □"),), one()),
    Said("in another script", Outgoing(99, CITIZEN, "请问区政府怎么走"), (), Content("unwritable")),
    Said("nothing to say", Outgoing(99, CITIZEN, "\x00 \n"), (), Content("empty")),
    Said("abroad", Outgoing(99, "+12025550123", TEXT), (), Rejected("not-korean")),
    *(ended(f"refused: {code}", (200, refusal(code)), kind(str(code))) for code, kind in (
        (-1000, Retryable), (-1004, Retryable), (-1008, Retryable), (-2021, Retryable),
        (-2312, Retryable), (-2313, Retryable), (-2015, Content), (-2023, Content),
        (-9997, Content), (-2019, Rejected), (-2018, Rejected), (-6001, Stopped),
        (-9999, Unknown))),
    ended("refused for this number", (200, taken(-2019, sendResultList=[
        {"recipientSeq": 1, "resultCode": -2019}])), Rejected("-2019")),
    ended("too fast", (429, b""), Throttled("429", 3.0), **{"Retry-After": "3"}),
    ended("unavailable", (503, b"<html>"), Retryable("503")),
    ended("broken", (500, {}), Unknown("500")),
    ended("no key", (401, {}), Retryable("401")),
    ended("no json", (200, b"taken"), Unknown("unreadable-answer")),
    ended("no header", (200, {"body": {}}), Unknown("unreadable-answer")),
    ended("no results", (200, taken(sendResultList=[])), Unknown("unreadable-answer")),
    ended("a lost answer", "hang", Unknown("timeout")),
    ended("a lost connection", "drop", Unknown("connection-lost")),
]  # fmt: skip


@pytest.fixture
async def sms(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KoreaSms]:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.3)
    opened = KoreaSms(settings_for(korea_sms_api_url=provider.url))
    yield opened
    await opened.close()


@pytest.mark.parametrize("case", SAID, ids=str)
async def test_what_we_ask_of_the_gateway(sms: KoreaSms, provider: Provider, case: Said) -> None:
    await say(sms, provider, case)


async def test_an_error_says_which_parts_are_out(sms: KoreaSms, provider: Provider) -> None:
    provider.answers(200, taken())
    provider.answers(429, {})
    with pytest.raises(Throttled) as failed:
        await sms.send(Outgoing(99, CITIZEN, "가" * 1500))
    assert (failed.value.sent, failed.value.parts) == ((ID,), 2)


async def test_what_became_of_a_message_is_asked_by_our_own_id(
    sms: KoreaSms, provider: Provider
) -> None:
    listed = {
        "requestId": REQUEST, "recipientSeq": 1, "msgStatus": "3", "resultCode": "1000",
        "recipientNo": CITIZEN_AT_HOME, "body": TEXT, "senderGroupingKey": "17",
        "recipientGroupingKey": "1/2",
    }  # fmt: skip
    waiting = {**listed, "msgStatus": "1", "resultCode": None, "recipientSeq": 2}
    provider.answers(200, {**taken(), "body": {"data": [listed, waiting]}})
    provider.answers(200, {**taken(), "body": {"data": [{**listed, "msgStatus": "0",
                                                         "resultCode": "3003"}]}})  # fmt: skip
    since = datetime(2026, 10, 29, 11, 58, 2, tzinfo=UTC)
    found = await sms.look_up(Outgoing(17, CITIZEN, TEXT), [ID], since)
    assert found == [
        word(DeliveryState.DELIVERED),
        StatusUpdate("sms", DeliveryState.ACCEPTED, 17, f"{REQUEST}:2", None, "korea", 2),
        word(DeliveryState.FAILED, "3003"),
    ]
    query = urlencode(
        {
            "senderGroupingKey": 17,
            "startRequestDate": "2026-10-29 20:57:02",
            "endRequestDate": "2026-11-02 20:58:02",
            "pageSize": 100,
        }
    )
    assert [(c.method, c.path) for c in provider.calls] == [
        ("GET", f"{SEND}sms?{query}"),
        ("GET", f"{SEND}mms?{query}"),
    ]


async def test_a_gateway_that_does_not_answer_is_no_news(sms: KoreaSms, provider: Provider) -> None:
    provider.answers(503, {})
    with pytest.raises(Retryable):
        await sms.look_up(Outgoing(17, CITIZEN, TEXT), [], datetime.now(UTC))


@pytest.mark.parametrize(
    ("number", "whole"),
    [
        ("01029876543", "+821029876543"),
        ("010-2987-6543", "+821029876543"),
        ("+82 10 2987 6543", "+821029876543"),
        ("0212345678", "+82212345678"),
        ("15446859", None),
        ("+12025550123", None),
        ("０１０２９８７６５４３", None),
        ("0100", None),
        ("", None),
    ],
)
def test_numbers_as_carriers_write_them(number: str, whole: str | None) -> None:
    assert international(number) == whole
