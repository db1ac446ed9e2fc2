"""Reading training data: Rasa's format, and one clear sentence for everything that is wrong."""

from pathlib import Path

import pytest

from nlu.data import DataError, parse_example, read

GOOD = """\
version: "3.1"
nlu:
- intent: vote
  examples: |
    - [2번]{"entity": "choice", "value": "2"}에 투표
    # a remark
    - vote for [3](choice)
- intent: greet/short
  examples:
    - hello
    - text: |
        - hi there
- synonym: 마포구
  examples: |
    - Mapo
- lookup: place
  examples: |
    - 서울숲
- regex: digits
  examples: |
    - \\d+
"""


def written(folder: Path, text: str, name: str = "nlu.yml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_intents_entities_synonyms_lookups_and_patterns_are_read(tmp_path: Path) -> None:
    data = read([written(tmp_path, GOOD)])
    texts = [(e.text, e.intent) for e in data.examples]
    assert texts == [
        ("2번에 투표", "vote"),
        ("vote for 3", "vote"),
        ("hello", "greet"),
        ("hi there", "greet"),
    ]
    mark = data.examples[0].entities[0]
    assert (mark.entity, mark.value, mark.start, mark.end) == ("choice", "2", 0, 2)
    assert data.examples[1].entities[0].value == "3"
    assert data.examples[1].line == 7
    assert data.synonyms == {"Mapo": "마포구"}
    assert data.lookups == {"place": ["서울숲"]}
    assert data.patterns == {"digits": [r"\d+"]}


def test_folders_are_searched_and_the_checksum_follows_the_content(tmp_path: Path) -> None:
    (tmp_path / "ko").mkdir()
    written(tmp_path / "ko", GOOD)
    before = read([tmp_path]).checksum
    assert read([tmp_path]).checksum == before
    written(tmp_path / "ko", GOOD.replace("hello", "hullo"))
    assert read([tmp_path]).checksum != before


def test_a_glossary_beside_the_data_is_read(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    written(tmp_path, "glossary:\n  가로등: street light, lamp post\n", "glossary.yml")
    assert read([tmp_path]).glossary == {"street light": ["가로등"], "lamp post": ["가로등"]}


def test_other_parts_of_a_rasa_project_are_passed_over(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    written(tmp_path, 'version: "3.1"\nrules: []\n', "rules.yml")
    assert len(read([tmp_path]).examples) == 4


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", None, "is empty"),
        ("nlu: [", 2, "is not valid YAML"),
        ("- a\n", 1, "must be a mapping"),
        ("version: '3.1'\n", 1, "has no key 'nlu'"),
        ("nlu: vote\n", 1, "must be a list"),
        ("nlu:\n- vote\n", 2, "must be a mapping with 'examples'"),
        ("nlu:\n- story: x\n  examples: |\n    - a\n", 2, "expected one of"),
        ("nlu:\n- intent: vote\n", 2, "has no 'examples'"),
        ("nlu:\n- intent: vote\n  examples: |\n\n", 3, "has no example lines"),
        ("nlu:\n- intent: vote\n  examples: |\n    - a\n    b\n", 5, "must begin with '- '"),
        ("nlu:\n- intent: vote\n  examples: |\n    - [a](choice\n", 4, "mark is broken"),
        ("nlu:\n- intent: vote\n  examples: |\n    - [a](no name!)\n", 4, "not a name"),
        ('nlu:\n- intent: vote\n  examples: |\n    - [a]{"value": "1"}\n', 4, "key 'entity'"),
        ("nlu:\n- regex: r\n  examples: |\n    - (\n", 4, "no valid expression"),
        ("nlu:\n- intent: votte\n  examples: |\n    - a\n", 2, "not a known intent"),
        ("nlu:\n- synonym: a\n  examples: |\n    - b\n", None, "no intent with examples"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(
    tmp_path: Path, text: str, line: int | None, says: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(DataError) as caught:
        read([path], intents=("vote",))
    assert caught.value.line == line
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "old.yml"
    path.write_bytes("nlu:\n- intent: vote\n  examples: |\n    - 투표\n".encode("cp949"))
    with pytest.raises(DataError, match=r"line 4: is not UTF-8"):
        read([path])


def test_a_missing_path_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read([tmp_path / "nowhere"])
    with pytest.raises(DataError, match=r"no \.yml file"):
        read([tmp_path])


def test_marks_keep_their_place_in_the_plain_text() -> None:
    example = parse_example(
        '[둘째 거]{"entity": "choice", "value": "2"} 말고 [셋째](choice)', "vote"
    )
    assert example.text == "둘째 거 말고 셋째"
    assert [example.text[a.start : a.end] for a in example.entities] == ["둘째 거", "셋째"]
    assert [a.value for a in example.entities] == ["2", "셋째"]
