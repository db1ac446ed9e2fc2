"""The breaker: it opens fast, asks with one message, and closes at the first good answer."""

import random

from backend.delivery.health import FAILURES, FIRST_SECONDS, LONGEST_SECONDS, Breaker


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        breaker.note(works=False)
    return breaker


def test_it_opens_after_a_handful_of_failures_in_a_row() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(FAILURES - 1):
        breaker.note(works=False)
    assert breaker.admits(50) == 50
    breaker.note(works=False)
    assert (breaker.admits(50), breaker.is_open) == (0, True)
    clock.now += 3
    assert breaker.outage() == 3


def test_one_message_asks_and_the_answer_decides() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += FIRST_SECONDS
    assert (breaker.admits(50), breaker.admits(50)) == (1, 0)
    breaker.note(works=True)
    assert (breaker.admits(50), breaker.is_open, breaker.wait()) == (50, False, 0)


def test_a_bad_answer_doubles_the_pause_up_to_a_bound() -> None:
    clock = Clock()
    breaker = opened(clock)
    waits = []
    for _ in range(8):
        clock.now += breaker.wait()
        assert breaker.admits(5) == 1
        breaker.note(works=False)
        waits.append(breaker.wait())
    assert waits[:3] == [2, 4, 8]
    assert waits[-1] == LONGEST_SECONDS


def test_messages_under_way_when_it_opened_do_not_lengthen_the_pause() -> None:
    breaker = opened(Clock())
    for _ in range(200):
        breaker.note(works=False)
    assert breaker.wait() == FIRST_SECONDS


def test_a_question_that_gets_no_answer_is_not_the_last() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += breaker.wait()
    assert breaker.admits(1) == 1
    clock.now += breaker.wait()
    assert breaker.admits(1) == 1


def test_a_fifth_of_all_sends_failing_by_chance_is_no_outage() -> None:
    dice, clock = random.Random(4), Clock()
    breaker = Breaker(clock)
    shut = 0
    for _ in range(20_000):
        breaker.note(works=dice.random() >= 0.2)
        shut += breaker.is_open
    assert shut <= 2
