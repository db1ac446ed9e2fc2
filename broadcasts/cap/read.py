"""Reading a CAP document that somebody else wrote: nothing in it is trusted, nothing is fetched.

A document type is refused before a parser sees it: entities that grow without end and entities
that read files both need one, and CAP needs none.
"""

from collections.abc import Iterator

from lxml import etree

from broadcasts.cap.document import NAMESPACE, Area, Info, Message, Pair, Resource
from broadcasts.cap.structure import GROUPS, Element
from broadcasts.cap.validate import CapInvalid, Fault, check

MAX_BYTES = 1_000_000
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
_HERE = f"{{{NAMESPACE}}}"


def read(content: bytes) -> Message:
    """Return the message in `content`, a UTF-8 document of at most 1 MB.

    Raises: CapInvalid with a sentence for everything that is wrong with it.
    """
    root = _parse(content)
    faults = list(_held(root, Element("alert", inside="alert")))
    if faults:
        raise CapInvalid(faults)
    message = _message(root)
    if faults := check(message):
        raise CapInvalid(faults)
    return message


def _parse(content: bytes) -> etree._Element:
    if len(content) > MAX_BYTES:
        raise _refused(
            "CAP 문서가 1MB보다 커요. 나누어 보내 주세요.",
            "The CAP document is larger than 1 MB. Send it in parts.",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused(
            "CAP 문서는 UTF-8로 써서 보내 주세요.", "Write the CAP document in UTF-8."
        ) from None
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise _refused(
            "CAP 문서에 문서 형식 선언(DOCTYPE)이나 개체(ENTITY)가 있어서 읽지 않았어요. 빼고 "
            "보내 주세요.",
            "The CAP document declares a document type or entities, so it was not read. "
            "Send it without them.",
        )
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        line = error.lineno or 1
        raise _refused(
            f"올바른 XML이 아니에요. {line}번째 줄을 확인해 주세요.",
            f"This is no well-formed XML. Look at line {line}.",
        ) from None
    if root.tag != f"{_HERE}alert":
        raise _refused(
            f"CAP 1.2 문서가 아니에요. 첫 요소는 이름공간 {NAMESPACE}의 alert여야 해요.",
            f"This is no CAP 1.2 document: its root must be alert in the namespace {NAMESPACE}.",
        )
    return root


def _refused(ko: str, en: str) -> CapInvalid:
    return CapInvalid([Fault("document", ko, en)])


def _misplaced(node: etree._Element, group: str) -> Iterator[Fault]:
    """Yield what stands in the wrong place, too often, not at all, or holds what it must not."""
    table = GROUPS[group]
    places = {element.name: place for place, element in enumerate(table)}
    counts = dict.fromkeys(places, 0)
    last = 0
    for child in node:
        if group == "alert" and str(child.tag).startswith(_SIGNATURE):
            last = len(table)
            continue
        name = str(child.tag).removeprefix(_HERE)
        place = places.get(name)
        if place is None:
            yield Fault(
                name,
                f"{group} 안에 있을 수 없는 요소예요: {name}",
                f"This element can't stand inside {group}: {name}",
            )
            continue
        if place < last:
            yield Fault(
                name,
                f"{name}의 자리가 달라요. CAP는 요소의 순서를 정해 두었어요.",
                f"{name} stands out of order: CAP fixes the order of its elements.",
            )
        last = max(last, place)
        counts[name] += 1
        yield from _held(child, table[place])
    for element in table:
        yield from _counted(element, counts[element.name], group)


def _counted(element: Element, count: int, group: str) -> Iterator[Fault]:
    if count < element.least:
        yield Fault(
            element.name,
            f"{group}에 {element.name} 요소가 없어요.",
            f"The element {element.name} is missing from {group}.",
        )
    if count > 1 and not element.many:
        yield Fault(
            element.name,
            f"{group}에 {element.name} 요소가 {count}번 있어요. 한 번만 쓸 수 있어요.",
            f"{group} has the element {element.name} {count} times; it may stand once.",
        )


def _held(node: etree._Element, element: Element) -> Iterator[Fault]:
    if node.attrib:
        yield Fault(
            element.name,
            f"{element.name}에는 속성을 쓸 수 없어요.",
            f"{element.name} can't have attributes.",
        )
    if element.inside:
        if (node.text or "").strip() or any((child.tail or "").strip() for child in node):
            yield Fault(
                element.name,
                f"{element.name} 안에 요소 밖의 글이 있어요.",
                f"There is text between the elements of {element.name}.",
            )
        yield from _misplaced(node, element.inside)
        return
    words = _words(node)
    if len(node):
        yield Fault(
            element.name,
            f"{element.name}에는 글만 쓸 수 있어요.",
            f"{element.name} holds text and nothing else.",
        )
    elif element.among and words not in element.among:
        allowed = ", ".join(element.among)
        yield Fault(
            element.name,
            f"{element.name}에 쓸 수 없는 값이에요. 쓸 수 있는 값: {allowed}",
            f"{element.name} has a value that CAP does not know. It may be: {allowed}",
        )
    elif element.fits is not None and not element.fits(words):
        yield _unfit(element)


def _unfit(element: Element) -> Fault:
    if element.name in ("sent", "effective", "onset", "expires"):
        return Fault(
            element.name,
            f"{element.name}의 시각은 2026-07-01T14:30:00+09:00처럼 써 주세요. Z와 소수 초는 "
            "쓸 수 없어요.",
            f"Write the time in {element.name} as 2026-07-01T14:30:00+09:00: no Z, no fractions.",
        )
    if element.name == "web":
        return Fault(
            element.name,
            "web에는 https://로 시작하는 전체 주소를 써 주세요.",
            "Write the whole address into web, beginning with https://.",
        )
    return Fault(
        element.name,
        f"{element.name}의 값이 정해진 모양이 아니에요.",
        f"The value of {element.name} does not have the form that CAP asks for.",
    )


def _words(node: etree._Element | None) -> str:
    return "" if node is None else (node.text or "").strip()


def _one(node: etree._Element, name: str) -> str:
    return _words(node.find(_HERE + name))


def _all(node: etree._Element, name: str) -> tuple[str, ...]:
    return tuple(_words(found) for found in node.findall(_HERE + name))


def _pairs(node: etree._Element, name: str) -> tuple[Pair, ...]:
    found = node.findall(_HERE + name)
    return tuple((_one(pair, "valueName"), _one(pair, "value")) for pair in found)


def _message(root: etree._Element) -> Message:
    # As it stands in the document: what an answer has to repeat byte for byte.
    return Message(
        identifier=_raw(root, "identifier"),
        sender=_raw(root, "sender"),
        sent=_one(root, "sent"),
        status=_one(root, "status"),
        msg_type=_one(root, "msgType"),
        scope=_one(root, "scope"),
        restriction=_one(root, "restriction"),
        addresses=_one(root, "addresses"),
        codes=_all(root, "code"),
        note=_one(root, "note"),
        references=_one(root, "references"),
        infos=tuple(_info(node) for node in root.findall(f"{_HERE}info")),
    )


def _raw(node: etree._Element, name: str) -> str:
    found = node.find(_HERE + name)
    return (found.text or "") if found is not None else ""


def _info(node: etree._Element) -> Info:
    return Info(
        language=_one(node, "language") or "en-US",  # the standard's own default
        categories=_all(node, "category"),
        event=_one(node, "event"),
        urgency=_one(node, "urgency"),
        severity=_one(node, "severity"),
        certainty=_one(node, "certainty"),
        response_types=_all(node, "responseType"),
        effective=_one(node, "effective"),
        onset=_one(node, "onset"),
        expires=_one(node, "expires"),
        sender_name=_one(node, "senderName"),
        headline=_one(node, "headline"),
        description=_one(node, "description"),
        instruction=_one(node, "instruction"),
        web=_one(node, "web"),
        contact=_one(node, "contact"),
        parameters=_pairs(node, "parameter"),
        resources=tuple(
            Resource(_one(found, "resourceDesc"), _one(found, "mimeType"), _one(found, "uri"))
            for found in node.findall(f"{_HERE}resource")
        ),
        areas=tuple(_area(found) for found in node.findall(f"{_HERE}area")),
    )


def _area(node: etree._Element) -> Area:
    return Area(
        description=_one(node, "areaDesc"),
        polygons=_all(node, "polygon"),
        circles=_all(node, "circle"),
        geocodes=_pairs(node, "geocode"),
        altitude=_one(node, "altitude"),
        ceiling=_one(node, "ceiling"),
    )
