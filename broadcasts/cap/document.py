"""A CAP message as values: the names are the standard's, in Python's spelling."""

from dataclasses import dataclass

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA_TYPE = "application/cap+xml"

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Area:
    """Where: a name, and what machines find it by.

    Polygons are rings of "lat,lon" pairs, circles "lat,lon radius" in kilometres, geocodes pairs
    of a code system and a code; altitudes are feet above the sea.
    """

    description: str
    polygons: tuple[str, ...] = ()
    circles: tuple[str, ...] = ()
    geocodes: tuple[Pair, ...] = ()
    altitude: str = ""
    ceiling: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that goes with the message."""

    description: str
    mime_type: str
    uri: str = ""


@dataclass(frozen=True, slots=True)
class Info:
    """What is said in one language. Times are as they stand in the document."""

    language: str
    categories: tuple[str, ...]
    event: str
    urgency: str
    severity: str
    certainty: str
    response_types: tuple[str, ...] = ()
    effective: str = ""
    onset: str = ""
    expires: str = ""
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    parameters: tuple[Pair, ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One CAP message. `references` is the text of the element, as it stands in the document."""

    identifier: str
    sender: str
    sent: str
    status: str
    msg_type: str
    scope: str
    restriction: str = ""
    addresses: str = ""
    codes: tuple[str, ...] = ()
    note: str = ""
    references: str = ""
    infos: tuple[Info, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier message, named by exactly what it was published with."""

    sender: str
    identifier: str
    sent: str

    def __str__(self) -> str:
        return f"{self.sender},{self.identifier},{self.sent}"
