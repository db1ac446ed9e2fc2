"""Masks identifiers that may not be kept, before a message is stored or logged.

A resident registration number may be processed only where a law names it (Personal Information
Protection Act, art. 24-2); citizens send them unasked, typed or spoken, and so they are masked
first. The check digit is not relied on: since October 2020 the last digits are random.
"""

import re

from nlu.normalise import Plain, normalise
from nlu.numbers import digitise

_MASK = "*"
_GAP = r"[ \-–—.,·/]{0,3}"
_RESIDENT = re.compile(
    rf"(?<!\d)(?P<date>(?:\d[ ]?){{5}}\d){_GAP}(?:에\s?|다시\s?)?(?:\d[ ]?){{6}}\d(?!\d)"
)
_CARD = re.compile(r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])")
_PASSPORT = re.compile(r"(?<![a-z0-9])[mspgrd](?:\d{8}|\d{3}[a-z]\d{4})(?![a-z0-9])")
_DRIVER = re.compile(r"(?<![\d-])\d{2}-\d{2}-\d{6}-\d{2}(?![\d-])")
_ACCOUNT = re.compile(
    r"(?:계좌|입금|account|은행)[^\d]{0,16}(?P<number>\d(?:[ -]?\d){9,15})(?![\d-])"
)

_MASKED = re.compile(
    r"(?:(?:제|내|저의|my)\s*)?(?:(?:주민|외국인)\s*(?:등록)?\s*번호|카드\s*번호|계좌\s*번호|여권\s*번호|면허\s*번호"
    r"|(?:resident|card|account|passport|registration) number)?(?:는|은|가|이|\s+is)?[\s:]*"
    r"\*{2,}[*\s\-]*\*(?:번)?(?:이고요?|고요?|입니다|이에요|예요|인데요?|,|\.)?",
    re.IGNORECASE,
)


def mask_identifiers(text: str) -> tuple[str, bool]:
    """Return the text with identifiers as asterisks, and whether there were any.

    Masked are resident and foreigner registration numbers (also spoken), payment cards, passports,
    driver's licences, and bank accounts that are named as such. Receipt and phone numbers stay.
    """
    typed = normalise(text)
    spans: list[tuple[int, int]] = []
    for source in dict.fromkeys((digitise(typed), typed)):
        spans += _identifiers(source)
    if not spans:
        return text, False
    masked = list(text)
    for start, end in spans:
        for at in range(start, end):
            if masked[at].isalnum():
                masked[at] = _MASK
    return "".join(masked), True


def _identifiers(source: Plain) -> list[tuple[int, int]]:
    text = source.text
    found = [m.span() for m in _RESIDENT.finditer(text) if _is_date(m["date"])]
    found += [m.span() for m in _CARD.finditer(text) if _is_card(re.sub(r"\D", "", m[0]))]
    found += [m.span("number") for m in _ACCOUNT.finditer(text)]
    for pattern in (_PASSPORT, _DRIVER):
        found += [m.span() for m in pattern.finditer(text)]
    return [source.source_span(start, end) for start, end in found]


def _is_date(written: str) -> bool:
    """Say whether six digits can be a birth date (YYMMDD)."""
    digits = written.replace(" ", "")
    month, day = int(digits[2:4]), int(digits[4:6])
    return 1 <= month <= 12 and 1 <= day <= 31


def _is_card(digits: str) -> bool:
    """Say whether digits can be a payment card: its length, its first digit, Luhn's check."""
    if not 14 <= len(digits) <= 19 or digits[0] not in "23456789":
        return False
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def without_masks(text: str) -> str:
    """Return the text with what was masked, and the words that announce it, as blanks.

    Every other character keeps its place. What is left is the matter; "my number is ***" is none.
    """
    return _MASKED.sub(lambda match: " " * len(match[0]), text)
