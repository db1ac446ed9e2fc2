"""The channel that docs/add-a-channel.md makes, run as it stands there."""

import hashlib
import hmac
import json
import re
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from backend.config import ROOT
from channels.base import Channel, Content, Rejected, Retryable, Stopped, Throttled, Unknown
from channels.message import Choice, DeliveryState, Incoming, Outgoing, Sent, StatusUpdate
from tests.channels.conftest import CITIZEN, Door, Provider
from tests.channels.tables import Asked, Heard, Said, hear, say

SECRET = "whatsapp-secret-of-the-tests"
PATH = "/channels/whatsapp/webhook"
SEND = "/v21.0/1055/messages"
NUMBER = CITIZEN[1:]


@pytest.fixture(scope="module")
def page() -> ModuleType:
    """The first Python block of the page, as a module."""
    text = (ROOT / "docs" / "add-a-channel.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert block
    module = ModuleType("channels.whatsapp")
    exec(compile(block.group(1), "docs/add-a-channel.md", "exec"), module.__dict__)
    return module


@pytest.fixture
def channel(page: ModuleType, provider: Provider) -> Channel:
    settings = SimpleNamespace(
        whatsapp_api_url=provider.url, whatsapp_token="bearer-of-the-tests",
        whatsapp_secret=SECRET, whatsapp_verify="our-word", whatsapp_number_id="1055",
    )  # fmt: skip
    made: Channel = page.Whatsapp(settings)
    return made


def webhook(**value: Any) -> dict[str, Any]:
    whole = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "1055"}, **value}
    changes = [{"value": whole, "field": "messages"}]
    return {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]}


def message(**fields: Any) -> dict[str, Any]:
    return webhook(messages=[{"from": NUMBER, "id": "wamid.1", "timestamp": "1787", **fields}])


def status(word: str, **fields: Any) -> dict[str, Any]:
    base = {"id": "wamid.9", "status": word, "biz_opaque_callback_data": "99"}
    return webhook(statuses=[{**base, **fields}])


def heard(text: str) -> Incoming:
    return Incoming("whatsapp", "phone", CITIZEN, "wamid.1", text, phone=CITIZEN)


def sign(case: Heard) -> dict[str, str]:
    body = json.dumps(case.json, ensure_ascii=False, separators=(",", ":")).encode()
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}"}


BUTTON = {"type": "button_reply", "button_reply": {"id": "2", "title": "아니요"}}
ROWS = [
    Heard("words", PATH, json=message(type="text", text={"body": "안녕"}),
          messages=(heard("안녕"),)),
    Heard("a button", PATH, json=message(type="interactive", interactive=BUTTON),
          messages=(heard("2"),)),
    Heard("a photo", PATH, json=message(type="image", image={"id": "1"}), messages=(heard(""),)),
    Heard("it arrived", PATH, json=status("delivered"),
          statuses=(StatusUpdate("whatsapp", DeliveryState.DELIVERED, 99, "wamid.9"),)),
    Heard("no WhatsApp there", PATH, json=status("failed", errors=[{"code": 131026}]), statuses=(
        StatusUpdate("whatsapp", DeliveryState.FAILED, 99, "wamid.9", "131026"),)),
    Heard("another word", PATH, json=status("deleted")),
]  # fmt: skip


@pytest.mark.parametrize("case", ROWS, ids=str)
async def test_it_hears(channel: Channel, case: Heard) -> None:
    await hear(Door(channel), case, sign)
    await channel.close()


async def test_it_proves_that_the_webhook_is_ours(channel: Channel) -> None:
    door = Door(channel)
    asked = f"{PATH}?hub.mode=subscribe&hub.challenge=77&hub.verify_token="
    assert (await door.request("GET", asked + "our-word")).text == "77"
    assert (await door.request("GET", asked + "theirs")).status_code == 403
    broken = Heard("no webhook", PATH, json={"entry": [{}]}, status=400)
    await hear(door, broken, sign)
    await channel.close()


def envelope(**content: Any) -> dict[str, Any]:
    base = {"messaging_product": "whatsapp", "to": NUMBER, "biz_opaque_callback_data": "99"}
    return {**base, **content}


def asked(status: int = 200, body: Any = None, **more: Any) -> Asked:
    return Asked(SEND, answer=(status, body or {"messages": [{"id": "wamid.9"}]}), **more)


def outgoing(text: str = "안녕", **more: Any) -> Outgoing:
    return Outgoing(99, CITIZEN, text, **more)


TWO = (Choice("1", "네"), Choice("2", "아니요"))
BUTTONS = {
    "type": "button", "body": {"text": "네?"}, "action": {"buttons": [
        {"type": "reply", "reply": {"id": "1", "title": "네"}},
        {"type": "reply", "reply": {"id": "2", "title": "아니요"}}]},
}  # fmt: skip
SENT = [
    Said("words", outgoing(), (asked(json=envelope(type="text", text={"body": "안녕"}), headers={
        "Authorization": "Bearer bearer-of-the-tests"}),), Sent(("wamid.9",))),
    Said("buttons", outgoing("네?", choices=TWO),
         (asked(json=envelope(type="interactive", interactive=BUTTONS)),), Sent(("wamid.9",))),
    Said("lines", outgoing("네?", choices=TWO * 2), (asked(json=envelope(
        type="text", text={"body": "네?\n1. 네\n2. 아니요\n1. 네\n2. 아니요"})),),
        Sent(("wamid.9",))),
    Said("two parts", outgoing("가" * 1025), (asked(), asked()), Sent(("wamid.9", "wamid.9"), 2)),
    Said("the second part alone", outgoing("가" * 1025, skip=1),
         (asked(json=envelope(type="text", text={"body": "가"})),), Sent(("wamid.9",), 2)),
    Said("nothing", outgoing(" "), (), Content("empty")),
    Said("no WhatsApp there", outgoing(), (asked(400, {"error": {"code": 131026}}),),
         Rejected("131026")),
    Said("refused by them", outgoing(), (asked(400, {"error": {"code": 131050}}),),
         Stopped("131050")),
    Said("too fast", outgoing(), (asked(429, {"error": {"code": 130429}}),), Throttled("130429")),
    Said("a wrong token", outgoing(), (asked(401, {"error": {"code": 190}}),), Retryable("190")),
    Said("trouble", outgoing(), (asked(500, "oops"),), Unknown("500")),
    Said("an answer that is none", outgoing(), (asked(200, "ok"),), Unknown("unreadable-answer")),
]  # fmt: skip


@pytest.mark.parametrize("case", SENT, ids=str)
async def test_it_sends(channel: Channel, provider: Provider, case: Said) -> None:
    await say(channel, provider, case)
    await channel.close()
