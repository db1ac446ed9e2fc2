"""Writing a CAP document: values in, bytes out, in the order that the schema asks for."""

from datetime import UTC, datetime
from typing import Any

from lxml import etree

from broadcasts.cap.document import NAMESPACE, Area, Info, Message, Pair
from broadcasts.cap.validate import CapInvalid, check

# The stubs of lxml know no default namespace.
_PLAIN: dict[Any, str] = {None: NAMESPACE}


def moment(at: datetime) -> str:
    """Return `at` as CAP writes it: whole seconds, UTC as -00:00 (3.2.1, note on sent)."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}-00:00"


def ring(points: list[tuple[float, float]]) -> str:
    """Return (latitude, longitude) pairs in degrees as a polygon, closed if they are not."""
    closed = points if points[0] == points[-1] else [*points, points[0]]
    return " ".join(f"{north:.6f},{east:.6f}" for north, east in closed)


def build(message: Message) -> bytes:
    """Return `message` as a UTF-8 document.

    Raises: CapInvalid for what no reader should take: nothing wrong is ever published.
    """
    if faults := check(message):
        raise CapInvalid(faults)
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap=_PLAIN)
    _put(root, "identifier", message.identifier)
    _put(root, "sender", message.sender)
    _put(root, "sent", message.sent)
    _put(root, "status", message.status)
    _put(root, "msgType", message.msg_type)
    _put(root, "scope", message.scope)
    _put(root, "restriction", message.restriction)
    _put(root, "addresses", message.addresses)
    for code in message.codes:
        _put(root, "code", code)
    _put(root, "note", message.note)
    _put(root, "references", message.references)
    for info in message.infos:
        _info(root, info)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _put(parent: etree._Element, name: str, text: str) -> None:
    """Add an element with `text`; one without words is left out, as the schema has it optional."""
    if text:
        etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = text


def _pair(parent: etree._Element, name: str, pair: Pair) -> None:
    node = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    _put(node, "valueName", pair[0])
    _put(node, "value", pair[1])


def _info(root: etree._Element, info: Info) -> None:
    node = etree.SubElement(root, f"{{{NAMESPACE}}}info")
    _put(node, "language", info.language)
    for category in info.categories:
        _put(node, "category", category)
    _put(node, "event", info.event)
    for response in info.response_types:
        _put(node, "responseType", response)
    _put(node, "urgency", info.urgency)
    _put(node, "severity", info.severity)
    _put(node, "certainty", info.certainty)
    _put(node, "effective", info.effective)
    _put(node, "onset", info.onset)
    _put(node, "expires", info.expires)
    _put(node, "senderName", info.sender_name)
    _put(node, "headline", info.headline)
    _put(node, "description", info.description)
    _put(node, "instruction", info.instruction)
    _put(node, "web", info.web)
    _put(node, "contact", info.contact)
    for parameter in info.parameters:
        _pair(node, "parameter", parameter)
    for resource in info.resources:
        held = etree.SubElement(node, f"{{{NAMESPACE}}}resource")
        _put(held, "resourceDesc", resource.description)
        _put(held, "mimeType", resource.mime_type)
        _put(held, "uri", resource.uri)
    for area in info.areas:
        _area(node, area)


def _area(parent: etree._Element, area: Area) -> None:
    node = etree.SubElement(parent, f"{{{NAMESPACE}}}area")
    _put(node, "areaDesc", area.description)
    for polygon in area.polygons:
        _put(node, "polygon", polygon)
    for circle in area.circles:
        _put(node, "circle", circle)
    for code in area.geocodes:
        _pair(node, "geocode", code)
    _put(node, "altitude", area.altitude)
    _put(node, "ceiling", area.ceiling)
