"""The command that trains: one sentence on what is wrong, and the running model stays."""

from pathlib import Path

import pytest

from backend.cli.nlu import train_model
from backend.errors import SetupError

_OURS = """nlu:
- intent: greet
  examples: |
    - 안녕하세요
    - hello
- intent: thank
  examples: |
    - 고마워요
    - thank you
"""
_SLIP = """nlu:
- intent: thnak
  examples: |
    - 감사해요
"""
_BENCHMARK = """nlu:
- intent: lamp
  examples: |
    - switch it on
    - light please
- intent: song
  examples: |
    - play it
    - sing one
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "data.yml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            _OURS + _SLIP.removeprefix("nlu:\n"),
            r"data\.yml, line 10: intent 'thnak' is not a known",
        ),
        (
            "nlu:\n- intent: vote\n  examples: |\n    - a\n   - b\n",
            r"data\.yml, line 5: is not valid",
        ),
        ("", r"data\.yml: is empty"),
    ],
)
def test_what_is_wrong_is_named_and_the_model_stays(
    tmp_path: Path, text: str, problem: str
) -> None:
    out = tmp_path / "model"
    train_model([written(tmp_path, _OURS)], out)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    with pytest.raises(SetupError, match=problem) as raised:
        train_model([written(tmp_path, text)], out)
    assert "\n" not in str(raised.value)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


def test_a_benchmark_trains_into_a_folder_of_its_own_and_not_into_the_bot(tmp_path: Path) -> None:
    data = written(tmp_path, _BENCHMARK)
    train_model([data], tmp_path / "model")
    assert (tmp_path / "model" / "model.json").is_file()
    with pytest.raises(SetupError, match="intent 'lamp' is not a known intent"):
        train_model([data])
