"""What kind of petition a text is, and how the law has it taken in: read from `types.yml`."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from backend.petitions import routing
from backend.petitions.working_days import Period

TYPES_FILE = Path(__file__).with_name("types.yml")
_SIMPLE, _OTHERWISE, _WISH = "simple_report", "complaint", "suggestion"


@dataclass(frozen=True, slots=True)
class PetitionType:
    """A kind of petition. `period` is None where no statutory clock runs; `needs` names slots."""

    id: str
    names: dict[str, str]
    period: Period | None
    source: str
    needs: tuple[str, ...]
    voice_alone: bool
    sealed: bool
    words: routing.Words
    pattern: re.Pattern[str] | None

    def found_in(self, text: str) -> bool:
        """Tell whether `text` has its words, or words of several kinds that make it one."""
        closed_up = "".join(text.split())
        told = self.pattern is not None and self.pattern.search(closed_up) is not None
        return told or bool(self.words.found_in(text))

    def name(self, language: str) -> str:
        """Return what it is called; in English where a language has no word for it."""
        return self.names.get(language) or self.names["en"]


def _type(data: dict[str, Any]) -> PetitionType:
    period = data.get("period")
    return PetitionType(
        id=data["id"],
        names=data["name"],
        period=Period(period["amount"], period["unit"]) if period else None,
        source=data["source"],
        needs=tuple(data["needs"]),
        voice_alone=data["voice_alone"],
        sealed=data["sealed"],
        words=routing.words(data["words"]),
        pattern=re.compile(data["pattern"]) if "pattern" in data else None,
    )


@lru_cache(maxsize=1)
def types() -> dict[str, PetitionType]:
    """Return every type by its id, in the order in which their words are looked for."""
    data = yaml.safe_load(TYPES_FILE.read_text(encoding="utf-8"))
    return {line["id"]: _type(line) for line in data["types"]}


def classify(details: str) -> PetitionType:
    """Return the type whose words `details` holds; else the one of its subject.

    A wish for something new is a suggestion. An everyday subject makes a simple report, and so does
    whatever is broken; anything else is a complaint.
    """
    for kind in types().values():
        if kind.found_in(details):
            return kind
    category = routing.classify(details)
    period = routing.period(category, details)
    if period == routing.directory().wish_period:
        return types()[_WISH]
    other = category.id == routing.directory().default.id
    everyday = other and routing.directory().broken.found_in(details)
    return types()[_SIMPLE if period.unit == "hours" or everyday else _OTHERWISE]
