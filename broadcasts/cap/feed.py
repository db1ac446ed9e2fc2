"""The Atom feed of what was published: an entry a message, each with a link to its document.

The mapping follows the OASIS note "Example Practices: CAP Feeds 1.0": id, updated and title are
the message's identifier, its time of sending and its headline.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from backend.models import CapMessage
from broadcasts.cap.document import MEDIA_TYPE, Info
from broadcasts.cap.read import read

ATOM = "http://www.w3.org/2005/Atom"
FEED_TYPE = "application/atom+xml"
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_NAMES = {"ko": "재난 알림 (CAP 1.2)", "en": "Emergency alerts (CAP 1.2)"}
# The stubs of lxml know no default namespace.
_PLAIN: dict[Any, str] = {None: ATOM}


def path_of(identifier: str) -> str:
    """Return where a message is read on this service."""
    return f"/cap/{identifier}.xml"


def feed(messages: Sequence[CapMessage], base_url: str, author: str) -> bytes:
    """Return the feed of `messages`, the newest first; `base_url` has no slash at the end."""
    root = etree.Element(f"{{{ATOM}}}feed", nsmap=_PLAIN)
    here = f"{base_url}/cap/feed.atom"
    _put(root, "id", here)
    _put(root, "title", f"{_NAMES['ko']} / {_NAMES['en']}")
    newest = max((message.created_at for message in messages), default=_EPOCH)
    _put(root, "updated", f"{newest.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    etree.SubElement(_put(root, "author"), f"{{{ATOM}}}name").text = author
    _put(root, "link", rel="self", type=FEED_TYPE, href=here)
    for message in messages:
        _entry(root, message, base_url)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _entry(root: etree._Element, message: CapMessage, base_url: str) -> None:
    info = _shown(message)
    entry = _put(root, "entry")
    _put(entry, "id", message.identifier)
    _put(entry, "title", (info.headline or info.event) if info else message.msg_type)
    # Atom (RFC 3339) has no -00:00 that every reader takes; CAP asks for it.
    _put(entry, "updated", message.sent.replace("-00:00", "+00:00"))
    if info is not None:
        _put(entry, "summary", info.description)
    for scheme, term in (("status", message.status), ("msgType", message.msg_type)):
        _put(entry, "category", scheme=f"urn:oasis:names:tc:emergency:cap:1.2:{scheme}", term=term)
    _put(entry, "link", type=MEDIA_TYPE, href=base_url + path_of(message.identifier))


def _shown(message: CapMessage) -> Info | None:
    infos = read(message.xml.encode()).infos
    return infos[0] if infos else None


def _put(parent: etree._Element, name: str, text: str = "", **attributes: str) -> etree._Element:
    node = etree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    if text:
        node.text = text
    return node
