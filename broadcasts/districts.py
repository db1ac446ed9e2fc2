"""Where an alert can go: the districts in their groups, and the list that tests go to."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from backend.petitions.routing import directory, district_name
from broadcasts.audience import TEST_LIST

AREAS_FILE = Path(__file__).with_name("areas.yml")


@dataclass(frozen=True, slots=True)
class Zone:
    """A group of districts; `districts` maps each to its column and row on the map, if it has."""

    names: dict[str, str]
    districts: dict[str, tuple[int, int] | None]


def allowed(environment: str) -> tuple[str, ...]:
    """Return the areas a message of `environment` may name, in the order they are shown.

    A test reaches only who is on the test list, and nothing else reaches that list.
    """
    return (TEST_LIST,) if environment == "test" else tuple(directory().districts)


@cache
def zones() -> tuple[Zone, ...]:
    """Return every district once, in groups; those that the file leaves out come last."""
    known = set(directory().districts)
    found = []
    for row in yaml.safe_load(AREAS_FILE.read_text(encoding="utf-8")):
        places = {n: (at[0], at[1]) for n, at in row["districts"].items() if n in known}
        known -= set(places)
        found.append(Zone(row["name"], {**places}))
    if known:
        left = {name: None for name in directory().districts if name in known}
        found.append(Zone({"ko": "그 밖", "en": "Others"}, {**left}))
    return tuple(found)


def area_name(district: str, language: str) -> str:
    """Return how `district` (or the test list) is shown in `language`."""
    if district == TEST_LIST:
        return "시험 수신자" if language == "ko" else "Test list"
    return district_name(district, language)
