"""Receipt numbers, options, scores, districts, places and phones, as people write and say them."""

import pytest

from nlu.choices import find_choice, find_rating
from nlu.data import read
from nlu.entities import EntityFinder
from nlu.normalise import normalise, plain
from nlu.numbers import digitise, english_digits, sino
from nlu.receipts import find_receipts
from nlu.train import DATA


@pytest.fixture(scope="module")
def finder() -> EntityFinder:
    data = read([DATA])
    return EntityFinder(data.lookups, data.synonyms)


def values(finder: EntityFinder, text: str, intent: str, entity: str) -> list[str]:
    found = finder.find(text, intent)
    assert all(text[e.start : e.end] == e.text for e in found)
    return [e.value for e in found if e.entity == entity]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P-2026-0000451 어케됨", "P-2026-0000451"),
        ("p2026-123", "P-2026-0000123"),
        ("p20260004512", "P-2026-0004512"),
        ("P 2026 0000077 what stage", "P-2026-0000077"),
        ("P-2O26-OOOO345", "P-2026-0000345"),
        ("ㅔ-2026-0000123 조회", "P-2026-0000123"),
        ("2026 0000 345", "P-2026-0000345"),
        ("0000345 status", "P-2026-0000345"),
        ("123번 민원", "P-2026-0000123"),
        ("88번 어떻게 됐어요", "P-2026-0000088"),
        ("민원번호 백이십삼 번", "P-2026-0000123"),
        ("피 이천이십육 다시 영영영영이삼칠인데요", "P-2026-0000237"),
        ("이천이십육 다시 공공공공사오육 이거요", "P-2026-0000456"),
        ("영영영영일이삼이요", "P-2026-0000123"),
        ("P twenty twenty six dash zero zero zero zero five six one", "P-2026-0000561"),
        ("petition one two three", "P-2026-0000123"),
        ("my request number 340", "P-2026-0000340"),
        ("피 다시 이공이육 다시 칠백구십 아니 칠백구십삼이에요", "P-2026-0000793"),
        ("p two zero two six six six three no sorry six six four", "P-2026-0000664"),
        ("제안 15번", "I-2026-0000015"),
        ("I-2026-0000042", "I-2026-0000042"),
        ("정보공개 청구 D-2025-0000031 건", "D-2025-0000031"),
    ],
)
def test_receipt_numbers_in_every_dress(text: str, expected: str) -> None:
    found = find_receipts(digitise(normalise(text)), about_receipts=True, year=2026)
    assert [value for _, _, value in found] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "1AA-2211-0123456 조회",
        "SPP-2211-0123456",
        "신고 119",
        "2번 출구 앞",
        "2026-11-22 공사",
        "010-1234-5678",
        "주정차 신고 2건",
        "삼백 명이 왔어요",
    ],
)
def test_other_numbers_are_no_receipts(text: str) -> None:
    assert find_receipts(digitise(normalise(text)), about_receipts=True, year=2026) == []


def test_only_petitions_have_petition_ids(finder: EntityFinder) -> None:
    text = "P-2026-0000004, I-2026-0000042, D-2025-0000031 어떻게 됐어요"
    found = {e.entity: e.value for e in finder.find(text, "check_status")}
    assert found == {
        "petition_id": "P-2026-0000004",
        "proposal_id": "I-2026-0000042",
        "disclosure_id": "D-2025-0000031",
    }


@pytest.mark.parametrize(
    ("text", "intent", "entity", "expected"),
    [
        ("江南区江南站11号出口路灯坏了", "file_petition", "district", ["강남구"]),
        ("江南站11号出口路灯坏了", "file_petition", "district", []),
        ("영등포구청역 승강장이요", "file_petition", "district", []),
        ("the lamp by Mapo Police Station", "file_petition", "district", []),
        ("별 셋이요 아니 둘이요", "rate_service", "rating", ["2"]),
        ("I rate the handling a 4.", "rate_service", "rating", ["4"]),
        ("Not 1. Give my vote to 3.", "vote", "choice", ["3"]),
        ("proposal 88, +1", "support_proposal", "choice", []),
        ("한국어 어려워요 베트남 말 바꿔 주세요", "change_language", "language", ["vi"]),
        ("it's all in Korean and I only read English", "change_language", "language", ["en"]),
        ("sorry my english is bad, someone fell", "life_emergency", "language", []),
    ],
)
def test_what_is_meant_and_what_is_not(
    finder: EntityFinder, text: str, intent: str, entity: str, expected: list[str]
) -> None:
    assert values(finder, text, intent, entity) == expected


def test_numbers_in_words() -> None:
    assert sino("이천이십육") == 2026
    assert sino("십") == 10
    assert sino("사과") is None
    assert english_digits(["twenty", "twenty", "six", "zero", "one"]) == "202601"
    assert english_digits(["one", "hundred", "twenty", "three"]) == "123"
    assert english_digits(["double", "five"]) == "55"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2번", "2"),
        ("둘째 거로 찍어줘", "2"),
        ("②", "2"),
        ("이번이요", "2"),
        ("1번 아니 2번", "2"),
        ("3번 말고 1번", "1"),
        ("2번하고 1번 중에 1번이요", "1"),
        ("the second one", "2"),
        ("number two no wait number four", "4"),
        ("2 instead of 3", "2"),
        ("not 1, 2", "2"),
        ("can i change my vote from 1 to 3", "3"),
        ("the third no sorry the fifth one", "5"),
        ("A안에 투표", "1"),
        ("하나", "1"),
        ("4", "4"),
        ("투표할래요", None),
        ("I vote for the bike lanes one", None),
        ("강남역 3번 출구 투표", None),
    ],
)
def test_the_option_that_is_finally_meant(text: str, expected: str | None) -> None:
    found = find_choice(plain(text), bare=True)
    assert (found[2] if found else None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5점이요", "5"),
        ("5점 만점에 4점", "4"),
        ("별 두 개", "2"),
        ("⭐⭐⭐⭐", "4"),
        ("four stars", "4"),
        ("two out of five", "2"),
        ("매우 만족", "5"),
        ("not 5 but 4", "4"),
        ("사 점 줄게요", "4"),
        ("waited 3 days", None),
    ],
)
def test_the_score_that_is_given(text: str, expected: str | None) -> None:
    found = find_rating(plain(text), bare=True)
    assert (found[2] if found else None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("마포구 알림", ["마포구"]),
        ("Mapo-gu please", ["마포구"]),
        ("kangnam-ku", ["강남구"]),
        ("Yongsan District", ["용산구"]),
        ("江南区的通知", ["강남구"]),
        ("麻浦区の避難所", ["마포구"]),
        ("マポ区", ["마포구"]),
        ("홍대 쪽이에요", ["마포구"]),
        ("서울중구 알림", ["중구"]),
        ("저는마포구살아요", ["마포구"]),
        ("도봉구에서 성동구로", ["도봉구", "성동구"]),
        ("동작구", ["동작구"]),
        ("동대문시장 앞", []),
        ("강남역 11번 출구", []),
        ("마포대교", []),
        ("홍대입구역", []),
        ("강남·강북 격차", []),
        ("부산 강서구", []),
        ("Jung-gu, Busan", []),
        ("엘리베이터가 동작을 안 해요", []),
        ("대중구난방", []),
        ("친구로 지내요", []),
        ("수유실", []),
        ("가산금", []),
        ("Gangnam style", []),
        ("관악 동작 금천 재난문자 신청", ["관악구", "동작구", "금천구"]),
        ("동작이 느려요", []),
    ],
)
def test_districts_and_their_traps(finder: EntityFinder, text: str, expected: list[str]) -> None:
    assert values(finder, text, "subscribe_alerts", "district") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("강남역 11번 출구 앞에 쓰레기가 많아요", ["강남역 11번 출구 앞"]),
        ("성북구 정릉로 77 앞 보도블록", ["정릉로 77 앞"]),
        ("연남동 223-14 소방차 전용", ["연남동 223-14"]),
        ("잠수교 자전거길에 유리", ["잠수교 자전거길"]),
        ("the elevator at Noksapyeong Station exit 2", ["at Noksapyeong Station exit 2"]),
        ("pothole itaewon-ro 200", ["itaewon-ro 200"]),
        ("新道林站着火了", ["新道林站"]),
        ("우리 아파트 앞 공원", []),
        ("통역이 필요한 지역", []),
        ("제대로 해주세요", []),
        ("the park near my house", []),
        ("마포구 공원", []),
        ("뚝섬유원지역 앞에 의자가 부서졌어요", ["뚝섬유원지역 앞"]),
        ("이태원 역 3번 출구 옆에 이에요", ["이태원 역 3번 출구 옆"]),
        ("홍길동 840512 입니다", []),
    ],
)
def test_named_spots(finder: EntityFinder, text: str, expected: list[str]) -> None:
    assert values(finder, text, "file_petition", "place") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("010-1234-5678로 전화", "01012345678"),
        ("+82 10-1234-5678", "01012345678"),
        ("공일공에 공공공공에 구구팔팔이니까", "01000009988"),
        ("call 02-123-4567", "021234567"),
        ("my number is zero one zero one two three four five six seven eight", "01012345678"),
    ],
)
def test_phones_typed_and_spoken(finder: EntityFinder, text: str, expected: str) -> None:
    assert values(finder, text, "talk_to_agent", "phone") == [expected]


def test_the_intent_decides_what_a_number_is(finder: EntityFinder) -> None:
    assert values(finder, "5", "rate_service", "rating") == ["5"]
    assert values(finder, "5", "vote", "choice") == ["5"]
    assert values(finder, "5", "thank", "choice") == []
    assert [e.value for e in finder.find("5점이요 고마워요", "thank", {"rate_service"})] == ["5"]
    assert [e.value for e in finder.find("2번이요", "affirm", {"vote"})] == ["2"]
    assert finder.find("5 고마워요", "thank", {"rate_service"}) == ()
    assert values(finder, "88번", "check_status", "petition_id")[0].endswith("-0000088")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("접수번호가 이공이육에 사백오십육인데요", ["P-2026-0000456"]),
        ("번호는 사오육이요", ["P-2026-0000456"]),
        ("P as in Paul twenty twenty six one two three four", ["P-2026-0001234"]),
        ("my number's nine oh five could you see", ["P-2026-0000905"]),
        ("p-2026-00004l5", ["P-2026-0000415"]),
        ("신고번호 이공이육 사일오", ["P-2026-0000415"]),
        (
            "the number is P, two zero two six, zero zero zero zero four one five",
            ["P-2026-0000415"],
        ),
        ("P-2026-415 말고 P-2026-416", ["P-2026-0000416"]),
        ("P-2026-415 and P-2026-416 both please", ["P-2026-0000415", "P-2026-0000416"]),
        ("25년에 넣은 331번 민원 어떻게 됐어요", ["P-2025-0000331"]),
    ],
)
def test_receipt_numbers_said_with_detours(
    finder: EntityFinder, text: str, expected: list[str]
) -> None:
    found = find_receipts(digitise(normalise(text)), about_receipts=True, year=2026)
    assert [value for _, _, value in found] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("서데문구 긴급 문자 신청이요", ["서대문구"]),
        ("은펑구 알림", ["은평구"]),
        ("알림을 종로구 아니 중구로 바꿔 주세요", ["중구"]),
        ("마포구에서 용산구로 이사했어요", ["용산구"]),
        ("for Nowon-gu now not for Jung-gu any more", ["노원구"]),
        ("강북삼성병원 앞 택시 줄", []),
        ("江南站出口有很多垃圾", []),
        ("구로 시작하는 끝말잇기", []),
        ("새 친구 연구 야구", []),
    ],
)
def test_districts_mistyped_replaced_and_only_seeming(
    finder: EntityFinder, text: str, expected: list[str]
) -> None:
    assert values(finder, text, "subscribe_alerts", "district") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("제가 한글은 읽을 줄 몰라서 중국어가 편해요", ["zh"]),
        ("stop writing in korean i only get english", ["en"]),
        ("my Korean is terrible, English please", ["en"]),
        ("한국어 → 日本語", ["ja"]),
        ("배트남어로 바꿔주세요", ["vi"]),
        ("못 일어나요", []),
    ],
)
def test_the_language_that_is_wanted(finder: EntityFinder, text: str, expected: list[str]) -> None:
    assert values(finder, text, "change_language", "language") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("打四颗星", "4"), ("최하점 드립니다", "1"), ("lowest rating possible", "1"),
     ("byeoljeom daseot gae", "5"), ("별 two개", "2")],
)  # fmt: skip
def test_scores_in_other_words(finder: EntityFinder, text: str, expected: str) -> None:
    assert values(finder, text, "rate_service", "rating") == [expected]


def test_a_school_menu_in_english_asks_for_no_language(finder: EntityFinder) -> None:
    assert values(finder, "급식표가 영어로도 있으면 좋겠어요", "file_petition", "language") == []


@pytest.mark.parametrize("year", [2026, 2027, 2031])
def test_a_year_alone_is_no_number_in_any_later_year(year: int) -> None:
    text = "접수번호가 P 2026 어쩌고였는데 까먹었어요"
    assert find_receipts(digitise(normalise(text)), about_receipts=True, year=year) == []
    found = find_receipts(digitise(normalise("P 2105 어떻게 됐어요")), True, year)
    assert [value for _, _, value in found] == [f"P-{year}-0002105"]
