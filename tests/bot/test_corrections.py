"""What is taken back, and what is said instead; a yes is a yes alone."""

import pytest

from bot import answers, several
from bot.corrections import read
from bot.flows.petition import words


@pytest.mark.parametrize(
    ("said", "wrong", "right"),
    [
        ("10번이 아니라 12번 출구예요", "10번", "12번 출구"),
        ("마포구 아니고 용산구요", "마포구", "용산구"),
        ("아니요 마포구가 아니라 용산구예요", "마포구", "용산구"),
        ("네 근데 87이 아니라 89예요", "87", "89"),
        ("가로등을 신호등으로 바꿔 주세요", "가로등", "신호등"),
        ("not Mapo, Yongsan", "Mapo", "Yongsan"),
        ("Yongsan, not Mapo", "Mapo", "Yongsan"),
        ("아 내용이 틀렸네 주차가 아니라 노점상이요", "주차", "노점상"),
        ("it's not exit 3, it's exit 5", "exit 3", "exit 5"),
        ("change exit 3 to exit 5", "exit 3", "exit 5"),
        ("wait no, it was Noksapyeong not Samgakji", "Samgakji", "Noksapyeong"),
        ("hang on it's exit 5, not exit 3", "exit 3", "exit 5"),
        ("不是3号口，是5号口", "3号口", "5号口"),
        ("3番出口ではなく5番出口です", "3番出口", "5番出口"),
        ("không phải ga Hapjeong mà là ga Mangwon", "ga Hapjeong", "ga Mangwon"),
    ],
)
def test_a_correction_is_read(said: str, wrong: str, right: str) -> None:
    found = read(said)
    assert found is not None
    assert (found.wrong, found.right) == (wrong, right)


def test_the_right_words_take_the_place_of_the_wrong_ones() -> None:
    found = read("10번이 아니라 12번 출구")
    assert found is not None
    assert found.mend("강남역 10번 출구 앞") == "강남역 12번 출구 앞"
    assert found.mend("강남역 3번 출구 앞") is None


def test_the_particle_behind_a_mended_word_fits_it() -> None:
    found = read("의자가 아니라 난간이요")
    assert found is not None
    assert found.mend("역 앞에 의자가 부서졌어요") == "역 앞에 난간이 부서졌어요"


@pytest.mark.parametrize(
    ("said", "asks"),
    [
        ("아까 그 노점상 접수해 주세요", True),
        ("이대로 접수할게요", True),
        ("가로등도 접수해 주세요", False),
        ("접수하지 마세요", False),
    ],
)
def test_who_points_back_and_asks_to_file_says_yes(said: str, asks: bool) -> None:
    assert words.asks_to_file(said, "도봉산역 앞에 노점상들이 인도를 막고 있어요") is asks


@pytest.mark.parametrize(
    ("said", "more"),
    [
        ("내용에 먼지도 심하다고 추가해주세요", "먼지도 심하다"),
        ("그리고 냄새도 심하다고 적어 주세요", "냄새도 심하다"),
        ("네 접수해 주세요", None),
    ],
)
def test_what_is_to_be_put_in_is_found(said: str, more: str | None) -> None:
    assert words.added(said) == more


@pytest.mark.parametrize("said", ["가로등이 꺼졌어요", "네", "용산구예요", "There is a pothole"])
def test_other_words_correct_nothing(said: str) -> None:
    assert read(said) is None


@pytest.mark.parametrize(
    "said",
    ["네", "네네", "네, 접수해 주세요", "ㅇㅇ", "그렇게 해 주세요", "yes please", "file it", "OK!"],
)
def test_a_yes(said: str) -> None:
    assert answers.says_yes(said)


@pytest.mark.parametrize(
    "said", ["네?", "네 근데 89예요", "아니요", "", "어디요", "yes but exit 5"]
)
def test_no_yes(said: str) -> None:
    assert not answers.says_yes(said)


def test_a_long_row_of_yeses_is_read_at_once() -> None:
    assert not answers.says_yes("네" * 5000 + "x")
    assert answers.says_no("아니요 " * 1000)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("가로등이 꺼졌어요. 그리고 투표도 하고 싶어요", 2),
        ("There is a pothole. Also, I want to vote.", 2),
        ("민원도 넣고 투표도 하고 싶어요", 2),
        ("가로등이 꺼졌어요", 1),
    ],
)
def test_sentences_of_a_message(text: str, parts: int) -> None:
    assert len(several.split(text)) == parts


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("김민수", "김민수"),
        ("김민수요", "김민수"),
        ("제 이름은 홍길동입니다", "홍길동"),
        ("John Smith", "John Smith"),
        ("감사합니다", None),
        ("가로등", None),
        ("네", None),
        ("이상해요", None),
    ],
)
def test_a_name_looks_like_one(said: str, name: str | None) -> None:
    assert words.name_in(said) == name


def test_other_peoples_data_is_masked() -> None:
    masked, found = words.without_persons("김철수 씨 010-1234-5678 a@b.kr 차는 12가3456")
    assert found
    assert masked == "김○○ 씨 ***-****-**** ***@*** 차는 12가3456"
    assert words.without_persons("아저씨가 시끄러워요") == ("아저씨가 시끄러워요", False)


@pytest.mark.parametrize(
    ("said", "pauses"),
    [
        ("잠깐만 이따가 다시 할게", True),
        ("나중에 할게요", True),
        ("그만할래요", False),
        ("나중에 언제 답 와요?", False),
    ],
)
def test_who_puts_it_off_does_not_give_it_up(said: str, pauses: bool) -> None:
    assert answers.wants_a_pause(said) is pauses


@pytest.mark.parametrize(("sign", "yes"), [("👍", True), ("👌🏻", True), ("👎", False)])
def test_a_thumb_says_yes_or_no(sign: str, yes: bool) -> None:
    assert (answers.says_yes(sign), answers.says_no(sign)) == (yes, not yes)
