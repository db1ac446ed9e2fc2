"""The word lists that ship with the project, as morphemes: synonyms, and glossaries into Korean.

They are data that a city may extend; every list is read once in a process.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from backend.faq import english, tokens

LONGEST = 6  # words in one entry of a list
_HERE = Path(__file__).parent
_ENGLISH = ("glossary.yml", "glossary_offices.yml")
_SYNONYMS = ("synonyms.yml", "synonyms_needs.yml")
# verbs that say nothing by themselves
_LIGHT = frozenset(("하", "되", "있", "주", "보", "알", "가", "오", "싶", "말"))

Morphemes = tuple[str, ...]
Alternatives = tuple[Morphemes, ...]


class Glossary:
    """English phrases and what stands for them in Korean, matched longest first.

    A phrase is found as it is written, or else by the stems of its words (report, reporting).
    """

    def __init__(self, entries: Mapping[Morphemes, Alternatives]) -> None:
        self._exact = dict(entries)
        self._stems: dict[Morphemes, Alternatives] = {}
        for phrase in sorted(entries, key=lambda words: sum(map(len, words))):
            # of phrases with the same stems the shortest is the plain form: park, not parking
            self._stems.setdefault(tuple(map(english.stem, phrase)), entries[phrase])

    def __len__(self) -> int:
        return len(self._exact)

    def values(self) -> list[Alternatives]:
        """Return what stands for each phrase."""
        return list(self._exact.values())

    def match(self, words: Morphemes) -> Iterator[tuple[int, int, Alternatives]]:
        """Yield (first, end, alternatives) for the phrases found in `words`; they do not overlap.

        A word of a longer phrase is not looked up again on its own.
        """
        stems = tuple(map(english.stem, words))
        at = 0
        while at < len(words):
            for size in range(min(LONGEST, len(words) - at), 0, -1):
                end = at + size
                found = self._exact.get(words[at:end]) or self._stems.get(stems[at:end])
                if found:
                    yield at, end, found
                    at = end
                    break
            else:
                at += 1


def load(name: str) -> list[tuple[str, list[str]]]:
    """Read one list: left of the colon phrases divided by commas, right of it what stands for it"""
    return [
        (phrase.strip(), [word.replace("_", " ") for word in str(right).split()])
        for left, right in _content(name).items()
        for phrase in str(left).split(",")
    ]


def _content(name: str) -> Any:
    text = (_HERE / name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.CSafeLoader)


@lru_cache(maxsize=1)
def synonyms() -> dict[Morphemes, Alternatives]:
    """Return the Korean list: morphemes of a phrase, and of what offices write for it."""
    pairs = [pair for name in _SYNONYMS for pair in load(name)]
    known = tokens.entries([left for left, _ in pairs] + [w for _, right in pairs for w in right])
    entries: dict[Morphemes, dict[Morphemes, None]] = {}
    for left, right in pairs:
        key = known[left]
        lost = len(key) == 1 and (" " in left or key[0] in _LIGHT)  # "다 짓다" is only 짓 now
        if key and not lost:
            entries.setdefault(key, {}).update({known[w]: None for w in right if known[w]})
            entries[key].pop(key, None)
    return {key: tuple(found) for key, found in entries.items() if found}


@lru_cache(maxsize=1)
def glossary() -> Glossary:
    """Return the English lists."""
    pairs = [pair for name in _ENGLISH for pair in load(name)]
    known = tokens.entries(w for _, right in pairs for w in right)
    entries: dict[Morphemes, dict[Morphemes, None]] = {}
    for left, right in pairs:
        key = tuple(english.words(left))
        entries.setdefault(key, {}).update({known[w]: None for w in right if known[w]})
    return Glossary({key: tuple(found) for key, found in entries.items()})


@lru_cache(maxsize=2)
def characters(language: str) -> dict[str, Alternatives]:
    """Return the list of a language that is written without spaces: Chinese (zh), Japanese (ja)."""
    pairs = load(f"glossary_{language}.yml")
    known = tokens.entries(w for _, right in pairs for w in right)
    return {left: tuple(known[w] for w in right if known[w]) for left, right in pairs}


@lru_cache(maxsize=1)
def readings() -> dict[str, str]:
    """Return how Chinese characters are read in Korean: character → syllable."""
    content = _content("hanja.yml")
    return {char: syllable for syllable, chars in content.items() for char in str(chars)}
