"""`eungdap` in a process whose own clock is wrong: SECONDS COMMAND...

Everything that Python asks for the time is wrong by so many seconds, from before the first import.
What measures durations is right, as it is on a machine whose clock was set wrong.
"""

import datetime
import sys
import time

OFF = float(sys.argv[1])
_now = time.time
_Right = datetime.datetime


class _AnyDatetime(type):
    def __instancecheck__(cls, it: object) -> bool:
        return isinstance(it, _Right)


class _Wrong(_Right, metaclass=_AnyDatetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
        return _Right.fromtimestamp(_now() + OFF, tz)

    @classmethod
    def utcnow(cls) -> datetime.datetime:  # type: ignore[override]
        return _Right.fromtimestamp(_now() + OFF, datetime.UTC).replace(tzinfo=None)


if __name__ == "__main__":
    time.time = lambda: _now() + OFF
    time.time_ns = lambda: int((_now() + OFF) * 1e9)
    datetime.datetime = _Wrong  # type: ignore[misc]
    sys.argv = ["eungdap", *sys.argv[2:]]
    from backend.cli import main

    main()
