"""What the schema of CAP 1.2 lets through and no one should act on.

Section 3.2 of the standard asks for these in its notes; its schema can't. Each fault is a sentence
that says what to change.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from backend.errors import Invalid
from broadcasts.cap.document import Area, Info, Message, Reference
from broadcasts.cap.structure import decimal, is_absolute, is_time, read_time

MAX_POLYGONS = 100
MAX_POINTS = 5_000
# 3.2.1, notes on identifier and sender: no spaces, commas or restricted characters (< and &).
_NAME = re.compile(r"[^\s,<&]+")
_ANSWERS = ("Update", "Cancel", "Ack", "Error")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: the element, and a sentence in both languages."""

    element: str
    ko: str
    en: str


class CapInvalid(Invalid):
    """A CAP document that is refused, with every fault found."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(
            " ".join(fault.ko for fault in faults),
            " ".join(fault.en for fault in faults),
            problems=[{"field": f.element, "ko": f.ko, "en": f.en} for f in faults],
        )


def check(message: Message) -> list[Fault]:
    """Return what is wrong with `message` beyond its form; nothing for a sound one."""
    return [*_envelope(message), *_references(message), *_infos(message)]


def references(text: str) -> tuple[Reference, ...]:
    """Return the earlier messages that a `references` element names: triples apart by space.

    Raises: ValueError where one is no triple of sender, identifier and time.
    """
    found = []
    for triple in text.split():
        parts = triple.split(",")
        if len(parts) != 3 or not is_time(parts[2]) or not all(parts):
            raise ValueError(triple)
        found.append(Reference(*parts))
    return tuple(found)


def _envelope(message: Message) -> Iterator[Fault]:
    for element, value in (("identifier", message.identifier), ("sender", message.sender)):
        if not _NAME.fullmatch(value):
            yield Fault(
                element,
                f"{element}가 비었거나 빈칸·쉼표·<·&가 들어 있어요. 없이 써 주세요.",
                f"{element} is empty or holds a space, a comma, < or &. Write it without them.",
            )
    for element, value, scope in (
        ("restriction", message.restriction, "Restricted"),
        ("addresses", message.addresses, "Private"),
    ):
        if (message.scope == scope) is not bool(value):
            yield Fault(
                element,
                f"scope가 {scope}일 때만, 그리고 그때는 반드시 {element}을(를) 써야 해요.",
                f"{element} belongs to the scope {scope}, and to no other.",
            )


def _references(message: Message) -> Iterator[Fault]:
    if message.msg_type in _ANSWERS and not message.references:
        yield Fault(
            "references",
            f"{message.msg_type}에는 references가 있어야 해요. 어느 메시지에 대한 것인지 "
            "sender,identifier,sent로 써 주세요.",
            f"A message of the type {message.msg_type} needs references: write which message it "
            "is about, as sender,identifier,sent.",
        )
    try:
        references(message.references)
    except ValueError:
        yield Fault(
            "references",
            "references는 sender,identifier,sent 세 값을 쉼표로 잇고, 여러 개는 빈칸으로 나누어 "
            "주세요.",
            "Write references as sender,identifier,sent with commas, several apart by a space.",
        )


def _infos(message: Message) -> Iterator[Fault]:
    if message.msg_type in ("Alert", "Update") and not message.infos:
        yield Fault(
            "info",
            f"{message.msg_type}에 info가 없어요. 무슨 일인지 쓴 info가 하나는 있어야 해요.",
            f"This {message.msg_type} has no info. At least one has to say what happens.",
        )
    polygons = [ring for info in message.infos for area in info.areas for ring in area.polygons]
    if len(polygons) > MAX_POLYGONS or sum(ring.count(",") for ring in polygons) > MAX_POINTS:
        yield Fault(
            "polygon",
            f"도형이 너무 많아요. {MAX_POLYGONS}개, 점 {MAX_POINTS:,}개까지 쓸 수 있어요.",
            f"There are too many shapes: at most {MAX_POLYGONS}, with {MAX_POINTS:,} points.",
        )
        return
    for info in message.infos:
        yield from _info(message, info)


def _info(message: Message, info: Info) -> Iterator[Fault]:
    if not info.event:
        yield Fault("event", "event가 비어 있어요.", "The element event is empty.")
    sent, expires = read_time(message.sent), read_time(info.expires)
    if sent is not None and expires is not None and expires <= sent:
        yield Fault(
            "expires",
            "expires가 sent보다 늦지 않아요. 보낸 뒤의 시각을 써 주세요.",
            "expires is not later than sent. Write a time after the message was sent.",
        )
    for resource in info.resources:
        if resource.uri and not is_absolute(resource.uri):
            yield Fault(
                "uri",
                "uri에는 전체 주소를 써 주세요.",
                "Write the whole address into uri.",
            )
    for area in info.areas:
        yield from _area(area)


def _area(area: Area) -> Iterator[Fault]:
    if not area.description:
        yield Fault("areaDesc", "areaDesc가 비어 있어요.", "The element areaDesc is empty.")
    for ring in area.polygons:
        if (points := points_of(ring)) is None:
            yield Fault(
                "polygon",
                "polygon은 '위도,경도' 쌍을 빈칸으로 이어 써 주세요. 위도는 -90~90, 경도는 "
                "-180~180이에요.",
                "Write a polygon as pairs of latitude,longitude apart by spaces; latitudes from "
                "-90 to 90, longitudes from -180 to 180.",
            )
        elif len(points) < 4 or points[0] != points[-1] or len(set(points)) < 3:
            yield Fault(
                "polygon",
                "polygon은 점이 넷 이상이고 첫 점과 끝 점이 같아야 해요.",
                "A polygon has at least four points, and ends where it begins.",
            )
    for circle in area.circles:
        centre, _, radius = circle.partition(" ")
        length = decimal(radius)
        if points_of(centre) is None or length is None or length < 0:
            yield Fault(
                "circle",
                "circle은 '위도,경도 반지름(km)'으로 써 주세요.",
                "Write a circle as latitude,longitude and a radius in kilometres.",
            )
    yield from _heights(area)


def _heights(area: Area) -> Iterator[Fault]:
    if area.ceiling and not area.altitude:
        yield Fault(
            "ceiling",
            "ceiling은 altitude와 함께 써야 해요.",
            "ceiling needs an altitude beside it.",
        )
        return
    low, high = decimal(area.altitude), decimal(area.ceiling)
    if low is not None and high is not None and high < low:
        yield Fault(
            "ceiling",
            "ceiling이 altitude보다 낮아요.",
            "The ceiling is lower than the altitude.",
        )


def points_of(ring: str) -> tuple[tuple[Decimal, Decimal], ...] | None:
    """Return the (latitude, longitude) pairs that `ring` writes, in degrees; None where it can't.

    Empty text holds no pair.
    """
    found = []
    for pair in ring.split():
        north, comma, east = pair.partition(",")
        latitude, longitude = decimal(north), decimal(east)
        if not comma or latitude is None or longitude is None:
            return None
        if abs(latitude) > 90 or abs(longitude) > 180:
            return None
        found.append((latitude, longitude))
    return tuple(found) or None
