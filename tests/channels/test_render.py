"""The forms of a reply: numbered lines for text, words and keys for a voice."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.message import Choice, Outgoing, Reply
from channels.render import (
    keyed,
    numbered,
    options,
    sentences,
    speakable,
    spoken,
    topic_particle,
    with_photo,
)

ROADS = (Choice("road", "도로 파손"), Choice("parking", "불법주차"))


def test_choices_are_lines_under_the_text() -> None:
    assert numbered("무엇인가요?", ROADS) == "무엇인가요?\n1. 도로 파손\n2. 불법주차"
    assert numbered("", ROADS) == "1. 도로 파손\n2. 불법주차"
    assert numbered("네.", ()) == "네."


def test_a_photo_is_a_link_where_there_are_only_words() -> None:
    link = "https://city.example/photos/1/full"
    assert (
        with_photo(Outgoing(1, "x", "이 양식이에요.", photo_url=link)) == f"이 양식이에요.\n{link}"
    )
    assert with_photo(Outgoing(1, "x", "", photo_url=link)) == link
    assert with_photo(Outgoing(1, "x", "네.")) == "네."


def test_numbers_that_are_ids_stay_the_keys() -> None:
    choices = (Choice("3", "찬성"), Choice("0", "상담사"))
    assert [key for key, _ in keyed(choices)] == ["3", "0"]
    assert numbered("", choices) == "3. 찬성\n0. 상담사"


@pytest.mark.parametrize(
    ("word", "particle"),
    [("불법주차", "는"), ("가로등", "은"), ("민원 1", "은"), ("민원 2", "는"), ("SMS", "는"),
     ("ARM", "은"), ("", "는")],
)  # fmt: skip
def test_particle(word: str, particle: str) -> None:
    assert topic_particle(word) == particle


def test_the_key_comes_after_the_option() -> None:
    reply = Reply("무엇을 신고하시겠어요?", ROADS)
    said = "무엇을 신고하시겠어요? 도로 파손은 1번, 불법주차는 2번."
    assert spoken(reply, "ko") == said
    english = Reply("What is it about?", (Choice("a", "a pothole"), Choice("b", "parking")))
    said = "What is it about? a pothole, press 1; parking, press 2."
    assert spoken(english, "en") == said


def test_the_spoken_form_wins() -> None:
    reply = Reply("접수번호: P-2026-0000001", spoken="접수번호는 이공이육, 공공공, 공공공일이에요.")
    assert spoken(reply, "ko") == "접수번호는 이공이육, 공공공, 공공공일이에요."


@pytest.mark.parametrize(
    ("written", "language", "said"),
    [
        ("자세히: https://news.seoul.go.kr/a?b=1 확인하세요", "ko", "자세히: 확인하세요."),
        ("eungdap.seoul.go.kr에서 보세요.", "ko", "에서 보세요."),
        ("**중요** [안내문](https://a.kr/1)을 보세요", "ko", "중요 안내문을 보세요."),
        ("접수했어요 😀👍🏽\n- 하나\n- 둘", "ko", "접수했어요. 하나. 둘."),
        ("운영: 09:00~18:00 (월~금)", "ko", "운영: 오전 아홉 시에서 오후 여섯 시 월에서 금."),
        ("Open 9~18, at 3℃!", "en", "Open 9 to 18, at 3 degrees!"),
        ("낮 최고 35℃예요.", "ko", "낮 최고 35도예요."),
        ("자세히 보기: www.seoul.go.kr", "ko", "자세히 보기."),
        ("한글 1.5배로 커졌어요.", "ko", "한글 1.5배로 커졌어요."),
        ("😀", "ko", ""),
    ],
)
def test_nothing_unspeakable_is_said(written: str, language: str, said: str) -> None:
    assert speakable(written, language) == said


def test_a_title_that_is_a_sentence_keeps_its_ending() -> None:
    choices = (Choice("yes", "네, 접수해 주세요"), Choice("no", "그만둘래요"), Choice("9", "상담"))
    assert options(choices, "ko") == "네, 접수해 주세요, 1번, 그만둘래요, 2번, 상담은 3번."
    assert options((), "ko") == ""


@pytest.mark.parametrize(
    ("said", "cut"),
    [
        ("하나예요. 둘이에요? 셋!", ["하나예요.", "둘이에요?", "셋!"]),
        ("1.5배예요.", ["1.5배예요."]),
        ("", []),
        ("가" * 450, ["가" * 200 + ".", "가" * 200 + ".", "가" * 50]),
        ("말이 " * 100, [("말이 " * 66).strip() + ".", ("말이 " * 34).strip()]),
    ],
)
def test_what_is_said_is_counted_by_sentences(said: str, cut: list[str]) -> None:
    assert sentences(said) == cut


@pytest.mark.parametrize("language", ["ko", "en"])
@given(text=st.text(max_size=400))
def test_a_voice_gets_only_what_it_can_read(text: str, language: str) -> None:
    said = speakable(
        text + " P-2026-0000123 https://a.kr/b?c=1 kim_a@seoul.go.kr [x](y) 😀", language
    )
    assert not re.search(r"://|[@\[\]<>{}|*_`#\U0001f600]|P-2026", said)
    assert said.endswith((".", "?", "!", ",", "…"))
    assert all(len(sentence) <= 201 for sentence in sentences(said))
