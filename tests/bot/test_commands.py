"""Orders are taken before anything is understood, and only where they are orders."""

import pytest

from bot import commands, speech
from bot.flows.status import keyed_number


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
    assert keyed_number(keys, 2026) == number


def test_a_receipt_number_is_spoken_in_groups_of_digits() -> None:
    assert speech.digits("P-2026-0000123", "ko") == "이공이육, 공공공, 공일이삼"
    assert speech.digits("P-2026-0000123", "en").startswith("two zero two six, zero zero zero")
