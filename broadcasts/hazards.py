"""What officials warn of, and the words they begin with: read from `hazards.yml`.

Facts go in (who, when, what, where, why, what to do, where to go, whom to ask), words come out,
in every language for which all facts are there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from broadcasts.content import FACTS, LANGUAGES, UNKNOWN
from broadcasts.districts import allowed, area_name

HAZARDS_FILE = Path(__file__).with_name("hazards.yml")
OTHER = UNKNOWN
# What an official writes of the event itself; the others are known from the page.
OF_THE_EVENT = ("what", "why", "action", "where_to_go")
FORMS = ("short", "long", "correction", "all_clear")
_NAMED = 3  # districts that are called by their names

Facts = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Cap:
    """What CAP calls it: each word from the standard's own list."""

    category: str
    urgency: str
    severity: str
    certainty: str
    response: str


@dataclass(frozen=True, slots=True)
class Hazard:
    """A kind of event. `hours` is how long an alert of it is good for; words are by language."""

    id: str
    names: dict[str, str]
    cap: Cap
    level: str
    hours: int
    ending: str
    facts: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Book:
    """The whole file."""

    hazards: dict[str, Hazard]
    templates: dict[str, dict[str, str]]
    endings: dict[str, dict[str, str]]
    senders: dict[str, str]
    contact: str
    everywhere: dict[str, str]
    many: dict[str, str]


@cache
def book() -> Book:
    """Return the city's hazards and templates."""
    data: dict[str, Any] = yaml.safe_load(HAZARDS_FILE.read_text(encoding="utf-8"))
    hazards = {
        name: Hazard(
            name, row["names"], Cap(**row["cap"]), row["level"], row["hours"], row["ending"],
            row["facts"],
        )
        for name, row in data["hazards"].items()
    }  # fmt: skip
    return Book(
        hazards, data["templates"], data["endings"], data["senders"], data["contact"],
        data["everywhere"], data["many"],
    )  # fmt: skip


def find(hazard: str) -> Hazard | None:
    """Return the hazard called `hazard`; None for one that the file does not know."""
    return book().hazards.get(hazard)


def place(districts: Sequence[str], language: str) -> str:
    """Return how a text names `districts`: one by one while they are few, else their number."""
    known = book()
    if not districts:
        return ""
    if set(districts) >= set(allowed("live")):
        return known.everywhere[language]
    if len(districts) > _NAMED:
        return known.many[language].format(n=len(districts))
    if language == "ko":
        return "·".join([*(name.removesuffix("구") for name in districts[:-1]), districts[-1]])
    joined = "、" if language in ("zh", "ja") else ", "
    return joined.join(area_name(name, language) for name in districts)


def complete(hazard: Hazard | None, facts: Facts, districts: Sequence[str]) -> dict[str, Any]:
    """Return `facts` in every language, with what is not given filled in.

    The time and the contact are those of the Korean facts, the sender and the place are known in
    every language, and the event's own facts begin as the hazard has them.
    """
    known = book()
    korean = facts.get("ko", {})
    found: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        begun = {
            "sender": known.senders[language],
            "where": place(districts, language),
            "contact": korean.get("contact") or known.contact,
            "time": korean.get("time", ""),
            **(hazard.facts[language] if hazard else {}),
        }
        given = facts.get(language, {})
        found[language] = {name: given.get(name, begun.get(name, "")) for name in FACTS}
    return found


def compose(hazard: Hazard | None, facts: Facts) -> dict[str, dict[str, str]]:
    """Return the words by form (short, long, correction, all_clear) and language.

    A text stands only in languages whose facts are all there; a correction and an all-clear need
    no more than sender, time, place and contact.
    """
    known = book()
    made: dict[str, dict[str, str]] = {form: {} for form in FORMS}
    for language in LANGUAGES:
        given = {name: facts.get(language, {}).get(name, "").strip() for name in FACTS}
        told = all(given.values())
        given["name"] = hazard.names[language] if hazard else given["what"]
        given["ending"] = known.endings[hazard.ending if hazard else "over"][language]
        around = all(given[name] for name in ("sender", "time", "where", "contact", "name"))
        for form in FORMS:
            if told if form in ("short", "long") else around:
                made[form][language] = known.templates[language][form].format(**given)
    return made
