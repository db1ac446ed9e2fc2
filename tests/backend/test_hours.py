"""When people sit at the desk: weekdays but holidays, in the city's time."""

from datetime import datetime

import pytest

from backend.handoff import hours
from backend.petitions.working_days import calendar
from bot import texts

ZONE = calendar().zone


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-23 10:00", "2026-11-23 10:00"),  # Monday, within the hours
        ("2026-11-23 07:00", "2026-11-23 09:00"),
        ("2026-11-23 18:00", "2026-11-24 09:00"),
        ("2026-11-20 19:00", "2026-11-23 09:00"),  # Friday evening
        ("2026-12-25 10:00", "2026-12-28 09:00"),  # a public holiday, then a weekend
    ],
)
def test_the_desk_opens_next(at: str, opens: str) -> None:
    asked = datetime.fromisoformat(at).replace(tzinfo=ZONE)
    assert hours.opens_next(asked) == datetime.fromisoformat(opens).replace(tzinfo=ZONE)
    assert hours.is_open(asked) == (at == opens)


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_the_hours_have_words_in_every_language(language: str) -> None:
    assert "9" in hours.words(language)
    assert hours.words("xx") == hours.words("en")
    assert not any(c.isdigit() for c in hours.words("ko", spoken=True))
