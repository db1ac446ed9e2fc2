"""Which elements stand where in CAP 1.2, in which order, how often, and what they may hold.

Section 3.2 of the standard (the data dictionary), as a table. A document that keeps to it is one
that the standard's own schema takes; the tests hold the two against each other.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
MESSAGE_TYPES = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES = ("Public", "Restricted", "Private")
CATEGORIES = (
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra",
    "CBRNE", "Other",
)  # fmt: skip
RESPONSES = (
    "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None",
)  # fmt: skip
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")

# The schema's pattern also has a comma for the sign of the zone; no reader understands that.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)


def read_time(text: str) -> datetime | None:
    """Return the moment `text` names, or None: no `Z`, no fractions, no day that is not there."""
    if not _TIME.fullmatch(text) or text[-5:] > "14:00" or text[-2:] > "59":
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def is_time(text: str) -> bool:
    """Tell whether `text` is a time as CAP writes it."""
    return read_time(text) is not None


def is_language(text: str) -> bool:
    """Tell whether `text` has the form of a language tag."""
    return _LANGUAGE.fullmatch(text) is not None


def is_absolute(text: str) -> bool:
    """Tell whether `text` is a whole address: scheme and, for the web, a host."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        return bool(parts.hostname) and " " not in text
    return bool(parts.scheme and parts.path) and " " not in text


def is_decimal(text: str) -> bool:
    """Tell whether `text` is a plain decimal number."""
    return _DECIMAL.fullmatch(text) is not None


def decimal(text: str) -> Decimal | None:
    """Return the number that `text` writes, or None."""
    if not is_decimal(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


@dataclass(frozen=True, slots=True)
class Element:
    """One element: how often it may stand, and what it holds (words, one of a list, a group)."""

    name: str
    least: int = 0
    many: bool = False
    among: tuple[str, ...] = ()
    fits: Callable[[str], bool] | None = None
    inside: str = ""


def _some(*elements: Element | str) -> tuple[Element, ...]:
    return tuple(Element(e) if isinstance(e, str) else e for e in elements)


PAIR = _some(Element("valueName", 1), Element("value", 1))
GROUPS: Mapping[str, tuple[Element, ...]] = {
    "alert": _some(
        Element("identifier", 1),
        Element("sender", 1),
        Element("sent", 1, fits=is_time),
        Element("status", 1, among=STATUSES),
        Element("msgType", 1, among=MESSAGE_TYPES),
        "source",
        Element("scope", 1, among=SCOPES),
        "restriction",
        "addresses",
        Element("code", many=True),
        "note",
        "references",
        "incidents",
        Element("info", many=True, inside="info"),
    ),
    "info": _some(
        Element("language", fits=is_language),
        Element("category", 1, many=True, among=CATEGORIES),
        Element("event", 1),
        Element("responseType", many=True, among=RESPONSES),
        Element("urgency", 1, among=URGENCIES),
        Element("severity", 1, among=SEVERITIES),
        Element("certainty", 1, among=CERTAINTIES),
        "audience",
        Element("eventCode", many=True, inside="pair"),
        Element("effective", fits=is_time),
        Element("onset", fits=is_time),
        Element("expires", fits=is_time),
        "senderName",
        "headline",
        "description",
        "instruction",
        Element("web", fits=is_absolute),
        "contact",
        Element("parameter", many=True, inside="pair"),
        Element("resource", many=True, inside="resource"),
        Element("area", many=True, inside="area"),
    ),
    "resource": _some(
        Element("resourceDesc", 1),
        Element("mimeType", 1),
        Element("size", fits=lambda text: _INTEGER.fullmatch(text) is not None),
        Element("uri"),
        "derefUri",
        "digest",
    ),
    "area": _some(
        Element("areaDesc", 1),
        Element("polygon", many=True),
        Element("circle", many=True),
        Element("geocode", many=True, inside="pair"),
        Element("altitude", fits=is_decimal),
        Element("ceiling", fits=is_decimal),
    ),
    "pair": PAIR,
}
