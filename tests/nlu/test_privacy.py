"""Identifiers that may not be kept are masked before anything else happens."""

import pytest

from nlu.privacy import mask_identifiers


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("주민번호는 900101-1234567 입니다", "주민번호는 ******-******* 입니다"),
        ("9001011234567", "*************"),
        ("９００１０１－１２３４５６７", "******－*******"),
        ("외국인 850505 5123456", "외국인 ****** *******"),
        ("카드 4539 1488 0343 6467 로", "카드 **** **** **** **** 로"),
        ("여권 M12345678", "여권 *********"),
        ("면허 11-22-333333-44", "면허 **-**-******-**"),
        ("계좌 110-123-456789로", "계좌 ***-***-******로"),
    ],
)
def test_identifiers_become_asterisks(text: str, masked: str) -> None:
    assert mask_identifiers(text) == (masked, True)


@pytest.mark.parametrize(
    "text",
    [
        "구공공일공일에 일이삼사오육칠이요",
        "nine zero zero one zero one one two three four five six seven",
    ],
)
def test_spoken_identifiers_are_found(text: str) -> None:
    masked, found = mask_identifiers(text)
    assert found
    assert not any(word in masked for word in ("삼사오", "three"))


@pytest.mark.parametrize(
    "text",
    [
        "P-2026-0000123 민원 010-1234-5678",
        "접수번호 20260000123 결과",
        "2026-11-22 13:00",
        "991399-1234567",
        "1234567890123456",
        "가로등 고장",
        "",
    ],
)
def test_what_may_be_kept_stays(text: str) -> None:
    assert mask_identifiers(text) == (text, False)
