"""Numbers as people say and type them, in Korean and English.

`digitise` rewrites spoken numbers as digits and keeps the place of every character, so that one
set of patterns finds receipt numbers, phones and identifiers however they were said.
"""

import re

from nlu.normalise import Plain

_SINO = {
    "영": 0, "공": 0, "령": 0, "일": 1, "이": 2, "삼": 3, "사": 4, "오": 5, "육": 6, "륙": 6,
    "칠": 7, "팔": 8, "구": 9,
}  # fmt: skip
_SCALE = {"천": 1000, "백": 100, "십": 10}
NATIVE = {
    "하나": 1, "둘": 2, "셋": 3, "넷": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9,
    "열": 10, "첫": 1, "한": 1, "두": 2, "세": 3, "새": 3, "네": 4,
}  # fmt: skip
UNITS = {
    "zero": 0, "oh": 0, "o": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13,
    "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70,
    "eighty": 80, "ninety": 90,
}  # fmt: skip
ORDINALS = {
    "first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4,
    "fifth": 5, "5th": 5, "sixth": 6, "6th": 6, "seventh": 7, "7th": 7, "eighth": 8, "8th": 8,
    "ninth": 9, "9th": 9, "tenth": 10, "10th": 10,
}  # fmt: skip
_COUNTED = re.compile(
    r"(?:[일이삼사오육륙칠팔구]?\s?천\s?)?(?:[일이삼사오육륙칠팔구]?\s?백\s?)?"
    r"(?:[일이삼사오육륙칠팔구]?\s?십\s?)?[일이삼사오육륙칠팔구]?"
)
_HOUSE = re.compile(
    r"(?<=[가-힣])(?P<road>로|길)\s?(?P<number>(?=[일이삼사오육륙칠팔구]?\s?[천백십])(?=\S\s?\S)"
    r"[일이삼사오육륙칠팔구 천백십]*[일이삼사오육륙칠팔구천백십])"
    r"(?=\s|$|[,.]|앞|옆|뒤|근처|번지|에|이에|예요|입|인데|이요|요)"
)
_NAMED = re.compile(r"[영공령일이삼사오육륙칠팔구](?:[ ,.]?[영공령일이삼사오육륙칠팔구]){2,}")
_COPULA = re.compile(
    "이(?:니까|고|에요|예요|요|야|라|랑|구|거든|잖|죠|지)"
)  # "구팔이고요": 98, not 982
_PHONING = re.compile(r"(?:[공영]\s?일\s?[공영]|01[016-9])\D*\S{0,6}\D*$")
_PHONE_GROUPS = (4, 11)  # "일이일이거든요" is 1212: so many digits are said in one breath
# A last syllable that stands apart belongs to what follows: "…사이 공감해요", "…오공이 이 번호".
_NEXT_WORD = re.compile(r"(?<=\S\S) [가-힣](?=[가-힣]|\s[가-힣])(?![번호에요가는은을로인])")
_DASH = re.compile(r"\s*(?:다시|대시|데시|하이픈|빼기|마이너스|dash|hyphen|minus)\s*")
_ENGLISH = re.compile(
    r"\b(?:(?:zero|oh?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen"
    r"|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty"
    r"|seventy|eighty|ninety|hundred|thousand|double|triple|and)\b[ ,.-]*)+"
)
_ENGLISH_WORD = re.compile(r"[a-z]+")


def sino(text: str) -> int | None:
    """Return the value of a counted Sino-Korean number ("백이십삼" → 123), None for other text."""
    total = digit = 0
    for char in text.replace(" ", ""):
        if char in _SINO:
            digit = _SINO[char]
        elif char in _SCALE:
            total += (digit or 1) * _SCALE[char]
            digit = 0
        else:
            return None
    return total + digit if text else None


def house_number(text: str) -> str:
    """Return a place with its house number in digits: "포은로 팔십칠 앞" becomes "포은로 87 앞"."""
    return _HOUSE.sub(lambda m: f"{m['road']} {sino(m['number'])}", text)


def digitise(source: Plain) -> Plain:
    """Return the text with spoken numbers as digits and spoken dashes as "-"."""
    text = source.text
    edits = _korean(text) if any("가" <= c <= "힣" for c in text) else []
    edits += [(m.start(), m.end(), "-") for m in _DASH.finditer(text)]
    edits += _english(text)
    if not edits:
        return source
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for start, end, digits in sorted(edits):
        if start < at:
            continue
        chars += text[at:start]
        starts += source.starts[at:start]
        ends += source.ends[at:start]
        chars += digits
        starts += [source.starts[start]] * len(digits)
        ends += [source.ends[end - 1]] * len(digits)
        at = end
    chars += text[at:]
    starts += source.starts[at:]
    ends += source.ends[at:]
    return Plain("".join(chars), tuple(starts), tuple(ends))


def _korean(text: str) -> list[tuple[int, int, str]]:
    edits: list[tuple[int, int, str]] = []
    at = 0
    while at < len(text):
        counted = _COUNTED.match(text, at)
        spoken = counted[0].rstrip() if counted else ""
        if (
            spoken[:1].strip()
            and any(c in _SCALE for c in spoken)
            and len(spoken.replace(" ", "")) > 1
        ):
            edits.append((at, at + len(spoken), str(sino(spoken))))
            at += len(spoken)
            continue
        named = _NAMED.match(text, at)
        if named:
            whole = len(re.sub("[ ,.]", "", named[0])) in _PHONE_GROUPS and _PHONING.search(
                text, max(0, at - 16), at
            )
            copula = not whole and _COPULA.match(text, named.end() - 1)
            end = named.end() - (1 if copula else 0)
            if _NEXT_WORD.match(text, end - 2):
                end -= 2
            edits.append((at, end, "".join(str(_SINO[c]) for c in text[at:end] if c in _SINO)))
            at = end
        else:
            at += 1
    return edits


def _english(text: str) -> list[tuple[int, int, str]]:
    edits: list[tuple[int, int, str]] = []
    for match in _ENGLISH.finditer(text):
        spoken = match[0].rstrip(" ,.-")
        words = _ENGLISH_WORD.findall(spoken)
        while spoken.endswith("and"):
            spoken = spoken.removesuffix("and").rstrip(" ,.-")
        while words and words[0] in ("and", "o", "oh", "double", "triple") and len(words) == 1:
            words.pop()
        digits = english_digits(words)
        if digits:
            edits.append((match.start(), match.start() + len(spoken), digits))
    return edits


def english_digits(words: list[str]) -> str:
    """Return number words as they are said one after the other.

    "twenty twenty six zero one" → "202601", "one hundred twenty three" → "123", "double five" →
    "55".
    """
    out: list[str] = []
    times = 1
    previous = ""
    for word in words:
        if word in ("double", "triple"):
            times = 2 if word == "double" else 3
            continue
        if word in UNITS:
            value = UNITS[word]
            if (previous in _TENS and 0 < value < 10) or previous in ("hundred", "thousand"):
                out[-1] = str(int(out[-1]) + value)
            else:
                out += [str(value)] * times
        elif word in _TENS:
            if previous in ("hundred", "thousand"):
                out[-1] = str(int(out[-1]) + _TENS[word])
            else:
                out.append(str(_TENS[word]))
        elif word == "hundred" and out:
            out[-1] = str(_hundreds(out[-1]))
        elif word == "thousand" and out:
            out[-1] = str(int(out[-1]) * 1000)
        else:  # "and" joins, it does not count
            continue
        times, previous = 1, word
    return "".join(out)


def _hundreds(digits: str) -> int:
    """Return "2003" + hundred → 2300: only the last unit is multiplied."""
    value = int(digits)
    rest = value % 10 if value > 99 else value
    return value - rest + rest * 100
