"""What a question names as its subject: words that an article which answers has in its title.

`subjects.yml` lists, by kind, other places, private firms, the state's matters, small talk, advice
that doctors and lawyers give, and services of a city. It is data that a city may extend.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

KINDS = ("elsewhere", "foreign", "services")
_FILE = Path(__file__).with_name("subjects.yml")
_SHORT = 2  # syllables: so short a word must also be read as a noun, or it may be part of another


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject found in a question: its kind, and its names in Korean without spaces."""

    kind: str
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Lists:
    korean: dict[str, str]
    latin: dict[str, str]
    korean_pattern: re.Pattern[str]
    latin_pattern: re.Pattern[str]


@lru_cache(maxsize=1)
def _lists() -> _Lists:
    korean: dict[str, str] = {}
    latin: dict[str, str] = {}
    for kind, words in yaml.safe_load(_FILE.read_text(encoding="utf-8")).items():
        known = kind if kind in KINDS else "foreign"
        for word in str(words["ko"]).split():
            korean.setdefault(word.replace("_", " "), known)
        for word in str(words["en"]).split():
            latin.setdefault(word.replace("_", " "), known)
    return _Lists(
        korean,
        latin,
        re.compile(rf"(?<![가-힣a-z0-9])({_any(korean)})"),
        re.compile(rf"(?<![a-z])({_any(latin)})(?:e?s)?(?![a-z])"),
    )


def _any(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


def in_korean(
    text: str, nouns: Collection[str], also: Callable[[str], list[str]]
) -> tuple[Subject, ...]:
    """Return the subjects that a Korean question names.

    `nouns` are the nouns that were read in it; `also` gives other names for a listed word.
    """
    lists = _lists()
    found = dict.fromkeys(lists.korean_pattern.findall(text.lower()))
    return tuple(
        Subject(lists.korean[word], (word.replace(" ", ""), *also(word)))
        for word in found
        if len(word) > _SHORT or word in nouns
    )


def in_latin(text: str, korean: Callable[[str], list[str]]) -> tuple[Subject, ...]:
    """Return the subjects that an English question names; `korean` translates a listed word."""
    lists = _lists()
    found = dict.fromkeys(lists.latin_pattern.findall(text.lower()))
    return tuple(Subject(lists.latin[word], tuple(korean(word))) for word in found)


def in_translation(meanings: Iterable[Sequence[str]]) -> tuple[Subject, ...]:
    """Return the subjects among `meanings`: for each thing asked about, its names in Korean.

    The first name is the one that a word list means above all; only that decides.
    """
    korean = _lists().korean
    return tuple(
        Subject(korean[forms[0]], tuple(forms)) for forms in meanings if forms[0] in korean
    )
