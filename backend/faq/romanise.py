"""Korean names in Latin letters (Revised Romanisation), to find a place that is typed in English.

Rule: National Institute of Korean Language, "Romanization of Korean" (2000), with the sound
changes that names show (신림 Sillim, 왕십리 Wangsimni, 종로 Jongno).
"""

import re
from collections.abc import Iterable

_SOUNDS = """
g kk n d tt r m b pp s ss - j jj ch k t p h
a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i
- k k k n n n t l k m p l l p l m p p t t ng t t k t p t
"""
_LEADS, _VOWELS, _TAILS = (
    [sound.strip("-") for sound in line.split(" ")] for line in _SOUNDS.strip().splitlines()
)
# what a closing letter sounds like when the next syllable begins with a vowel
_LINKED = {"k": "g", "t": "d", "p": "b", "l": "r"}
_LINKED_S = {19: "s", 20: "ss", 22: "j", 23: "ch", 24: "k", 25: "t", 26: "p"}
_CHANGES = {
    ("k", "n"): ("ng", "n"),
    ("k", "m"): ("ng", "m"),
    ("k", "r"): ("ng", "n"),
    ("t", "n"): ("n", "n"),
    ("t", "m"): ("n", "m"),
    ("t", "r"): ("n", "n"),
    ("p", "n"): ("m", "n"),
    ("p", "m"): ("m", "m"),
    ("p", "r"): ("m", "n"),
    ("ng", "r"): ("ng", "n"),
    ("m", "r"): ("m", "n"),
    ("n", "r"): ("l", "l"),
    ("l", "n"): ("l", "l"),
    ("l", "r"): ("l", "l"),
}
_BASE = 0xAC00
_COUNT = 11_172
_SILENT = 11  # the lead ㅇ


def romanise(text: str) -> str:
    """Return Korean `text` in small Latin letters; other characters stay as they are."""
    codes = [ord(char) - _BASE for char in text]
    out: list[str] = []
    carried = ""
    for i, char in enumerate(text):
        code = codes[i]
        if not 0 <= code < _COUNT:
            out.append(char.lower())
            carried = ""
            continue
        lead, vowel, tail = code // 588, code % 588 // 28, code % 28
        out.append((carried or _LEADS[lead]) + _VOWELS[vowel])
        close, carried = _close(tail, codes[i + 1] if i + 1 < len(codes) else -1)
        out.append(close)
    return "".join(out)


def _close(tail: int, following: int) -> tuple[str, str]:
    """Return the sound that ends a syllable, and what begins the next one in its stead."""
    sound = _TAILS[tail]
    if not sound or not 0 <= following < _COUNT:
        return sound, ""
    lead = following // 588
    if lead == _SILENT:
        if sound in ("ng", "n", "m"):
            return ("", sound) if sound != "ng" else (sound, "")
        return "", _LINKED_S.get(tail, _LINKED.get(sound, sound))
    return _CHANGES.get((sound, _LEADS[lead]), (sound, ""))


def loosened(spelled: str) -> str:
    """Return a Latin spelling without what people spell differently (Park No-soo, Bak Nosu)."""
    loose = _UNSTEADY.sub("", spelled.lower())
    for ours, theirs in _SPELT:
        loose = loose.replace(ours, theirs)
    return "~" + _DOUBLE.sub(r"\1", loose)


_UNSTEADY = re.compile(r"[^a-z]")
_DOUBLE = re.compile(r"(.)\1+")
_SPELT = (
    ("oo", "u"),
    ("ee", "i"),
    ("eo", "o"),
    ("eu", "u"),
    ("woo", "u"),
    ("ou", "u"),
    ("sh", "s"),
    ("ch", "j"),
    ("b", "p"),
    ("d", "t"),
    ("g", "k"),
    ("r", "l"),
)

Spellings = dict[str, tuple[str, ...]]
_SHORTEST = 5  # letters: a shorter spelling may be an English word


def spellings(names: Iterable[tuple[str, ...]]) -> Spellings:
    """Return Korean `names` (as morphemes) by how they are, or might be, spelled in Latin."""
    found: Spellings = {}
    loose: Spellings = {}
    for name in names:
        spelled = romanise("".join(name))
        if len(spelled) < _SHORTEST or not spelled.isascii():
            continue
        found.setdefault(spelled, name)
        loose.setdefault(loosened(spelled), name)
        if len(name) == 1:
            found.setdefault(spelled + "gu", name)
        for ending in _ENDINGS:
            stem = name[0].removesuffix(ending)
            if len(name) == 1 and 1 < len(stem) < len(name[0]):
                found.setdefault(romanise(stem), name)
    return {**loose, **found}


_AFTER_NAMES = "미술관 박물관 체육공원 대공원 공원 도서관 시장 센터 대교 교 로 길 산 역 동"
_ENDINGS = tuple(_AFTER_NAMES.split())
