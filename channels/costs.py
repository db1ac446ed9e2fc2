"""What a text will be on a channel before anybody sends it: its parts, its length, its price."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from channels.charset import for_gsm, for_korea
from channels.inbound import clean_text
from channels.segments import (
    LMS_BYTES,
    SMS_BYTES,
    TWILIO_MAX,
    bodies,
    cp949_length,
    measure,
    split_domestic,
    utf16_units,
)

Measure = Literal["septets", "units", "bytes", "characters", "seconds"]

# Characters of one message (UTF-16 units): https://core.telegram.org/bots/api#sendmessage
MESSENGERS = {"telegram": 4096, "kakao": 1000}
KOREA = "+82"
# How fast a voice reads, and what it says beside the text; a call speaks the text twice.
SYLLABLES_A_SECOND, LETTERS_A_SECOND = 6, 14
CALL_FRAME_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Cost:
    """A text on one channel, for one person.

    `form` names how it goes out (`SMS`, `LMS`, `gsm7`, `ucs2`, `text`, `call`); `parts` is how many
    messages, segments or minutes are paid for; `length` counts all of it in `measure`, and `limit`
    is what one message of this form holds. `text` is what arrives: `lost` of its characters as a
    box. `legible` is false where it must not be sent so. `won` is None where no price is known.
    """

    form: str
    parts: int
    length: int
    limit: int
    measure: Measure
    text: str
    lost: int = 0
    legible: bool = True
    won: Decimal | None = None


def cost_of(
    text: str,
    channel: str,
    provider: str | None = None,
    *,
    address: str = "",
    prices: Mapping[str, Decimal] | None = None,
) -> Cost:
    """Return what `text` costs one person on `channel`, by `provider` where it has several.

    `address` is the person's number, or its prefix, where the network makes a difference.
    `prices` are won by tariff: `korea.sms`, `korea.lms`, `twilio` for one segment, `twilio.call`
    for one minute. Messengers and the web cost nothing a message.
    """
    text = clean_text(text)
    if channel == "call":
        return _call(text, prices or {})
    if channel != "sms":
        return _free(text, MESSENGERS.get(channel))
    prices = prices or {}
    if provider == "korea":
        return _domestic(text, prices)
    return _segments(text, address, prices)


def _free(text: str, limit: int | None) -> Cost:
    length = utf16_units(text)
    parts = len(bodies(text, limit)) if limit else bool(text.strip())
    return Cost("text", int(parts), length, limit or length, "characters", text, won=Decimal(0))


def _call(text: str, prices: Mapping[str, Decimal]) -> Cost:
    """Return what a call costs whose listener presses nothing: minutes begun count as whole."""
    letters = sum(c.isascii() or not c.isalpha() for c in text)
    once = (len(text) - letters) / SYLLABLES_A_SECOND + letters / LETTERS_A_SECOND
    seconds = math.ceil(2 * once) + CALL_FRAME_SECONDS
    minutes = math.ceil(seconds / 60)
    price = _won(prices.get("twilio.call"), minutes)
    return Cost("call", minutes, seconds, 60, "seconds", text, won=price)


def _domestic(text: str, prices: Mapping[str, Decimal]) -> Cost:
    written = for_korea(text)
    form, parts = split_domestic(written.text)
    return Cost(
        form,
        len(parts),
        cp949_length(written.text),
        SMS_BYTES if form == "SMS" else LMS_BYTES,
        "bytes",
        written.text,
        written.lost,
        written.legible,
        _won(prices.get(f"korea.{form.lower()}"), len(parts)),
    )


def _segments(text: str, address: str, prices: Mapping[str, Decimal]) -> Cost:
    lost, legible = 0, True
    if address.startswith(KOREA):
        written = for_korea(text)
        text, lost, legible = written.text, written.lost, written.legible
    else:
        text = for_gsm(text)
    sizes = [measure(body) for body in bodies(text, TWILIO_MAX)]
    whole = measure(text)
    gsm = whole.encoding == "gsm7"
    parts = sum(size.segments for size in sizes)
    return Cost(
        whole.encoding,
        parts,
        whole.units,
        160 if gsm else 70,
        "septets" if gsm else "units",
        text,
        lost,
        legible,
        _won(prices.get("twilio"), parts),
    )


def _won(price: Decimal | None, parts: int) -> Decimal | None:
    return None if price is None else price * parts
