"""Places in Latin letters: romanised from the Korean names, however they are spaced."""

import pytest

from backend.faq.romanise import romanise
from backend.petitions.places import locate


@pytest.mark.parametrize(
    ("korean", "latin"),
    [("종로", "jongno"), ("선릉", "seolleung"), ("왕십리", "wangsimni"), ("독립문", "dongnimmun"),
     ("신림", "sillim"), ("압구정", "apgujeong"), ("대학로", "daehangno"), ("한남", "hannam")],
)  # fmt: skip
def test_sounds_change_each_other_as_the_rules_say(korean: str, latin: str) -> None:
    assert romanise(korean) == latin


@pytest.mark.parametrize(
    ("said", "districts"),
    [
        ("near Namguro station, behind the market", ("구로구",)),
        ("um by nam guro station", ("구로구",)),
        ("hannam dong", ("용산구",)),
        ("in Shinchon station", ("서대문구", "마포구")),
        ("not Mangwon station but Dapsimni stn exit 2", ("동대문구",)),
        ("garak sijang", ("송파구",)),
        ("vỉa hè trước chợ Garak bị vỡ", ("송파구",)),
        ("cửa số 3 ga Hapjeong", ("마포구",)),
    ],
)
def test_a_spot_is_found_however_it_is_written(said: str, districts: tuple[str, ...]) -> None:
    spot = locate(said)
    assert spot is not None
    assert spot.districts == districts


@pytest.mark.parametrize("said", ["I go to the station", "a park near my house", "on the road"])
def test_a_kind_without_a_name_is_no_spot(said: str) -> None:
    assert locate(said) is None
