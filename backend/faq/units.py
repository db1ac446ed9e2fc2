"""Articles of one language, analysed: every way to ask for one is a unit of its own.

A unit is a title (or one of the other questions of an article) with the body behind it. Analysis
is kept by article digest, so that after an edit only what changed is read again.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from math import log1p
from typing import Any

import numpy as np

from backend.faq import lexicon, tokens
from backend.faq.channel import Channel, Counts, Ints, Saturation, Vocabulary
from backend.faq.romanise import romanise

CHANNELS = ("words", "pairs", "surface", "letters")
_BODY = 1_000  # characters of a body that are read; the tail of the longest lists adds only noise
_SATURATION = {
    "words": Saturation(),
    "pairs": Saturation(),
    "surface": Saturation(),
    "letters": Saturation(body=0.0),
}


Vocabularies = tuple[Vocabulary, Vocabulary, Vocabulary, Vocabulary]


@dataclass(frozen=True)
class Row:
    """An article as the index sees it. `sentences`: whether its body has sentence ends."""

    id: int
    external_id: str
    language: str
    title: str
    questions: tuple[str, ...]
    body: str
    sentences: bool

    @cached_property
    def digest(self) -> str:
        """What the analysis of this article depends on, as a hash."""
        parts = "\x1f".join([self.language, self.title, *self.questions, "\x1e", self.body])
        return hashlib.blake2b(parts.encode(), digest_size=12).hexdigest()


@dataclass(slots=True)
class Unit:
    """One way to ask for one article: its counts by channel, and the places its title names."""

    counts: tuple[Counts, Counts, Counts, Counts]
    places: frozenset[str]
    length: float


@dataclass
class Units:
    """All units of one language with their inverted lists."""

    language: str
    rows: Sequence[Row]
    by_digest: Mapping[str, tuple[list[Unit], list[tuple[str, ...]]]]
    vocabularies: Vocabularies
    words: Channel = field(init=False)
    pairs: Channel = field(init=False)
    surface: Channel = field(init=False)
    letters: Channel = field(init=False)
    row_of: Ints = field(init=False)
    units: list[Unit] = field(init=False)
    length: Any = field(init=False)

    def __post_init__(self) -> None:
        self.units = []
        row_of: list[int] = []
        for position, row in enumerate(self.rows):
            found, _ = self.by_digest[row.digest]
            self.units.extend(found)
            row_of.extend([position] * len(found))
        self.row_of = np.array(row_of, dtype=np.int32)
        self.length = np.array([u.length for u in self.units], dtype=np.float32)
        self.words, self.pairs, self.surface, self.letters = (
            Channel.build(vocabulary, [u.counts[i] for u in self.units], _SATURATION[name])
            for i, (name, vocabulary) in enumerate(zip(CHANNELS, self.vocabularies, strict=True))
        )

    @cached_property
    def names(self) -> dict[str, tuple[str, ...]]:
        """Names of the corpus by their Latin spelling, for questions in English."""
        found: dict[str, tuple[str, ...]] = {}
        for _, names in self.by_digest.values():
            for name in names:
                spelled = romanise("".join(name))
                if len(spelled) > _SHORT and spelled.isascii():
                    found.setdefault(spelled, name)
                    if len(name) == 1:
                        found.setdefault(spelled + "gu", name)
        return found


_SHORT = 4


def analyse(language: str, rows: Iterable[Row], previous: Units | None = None) -> Units:
    """Return the units of `rows`, reading only articles that `previous` does not hold."""
    kept = list(rows)
    vocabularies = previous.vocabularies if previous else _empty()
    known = dict(previous.by_digest) if previous else {}
    digests = {row.digest for row in kept}
    by_digest = {digest: known[digest] for digest in digests if digest in known}
    new = [row for row in {r.digest: r for r in kept}.values() if row.digest not in by_digest]
    read = _english if language == "en" else _korean
    by_digest.update(zip((row.digest for row in new), read(new, vocabularies), strict=True))
    return Units(language, kept, by_digest, vocabularies)


_Analysis = tuple[list[Unit], list[tuple[str, ...]]]


def _empty() -> Vocabularies:
    return Vocabulary(), Vocabulary(), Vocabulary(), Vocabulary()


def _korean(rows: Sequence[Row], vocabularies: Vocabularies) -> Iterable[_Analysis]:
    texts = (t for row in rows for t in (row.body[:_BODY], row.title, *row.questions))
    analysed = tokens.korean_all(texts)
    for row in rows:
        body, *asked = islice(analysed, 2 + len(row.questions))
        names = {name for terms in (body, *asked) for name in terms.names}
        yield list(_units(row, body, asked, vocabularies)), sorted(names)


def _english(rows: Sequence[Row], vocabularies: Vocabularies) -> Iterable[_Analysis]:
    for row in rows:
        body, *asked = (_meant(t) for t in (row.body[:_BODY], row.title, *row.questions))
        yield list(_units(row, body, asked, vocabularies)), []


def _meant(text: str) -> tokens.Terms:
    """Analyse an English text with what it means in Korean, which brings synonyms together."""
    terms = tokens.english(text)
    return terms._replace(words=terms.words + Counter(lexicon.translated_words(text)))


def _units(
    row: Row, body: tokens.Terms, asked: Sequence[tokens.Terms], vocabularies: Vocabularies
) -> Iterator[Unit]:
    """Yield one unit for each way to ask; behind other questions the title is part of the body."""
    of_words, of_pairs, of_surface, of_letters = vocabularies
    title = asked[0]
    written = tokens.surface_pairs(row.body[:_BODY])
    for question, terms in zip((row.title, *row.questions), asked, strict=True):
        words, pairs, surface = body.words, body.pairs, written
        if terms is not title:
            words, pairs = words + title.words, pairs + title.pairs
            surface = surface + tokens.surface_pairs(row.title)
        yield Unit(
            (
                of_words.count(terms.words, words),
                of_pairs.count(terms.pairs, pairs),
                of_surface.count(tokens.surface_pairs(question), surface),
                of_letters.count(tokens.letter_runs(terms.words), Counter()),
            ),
            terms.places,
            log1p(body.words.total()),
        )
