"""Training: any data, skipped when nothing changed, and nothing lost when it fails."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from nlu import calibration
from nlu.builtin import BuiltinParser
from nlu.data import DataError
from nlu.model import ModelError
from nlu.train import train

TOPICS = {
    "lamp": [
        "the lamp is dark",
        "my light went out",
        "가로등이 꺼졌어요",
        "lamp broken",
        "전등 고장",
    ],
    "song": ["play a song", "music please", "노래 틀어줘", "sing for me", "음악 듣고 싶어"],
    "taxi": ["call a taxi", "i need a cab", "택시 불러줘", "get me a ride", "택시 타고 싶어"],
}


def data(folder: Path, topics: dict[str, list[str]] = TOPICS) -> Path:
    lines = ['version: "3.1"', "nlu:"]
    for intent, examples in topics.items():
        lines += [f"- intent: {intent}", "  examples: |", *(f"    - {e}" for e in examples)]
    path = folder / "nlu.yml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_model_of_other_intents_is_trained_and_loaded(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    out = tmp_path / "model"
    result = train([data(tmp_path)], out, progress=lambda *step: told.append(step))
    assert (result.examples, result.intents, result.skipped) == (15, 3, False)
    assert [done for _, done, _ in told] == [0, 1, 2]
    parser = BuiltinParser.load(out)
    parse = parser.parse_text("택시 하나 불러 주세요")
    assert parse.intent.name == "taxi"
    assert parse.model == result.model
    assert sum(i.confidence for i in parse.intent_ranking) == pytest.approx(1, abs=0.01)
    assert not list(out.glob("*.pkl"))


def test_the_same_data_gives_the_same_model_in_any_process(tmp_path: Path) -> None:
    # "lamd" is one slip from two words that are as common: the order of a set once chose.
    slips = {"lamp": [*TOPICS["lamp"], "a lamp a lamb", "the lamb and the lamp", "lamd lams lamk"]}
    path = data(tmp_path, TOPICS | slips)
    program = "import sys; from pathlib import Path; from nlu.train import train; "
    program += "train([Path(sys.argv[1])], Path(sys.argv[2]))"
    models = []
    for number in ("1", "2"):
        out = tmp_path / number
        surroundings = {"PYTHONHASHSEED": number, "OMP_NUM_THREADS": number}
        subprocess.run(
            [sys.executable, "-c", program, str(path), str(out)],
            env=os.environ | surroundings | {"OPENBLAS_NUM_THREADS": number},
            cwd=Path(__file__).parents[2],
            check=True,
            timeout=300,
        )
        models.append({file.name: file.read_bytes() for file in out.iterdir()})
    assert models[0] == models[1]


def test_training_is_skipped_until_the_data_changes(tmp_path: Path) -> None:
    out = tmp_path / "model"
    path = data(tmp_path)
    first = train([path], out)
    assert train([path], out).skipped
    assert not train([path], out, force=True).skipped
    data(tmp_path, TOPICS | {"taxi": [*TOPICS["taxi"], "cab now"]})
    changed = train([path], out)
    assert not changed.skipped
    assert changed.model != first.model


def test_a_failed_training_leaves_the_running_model(tmp_path: Path) -> None:
    out = tmp_path / "model"
    path = data(tmp_path)
    train([path], out)
    path.write_text("nlu:\n- intent: x\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 2"):
        train([path], out)
    assert BuiltinParser.load(out).parse_text("노래").intent.name == "song"


def test_one_intent_is_too_few_and_unknown_intents_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="at least two intents"):
        train([data(tmp_path, {"lamp": TOPICS["lamp"]})], tmp_path / "model")
    with pytest.raises(DataError, match="'taxi' is not a known intent"):
        train([data(tmp_path)], tmp_path / "model", intents=("lamp", "song"))


def test_two_intents_and_single_examples_are_enough(tmp_path: Path) -> None:
    out = tmp_path / "model"
    train([data(tmp_path, {"lamp": ["the lamp is dark"], "song": ["play a song"]})], out)
    assert BuiltinParser.load(out).parse_text("play the song").intent.name == "song"


def test_a_missing_a_foreign_and_a_damaged_model_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="eungdap nlu train"):
        BuiltinParser.load(tmp_path / "none")
    out = tmp_path / "model"
    train([data(tmp_path)], out)
    meta = json.loads((out / "model.json").read_text(encoding="utf-8"))
    (out / "model.json").write_text(json.dumps(meta | {"format": 0}), encoding="utf-8")
    with pytest.raises(ModelError, match="another version"):
        BuiltinParser.load(out)
    (out / "model.json").write_text(json.dumps(meta), encoding="utf-8")
    (out / "weights.npz").write_bytes(b"PK nothing")
    with pytest.raises(ModelError, match="damaged"):
        BuiltinParser.load(out)


def test_a_hundred_and_fifty_intents_train_quickly(tmp_path: Path) -> None:
    topics = {f"topic_{i}": [f"word{i}x alpha {j} beta{i}" for j in range(6)] for i in range(150)}
    started = time.process_time()
    result = train([data(tmp_path, topics)], tmp_path / "model")
    assert result.intents == 150
    assert time.process_time() - started < 60
    parser = BuiltinParser.load(tmp_path / "model")
    assert parser.parse_text("word42x alpha").intent.name == "topic_42"


def test_confidences_sum_to_one_and_keep_the_order() -> None:
    margins = np.array([[1.0, -0.5, -1.0], [-0.2, 0.3, -1.0], [0.9, -1.0, -0.4]] * 10)
    labels = np.array([0, 1, 0, 1, 1, 2] * 5)
    fitted = calibration.fit(margins, labels, np.ones(30))
    confidences = fitted.confidences(margins[0], 1.0)
    assert confidences.sum() == pytest.approx(1)
    assert list(np.argsort(-confidences)) == [0, 1, 2]
    assert fitted.confidences(margins[0], 0.2)[0] < confidences[0]
    assert calibration.calibration_error(np.array([0.5, 0.5]), np.array([True, False])) == 0


def test_an_early_intent_is_caught_without_many_false_alarms() -> None:
    rng = np.random.default_rng(1)
    positive = np.concatenate([np.ones(200, bool), np.zeros(2000, bool)])
    margins = np.where(positive, rng.normal(1, 0.3, 2200), rng.normal(-1, 0.3, 2200))
    threshold = calibration.early_threshold(margins, positive)
    assert (margins[positive] >= threshold).mean() >= 0.96
    assert (margins[~positive] >= threshold).mean() <= 0.011
