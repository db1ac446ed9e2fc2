"""What the bot says: one catalogue a language, with Korean particles that fit the word before."""

import re
import string
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

LOCALES = Path(__file__).parent / "locales"
LANGUAGES = ("ko", "en", "zh", "ja", "vi")
# What the voices of our gateways speak; a caller of another language is answered in English.
SPOKEN = ("ko", "en")

# particle: (after a consonant, after a vowel)
_PARTICLES = {
    "을": ("을", "를"), "이": ("이", "가"), "은": ("은", "는"), "과": ("과", "와"),
    "으로": ("으로", "로"), "이에요": ("이에요", "예요"), "이라": ("이라", "라"),
    "이고": ("이고", "고"),
}  # fmt: skip
# How the digits are read: 영 일 이 삼 사 오 육 칠 팔 구.
_DIGITS_END = {"0": 21, "1": 8, "3": 16, "6": 1, "7": 8, "8": 8}
_RIEUL = 8
# How letters are read one by one: 엘 엠 엔 알; the names of all others end in a vowel.
_LETTERS_END = {"L": _RIEUL, "M": 16, "N": 4, "R": _RIEUL}
# How a Latin word ends when it is written in Hangul: 호텔, 강남, 라인, 파킹; a last r is not heard.
_WORDS_END = (("ng", 21), ("l", _RIEUL), ("m", 16), ("n", 4), ("ck", 1), ("k", 1), ("p", 17))
_UNITS = re.compile(r"\d\s?(?:%|℃|°C|㎡|㎞|km|cm|mm|m|t)$")
_ASIDE = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])\s*$")


def _final(word: str) -> int:
    """Return the number of the last syllable's final consonant, 0 where it ends in a vowel."""
    word = _ASIDE.sub("", word) or word  # a particle follows the word, not what is in brackets
    if _UNITS.search(word):
        return 0  # 퍼센트, 도, 제곱미터, 킬로미터
    last = next((i for i in range(len(word) - 1, -1, -1) if word[i].isalnum()), None)
    if last is None:
        return 0
    letter = word[last]
    if "가" <= letter <= "힣":
        return (ord(letter) - ord("가")) % 28
    if letter.isdigit():
        return _DIGITS_END.get(letter, 0)
    run = re.search(r"[A-Za-z]+$", word[: last + 1])
    if run is None:
        return 0
    if run[0].isupper():
        return _LETTERS_END.get(letter, 0)
    return next((final for end, final in _WORDS_END if run[0].lower().endswith(end)), 0)


def with_particle(word: str, particle: str) -> str:
    """Return `word` with the form of `particle` that fits it: 마포구를, 산을, 서울로."""
    final = _final(word)
    consonant, vowel = _PARTICLES[particle]
    if particle == "으로" and final == _RIEUL:
        return word + vowel
    return word + (consonant if final else vowel)


_WRITTEN = (
    (re.compile(r"\s*예: [^.]*\.?$"), ""),
    (re.compile(r"(?:적어|써|보내) 주(?=세요|시[면겠]|셔)"), "말씀해 주"),
    (re.compile(r"(?:적으|보내)시면"), "말씀하시면"),
    (re.compile(r"적지 않아도"), "말씀하지 않아도"),
)


class _Formatter(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> Any:
        if format_spec in _PARTICLES:
            return with_particle(str(value), format_spec)
        if format_spec[:1] == "'" and format_spec[1:] in _PARTICLES:
            return with_particle(f"'{value}'", format_spec[1:])  # a title, and what follows it
        return super().format_field(value, format_spec)


_formatter = _Formatter()


@lru_cache
def catalogue(language: str) -> dict[str, Any]:
    """Return the texts of `language`, by dotted key."""
    nested = yaml.safe_load((LOCALES / f"{language}.yml").read_text(encoding="utf-8"))
    flat: dict[str, Any] = {}
    for group, entries in nested.items():
        for name, value in entries.items():
            flat[f"{group}.{name}"] = value
    return flat


def has(language: str, key: str) -> bool:
    """Tell whether the catalogue of `language` has a text."""
    return key in catalogue(language if language in LANGUAGES else "en")


def say(language: str, key: str, /, **slots: Any) -> tuple[str, str | None]:
    """Return the written form of a text, and the spoken one where it differs.

    A text that the language lacks is said in English: a citizen is never left without an answer.

    Raises: KeyError for a text that no catalogue has.
    """
    known = has(language, key)
    entry = catalogue(language if language in LANGUAGES and known else "en")[key]
    if isinstance(entry, str):
        written = _formatter.format(entry, **slots).strip()
        by_ear = _formatter.format(_by_ear(entry), **slots).strip() if language == "ko" else written
        return written, by_ear if by_ear != written else None
    spoken = _formatter.format(entry["spoken"], **slots).strip()
    return _formatter.format(entry["text"], **slots).strip(), spoken


def _by_ear(entry: str) -> str:
    """Return a Korean text for a caller, who speaks and does not write; without its examples."""
    for pattern, spoken in _WRITTEN:
        entry = pattern.sub(spoken, entry)
    return entry


def word(language: str, key: str, /, **slots: Any) -> str:
    """Return a short text, such as the title of a choice."""
    return say(language, key, **slots)[0]


def listed(items: list[str], language: str) -> str:
    """Return items as a sentence lists them: "마포구, 은평구", "麻浦区、恩平区"."""
    return ("、" if language in ("zh", "ja") else ", ").join(items)
