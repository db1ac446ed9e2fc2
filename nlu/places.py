"""Finds named spots ("강남역 11번 출구 앞", "next to the GS25 on Yanghwa-ro") as spans of text.

A spot is a name from the lookup table, a word whose ending makes it a place, or an address, with
what locates it more closely around it. "My house" or "our alley" is nobody's named spot.
"""

import re
from collections.abc import Iterable, Sequence

Span = tuple[int, int]

_KO_ENDINGS = (
    "(?<![통번용방전구지내영권광무병사])역|(?<![야])시장|공원|대교|잠수교|유원지|교차로|네거리|사거리|삼거리|오거리|로터리|초등학교|중학교|고등학교|대학교|여고|여중|남고"
    "|병원|아파트|빌라|맨션|오피스텔|도서관|박물관|미술관|기념관|광장|터널|지하차도|고가도로|고가차도|육교|숲|호수공원|식물원|캠핑장"
    "|체육관|운동장|수영장|주민센터|보건소|경찰서|파출소|소방서|우체국|백화점|상가|성당|교회|타워|터미널|지구"
    "|먹자골목|문화회관|회관|복지관|정류장|정류소|나들목|인터체인지|차고지|경로당|어린이집|유치원|놀이터|둘레길|산책로|하천|천변"
    "|캠퍼스|기차역|휴게소|약수터|등산로|빗물펌프장|카페거리"
)
_KO_NAMED = re.compile(
    rf"(?<![가-힣a-z0-9])(?P<name>[가-힣a-z0-9]{{1,9}}?(?:{_KO_ENDINGS}))(?![가-힣]{{3,}})(?!할|만으로도)"
)
_KO_NAMED_SPACED = re.compile(
    r"(?<![가-힣])[가-힣]{1,4}[^\W가이은는을를에서고지다요의도만면까디서들니_]\s(?:초등학교|중학교|고등학교|아파트|사거리|삼거리"
    r"|오거리|교차로|한강공원)(?![가-힣]{3,})"
)
_KO_ROAD = re.compile(
    r"(?<![가-힣])[가-힣]{2,4}(?<!반)(?<!상)(?<!제)(?<!그)(?<!이)(?<!멋)(?<!뜻)(?<!맘)(?<!음)(?<!절)(?<!서)(?<!례)(?<!는)대로"
    r"(?=\s|변|에|\d|$)"
)
_KO_ADDRESS = re.compile(
    r"(?<![가-힣])[가-힣]{2,6}\d?(?:대로|로|길)(?:\s?\d+(?:[가-힣]?길)?)?\s?\d+(?:-\d+)?(?:번지|호)?(?![번분시일월년])"
    r"|(?<![가-힣])[가-힣]{1,4}\d{0,2}동\s?(?:산\s?)?\d+(?:-\d+)(?:번지)?|(?<![가-힣])[가-힣]{2,4}동\s?\d{2,4}(?:번지)?(?!\s?[번동호명])"
    r"|(?<![가-힣])[가-힣]{1,4}(?<!으)로\s?\d+(?:가|길|번길)|(?<![가-힣])[가-힣]{1,4}(?<!으)로\s?\d+(?![번점시분개명월일년])"
    r"|(?<![가-힣])(?!바로|도로|서로|새로|따로|별로|홀로|위로|진로|경로|통로|대로)[가-힣]{1,4}(?<!으)로(?=\s(?:쪽|근처|앞|방면|신축|공사))"
)
_KO_DONG = re.compile(r"(?<![가-힣])[가-힣]{1,3}(?<!이|그|저|행|활|자|운|노|감|변|충|출|공|아|같|합)[가-힣]?\d?동(?=\s|에|의|인|입|이에|$|,|쪽)")
_KO_AROUND = re.compile(
    r"\s?(?:\d{1,2}\s?번\s?(?:출구|승강장|게이트)|[일이삼사오육칠팔구]\s?번\s?출구|\d층|후문|정문|동문|서문|남문|북문|입구|출구|대합실|지하도|지하상가"
    r"|지하철역|정류장|주차장|대여소|화장실|산책로|자전거도로|자전거길|뒷골목|뒷길|골목|계단|놀이터|교차로|사거리|먹자골목|인쇄골목|분수대|등산로"
    r"|제?\d광장|신축\s?현장|공사\s?현장|공사장|빌라|매점|수영장|버스정류장|횡단보도|보도|다리|앞쪽|뒤쪽|옆쪽|앞|뒤|옆|맞은\s?편|건너편|건너|근처|인근|부근|주변|쪽|방면"
    r"|사이|아래|밑|위쪽|일대)(?![가-힣]*\s?(?:번째))"
)
_KO_NOT_NAMES = re.compile(
    r"(?:우리|저희|이|그|저|여기|어느|무슨|옆|앞|뒷?|집|동네|근처|모든|전체|다른|가까운|새|큰|작은|공영|전통|재래|지하철|기차|버스|마을버스"
    r"|자전거|무슨|어린이|구립|시립|국립|공공|일반|대학|종합|동물|무인|공중|아파트|건물|주차|불법|야외|실내|단지|반려견|물|숲|임대|신축"
    r"|모래|유아|온|차없는|차 없는|역|시장|공원|가로수|중앙|생태|근린|도시|소|대|청년|노인|아동|장애인|우주|먹자|카페|외국인|장난감|야|금연|이번|모든|우리동네|자치구)*\s?"
    rf"(?:{_KO_ENDINGS})\Z"
)
_KO_GENERIC_DONG = {"활동", "운동", "이동", "행동", "자동", "노동", "감동", "충동", "출동", "공동", "아동", "변동", "작동",
    "진동", "시동", "수동", "연동", "가동", "우리동", "옆동", "몇동", "부동", "난동", "소동", "협동", "합동", "몇 동", "구동", "동동", "부산동",
    "파동", "율동", "발동", "격동", "태동", "역동", "제동", "전동", "기동", "반동", "유동", "고동", "상동"}  # fmt: skip
_EN_PREPOSITION = (
    r"(?:in front of|next to|close to|across from|near(?:by)?|behind|outside(?: of)?|opposite|under|around|beside|along|on|at|by|in)\s"
)
_EN_ENDING = (
    r"(?:station|stn|park|bridge|market|school|univ(?:ersity)?\.?|hospital|library|museum|plaza|square|tower|stadium|cathedral|church|temple"
    r"|palace|lake|stream|tunnel|crossing|crossroads|intersection|rotary|terminal|airport|center|centre|hall|mall|apartments?|complex|office|hotel"
    r"|skyway|street|village|forest|campground|stop|ic|homeplus|emart|starbucks|gs25|cu|samgeori|sageori|university|elementary school|middle school|high school)"
)
_EN_ROMAN = re.compile(
    r"\b[a-z]{3,}(?:-|\s)?(?:\d+-?)?(?:daero|ro|gil|dong)(?:\s?\d+(?:-\w{1,2})?-?gil)?(?:\s?\d{1,4}(?:-\d+)?)?\b|\b[a-z]{4,}(?:cheon|san|gung)\b"
)
_EN_DASHED = re.compile(r"\b[a-z']{3,}-(?:ro|gil|dong|daero)\b(?:\s\d+(?:-\w{1,2})?-?gil)?(?:\s(?:\d+-ga|\d{1,4}(?:-\d+)?)\b)?|\b[a-z]{3,}ro\s\d-ga\b")
_NAME_WORD = r"(?:[A-Z][\w'’&]*|Univ\\.|\d{1,2}th|of|the|&|Nat'l|N|and|Women's)"
_EN_NAMED = re.compile(rf"(?:(?:[A-Z][\w'’&-]*)\s(?:{_NAME_WORD}\s){{0,5}}?)(?i:{_EN_ENDING})\b(?:\sof\s[A-Z]\w+)?")
_EN_LOWER = re.compile(
    r"\b[a-z]{4,}(?:\s(?:hangang|nat'l|women's|central|history|global))?\s(?:station|bridge|market|park|palace|elementary school|middle school|high school|hangang park|university"
    r"|(?:five|four|three)-way (?:crossing|intersection))\b"
)
_EN_BEFORE = re.compile(
    rf"(?:{_EN_PREPOSITION})?(?:the\s)?(?:(?:exit|gate|platform|line)\s\d{{1,2}}\s(?:of|at)\s(?:the\s)?)?(?:the\s)?\Z", re.IGNORECASE
)
_EN_AFTER = re.compile(
    r"(?:['’]s)?(?:\s(?:exit|gate|platform)\s\d{1,2}|\s(?:stop|entrance|back gate|east gate|west gate|front gate|main gate|parking lot(?: gate \d)?|ramp|slope|post office|new town"
    r"|near the \w+|side(?= of)|stairs|underpass|restroom|toilet|walkway|fountain|market|stadium|park|playground|square|crossing|bridge))+",
    re.IGNORECASE,
)
_EN_COMMON = frozenset(
    "the this that my our your their near every each some any other same next train subway metro bus police fire public city local "
    "nearest closest elementary middle high flea night food street main any first last one whose which what where from into with "
    "there shopping water green small little whole community health district service call phone head post back petrol charging "
    "kids seoul korean free illegal bike bicycle dog national amusement disabled resident residents can could please could t he "
    "and for not new old big was were has have had you they come came walk walking park parking cannot job traffic sh rental recycling polling gas".split()
)


_NOTHING_MORE = re.compile(
    rf"\b(?:the|in front of|next to|close to|near|behind|outside|under|around|at|by|in|on|{_EN_ENDING})"
    rf"(?![a-z])|{_KO_ENDINGS}|구청|동|쪽|앞|근처|주변|일대"
)


class Places:
    """Knows how places are named; the lookup table adds names that follow no rule."""

    def __init__(self, names: Iterable[str]) -> None:
        """`names` are places of the city in any spelling."""
        korean = sorted((n.lower() for n in names if re.search("[가-힣]", n)), key=len, reverse=True)
        latin = sorted((n.lower() for n in names if n.isascii()), key=len, reverse=True)
        self._korean = _any_of(korean, "(?<![가-힣])", "(?![가-힣]*(?:까지\\b))")
        self._latin = _any_of(latin, r"(?<![a-z])", r"(?![a-z])")

    def find(self, plain: str, source: str, districts: Sequence[Span] = ()) -> list[Span]:
        """Return the spans of named spots in a normalised text.

        `source` is the same text in its own capitals, character for character; `districts` are
        the spans of districts, which alone or before "park" are no named spot.
        """
        spans = self._in_korean(plain) if re.search("[가-힣]", plain) else []
        if re.search("[a-z]{3}", plain):
            spans += self._in_english(plain, source)
        named = [s for s in spans if not _only_district(plain, s, districts)]
        return _merged(named, plain)

    def _in_korean(self, text: str) -> list[Span]:
        spans: list[Span] = [m.span() for m in self._korean.finditer(text)] if self._korean else []
        for pattern in (_KO_ADDRESS, _KO_ROAD, _KO_NAMED_SPACED):
            spans += [m.span() for m in pattern.finditer(text) if not _generic(m[0])]
        spans += [m.span("name") for m in _KO_NAMED.finditer(text) if not _generic(m["name"])]
        spans += [m.span() for m in _KO_DONG.finditer(text) if m[0] not in _KO_GENERIC_DONG]
        return [_extended(text, span, _KO_AROUND) for span in spans]

    def _in_english(self, plain: str, source: str) -> list[Span]:
        spans: list[Span] = [m.span() for m in self._latin.finditer(plain)] if self._latin else []
        spans += [m.span() for m in _EN_DASHED.finditer(plain)]
        spans += [m.span() for m in re.finditer(r"\b[a-z]{4,}(?:cheon|daero)\b", plain)]
        for m in _EN_NAMED.finditer(source):
            words = plain[m.start() : m.end()].split()
            first = next((i for i, w in enumerate(words) if w not in _EN_COMMON), len(words))
            if first < len(words) - 1:
                spans.append((m.start() + len(" ".join(words[:first])) + (first > 0), m.end()))
        for m in _EN_LOWER.finditer(plain):
            if m[0].split()[0] not in _EN_COMMON:
                spans.append(m.span())
        out = []
        for start, end in spans:
            before = _EN_BEFORE.search(plain, max(0, start - 40), start)
            start = before.start() if before else start
            out.append(_extended(plain, (start, end), _EN_AFTER))
        return out


def _only_district(text: str, span: Span, districts: Sequence[Span]) -> bool:
    """Say whether a span names nothing but a district, with or without "park" or "office"."""
    start, end = span
    for first, last in districts:
        if start < last and end > first:
            rest = f"{text[start:first]} {text[last:end]}"
            return not _NOTHING_MORE.sub("", rest).strip()
    return False


def _generic(name: str) -> bool:
    return bool(_KO_NOT_NAMES.match(name))


def _extended(text: str, span: Span, around: re.Pattern[str]) -> Span:
    """Take in what locates a spot more closely behind it, as often as it goes on."""
    start, end = span
    for _ in range(5):
        more = around.match(text, end)
        if not more:
            break
        end = more.end()
    return start, end


def _merged(spans: list[Span], text: str) -> list[Span]:
    """Join spans that overlap or stand side by side."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1] + 1 and (
            start <= out[-1][1] or text[out[-1][1]] == " "
        ):
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def _any_of(names: list[str], before: str, after: str) -> re.Pattern[str] | None:
    return re.compile(before + "(?:" + "|".join(map(re.escape, names)) + ")" + after) if names else None
