"""The words: counted exactly, marked by environment, bound by a hash."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest

from backend.models import Broadcast
from broadcasts import content
from tests.broadcasts.conftest import draft

NOW = datetime(2026, 7, 1, 5, 0, tzinfo=UTC)


def written(**changes: object) -> Broadcast:
    values = draft(**changes).model_dump()
    values["expires_at"] = changes.get("expires_at", NOW + timedelta(hours=4))
    return Broadcast(**values)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("가" * 90, 90),
        (unicodedata.normalize("NFD", "강" * 90), 90),
        ("  " + "가" * 88 + " 나\n", 90),
        ("가\r\n나", 3),
        ("가\u200b나\x00다", 3),
        ("M6.0 지진", 7),
        ("🚨대피", 3),
        ("", 0),
    ],
)
def test_characters_are_counted_as_a_reader_counts_them(text: str, count: int) -> None:
    assert content.characters(content.clean(text)) == count


@pytest.mark.parametrize(("length", "refused"), [(89, False), (90, False), (91, True)])
@pytest.mark.parametrize("field", ["texts", "correction"])
def test_ninety_characters_of_korean_are_the_limit(field: str, length: int, refused: bool) -> None:
    broadcast = written(**{field: {"ko": "가" * length}})
    if field == "texts":
        broadcast.correction = {"ko": "정정"}
    else:
        broadcast.texts = {"ko": "문구"}
    problems = content.problems(broadcast, NOW)
    assert [p.field for p in problems] == ([field] if refused else [])
    assert all(str(length) in p.ko and str(length) in p.en for p in problems)


def test_a_ready_message_has_no_problem() -> None:
    assert content.problems(written(), NOW) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"districts": []}, "districts"),
        ({"texts": {"en": "only English"}}, "texts"),
        ({"correction": {}}, "correction"),
        ({"correction": {"ko": "[정정] 잘못 보냈습니다."}}, "correction"),
        ({"expires_at": NOW}, "expires_at"),
        ({"expires_at": NOW + timedelta(hours=48, seconds=1)}, "expires_at"),
        ({"environment": "live", "texts": {"ko": "[훈련] 대피"}}, "texts"),
    ],
)
def test_what_is_missing_is_named(changes: dict[str, object], field: str) -> None:
    assert field in [p.field for p in content.problems(written(**changes), NOW)]


@pytest.mark.parametrize("environment", ["exercise", "test"])
@pytest.mark.parametrize("language", content.LANGUAGES)
def test_the_mark_stands_first_and_once(environment: str, language: str) -> None:
    once = content.marked(environment, {language: "문구"})
    tag, sentence = content.MARKS[environment][language]
    assert once == {language: f"{tag} {sentence} 문구"}
    assert content.marked(environment, once) == once


def test_the_mark_may_follow_the_sender() -> None:
    text = "[서울특별시][훈련] 실제 상황 아님. 오늘 14:00 민방위 훈련"
    assert content.marked("exercise", {"ko": text}) == {"ko": text}
    late = content.marked("exercise", {"ko": "대피하세요. [훈련] 실제 상황 아님."})["ko"]
    assert late.startswith("[훈련] 실제 상황 아님. 대피하세요.")


def test_a_live_text_is_left_as_it_is() -> None:
    assert content.marked("live", {"ko": "대피"}) == {"ko": "대피"}


@pytest.mark.parametrize(
    ("environment", "text", "refused"),
    [
        ("live", "[훈련] 대피하세요", True),
        ("live", "이것은 실제 상황 아님", True),
        ("live", "[exercise] leave the building", True),
        ("live", "이것은 실제 상황입니다", False),
        ("exercise", "이것은 실제 상황입니다", True),
        ("exercise", "This is NOT A DRILL", True),
        ("test", "훈련이 아닙니다", True),
        ("exercise", "오늘 14시 훈련", False),
    ],
)
def test_no_message_seems_what_it_is_not(environment: str, text: str, refused: bool) -> None:
    assert (content.misleading(environment, {"ko": text}, {}) is not None) is refused


def test_a_live_correction_may_say_that_nothing_happened() -> None:
    assert content.misleading("live", {"ko": "대피"}, {"ko": "[정정] 실제 상황 아님."}) is None
    assert content.misleading("live", {"ko": "대피"}, {"ko": "[훈련][정정] 오발송"}) is not None


def test_the_correction_offered_fits() -> None:
    for environment in content.ENVIRONMENTS:
        offered = content.marked(environment, content.CORRECTIONS)
        assert set(offered) == set(content.LANGUAGES)
        assert content.characters(offered["ko"]) <= content.SHORT_LIMIT
        assert content.misleading(environment, {}, offered) is None


WHOLE = {"ko": dict.fromkeys(content.FACTS, "말")}
CLEAR = {"ko": "[해제] 끝났습니다."}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"facts": {}}, "facts"),
        ({"facts": {"ko": {**WHOLE["ko"], "why": " "}}}, "facts"),
        ({"facts": {"ko": {**WHOLE["ko"], "where_to_go": ""}}}, "facts"),
        ({"all_clear": {}}, "all_clear"),
        ({"all_clear": {"ko": "가" * 91}}, "all_clear"),
        ({"texts": {"ko": "[서울특별시] 호우경보"}}, "texts"),
        ({"texts": {"ko": "[서울특별시] 호우경보"}, "level": "advisory"}, None),
        ({"facts": {}, "hazard": "other"}, "facts"),
        ({"all_clear": {}, "hazard": "other"}, "all_clear"),
        ({"texts": {"ko": "[서울특별시] 호우경보"}, "hazard": "other"}, None),
        ({"facts": {}, "all_clear": {}, "environment": "test"}, None),
        ({}, None),
    ],
)
def test_an_alert_tells_all_of_it(changes: dict[str, object], field: str | None) -> None:
    ready: dict[str, object] = {"hazard": "heavy_rain", "facts": WHOLE, "all_clear": CLEAR}
    found = [p.field for p in content.problems(written(**(ready | changes)), NOW)]
    assert found == ([field] if field else [])
