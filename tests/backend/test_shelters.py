"""The shelters of the city's table: every district has some, and says since when."""

from datetime import date

from backend.petitions.routing import directory
from backend.shelters import service


def test_every_district_has_a_shelter_of_both_kinds() -> None:
    for district in directory().districts:
        found = service.in_district(district)
        assert {shelter.kind for shelter in found} == {"underground", "open"}, district
    assert service.in_district("해운대구") == ()


def test_the_table_says_who_says_so_and_of_which_day() -> None:
    table = service.table()
    assert isinstance(table.as_of, date)
    assert table.source["ko"]
    assert table.source["en"]


def test_whoever_reads_no_korean_gets_the_korean_name_to_show() -> None:
    shelter = service.in_district("마포구")[0]
    assert shelter.name("ko") == "공덕역 지하 대합실"
    assert shelter.name("vi") == "Gongdeok Station, underground (공덕역 지하 대합실)"
