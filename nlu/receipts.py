"""Receipt numbers: `P-2026-0000123` (petition), `I-` (proposal), `D-` (disclosure request).

Also from how people shorten, say and mistype them. What belongs to other systems (e-People's
`1AA-2211-0123456`, the safety app's `SPP-…`) is left alone: saying "not found" would be wrong.
"""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from nlu.normalise import Plain

Found = tuple[int, int, str]  # start and end in the digitised text, normalised value

_FOREIGN = re.compile(r"\b(?:\d[a-z]{2}|spp)-?\d{4}-?\d{5,7}\b")
# "ㅔ" is what the P key types while the keyboard is set to Korean, likewise "ㅑ" and "ㅇ".
_LETTER = (
    r"(?P<kind>(?<![a-z])(?:pee|pea|[pid])(?![a-z])|(?<![가-힣ㄱ-ㅣ])(?:피|아이|디|ㅔ|ㅖ|ㅑ|ㅇ(?=-)))"
    r"(?:\s(?:as in|for)\s[a-z]+)?"
)
_COUNT = r"(?P<n>[\dol]{1,8}(?:[ .-]?[\dol]{1,7}){0,6})(?![a-z])"
_FULL = re.compile(
    _LETTER + r"\s?[-_.:/#,]?\s?(?P<year>2[0o][2-4]\d)(?:\s?[-_./:,]?\s?|[에의년]\s)" + _COUNT
)
_FIRST_YEAR = 2024  # no receipt is older
_SHORT_YEAR = re.compile(_LETTER + r"\s?[-_.]\s?(?P<year>[2-4]\d)\s?[-_.]\s?" + _COUNT)
_YEARLESS = re.compile(
    _LETTER + r"\s?[-_.#]?\s?(?:(?P<n>0\d{4,7}|[1-9]\d{2,6})(?![\d-])|(?P<n2>\d{1,2})번)"
)
_KINDLESS = re.compile(
    r"(?<![\d-])(?P<year>20[2-4]\d)(?:\s?[-_]\s?|[에년]?\s)" + _COUNT + r"(?!\s?[-년월.])"
)
_SEVEN = re.compile(r"(?<![\d-])(?P<n>0\d{6})(?![\d-])")
_NOUN = (
    r"(?P<noun>민원|신고|접수|제안|아이디어|청구|정보공개|건의|petition|complaint|proposal|idea"
    r"|disclosure|foi|case|ticket|request|application|report|receipt|reference|minwon)"
)
_NOUN_FIRST = re.compile(
    _NOUN + r"s?\s?(?:건|한 거|한거)?\s?(?P<mark>번호|beonho|number|no\.?|num\b|id\b|#)?"
    r"\s?(?:가|는|은|이|is|:|#)?\s?(?:(?:uh+|um+|er+|어+|음+|그|저기)[ ,.]+)*#?"
    r"(?P<n>\d{1,7})(?![\d-])\s?(?P<unit>번|호|beon)?"
)
_NUMBER_FIRST = re.compile(
    r"(?<![\d-])(?P<n>\d{1,7})\s?(?:번|호)\s?(?:으로|에)?\s?(?:접수된|접수한|넣은|낸|올린)?\s?"
    + _NOUN
)
_BARE = re.compile(
    r"(?:#|\bno\.?\s|\bnumber(?:'s| is|:)?\s|\bnum\s|(?:번호|끝자리)\s?(?:는|가|은)?\s?)"
    r"(?P<n>\d{1,7})(?![\d-])"
    # "1번 말고 4번 출구": a small number beside an exit is one, too.
    r"|(?<![\d-])(?P<n2>\d{3,7}|\d{1,2}(?!\d|.{0,24}(?:출구|승강장|게이트|정류장|단지)))\s?(?:번|호|beon)(?!\s?(?:출구|버스|마을|국도|선|째|이나))"
    r"|^(?P<n3>\d{2,7})$"
    r"|(?:status|상태|진행|조회)\s(?P<n4>\d{1,7})\b|^(?P<n5>\d{2,7})\s(?:status|상태|조회)"
)
_KINDS = {
    "피": "P", "ㅔ": "P", "ㅖ": "P", "pee": "P", "pea": "P", "ㅑ": "I", "ㅇ": "D",
    "아이": "I", "디": "D",
    "제안": "I", "아이디어": "I", "proposal": "I", "idea": "I",
    "청구": "D", "정보공개": "D", "disclosure": "D", "foi": "D",
}  # fmt: skip
_TAKEN_BACK = re.compile(
    r"번?(?:이|은|는|가)?\s?(?:말고|아니고|아니라|아니|대신)|,? (?:no wait|not|sorry)\b"
)
# Seven digits that begin with a year are a year and what was counted in it, not two million.
_YEAR_FIRST = re.compile(r"(?<![\d-])(?P<year>202[4-9])(?P<n>\d{3})(?![\d-])")
# "피 이공이육 다시 칠백구십 아니 칠백구십삼": what is said again stands for the running number.
_SAID_AGAIN = re.compile(
    r"번?(?:이|은|는|가|요)?,?\s?(?:(?:아니(?:다|요|야|지|고|라)?|말고|어|음|그|no|not|sorry|wait"
    r"|i mean|actually|uh|um|it'?s|make that)[ ,.]+)+(?P<n>\d{2,7})(?![\d-])"
)
_HOTLINES = {"112", "119", "120", "110", "109", "182", "129", "1330", "1345"}
_PETITION_NOUNS = (
    "민원", "petition", "complaint", "minwon", "case", "ticket", "receipt", "reference", "report"
)  # fmt: skip
_OF_YEAR = re.compile(r"(?P<year>(?:20)?2\d)년(?:도|에)?\s(?:[가-힣]{1,6}\s){0,2}$")


def this_year() -> int:
    """Return the year in Seoul: what a receipt number without a year is completed with."""
    return datetime.now(ZoneInfo("Asia/Seoul")).year


def find_receipts(digits: Plain, about_receipts: bool, year: int | None = None) -> list[Found]:
    """Find receipt numbers in a digitised text.

    `about_receipts`: the message asks after something filed, so that a bare "88번" is one too.
    """
    text = _FOREIGN.sub(lambda m: "\0" * len(m[0]), digits.text)
    year = year or this_year()
    found: list[Found] = []

    def take(start: int, end: int, kind: str, count: str, of: int) -> None:
        value = f"{kind}-{of}-{int(count) % 10_000_000:07d}"
        taken = any((start < e and end > s) or value == v for s, e, v in found)
        if not taken and int(count) > 0:
            found.append((start, end, value))

    for pattern in (_FULL, _SHORT_YEAR, _KINDLESS):
        for m in pattern.finditer(text):
            count, length = _running_number(m["n"])
            if pattern is _KINDLESS and len(count) < 3:
                continue
            of = int(m["year"].replace("o", "0")) + (2000 if len(m["year"]) == 2 else 0)
            kind = _kind(m["kind"]) if "kind" in m.groupdict() else _kind_before(text, m.start())
            take(m.start(), m.start("n") + length, kind, count, of)
    for m in _YEARLESS.finditer(text):
        if (m["n"] or m["n2"]) in map(str, range(_FIRST_YEAR, year + 1)):
            continue  # "P 2026 …": the year, and the rest was forgotten
        take(m.start(), m.end(), _kind(m["kind"]), m["n"] or m["n2"], year)
    for m in _YEAR_FIRST.finditer(text) if about_receipts else ():
        take(m.start(), m.end(), _kind_before(text, m.start()), m["n"], int(m["year"]))
    for m in _SEVEN.finditer(text):
        take(m.start("n"), m.end("n"), _kind_before(text, m.start()), m["n"], year)
    for pattern in (_NUMBER_FIRST, _NOUN_FIRST):
        for m in pattern.finditer(text):
            marked = pattern is _NUMBER_FIRST or m["unit"] or m["mark"] or "#" in m[0]
            plainly = m["noun"] in _PETITION_NOUNS and len(m["n"]) > 1
            if m["n"] in _HOTLINES or not (marked or plainly):
                continue
            end = m.end() if pattern is _NOUN_FIRST and m["unit"] else m.end("n")
            said = _OF_YEAR.search(text, max(0, m.start() - 24), m.start())
            of = 2000 + int(said["year"]) % 100 if said else year
            take(m.start("n"), end, _kind(m["noun"]), m["n"], of)
    if about_receipts and not found:
        for m in _BARE.finditer(text):
            group = next(g for g in ("n", "n2", "n3", "n4", "n5") if m[g])
            if m[group] not in _HOTLINES:
                take(m.start(group), m.end(group), _kind_before(text, m.start()), m[group], year)
    found = [_said_again(text, f) for f in found]
    kept = [f for f in found if not _TAKEN_BACK.match(text, f[1])]
    return sorted(kept or found)


def _said_again(text: str, found: Found) -> Found:
    """Return a number as it was corrected right after it was said, or as it was."""
    again = _SAID_AGAIN.match(text, found[1])
    if again is None or again["n"] in _HOTLINES:
        return found
    return found[0], again.end("n"), f"{found[2][:7]}{int(again['n']):07d}"


def _running_number(written: str) -> tuple[str, int]:
    """Return (digits, how many characters of `written` belong to it): at most seven digits.

    Groups that were typed or said apart are joined where they make the full seven.
    """
    parts = re.split(r"[ .-]", written)
    joined = _digits("".join(parts))
    if len(joined) == 7 or (len(parts) > 1 and all(len(p) == 1 for p in parts)):
        return joined[:7], len(written)
    total = 0
    for i in range(1, len(parts)):
        total = sum(map(len, parts[: i + 1]))
        if total == 7:
            return _digits("".join(parts[: i + 1])), total + i
    return _digits(parts[0]), len(parts[0])


def _digits(written: str) -> str:
    return written.replace("o", "0").replace("l", "1")


def _kind(word: str | None) -> str:
    word = word or ""
    return _KINDS.get(word, word.upper() if word in ("p", "i", "d") else "P")


def _kind_before(text: str, at: int) -> str:
    """Return the letter that a noun shortly before the number asks for ("제안 0000042")."""
    before = text[max(0, at - 12) : at]
    return next((_KINDS[noun] for noun in _KINDS if len(noun) > 1 and noun in before), "P")
