"""AlimTalk: only approved templates go out; what became of them comes by webhook or is asked."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import texts
from channels import transport
from channels.base import (
    Content,
    Rejected,
    Retryable,
    SendError,
    Throttled,
    Traceable,
    Unknown,
    providers_of,
)
from channels.kakao_alimtalk import PATH, Alimtalk, read_templates
from channels.message import Choice, DeliveryState, Outgoing, Sent, StatusUpdate
from channels.signatures import KOREA_HEADER
from tests.channels.conftest import ALIMTALK_KEY, ALIMTALK_WEBHOOK, CITIZEN, Door, Provider
from tests.channels.conftest import settings_for as settings
from tests.channels.tables import Asked, Heard, Said, hear, say

SEND = "/alimtalk/v2.3/appkeys/app-key/messages"
NUMBER = "P-2026-0000123"
RECEIPT = texts.word("ko", "petition.receipt_sms", number=NUMBER, department="마포구 도로과")
NATIONAL = "01029876543"


@pytest.fixture
def channel(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Alimtalk:
    monkeypatch.setattr(transport, "READ_SECONDS", 0.3)
    return Alimtalk(settings(alimtalk_api_url=provider.url))


def outgoing(text: str = RECEIPT, address: str = CITIZEN, **changed: Any) -> Outgoing:
    return Outgoing(99, address, text, **changed)


def header(code: int = 0) -> dict[str, Any]:
    return {"resultCode": code, "resultMessage": "", "isSuccessful": code == 0}


def taken(code: int = 0) -> dict[str, Any]:
    result = {"recipientSeq": 1, "recipientNo": NATIONAL, "resultCode": code}
    message = {"requestId": "20261122R1", "senderGroupingKey": None, "sendResults": [result]}
    return {"header": header(), "message": message}


def asked(answer: Any, status: int = 200, **more: Any) -> Asked:
    return Asked(SEND, answer=(status, answer), **more)


WANTED = {
    "senderKey": "f" * 40,
    "templateCode": "petition-receipt-ko",
    "recipientList": [{
        "recipientNo": NATIONAL,
        "templateParameter": {"접수번호": NUMBER, "담당 부서": "마포구 도로과"},
        "resendParameter": {"isResend": False},
        "recipientGroupingKey": "99",
    }],
}  # fmt: skip

SENT = [
    Said("a template", outgoing(), (asked(taken(), json=WANTED, headers={
        "X-Secret-Key": ALIMTALK_KEY}),), Sent(("20261122R1:1",))),
    Said("a template in English",
         outgoing(texts.word("en", "petition.receipt_sms", number=NUMBER, department="Mapo roads")),
         (asked(taken()),), Sent(("20261122R1:1",))),
    Said("other words", outgoing("안녕하세요"), (), Content("no-template")),
    Said("a template and more", outgoing(RECEIPT + " 더"), (), Content("no-template")),
    Said("a template with choices", outgoing(choices=(Choice("1", "네"),)), (),
         Content("no-template")),
    Said("a variable that swallows too much", outgoing(RECEIPT.replace("도로과", "가" * 1000)), (),
         Content("no-template")),
    Said("a number elsewhere", outgoing(address="+14155550123"), (), Rejected("not-korean")),
    Said("a wrong number", outgoing(), (asked(taken(-5000)),), Rejected("-5000")),
    Said("a template not approved yet", outgoing(), (asked({"header": header(-3005)}),),
         Content("-3005")),
    Said("a wrong secret", outgoing(), (asked({"header": header(-1001)}),), Retryable("-1001")),
    Said("the day's quota is used up", outgoing(), (asked({"header": header(-1017)}),),
         Rejected("-1017")),
    Said("trouble behind the provider", outgoing(), (asked({"header": header(-7000)}),),
         Unknown("-7000")),
    Said("too fast", outgoing(), (asked("", 429, answer_headers={"Retry-After": "7"}),),
         Throttled("429", 7.0)),
    Said("closed for now", outgoing(), (asked("", 503),), Retryable("503")),
    Said("broken", outgoing(), (asked("oops", 500),), Unknown("500")),
    Said("an answer of another kind", outgoing(), (asked({"header": header()}),),
         Unknown("unreadable-answer")),
    Said("an answer that is none", outgoing(), (asked("ok"),), Unknown("unreadable-answer")),
    Said("no answer", outgoing(), (Asked(SEND, answer="hang"),), Unknown("timeout")),
    Said("cut off", outgoing(), (Asked(SEND, answer="drop"),), Unknown("connection-lost")),
]  # fmt: skip


@pytest.mark.parametrize("case", SENT, ids=str)
async def test_a_message_goes_out(channel: Alimtalk, provider: Provider, case: Said) -> None:
    await say(channel, provider, case)
    await channel.close()


def hook(result: str | None = "MRC01", **changed: Any) -> dict[str, Any]:
    return {
        "kakaoMessageType": "ALIMTALK_NORMAL", "requestId": "20261122R1", "recipientSeq": 1,
        "requestDate": "2026-11-22 13:00:00.0", "createDate": "2026-11-22 13:00:00.0",
        "receiveDate": "2026-11-22 13:00:01.0", "recipientNo": NATIONAL, "resultCode": result,
        "senderGroupingKey": None, "recipientGroupingKey": "99", "hookId": "h1", **changed,
    }  # fmt: skip


def posted(*hooks: Any, event: str = "MESSAGE_RESULT_UPDATE") -> dict[str, Any]:
    return {
        "hooksId": "1", "webhookConfigId": "c", "productName": "KakaoTalk Bizmessage",
        "appKey": "app-key", "event": event, "hooks": list(hooks),
    }  # fmt: skip


def update(state: str, delivery: int | None = 99, **changed: Any) -> StatusUpdate:
    values = {"external_id": "20261122R1:1", **changed}
    return StatusUpdate("alimtalk", DeliveryState(state), delivery, **values)


def row(name: str, body: dict[str, Any], *statuses: StatusUpdate) -> Heard:
    return Heard(name, PATH, json=body, statuses=statuses, status=204)


RESULTS = [
    row("it came", posted(hook()), update("delivered")),
    row("no KakaoTalk there", posted(hook("MRC02")), update("failed", code="MRC02")),
    row("several", posted(hook(), hook("MRC02", recipientSeq=2, recipientGroupingKey="100")),
        update("delivered"),
        update("failed", 100, external_id="20261122R1:2", code="MRC02")),
    row("not decided yet", posted(hook(None))),
    row("by the provider's id alone", posted(hook(recipientGroupingKey="somebody's")),
        update("delivered", None)),
    row("a template was approved", posted({"templateCode": "x", "status": "TSC03"},
                                          event="TEMPLATE_STATUS_UPDATE")),
    row("hooks that are none", {**posted(), "hooks": "x"}),
    row("a hook that is none", posted(7, {})),
]  # fmt: skip


@pytest.mark.parametrize("case", RESULTS, ids=str)
async def test_word_comes_of_a_message(channel: Alimtalk, case: Heard) -> None:
    await hear(Door(channel), case, lambda _: {KOREA_HEADER: ALIMTALK_WEBHOOK})
    await channel.close()


async def test_without_a_secret_nobody_is_believed() -> None:
    door = Door(Alimtalk(settings(alimtalk_webhook_secret="")))
    response = await door.post(PATH, json=posted(hook()), headers={KOREA_HEADER: ""})
    assert response.status_code == 403


async def test_a_silent_provider_is_asked(channel: Alimtalk, provider: Provider) -> None:
    listed = {"messages": [hook(), hook("MRC02", recipientSeq=2)], "totalCount": 2}
    provider.answers(200, {"header": header(), "messageSearchResultResponse": listed})
    since = datetime(2026, 11, 22, 4, 0, 30, tzinfo=UTC)
    assert isinstance(channel, Traceable)
    assert await channel.look_up(outgoing(), [], since) == [
        update("delivered"),
        update("failed", external_id="20261122R1:2", code="MRC02"),
    ]
    (call,) = provider.calls
    path, _, query = call.path.partition("?")
    assert (call.method, path) == ("GET", SEND)
    assert query == (
        "startRequestDate=2026-11-22+12%3A59&endRequestDate=2026-11-22+13%3A10"
        "&recipientGroupingKey=99"
    )
    provider.answers(200, {"header": header(-4100)})
    with pytest.raises(SendError):
        await channel.look_up(outgoing(), [], since)
    await channel.close()


async def test_its_account_has_a_pace_of_its_own(channel: Alimtalk) -> None:
    (account,) = providers_of(channel, CITIZEN)
    assert (account.name, account.per_second, account.reports_within) == ("alimtalk", 100.0, 3600.0)
    await channel.close()


@pytest.mark.parametrize(
    ("template", "message", "variables"),
    [
        ("#{가} 님, #{나} 접수", "홍길동 님, 민원 접수", {"가": "홍길동", "나": "민원"}),
        ("#{가} 님, #{가}", "길동 님, 길동", {"가": "길동"}),
        ("#{가} 님, #{가}", "길동 님, 길순", None),
        ("(#{가}) 1+1=2.", "(a.*) 1+1=2.", {"가": "a.*"}),
        ("(#{가}) 1+1=2.", "(a) 1+1=2!", None),
        ("#{가} 끝", " 끝", None),
        ("첫 줄\n#{가}", "첫 줄\n둘째\n셋째", {"가": "둘째\n셋째"}),
    ],
)
def test_a_template_knows_its_messages(
    tmp_path: Path, template: str, message: str, variables: dict[str, str] | None
) -> None:
    file = tmp_path / "templates.yml"
    file.write_text(f"- code: x\n  text: {template!r}\n".replace("\\n", "\n\n    "), "utf-8")
    (one,) = read_templates(file)
    assert one.variables(message) == variables


@pytest.mark.parametrize(
    "entry", ["code: x\n  text: '#{all}'", f"code: {'x' * 21}\n  text: hi",
              f"code: x\n  text: {'가' * 1001}"]
)  # fmt: skip
def test_what_would_not_be_approved_is_refused_at_the_start(tmp_path: Path, entry: str) -> None:
    file = tmp_path / "templates.yml"
    file.write_text(f"- {entry}\n", "utf-8")
    with pytest.raises(ValueError, match="at most"):
        read_templates(file)
