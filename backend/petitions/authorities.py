"""Whose matter it is where it is no city's: read from `authorities.yml`."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from backend.petitions import routing

AUTHORITIES_FILE = Path(__file__).with_name("authorities.yml")


@dataclass(frozen=True, slots=True)
class Authority:
    """An agency of the state and its telephone; `claims` where its words alone decide."""

    id: str
    names: dict[str, str]
    phone: str
    claims: bool
    words: routing.Words
    besides: tuple[str, ...]

    def name(self, language: str) -> str:
        """Return what it is called; in English where a language has no word for it."""
        return self.names.get(language) or self.names["en"]

    def deals_with(self, text: str) -> bool:
        """Tell whether `text` is about its matters."""
        closed_up = "".join(text.split())
        ours = any(word in closed_up for word in self.besides)
        return not ours and bool(self.words.found_in(text))


@lru_cache(maxsize=1)
def authorities() -> tuple[Authority, ...]:
    """Return every authority, in the order in which their words are looked for."""
    data = yaml.safe_load(AUTHORITIES_FILE.read_text(encoding="utf-8"))
    return tuple(
        Authority(
            line["id"], line["name"], line["phone"], line.get("claims", False),
            routing.words(line["words"]), tuple(line.get("except", ())),
        )
        for line in data["authorities"]
    )  # fmt: skip


def of(text: str, *, certain: bool = False) -> Authority | None:
    """Return who deals with what `text` tells; with `certain`, only by words beyond doubt."""
    for each in authorities():
        if (each.claims or not certain) and each.deals_with(text):
            return each
    return None
