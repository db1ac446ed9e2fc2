"""How well candidates hold what a question is about, thing by thing.

Each thing (a concept of the question) may be met by the citizen's own word, by another word for
it, by its characters where words were cut differently, or by a word of near meaning; in the title
or anywhere in the article.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backend.faq.channel import Channel, Ints
from backend.faq.lexicon import Concept, Query
from backend.faq.spans import largest
from backend.faq.tokens import pairs_of
from backend.faq.units import Units

Floats = npt.NDArray[np.float64]
_Single = npt.NDArray[np.float32]

FEATURES = (
    "own_title",  # in the citizen's own words, by weight
    "own",
    "other_title",  # in other words for the same
    "other",
    "letters_title",  # by characters alone
    "letters",
    "near_title",  # in words of near meaning
    "held_title",  # the best of these
    "held",
    "missed_title",  # weight of what is missed most
    "missed",
    "asked_of_title",  # how much of the title the question asks for, by weight
    "near_of_title",
)
_LIGHT = 0.5  # what a word that fits any subject counts
_ALTERNATIVES = 8  # of one concept that are looked at
_BY_OTHER, _BY_LETTERS, _BY_NEAR = 0.9, 0.8, 0.6
_UNLIKE = 0.25  # likeness that any two words have
_NOTHING = 1e-6
_AT_ONCE = 200_000  # multiplications


@dataclass(frozen=True, slots=True)
class Coverage:
    """For each concept its weight; by concept and candidate how far it is held (0..1).

    `table` has a row of `FEATURES` for each candidate; `unread` marks concepts that neither the
    corpus nor a word list knows.
    """

    weight: Floats
    unread: npt.NDArray[np.bool_]
    in_title: Floats
    anywhere: Floats
    table: Floats


def importance(words: Channel, concept: Concept) -> float:
    """Return how telling a concept is: by the citizen's word if the corpus holds it."""
    if concept.own is not None and (words.known(concept.own) or not concept.others):
        weight = words.weight(concept.own)
    else:
        each = [max(words.weight(t) for t in other) for other in concept.others if other]
        weight = min(each, default=0.0)
    return weight * _LIGHT if concept.light else weight


def cover(units: Units, query: Query, candidates: Ints) -> Coverage:
    """Tell how well each of `candidates` holds what `query` is about."""
    words, many, wide = units.words, len(query.concepts), len(candidates)
    parts = {name: np.zeros((many, wide)) for name in FEATURES[:7]}
    weight = np.array([importance(words, c) for c in query.concepts])
    unread = np.array(
        [c.own is not None and not words.known(c.own) and not c.others for c in query.concepts],
        dtype=np.bool_,
    )
    by_word = _Presence(words, candidates)
    by_pair = _Presence(units.surface, candidates)
    for i, concept in enumerate(query.concepts):
        if concept.own is not None:
            parts["own"][i], parts["own_title"][i] = by_word.whole((concept.own,))
        for other in concept.others:
            _raise(parts, "other", i, by_word.whole(other))
        for form in _forms(concept):
            pairs = pairs_of("".join(form))
            if len(pairs[0]) > 1:
                _raise(parts, "letters", i, by_pair.whole(pairs))
    reverse = _meanings(units, query, candidates, parts)
    if not many:
        return Coverage(weight, unread, parts["own"], parts["own"], np.zeros((wide, len(FEATURES))))
    near = _alike(parts["near_title"])
    held = {
        suffix: np.maximum.reduce(
            [
                parts["own" + suffix],
                _BY_OTHER * parts["other" + suffix],
                _BY_LETTERS * parts["letters" + suffix],
                _BY_NEAR * near,
            ]
        )
        for suffix in ("_title", "")
    }
    share = weight / max(weight.sum(), _NOTHING)
    columns = [
        *(share @ part for part in parts.values()),
        share @ held["_title"],
        share @ held[""],
        (weight[:, None] * (1 - held["_title"])).max(axis=0),
        (weight[:, None] * (1 - held[""])).max(axis=0),
        *reverse,
    ]
    return Coverage(weight, unread, held["_title"], held[""], np.column_stack(columns))


def _forms(concept: Concept) -> list[tuple[str, ...]]:
    own = [(concept.own,)] if concept.own is not None else []
    return [*own, *concept.others][:_ALTERNATIVES]


def _raise(parts: dict[str, Floats], name: str, i: int, found: tuple[Floats, Floats]) -> None:
    """Let row `i` of a part be the better of what it was and what was `found`."""
    for key, value in zip((name, name + "_title"), found, strict=True):
        np.maximum(parts[key][i], value, out=parts[key][i])


class _Presence:
    """Who of the candidates holds a term, anywhere and in the title; every term asked once."""

    def __init__(self, channel: Channel, candidates: Ints) -> None:
        self._channel, self._candidates = channel, candidates
        self._known: dict[str, tuple[Floats, Floats, float]] = {}

    def _term(self, term: str) -> tuple[Floats, Floats, float]:
        found = self._known.get(term)
        if found is None:
            weight = self._channel.weight(term)
            anywhere, title = self._channel.presence(term, self._candidates)
            found = _weighed(anywhere, weight), _weighed(title, weight), weight
            self._known[term] = found
        return found

    def whole(self, terms: Iterable[str]) -> tuple[Floats, Floats]:
        """Return how much of `terms` each candidate holds, by weight: anywhere, in the title."""
        each = [self._term(term) for term in terms]
        mass = max(sum(one[2] for one in each), _NOTHING)
        anywhere: Floats = sum((one[0] for one in each), np.zeros(len(self._candidates)))
        title: Floats = sum((one[1] for one in each), np.zeros(len(self._candidates)))
        return anywhere / mass, title / mass


def _weighed(marks: npt.NDArray[np.bool_], weight: float) -> Floats:
    return marks.astype(np.float64) * weight


def _meanings(
    units: Units, query: Query, candidates: Ints, parts: dict[str, Floats]
) -> tuple[Floats, Floats]:
    """Fill the parts by near meaning; return how much of each title the question asks for."""
    owners, forms = [], []
    for i, concept in enumerate(query.concepts):
        for morpheme in dict.fromkeys(m for form in _forms(concept) for m in form):
            owners.append(i)
            forms.append(morpheme)
    titles, title_sizes = units.titled.take(candidates)
    weight = units.words.idf[titles].astype(np.float64)
    mass = np.maximum(_sums(weight, title_sizes), _NOTHING)
    number = units.words.vocabulary.number
    asked = np.isin(titles, [number[form] for form in forms if form in number])
    if not forms:
        return _sums(weight * asked, title_sizes) / mass, np.zeros(len(candidates))
    vectors = np.array([units.senses.of(number.get(f), query.ids.get(f, 0)) for f in forms])
    begins = np.flatnonzero(np.diff([-1, *owners]))
    rows = np.array(owners)[begins]
    near = _likenesses(vectors, units.senses.vectors[titles])
    parts["near_title"][rows] = largest(np.maximum.reduceat(near, begins, axis=0), title_sizes)
    soft = np.maximum(asked, _alike(near.max(axis=0, initial=0.0)) * 0.7)
    return _sums(weight * asked, title_sizes) / mass, _sums(weight * soft, title_sizes) / mass


def _likenesses(vectors: _Single, others: _Single) -> _Single:
    """Return how alike each of `vectors` is to each of `others`.

    In parts that the linear algebra library works off at once: for larger ones it wakes its
    threads, which takes longer than the work.
    """
    rows = max(1, _AT_ONCE // max(others.size, 1))
    parts = [vectors[i : i + rows] @ others.T for i in range(0, len(vectors), rows)]
    return np.concatenate(parts)


def _sums(values: Floats, sizes: npt.NDArray[np.int64]) -> Floats:
    ends = np.cumsum(sizes)
    total = np.concatenate([[0.0], np.cumsum(values)])
    out: Floats = total[ends] - total[ends - sizes]
    return out


def _alike(likeness: npt.NDArray[np.floating]) -> Floats:
    out: Floats = np.maximum(likeness - _UNLIKE, 0.0) / (1 - _UNLIKE)
    return out
