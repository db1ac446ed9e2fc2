"""Which article answers: a first search over all units, then a closer look at the best of them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from backend.faq.channel import Channel, Ints
from backend.faq.lexicon import Concept, Query
from backend.faq.tokens import pairs_of
from backend.faq.units import Units

FEATURES = (
    "score",  # of the first search
    "share_of_best",  # the same, beside the best one's
    "surface",  # the part of it that characters brought
    "added",  # the part of it that synonyms brought
    "covered",  # how much of the question the article holds, by weight and with synonyms
    "own_covered",  # the same in the citizen's own words
    "own_in_title",  # the same, in the title alone
    "strongest",  # weight of the rarest of the citizen's words that it holds
    "added_in_title",  # weight of the rarest synonym in the title
    "title_covered",  # how much of the title the question holds, by weight
    "other_place",  # the title names a district that the question does not
    "length",  # of the body: a long list holds every word
)
CONFIDENCE = (
    "best",  # the score of the first article
    "margin",  # how far the next one is behind
    "covered",
    "title_covered",
    "strongest",
    "added_in_title",
    "nameless",  # the weight of proper names in the question that the article does not hold
    "unknown",  # how much of the question neither corpus nor word lists know, by weight
    "rarity",  # how rare the question's words are among these articles
    "density",  # the first search's score beside what the question could have brought
    "translated",
)
Floats = npt.NDArray[np.float64]

_CANDIDATES = 60
_FIRST = {
    "words": 0.5,
    "pairs": 0.5,
    "surface": 0.5,
    "letters": 0.1,
    "added": 0.4,
    "added_pairs": 0.2,
}
_MARGIN = 3.0
_STRANGE = 16.0
_BY_SYNONYM = 0.7  # a concept found by another word than the citizen's


@dataclass(frozen=True, slots=True)
class Ranked:
    """One article found: its place in the rows, its score, and what the score was made of."""

    row: int
    score: float
    features: Floats


@dataclass(frozen=True, slots=True)
class Ranking:
    """Articles, best first, with how sure the index is: of the first, and that any answers."""

    ranked: list[Ranked]
    right: float
    answerable: float


@dataclass(frozen=True)
class Weights:
    """What `bench/faq_fit.py` found: `rank` per feature; two logistic decisions; thresholds."""

    rank: dict[str, list[float]]
    right: dict[str, list[float]]
    answerable: dict[str, list[float]]
    answer_at: float
    offer_at: float


@lru_cache(maxsize=1)
def weights() -> Weights:
    """Return the fitted weights that ship with this package."""
    path = Path(__file__).with_name("weights.json")
    return Weights(**json.loads(path.read_text(encoding="utf-8")))


def look(units: Units, query: Query) -> tuple[Ints, Floats]:
    """Return the units that the first search puts forward, and a row of `FEATURES` for each."""
    surface = _FIRST["surface"] * units.surface.scores(query.surface)
    added = _added(units, query)
    total = (
        _FIRST["words"] * units.words.scores(query.words)
        + _FIRST["pairs"] * units.pairs.scores(dict.fromkeys(_pairs_of(query.words), 1.0))
        + _FIRST["letters"] * units.letters.scores(query.letters)
        + surface
        + added
    )
    count = min(_CANDIDATES, len(total))
    if query.empty or count == 0 or not total.any():
        return np.zeros(0, dtype=np.int32), np.zeros((0, len(FEATURES)))
    best = np.argpartition(-total, count - 1)[:count].astype(np.int32)
    best = np.sort(best[total[best] > 0])
    parts = [total[best], total[best] / total.max(), surface[best], added[best]]
    places = [units.units[u].places for u in best]
    parts += [
        *_coverage(units.words, query, best),
        [bool(named) and named.isdisjoint(query.places) for named in places],
        units.length[best],
    ]
    return best, np.column_stack(parts).astype(np.float64)


def _pairs_of(words: Iterable[str]) -> set[str]:
    return {pair for word in words for pair in pairs_of(word)}


def _added(units: Units, query: Query) -> npt.NDArray[np.float32]:
    """Return the score of every unit by the words that synonyms or the glossary brought."""
    own = _pairs_of(query.words)
    pairs: dict[str, float] = {}
    for word, weight in query.extra.items():
        for pair in pairs_of(word):
            if pair not in own:
                pairs[pair] = max(pairs.get(pair, 0.0), weight)
    by_words = _FIRST["added"] * units.words.scores(query.extra)
    return by_words + _FIRST["added_pairs"] * units.pairs.scores(pairs)


def order(
    units: Units, found: Ints, features: Floats, fitted: dict[str, list[float]]
) -> list[Ranked]:
    """Return the articles behind the units `found`, best first, each with its best unit."""
    scores = _linear(fitted, features, FEATURES)
    ranked: dict[int, Ranked] = {}
    for i in np.argsort(-scores, kind="stable"):
        row = int(units.row_of[found[i]])
        if row not in ranked:
            ranked[row] = Ranked(row, float(scores[i]), features[i])
    return list(ranked.values())


def rank(units: Units, query: Query, k: int) -> Ranking:
    """Return the best `k` articles of `units` for `query`; none where nothing is shared."""
    found, features = look(units, query)
    if not len(found):
        return Ranking([], 0.0, 0.0)
    ranked = order(units, found, features, weights().rank)
    evidence = gather(units, query, ranked)
    return Ranking(
        ranked[:k],
        probability(weights().right, evidence),
        probability(weights().answerable, evidence),
    )


def _coverage(words: Channel, query: Query, candidates: Ints) -> list[Floats]:
    """Return the features from `covered` to `title_covered` for each of `candidates`."""
    nothing = np.zeros(len(candidates))
    own, own_title, title = nothing.copy(), nothing.copy(), nothing.copy()
    strongest, added_title = nothing.copy(), nothing.copy()
    found: dict[str, npt.NDArray[np.bool_]] = {}
    for term in {*query.words, *query.extra}:
        anywhere, in_title = words.presence(term, candidates)
        weight = words.weight(term)
        found[term] = anywhere
        title += weight * in_title
        if term in query.words:
            own += weight * anywhere
            own_title += weight * in_title
            strongest = np.maximum(strongest, weight * anywhere)
        else:
            added_title = np.maximum(added_title, weight * in_title)
    spoken = max(sum(words.weight(term) for term in query.words), 1e-6)
    return [
        _covered(words, query, found, nothing),
        own / spoken,
        own_title / spoken,
        strongest,
        added_title,
        title / np.maximum(words.title_mass[candidates], 1e-6),
    ]


def _covered(
    words: Channel, query: Query, found: dict[str, npt.NDArray[np.bool_]], nothing: Floats
) -> Floats:
    """Return how much of the question each candidate holds; a synonym counts a little less."""
    covered = nothing.copy()
    mass = 0.0
    for concept in query.concepts:
        weight = _importance(words, concept)
        mass += weight
        held = nothing
        for other in concept.others:
            each = [words.weight(term) for term in other]
            share = sum(found[t] * w for t, w in zip(other, each, strict=True) if t in found)
            held = np.maximum(held, share / sum(each))
        held = held * (1.0 if concept.own is None else _BY_SYNONYM)
        if concept.own in found:
            held = np.maximum(held, found[concept.own])
        covered += weight * held
    return covered / max(mass, 1e-6)


def _importance(words: Channel, concept: Concept) -> float:
    """Return how telling a concept is: by the citizen's word if the corpus holds it."""
    if concept.own is not None and (words.known(concept.own) or not concept.others):
        return words.weight(concept.own)
    each = [max(words.weight(t) for t in other) for other in concept.others if other]
    return min(each, default=0.0)


def gather(units: Units, query: Query, ranked: list[Ranked]) -> Floats:
    """Return the row of `CONFIDENCE` that the decision whether to answer is made from."""
    top = dict(zip(FEATURES, ranked[0].features, strict=True))
    margin = ranked[0].score - ranked[1].score if len(ranked) > 1 else _MARGIN
    mass = unknown = 0.0
    for concept in query.concepts:
        weight = _importance(units.words, concept)
        mass += weight
        if concept.own is not None and not units.words.known(concept.own):
            unknown += weight * (_BY_SYNONYM / 2 if concept.others else 1.0)
    mass = max(mass, 1e-6)
    return np.array(
        [
            ranked[0].score,
            min(margin, _MARGIN),
            top["covered"],
            top["title_covered"],
            top["strongest"],
            top["added_in_title"],
            min(_nameless(units, query, ranked[0]), _STRANGE),
            unknown / mass,
            mass / max(len(query.concepts), 1),
            top["score"] / mass,
            float(not query.surface),
        ]
    )


def _nameless(units: Units, query: Query, best: Ranked) -> float:
    """Return the weight of the question's proper names that the article `best` does not hold."""
    own = np.flatnonzero(units.row_of == best.row).astype(np.int32)
    return sum(
        units.words.weight(name)
        for name in query.names
        if not units.words.presence(name, own)[0].any()
    )


def _linear(fitted: dict[str, list[float]], table: Floats, names: tuple[str, ...]) -> Floats:
    """Apply weights given as `name: [mean, spread, weight]` to columns named `names`."""
    mean, spread, weight = np.array([fitted[name] for name in names]).T
    result: Floats = ((table - mean) / spread) @ weight
    return result


def probability(fitted: dict[str, list[float]], evidence: Floats) -> float:
    """Apply a fitted logistic model to one row of `CONFIDENCE`; return a probability (0..1)."""
    z = _linear(fitted, evidence[None, :], CONFIDENCE)[0] + fitted["intercept"][0]
    return float(1 / (1 + np.exp(-z)))
