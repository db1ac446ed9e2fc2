"""Areas that an official draws or types: read, checked, and put on a map of the city.

Typed are lines of latitude and longitude (as in CAP 1.2; an empty line begins another area), or
GeoJSON (RFC 7946, longitude first). What is wrong is said with the point where it is wrong.
"""

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel
from shapely import Polygon, unary_union
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from backend.errors import Invalid
from broadcasts import geometry

MOST_POINTS = 250
MOST_AREAS = 20
WIDTH = 372.0
_NUMBER = r"[-+]?\d{1,3}(?:\.\d{1,15})?"
_POINT = re.compile(rf"\(?\s*({_NUMBER})\s*[,\s]\s*({_NUMBER})\s*\)?")
_SEPARATORS = re.compile(r"[;\n]")
_PAIRS = re.compile(rf"(?:{_NUMBER},{_NUMBER}\s+)+{_NUMBER},{_NUMBER}")


class Shape(BaseModel):
    """One area: its ring of [latitude, longitude], the districts it touches, what lies outside.

    `outside` is the share of it (0 to 1) that lies beyond the city.
    """

    ring: list[tuple[float, float]]
    touched: list[str]
    outside: float


def read(written: str) -> list[Shape]:
    """Return the areas in `written`: lines of latitude and longitude, or GeoJSON.

    Raises: Invalid with a sentence for what can't be read, has less than three points, crosses
    itself, has no area, or lies outside the city.
    """
    written = written.strip()
    rings = _geojson(written) if written.startswith(("{", "[")) else _lines(written)
    if not rings:
        raise Invalid("점을 찍거나 좌표를 써 주세요.", "Draw points, or type coordinates.")
    if len(rings) > MOST_AREAS:
        raise Invalid(
            f"한 번에 {MOST_AREAS}곳까지 넣을 수 있어요.", f"At most {MOST_AREAS} areas at a time."
        )
    return [_checked(ring) for ring in rings]


def _lines(written: str) -> list[list[tuple[float, float]]]:
    rings = []
    for block in re.split(r"\n\s*\n", written):
        points = []
        for number, line in enumerate(_split(block), 1):
            found = _POINT.fullmatch(line)
            if found is None:
                raise Invalid(
                    f"{number}번째 점을 읽을 수 없어요: ‘{line[:40]}’. "
                    "한 줄에 위도, 경도를 써 주세요. 예: 37.5563, 126.9051",
                    f"Point {number} can't be read: “{line[:40]}”. Write latitude and longitude on "
                    "each line, as in 37.5563, 126.9051",
                )
            points.append((float(found[1]), float(found[2])))
        if points:
            rings.append(points)
    return rings


def _split(block: str) -> list[str]:
    """Return one text a point; CAP's own form has all of them in one line."""
    lines = [line.strip().rstrip(",") for line in _SEPARATORS.split(block)]
    return [
        point
        for line in lines
        if line
        for point in (line.split() if _PAIRS.fullmatch(line) else [line])
    ]


def _geojson(written: str) -> list[list[tuple[float, float]]]:
    try:
        found = json.loads(written)
        return [
            [(float(latitude), float(longitude)) for longitude, latitude, *_ in ring]
            for ring in _outer_rings(found)
        ]
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        raise Invalid(
            "GeoJSON을 읽을 수 없어요. Polygon이나 MultiPolygon을 넣어 주세요.",
            "This GeoJSON can't be read. Give a Polygon or a MultiPolygon.",
        ) from None


def _outer_rings(found: Any) -> Iterable[Sequence[Sequence[float]]]:
    kind = found["type"]
    if kind == "FeatureCollection":
        for feature in found["features"]:
            yield from _outer_rings(feature)
    elif kind == "Feature":
        yield from _outer_rings(found["geometry"])
    elif kind == "GeometryCollection":
        for part in found["geometries"]:
            yield from _outer_rings(part)
    elif kind in ("Polygon", "MultiPolygon"):
        areas = [found["coordinates"]] if kind == "Polygon" else found["coordinates"]
        for area in areas:
            if len(area) > 1:
                raise Invalid(
                    "구멍이 있는 지역은 보낼 수 없어요. 구멍을 빼고 넣어 주세요.",
                    "An area with a hole can't be used. Leave the hole out.",
                )
            yield area[0]
    else:
        raise ValueError(kind)


def _checked(ring: list[tuple[float, float]]) -> Shape:
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring = ring[:-1]
    for number, (latitude, longitude) in enumerate(ring, 1):
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise Invalid(
                f"{number}번째 점은 지구에 없는 좌표예요. 위도, 경도 순서인지 확인해 주세요.",
                f"Point {number} is no place on earth. Check the order: latitude, longitude.",
            )
    if len(set(ring)) < 3:
        raise Invalid(
            f"점이 {len(set(ring))}개예요. 서로 다른 점이 세 개는 있어야 해요.",
            f"There are {len(set(ring))} points. An area needs three different ones at least.",
        )
    if len(ring) > MOST_POINTS:
        raise Invalid(
            f"점이 {len(ring)}개예요. {MOST_POINTS}개까지 쓸 수 있어요.",
            f"There are {len(ring)} points. At most {MOST_POINTS} are allowed.",
        )
    area = Polygon([(longitude, latitude) for latitude, longitude in ring])
    _simple(area)
    outside = area.difference(_city()).area / area.area
    if outside > 0.999:
        raise Invalid(
            "그린 지역이 도시 밖에 있어요. 좌표를 확인해 주세요.",
            "This area lies outside the city. Check the coordinates.",
        )
    return Shape(ring=ring, touched=geometry.touched([ring]), outside=round(outside, 3))


def _simple(area: Polygon) -> None:
    if not area.is_valid:
        where = re.search(r"\[(\S+) (\S+)\]", explain_validity(area))
        at = f"{float(where[2]):.5f}, {float(where[1]):.5f}" if where else "?"
        raise Invalid(
            f"그린 선이 스스로 엇갈려요({at} 근처). 점의 순서를 바꿔 주세요.",
            f"The line crosses itself (near {at}). Change the order of the points.",
        )
    if area.area == 0:
        raise Invalid(
            "그린 점이 한 줄에 있어서 넓이가 없어요.",
            "The points lie on one line, so that there is no area.",
        )


@cache
def _city() -> BaseGeometry:
    return unary_union(list(geometry.districts().outlines.values()))


@dataclass(frozen=True, slots=True)
class Canvas:
    """The districts as SVG paths, and what turns a point of it back into a place.

    A point is x = (longitude - west) * across, y = (north - latitude) * down.
    """

    width: float
    height: float
    west: float
    north: float
    across: float
    down: float
    paths: dict[str, str]
    labels: dict[str, tuple[float, float]]

    def path(self, ring: geometry.Ring) -> str:
        """Return `ring` of [latitude, longitude] as the data of an SVG path."""
        return _path(
            ((at[1] - self.west) * self.across, (self.north - at[0]) * self.down) for at in ring
        )


def _path(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"


@cache
def canvas() -> Canvas:
    """Return the map to draw on: the boundaries that the city supplies, else the schematic."""
    west, south, east, north = _city().bounds
    across = WIDTH / (east - west)
    down = across / math.cos(math.radians((south + north) / 2))
    empty = Canvas(WIDTH, round((north - south) * down, 1), west, north, across, down, {}, {})
    paths, labels = {}, {}
    for name, outline in geometry.districts().outlines.items():
        parts = getattr(outline, "geoms", [outline])
        paths[name] = "".join(
            empty.path([(y, x) for x, y, *_ in part.exterior.coords[:-1]]) for part in parts
        )
        middle = outline.centroid
        point = middle if outline.covers(middle) else outline.representative_point()
        labels[name] = (
            round((point.x - west) * across, 1), round((north - point.y) * down, 1),
        )  # fmt: skip
    empty.paths.update(paths)
    empty.labels.update(labels)
    return empty
