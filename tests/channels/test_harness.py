"""The watch that stands over every test of a door: it must bark."""

import logging
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from channels.base import Rejected
from channels.message import Incoming, Outgoing, Sent
from channels.twilio_sms import TwilioSms
from tests.channels.conftest import CITIZEN, TOKEN, Call, Door, Provider, settings_for
from tests.channels.tables import Asked, Heard, Said, hear, say


@pytest.mark.parametrize("host", ["api.twilio.com", "93.184.216.34", "[2606:2800:220:1::1]"])
async def test_a_request_that_leaves_loopback_fails(host: str, only_loopback: list[str]) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(f"https://{host}/")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host.strip("[]"), 443), timeout=1)
    assert set(only_loopback) == {host.strip("[]")}
    only_loopback.clear()


def test_what_must_not_be_logged_is_seen_in_traces_too(
    caplog: pytest.LogCaptureFixture, silent_log: set[str]
) -> None:
    try:
        raise RuntimeError(CITIZEN)
    except RuntimeError:
        logging.getLogger("channels").exception("sending broke")
    line = caplog.handler.format(caplog.records[-1])
    assert any(word in line for word in silent_log)
    silent_log.clear()


async def test_requests_too_few_and_too_many_fail() -> None:
    idle = Provider()
    idle.answers(200, {})
    with pytest.raises(AssertionError, match="fewer"):
        idle.check()
    eager = Provider()
    eager.unexpected.append(Call("POST", "/x", {}, b""))
    with pytest.raises(AssertionError, match="more"):
        eager.check()


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [
        (Asked("/elsewhere", answer=(201, {"sid": "SM1"})), Sent(("SM1",), 1)),
        (Asked("/", {"To": CITIZEN}, answer=(201, {"sid": "SM1"})), Sent(("SM1",), 1)),
        (Asked("/", headers={"X-Other": "1"}, answer=(201, {"sid": "SM1"})), Sent(("SM1",), 1)),
        (Asked("/", answer=(201, {"sid": "SM1"})), Sent(("SM2",), 1)),
        (Asked("/", answer=(400, {"code": 21211})), Rejected("21614")),
    ],
)
async def test_a_row_that_is_not_so_fails(
    provider: Provider, request_: Asked, outcome: Any
) -> None:
    path = f"/2010-04-01/Accounts/{settings_for().twilio_account_sid}/Messages.json"
    asked = Asked(
        path if request_.path == "/" else request_.path,
        request_.form,
        headers=request_.headers,
        answer=request_.answer,
    )
    sms = TwilioSms(settings_for(twilio_api_url=provider.url))
    with pytest.raises(AssertionError):
        await say(sms, provider, Said("untrue", Outgoing(1, CITIZEN, "안녕"), (asked,), outcome))
    await sms.close()


def unsigned(_: Heard) -> dict[str, str]:
    return {}


def in_clear(_: Heard) -> dict[str, str]:
    return {"X-Twilio-Signature": TOKEN}


@pytest.mark.parametrize("sign", [unsigned, in_clear])
async def test_a_row_needs_its_signature(sign: Callable[[Heard], dict[str, str]]) -> None:
    form = {"MessageSid": "SM1", "From": CITIZEN, "Body": "x"}
    message = Incoming("sms", "phone", CITIZEN, "SM1", "x", phone=CITIZEN)
    case = Heard("forged", "/channels/twilio/sms", form, messages=(message,))
    with pytest.raises(AssertionError):
        await hear(Door(TwilioSms(settings_for())), case, sign)
