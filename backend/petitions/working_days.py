"""Until when an answer is due: the law's way of counting, over the calendar in `holidays.yml`."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import yaml

log = logging.getLogger(__name__)

CALENDAR_FILE = Path(__file__).with_name("holidays.yml")
HOURS_A_DAY = 8
LONGEST_PERIOD_IN_HOURS = 5
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Period:
    """How long the law gives an office: `amount` working `hours` or `days`."""

    amount: int
    unit: Literal["hours", "days"]


@dataclass(frozen=True, slots=True)
class Calendar:
    """When offices work. Holidays are known for `years` only."""

    zone: ZoneInfo
    office_hours: tuple[tuple[time, time], ...]
    holidays: frozenset[date]
    years: frozenset[int]


@lru_cache(maxsize=1)
def calendar() -> Calendar:
    """Return the calendar of the city."""
    data = yaml.safe_load(CALENDAR_FILE.read_text(encoding="utf-8"))
    return Calendar(
        zone=ZoneInfo(data["zone"]),
        office_hours=tuple(
            (time.fromisoformat(opens), time.fromisoformat(closes))
            for opens, closes in data["office_hours"]["spans"]
        ),
        holidays=frozenset(holiday["date"] for holiday in data["holidays"]),
        years=frozenset(data["years"]),
    )


@lru_cache(maxsize=8)
def _warn_of_unknown(year: int) -> None:
    log.warning("no public holidays are known for %d: add them to %s", year, CALENDAR_FILE.name)


def is_working_day(day: date) -> bool:
    """Tell whether offices work on `day`: no Saturday, no Sunday, no public holiday."""
    if day.year not in calendar().years:
        _warn_of_unknown(day.year)
    return day.weekday() < _SATURDAY and day not in calendar().holidays


def _spans(since: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches of office time from `since` on; the first may have begun before."""
    day = since.date()
    while True:
        if is_working_day(day):
            for opens, closes in calendar().office_hours:
                begin = max(since, datetime.combine(day, opens, since.tzinfo))
                end = datetime.combine(day, closes, since.tzinfo)
                if begin < end:
                    yield begin, end
        day += timedelta(days=1)


def due(received: datetime, period: Period) -> datetime:
    """Return the moment (in the city's zone) by which an answer is due.

    `received` carries a zone; outside office hours the clock starts with the next working hour.
    Counting follows the Civil Petitions Treatment Act (민원 처리에 관한 법률) art. 19: a period of
    five days or less runs in hours from the reception, eight working hours a day; a longer one in
    days with the first day counted; Saturdays and public holidays never count. A period in days
    ends with the office hours of its last day.

    Raises: ValueError when `received` has no zone.
    """
    if received.tzinfo is None:
        raise ValueError("a reception time needs its zone")
    start = received.astimezone(calendar().zone)
    if period.unit == "days" and period.amount > LONGEST_PERIOD_IN_HOURS:
        return _after_days(start, period.amount)
    hours = period.amount * (HOURS_A_DAY if period.unit == "days" else 1)
    return _after_hours(start, timedelta(hours=hours))


def _after_hours(start: datetime, left: timedelta) -> datetime:
    for begin, end in _spans(start):
        if left <= end - begin:
            return begin + left
        left -= end - begin
    raise AssertionError("office time never ends")


def _after_days(start: datetime, days: int) -> datetime:
    day = next(_spans(start))[0].date()
    while days > 1:
        day += timedelta(days=1)
        days -= is_working_day(day)
    return datetime.combine(day, calendar().office_hours[-1][1], start.tzinfo)
