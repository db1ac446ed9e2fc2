"""How well questions find their articles: recall, refusal and time, as `faq evaluate` prints."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from backend.faq import tokens
from backend.faq.importer import FaqFileError, read_csv
from backend.faq.index import Index, Result, build
from backend.faq.units import Row

_DEPTH = 10
_CUTS = (1, 3, 10)


def index_of_csv(path: Path) -> Index:
    """Build an index straight from a CSV of 120 questions, without a database.

    Raises: FaqFileError.
    """
    return build(
        Row(number, a.external_id, a.language, a.title, a.questions, a.body, a.sentences)
        for number, a in enumerate(read_csv(path), start=1)
    )


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read labelled questions, one JSON object a line: text, gold, style?, lang?.

    Raises: FaqFileError naming the line that can't be read.
    """
    lines = []
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FaqFileError(f"{path} can't be read: {error.strerror or error}.") from None
    for number, text in enumerate(content.splitlines(), start=1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
            fits = isinstance(line["text"], str) and isinstance(line["gold"], list)
        except (ValueError, KeyError, TypeError):
            fits = False
        if not fits:
            raise FaqFileError(
                f"{path}, line {number}: a question needs a text and a gold list, "
                'as in {"text": "…", "gold": ["2896494"]}.'
            )
        lines.append(line)
    if not lines:
        raise FaqFileError(f"{path}, line 1: the file holds no question.")
    return lines


def evaluate(index: Index, lines: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Search every question of `lines` and return the measures of `faq evaluate`.

    A question counts as answered when anything is offered for it: an answer or titles to choose
    from. `direct` tells the same for answers alone, which are given only when the index is sure.
    """
    tokens.warm()
    asked = list(lines)
    for line in asked[:5]:  # reads the word lists and warms caches, as a running service has
        _search(index, line)
    results, ranks, took = [], [], []
    for line in asked:
        begun = time.perf_counter()
        result = _search(index, line)
        took.append((time.perf_counter() - begun) * 1000)
        results.append(result)
        ranks.append(_place(result, {str(one) for one in line["gold"]}))
    answerable = [i for i, line in enumerate(asked) if line["gold"]]
    report: dict[str, Any] = {"n": len(asked), **_recall([ranks[i] for i in answerable])}
    for key, name in (("by_style", "style"), ("by_lang", "lang")):
        groups: dict[str, list[int]] = {}
        for i in answerable:
            groups.setdefault(str(asked[i].get(name, "unlabelled")), []).append(i)
        report[key] = {
            group: {"n": len(members), **_recall([ranks[i] for i in members])}
            for group, members in sorted(groups.items())
        }
    report["unanswerable"] = _refusal(results, ranks, [bool(line["gold"]) for line in asked])
    report["latency_ms"] = {
        name: round(float(np.percentile(took, share)), 2) if took else 0.0
        for name, share in (("p50", 50), ("p99", 99))
    }
    return report


def _search(index: Index, line: Mapping[str, Any]) -> Result:
    text = str(line["text"])
    spoken = line.get("lang") or ("ko" if tokens.is_korean(text) else "en")
    return index.search(text, str(spoken), _DEPTH)


def _place(result: Result, gold: set[str]) -> int:
    """Return the place of the first right article, from 0; `_DEPTH` where none was found."""
    for place, hit in enumerate(result.hits):
        if hit.external_id in gold:
            return place
    return _DEPTH


def _recall(ranks: Sequence[int]) -> dict[str, float]:
    total = max(len(ranks), 1)
    measures = {f"recall_at_{cut}": sum(r < cut for r in ranks) / total for cut in _CUTS}
    measures["mrr_at_10"] = sum(1 / (r + 1) for r in ranks if r < _DEPTH) / total
    return {name: round(value, 4) for name, value in measures.items()}


def _refusal(
    results: Sequence[Result], ranks: Sequence[int], answerable: Sequence[bool]
) -> dict[str, Any]:
    held = [r for r, known in zip(results, answerable, strict=True) if known]
    foreign = [r for r, known in zip(results, answerable, strict=True) if not known]
    direct = [i for i, r in enumerate(results) if r.decision == "answer"]
    return {
        "auroc": auroc([r.answerable for r in held], [r.answerable for r in foreign]),
        "false_answer_rate": _share([r.decision != "none" for r in foreign]),
        "answer_rate": _share([r.decision != "none" for r in held]),
        "direct": {
            "false_answer_rate": _share([r.decision == "answer" for r in foreign]),
            "answer_rate": _share([r.decision == "answer" for r in held]),
            "right": _share([ranks[i] == 0 for i in direct]),
        },
    }


def _share(marks: Sequence[bool]) -> float:
    return round(sum(marks) / len(marks), 4) if marks else 0.0


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Return how often an answerable question scores above an unanswerable one."""
    if not positive or not negative:
        return 0.0
    high, low = np.array(positive)[:, None], np.array(negative)[None, :]
    return round(float((high > low).mean() + (high == low).mean() / 2), 4)
