"""Dates as citizens read them, in the city's time."""

from datetime import datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Seoul")
_DAYS_KO = "월화수목금토일"


def day(at: datetime, language: str) -> str:
    """Return the day of `at`: "7월 15일(화)" or "Tuesday 15 July"."""
    local = at.astimezone(ZONE)
    if language == "ko":
        return f"{local.month}월 {local.day}일({_DAYS_KO[local.weekday()]})"
    return f"{local:%A} {local.day} {local:%B}"
