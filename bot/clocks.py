"""Spans of the day as people say them: "밤 10시부터 아침 7시까지", "10pm to 7am", "22-7"."""

import re
from datetime import time

_LATE = "오후|저녁|밤|pm|p\\.m\\.?|晚上|夜里|下午|夜|午後|tối|đêm|chiều"
_EARLY = "오전|아침|새벽|am|a\\.m\\.?|早上|凌晨|上午|朝|午前|sáng"
_NIGHT = re.compile(
    r"밤|자는|잘\s*(?:때|시간|땐)|잠|취침|수면|새벽|\bnight\b|sleep|晚|夜|đêm", re.IGNORECASE
)
_TIME = re.compile(
    rf"(?P<before>{_LATE}|{_EARLY})?\s*(?P<hour>\d{{1,2}}|자정|midnight)"
    rf"\s*(?:[:시点點時]\s*(?P<minute>\d{{2}}|반|半)?\s*분?|giờ|h\b|o'clock)?"
    rf"\s*(?P<after>{_LATE}|{_EARLY})?",
    re.IGNORECASE,
)
_KOREAN_HOURS = {
    "열두": "12", "열한": "11", "아홉": "9", "여덟": "8", "일곱": "7", "여섯": "6",
    "다섯": "5", "네": "4", "세": "3", "두": "2", "한": "1", "열": "10",
}  # fmt: skip
_KOREAN = re.compile("(?<![가-힣])(" + "|".join(_KOREAN_HOURS) + r")\s*시(?!간)")


def span(text: str) -> tuple[time, time] | None:
    """Return the two times of day that `text` names as from and until, or None.

    A bare hour of the evening's that comes first, as in "밤 10시", is meant as late; one without a
    word beside it counts as it stands.
    """
    digits = _KOREAN.sub(lambda m: _KOREAN_HOURS[m[1]] + "시", text)
    times = [(m, clock) for m in _TIME.finditer(digits) if (clock := _clock(m)) is not None]
    if len(times) != 2 or times[0][1] == times[1][1]:
        return None
    (first, begins), (_, ends) = times
    bare = not (first["before"] or first["after"])
    if bare and 6 < begins.hour < 12 and ends < begins and _NIGHT.search(digits):
        begins = begins.replace(hour=begins.hour + 12)  # "밤에는 11시부터 6시까지"
    return begins, ends


def _clock(found: re.Match[str]) -> time | None:
    if not found["hour"].isdigit():
        return time(0)
    hour = int(found["hour"])
    if hour > 24:
        return None
    half = found["minute"] in ("반", "半")
    minute = 30 if half else int(found["minute"] or 0)
    said = f"{found['before'] or ''} {found['after'] or ''}".lower()
    late = re.search(_LATE, said) is not None
    if late and 1 <= hour < 12 and not (re.search("밤|夜|đêm", said) and hour < 5):
        hour += 12
    elif hour == 12 and (re.search(_EARLY, said) or re.search("밤|晚上|夜|đêm", said)):
        hour = 0
    return time(hour % 24, minute) if minute < 60 else None
