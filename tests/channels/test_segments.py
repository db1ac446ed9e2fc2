"""Lengths on the air and cuts: known values of the standards, and laws that hold for any text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.segments import (
    bodies,
    clusters,
    cp949_length,
    encoding_of,
    measure,
    septets,
    split,
    utf16_units,
)

# A busy machine is no fault of the code.
unhurried = settings(deadline=None)

FAMILY = "👨‍👩‍👧"
KOREA = "🇰🇷"
OLD_SYLLABLE = "\u1112\u119e\u11ab"  # three jamo that are one syllable

# Everything that may be torn: marks, joiners, flags, jamo, right-to-left, escapes, line ends.
texts = st.lists(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(
            [FAMILY, KOREA, OLD_SYLLABLE, "e\u0301", "👍🏽", "\r\n", "€", "각", " ", "ﷺ"]
        ),
    ),
    max_size=400,
).map("".join)
gsm_texts = st.text(alphabet="abc ÄñΔ\n€[]{}\\~^|@_", max_size=700)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "gsm7", 0, 0),
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("a" * 306, "gsm7", 306, 2),
        ("a" * 307, "gsm7", 307, 3),
        ("€" * 80, "gsm7", 160, 1),
        # 76 escapes and their signs fill 152 of 153 septets; the 77th may not be torn.
        ("€" * 81, "gsm7", 162, 2),
        ("a" + "€" * 152, "gsm7", 305, 2),
        ("€" * 153, "gsm7", 306, 3),
        ("가" * 70, "ucs2", 70, 1),
        ("가" * 71, "ucs2", 71, 2),
        ("가" * 134, "ucs2", 134, 2),
        ("가" * 135, "ucs2", 135, 3),
        ("😀" * 35, "ucs2", 70, 1),
        # 33 pairs fill 66 of 67 units.
        ("😀" * 67, "ucs2", 134, 3),
        ("a" * 70 + "–", "ucs2", 71, 2),
        ("`", "ucs2", 1, 1),
        ("@£$ÅåÆ¿\f", "gsm7", 9, 1),
    ],
)
def test_size(text: str, encoding: str, units: int, segments: int) -> None:
    size = measure(text)
    assert (size.encoding, size.units, size.segments) == (encoding, units, segments)


@pytest.mark.parametrize(
    ("text", "length"),
    [("abc", 3), ("가" * 45, 90), ("똠뷁", 4), ("※ ☎ 120", 9), ("鍾路", 4), ("종로3가", 7)],
)
def test_cp949_length(text: str, length: int) -> None:
    assert cp949_length(text) == length


@pytest.mark.parametrize("text", ["请", "ế", "é", "–", "😀", "区"])
def test_no_place_in_cp949(text: str) -> None:
    with pytest.raises(UnicodeEncodeError):
        cp949_length(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (FAMILY + KOREA * 2, [FAMILY, KOREA, KOREA]),
        ("👍🏽!", ["👍🏽", "!"]),
        (OLD_SYLLABLE + "가", [OLD_SYLLABLE, "가"]),
        ("\u1100\u1161\u11a8\u1100", ["\u1100\u1161\u11a8", "\u1100"]),
        ("e\u0301a\r\nb", ["e\u0301", "a", "\r\n", "b"]),
        ("각\u11a8", ["각\u11a8"]),
        ("가\u11a8", ["가\u11a8"]),
        ("1️⃣2", ["1️⃣", "2"]),
    ],
)
def test_clusters(text: str, parts: list[str]) -> None:
    assert list(clusters(text)) == parts


def test_a_cut_falls_at_a_pause() -> None:
    text = "첫 문장이에요. 둘째 문장이에요. 셋째도"
    assert split(text, 12, len) == ["첫 문장이에요. ", "둘째 문장이에요. ", "셋째도"]
    assert split("하나\n둘 셋 넷", 6, len) == ["하나\n둘 ", "셋 넷"]
    assert split("가" * 25, 10, len) == ["가" * 10, "가" * 10, "가" * 5]


def test_a_cluster_longer_than_a_part_is_cut_all_the_same() -> None:
    text = "a" + "\u0301" * 25
    parts = split(text, 10, len)
    assert "".join(parts) == text
    assert max(map(len, parts)) == 10


def test_bodies_are_never_blank() -> None:
    assert bodies(" " * 50, 10) == []
    assert bodies("", 10) == []
    assert bodies("가나 " + " " * 50, 10) == ["가나" + " " * 8]


@unhurried
@given(texts, st.integers(min_value=2, max_value=80))
def test_parts_join_again_and_fit(text: str, limit: int) -> None:
    parts = split(text, limit, utf16_units)
    assert "".join(parts) == text
    assert all(0 < utf16_units(part) <= limit for part in parts)
    ends = {0}
    for cluster in clusters(text):
        ends.add(max(ends) + len(cluster))
    at = 0
    longest = max((utf16_units(cluster) for cluster in clusters(text)), default=0)
    for part in parts:
        at += len(part)
        assert at in ends or longest > limit


@unhurried
@given(texts)
def test_units_are_the_encoders(text: str) -> None:
    assert utf16_units(text) == len(text.encode("utf-16-le")) // 2
    assert "".join(clusters(text)) == text


@unhurried
@given(gsm_texts)
def test_gsm_segments_are_counted_as_a_phone_fills_them(text: str) -> None:
    assert encoding_of(text) == "gsm7"
    filled, segments = 0, 1
    for character in text:  # an escape and its character stay in one segment
        if filled + septets(character) > 153:
            filled, segments = 0, segments + 1
        filled += septets(character)
    assert measure(text).segments == (segments if septets(text) > 160 else min(len(text), 1))


@unhurried
@given(st.text(alphabet=st.characters(codec="cp949"), max_size=200))
def test_cp949_bytes_are_the_encoders(text: str) -> None:
    assert cp949_length(text) == len(text.encode("cp949"))
    # Hangul and other wide characters are two bytes, ASCII one.
    assert cp949_length(text) == sum(1 if ord(c) < 0x80 else 2 for c in text)
