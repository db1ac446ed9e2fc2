"""Which office a petition goes to, and how long the law gives it: read from `departments.yml`.

What stands there in Korean and English stands in `departments_abroad.yml` in other languages.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from backend.petitions.working_days import Period, calendar
from nlu.privacy import without_masks

# "Beside the senior centre" says where, and not what.
_BESIDE = (
    "앞",
    "옆",
    "뒤",
    "근처",
    "건너",
    "맞은편",
    "부근",
    "정문앞",
    "후문앞",
    "입구앞",
    "쪽에",
    "쪽길",
)
DEPARTMENTS_FILE = Path(__file__).with_name("departments.yml")
ABROAD_FILE = Path(__file__).with_name("departments_abroad.yml")
_WITHOUT_SPACES = ("zh", "ja")


@dataclass(frozen=True, slots=True)
class Words:
    """Words to look for: Korean ones in text without its spaces, English ones as whole words.

    Chinese and Japanese are looked for as Korean is, Vietnamese as English is (`vietnamese`).
    `where` are words that mostly say where something is.
    """

    korean: tuple[str, ...]
    english: re.Pattern[str] | None
    vietnamese: re.Pattern[str] | None = None
    where: "Words | None" = None

    def found_in(self, text: str, *, whereabouts: bool = True) -> set[str]:
        """Return which of the words `text` holds.

        Without `whereabouts` those are left out that only say beside what something lies.
        """
        lowered = text.lower()
        closed_up = "".join(lowered.split())
        found = {word for word in self.korean if word in closed_up}
        if not whereabouts:
            found = {word for word in found if _told(word, closed_up)}
        if self.english is not None:
            found.update(match[1] for match in self.english.finditer(lowered))
        if self.vietnamese is not None:
            found.update(match[1] for match in self.vietnamese.finditer(lowered))
        if whereabouts and self.where is not None:
            found |= self.where.found_in(text)
        return found


@dataclass(frozen=True, slots=True)
class Office:
    """Who deals with a category from a day on; `{gu}` in a name stands for a district office."""

    valid_from: date
    names: dict[str, str]


@dataclass(frozen=True, slots=True)
class Category:
    """A subject of petitions. `id` is what is stored; `names` and `offices` are by language."""

    id: str
    names: dict[str, str]
    words: Words
    period: Period
    offices: tuple[Office, ...]


@dataclass(frozen=True, slots=True)
class Directory:
    """The whole file. `districts` maps the Korean name of a district to its English one.

    `district_names` has the names in languages that do not use the English one, `gu` what the
    office of a `{district}` is called in languages other than Korean and English.
    """

    categories: dict[str, Category]
    default: Category
    districts: dict[str, str]
    district_names: dict[str, dict[str, str]]
    unknown_gu: dict[str, str]
    gu: dict[str, str]
    wish: Words
    wish_unless: Words
    wish_period: Period
    broken: Words


def words(
    data: Mapping[str, Sequence[str]], where: Mapping[str, Sequence[str]] | None = None
) -> Words:
    """Return the words of `data`, as `{"ko": [...], "en": [...]}`, ready to be looked for."""
    closed_up = [word for code in _WITHOUT_SPACES for word in data.get(code, ())]
    # Longer words first, so that "traffic light" is found where "traffic" would be too.
    english = _one_of(data.get("en", ()))
    vietnamese = _one_of(data.get("vi", ()))
    return Words(
        korean=(*data.get("ko", ()), *("".join(word.split()) for word in closed_up)),
        english=re.compile(rf"(?<![a-z]){english}(?:e?s)?(?![a-z])") if english else None,
        vietnamese=re.compile(rf"(?<!\w){vietnamese}(?!\w)") if vietnamese else None,
        where=words(where) if where else None,
    )


def _one_of(phrases: Sequence[str]) -> str:
    """Return a group of an expression that finds any of `phrases`, longer ones first."""
    longest_first = sorted(phrases, key=len, reverse=True)
    return f"({'|'.join(map(re.escape, longest_first))})" if phrases else ""


def _told(word: str, text: str) -> bool:
    """Tell whether `word` stands in `text` otherwise than to say beside what something lies."""
    rest = text.split(word)[1:]
    return any(not after.startswith(_BESIDE) for after in rest)


def _category(data: dict[str, Any], abroad: dict[str, Any], periods: dict[str, Period]) -> Category:
    return Category(
        id=data["id"],
        names=data["name"] | abroad.get("names", {}),
        words=words(data["keywords"] | abroad, abroad.get("where")),
        period=periods[data["period"]],
        offices=tuple(
            Office(line.pop("from"), abroad.get("office", {}) | line) for line in data["offices"]
        ),
    )


@lru_cache(maxsize=1)
def directory() -> Directory:
    """Return the city's categories, offices and districts."""
    data = yaml.safe_load(DEPARTMENTS_FILE.read_text(encoding="utf-8"))
    abroad = yaml.safe_load(ABROAD_FILE.read_text(encoding="utf-8"))
    subjects = abroad["categories"]
    periods = {name: Period(p["amount"], p["unit"]) for name, p in data["periods"].items()}
    categories = {
        line["id"]: _category(line, subjects.get(line["id"], {}), periods)
        for line in data["categories"]
    }
    return Directory(
        categories=categories,
        default=categories[data["default"]],
        districts=data["districts"],
        district_names=data.get("district_names", {}),
        unknown_gu=data["unknown_gu"] | abroad["unknown_gu"],
        gu=abroad["gu"],
        wish=words(data["wishes"]["words"] | abroad["wishes"]["words"]),
        wish_unless=words(data["wishes"]["unless"] | abroad["wishes"]["unless"]),
        wish_period=periods[data["wishes"]["period"]],
        broken=words(data["broken"] | abroad["broken"]),
    )


def classify(details: str) -> Category:
    """Return the category whose keywords weigh most in `details`.

    A keyword weighs its length: "불법주차" says more than "차선". What is beside something is about
    that only where nothing else is named. Nothing found: the default.
    """
    details = without_masks(details)  # "my resident number is ***" is no matter of certificates
    best, most = directory().default, 0
    for whereabouts in (False, True):
        for category in directory().categories.values():
            words_found = category.words.found_in(details, whereabouts=whereabouts)
            weight = sum(len(word) for word in words_found)
            if weight > most:
                best, most = category, weight
        if most:
            break
    return best


def names_a_subject(details: str) -> bool:
    """Tell whether `details` name what some office knows: garbage, a lamp, noise."""
    return classify(details).id != directory().default.id


def period(category: Category, details: str) -> Period:
    """Return how long the law gives for a petition with these `details`."""
    city = directory()
    if city.wish.found_in(details) and not city.wish_unless.found_in(details):
        return city.wish_period
    return category.period


def district_name(district: str, language: str) -> str:
    """Return the name of a district (Korean, as `마포구`) in `language`; English by default."""
    if language == "ko":
        return district
    city = directory()
    named = city.district_names.get(language, {})
    return named.get(district) or city.districts.get(district, district)


def department(
    category: Category, district: str | None, language: str, on: date | None = None
) -> str:
    """Return the office for `category` as it is called on the day `on` (today when unsaid).

    `district` is the Korean name of a district, or None where it is not known. A language that has
    no name for the office gets the English one.
    """
    day = on or datetime.now(calendar().zone).date()
    known = [office for office in category.offices if office.valid_from <= day]
    office = max(known or category.offices, key=lambda office: office.valid_from)
    spoken = language if language in office.names else "en"
    return office.names[spoken].replace("{gu}", _gu(district, spoken))


def _gu(district: str | None, language: str) -> str:
    """Return what the office of a district is called in a language that names offices."""
    city = directory()
    if district is None:
        return city.unknown_gu[language]
    if language == "ko":
        return f"{district}청"
    named = city.gu.get(language, "{district} Office")
    return named.replace("{district}", district_name(district, language))
