"""Yes and no in five languages, and what a talk's language follows."""

import pytest

from bot import answers
from bot.flows.petition import words
from bot.tongues import first, follows, short_answer


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("好的，请提交吧", "yes"), ("没问题", "yes"), ("はい、それでお願いします", "yes"),
        ("受け付けてください", "yes"), ("dạ vâng, gửi đi ạ", "yes"), ("đúng rồi", "yes"),
        ("不用了，谢谢", "no"), ("いいえ、違います", "no"), ("dạ không", "no"),
        ("không phải", "no"), ("你好", None), ("不是市场旁边，是小学旁边", None), ("ok", None),
    ],
)  # fmt: skip
def test_a_short_answer_abroad(said: str, meant: str | None) -> None:
    assert short_answer(said) == meant


@pytest.mark.parametrize(
    "said",
    ["roger", "ok sir thank you please do", "cool, file the fridge thing", "sounds fair, submit it",
     "never mind just file it", "ne jeopsuhae juseyo", "ㅇㅋ go", "i confirm"],
)  # fmt: skip
def test_consent_in_many_words(said: str) -> None:
    assert answers.says_yes(said) or answers.agrees_at_length(said)


@pytest.mark.parametrize(
    "said", ["go back", "send the report to the mayor", "file my complaint about Mapo", "i do not"]
)
def test_what_only_begins_like_consent(said: str) -> None:
    assert not answers.says_yes(said)
    assert not answers.agrees_at_length(said)


def test_a_short_english_sentence_is_followed_and_a_name_is_not() -> None:
    assert follows("ko", "en", "I want to vote", understood=True)
    assert not follows("ko", "en", "Itaewon-ro 27", understood=True)
    assert first(None, "ko", "hello", "ko") == "en"
    assert first("ko", "ko", "hello", "ko") == "ko"


@pytest.mark.parametrize("said", ["what happens next", "where is P-2026-0000001", "what is this"])
def test_a_question_names_no_field(said: str) -> None:
    assert words.FIELD.match(said) is None


@pytest.mark.parametrize(
    "said",
    ["forget I asked", "Never mind then", "oh forget i said anything", "nvm", "scrap that please",
     "ok drop it", "don't bother", "I changed my mind", "算了吧", "忘れてください", "thôi bỏ đi"],
)  # fmt: skip
def test_what_is_to_be_forgotten(said: str) -> None:
    assert answers.drops_it(said)


@pytest.mark.parametrize(
    "said",
    ["never mind the place, it's exit 3", "leave it at the desk?", "I forgot my receipt number",
     "they dropped it on the road", "skip the queue at the office"],
)  # fmt: skip
def test_what_is_not_to_be_forgotten(said: str) -> None:
    assert not answers.drops_it(said)


@pytest.mark.parametrize(
    ("said", "none"),
    [
        ("=1+1", True), ("<>", True), ("=SUM(A1:A9)", True), ("???", False), ("3", False),
        ("@home there is a leak", False), ("010-1234-5678", False), ("1/2", True),
    ],
)  # fmt: skip
def test_signs_alone_are_no_wish(said: str, none: bool) -> None:
    assert answers.only_signs(said) is none


@pytest.mark.parametrize(
    ("said", "wants"),
    [
        ("I want to report it", True), ("I'd like to make a complaint", True),
        ("i wanna report something", True), ("I need to report", True),
        ("I want to report a change of address", False),
        ("do I have to report to the office", False),
    ],
)  # fmt: skip
def test_the_wish_to_file_in_english(said: str, wants: bool) -> None:
    assert (words.WANTS_TO_FILE.search(said) is not None) is wants
