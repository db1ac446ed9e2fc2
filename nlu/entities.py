"""Finds and normalises everything in a message that is not its intent.

Rules over one normalised text, steered by the intent where the words alone leave it open: "5" is
a score in a rating and an option in a vote.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from nlu.choices import find_choice, find_rating
from nlu.districts import Districts
from nlu.language import find_language_names
from nlu.normalise import Plain, normalise
from nlu.numbers import digitise
from nlu.parse import RECEIPTS, Entity
from nlu.places import Places
from nlu.receipts import find_receipts

Spans = list[tuple[str, int, int, str]]  # entity, start and end in the source, value

_LONGEST = 2_000  # characters of a message that are searched
_BREAK = r"(?:[ .,_-]|(?:에|의|다시|국에?)\s?)?"
_PHONE = re.compile(
    r"(?<![\d-])(?:\+?82[ .-]?\(?0?\)?1[016-9]|[0o]1[016-9o])"
    + _BREAK
    + r"\d{3,4}"
    + _BREAK
    + r"\d{4}(?!\d)|(?<![\d-])0(?:2|[3-6]\d)[ .)-]\s?\d{3,4}[ .-]\d{4}(?!\d)"
    r"|(?<![\d-])01[016-9](?:[ .,-]?\d){8}(?!\d)"
)
_TAKEN_BACK = re.compile(
    r"\s?(?:(?:은|는|이|가)?\s?(?:아니|말고|대신)|,? ?(?:no\b|not\b|sorry|wait))"
)
_SHORT = 4  # words up to which an option outside a vote is taken for an answer
_ABOUT_RECEIPTS = frozenset({"check_status"})
# "A school menu in English" names a language and wants none.
_WANT_A_LANGUAGE = frozenset({"change_language", "talk_to_agent", "subscribe_alerts", "help"})
_OWN_MATTER = frozenset({"life_emergency", "unsubscribe_alerts"})
_CHOOSING = frozenset({"vote"})
_MAY_CHOOSE = frozenset({"affirm", "deny", "list_polls", "cancel"})
_LISTED = 10  # proposals in a list are chosen by place, those beyond are named by number


class EntityFinder:
    """Finds entities with the names of one city."""

    def __init__(self, lookups: Mapping[str, Sequence[str]], synonyms: Mapping[str, str]) -> None:
        """`lookups` holds `district`, `district_word` and `place`; all may be missing."""
        self.districts = Districts(
            lookups.get("district", ()), synonyms, lookups.get("district_word", ())
        )
        self.places = Places(lookups.get("place", ()), lookups.get("neighbourhood", ()))

    def find(self, source: str, intent: str, maybe: Collection[str] = ()) -> tuple[Entity, ...]:
        """Return the entities of a message in the order of its text.

        `intent` is the likeliest one; `maybe` are others it could be, whose plain marks ("4점",
        "2번") count too.
        """
        source = source[:_LONGEST]
        plain = normalise(source)
        digits = digitise(plain)
        spans: Spans = []

        def add(entity: str, where: Plain, start: int, end: int, value: str) -> None:
            first, last = where.source_span(start, end)
            if not any(first < e and last > s and entity == k for k, s, e, _ in spans):
                spans.append((entity, first, last, value))

        phones = list(_PHONE.finditer(digits.text))
        for match in phones:
            if match is phones[-1] or not _TAKEN_BACK.match(digits.text, match.end()):
                add("phone", digits, *match.span(), _phone(match[0]))
        taken = [(s, e) for k, s, e, _ in spans]
        listed = intent == "support_proposal"
        for start, end, value in find_receipts(digits, intent in _ABOUT_RECEIPTS):
            first, last = digits.source_span(start, end)
            short = listed and int(value[-7:]) <= _LISTED and "-20" not in digits.text[start:end]
            if not short and not any(first < e and last > s for s, e in taken):
                add(RECEIPTS[value[0]], digits, start, end, value)
        districts = self.districts.find(plain.text)
        for start, end, value in districts:
            add("district", plain, start, end, value)
        for start, end in self.places.find(
            plain.text, _in_own_case(source, plain), self.districts.proper(plain.text, districts)
        ):
            first, last = plain.source_span(start, end)
            add("place", plain, start, end, source[first:last])
        for start, end, value in _languages(plain.text, intent, maybe):
            add("language", plain, start, end, value)
        rating = self._rating(plain, spans, intent, maybe)
        if rating:
            add("rating", plain, *rating)
        elif choice := self._choice(plain, spans, intent, maybe):
            add("choice", plain, *choice)
        spans.sort(key=lambda s: s[1])
        return tuple(Entity(k, v, s, e, source[s:e]) for k, s, e, v in spans)

    def _rating(
        self, plain: Plain, spans: Spans, intent: str, maybe: Collection[str]
    ) -> tuple[int, int, str] | None:
        if intent == "rate_service":
            return find_rating(_without(plain, spans), bare=True)
        return find_rating(_without(plain, spans), bare=False) if "rate_service" in maybe else None

    def _choice(
        self, plain: Plain, spans: Spans, intent: str, maybe: Collection[str]
    ) -> tuple[int, int, str] | None:
        text = _without(plain, spans)
        if intent in _CHOOSING:
            return find_choice(text, bare=True)
        if intent == "support_proposal":
            return find_choice(text, bare=False) or _listed_proposal(text)
        if "vote" in maybe or (intent in _MAY_CHOOSE and len(text.split()) <= _SHORT):
            return find_choice(text, bare=False)
        return None


def _languages(text: str, intent: str, maybe: Collection[str]) -> list[tuple[int, int, str]]:
    if intent in _WANT_A_LANGUAGE:
        return find_language_names(text, intent == "change_language")
    if intent in _OWN_MATTER or not _WANT_A_LANGUAGE & set(maybe):
        return []
    return find_language_names(text, True, only_asked=True)


_PROPOSAL = re.compile(r"\b(?:proposal|idea|suggestion|number)\s(?:number |no\.? ?|#)?(\d{1,2})\b")


def _listed_proposal(text: str) -> tuple[int, int, str] | None:
    match = _PROPOSAL.search(text)
    return (match.start(1), match.end(1), match[1]) if match and int(match[1]) <= _LISTED else None


def _phone(written: str) -> str:
    digits = re.sub(r"\D", "", written.replace("o", "0"))
    return "0" + digits[2:].lstrip("0") if digits.startswith("82") else digits


def _without(plain: Plain, spans: Spans) -> str:
    """Return the text with what is already understood blanked out, every place kept."""
    if not spans:
        return plain.text
    return "".join(
        "\0" if any(s <= at < e for _, s, e, _ in spans) else char
        for char, at in zip(plain.text, plain.starts, strict=True)
    )


def _in_own_case(source: str, plain: Plain) -> str:
    """Return the normalised text with the capitals of the source, character for character."""
    return "".join(
        char.upper() if source[at].isupper() and len(char.upper()) == 1 else char
        for char, at in zip(plain.text, plain.starts, strict=True)
    )
