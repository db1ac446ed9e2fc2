"""How numbers, codes and letters are read aloud, so that no voice spells or misreads them.

Service numbers and telephone numbers go digit by digit, receipt numbers in groups, hours by their
own words. What only eyes can use (an e-mail address, a random code) is left out.
"""

import re

_KO = dict(zip("0123456789", "공일이삼사오육칠팔구", strict=True))
_EN = dict(
    zip(
        "0123456789",
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
        strict=True,
    )
)
_NATIVE = (
    "", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한", "열두",
    "열세", "열네", "열다섯", "열여섯", "열일곱", "열여덟", "열아홉", "스무",
)  # fmt: skip
_MONTHS = (
    "", "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_LETTERS = {
    "A": "에이", "B": "비", "C": "씨", "D": "디", "E": "이", "F": "에프", "G": "지", "H": "에이치",
    "I": "아이", "J": "제이", "K": "케이", "L": "엘", "M": "엠", "N": "엔", "O": "오", "P": "피",
    "Q": "큐", "R": "알", "S": "에스", "T": "티", "U": "유", "V": "브이", "W": "더블유",
    "X": "엑스", "Y": "와이", "Z": "제트",
}  # fmt: skip
_WORDS = {
    "sms": "문자", "app": "앱", "ok": "오케이", "pc": "피시", "wi-fi": "와이파이",
    "wifi": "와이파이", "mm": "밀리미터", "cm": "센티미터", "m": "미터", "km": "킬로미터",
    "g": "그램", "kg": "킬로그램",
}  # fmt: skip
# Language → how it says a date (year, month, day) and a time (hours, with minutes).
_ABROAD = {
    "zh": ("{0}年{1}月{2}日", "{0}点", "{0}点{1}分"),
    "ja": ("{0}年{1}月{2}日", "{0}時", "{0}時{1}分"),
    "vi": ("ngày {2} tháng {1} năm {0}", "{0} giờ", "{0} giờ {1} phút"),
}
_SPELLED_MAX = 5  # longer words in capitals are words

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.A)
_CODE = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)+", re.A)
_CODE_LENGTH, _CODE_DIGITS = 10, 6  # COVID-19 is a word and no code
_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_PHONE = re.compile(r"(?<![\d-])(?:0\d{1,2}-(?:\d{3,4}-)?\d{3,4}|1[568]\d{2}-\d{4})(?![\d-])")
_SERVICE = r"1(?:0[79]|1[0-9]|2[09]|3[12]|82|330|345|366|388)"
_SERVICE_KO = re.compile(
    rf"(?<![\d.,:-])({_SERVICE})(?=번|에|으로|로|이나|나|과|와|을|를|은|는|의|도|구급|\s?(?:문의|신고|전화)|[.!?,)]|\s*(?:\n|$))"
)
_SERVICE_EN = re.compile(rf"(?i)(?<=\b)(call|dial|phone|ask|at|to|or)(\s+)({_SERVICE})(?![\d:.]\d)")
_SERVICE_ABROAD = re.compile(rf"(?<![\d.,:-]){_SERVICE}(?![\d:]|[.,]\d|\s?(?:mm|cm|km|m|%|℃))")
_TIME = re.compile(r"(?<![\d:])([01]?\d|2[0-4]):([0-5]\d)(?![\d:])")
_HOUR_KO = re.compile(r"(?<!\d)(1[3-9]|2[0-4])시(?!간)")
_WEEKDAY_KO = re.compile(r"(?<=일)\s?\(([월화수목금토일])\)")
_COUNT_KO = re.compile(r"(?<![\d.,])(\d{1,2})\s?(건|개|명|곳|가지|마리)(?!월)")
_LATIN = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")
_VOWEL = re.compile(r"[aeiouy]", re.I)


def digits(number: str, language: str) -> str:
    """Return the digits of `number` for a voice: groups of three or four, a pause between them.

    Letters are left out: on the phone E, 2 and 이 sound alike. `P-2026-0000123` becomes
    "이공이육, 공공공, 공일이삼".
    """
    groups: list[str] = []
    for run in "".join(c if c in _KO else " " for c in number).split():
        head = len(run) % 4 if len(run) > 4 else 0
        parts = ([run[:head]] if head else []) + [run[i : i + 4] for i in range(head, len(run), 4)]
        groups += parts
    names = {"ko": _KO, "en": _EN}.get(language)
    if names is None:
        return ", ".join(" ".join(group) for group in groups)  # a voice names each by itself
    between = "" if language == "ko" else " "
    return ", ".join(between.join(names[d] for d in group) for group in groups)


def read_aloud(text: str, language: str) -> str:
    """Return `text` with its codes, numbers and letters as a voice of `language` says them."""
    text = _EMAIL.sub(" ", text)
    text = _CODE.sub(lambda found: _code(found.group(), language), text)
    text = _DATE.sub(lambda found: _date(found, language), text)
    text = _PHONE.sub(lambda found: digits(found.group(), language), text)
    text = _TIME.sub(lambda found: _time(int(found[1]), int(found[2]), language), text)
    if language in _ABROAD:
        return _SERVICE_ABROAD.sub(lambda found: " ".join(found[0]), text)
    if language != "ko":
        return _SERVICE_EN.sub(lambda m: m[1] + m[2] + " ".join(_EN[d] for d in m[3]), text)
    text = _WEEKDAY_KO.sub(r" \1요일", text)
    text = _SERVICE_KO.sub(lambda found: "".join(_KO[d] for d in found[1]), text)
    text = _HOUR_KO.sub(lambda found: _hour(int(found[1])), text)
    text = _COUNT_KO.sub(_count, text)
    return _LATIN.sub(lambda found: _latin(found.group()), text)


def _code(code: str, language: str) -> str:
    """Return the digits of a receipt number; nothing of a code that only eyes can copy."""
    if len(code) < _CODE_LENGTH:
        return code
    return digits(code, language) if sum(c.isdigit() for c in code) >= _CODE_DIGITS else ""


def _date(found: re.Match[str], language: str) -> str:
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    if not 1 <= month <= 12:
        return found.group()
    if language in _ABROAD:
        return _ABROAD[language][0].format(year, month, day)
    return f"{year}년 {month}월 {day}일" if language == "ko" else f"{_MONTHS[month]} {day}, {year}"


def _time(hour: int, minute: int, language: str) -> str:
    if language == "ko":
        return _hour(hour) + (f" {minute}분" if minute else "")
    if language in _ABROAD:
        return _ABROAD[language][2 if minute else 1].format(hour, minute)
    minutes = f":{minute:02d}" if minute else ""
    return f"{hour % 12 or 12}{minutes} {'AM' if hour % 24 < 12 else 'PM'}"


def _hour(hour: int) -> str:
    """Return an hour of the day in Korean: 오후 두 시."""
    if hour in (0, 24):
        return "밤 열두 시"
    if hour == 12:
        return "낮 열두 시"
    return f"{'오전' if hour < 12 else '오후'} {_NATIVE[hour % 12]} 시"


def _count(found: re.Match[str]) -> str:
    number = int(found[1])
    return f"{_NATIVE[number]} {found[2]}" if 1 <= number <= 20 else found.group()


def _latin(word: str) -> str:
    """Return a Latin word in Hangul where a Korean voice would spell it, by the letters' names."""
    if known := _WORDS.get(word.lower()):
        return known
    short = word.isupper() and len(word) < _SPELLED_MAX
    spelled = len(word) == 1 or short or not _VOWEL.search(word)
    return "".join(_LETTERS[c] for c in word.upper() if c in _LETTERS) if spelled else word
