"""What an author wrote, as it is kept, and the hash that an approval is bound to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.errors import Invalid
from broadcasts import drafts
from tests.broadcasts.conftest import draft

NOW = datetime(2026, 7, 1, 5, 30, tzinfo=UTC)
RING = [[37.55, 126.90], [37.56, 126.92], [37.54, 126.93]]


@pytest.mark.parametrize(
    "change",
    [
        {"environment": "exercise"},
        {"hazard": "flood"},
        {"level": "critical"},
        {"title": "다른 제목"},
        {"facts": {"ko": {"why": "다른 까닭"}}},
        {"texts": {"ko": "다른 문구"}},
        {"long_texts": {"ko": "다른 긴 문구"}},
        {"correction": {"ko": "다른 정정"}},
        {"all_clear": {"ko": "다른 해제"}},
        {"districts": ["용산구"]},
        {"polygons": [RING]},
        {"send_at": NOW},
        {"expires_at": NOW + timedelta(hours=5)},
    ],
)
def test_the_hash_changes_with_every_part(change: dict[str, Any]) -> None:
    def hashed(**changes: Any) -> str:
        written = draft(**{"expires_at": NOW + timedelta(hours=4), **changes})
        return str(drafts.columns(written)["content_hash"])

    assert hashed() == hashed()
    assert hashed(**change) != hashed()


def test_every_text_of_an_exercise_carries_its_mark() -> None:
    words = {"ko": "대피하세요"}
    made = drafts.columns(
        draft(
            environment="exercise", texts=words, long_texts=words, correction=words, all_clear=words
        )
    )
    for column in ("texts", "long_texts", "correction", "all_clear"):
        assert made[column] == {"ko": "[훈련] 실제 상황 아님. 대피하세요"}


@pytest.mark.parametrize("column", ["texts", "long_texts", "all_clear"])
def test_no_text_of_a_live_message_carries_a_mark(column: str) -> None:
    with pytest.raises(Invalid):
        drafts.columns(draft(**{column: {"ko": "[훈련] 대피하세요"}}))
