"""Whether anything answers a question, and whether the first article does: the evidence."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from backend.faq import coverage, subjects, wording
from backend.faq.coverage import Coverage
from backend.faq.lexicon import Query
from backend.faq.subjects import Subject
from backend.faq.units import Units

Floats = npt.NDArray[np.float64]

BENT = (
    "best",  # the score of the first article
    "margin",  # how far the next one is behind
    "lead",  # how far the fifth is behind
    "share",  # the first one's part of the likelihood over all candidates
    *(f"first_{name}" for name in coverage.FEATURES),
    "any_title",  # the best coverage of the question among the first five, by title
    "any",  # the same, anywhere
    "missed_mass",  # weight of all that the first article lacks
    "missed_title_mass",
    "main_title",  # how far the most telling word of the question is in the title
    "main",
    "second_title",  # the same of the next most telling word
    "second",
    "untitled",  # the part of the question, by weight, that no title of the corpus holds
    "unread",  # the part that neither corpus nor word lists know
    "nameless",  # the weight of proper names in the question that the article does not hold
    "mass",  # the weight of all things that the question is about
    "rarity",  # the mean of it
    "density",  # the first search's score beside what the question could have brought
    "translated",
    *(f"off_{kind}" for kind in subjects.KINDS),  # a listed subject that the article is not about
)
STRAIGHT = (
    "apart_title",  # words written as one that the title has not so
    "apart",  # the same, anywhere
    "syllables",  # the part of the question that is single syllables
    *wording.TOPIC,
)
CONFIDENCE = BENT + STRAIGHT
_TRANSLATED = BENT.index("translated")
_FAR = 3.0  # spreads from the mean; what lies farther counts no more
_MARGIN = 5.0
_STRANGE = 16.0
_FIVE = 5
_IN_BODY = 0.4  # what a subject counts that an article only mentions


@dataclass(frozen=True, slots=True)
class Ranked:
    """One article found: its place in the rows, the candidate it was, and its score."""

    row: int
    candidate: int
    score: float


def gather(
    units: Units, query: Query, ranked: list[Ranked], features: Floats, covered: Coverage
) -> Floats:
    """Return the row of `CONFIDENCE` that the decision whether to answer is made from."""
    scores = np.array([one.score for one in ranked])
    first = ranked[0].candidate
    five = [one.candidate for one in ranked[:_FIVE]]
    weight = covered.weight
    mass = max(float(weight.sum()), 1e-6)
    likelihood = np.exp(scores - scores[0])
    in_title, anywhere = covered.in_title[:, first], covered.anywhere[:, first]
    telling = np.argsort(-weight, kind="stable")[:2].tolist()
    by_rank = [(float(in_title[i]), float(anywhere[i])) for i in telling]
    (main_title, main), (second_title, second) = (*by_rank, (0.0, 0.0), (0.0, 0.0))[:2]
    title, body = units.rows[ranked[0].row].joined
    values = [
        scores[0],
        min(scores[0] - scores[1], _MARGIN) if len(scores) > 1 else _MARGIN,
        scores[0] - scores[min(_FIVE, len(scores)) - 1],
        1 / likelihood.sum(),
        *covered.table[first],
        (weight @ covered.in_title[:, five]).max(initial=0.0) / mass,
        (weight @ covered.anywhere[:, five]).max(initial=0.0) / mass,
        weight @ (1 - anywhere),
        weight @ (1 - in_title),
        main_title,
        main,
        second_title,
        second,
        weight @ (_untitled(units, query) * (1 - in_title)) / mass,
        weight @ (covered.unread * (1 - anywhere)) / mass,
        min(_nameless(units, query, ranked[0]), _STRANGE),
        mass,
        mass / max(len(weight), 1),
        features[first, 0] / mass,
        float(not query.surface),
        *off_subject(query.subjects, title, body),
        *wording.compounds(query, weight, title, body),
        wording.syllables(query, weight),
        *wording.topic(units, query, weight),
    ]
    return np.array(values, dtype=np.float64)


def off_subject(asked: tuple[Subject, ...], title: str, body: str) -> list[float]:
    """Return by kind how far an article is from the subjects a question names (0 none, 1 fully).

    `title` and `body` are joined, without spaces.
    """
    off = dict.fromkeys(subjects.KINDS, 0.0)
    for subject in asked:
        held = 0.0
        if any(form in title for form in subject.forms):
            held = 1.0
        elif any(form in body for form in subject.forms):
            held = _IN_BODY
        off[subject.kind] = max(off[subject.kind], 1 - held)
    return list(off.values())


def _untitled(units: Units, query: Query) -> Floats:
    """Return for each concept 1 where no title holds it in any word, 0.5 where by another one."""
    out = np.zeros(len(query.concepts))
    for i, concept in enumerate(query.concepts):
        if concept.own is None or not units.in_titles(concept.own):
            other = any(units.in_titles(m) for form in concept.others for m in form)
            out[i] = 0.5 if other else 1.0
    return out


def _nameless(units: Units, query: Query, best: Ranked) -> float:
    """Return the weight of the question's proper names that the article `best` does not hold."""
    own = np.flatnonzero(units.row_of == best.row).astype(np.int32)
    return sum(
        units.words.weight(name)
        for name in query.names
        if not units.words.presence(name, own)[0].any()
    )


def bent(standard: Floats, translated: Floats) -> Floats:
    """Return what the decisions weigh: of each of `BENT` its value, the same where translated, and
    its square; of each of `STRAIGHT` its value.

    In: rows of `CONFIDENCE`, standardised, and for each whether its question was translated. A
    question that was translated meets the corpus in other words only, so that the same values
    tell something else; and most values tell more about their middle than about their ends.
    """
    split = len(BENT)
    first, rest = standard[:, :split], standard[:, split:]
    squares = np.clip(first, -_FAR, _FAR) ** 2
    return np.hstack([first, first * translated[:, None], squares, rest])


def probability(fitted: dict[str, list[float]], seen: Floats) -> float:
    """Apply a fitted logistic model to one row of `CONFIDENCE`; return a probability (0..1)."""
    mean, spread = np.array([fitted[name][:2] for name in CONFIDENCE]).T
    columns = bent(((seen - mean) / spread)[None, :], seen[[_TRANSLATED]])
    curved = np.array([fitted[name][2:] for name in BENT]).T
    straight = [fitted[name][2] for name in STRAIGHT]
    z = float(columns[0] @ np.concatenate([*curved, straight])) + fitted["intercept"][0]
    return float(1 / (1 + np.exp(-z)))
