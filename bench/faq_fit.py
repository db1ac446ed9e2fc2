"""Fits how articles are ranked and when a question is answered, from labelled questions.

    python bench/faq_fit.py CORPUS.csv QUESTIONS.jsonl

writes backend/faq/weights.json. Ranking: the likelihood of the right article among the candidates
(softmax). Decisions: two logistic models, "the first is right" and "something answers", on what
ten-fold cross-validation ranked, so that they do not trust the fit itself. Thresholds: see below.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from backend.faq import evaluate, lexicon, ranking
from backend.faq.lexicon import Concept, Query
from backend.faq.units import Units

Table = npt.NDArray[np.float64]
_RIDGE = 0.01
_FOLDS = 10
_COPIES = 2  # of every question, with gaps in the word lists
_DROPPED = 0.35  # of the word lists' part in a question
_REFUSED = 0.07  # of the unanswerable questions, this share may be offered something
_SURE = 0.75  # an answer without choices is given at this probability of being right
_OUT = Path(ranking.__file__).with_name("weights.json")


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
    for number, line in enumerate(evaluate.read_lines(arguments.questions)):
        query = (
            lexicon.translated_query(line["text"], units.names)
            if line.get("lang") == "en"
            else lexicon.korean_query(line["text"])
        )
        for copy in (query, *(_thinned(query, random) for _ in range(_COPIES))):
            found, features = ranking.look(units, copy)
            asked.append((copy, found, features, set(line["gold"]), number % _FOLDS))
    stacked = np.vstack([features for _, _, features, _, _ in asked])
    mean, spread = stacked.mean(0), np.maximum(stacked.std(0), 1e-6)
    tables = [(features - mean) / spread for _, _, features, _, _ in asked]
    marks = [_marks(units, found, gold) for _, found, _, gold, _ in asked]
    usable = [i for i, mark in enumerate(marks) if mark.any()]

    evidence, right, answerable, places = [], [], [], []
    for fold in range(_FOLDS):
        others = [i for i in usable if asked[i][4] != fold]
        learnt = _softmax([tables[i] for i in others], [marks[i] for i in others])
        fitted = _named(ranking.FEATURES, mean, spread, learnt)
        for query, found, features, gold, its_fold in asked:
            if its_fold != fold or not len(found):
                continue
            ranked = ranking.order(units, found, features, fitted)
            keys = [units.rows[one.row].external_id for one in ranked]
            if gold:
                places.append(next((p for p, key in enumerate(keys) if key in gold), 99))
            evidence.append(ranking.gather(units, query, ranked))
            right.append(keys[0] in gold)
            answerable.append(bool(gold))
    known = np.array(places)
    print("cross-validated recall:", {k: round(float((known < k).mean()), 3) for k in (1, 3, 10)})

    final = _softmax([tables[i] for i in usable], [marks[i] for i in usable])
    table = np.array(evidence)
    is_right, is_answerable = np.array(right), np.array(answerable)
    by_right = _logistic(table, is_right)
    by_answerable = _logistic(table, is_answerable)
    chance = _chances(by_answerable, table)
    print("AUROC:", evaluate.auroc(list(chance[is_answerable]), list(chance[~is_answerable])))
    offer_at = float(np.quantile(chance[~is_answerable], 1 - _REFUSED))
    print(
        f"answered: {(chance[is_answerable] >= offer_at).mean():.3f} of the answerable at",
        f"{(chance[~is_answerable] >= offer_at).mean():.3f} of the others, from {offer_at:.3f}",
    )
    direct = (_chances(by_right, table) >= _SURE) & (chance >= offer_at)
    print(
        f"answered without choices: {direct[is_answerable].mean():.3f} of the answerable,",
        f"{is_right[direct].mean():.3f} of these rightly",
    )
    weights = ranking.Weights(
        _named(ranking.FEATURES, mean, spread, final),
        by_right,
        by_answerable,
        _SURE,
        round(offer_at, 3),
    )
    _OUT.write_text(json.dumps(asdict(weights), indent=1) + "\n", encoding="utf-8")
    for part in ("rank", "right", "answerable"):
        print(part, {name: round(value[-1], 2) for name, value in getattr(weights, part).items()})


def _thinned(query: Query, random: Random) -> Query:
    """Return `query` as it were if the word lists lacked some of what they hold.

    The lists were extended while these questions were looked at, and know them too well: without
    this, the fit would trust them more than a new question bears out.
    """
    concepts, extra = [], {}
    for number, concept in enumerate(query.concepts):
        if random.random() < _DROPPED:
            concepts.append(Concept(concept.own or f"unread {number}", ()))
            continue
        concepts.append(concept)
        for word in {morpheme for other in concept.others for morpheme in other}:
            if word in query.extra:
                extra[word] = query.extra[word]
    return replace(query, concepts=tuple(concepts), extra=extra)


def _marks(units: Units, found: Any, gold: set[str]) -> npt.NDArray[np.bool_]:
    return np.array([units.rows[units.row_of[u]].external_id in gold for u in found], dtype=bool)


def _named(names: tuple[str, ...], mean: Table, spread: Table, weight: Table) -> Any:
    return {
        name: [round(float(v), 5) for v in values]
        for name, *values in zip(names, mean, spread, weight, strict=True)
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


def _logistic(table: Table, mark: npt.NDArray[np.bool_]) -> Any:
    """Return a logistic model of `mark` by the columns of `table`."""
    mean, spread = table.mean(0), np.maximum(table.std(0), 1e-6)
    columns = np.column_stack([(table - mean) / spread, np.ones(len(table))])

    def loss(weight: Table) -> tuple[float, Table]:
        z = columns @ weight
        miss = 1 / (1 + np.exp(-z)) - mark
        cost = np.logaddexp(0, np.where(mark, -z, z)).mean() + _RIDGE * weight[:-1] @ weight[:-1]
        pull = np.append(2 * _RIDGE * weight[:-1], 0.0)
        return float(cost), columns.T @ miss / len(mark) + pull

    fitted = _minimum(loss, columns.shape[1])
    named = _named(ranking.CONFIDENCE, mean, spread, fitted[:-1])
    return {**named, "intercept": [round(float(fitted[-1]), 5)]}


def _chances(fitted: Any, table: Table) -> Table:
    return np.array([ranking.probability(fitted, row) for row in table])


def _minimum(loss: Callable[[Table], tuple[float, Table]], size: int) -> Table:
    found: Table = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B").x
    return found


if __name__ == "__main__":
    main()
