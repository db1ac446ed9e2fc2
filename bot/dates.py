"""Dates as citizens read them, in the city's time."""

from datetime import datetime

from backend.petitions.working_days import calendar

_WEEKDAYS = {
    "ko": "월화수목금토일",
    "zh": "一二三四五六日",
    "ja": "月火水木金土日",
    "vi": ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật"),
}


def day(at: datetime, language: str) -> str:
    """Return the day of `at`: "7월 15일(화)", "Tuesday 15 July", "thứ Ba 15/7"."""
    local = at.astimezone(calendar().zone)
    if language not in _WEEKDAYS:
        return f"{local:%A} {local.day} {local:%B}"
    weekday = _WEEKDAYS[language][local.weekday()]
    if language == "vi":
        return f"{weekday} {local.day}/{local.month}"
    if language == "ko":
        return f"{local.month}월 {local.day}일({weekday})"
    week = "周" if language == "zh" else ""
    return f"{local.month}月{local.day}日({week}{weekday})"


def year(at: datetime) -> int:
    """Return the year of `at`, by which receipts are counted."""
    return at.astimezone(calendar().zone).year


def hour(clock: str, language: str) -> str:
    """Return a time such as "22:00" as it is said: "22시", "22:00", "22点", "22時"."""
    hours, minutes = clock.split(":")[:2]
    unit, half = {"ko": ("시", "분"), "zh": ("点", "分"), "ja": ("時", "分")}.get(
        language, ("", "")
    )
    if not unit:
        return f"{int(hours)}:{minutes}"
    space = " " if language == "ko" else ""
    return f"{int(hours)}{unit}" + ("" if minutes == "00" else f"{space}{int(minutes)}{half}")
