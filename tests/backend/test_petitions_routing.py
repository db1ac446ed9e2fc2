"""A petition goes to the office that deals with it, by the words it is told in."""

from datetime import date

import pytest

from backend.petitions import routing
from backend.petitions.routing import Category, Office, classify, department, directory, period


@pytest.mark.parametrize(
    ("details", "category"),
    [
        ("우리 집 앞에 불법 주차한 차가 매일 있어요", "illegal_parking"),
        ("소화전앞에트럭을대놔요", "illegal_parking"),
        ("보도블록이 깨져서 아이가 넘어졌어요", "road"),
        ("도로에 포트홀이 생겼어요", "road"),
        ("골목 가로등이 며칠째 꺼져 있어요", "street_light"),
        ("횡단보도 신호등이 너무 짧아요", "street_light"),
        ("누가 쓰레기를 무단투기해요", "waste"),
        ("새벽까지 공사장 소음이 심해요", "noise_dust"),
        ("택시 기사가 승차거부를 했어요", "bus_taxi"),
        ("킥보드가 길 한가운데 쓰러져 있어요", "bike_scooter"),
        ("수도에서 녹물이 나와요", "water_supply"),
        ("빗물받이가 낙엽으로 막혔어요", "sewer"),
        ("한강공원 화장실이 더러워요", "river"),
        ("공원 벤치가 부서졌어요", "park_tree"),
        ("현수막이 길을 가려요", "illegal_ads"),
        ("유기견이 돌아다녀요", "animal"),
        ("There is a huge POTHOLE on my street", "road"),
        ("the traffic lights at the crossing are stuck", "street_light"),
        ("Cars are parked on the sidewalk every night", "illegal_parking"),
        ("someone keeps dumping trash here", "waste"),
        ("Mapo-gu 인데 trash 가 그대로예요", "waste"),
        ("민원 넣을래요", "other"),
        ("", "other"),
    ],
)
def test_classify(details: str, category: str) -> None:
    assert classify(details).id == category


@pytest.mark.parametrize(
    ("details", "category"),
    [
        ("家门口的路灯三天没亮了", "street_light"),
        ("楼下的车总是乱停，挡住了门口", "illegal_parking"),
        ("公园门口的垃圾没有人收", "waste"),
        ("对面的酒吧半夜还在放音乐，吵得睡不着", "noise_dust"),
        ("人行道的地砖松了", "road"),
        ("歩道にごみが散らかっています", "waste"),
        ("家の前にずっと車が停まっていて困ります", "illegal_parking"),
        ("となりの工事がうるさいです", "noise_dust"),
        ("信号がずっと赤のままです", "street_light"),
        ("公園のぶらんこが壊れています", "park_tree"),
        ("Rác không được thu gom cả tuần", "waste"),
        ("đèn đường trước nhà không sáng", "street_light"),
        ("hàng xóm hát karaoke ồn ào đến khuya", "noise_dust"),
        ("xe máy đỗ xe trên vỉa hè", "illegal_parking"),
        ("tôi muốn đổi địa chỉ, buồn quá", "other"),
        ("我想反映一件事", "other"),
    ],
)
def test_classify_abroad(details: str, category: str) -> None:
    assert classify(details).id == category


def test_every_subject_has_an_office_and_a_name_in_every_language() -> None:
    for subject in directory().categories.values():
        for language in ("ko", "en", "zh", "ja", "vi"):
            assert subject.names[language], subject.id
            assert all(office.names[language] for office in subject.offices), subject.id


def test_english_keywords_are_whole_words() -> None:
    assert classify("the parkway was renamed").id == "other"
    assert classify("a stupendous business opportunity").id == "other"


@pytest.mark.parametrize(
    ("category", "district", "language", "office"),
    [
        ("illegal_parking", "마포구", "ko", "마포구청 주차관리과"),
        ("illegal_parking", "마포구", "en", "Parking Management Division, Mapo-gu Office"),
        ("illegal_parking", None, "ko", "담당 구청 주차관리과"),
        ("illegal_parking", None, "en", "Parking Management Division, the local district office"),
        ("subway", "마포구", "ko", "서울교통공사"),
        ("subway", None, "ja", "ソウル交通公社"),
        ("waste", "마포구", "zh", "麻浦区厅清扫行政科"),
        ("waste", None, "ja", "管轄の区庁清掃行政課"),
        ("waste", "마포구", "vi", "Phòng Vệ sinh, ủy ban Mapo-gu"),
        ("subway", None, "fr", "Seoul Metro"),
    ],
)
def test_department(category: str, district: str | None, language: str, office: str) -> None:
    assert department(directory().categories[category], district, language) == office


def test_a_reorganisation_takes_effect_on_its_day() -> None:
    moved = Category(
        id="x",
        names={"ko": "가", "en": "a"},
        words=classify("").words,
        period=directory().default.period,
        offices=(
            Office(date(2027, 7, 1), {"ko": "{gu} 새 부서", "en": "New Division, {gu}"}),
            Office(date(2024, 1, 1), {"ko": "{gu} 옛 부서", "en": "Old Division, {gu}"}),
        ),
    )
    assert department(moved, "중구", "ko", date(2027, 6, 30)) == "중구청 옛 부서"
    assert department(moved, "중구", "ko", date(2027, 7, 1)) == "중구청 새 부서"
    assert department(moved, "중구", "ko", date(2020, 1, 1)) == "중구청 새 부서"


@pytest.mark.parametrize(
    ("details", "amount", "unit"),
    [
        ("불법 주차 단속해 주세요", 3, "hours"),
        ("여기에 벤치 하나 놓아 주세요", 14, "days"),
        ("please put a bench here", 14, "days"),
        ("부서진 벤치를 새로 설치해 주세요", 3, "hours"),
        ("무단투기 때문에 CCTV 달아 주세요", 3, "hours"),
        ("버스 기사님이 무정차로 지나갔어요", 7, "days"),
        ("재산세 고지서가 두 번 왔어요", 7, "days"),
    ],
)
def test_period(details: str, amount: int, unit: str) -> None:
    given = period(classify(details), details)
    assert (given.amount, given.unit) == (amount, unit)


def test_the_file_is_whole() -> None:
    city = directory()
    assert len(city.districts) == 25
    assert all(name.endswith("구") and en.endswith("-gu") for name, en in city.districts.items())
    assert len(city.categories) >= 25
    for category in city.categories.values():
        assert category.names["ko"]
        assert category.names["en"]
        assert category.offices
        for language in ("ko", "en"):
            assert "{" not in department(category, None, language)
    keywords = [word for c in city.categories.values() for word in c.words.korean]
    assert not [word for word in keywords if " " in word or word != word.lower()]
    assert routing.district_name("마포구", "en") == "Mapo-gu"
    assert routing.district_name("마포구", "ko") == "마포구"
