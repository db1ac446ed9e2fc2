"""From the citizen's words to the words that offices write: synonyms, and English to Korean.

`synonyms.yml` and `glossary.yml` are data that a city may extend; this module turns a question
into the query that the index understands.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from backend.faq import tokens

_HERE = Path(__file__).parent
_LONGEST = 4  # words in one entry of either list
# verbs that say nothing by themselves
_LIGHT = frozenset(("하", "되", "있", "주", "보", "알", "가", "오", "싶", "말"))
_CAPITAL = re.compile(r"(?<=[a-z,;] )[A-Z][a-zA-Z]+")  # a name: capital within a sentence
_ABBREVIATION = re.compile(r"\b[A-Z][A-Z0-9-]+\b")

Morphemes = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that a question is about: the citizen's own word, and others for the same.

    `own` is None where the word is only known in translation.
    """

    own: str | None
    others: tuple[Morphemes, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A question, ready to be searched: the citizen's words, and added words with weights.

    `surface` and `letters` are its character bigrams and runs of letters; `names` the proper
    names it holds, which an article that answers should hold too.
    """

    words: Mapping[str, float]
    extra: Mapping[str, float]
    surface: Mapping[str, float]
    letters: Mapping[str, float]
    concepts: tuple[Concept, ...]
    places: frozenset[str]
    names: frozenset[str]

    @property
    def empty(self) -> bool:
        """Whether nothing of the question can be searched."""
        return not (self.words or self.extra)


class Glossary:
    """English phrases and what stands for them in Korean, matched longest first.

    A phrase is found as it is written, or else by the stems of its words (report, reporting).
    """

    def __init__(self, entries: Mapping[Morphemes, tuple[Morphemes, ...]]) -> None:
        self._exact = dict(entries)
        self._stems: dict[Morphemes, tuple[Morphemes, ...]] = {}
        for phrase in sorted(entries, key=lambda words: sum(map(len, words))):
            # of phrases with the same stems the shortest is the plain form: park, not parking
            self._stems.setdefault(tuple(map(tokens.stem, phrase)), entries[phrase])

    def __len__(self) -> int:
        return len(self._exact)

    def values(self) -> list[tuple[Morphemes, ...]]:
        """Return what stands for each phrase."""
        return list(self._exact.values())

    def match(self, words: Morphemes) -> Iterator[tuple[int, int, tuple[Morphemes, ...]]]:
        """Yield (first, end, alternatives) for the phrases found in `words`; they do not overlap.

        A word of a longer phrase is not looked up again on its own.
        """
        stems = tuple(map(tokens.stem, words))
        at = 0
        while at < len(words):
            for size in range(min(_LONGEST, len(words) - at), 0, -1):
                end = at + size
                found = self._exact.get(words[at:end]) or self._stems.get(stems[at:end])
                if found:
                    yield at, end, found
                    at = end
                    break
            else:
                at += 1


def _load(name: str) -> list[tuple[str, list[str]]]:
    """Read one list: left of the colon phrases divided by commas, right of it what stands for it"""
    content = yaml.safe_load((_HERE / name).read_text(encoding="utf-8"))
    return [
        (phrase.strip(), [word.replace("_", " ") for word in str(right).split()])
        for left, right in content.items()
        for phrase in str(left).split(",")
    ]


@lru_cache(maxsize=1)
def synonyms() -> dict[Morphemes, tuple[Morphemes, ...]]:
    """Return the Korean list: morphemes of a phrase, and of what offices write for it."""
    pairs = _load("synonyms.yml")
    known = tokens.entries([left for left, _ in pairs] + [w for _, right in pairs for w in right])
    entries: dict[Morphemes, dict[Morphemes, None]] = {}
    for left, right in pairs:
        key = known[left]
        lost = len(key) == 1 and (" " in left or key[0] in _LIGHT)  # "다 짓다" is only 짓 now
        if key and not lost:
            entries.setdefault(key, {}).update({known[w]: None for w in right})
            entries[key].pop(key, None)
    return {key: tuple(found) for key, found in entries.items() if found}


@lru_cache(maxsize=1)
def glossary() -> Glossary:
    """Return the English list."""
    pairs = _load("glossary.yml")
    known = tokens.entries(w for _, right in pairs for w in right)
    entries: dict[Morphemes, dict[Morphemes, None]] = {}
    for left, right in pairs:
        key = tuple(tokens.english_words(left))
        entries.setdefault(key, {}).update({known[w]: None for w in right})
    return Glossary({key: tuple(found) for key, found in entries.items()})


def korean_query(text: str) -> Query:
    """Turn a Korean question into a query."""
    terms = tokens.korean(text)
    extra: dict[str, float] = {}
    others: dict[str, dict[Morphemes, None]] = {word: {} for word in terms.words}
    for size in range(_LONGEST, 0, -1):
        for at in range(len(terms.sequence) - size + 1):
            phrase = terms.sequence[at : at + size]
            found = synonyms().get(phrase, ())
            for word in phrase:
                if word in others:
                    others[word].update(dict.fromkeys(found))
            for morpheme in {m for alternative in found for m in alternative}:
                extra[morpheme] = 1.0
    for word in terms.words:
        extra.pop(word, None)
    return Query(
        dict.fromkeys(terms.words, 1.0),
        extra,
        dict.fromkeys(tokens.surface_pairs(text), 1.0),
        dict.fromkeys(tokens.letter_runs(terms.words), 1.0),
        tuple(Concept(word, tuple(found)) for word, found in others.items()),
        terms.places | frozenset(w for w in terms.words if len(w) > 1),
        frozenset(name for name, *more in terms.names if not more),
    )


def translated_query(text: str, names: Mapping[str, Morphemes]) -> Query:
    """Turn an English question into a query over Korean text.

    In: the question; `names`, Latin spellings of names that the corpus holds. A word that neither
    the glossary nor `names` knows is unread; only abbreviations (CCTV, LED) are searched as such.
    """
    abbreviations = {word.lower() for word in _ABBREVIATION.findall(text)}
    capitals = {word.lower() for word in _CAPITAL.findall(text)}
    named, spoken = _names(tokens.english_words(text), names)
    concepts: list[Concept] = [Concept(None, (found,)) for found in named]
    extra: dict[str, float] = {m: 1.0 for found in named for m in found}
    unread = [True] * len(spoken)
    for first, end, found in glossary().match(tuple(spoken)):
        unread[first:end] = [False] * (end - first)
        concepts.append(Concept(None, found))
        _add(extra, found)
    words: dict[str, float] = {}
    for word in dict.fromkeys(w for w, open_ in zip(spoken, unread, strict=True) if open_):
        if word in abbreviations:
            words[word] = 1.0
        if not tokens.is_english_filler(word):
            concepts.append(Concept(word, ()))
    strange = {c.own for c in concepts if c.own in capitals}
    places = frozenset(m for found in named for m in found)
    return Query(words, extra, {}, {}, tuple(concepts), places, frozenset(n for n in strange if n))


def _add(extra: dict[str, float], found: tuple[Morphemes, ...]) -> None:
    """Add the morphemes of a concept; one that has many names does not count for more."""
    share = 1.0 / len(found) ** 0.5
    for morpheme in {m for alternative in found for m in alternative}:
        extra[morpheme] = max(extra.get(morpheme, 0.0), share)


def _names(words: list[str], names: Mapping[str, Morphemes]) -> tuple[list[Morphemes], list[str]]:
    """Take names out of `words`; one may be written in up to three parts ("Donam 1 dong")."""
    found: list[Morphemes] = []
    rest: list[str] = []
    at = 0
    while at < len(words):
        for size in (3, 2, 1):
            part = [w for w in words[at : at + size] if not w.isdigit()]
            morphemes = names.get("".join(part)) if at + size <= len(words) and part else None
            if morphemes is not None:
                found.append(morphemes)
                at += size
                break
        else:
            rest.append(words[at])
            at += 1
    return found, rest


def english_query(text: str) -> Query:
    """Turn an English question into a query over English text, with its meaning in Korean."""
    terms = tokens.english(text)
    extra: dict[str, float] = {}
    others: dict[str, dict[Morphemes, None]] = {word: {} for word in terms.words}
    spoken = tuple(tokens.english_words(text))
    for first, end, found in glossary().match(spoken):
        _add(extra, found)
        for word in spoken[first:end]:
            if tokens.stem(word) in others:
                others[tokens.stem(word)].update(dict.fromkeys(found))
    return Query(
        dict.fromkeys(terms.words, 1.0),
        extra,
        dict.fromkeys(tokens.surface_pairs(text), 1.0),
        dict.fromkeys(tokens.letter_runs(terms.words), 1.0),
        tuple(Concept(word, tuple(found)) for word, found in others.items()),
        frozenset(),
        frozenset(),
    )


def translated_words(text: str) -> dict[str, int]:
    """Return the Korean morphemes that stand for an English text: its meaning, word by word."""
    counted: dict[str, int] = {}
    for _, _, found in glossary().match(tuple(tokens.english_words(text))):
        for morpheme in {m for alternative in found for m in alternative}:
            counted[morpheme] = counted.get(morpheme, 0) + 1
    return counted
