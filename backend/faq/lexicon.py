"""A question as the index understands it: the citizen's words and what offices write for them.

Questions in English, Chinese and Japanese become questions over Korean text.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from backend.faq import english, subjects, tokens
from backend.faq.characters import pieces
from backend.faq.romanise import loosened
from backend.faq.subjects import Subject
from backend.faq.wordlists import LONGEST, Alternatives, Morphemes, glossary, synonyms

_CAPITAL = re.compile(r"(?<=[a-z,;] )[A-Z][a-zA-Z]+")  # a name: capital within a sentence
_ABBREVIATION = re.compile(r"\b[A-Z][A-Z0-9-]+\b")
_LOOSE = 6  # letters from which a name may be spelled another way


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that a question is about: the citizen's own word, and others for the same.

    `own` is None where the word is only known in translation; `light` means that it fits any
    subject, as verbs and words of asking do.
    """

    own: str | None
    others: Alternatives
    light: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A question, ready to be searched: the citizen's words, and added words with weights.

    `surface` and `letters` are its character bigrams and runs of letters; `names` the proper
    names it holds, which an article that answers should hold too; `ids` Kiwi's numbers of words;
    `together` pairs of concepts, by place, whose words are written as one (분실 + 물).
    """

    words: Mapping[str, float]
    extra: Mapping[str, float]
    surface: Mapping[str, float]
    letters: Mapping[str, float]
    concepts: tuple[Concept, ...]
    places: frozenset[str]
    names: frozenset[str]
    subjects: tuple[Subject, ...]
    ids: Mapping[str, int]
    together: tuple[tuple[int, int], ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing of the question can be searched."""
        return not (self.words or self.extra)


def korean_query(text: str) -> Query:
    """Turn a Korean question into a query."""
    terms = tokens.korean(text)
    extra: dict[str, float] = {}
    others: dict[str, dict[Morphemes, None]] = {word: {} for word in terms.words}
    for size in range(LONGEST, 0, -1):
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
    concepts = [Concept(word, tuple(found), word in terms.light) for word, found in others.items()]
    return Query(
        dict.fromkeys(terms.words, 1.0),
        extra,
        dict.fromkeys(tokens.surface_pairs(text), 1.0),
        dict.fromkeys(tokens.letter_runs(terms.words), 1.0),
        tuple(concepts),
        terms.places | frozenset(w for w in terms.words if len(w) > 1),
        frozenset(name for name, *more in terms.names if not more),
        subjects.in_korean(text, terms.words.keys() - terms.light, _also),
        terms.ids,
        _together(text.lower(), concepts),
    )


def _together(text: str, concepts: list[Concept]) -> tuple[tuple[int, int], ...]:
    """Return the pairs of `concepts`, by place, whose words stand in `text` without a space."""
    found = []
    for place, concept in enumerate(concepts):
        word = concept.own or ""
        at = text.find(word)
        if at >= 0 and not (concept.light and len(word) == 1):
            found.append((at, at + len(word), place))
    found.sort()
    return tuple(
        (first, second)
        for (_, end, first), (start, _, second) in pairwise(found)
        if start == end
        and tokens.is_korean(concepts[second].own or "")
        and not (concepts[first].light and concepts[second].light)
    )


@lru_cache(maxsize=2_000)
def _also(word: str) -> list[str]:
    """Return other names of a listed subject, without spaces."""
    return ["".join(a) for a in synonyms().get(tokens.korean(word).sequence, ())]


def translated_query(
    text: str, names: Mapping[str, Morphemes], spellings: Mapping[str, Morphemes]
) -> Query:
    """Turn an English question into a query over Korean text.

    In: the question; `names` and `spellings`, names and other words of the corpus by their Latin
    spelling. A word that no list knows is unread; only abbreviations (CCTV, LED) are searched.
    """
    abbreviations = {word.lower() for word in _ABBREVIATION.findall(text)}
    capitals = {word.lower() for word in _CAPITAL.findall(text)}
    named, spoken = _names(english.words(text), names)
    concepts: list[Concept] = [Concept(None, (found,)) for found in named]
    extra: dict[str, float] = {m: 1.0 for found in named for m in found}
    unread = [True] * len(spoken)
    for first, end, found in glossary().match(tuple(spoken)):
        unread[first:end] = [False] * (end - first)
        concepts.append(_meant(found))
        _add(extra, found)
    words: dict[str, float] = {}
    for word in dict.fromkeys(w for w, open_ in zip(spoken, unread, strict=True) if open_):
        spelled = _spelled(word, spellings)
        if spelled:
            concepts.append(Concept(None, (spelled,)))
            _add(extra, (spelled,))
            continue
        if word in abbreviations:
            words[word] = 1.0
        if not english.is_filler(word):
            concepts.append(Concept(word, (), english.is_light(word)))
    strange = {c.own for c in concepts if c.own in capitals}
    places = frozenset(m for found in named for m in found)
    asked = (
        *subjects.in_latin(text, lambda word: _translations(word, names)),
        *subjects.in_translation(_meanings(concepts)),
    )
    return Query(
        words,
        extra,
        {},
        {},
        tuple(concepts),
        places,
        frozenset(n for n in strange if n),
        asked,
        {},
    )


def character_query(text: str, language: str) -> Query:
    """Turn a Chinese (zh) or Japanese (ja) question into a query over Korean text."""
    concepts: list[Concept] = []
    extra: dict[str, float] = {}
    for piece in pieces(text, language):
        if piece.meaning:
            concepts.append(_meant(piece.meaning))
            _add(extra, piece.meaning)
        else:
            concepts.append(Concept(piece.text, ()))
    asked = subjects.in_translation(_meanings(concepts))
    nothing: frozenset[str] = frozenset()
    return Query({}, extra, {}, {}, tuple(concepts), nothing, nothing, asked, {})


def _meant(found: Alternatives) -> Concept:
    return Concept(None, found, all(m in tokens.GENERAL for other in found for m in other))


def _meanings(concepts: Iterable[Concept]) -> list[list[str]]:
    return [["".join(other) for other in c.others] for c in concepts if c.others]


def _translations(phrase: str, names: Mapping[str, Morphemes]) -> list[str]:
    """Return what an English phrase may be called in Korean, without spaces."""
    words = tuple(english.words(phrase))
    forms = ["".join(o) for _, _, found in glossary().match(words) for o in found]
    name = names.get("".join(words))
    return [*forms, "".join(name)] if name else forms


def _add(extra: dict[str, float], found: Alternatives) -> None:
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
            whole = at + size <= len(words) and bool(part)
            morphemes = _spelled("".join(part), names) if whole else None
            if morphemes is not None:
                found.append(morphemes)
                at += size
                break
        else:
            rest.append(words[at])
            at += 1
    return found, rest


def _spelled(word: str, spellings: Mapping[str, Morphemes]) -> Morphemes | None:
    found = spellings.get(word)
    return found if found or len(word) < _LOOSE else spellings.get(loosened(word))


def english_query(text: str) -> Query:
    """Turn an English question into a query over English text, with its meaning in Korean."""
    terms = tokens.english(text)
    extra: dict[str, float] = {}
    others: dict[str, dict[Morphemes, None]] = {word: {} for word in terms.words}
    spoken = tuple(english.words(text))
    for first, end, found in glossary().match(spoken):
        _add(extra, found)
        for word in spoken[first:end]:
            if english.stem(word) in others:
                others[english.stem(word)].update(dict.fromkeys(found))
    light = {english.stem(word) for word in spoken if english.is_light(word)}
    return Query(
        dict.fromkeys(terms.words, 1.0),
        extra,
        dict.fromkeys(tokens.surface_pairs(text), 1.0),
        dict.fromkeys(tokens.letter_runs(terms.words), 1.0),
        tuple(Concept(word, tuple(found), word in light) for word, found in others.items()),
        frozenset(),
        frozenset(),
        subjects.in_latin(text, lambda word: [word.replace(" ", "")]),
        {},
    )


def translated_words(text: str) -> dict[str, int]:
    """Return the Korean morphemes that stand for an English text: its meaning, word by word."""
    counted: dict[str, int] = {}
    for _, _, found in glossary().match(tuple(english.words(text))):
        for morpheme in {m for alternative in found for m in alternative}:
            counted[morpheme] = counted.get(morpheme, 0) + 1
    return counted
