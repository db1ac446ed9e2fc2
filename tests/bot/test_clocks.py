"""Spans of the day in the ways people say them."""

from datetime import time

import pytest

from bot import clocks


@pytest.mark.parametrize(
    ("said", "begins", "ends"),
    [
        ("밤 10시부터 아침 7시까지는 보내지 마세요", "22:00", "07:00"),
        ("조용한 시간 22시~7시", "22:00", "07:00"),
        ("오후 11시부터 오전 6시 반까지", "23:00", "06:30"),
        ("밤 12시부터 6시", "00:00", "06:00"),
        ("quiet 22-7", "22:00", "07:00"),
        ("from 10pm to 6:30 am", "22:00", "06:30"),
        ("晚上10点到早上7点", "22:00", "07:00"),
        ("夜10時から朝7時", "22:00", "07:00"),
        ("từ 22 giờ đến 7 giờ", "22:00", "07:00"),
    ],
)
def test_a_span_is_read(said: str, begins: str, ends: str) -> None:
    assert clocks.span(said) == (time.fromisoformat(begins), time.fromisoformat(ends))


@pytest.mark.parametrize("said", ["마포구 1번", "22시부터 22시까지", "99시부터 7시", "조용히", ""])
def test_no_span_is_made_up(said: str) -> None:
    assert clocks.span(said) is None
