"""Brings a text as people type it into one plain form, and remembers where each character was.

Canonical composition (macOS sends decomposed Hangul), full-width and circled signs to plain ones,
lower case, no invisible characters, one space at most, and no drawn-out letters ("ㅋㅋㅋㅋㅋ").
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_COUNTING = frozenset("영공령일이삼사오육륙칠팔구o")  # three zeros in a row may be meant
_LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAILS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"


@dataclass(frozen=True, slots=True)
class Plain:
    """A normalised text; `starts[i]`..`ends[i]` is the source span of its i-th character."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Translate a span of the normalised text (`end` exclusive) to one of the source."""
        return self.starts[start], self.ends[end - 1]


@lru_cache(maxsize=8192)
def _fold(char: str) -> str:
    """Return the plain form of one composed character, '' for one that is not seen."""
    category = unicodedata.category(char)
    if category in ("Zs", "Zl", "Zp") or char in "\t\n\r\f\v":
        return " "
    if category in ("Cc", "Cf", "Cs", "Co", "Cn") or 0xFE00 <= ord(char) <= 0xFE0F:
        return ""
    if 0x3130 <= ord(char) <= 0x318F:  # Hangul letters typed alone: NFKC would break them
        return char
    folded = unicodedata.normalize("NFKC", char)
    if len(folded) != 1:  # "⑩" becomes "10", "㎡" stays
        folded = folded if folded.isdigit() else char
    if "\u1100" <= folded[0] <= "\u11ff":
        return char
    lower = folded.lower()
    return lower if len(lower) == len(folded) else folded


def normalise(text: str) -> Plain:
    """Return the plain form of `text` with the source span of each of its characters."""
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end, char in _composed(text):
        for folded in _fold(char):
            if folded == " " and (not chars or chars[-1] == " "):
                continue
            drawn_out = len(chars) > 1 and chars[-1] == chars[-2] == folded
            if drawn_out and folded not in _COUNTING and unicodedata.category(folded)[0] in "LP":
                ends[-1] = end
                continue
            chars.append(folded)
            starts.append(start)
            ends.append(end)
    while chars and chars[-1] == " ":
        del chars[-1], starts[-1], ends[-1]
    return Plain("".join(chars), tuple(starts), tuple(ends))


def _composed(text: str) -> list[tuple[int, int, str]]:
    """Return (start, end, character) with combining sequences composed."""
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return [(i, i + 1, c) for i, c in enumerate(text)]
    out: list[tuple[int, int, str]] = []
    i = 0
    while i < len(text):
        j = i + 1
        while j < len(text) and (unicodedata.combining(text[j]) or "\u1160" <= text[j] <= "\u11ff"):
            j += 1
        out += [(i, j, c) for c in unicodedata.normalize("NFC", text[i:j])]
        i = j
    return out


# Little pictures that stand for no word; those that say yes or no, or cry for help, are kept.
_PICTURE = re.compile(
    "(?![👍👎👌🙅🙆🆗🔥🆘🚨🩸])[\U0001f000-\U0001faff\u2600-\u2704\u2706-\u274b\u274d-\u27bf\u2190-\u21ff]"
    "[\U0001f3fb-\U0001f3ff\ufe0f\u200d♀♂]*"
)


def without_pictures(text: str) -> str:
    """Return `text` with blanks for the emoji beside its words, each as long as what it replaces.

    A text without a word stays as it is.
    """
    bare = _PICTURE.sub(lambda found: " " * len(found[0]), text)
    return bare if any(c.isalnum() for c in bare) else text


def plain(text: str) -> str:
    """Return only the normalised text."""
    return normalise(text).text


def fingerprint(text: str) -> str:
    """Return a form under which two ways of typing the same message are equal.

    Letters and digits only, without spaces, signs and case: what the test of "training and test
    share no text" compares.
    """
    kept = "".join(c for c in plain(text) if c.isalnum() or "ㄱ" <= c <= "ㅣ")
    return kept or plain(text)


def jamo(text: str) -> str:
    """Spell Hangul syllables out as letters ("각" → "ㄱㅏㄱ"), so that typos differ little."""
    return "".join(map(_jamo, text))


@lru_cache(maxsize=12000)
def _jamo(char: str) -> str:
    code = ord(char) - 0xAC00
    if not 0 <= code < 11172:
        return char
    lead, rest = divmod(code, 588)
    vowel, tail = divmod(rest, 28)
    return (_LEADS[lead] + _VOWELS[vowel] + _TAILS[tail]).rstrip()


def has_hangul(text: str) -> bool:
    """Say whether any Hangul syllable or letter occurs."""
    return any("가" <= c <= "힣" or "ㄱ" <= c <= "ㅣ" for c in text)
