"""The measures that `nlu evaluate` prints, by hand-made parses."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nlu.data import DataError
from nlu.evaluate import Line, evaluate, read_lines
from nlu.parse import Entity, Intent, Parse


@dataclass
class Script:
    """Answers from a table: text → (intent, confidence, entities)."""

    answers: dict[str, tuple[str, float, list[tuple[str, str]]]]
    model: Any = field(default=None)

    def parse_text(self, text: str, language: str | None = None) -> Parse:
        name, confidence, entities = self.answers[text]
        first = Intent(name, confidence)
        spans = tuple(Entity(kind, value, 0, 1, value) for kind, value in entities)
        return Parse("builtin", "m", text, language or "ko", first, (first,), spans)


def test_accuracy_f1_confusions_entities_and_false_alarms() -> None:
    parser = Script(
        {
            "a": ("vote", 0.9, [("choice", "2")]),
            "b": ("vote", 0.9, [("choice", "3"), ("place", "강남역 앞")]),
            "c": ("life_emergency", 0.9, []),
            "d": ("help", 0.9, []),
            "강남역 앞에서": ("vote", 0.9, [("place", "강남역")]),
        }
    )
    lines = [
        Line("a", "vote", (("choice", "2"),)),
        Line("b", "vote", (("choice", "1"),)),
        Line("c", "deny", lang="ko", style="sms"),
        Line("d", "greet", lang="ko", also=frozenset({"help"})),
        Line("강남역 앞에서", "vote", (("place", "강남역 앞"),)),
    ]
    result = evaluate(parser, lines)
    assert result["n"] == 5
    assert result["accuracy"] == 0.8
    assert result["by_lang"] == {"ko": {"accuracy": 0.5, "n": 2}}
    assert result["by_style"] == {"sms": {"accuracy": 0.0, "n": 1}}
    assert result["per_intent"]["vote"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0, "n": 3}
    assert result["confusions"] == [["deny", "life_emergency", 1]]
    assert result["entity_f1"] == {"choice": 0.5, "place": 0.6667}
    assert result["emergency_false_alarm_rate"] == 0.2
    assert set(result["latency_ms"]) == {"p50", "p95", "p99"}
    assert "oos_recall_at_minus_5" not in result


def test_lines_out_of_scope_are_scored_by_confidence_where_the_model_has_no_such_intent() -> None:
    answers: dict[str, tuple[str, float, list[tuple[str, str]]]] = {
        f"in{i}": ("alarm", 0.5 + i / 100, []) for i in range(40)
    }
    answers |= {"low": ("alarm", 0.1, []), "high": ("alarm", 0.99, [])}
    lines = [Line(t, "alarm" if t.startswith("in") else "out_of_scope") for t in answers]
    result = evaluate(Script(answers), lines)
    assert result["accuracy"] == 1.0
    assert result["oos_recall_at_minus_5"] == 0.5


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "holds no line"),
        ("{}\n", "line 1: needs the texts"),
        ('{"text": "a", "intent": "vote"}\nnot json\n', "line 2: is not JSON"),
        ('{"text": "a", "intent": "vote", "entities": [{"type": "x"}]}', "line 1: 'entities'"),
    ],
)
def test_broken_files_get_one_sentence(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=says):
        read_lines(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_lines(tmp_path / "none.jsonl")
