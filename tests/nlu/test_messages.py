"""The engine on messages written apart from its training data."""

import asyncio
import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.builtin import BuiltinParser
from nlu.data import read
from nlu.evaluate import evaluate, read_lines
from nlu.normalise import fingerprint
from nlu.parse import ENTITIES, INTENTS
from nlu.train import DATA

# What was looked at while choosing rules and words, and what nobody who chose has seen.
DEVELOPMENT = Path(__file__).with_name("development.jsonl")
REPORT = Path(__file__).with_name("report.jsonl")
# Dangers to life, and twice as many messages written to sound like one; never trained on.
DANGER = Path(__file__).with_name("danger.jsonl")


@pytest.mark.parametrize("path", [DEVELOPMENT, REPORT, DANGER], ids=lambda p: p.stem)
def test_training_and_test_share_no_text(path: Path) -> None:
    trained = {fingerprint(e.text): f"{e.path}, line {e.line}" for e in read([DATA]).examples}
    shared = {
        line.text: trained[fingerprint(line.text)]
        for line in read_lines(path)
        if fingerprint(line.text) in trained
    }
    assert shared == {}


@pytest.mark.parametrize("path", [DEVELOPMENT, REPORT], ids=lambda p: p.stem)
def test_the_labels_are_the_contracts(path: Path) -> None:
    lines = read_lines(path)
    assert {intent for line in lines for intent in line.right} <= set(INTENTS)
    assert {kind for line in lines for kind, _ in line.entities} <= set(ENTITIES)
    assert {line.intent for line in lines} == set(INTENTS)


def test_the_report_is_large_and_varied_enough_to_mean_something() -> None:
    lines = read_lines(REPORT)
    assert len(lines) >= 1000
    assert sum(line.intent == "life_emergency" for line in lines) >= 150
    # Written to sound like an emergency: an own key, which `nlu evaluate` does not read.
    near = [raw for raw in REPORT.read_text("utf-8").splitlines() if '"near"' in raw]
    assert sum(json.loads(raw)["intent"] != "life_emergency" for raw in near) >= 300
    assert {line.lang for line in lines} == {"ko", "en", "mixed"}
    assert sum(line.style in ("indirect", "rambling", "veiled") for line in lines) >= 200


def test_most_messages_are_understood(parser: BuiltinParser) -> None:
    result = evaluate(parser, read_lines(REPORT))
    assert result["accuracy"] >= 0.945, result["confusions"]
    assert result["macro_f1"] >= 0.95
    assert result["per_intent"]["life_emergency"]["recall"] >= 0.97
    assert result["emergency_false_alarm_rate"] <= 0.01
    bars = {"district": 0.95, "petition_id": 0.97, "choice": 0.93, "rating": 0.95, "phone": 0.95}
    for entity, bar in (bars | {"language": 0.95, "place": 0.8}).items():
        assert result["entity_f1"][entity] >= bar, entity


def test_danger_is_told_from_what_only_sounds_like_it(parser: BuiltinParser) -> None:
    lines = read_lines(DANGER)
    assert {line.intent for line in lines} <= set(INTENTS)
    result = evaluate(parser, lines)
    assert result["per_intent"]["life_emergency"]["n"] >= 150
    assert result["per_intent"]["life_emergency"]["recall"] >= 0.94, result["confusions"]
    # Every one of the others was written to mislead; of common messages far fewer do.
    assert result["emergency_false_alarm_rate"] <= 0.04


@settings(max_examples=150, deadline=None)
@given(text=st.one_of(st.text(max_size=300), st.text("가나다ㅋ1-번 pP,", max_size=80)))
def test_no_text_is_too_strange(parser: BuiltinParser, text: str) -> None:
    parse = parser.parse_text(text)
    assert parse.text == text
    assert parse.intent == parse.intent_ranking[0]
    assert all(text[e.start : e.end] == e.text for e in parse.entities)
    assert json.loads(json.dumps(parse.as_dict()))["intent"]["name"] in INTENTS


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "\ud83d", "ㅋ" * 9000, "1" * 9000, "가로등 " * 9000]
)
async def test_extreme_texts_are_parsed(parser: BuiltinParser, text: str) -> None:
    async with asyncio.timeout(30):
        parse = await parser.parse(text, "ko")
    assert parse.engine == "builtin"
    assert parse.language == "ko"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("불났어요 빨리요", "life_emergency"),
        ("죽고 싶어요", "life_emergency"),
        ("someone is breaking into my house right now", "life_emergency"),
        ("救命 着火了", "life_emergency"),
        ("불이 안 켜져요 복도 등요", "file_petition"),
        ("소화전 앞에 불법주차", "file_petition"),
        ("STOP", "unsubscribe_alerts"),
        ("START", "subscribe_alerts"),
        ("그만", "cancel"),
        ("ㅇㅇ", "affirm"),
        ("ㄴㄴ", "deny"),
        ("không", "deny"),
        ("마지막 거요", "vote"),
        ("<script>alert(1)</script> 가로등이 꺼졌어요", "file_petition"),
        ("<script>alert(1)</script>", "out_of_scope"),
    ],
)
def test_what_must_never_go_wrong(parser: BuiltinParser, text: str, intent: str) -> None:
    assert parser.parse_text(text).intent.name == intent


@pytest.mark.parametrize(("threshold", "first"), [(99.0, False), (-99.0, True)])
def test_danger_is_called_by_its_lead_alone(
    parser: BuiltinParser, threshold: float, first: bool
) -> None:
    strict = BuiltinParser(dataclasses.replace(parser.model, early={"life_emergency": threshold}))
    for text in ("불났어요 빨리요", "안녕하세요"):
        ranking = strict.parse_text(text).intent_ranking
        assert (ranking[0].name == "life_emergency") is first
        confidences = [intent.confidence for intent in ranking]
        assert confidences == sorted(confidences, reverse=True)
        assert len({intent.name for intent in ranking}) == len(ranking)
