"""Which option is meant ("둘째 거", "number two … no, three"), and which score is given.

People correct themselves while they speak: what was taken back does not count, and of what is
left the last one is meant.
"""

import re

from nlu.numbers import NATIVE, ORDINALS, UNITS, sino
from nlu.patterns import any_of

Found = tuple[int, int, str]  # start and end in the text, the number

_ORDINAL_KO = (
    r"(?:첫|두|둘|세|새|셋|네|넷|다섯|여섯|일곱|여덟|아홉|열)\s?(?:번\s?째|번쨰|번재|째)"
    "|첫째|둘째|셋째|넷째"
)
_ORDINAL_EN = "|".join(ORDINALS)
_WORD_EN = "|".join(w for w in UNITS if w not in ("oh", "o", "zero"))
_THING = r"(?:\s?(?:안|거|것|꺼|걸|껄|후보지?|항목|사업|보기|방안))?"
_CHOICES = (
    re.compile(rf"(?P<ko>{_ORDINAL_KO}){_THING}"),
    re.compile(
        r"(?<![\d.-])(?P<d>\d{1,2})\s?(?:번|버(?=\s|$)|안(?=에|으|이|을|요|\s|$)|beon)"
        r"(?!\s?(?:출구|버스|마을|국도|째|이나|이상|씩|쯤|만에|창구|도로))"
    ),
    re.compile(
        r"(?<![가-힣])(?P<s>[일이삼사오육칠팔구]|십[일이]?|원|투|쓰리|포)\s?번"
        r"(?!째|\s?(?:출구|버스|달|주|년|에는|만|투표|처리|설문|기회|일|여름|겨울|봄|가을)|호)"
    ),
    re.compile(r"(?<![가-힣])(?P<a>[일이삼사])안(?=에|으로|이|요|\s|$)"),
    re.compile(
        rf"\b(?:option|number|no\.?|num|choice|candidate|item|nr\.?)\s?#?"
        rf"(?P<o>\d{{1,2}}|{_WORD_EN}|[a-e])\b(?!\s?(?:minutes?|hours?|days?|people))"
    ),
    re.compile(
        rf"(?<!i )\b(?:the\s)?(?P<w>{_ORDINAL_EN})\b(?:\s(?:one|option|choice|candidate|idea))?"
    ),
    re.compile(r"#(?P<h>\d{1,2})\b"),
    re.compile(r"\b(?:letter|plan)\s(?P<l>[a-e])\b|(?<![a-z])(?P<l2>[a-e])(?=\s?안|$)"),
    re.compile(r"\b(?P<r>il|i|sam|sa)\s?beon"),
    re.compile(r"第?(?P<z>[一二三四五六七八九十]|\d{1,2})(?:号|番|个|個|项|つ目)(?!线|口|出)"),
    re.compile(r"(?:số|phương án)\s(?P<v>\d{1,2})"),
)
_BARE_CHOICES = (
    re.compile(
        r"(?<![\d.:+-])(?P<d>\d{1,2})(?!\.?\d|:|-\d|\s?번\s?(?:출구|버스)|\s?(?:시|분|일|월|년|명|표|개|살|층|km|am|pm|%))"
    ),
    re.compile(
        rf"(?:(?<=^)|(?<=for )|(?<=vote )|(?<=choose )|(?<=pick )|(?<=said )|(?<=actually )"
        rf"|(?<=to )|(?<=no )|(?<=, )|(?<=so )|(?<=put )|(?<=take )|(?<=it's ))"
        rf"(?P<w>{_WORD_EN})\b(?!\s(?:of|more|last|question|another|vote))"
    ),
    re.compile(r"(?<![가-힣])(?P<n>하나(?=$|[요로에]|이요)|둘|셋|넷|다섯)(?!\s?다|만|도)"),
    re.compile(r"^(?P<s>[일이삼사오])$"),
)
_SCORES = (
    re.compile(r"(?<![\d.])(?P<d>\d{1,2})\s?(?:점|졈|쩜|jeom)"),
    re.compile(
        r"(?<![가-힣])(?P<s>[일이삼사오]|한|두|세|네|다섯)\s?점|(?P<r>o|sa|sam|i|il)\s?jeom"
    ),
    re.compile(
        r"(?:별점?(?:은|을|이)?\s?)(?P<n>하나|둘|셋|넷|다섯|한|두|세|네|\d|one|two|three|four|five)\s?개?"
    ),
    re.compile(r"(?<![가-힣])(?P<k>하나|한|두|세|네|다섯|\d)\s?개(?=요|로|\s|$|이|만)"),
    re.compile(
        r"(?P<word>만점|(?:매우|아주)\s?불만족?|(?:매우|아주)\s?만족|불만족?|만족(?!도)|보통"
        r"|full marks?|최하점?|최저점?|빵점|최고점)"
    ),
    re.compile(rf"\b(?P<x>\d|{_WORD_EN})\s?(?:-\s?)?(?:stars?|points?|star rating)"),
    re.compile(rf"\b(?P<f>\d|{_WORD_EN})\s?(?:/|out\sof)\s?(?:5|five)\b"),
    re.compile(r"(?P<e>[★⭐🌟]+)"),
    re.compile(
        r"\b(?P<felt>(?:lowest|worst|minimum|highest|top|maximum|best)(?: possible)?"
        r"(?= (?:score|rating|marks?|grade|points?|possible)))"
    ),
    re.compile(r"(?P<z>[一二三四五两]|[1-5])(?:颗星|个星|星|分|点|つ星)|星(?P<j>[1-5五四三二一])"),
    re.compile(r"\b(?P<v>[1-5])\s(?:sao|điểm)\b"),
    re.compile(r"\b(?:byeol|byeoljeom)\s(?P<rn>hana|dul|set|net|daseot)(?:\s?gae)?\b"),
    re.compile(r"\b(?P<three>one|two|three|four|five)\s?(?:점)"),
)
_BARE_SCORES = (
    re.compile(
        r"(?<![\d./-])(?P<d>[1-5])(?!\.?\d|[/-]| u\b|\s?(?:일|주|달|번|개월|시|"
        r"days?|weeks?|months?|years?|hours?|times?|calls?))"
    ),
    re.compile(r"\b(?P<w>one|two|three|four|five)\b(?!\s(?:days?|weeks?|months?|called|of|time))"),
    re.compile(
        r"(?<![가-힣])(?P<n>하나|둘|셋|넷|다섯)(?=$|\s|[,.]|[요로에]|이요|만|줄게|줌|드)(?!\s?다\b)"
    ),
)
_FELT = {
    "만점": 5, "매우만족": 5, "아주만족": 5, "만족": 4, "보통": 3, "불만": 2, "불만족": 2,
    "최하": 1, "최하점": 1, "최저": 1, "최저점": 1, "빵점": 1, "최고점": 5, "lowest": 1, "worst": 1,
    "minimum": 1, "lowestpossible": 1, "worstpossible": 1, "highest": 5, "top": 5, "maximum": 5,
    "best": 5, "highestpossible": 5, "bestpossible": 5,
    "매우불만": 1, "매우불만족": 1, "아주불만": 1, "아주불만족": 1, "fullmark": 5, "fullmarks": 5,
}  # fmt: skip
_LETTERS = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}
_HEARD = {"원": 1, "투": 2, "쓰리": 3, "포": 4, "il": 1, "i": 2, "sam": 3, "sa": 4, "o": 5}
_HAN = {
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
}
_ROMAN = {"hana": 1, "dul": 2, "set": 3, "net": 4, "daseot": 5}
# What follows an option that was taken back, and what comes before one.
_TAKEN_BACK_AFTER = re.compile(
    r"\s?(?:거|꺼|것|안|을|를|은|는|이|가|으로|로|에|요|이요|하려다|찍으려다)*\s?(?:아니(?![에요])|"
    + any_of(
        """말고 아니고 아니라 아니구 아닌 아뇨 아냐 대신 빼고 취소 보다 하려다 할까_하다 했다가
        줬는데 찍었는데 골랐는데 였나 이었나 눌렀는데 만점에 만점_중 중에"""
    )
    + r"|,?\s?(?:no wait|no,|no\b|wait|sorry|i mean|oops|oh no|actually))"
)
_TAKEN_BACK_BEFORE = re.compile(
    r"(?:\bnot(?: the| number| option)?|\bnever|instead of(?: number| option| the)?|rather than"
    r"|\bbut(?= \d+,)|anything but|except|\bfrom|other than|take back my vote for|(?:i )?thought"
    r"|out of|was going to say|i said|i pressed|between|\bor|/)\s?$"
)


def find_choice(text: str, bare: bool) -> Found | None:
    """Return the option that is finally meant in a normalised text, None where none is named.

    `bare`: the message is a vote, so that a number alone names an option too.
    """
    found = _candidates(text, _CHOICES)
    if bare and not found:
        found = _candidates(text, _BARE_CHOICES)
    elif bare:
        loose = _candidates(text, _BARE_CHOICES[:2])
        found += [f for f in loose if not any(f[0] < e and f[1] > s for s, e, _ in found)]
    return _final([f for f in sorted(found) if 1 <= int(f[2]) <= 20], text)


def find_rating(text: str, bare: bool) -> Found | None:
    """Return the score from 1 to 5 that a message gives, None where it names none.

    `bare`: the message is a rating, so that a number alone is a score too.
    """
    found = _candidates(text, _SCORES)
    loose = _candidates(text, _BARE_SCORES) if bare else []
    found += [f for f in loose if not any(f[0] < e and f[1] > s for s, e, _ in found)]
    return _final([f for f in sorted(found) if 1 <= int(f[2]) <= 5], text)


def _candidates(text: str, patterns: tuple[re.Pattern[str], ...]) -> list[Found]:
    found: list[Found] = []
    for pattern in patterns:
        for match in pattern.finditer(text):
            start, end = match.span()
            value = _value(next((g for g in match.groups() if g), ""))
            if value is not None and not any(start < e and end > s for s, e, _ in found):
                found.append((start, end, str(value)))
    return sorted(found)


def _value(said: str) -> int | None:
    said = said.strip()
    if said.isdigit():
        return int(said)
    if said[0] in "★⭐🌟":
        return len(said)
    for table in (UNITS, ORDINALS, _LETTERS, _HEARD, NATIVE, _FELT, _HAN, _ROMAN):
        if said.replace(" ", "") in table:
            return table[said.replace(" ", "")]
    stem = re.match(r"첫|두|둘|세|새|셋|네|넷|다섯|여섯|일곱|여덟|아홉|열", said)
    return NATIVE[stem[0]] if stem else sino(said)


def _final(found: list[Found], text: str) -> Found | None:
    """Return the last candidate that was not taken back; the very last if all were."""
    kept = [
        (start, end, value)
        for start, end, value in found
        if not _TAKEN_BACK_AFTER.match(text, end)
        and not _TAKEN_BACK_BEFORE.search(text, max(0, start - 24), start)
    ]
    last = kept or found
    return last[-1] if last else None
