"""Which article answers: a first search over all units, then a closer look at the best of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backend.faq import coverage, evidence
from backend.faq.channel import Channel, Ints
from backend.faq.coverage import Coverage, cover
from backend.faq.evidence import Ranked
from backend.faq.fitted import linear, weights
from backend.faq.lexicon import Query
from backend.faq.tokens import pairs_of
from backend.faq.units import Units

FEATURES = (
    "score",  # of the first search
    "share_of_best",  # the same, beside the best one's
    "surface",  # the part of it that characters brought
    "added",  # the part of it that synonyms brought
    "other_place",  # the title names a district that the question does not
    "length",  # of the body: a long list holds every word
    *coverage.FEATURES,
)
Floats = npt.NDArray[np.float64]

_CANDIDATES = 40
_FIRST = {
    "words": 0.5,
    "pairs": 0.5,
    "surface": 0.5,
    "letters": 0.1,
    "added": 0.4,
    "added_pairs": 0.2,
}
_COMMON = 0.2  # a pair of letters that so many units hold tells nothing; looking it up takes long


@dataclass(frozen=True, slots=True)
class Ranking:
    """Articles, best first, with how sure the index is: of the first, and that any answers.

    `offered`: that is sure enough to show titles.
    `keyword`: one word alone was asked for, and the first article's title has it. It is no
    question yet, and too little to be sure of anything; titles tell the citizen what there is.
    """

    ranked: list[Ranked]
    right: float
    answerable: float
    offered: bool = False
    keyword: bool = False


def look(units: Units, query: Query) -> tuple[Ints, Floats, Coverage]:
    """Return the units that the first search puts forward, and a row of `FEATURES` for each."""
    surface = _FIRST["surface"] * units.surface.scores(_telling(units.surface, query.surface))
    added = _added(units, query)
    pairs = dict.fromkeys(_pairs_of(query.words), 1.0)
    total = (
        _FIRST["words"] * units.words.scores(query.words)
        + _FIRST["pairs"] * units.pairs.scores(_telling(units.pairs, pairs))
        + _FIRST["letters"] * units.letters.scores(_telling(units.letters, query.letters))
        + surface
        + added
    )
    count = min(_CANDIDATES, len(total))
    if query.empty or count == 0 or not total.any():
        nothing = np.zeros(0, dtype=np.int32)
        return nothing, np.zeros((0, len(FEATURES))), cover(units, query, nothing)
    best = np.argpartition(-total, count - 1)[:count].astype(np.int32)
    best = np.sort(best[total[best] > 0])
    places = [units.units[u].places for u in best]
    covered = cover(units, query, best)
    features = [
        total[best],
        total[best] / total.max(),
        surface[best],
        added[best],
        [bool(named) and named.isdisjoint(query.places) for named in places],
        units.length[best],
        covered.table,
    ]
    return best, np.column_stack(features).astype(np.float64), covered


def _pairs_of(words: Iterable[str]) -> set[str]:
    return {pair for word in words for pair in pairs_of(word)}


def _telling(channel: Channel, terms: Mapping[str, float]) -> Mapping[str, float]:
    """Return the terms that not every other unit holds; all of them where that leaves nothing."""
    rare = {t: w for t, w in terms.items() if channel.share(t) < _COMMON}
    return rare or terms


def _added(units: Units, query: Query) -> npt.NDArray[np.float32]:
    """Return the score of every unit by the words that synonyms or the glossary brought."""
    own = _pairs_of(query.words)
    pairs: dict[str, float] = {}
    for word, weight in query.extra.items():
        for pair in pairs_of(word):
            if pair not in own:
                pairs[pair] = max(pairs.get(pair, 0.0), weight)
    by_words = _FIRST["added"] * units.words.scores(query.extra)
    return by_words + _FIRST["added_pairs"] * units.pairs.scores(_telling(units.pairs, pairs))


def order(
    units: Units, found: Ints, features: Floats, fitted: dict[str, list[float]]
) -> list[Ranked]:
    """Return the articles behind the units `found`, best first, each with its best unit."""
    scores = linear(fitted, features, FEATURES)
    ranked: dict[int, Ranked] = {}
    for i in np.argsort(-scores, kind="stable").tolist():
        row = int(units.row_of[found[i]])
        if row not in ranked:
            ranked[row] = Ranked(row, i, float(scores[i]))
    return list(ranked.values())


def rank(units: Units, query: Query, k: int) -> Ranking:
    """Return the best `k` articles of `units` for `query`; none where nothing is shared."""
    found, features, covered = look(units, query)
    if not len(found):
        return Ranking([], 0.0, 0.0)
    fitted = weights()
    ranked = order(units, found, features, fitted.rank)
    seen = evidence.gather(units, query, ranked, features, covered)
    decision = fitted.decision(units.language)
    answerable = evidence.probability(decision.answerable, seen)
    return Ranking(
        ranked[:k],
        evidence.probability(decision.right, seen),
        answerable,
        answerable >= decision.offer_at,
        len(query.concepts) == 1 and bool(covered.in_title[0, ranked[0].candidate] >= 1.0),
    )
