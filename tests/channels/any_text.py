"""Texts of every kind that a door may meet, and how many of them a test tries.

`RANDOM_TEXTS` sets how many: `make test-faults` tries a thousand at each door.
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

TEXTS = settings(
    max_examples=int(os.environ.get("RANDOM_TEXTS", "60")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
marked = pytest.mark.texts

# What is torn easily: jamo that join, emoji of several characters, marks, right-to-left words,
# controls, markup, and the characters that cost two in GSM-7.
TEARABLE = (
    "가각힣ᄀ\u1161\u11a8ﾡㄱ똠😀\u200d👩👨\U0001f3fb🇰🇷é\u0301\u0323\u202e\u2067اب\ufdfa"
    "\x00\x1b\u2028\n\r\t{}[]<>&*_`~\\€^| .?!•…"
)
ANY = st.text(
    st.one_of(st.characters(codec="utf-8"), st.sampled_from(TEARABLE)),
    max_size=300,
)
# Ten kilobytes of all sorts.
LONG = st.builds(
    lambda unit, times: (unit * times).encode()[:10_240].decode("utf-8", "ignore"),
    ANY,
    st.integers(1, 60),
)
PLAIN = st.text(st.sampled_from("abcXYZ 0189.,?!@£$è\n{}[]€^|~\\"), max_size=2_000)
KOREAN = st.text(st.sampled_from("가나다라마바사아자차카타파하 .,?!\n1234똠햏"), max_size=3_000)
MESSAGES = ANY | LONG | PLAIN | KOREAN


def words(text: str) -> str:
    """Return `text` without its white space: a part that is nothing else is not sent."""
    return "".join(text.split())


def septets_of(text: str) -> int:
    """Return the septets of a GSM-7 text, counted apart from the code that is tested."""
    return sum(2 if character in "\f^{}\\[~]|€" else 1 for character in text)
