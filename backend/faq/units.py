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
from typing import Any, NamedTuple

import numpy as np

from backend.faq import lexicon, tokens
from backend.faq.channel import Channel, Counts, Ints, Saturation, Vocabulary
from backend.faq.romanise import Spellings, spellings
from backend.faq.senses import Senses
from backend.faq.spans import Spans

CHANNELS = ("words", "pairs", "surface", "letters")
_BODY = 500  # characters of a body that are read; the tail of the longest lists adds only noise
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
    def joined(self) -> tuple[str, str]:
        """Its titles and its body in small letters without spaces, to look for words in."""
        titles, body = (tokens.clean(t).lower() for t in (" ".join(self.asked), self.body))
        return titles.replace(" ", ""), body.replace(" ", "")

    @property
    def asked(self) -> tuple[str, ...]:
        """Every way to ask for it: the title, and the other questions."""
        return (self.title, *self.questions)

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


class Analysis(NamedTuple):
    """What was read in one article: its units, and the names it holds, as morphemes."""

    units: list[Unit]
    names: list[tuple[str, ...]]


@dataclass
class Units:
    """All units of one language with their inverted lists."""

    language: str
    rows: Sequence[Row]
    by_digest: Mapping[str, Analysis]
    vocabularies: Vocabularies
    senses: Senses
    words: Channel = field(init=False)
    pairs: Channel = field(init=False)
    surface: Channel = field(init=False)
    letters: Channel = field(init=False)
    row_of: Ints = field(init=False)
    units: list[Unit] = field(init=False)
    length: Any = field(init=False)
    titled: Spans = field(init=False)  # the words of every title

    def __post_init__(self) -> None:
        self.units = []
        row_of: list[int] = []
        for position, row in enumerate(self.rows):
            found = self.by_digest[row.digest].units
            self.units.extend(found)
            row_of.extend([position] * len(found))
        self.row_of = np.array(row_of, dtype=np.int32)
        self.length = np.array([u.length for u in self.units], dtype=np.float32)
        self.words, self.pairs, self.surface, self.letters = (
            Channel.build(vocabulary, [u.counts[i] for u in self.units], _SATURATION[name])
            for i, (name, vocabulary) in enumerate(zip(CHANNELS, self.vocabularies, strict=True))
        )
        self.titled = Spans.of([u.counts[0].term[u.counts[0].title > 0] for u in self.units])

    def in_titles(self, term: str) -> bool:
        """Tell whether the title of any article holds the word `term`."""
        number = self.vocabularies[0].number.get(term)
        return number is not None and number in self._titled

    @cached_property
    def _titled(self) -> frozenset[int]:
        return frozenset(np.unique(self.titled.items).tolist())

    @cached_property
    def names(self) -> Spellings:
        """Names of the corpus by their Latin spelling, for questions in English."""
        return spellings(name for found in self.by_digest.values() for name in found.names)

    @cached_property
    def spellings(self) -> Spellings:
        """Words of titles by their Latin spelling, for Korean words in English questions."""
        terms = self.vocabularies[0].terms
        return spellings((terms[i],) for i in sorted(self._titled))


def analyse(language: str, rows: Iterable[Row], previous: Units | None = None) -> Units:
    """Return the units of `rows`, reading only articles that `previous` does not hold."""
    kept = list(rows)
    vocabularies = previous.vocabularies if previous else _empty()
    senses = previous.senses if previous else Senses.empty()
    known = dict(previous.by_digest) if previous else {}
    digests = {row.digest for row in kept}
    by_digest = {digest: known[digest] for digest in digests if digest in known}
    new = [row for row in {r.digest: r for r in kept}.values() if row.digest not in by_digest]
    ids: dict[str, int] = {}
    analysed = _english(new, vocabularies) if language == "en" else _korean(new, vocabularies, ids)
    by_digest.update(zip((row.digest for row in new), analysed, strict=True))
    senses = senses.extended(vocabularies[0].terms, ids)
    return Units(language, kept, by_digest, vocabularies, senses)


def _empty() -> Vocabularies:
    return Vocabulary(), Vocabulary(), Vocabulary(), Vocabulary()


def _korean(
    rows: Sequence[Row], vocabularies: Vocabularies, ids: dict[str, int]
) -> Iterator[Analysis]:
    bodies = tokens.korean_by_word([row.body[:_BODY] for row in rows])
    titles = tokens.korean_all(t for row in rows for t in (row.title, *row.questions))
    for row, body in zip(rows, bodies, strict=True):
        asked = list(islice(titles, 1 + len(row.questions)))
        for terms in (body, *asked):
            ids.update(terms.ids)
        names = {name for terms in (body, *asked) for name in terms.names}
        yield Analysis(list(_units(row, body, asked, vocabularies)), sorted(names))


def _english(rows: Sequence[Row], vocabularies: Vocabularies) -> Iterator[Analysis]:
    for row in rows:
        body, *asked = (_meant(t) for t in (row.body[:_BODY], row.title, *row.questions))
        yield Analysis(list(_units(row, body, asked, vocabularies)), [])


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
