"""Costs known before sending, and equal to what is sent."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.costs import Cost, cost_of
from channels.settings import read_prices, read_routes

PRICES = read_prices("korea.sms=9.9, korea.lms=30,twilio=90")
SEOUL, ABROAD = "+821012345678", "+12025550123"


@pytest.mark.parametrize(
    ("text", "provider", "address", "cost"),
    [
        ("가" * 45, "korea", SEOUL, Cost("SMS", 1, 90, 90, "bytes", "가" * 45, won=Decimal("9.9"))),
        ("가" * 46, "korea", SEOUL, Cost("LMS", 1, 92, 2000, "bytes", "가" * 46, won=Decimal(30))),
        ("가" * 1001, "korea", SEOUL,
         Cost("LMS", 2, 2002, 2000, "bytes", "가" * 1001, won=Decimal(60))),
        ("대피 😀", "korea", SEOUL,
         Cost("SMS", 1, 7, 90, "bytes", "대피 □", 1, won=Decimal("9.9"))),
        ("请问区政府", "korea", SEOUL,
         Cost("SMS", 1, 10, 90, "bytes", "□□□政府", 3, False, Decimal("9.9"))),
        ("a" * 161, "twilio", ABROAD,
         Cost("gsm7", 2, 161, 160, "septets", "a" * 161, won=Decimal(180))),
        ("It’s 9–6", "twilio", ABROAD,
         Cost("gsm7", 1, 8, 160, "septets", "It's 9-6", won=Decimal(90))),
        ("가" * 71, "twilio", ABROAD,
         Cost("ucs2", 2, 71, 70, "units", "가" * 71, won=Decimal(180))),
        ("가" * 1601, "twilio", ABROAD,
         Cost("ucs2", 25, 1601, 70, "units", "가" * 1601, won=Decimal(2250))),
        ("대피 😀", "twilio", SEOUL,
         Cost("ucs2", 1, 4, 70, "units", "대피 □", 1, won=Decimal(90))),
        (" ", "korea", SEOUL, Cost("SMS", 0, 1, 90, "bytes", " ", won=Decimal(0))),
    ],
)  # fmt: skip
def test_texts(text: str, provider: str, address: str, cost: Cost) -> None:
    assert cost_of(text, "sms", provider, address=address, prices=PRICES) == cost


def test_without_a_contract_no_price_is_made_up() -> None:
    assert cost_of("대피", "sms", "korea").won is None
    assert cost_of("대피", "sms", "twilio", address=SEOUL).won is None


@pytest.mark.parametrize(
    ("channel", "text", "parts", "limit"),
    [
        ("telegram", "가" * 4096, 1, 4096),
        ("telegram", "가" * 4097, 2, 4096),
        ("kakao", "가" * 1001, 2, 1000),
        ("web", "가" * 9000, 1, 9000),
        ("web", "", 0, 0),
    ],
)
def test_messengers_cost_nothing(channel: str, text: str, parts: int, limit: int) -> None:
    cost = cost_of(text, channel, prices=PRICES)
    assert (cost.parts, cost.limit, cost.won, cost.lost) == (parts, limit, 0, 0)


@settings(deadline=None)
@given(st.text(max_size=400))
def test_any_text_has_a_cost(text: str) -> None:
    for provider in ("korea", "twilio"):
        cost = cost_of(text, "sms", provider, address=SEOUL, prices=PRICES)
        assert cost.parts >= bool(cost.text.strip())
        assert cost.won is not None


@pytest.mark.parametrize(
    ("text", "routes"),
    [
        ("+82=korea,*=twilio", (("+82", "korea"), ("", "twilio"))),
        (" *=twilio , +8210=twilio,+82=korea",
         (("+8210", "twilio"), ("+82", "korea"), ("", "twilio"))),
        ("", ()),
    ],
)  # fmt: skip
def test_routes(text: str, routes: tuple[tuple[str, str], ...]) -> None:
    assert read_routes(text) == routes


@pytest.mark.parametrize("text", ["82=korea", "+82", "+82=nobody", "+8a=korea", "=twilio"])
def test_routes_that_lead_nowhere(text: str) -> None:
    with pytest.raises(ValueError, match="as in"):
        read_routes(text)


@pytest.mark.parametrize("text", ["korea.sms", "korea.sms=cheap", "twilio=-1", "twilio=NaN"])
def test_prices_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="number of won"):
        read_prices(text)


@pytest.mark.parametrize(
    ("text", "minutes", "seconds"),
    [("가" * 60, 1, 40), ("가" * 90, 1, 50), ("가" * 300, 2, 120), ("a" * 140, 1, 40)],
)
def test_a_call_costs_the_minutes_it_takes_to_say_it_twice(
    text: str, minutes: int, seconds: int
) -> None:
    prices = read_prices("twilio=90,twilio.call=60")
    found = cost_of(text, "call", "twilio-voice", address=SEOUL, prices=prices)
    assert (found.form, found.parts, found.length) == ("call", minutes, seconds)
    assert found.won == Decimal(60 * minutes)
    assert cost_of(text, "call").won is None
