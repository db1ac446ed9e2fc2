"""When people sit at the desk: read from `hours.yml`, with the public holidays of the city."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from pathlib import Path

import yaml

from backend.petitions.working_days import calendar

HOURS_FILE = Path(__file__).with_name("hours.yml")


@dataclass(frozen=True, slots=True)
class Hours:
    """The desk's hours: weekdays (Monday is 0), opening and closing, and words for them."""

    days: frozenset[int]
    opens: time
    closes: time
    words: dict[str, dict[str, str]]


@lru_cache(maxsize=1)
def desk() -> Hours:
    """Return the hours of this city's desk."""
    data = yaml.safe_load(HOURS_FILE.read_text(encoding="utf-8"))
    return Hours(
        days=frozenset(data["days"]),
        opens=time.fromisoformat(data["opens"]),
        closes=time.fromisoformat(data["closes"]),
        words=data["words"],
    )


def words(language: str, *, spoken: bool = False) -> str:
    """Return the hours as a citizen reads or hears them; English where a language is not there."""
    said = desk().words.get(language) or desk().words["en"]
    return said["spoken" if spoken else "text"]


def opens_next(at: datetime) -> datetime:
    """Return when the desk opens next after `at`: `at` itself within its hours."""
    hours, zone = desk(), calendar().zone
    local = at.astimezone(zone)
    for ahead in range(31):
        day = local.date() + timedelta(days=ahead)
        if day.weekday() not in hours.days or day in calendar().holidays:
            continue
        closes = datetime.combine(day, hours.closes, zone)
        if local < closes:
            return max(local, datetime.combine(day, hours.opens, zone))
    return local


def is_open(at: datetime) -> bool:
    """Tell whether `at` is within the desk's hours."""
    return opens_next(at) == at
