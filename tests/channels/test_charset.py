"""What networks can't write: exchanged where it is harmless, shown where it is not."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.charset import MISSING, for_gsm, for_korea
from channels.segments import SMS_BYTES, cp949_length, encoding_of, measure, split_domestic

unhurried = settings(deadline=None)
WORDS = st.characters(codec="cp949", exclude_categories=("Zs", "Cc"))
ANY = st.text(alphabet=st.characters(codec="utf-8"), max_size=200)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("똠방각하 뷁 鍾路 ※☎㎡…“” ①½™", "똠방각하 뷁 鍾路 ※☎㎡…“” ①½™"),
        ("9–18시 — 안내", "9-18시 - 안내"),
        ("café Müller ñandú", "cafe Muller nandu"),
        ("Bạn cần nộp đơn ở đâu?", "Ban can nop đon o đau?"),
        ("a\u00a0b\u200bc\ufeff", "a bc"),
        ("¥5 £6 ₩7", "￥5 ￡6 ￦7"),
        ("1️⃣ 하나", "1 하나"),
        ("접수했어요 😀👍🏽 끝", "접수했어요 □□ 끝"),
        ("👨‍👩‍👧 가족", "□ 가족"),
        (unicodedata.normalize("NFD", "각하"), "각하"),
        ("\u1112\u119e\u11ab", "ㅎㆍㄴ"),
        ("ﾡ", "ㄱ"),
        ("가\u0301", "가"),
        ("", ""),
    ],
)
def test_a_korean_carrier_gets_what_it_can_write(text: str, written: str) -> None:
    assert for_korea(text).text == written


@pytest.mark.parametrize(
    ("text", "lost", "legible"),
    [
        ("네 😀", 1, True),  # the word is there
        ("😀", 1, True),  # and here nothing was said but the box
        ("区청에 가세요", 1, True),
        ("请问区政府怎么走", 5, False),
        ("مرحبا", 5, False),
        ("สวัสดี", 4, False),
        ("어디예요?", 0, True),
        ("", 0, True),
    ],
)
def test_what_is_left_of_another_script_is_not_sent(text: str, lost: int, legible: bool) -> None:
    written = for_korea(text)
    assert (written.lost, written.legible) == (lost, legible)
    assert written.text.count(MISSING) == lost


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("It’s open 9–6… “now”", 'It\'s open 9-6... "now"'),
        ("• one\n• two", "- one\n- two"),
        ("naïve – ê", "naïve – ê"),  # one letter needs UCS-2 anyway: nothing is exchanged
        ("가–나", "가–나"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_one_dash_does_not_halve_a_message(text: str, written: str) -> None:
    assert for_gsm(text) == written


@unhurried
@given(ANY)
def test_all_that_is_written_can_be_encoded(text: str) -> None:
    written = for_korea(text)
    assert len(written.text.encode("cp949")) == cp949_length(written.text)
    assert for_korea(written.text).text == written.text
    assert 0 <= written.lost_letters <= min(written.lost, written.letters)


@unhurried
@given(st.text(alphabet=st.characters(codec="cp949"), max_size=100))
def test_what_can_be_encoded_stays(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    written = for_korea(text)
    assert (written.text, written.lost) == (composed, 0) or composed != text


@unhurried
@given(ANY)
def test_gsm_never_costs_more(text: str) -> None:
    written = for_gsm(text)
    assert written == text or encoding_of(written) == "gsm7"
    assert measure(written).segments <= measure(text).segments


@unhurried
@given(
    st.text(alphabet=st.characters(codec="cp949", exclude_categories=("Zs", "Cc")), max_size=1800)
)
def test_domestic_parts_join_again_and_fit(text: str) -> None:
    form, parts = split_domestic(text)
    assert "".join(parts) == text
    assert form == ("SMS" if cp949_length(text) <= SMS_BYTES else "LMS")
    assert all(cp949_length(part) <= (90 if form == "SMS" else 2000) for part in parts)


@pytest.mark.parametrize(
    ("text", "form", "sizes"),
    [
        ("가" * 45, "SMS", [90]),
        ("가" * 45 + "a", "LMS", [91]),
        ("a" * 90, "SMS", [90]),
        ("가" * 1000, "LMS", [2000]),
        ("a" + "가" * 1000, "LMS", [1999, 2]),  # no syllable is torn
        ("가나 다라. " * 250, "LMS", [1991, 759]),  # after a sentence
        (" \n", "SMS", []),
        ("", "SMS", []),
    ],
)
def test_domestic_forms(text: str, form: str, sizes: list[int]) -> None:
    found, parts = split_domestic(text)
    assert (found, [cp949_length(part) for part in parts]) == (form, sizes)
