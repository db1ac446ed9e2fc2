"""Where a polygon lies: the districts that it touches, and its form for the database.

Rings are lists of [latitude, longitude] (WGS 84), as in CAP 1.2; inside, x is the longitude.
"""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml
from shapely import MultiPoint, Point, Polygon, voronoi_polygons
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from backend.errors import Invalid

HERE = Path(__file__).parent
BOUNDARIES = "boundaries.geojson"
CENTRES = "centres.yml"
# Degrees. Cells around centres know a border to a kilometre: better a district too many.
_DOUBT = 0.01
_AROUND = 0.06

Ring = Sequence[Sequence[float]]


class Districts:
    """The outlines of the districts. `resolver` names them for the record of an alert."""

    def __init__(self, folder: Path = HERE) -> None:
        boundaries = folder / BOUNDARIES
        exact = boundaries.exists()
        written = (boundaries if exact else folder / CENTRES).read_text(encoding="utf-8")
        self.outlines = _surveyed(written) if exact else _cells(written)
        self._doubt = 0.0 if exact else _DOUBT
        kind = "boundaries" if exact else "schematic"
        self.resolver = f"{kind}-{hashlib.sha256(written.encode()).hexdigest()[:8]}"

    def touched(self, rings: Sequence[Ring]) -> list[str]:
        """Return the districts that any of `rings` touches, in Korean order.

        Raises: Invalid for a ring that crosses itself or has no area.
        """
        areas = [polygon(ring).buffer(self._doubt) for ring in rings]
        return sorted(
            name
            for name, outline in self.outlines.items()
            if any(area.intersects(outline) for area in areas)
        )


def district_at(latitude: float, longitude: float) -> str | None:
    """Return the district in which a point (WGS 84) lies; None outside the city."""
    point = Point(longitude, latitude)
    outlines = districts().outlines
    return next((name for name, outline in outlines.items() if outline.covers(point)), None)


def touched(rings: Sequence[Ring]) -> list[str]:
    """Return the districts of this city that any of `rings` touches; none for no rings."""
    return districts().touched(rings) if rings else []


@cache
def districts() -> Districts:
    """Return the outlines of this city's districts, read once."""
    return Districts()


def polygon(ring: Ring) -> Polygon:
    """Return `ring` as an area.

    Raises: Invalid where it crosses itself or has no area.
    """
    found = Polygon([(longitude, latitude) for latitude, longitude in ring])
    if not found.is_valid or found.area == 0:
        raise Invalid(
            "그린 지역의 선이 서로 엇갈리거나 넓이가 없어요. 다시 그려 주세요.",
            "A polygon crosses itself or has no area. Draw it again.",
        )
    return found


def closed(ring: Ring) -> list[list[float]]:
    """Return `ring` with its first point again at the end, as CAP writes polygons."""
    points = [[float(latitude), float(longitude)] for latitude, longitude in ring]
    return points if points[0] == points[-1] else [*points, points[0]]


def for_postgres(rings: Sequence[Ring]) -> list[str]:
    """Return `rings` as literals of PostgreSQL's type polygon: points are (longitude,latitude)."""
    return ["(" + ",".join(f"({x!r},{y!r})" for y, x in ring) + ")" for ring in rings]


def _cells(written: str) -> dict[str, BaseGeometry]:
    """Give each district what lies nearer to its centre than to any other."""
    centres = {name: (at[1], at[0]) for name, at in yaml.safe_load(written).items()}
    points = MultiPoint(list(centres.values()))
    city = points.envelope.buffer(_AROUND)
    cells = [cell.intersection(city) for cell in voronoi_polygons(points, extend_to=city).geoms]
    return {
        name: next(cell for cell in cells if cell.covers(point))
        for name, point in zip(centres, points.geoms, strict=True)
    }


def _surveyed(written: str) -> dict[str, BaseGeometry]:
    features = json.loads(written)["features"]
    return {feature["properties"]["name"]: shape(feature["geometry"]) for feature in features}
