"""Whether a provider works: a breaker that opens fast and asks again with a single message.

Each process finds out for itself: it takes a handful of failures, and needs nobody else to be up.
"""

import time
from collections.abc import Callable

FAILURES = 8  # in a row; with a fifth of all sends failing by chance this is one in 400,000
FIRST_SECONDS = 1.0
LONGEST_SECONDS = 15.0


class Breaker:
    """The health of one provider, as its answers tell."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._in_a_row = 0
        self._pause = FIRST_SECONDS
        self._since: float | None = None
        self._ask_at = 0.0
        self._asking = False

    def admits(self, wanted: int) -> int:
        """Return how many of `wanted` messages may be sent now.

        While it is open that is none, and one when it is time to ask again.
        """
        if self._since is None:
            return wanted
        if not wanted or self._clock() < self._ask_at:
            return 0
        # A question that gets no answer is not the last one.
        self._asking, self._ask_at = True, self._clock() + self._pause
        return 1

    @property
    def is_open(self) -> bool:
        """Whether messages had better not go this way now."""
        return self._since is not None

    @property
    def asks(self) -> bool:
        """Whether it is open, and time to ask again with a single message."""
        return self._since is not None and self._clock() >= self._ask_at

    def wait(self) -> float:
        """Return the seconds until it asks again; 0 while it is closed."""
        return 0.0 if self._since is None else max(0.0, self._ask_at - self._clock())

    def outage(self) -> float:
        """Return for how many seconds it has been open; 0 while it is closed."""
        return 0.0 if self._since is None else self._clock() - self._since

    def note(self, *, works: bool) -> None:
        """Take the outcome of one send."""
        if works:
            self._in_a_row, self._pause, self._since, self._asking = 0, FIRST_SECONDS, None, False
            return
        self._in_a_row += 1
        now = self._clock()
        if self._since is None:
            if self._in_a_row >= FAILURES:
                self._since, self._ask_at = now, now + self._pause
        elif self._asking:
            # Messages that were under way before the question tell nothing new.
            self._pause, self._asking = min(self._pause * 2, LONGEST_SECONDS), False
            self._ask_at = now + self._pause
