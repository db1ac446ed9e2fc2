"""One plain form of what people type, with the place of every character kept."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.language import find_language_names, identify
from nlu.normalise import fingerprint, jamo, normalise, plain
from nlu.romanised import to_hangul
from nlu.spelling import Speller


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("ＡＢＣ　１２３", "abc 123"),
        ("②번", "2번"),
        ("  두   칸\n줄 ", "두 칸 줄"),
        ("ㅋㅋㅋㅋㅋㅋ", "ㅋㅋ"),
        ("네에에에에!!!!", "네에에!!"),
        ("0000123", "0000123"),
        ("영영영영일이삼", "영영영영일이삼"),
        ("⭐⭐⭐⭐", "⭐⭐⭐⭐"),
        (unicodedata.normalize("NFD", "마포구"), "마포구"),
        ("a\u200bb\ufeff", "ab"),
        ("\ud800x", "x"),
        ("", ""),
    ],
)
def test_typing_habits_end_in_one_form(typed: str, expected: str) -> None:
    assert plain(typed) == expected


@given(st.text(max_size=60))
def test_every_character_knows_where_it_came_from(text: str) -> None:
    form = normalise(text)
    assert len(form.text) == len(form.starts) == len(form.ends)
    assert list(form.starts) == sorted(form.starts)
    for i in range(len(form.text)):
        start, end = form.source_span(i, i + 1)
        assert 0 <= start < end <= len(text)


def test_a_span_leads_back_to_the_source() -> None:
    source = unicodedata.normalize("NFD", "서울 마포구") + "!"
    form = normalise(source)
    start = form.text.index("마포구")
    first, last = form.source_span(start, start + 3)
    assert unicodedata.normalize("NFC", source[first:last]) == "마포구"


def test_fingerprints_ignore_spaces_signs_and_case() -> None:
    assert fingerprint("투표 목록!") == fingerprint("투표목록")
    assert fingerprint("STOP.") == fingerprint("stop")
    assert fingerprint("ㅇㅇ") != fingerprint("ㄴㄴ")


def test_letters_of_syllables() -> None:
    assert jamo("깜깜a") == "ㄲㅏㅁㄲㅏㅁa"


@pytest.mark.parametrize(
    ("text", "hint", "expected"),
    [
        ("가로등이 고장났어요", "en", "ko"),
        ("the street light is broken", "ko", "en"),
        ("우리 building 앞 street light 꺼졌어요", None, "ko"),
        ("there is a big pothole near 망원시장 please fix", None, "en"),
        ("请问护照在哪里办", None, "zh"),
        ("ゴミの捨て方を教えて", None, "ja"),
        ("đèn đường bị hỏng", None, "vi"),
        ("toi muon hoi ve rac", None, "vi"),
        ("tupyo hago sipeoyo", None, "ko"),
        ("ㅇㅇ", "en", "ko"),
        ("2", "en", "en"),
        ("P-2026-0000123", "ja", "ja"),
        ("ok", "ko", "ko"),
        ("hello", None, "en"),
        ("", None, "ko"),
    ],
)
def test_the_language_of_a_message_is_its_own(text: str, hint: str | None, expected: str) -> None:
    assert identify(plain(text), hint) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("영어로 해주세요", ["en"]),
        ("영어 말고 한국어요", ["ko"]),
        ("I can't read Korean, English please", ["en"]),
        ("请用中文", ["zh"]),
        ("set lang ja", ["ja"]),
        ("외국어로 바꿔 주세요", []),
    ],
)
def test_the_wanted_language_is_found(text: str, expected: list[str]) -> None:
    assert [code for _, _, code in find_language_names(plain(text), asked_for=True)] == expected


def test_outside_a_change_of_language_people_are_not_languages() -> None:
    def names(text: str) -> list[str]:
        return [code for _, _, code in find_language_names(plain(text), asked_for=False)]

    assert names("is there a guide in Chinese") == ["zh"]
    assert names("my korean roommate is loud") == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("tupyo hago sipeoyo", "투표 하고 싶어요"),
        ("annyeonghaseyo", "안녕하세요"),
        ("gamsahamnida", "감사합니다"),
        ("are you open today", None),
        ("i want to vote", None),
        ("no", None),
    ],
)
def test_romanised_korean_is_spelled_out(typed: str, expected: str | None) -> None:
    assert to_hangul(typed) == expected


def test_small_slips_are_mended_towards_known_words() -> None:
    speller = Speller({"ambulance": 9, "help": 20, "petition": 8, "petiton": 1, "mapo": 1})
    assert speller.mend("ambulence") == "ambulance"
    assert speller.mend("hlep") == "help"
    assert speller.mend("petiton") == "petition"
    assert speller.mend("mapo") == "mapo"
    assert speller.mend("tornado") == "tornado"
