"""Comparing models: every text whose answer changed is named, on the side where it belongs."""

from dataclasses import dataclass

from nlu.compare import compare
from nlu.evaluate import Line
from nlu.parse import Intent, Parse


@dataclass
class Says:
    """A parser that answers by a table."""

    answers: dict[str, str]

    def parse_text(self, text: str, language: str | None = None) -> Parse:  # noqa: ARG002
        intent = Intent(self.answers[text], 0.9)
        return Parse("builtin", "table", text, "en", intent, (intent,))


def test_what_a_model_broke_and_mended_is_listed_and_acceptable_answers_are_neither() -> None:
    lines = [
        Line("a", "greet"),
        Line("b", "thank"),
        Line("c", "thank", also=frozenset({"goodbye"})),
        Line("d", "greet"),
    ]
    old = Says({"a": "greet", "b": "greet", "c": "thank", "d": "greet"})
    new = Says({"a": "thank", "b": "thank", "c": "goodbye", "d": "greet"})
    result = compare(old, new, lines)
    assert result["n"] == 4
    assert result["overall"]["accuracy"] == [0.75, 0.75]
    assert [b["text"] for b in result["broken"]] == ["a"]
    assert result["mended"] == [
        {"text": "b", "intent": "thank", "first": "greet", "second": "thank"}
    ]
    assert result["by_intent"]["greet"] == [0.8, 0.6667]
