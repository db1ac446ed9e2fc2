"""Due dates follow the law's way of counting, over the public holidays of 2026 and 2027."""

import logging
from datetime import UTC, date, datetime

import pytest
import yaml

from backend.petitions import working_days
from backend.petitions.working_days import CALENDAR_FILE, Period, due, is_working_day

AT_ONCE = Period(3, "hours")
WEEK = Period(7, "days")
FORTNIGHT = Period(14, "days")


def seoul(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=working_days.calendar().zone)


@pytest.mark.parametrize(
    ("received", "period", "expected"),
    [
        # The three vectors: no holiday in between.
        ("2026-11-02 10:00", WEEK, "2026-11-10 18:00"),
        ("2026-11-02 10:00", FORTNIGHT, "2026-11-19 18:00"),
        ("2026-11-04 17:00", AT_ONCE, "2026-11-05 11:00"),
        # Over lunch, and to the last minute of the day.
        ("2026-11-04 10:30", AT_ONCE, "2026-11-04 14:30"),
        ("2026-11-04 15:00", AT_ONCE, "2026-11-04 18:00"),
        ("2026-11-04 12:20", AT_ONCE, "2026-11-04 16:00"),
        # Outside office hours the clock starts with the next working hour.
        ("2026-11-04 07:00", AT_ONCE, "2026-11-04 12:00"),
        ("2026-11-04 18:00", AT_ONCE, "2026-11-05 12:00"),
        ("2026-11-06 23:30", AT_ONCE, "2026-11-09 12:00"),
        ("2026-11-07 11:00", WEEK, "2026-11-17 18:00"),
        ("2026-11-06 19:00", WEEK, "2026-11-17 18:00"),
        # Up to five days run in hours: eight working hours each.
        ("2026-11-02 10:00", Period(1, "days"), "2026-11-03 10:00"),
        ("2026-11-02 10:00", Period(5, "days"), "2026-11-09 10:00"),
        ("2026-11-02 10:00", Period(6, "days"), "2026-11-09 18:00"),
        # Holidays: Chuseok from Thursday, a substitute day, Labor Day, Constitution Day.
        ("2026-09-23 17:00", AT_ONCE, "2026-09-28 11:00"),
        ("2026-10-02 10:00", WEEK, "2026-10-14 18:00"),
        ("2026-04-30 17:00", AT_ONCE, "2026-05-04 11:00"),
        ("2026-07-16 17:00", AT_ONCE, "2026-07-20 11:00"),
        # Into the next year, and over the Lunar New Year of 2027 with its substitute day.
        ("2026-12-24 10:00", WEEK, "2027-01-05 18:00"),
        ("2026-12-31 17:00", AT_ONCE, "2027-01-04 11:00"),
        ("2027-02-05 17:00", AT_ONCE, "2027-02-10 11:00"),
    ],
)
def test_due(received: str, period: Period, expected: str) -> None:
    assert due(seoul(received), period) == seoul(expected)


def test_the_clock_is_seouls_whatever_zone_the_reception_is_told_in() -> None:
    # 2026-11-06 15:30 UTC is half past midnight on a Saturday in Seoul.
    answer = due(datetime(2026, 11, 6, 15, 30, tzinfo=UTC), AT_ONCE)
    assert answer == seoul("2026-11-09 12:00")
    assert str(answer.tzinfo) == "Asia/Seoul"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        due(datetime(2026, 11, 2, 10, 0), AT_ONCE)  # noqa: DTZ001


def test_beyond_the_known_years_weekends_count_and_a_warning_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        assert is_working_day(date(2031, 3, 3))
        assert not is_working_day(date(2031, 3, 2))
    assert "2031" in caplog.text


def test_every_holiday_has_a_name_and_a_source_and_substitutes_are_weekdays() -> None:
    data = yaml.safe_load(CALENDAR_FILE.read_text(encoding="utf-8"))
    dates = [holiday["date"] for holiday in data["holidays"]]
    assert dates == sorted(set(dates))
    for holiday in data["holidays"]:
        assert holiday["name"]
        assert holiday["source"] in data["sources"]
        assert holiday["date"].year in data["years"]
        if holiday["source"] == "substitute" or "대체" in holiday["name"]:
            assert holiday["date"].weekday() < 5
