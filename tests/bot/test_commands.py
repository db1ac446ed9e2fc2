"""Orders are taken before anything is understood, and only where they are orders."""

import re
from datetime import datetime

import pytest

from backend.config import ROOT
from bot import commands, speech
from bot.flows.status import keyed_number
from channels.twilio_sms import RESERVED


@pytest.mark.parametrize(
    ("text", "channel", "order"),
    [
        ("STOP", "sms", "stop"),
        ("stop.", "sms", "stop"),
        ("STOP", "web", None),
        ("yes", "sms", None),
        ("yes", "telegram", None),
        ("HELP", "sms", "provider_help"),
        ("help", "web", None),
        ("처음으로", "web", "menu"),
        ("처음으로 가 주세요", "web", "menu"),
        ("처음부터 다시 할게요", "sms", "restart"),
        ("start over", "web", "restart"),
        ("뒤로", "sms", "back"),
        ("아까로", "voice", "back"),
        ("이전 단계로 가 주세요", "sms", "back"),
        ("undo", "telegram", "back"),
        ("이어서 할게요", "sms", "resume"),
        ("Menu", "sms", "menu"),
        ("0", "voice", "person"),
        ("상담원", "sms", "person"),
        ("취소", "telegram", "cancel"),
        ("알림 끄기", "sms", "alerts_off"),
        ("ALERTS ON", "sms", "alerts_on"),
        ("수신거부", "sms", "alerts_off"),
        ("취소해도 되는 신고인가요", "sms", None),
        ("", "sms", None),
    ],
)
def test_an_order_is_the_whole_message(text: str, channel: str, order: str | None) -> None:
    assert commands.read(text, channel) == order


@pytest.mark.parametrize(
    ("keys", "number"),
    [
        ("123", "P-2026-0000123"),
        ("0000123#", "P-2026-0000123"),
        ("20250000123", "P-2025-0000123"),
        ("12345678", None),
        ("*", None),
        ("민원", None),
    ],
)
def test_keys_on_a_phone_become_a_receipt_number(keys: str, number: str | None) -> None:
    # The first minute of the year in Seoul, and the last.
    for at in ("2025-12-31T15:00", "2026-12-31T14:59"):
        assert keyed_number(keys, datetime.fromisoformat(f"{at}+00:00")) == number


def test_a_receipt_number_is_spoken_in_groups_of_digits() -> None:
    assert speech.digits("P-2026-0000123", "ko") == "이공이육, 공공공, 공일이삼"
    assert speech.digits("P-2026-0000123", "en").startswith("two zero two six, zero zero zero")


@pytest.mark.parametrize(
    ("off", "on", "purpose"),
    [
        ("알림끄기", "알림켜기", "alerts"),
        ("수신거부", "알림켜기", "alerts"),
        ("ALERTS OFF", "ALERTS ON", "alerts"),
        ("문자끄기", "문자켜기", "all"),
        ("문자 거부", "수신 동의", "all"),
        ("모두 거부", "모두 받기", "all"),
        ("Messages off", "Messages on", "all"),
    ],
)
def test_each_purpose_has_its_way_out_and_back(off: str, on: str, purpose: str) -> None:
    orders = {"alerts": ("alerts_off", "alerts_on"), "all": ("stop", "start")}[purpose]
    assert (commands.read(off, "sms"), commands.read(on, "sms")) == orders
    # A messenger has a way of its own to close its door.
    elsewhere = (commands.read(off, "telegram"), commands.read(on, "telegram"))
    assert elsewhere == (orders if purpose == "alerts" else (None, None))


def test_no_order_of_ours_is_a_word_of_twilio() -> None:
    ours = {word for words in (commands._OURS, commands._SMS) for word in words}
    assert ours.isdisjoint(word.lower() for word in RESERVED)


def test_no_english_text_asks_for_a_word_of_twilio() -> None:
    shown = (ROOT / "bot/locales/en.yml").read_text(encoding="utf-8")
    assert re.findall(rf"\b(?:{'|'.join(RESERVED)})\b", shown) == []
