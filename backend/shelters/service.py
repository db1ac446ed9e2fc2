"""Where to go in danger: the shelters of each district, read from `shelters.yml`."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal

import yaml

from backend.petitions.routing import directory

SHELTERS_FILE = Path(__file__).with_name("shelters.yml")

Kind = Literal["underground", "open"]


@dataclass(frozen=True, slots=True)
class Shelter:
    """A place to go: below ground in an air raid or storm, an open field in an earthquake."""

    kind: Kind
    names: dict[str, str]

    def name(self, language: str) -> str:
        """Return its name; people who read no Korean get it with the Korean name to show."""
        if language == "ko":
            return self.names["ko"]
        return f"{self.names['en']} ({self.names['ko']})"


@dataclass(frozen=True, slots=True)
class Shelters:
    """The whole file: what stands where, who says so, and of which day."""

    as_of: date
    source: dict[str, str]
    by_district: dict[str, tuple[Shelter, ...]]


@lru_cache(maxsize=1)
def table() -> Shelters:
    """Return the city's shelters.

    Raises: ValueError naming a district that the city does not have.
    """
    data = yaml.safe_load(SHELTERS_FILE.read_text(encoding="utf-8"))
    if unknown := set(data["shelters"]) - set(directory().districts):
        raise ValueError(f"{SHELTERS_FILE.name} names no district of this city: {sorted(unknown)}")
    return Shelters(
        as_of=data["as_of"],
        source=data["source"],
        by_district={
            district: tuple(
                Shelter(row["kind"], {"ko": row["ko"], "en": row["en"]}) for row in rows
            )
            for district, rows in data["shelters"].items()
        },
    )


def in_district(district: str) -> tuple[Shelter, ...]:
    """Return the shelters of a district (Korean name), nearest to its centre first."""
    return table().by_district.get(district, ())
