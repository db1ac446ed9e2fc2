"""Scores a parser against labelled messages; the printed keys are the contract's."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from nlu.data import DataError
from nlu.normalise import plain
from nlu.parse import Parse

EMERGENCY, OUT_OF_SCOPE = "life_emergency", "out_of_scope"
_GIVEN_UP = 0.05  # share of in-scope accuracy that is given up for rejecting the rest
_CONFUSIONS = 50


class TextParser(Protocol):
    """What is scored: anything that understands one text synchronously."""

    def parse_text(self, text: str, language: str | None = None) -> Parse:
        """Understand one message."""
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """One labelled message; `also` are other intents that are right too."""

    text: str
    intent: str
    entities: tuple[tuple[str, str], ...] = ()
    lang: str | None = None
    style: str | None = None
    also: frozenset[str] = field(default_factory=frozenset)

    @property
    def right(self) -> frozenset[str]:
        """All intents that count as right."""
        return self.also | {self.intent}


def read_lines(path: Path) -> list[Line]:
    """Read labelled messages from a JSON Lines file. Raises DataError naming file and line."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(path, None, "is not UTF-8; save the file as UTF-8.") from error
    except OSError as error:
        raise DataError(path, None, f"cannot be read ({error.strerror}).") from error
    lines = [
        _line(path, number, raw) for number, raw in enumerate(content.split("\n"), 1) if raw.strip()
    ]
    if not lines:
        raise DataError(path, None, "holds no line to evaluate.")
    return lines


def _line(path: Path, number: int, raw: str) -> Line:
    try:
        found = json.loads(raw)
    except ValueError as error:
        raise DataError(path, number, f"is not JSON ({error}).") from error
    if not isinstance(found, dict) or not all(
        isinstance(found.get(key), str) for key in ("text", "intent")
    ):
        raise DataError(path, number, "needs the texts 'text' and 'intent'.")
    try:
        entities = tuple((str(e["type"]), str(e["value"])) for e in found.get("entities") or ())
        also = frozenset(map(str, found.get("also") or ()))
    except (TypeError, KeyError) as error:
        problem = "'entities' must be a list of objects with 'type' and 'value', 'also' a list."
        raise DataError(path, number, problem) from error
    return Line(
        found["text"], found["intent"], entities, found.get("lang"), found.get("style"), also
    )


def evaluate(parser: TextParser, lines: Sequence[Line]) -> dict[str, Any]:
    """Parse every line and return the measures of the contract's section "Evaluation"."""
    parses: list[Parse] = []
    seconds: list[float] = []
    for line in lines:
        started = time.perf_counter()
        parses.append(parser.parse_text(line.text))
        seconds.append(time.perf_counter() - started)
    known = _known_intents(parser, parses)
    scored = [(ln, p) for ln, p in zip(lines, parses, strict=True) if not _foreign(ln, known)]
    # An acceptable other answer counts as the label itself, so that it is no one's false alarm.
    pairs = [(p.intent.name if p.intent.name in ln.right else ln.intent, p) for ln, p in scored]
    answers = [(true, p.intent.name) for true, p in pairs]
    per_intent = _per_intent(answers)
    others = [p for ln, p in zip(lines, parses, strict=True) if EMERGENCY not in ln.right]
    alarms = sum(p.intent.name == EMERGENCY for p in others)
    true_intents = {ln.intent for ln, _ in scored}
    macro = [per_intent[i]["f1"] for i in true_intents if i in per_intent]
    result: dict[str, Any] = {
        "n": len(lines),
        "accuracy": _share(t == p for t, p in answers),
        "macro_f1": round(sum(macro) / len(macro), 4) if macro else None,
        "by_lang": _by([ln.lang for ln, _ in scored], answers),
        "by_style": _by([ln.style for ln, _ in scored], answers),
        "per_intent": per_intent,
        "confusions": _confusions(answers),
        "entity_f1": _entity_f1(lines, parses),
        "latency_ms": _latency(seconds),
        "emergency_false_alarm_rate": round(alarms / len(others), 4) if others else None,
    }
    unseen = getattr(parser, "unseen_share", None)
    if unseen is not None:
        result["unseen_word_share"] = round(unseen([line.text for line in lines]), 4)
    foreign = [p for ln, p in zip(lines, parses, strict=True) if _foreign(ln, known)]
    if foreign:
        result["oos_recall_at_minus_5"] = _oos_recall(scored, foreign)
    return result


def _known_intents(parser: TextParser, parses: Iterable[Parse]) -> set[str]:
    model = getattr(parser, "model", None)
    known = set(getattr(model, "intents", ()))
    return known or {i.name for p in parses for i in p.intent_ranking}


def _foreign(line: Line, known: set[str]) -> bool:
    """Say whether a line is out of scope for a model that has no intent for that."""
    return line.intent == OUT_OF_SCOPE and OUT_OF_SCOPE not in known


def _share(right: Iterable[bool]) -> float | None:
    hits = list(right)
    return round(sum(hits) / len(hits), 4) if hits else None


def _by(keys: Sequence[str | None], answers: Sequence[tuple[str, str]]) -> dict[str, Any]:
    groups: dict[str, list[bool]] = defaultdict(list)
    for key, (true, predicted) in zip(keys, answers, strict=True):
        if key is not None:
            groups[key].append(true == predicted)
    return {k: {"accuracy": _share(v), "n": len(v)} for k, v in sorted(groups.items())}


def _per_intent(answers: Sequence[tuple[str, str]]) -> dict[str, dict[str, float]]:
    true, predicted = Counter(t for t, _ in answers), Counter(p for _, p in answers)
    right = Counter(t for t, p in answers if t == p)
    out = {}
    for intent in sorted(true | predicted):
        precision = right[intent] / predicted[intent] if predicted[intent] else 0.0
        recall = right[intent] / true[intent] if true[intent] else 0.0
        out[intent] = {
            "precision": round(precision, 4), "recall": round(recall, 4),
            "f1": _f1(right[intent], predicted[intent], true[intent]), "n": true[intent],
        }  # fmt: skip
    return out


def _f1(right: int, found: int, wanted: int) -> float:
    return round(2 * right / (found + wanted), 4) if found + wanted else 0.0


def _confusions(answers: Sequence[tuple[str, str]]) -> list[list[Any]]:
    wrong = Counter((t, p) for t, p in answers if t != p)
    return [[t, p, n] for (t, p), n in wrong.most_common(_CONFUSIONS)]


def _entity_f1(lines: Sequence[Line], parses: Sequence[Parse]) -> dict[str, float]:
    """Return F1 of each kind of entity by value; a place is right if it overlaps by half."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    labelled = {kind for line in lines for kind, _ in line.entities}
    for line, parse in zip(lines, parses, strict=True):
        for kind in labelled:
            wanted = list(dict.fromkeys(v for k, v in line.entities if k == kind))
            found = list(dict.fromkeys(parse.values(kind)))
            right = _matched(kind, wanted, found, line.text)
            for i, n in enumerate((right, len(found), len(wanted))):
                counts[kind][i] += n
    return {kind: _f1(*counts[kind]) for kind in sorted(counts)}


def _matched(kind: str, wanted: Sequence[str], found: Sequence[str], text: str) -> int:
    if kind != "place":
        return len(set(wanted) & set(found))
    free = list(found)
    right = 0
    for value in wanted:
        match = next((f for f in free if _overlap(value, f, text)), None)
        if match is not None:
            free.remove(match)
            right += 1
    return right


def _overlap(wanted: str, found: str, text: str) -> bool:
    """Say whether two spans of a text share at least half of the shorter one."""
    text, a, b = plain(text), plain(wanted), plain(found)
    first, second = text.find(a), text.find(b)
    if first < 0 or second < 0:
        return a in b or b in a
    shared = min(first + len(a), second + len(b)) - max(first, second)
    return 2 * shared >= min(len(a), len(b)) > 0


def _latency(seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(seconds)

    def at(quantile: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(quantile * len(ordered)))], 3)

    return {"p50": at(0.5), "p95": at(0.95), "p99": at(0.99)} if ordered else {}


def _oos_recall(scored: Sequence[tuple[Line, Parse]], foreign: Sequence[Parse]) -> float | None:
    """Return the recall of lines out of scope where rejecting them costs 5 points of accuracy."""
    right = sorted(p.intent.confidence for ln, p in scored if p.intent.name in ln.right)
    allowed = int(_GIVEN_UP * len(scored) + 1e-9)
    if len(right) <= allowed:
        return None
    threshold = right[allowed]
    return _share(p.intent.confidence < threshold for p in foreign)
