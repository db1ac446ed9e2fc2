"""Areas that are drawn or typed: what is read, what is refused and why, and the map below them."""

import json
import re

import httpx
import pytest

from backend.errors import Invalid
from broadcasts import drawing, geometry

LINES = "37.556, 126.905\n37.562, 126.905\n37.562, 126.912\n37.556, 126.912"
RING = [(37.556, 126.905), (37.562, 126.905), (37.562, 126.912), (37.556, 126.912)]
TURNED = [[longitude, latitude] for latitude, longitude in RING]


def geojson(kind: str, coordinates: object) -> str:
    return json.dumps({"type": kind, "coordinates": coordinates})


@pytest.mark.parametrize(
    "written",
    [
        LINES,
        LINES.replace("\n", ";"),
        LINES + "\n37.556, 126.905\n",
        "37.556,126.905 37.562,126.905 37.562,126.912 37.556,126.912 37.556,126.905",
        "(37.556 126.905)\n(37.562 126.905)\n(37.562 126.912)\n(37.556 126.912)",
        geojson("Polygon", [TURNED]),
        geojson("Polygon", [[*TURNED, TURNED[0]]]),
        geojson("MultiPolygon", [[TURNED]]),
        json.dumps({"type": "Feature", "geometry": json.loads(geojson("Polygon", [TURNED]))}),
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [
                    {"type": "Feature", "geometry": json.loads(geojson("Polygon", [TURNED]))}
                ],
            }
        ),
    ],
)
def test_an_area_is_read_in_every_form(written: str) -> None:
    (shape,) = drawing.read(written)
    assert shape.ring == RING
    assert shape.touched == ["마포구"]
    assert shape.outside == 0.0


def test_an_empty_line_begins_another_area() -> None:
    first, second = drawing.read(f"{LINES}\n\n37.55, 127.14\n37.56, 127.14\n37.56, 127.15")
    assert (first.touched, second.touched) == (["마포구"], ["강동구"])


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "Draw points"),
        ("37.5, 126.9\n37.6, 126.9", "There are 2 points"),
        ("37.5, 126.9\n37.6, 126.9\n37.5, 126.9", "There are 2 points"),
        ("37.5, 126.9\n37.6, 127\n37.5, 127\n37.6, 126.9", "near 37.55000, 126.95000"),
        ("37.5, 126.9\n37.5, 127\n37.5, 126.95", "crosses itself|no area"),
        ("35.1, 129\n35.2, 129\n35.2, 129.1", "outside the city"),
        ("126.905, 37.556\n126.905, 37.562\n126.912, 37.562", "Check the order"),
        ("37.5, 126.9\nMapo", "Point 2 can't be read: “Mapo”"),
        ("nan, nan\n1, 1\n2, 2", "Point 1 can't be read"),
        ("\n\n".join([LINES] * 21), "At most 20 areas"),
        (
            "\n".join(f"{37.5 + n / 10_000}, {126.9 + (n % 2) / 100}" for n in range(251)),
            "most 250",
        ),
        ('{"type": "Polygon"', "can't be read"),
        ("[1, 2]", "can't be read"),
        (geojson("Point", [126.9, 37.5]), "can't be read"),
        (geojson("Polygon", []), "can't be read"),
        (geojson("Polygon", [TURNED, TURNED]), "hole"),
        (geojson("Polygon", [[["x", 1], [2, 3], [4, 5]]]), "can't be read"),
        (geojson("Polygon", [[[float("nan"), 1], [2, 3], [4, 5]]]), "no place on earth"),
        ("[" * 5000, "can't be read"),
    ],
)
def test_what_is_wrong_is_said(written: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        drawing.read(written)
    assert re.search(said, refused.value.en), refused.value.en
    assert refused.value.ko


def test_an_area_that_reaches_over_the_border_says_how_much_of_it() -> None:
    north = max(outline.bounds[3] for outline in geometry.districts().outlines.values())
    (shape,) = drawing.read(f"{north - 0.01}, 127\n{north + 0.01}, 127\n{north + 0.01}, 127.01\n"
                            f"{north - 0.01}, 127.01")  # fmt: skip
    assert 0.4 < shape.outside < 0.6


def test_a_point_of_the_map_leads_back_to_its_place() -> None:
    canvas = drawing.canvas()
    assert set(canvas.paths) == set(canvas.labels) == set(geometry.districts().outlines)
    for name, (x, y) in canvas.labels.items():
        latitude, longitude = canvas.north - y / canvas.down, canvas.west + x / canvas.across
        assert geometry.district_at(latitude, longitude) == name
    assert canvas.path(RING).startswith("M")


async def test_shapes_are_read_for_officials_only(clients: dict[str, httpx.AsyncClient]) -> None:
    path = "/api/v1/broadcasts/shapes"
    assert (await clients["nobody"].post(path, json={"text": LINES})).status_code == 401
    found = await clients["author"].post(path, json={"text": LINES})
    assert [shape["touched"] for shape in found.json()] == [["마포구"]]
    wrong = await clients["author"].post(path, json={"text": "x"})
    assert wrong.status_code == 422
    assert "1번째 점" in wrong.json()["detail"]
