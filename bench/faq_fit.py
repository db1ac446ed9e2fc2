"""Fits how articles are ranked and when a question is answered, from labelled questions.

    python bench/faq_fit.py CORPUS.csv QUESTIONS.jsonl

writes backend/faq/weights.json. Ranking: the likelihood of the right article among the candidates
(softmax). Decisions: two logistic models, "the first is right" and "something answers". Questions
come from several sources, written apart; what one source is ranked by, and what the threshold is
set by, was fitted without that source: a new city asks in words that no fit has seen.

English articles have a decision of their own, from ours: each asked for by its other questions in
turn, which the index is then built without, and beside them what no city answers.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from backend.faq import evaluate, evidence, fitted, ranking
from backend.faq.coverage import Coverage
from backend.faq.importer import read_own
from backend.faq.index import build
from backend.faq.lexicon import Concept, Query, english_query
from backend.faq.units import Row, Units

Table = npt.NDArray[np.float64]
_RIDGE = 0.01  # of the ranking
_RIDGE_OF_DECISIONS = 0.001
_COPIES = 2  # of every question, with gaps in the word lists
_DROPPED = 0.3  # of the synonyms that a question brings
_UNREAD = 0.08  # of the words that are translated
_DROPPED_SUBJECTS = 0.35  # of the subjects that it names
_REFUSED = 0.06  # of the unanswerable questions, this share may be offered something
# styles that set no threshold: picked for being hard to refuse, or no question at all
_NEAR, _TALK = "near", "talk"
_NEAR_COUNTS = 0.3  # by which they are fitted: at full weight all that is near is refused
_SURE = 0.75  # an answer without choices is given at this probability of being right
_CONSTANT = 1e-4  # spread of what never changes: it tells nothing
_RIDGE_OF_ENGLISH = 0.005  # few questions
_REFUSED_IN_ENGLISH = 0.1
_FOREIGN = (1, 2, 3, 4)  # sources whose unanswerable questions are not for any city
_OUT = Path(fitted.__file__).with_name("weights.json")


@dataclass
class Asked:
    """A question with its candidates; `whole` unless parts of the word lists were left out."""

    query: Query
    found: Any
    features: Table
    covered: Coverage
    gold: set[str]
    language: str
    source: int
    near: bool
    whole: bool
    usual: bool  # neither picked for being hard to refuse nor small talk: sets the threshold


def main() -> None:
    """Read the questions, fit, write the weights, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("questions", type=Path)
    arguments = parser.parse_args()
    index = evaluate.index_of_csv(arguments.corpus)
    units = index.languages["ko"]
    random = Random(1)
    asked = []
    lines = evaluate.read_lines(arguments.questions)
    for line in lines:
        query = index.query(line["text"], line["lang"])
        for copy in (query, *(_thinned(query, random) for _ in range(_COPIES))):
            looked = ranking.look(units, copy)
            gold, style = set(line["gold"]), line["style"]
            known = (line["source"], style == _NEAR, copy is query, style not in (_NEAR, _TALK))
            asked.append(Asked(copy, *looked, gold, line["lang"], *known))
    asked = [one for one in asked if len(one.found)]
    stacked = np.vstack([one.features for one in asked])
    mean, spread = stacked.mean(0), np.maximum(stacked.std(0), 1e-6)
    tables = [(one.features - mean) / spread for one in asked]
    marks = [_marks(units, one.found, one.gold) for one in asked]
    usable = [i for i, mark in enumerate(marks) if mark.any()]

    seen, right, places, held_out = [], [], [], []
    for source in sorted({one.source for one in asked}):
        others = [i for i in usable if asked[i].source != source]
        learnt = _softmax([tables[i] for i in others], [marks[i] for i in others])
        weights = _named(ranking.FEATURES, mean, spread, learnt)
        for one in (one for one in asked if one.source == source):
            ranked = ranking.order(units, one.found, one.features, weights)
            keys = [units.rows[other.row].external_id for other in ranked]
            seen.append(evidence.gather(units, one.query, ranked, one.features, one.covered))
            right.append(keys[0] in one.gold)
            held_out.append(one)
            if one.gold and one.whole:
                place = next((p for p, key in enumerate(keys) if key in one.gold), 99)
                places.append((one.language, place))
    for language in sorted({language for language, _ in places}):
        known = np.array([place for spoken, place in places if spoken == language])
        recall = {k: round(float((known < k).mean()), 3) for k in (1, 3, 10)}
        print(f"cross-validated recall, {language} ({len(known)}):", recall)

    final = _softmax([tables[i] for i in usable], [marks[i] for i in usable])
    table = np.array(seen)
    is_right, is_answerable = np.array(right), np.array([bool(one.gold) for one in held_out])
    sources = np.array([one.source for one in held_out])
    counts = np.array([_NEAR_COUNTS if one.near else 1.0 for one in held_out])
    by_right, _ = _logistic(table, is_right, sources, counts, _RIDGE_OF_DECISIONS)
    by_answerable, chance = _logistic(table, is_answerable, sources, counts, _RIDGE_OF_DECISIONS)
    asked_so = np.array([one.usual and one.whole for one in held_out])
    held, foreign = chance[is_answerable & asked_so], chance[~is_answerable & asked_so]
    korean = fitted.Decision(by_right, by_answerable, _threshold(held, foreign, _REFUSED))
    rank = _named(ranking.FEATURES, mean, spread, final)
    result = fitted.Weights(rank, korean, _english(rank, lines), _SURE)
    _OUT.write_text(json.dumps(asdict(result), indent=1) + "\n", encoding="utf-8")


def _threshold(held: Table, foreign: Table, refused: float) -> float:
    """Return the chance that this share of the unanswerable questions exceeds; tell what it does"""
    offer_at = float(np.quantile(foreign, 1 - refused))
    print("AUROC:", evaluate.auroc(list(held), list(foreign)))
    print(
        f"answered: {(held >= offer_at).mean():.3f} of the answerable at",
        f"{(foreign >= offer_at).mean():.3f} of the others, from {offer_at:.3f}",
    )
    return round(offer_at, 3)


def _english(rank: dict[str, list[float]], lines: list[dict[str, Any]]) -> fitted.Decision:
    """Return the decision for English articles."""
    own = [article for article in read_own() if article.language == "en"]
    foreign = [
        line["text"]
        for line in lines
        if line["lang"] == "en" and not line["gold"]
        if line["style"] == _TALK or line["source"] in _FOREIGN
    ]
    turns = max(len(article.questions) for article in own)
    seen, right, answerable, turn_of = [], [], [], []
    for turn in range(turns):
        rows = [
            Row(n, a.external_id, "en", a.title, _without(a.questions, turn), a.body, a.sentences)
            for n, a in enumerate(own)
        ]
        units = build(rows).languages["en"]
        asked = [(n, a.questions[turn]) for n, a in enumerate(own) if turn < len(a.questions)]
        for number, text in [*asked, *((-1, text) for text in foreign[turn::turns])]:
            query = english_query(text)
            found, features, covered = ranking.look(units, query)
            if not len(found):
                continue
            ranked = ranking.order(units, found, features, rank)
            seen.append(evidence.gather(units, query, ranked, features, covered))
            right.append(ranked[0].row == number)
            answerable.append(number >= 0)
            turn_of.append(turn)
    table, is_answerable = np.array(seen), np.array(answerable)
    known = (np.array(turn_of), np.ones(len(table)), _RIDGE_OF_ENGLISH)
    by_right, _ = _logistic(table, np.array(right), *known)
    by_answerable, chance = _logistic(table, is_answerable, *known)
    offer_at = _threshold(chance[is_answerable], chance[~is_answerable], _REFUSED_IN_ENGLISH)
    return fitted.Decision(by_right, by_answerable, offer_at)


def _without(questions: tuple[str, ...], place: int) -> tuple[str, ...]:
    return questions[:place] + questions[place + 1 :]


def _thinned(query: Query, random: Random) -> Query:
    """Return `query` as it were if the word lists lacked some of what they hold.

    The lists were extended while some of these questions were known, and know them too well:
    without this, the fit would trust them more than a new question bears out.
    """
    concepts, extra = [], {}
    for number, concept in enumerate(query.concepts):
        if random.random() < (_UNREAD if concept.own is None else _DROPPED):
            concepts.append(Concept(concept.own or f"unread {number}", (), concept.light))
            continue
        concepts.append(concept)
        for word in {morpheme for other in concept.others for morpheme in other}:
            if word in query.extra:
                extra[word] = query.extra[word]
    subjects = tuple(s for s in query.subjects if random.random() >= _DROPPED_SUBJECTS)
    return replace(query, concepts=tuple(concepts), extra=extra, subjects=subjects)


def _marks(units: Units, found: Any, gold: set[str]) -> npt.NDArray[np.bool_]:
    return np.array([units.rows[units.row_of[u]].external_id in gold for u in found], dtype=bool)


def _named(names: tuple[str, ...], *columns: Table) -> Any:
    return {
        name: [round(float(v), 5) for v in values]
        for name, *values in zip(names, *columns, strict=True)
    }


def _softmax(tables: list[Table], marks: list[npt.NDArray[np.bool_]]) -> Table:
    """Return the weights under which the marked candidates are likeliest to be picked."""

    def loss(weight: Table) -> tuple[float, Table]:
        total, slope = 0.0, np.zeros_like(weight)
        for table, mark in zip(tables, marks, strict=True):
            score = table @ weight
            chance = np.exp(score - score.max())
            chance /= chance.sum()
            held = chance[mark].sum()
            total -= np.log(held + 1e-12)
            slope += table.T @ chance - table[mark].T @ (chance[mark] / held)
        size = len(tables)
        return float(total / size + _RIDGE * weight @ weight), slope / size + 2 * _RIDGE * weight

    return _minimum(loss, tables[0].shape[1])


def _logistic(
    table: Table,
    mark: npt.NDArray[np.bool_],
    sources: npt.NDArray[np.int64],
    counts: Table,
    ridge: float,
) -> tuple[Any, Table]:
    """Return a logistic model of `mark`, and the chances of each source by the other sources."""
    mean, spread = table.mean(0), table.std(0)
    spread[spread < _CONSTANT] = 1.0
    translated = table[:, evidence.CONFIDENCE.index("translated")]
    bent = evidence.bent((table - mean) / spread, translated)
    columns = np.column_stack([bent, np.ones(len(table))])

    def fit(rows: npt.NDArray[np.bool_]) -> Table:
        held, wanted = columns[rows], mark[rows]
        share = counts[rows] / counts[rows].sum()

        def loss(weight: Table) -> tuple[float, Table]:
            z = held @ weight
            miss = (1 / (1 + np.exp(-z)) - wanted) * share
            cost = np.logaddexp(0, np.where(wanted, -z, z)) @ share
            pull = np.append(2 * ridge * weight[:-1], 0.0)
            slope = held.T @ miss + pull
            return float(cost + ridge * weight[:-1] @ weight[:-1]), slope

        return _minimum(loss, columns.shape[1])

    chance = np.zeros(len(table))
    for one in np.unique(sources):
        own = sources == one
        chance[own] = 1 / (1 + np.exp(-columns[own] @ fit(~own)))
    whole = fit(np.ones(len(table), dtype=bool))
    split = len(evidence.BENT)
    curved, straight = whole[: 3 * split].reshape(3, -1), whole[3 * split : -1]
    named = {
        **_named(evidence.BENT, mean[:split], spread[:split], *curved),
        **_named(evidence.STRAIGHT, mean[split:], spread[split:], straight),
    }
    return {**named, "intercept": [round(float(whole[-1]), 5)]}, chance


def _minimum(loss: Callable[[Table], tuple[float, Table]], size: int) -> Table:
    found: Table = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B").x
    return found


if __name__ == "__main__":
    main()
