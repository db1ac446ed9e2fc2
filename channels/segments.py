"""How long a text is on the air, and where it may be cut.

GSM-7 and UCS-2 lengths: 3GPP TS 23.038 and 23.040 (160 or 153 septets, 70 or 67 UTF-16 units).
"""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

TWILIO_MAX = 1600  # characters of one Body (error 21617)
SMS_BYTES = 90  # a Korean SMS, in CP949
LMS_BYTES = 2000

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # sent as an escape and a second septet
_LIMITS = {"gsm7": (160, 153), "ucs2": (70, 67)}

Encoding = Literal["gsm7", "ucs2"]
Domestic = Literal["SMS", "LMS"]


@dataclass(frozen=True, slots=True)
class Size:
    """How a text goes out as SMS: `units` are septets or UTF-16 units, `segments` what is paid."""

    encoding: Encoding
    units: int
    segments: int


def encoding_of(text: str) -> Encoding:
    """Return `gsm7`, or `ucs2` when one character at least is outside the GSM alphabet."""
    return "gsm7" if all(c in _BASIC or c in _EXTENDED for c in text) else "ucs2"


def septets(text: str) -> int:
    """Return the length of a GSM-7 text; extension characters cost two."""
    return len(text) + sum(c in _EXTENDED for c in text)


def utf16_units(text: str) -> int:
    """Return the length in UTF-16 units; characters beyond the basic plane cost two."""
    return len(text) + sum(c > "\uffff" for c in text)


def measure(text: str) -> Size:
    """Return the size of `text` as the network counts it: no escape or pair is torn in two."""
    encoding = encoding_of(text)
    cost = septets if encoding == "gsm7" else utf16_units
    single, part = _LIMITS[encoding]
    units = cost(text)
    if units <= single:
        return Size(encoding, units, 1 if text else 0)
    segments, room = 1, part
    for character in text:
        need = cost(character)
        if need > room:
            segments, room = segments + 1, part
        room -= need
    return Size(encoding, units, segments)


def cp949_length(text: str) -> int:
    """Return the bytes of `text` at a Korean carrier (SMS 90, LMS 2,000).

    CP949, not EUC-KR: the latter writes syllables such as 똠 as eight bytes.
    Raises: UnicodeEncodeError at the first character that has no place there.
    """
    return len(text.encode("cp949"))


def _hangul(character: str) -> str:
    """Return the conjoining class of a Hangul character: L, V, T, LV, LVT or nothing."""
    code = ord(character)
    if 0xAC00 <= code <= 0xD7A3:
        return "LV" if (code - 0xAC00) % 28 == 0 else "LVT"
    for name, first, last in (
        ("L", 0x1100, 0x115F),
        ("L", 0xA960, 0xA97C),
        ("V", 0x1160, 0x11A7),
        ("V", 0xD7B0, 0xD7C6),
        ("T", 0x11A8, 0x11FF),
        ("T", 0xD7CB, 0xD7FB),
    ):
        if first <= code <= last:
            return name
    return ""


_JOINS = {
    "L": {"L", "V", "LV", "LVT"},
    "LV": {"V", "T"},
    "V": {"V", "T"},
    "LVT": {"T"},
    "T": {"T"},
}


def _extends(character: str) -> bool:
    """Tell whether a character hangs on the one before: marks, joiners, skin tones, tags."""
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character in "\u200c\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def clusters(text: str) -> Iterator[str]:
    """Yield what a reader sees as one character (the rules of UAX #29 that our texts meet)."""
    start = 0
    flags = 0
    for at in range(1, len(text) + 1):
        if at < len(text):
            before, here = text[at - 1], text[at]
            flags = flags + 1 if _is_flag_half(before) else 0
            if (
                _extends(here)
                or before == "\u200d"
                or (before == "\r" and here == "\n")
                or _hangul(here) in _JOINS.get(_hangul(before), ())
                or (_is_flag_half(here) and flags % 2 == 1)
            ):
                continue
        yield text[start:at]
        start = at


def split(text: str, limit: int, cost: Callable[[str], int]) -> list[str]:
    """Cut `text` into parts of at most `limit` by `cost`; joined they are the text again.

    `cost` adds up over characters and is at most `limit` for each. Clusters stay whole unless one
    alone is over the limit. A cut moves back to the end of a line, sentence or word when that
    keeps the part at least half full.
    """
    parts: list[str] = []
    part: list[str] = []
    used = 0
    for cluster in clusters(text):
        for piece in [cluster] if cost(cluster) <= limit else list(cluster):
            need = cost(piece)
            while used + need > limit:
                keep = _soft_end(part)
                parts.append("".join(part[:keep]))
                part = part[keep:]
                used = cost("".join(part))
            part.append(piece)
            used += need
    if part:
        parts.append("".join(part))
    return parts


def bodies(text: str, limit: int) -> list[str]:
    """Return the messages that carry `text`, each at most `limit` UTF-16 units, none blank."""
    return [part for part in split(text, limit, utf16_units) if part.strip()]


def _soft_end(part: list[str]) -> int:
    """Return how many pieces to keep so that the cut falls where a reader pauses."""
    half = len(part) // 2
    word = 0
    sentence = 0
    for at in range(len(part), half, -1):
        if part[at - 1] in ("\n", "\r\n"):
            return at
        if part[at - 1] == " ":
            word = word or at
            if not sentence and at > 1 and part[at - 2] in (".", "?", "!"):
                sentence = at
    return sentence or word or len(part)


def split_domestic(text: str) -> tuple[Domestic, list[str]]:
    """Return how a text goes out at a Korean carrier, and its parts: one SMS, else LMS.

    Raises: UnicodeEncodeError at the first character that CP949 lacks.
    """
    if cp949_length(text) <= SMS_BYTES:
        return "SMS", [text] if text.strip() else []
    return "LMS", [part for part in split(text, LMS_BYTES, cp949_length) if part.strip()]
