"""How long a question searches: the corpus as it is, and a hundred times as large.

    python -m bench.faq [--corpus seoul-120.csv --questions lines.jsonl] [--copies 100] [--json]

Without a corpus our own articles are searched for their own titles. The large corpus is made of
copies in which two words of five are others: every copy has a seeded exchange of its own, made on
the analysed counts, since reading 260,000 articles anew would take an hour and measure Kiwi.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from backend.faq import evaluate as scoring
from backend.faq.channel import Counts, Ints
from backend.faq.importer import read_own
from backend.faq.index import Index, build
from backend.faq.units import Analysis, Row, Unit, Units

CHANGED = 0.4


def multiplied(units: Units, copies: int) -> Units:
    """Return `copies` times the articles of `units`, each copy but the first in other words."""
    dice = np.random.default_rng(120)
    rows: list[Row] = list(units.rows)
    known = dict(units.by_digest)
    for copy in track(range(1, copies), "copying", console=Console(stderr=True)):
        exchanges = tuple(_exchange(dice, len(v.terms)) for v in units.vocabularies)
        for row in units.rows:
            twin = replace(row, id=row.id + copy * 10**6, title=f"{row.title} {copy}")
            found = units.by_digest[row.digest]
            known[twin.digest] = Analysis([_reworded(u, exchanges) for u in found.units], [])
            rows.append(twin)
    return Units(units.language, rows, known, units.vocabularies, units.senses)


def _exchange(dice: np.random.Generator, terms: int) -> Ints:
    """Return a number for each term: mostly its own, for two of five that of another."""
    numbers = np.arange(terms, dtype=np.int32)
    changed = np.flatnonzero(dice.random(terms) < CHANGED)
    numbers[changed] = dice.permutation(changed)
    return numbers


def _reworded(unit: Unit, exchanges: tuple[Ints, ...]) -> Unit:
    words, pairs, surface, letters = (
        Counts(exchange[counts.term], counts.title, counts.body)
        for counts, exchange in zip(unit.counts, exchanges, strict=True)
    )
    return Unit((words, pairs, surface, letters), unit.places, unit.length)


def measure(corpus: Path | None, questions: Path | None, copies: int) -> dict[str, Any]:
    """Search every question in the corpus and in `copies` of it; return both times."""
    if corpus is None:
        rows = [
            Row(n, a.external_id, a.language, a.title, a.questions, a.body, a.sentences)
            for n, a in enumerate(read_own(), start=1)
        ]
        index = build(rows)
        lines = [{"text": r.title, "gold": [r.external_id], "lang": r.language} for r in rows]
    else:
        index = scoring.index_of_csv(corpus)
        lines = [{"text": row.title, "gold": [row.external_id]} for row in index.rows[::5]]
    if questions is not None:
        lines = scoring.read_lines(questions)
    large = Index({name: multiplied(units, copies) for name, units in index.languages.items()})
    return {
        "questions": len(lines),
        "sizes": [
            {
                "articles": len(searched.rows),
                "latency_ms": scoring.evaluate(searched, lines)["latency_ms"],
            }
            for searched in (index, large)
        ],
    }


def main() -> None:
    """Print the table, or with --json one object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--copies", type=int, default=100)
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    found = measure(given.corpus, given.questions, given.copies)
    if given.as_json:
        print(json.dumps(found))
        return
    print("| articles | p50 | p99 |\n|---|---|---|")
    for size in found["sizes"]:
        took = size["latency_ms"]
        print(f"| {size['articles']:,} | {took['p50']:.1f} ms | {took['p99']:.1f} ms |")


if __name__ == "__main__":
    main()
