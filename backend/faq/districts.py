"""Articles that say the same for several districts: which of them a question means is asked."""

from collections.abc import Sequence

from backend.faq import tokens
from backend.faq.index import Hit
from backend.petitions.routing import directory

_ALIKE = 0.6  # share of the words of two titles, districts left out, that they have in common


def _districts(text: str) -> frozenset[str]:
    """Return the districts that a text names, in Korean or English (마포구, Mapo-gu)."""
    written = tokens.clean(text).lower()
    return frozenset(
        korean
        for korean, english in directory().districts.items()
        if korean in written or english.lower() in written
    ) | _short(text)


def _short(text: str) -> frozenset[str]:
    """Return the districts that a Korean text names by their short names (마포)."""
    known = directory().districts
    return frozenset(f"{place}구" for place in tokens.korean(text).words if f"{place}구" in known)


def to_choose_from(question: str, hits: Sequence[Hit]) -> list[tuple[str, Hit]]:
    """Return (district, hit) for articles that differ only by district; none where all is clear.

    In: the question and what was found for it, best first. Titles that have most words in common
    with the first one's tell the same. A question that names a district has chosen already.
    """
    if not hits or not (first := _districts(hits[0].title)) or _districts(question):
        return []
    wanted = _about(hits[0].title, first)
    found: dict[str, Hit] = {}
    for hit in hits:
        named = _districts(hit.title)
        words = _about(hit.title, named)
        if len(named) == 1 and len(wanted & words) >= _ALIKE * len(wanted | words):
            found.setdefault(next(iter(named)), hit)
    return list(found.items()) if len(found) > 1 else []


def _about(title: str, named: frozenset[str]) -> frozenset[str]:
    """Return the words of a title that tell its subject, without districts and words of asking."""
    terms = tokens.korean(title)
    short = {district.removesuffix("구") for district in named} | named
    return frozenset(terms.words) - terms.light - short
