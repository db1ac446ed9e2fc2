"""Naming a poll or an option in part, by number word, or as the last of a list."""

import pytest

from backend.seed import DEMO_POLLS
from bot import naming

POLLS = [list(poll.title.values()) for poll in DEMO_POLLS]
OPTIONS = [list(option.values()) for option in DEMO_POLLS[1].options]


@pytest.mark.parametrize(
    ("said", "candidates", "place"),
    [
        ("공원 투표할래", POLLS, 1),
        ("심야버스", POLLS, 0),
        ("night bus", POLLS, 0),
        ("투표할래요", POLLS, None),
        ("놀이터로 할게요", OPTIONS, 2),
        ("그늘이랑 의자", OPTIONS, 1),
        ("brighter lights", OPTIONS, 0),
        ("조명하고 놀이터", OPTIONS, 2),
        ("잘 모르겠어요", OPTIONS, None),
    ],
)
def test_what_is_named_is_found(said: str, candidates: list[list[str]], place: int | None) -> None:
    assert naming.named(said, candidates) == place


@pytest.mark.parametrize(
    ("said", "number"),
    [("이번", 2), ("삼번이요", 3), ("첫 번째", 1), ("number two", 2), ("第二个", 2), ("네", None),
     ("이", None), ("이번 주에 할게요", None), ("second one please", 2)],
)  # fmt: skip
def test_a_number_is_heard_in_words(said: str, number: int | None) -> None:
    assert naming.number(said) == number


def test_the_last_one() -> None:
    assert naming.is_last("마지막 거요")
    assert naming.is_last("the last one")
    assert not naming.is_last("마지막으로 하나만 더 물어볼게요 어디로 가야 하나요")


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("explain poll 2", 2), ("what is the second vote about", 2), ("2번 투표는 뭐예요", 2),
        ("poll number one", 1), ("第二个投票是什么", 2), ("phiếu số 1 là gì", 1),
        ("the vote about parks", None), ("I want to vote", None),
    ],
)  # fmt: skip
def test_a_poll_by_its_number(said: str, number: int | None) -> None:
    assert naming.numbered(said, "vote|poll|투표|投票|phiếu") == number
