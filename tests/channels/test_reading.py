"""How numbers, codes and letters are read aloud."""

import pytest

from channels.reading import digits, read_aloud


@pytest.mark.parametrize(
    ("number", "language", "said"),
    [
        ("P-2026-0000123", "ko", "이공이육, 공공공, 공일이삼"),
        ("P-2026-0000123", "en", "two zero two six, zero zero zero, zero one two three"),
        ("010-1234-5678", "ko", "공일공, 일이삼사, 오육칠팔"),
        ("123", "ko", "일이삼"),
        ("12345678", "ko", "일이삼사, 오육칠팔"),
        ("없음", "ko", ""),
        ("٣4", "ko", "사"),
    ],
)
def test_digits_are_read_in_groups(number: str, language: str, said: str) -> None:
    assert digits(number, language) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("접수번호는 P-2026-0000123이에요.", "접수번호는 이공이육, 공공공, 공일이삼이에요."),
        ("120에 전화하세요.", "일이공에 전화하세요."),
        ("불이 나면 119, 범죄는 112로.", "불이 나면 일일구, 범죄는 일일이로."),
        ("문의 02-120.", "문의 공이, 일이공."),
        ("1588-8650으로 연락하세요.", "일오팔팔, 팔육오공으로 연락하세요."),
        ("120 cm 길이예요.", "120 센티미터 길이예요."),
        ("2026-07-15까지예요.", "2026년 7월 15일까지예요."),
        ("14:30에 시작해요.", "오후 두 시 30분에 시작해요."),
        ("00:00, 12:00, 24:00", "밤 열두 시, 낮 열두 시, 밤 열두 시"),
        ("18시까지, 24시간 열어요.", "오후 여섯 시까지, 24시간 열어요."),
        ("민원 3건, 15개, 21명", "민원 세 건, 열다섯 개, 21명"),
        ("CCTV와 QR코드", "씨씨티브이와 큐알코드"),
        ("B동 GS25 앞", "비동 지에스25 앞"),
        ("COVID-19", "COVID-19"),
        ("SMS로 보내드려요.", "문자로 보내드려요."),
        ("번호는 S-A7KQ2M9XWPZ4예요.", "번호는 예요."),
        ("kim@seoul.go.kr로", " 로"),
        ("Starbucks 앞", "Starbucks 앞"),
        ("11월 23일(월)까지", "11월 23일 월요일까지"),
    ],
)
def test_korean(written: str, said: str) -> None:
    assert read_aloud(written, "ko") == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Call 119 now.", "Call one one nine now."),
        ("120 people came at 14:30.", "120 people came at 2:30 PM."),
        ("Open 09:00 until 2026-07-15", "Open 9 AM until July 15, 2026"),
        ("Number P-2026-0000123.", "Number two zero two six, zero zero zero, zero one two three."),
        ("Not a date: 2026-13-01", "Not a date: 2026-13-01"),
        ("CCTV stays", "CCTV stays"),
    ],
)
def test_english(written: str, said: str) -> None:
    assert read_aloud(written, "en") == said
