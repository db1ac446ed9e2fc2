"""Sets two models side by side on one file: what the newer one broke, and what it mended."""

from collections.abc import Sequence
from typing import Any

from nlu.evaluate import Line, TextParser, evaluate


def compare(first: TextParser, second: TextParser, lines: Sequence[Line]) -> dict[str, Any]:
    """Score both parsers on `lines`.

    Returns `overall` (accuracy and macro F1 as [first, second]), `by_intent` (F1 of each intent
    as [first, second]), and under `broken` and `mended` each text whose intent only the first, or
    only the second, has right: {"text", "intent", "first", "second"}.
    """
    a, b = evaluate(first, lines), evaluate(second, lines)
    intents = sorted(a["per_intent"] | b["per_intent"])
    broken: list[dict[str, str]] = []
    mended: list[dict[str, str]] = []
    for line in lines:
        one, two = (p.parse_text(line.text).intent.name for p in (first, second))
        if (one in line.right) == (two in line.right):
            continue
        changed = {"text": line.text, "intent": line.intent, "first": one, "second": two}
        (broken if one in line.right else mended).append(changed)
    return {
        "n": len(lines),
        "overall": {key: [a[key], b[key]] for key in ("accuracy", "macro_f1")},
        "by_intent": {
            i: [a["per_intent"].get(i, {}).get("f1"), b["per_intent"].get(i, {}).get("f1")]
            for i in intents
        },
        "broken": broken,
        "mended": mended,
    }
