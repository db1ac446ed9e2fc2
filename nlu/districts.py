"""Finds the districts of the city in a text, in any of its languages.

The names are data (`lookup: district`, the synonyms of each, and `lookup: district_word` for names
that are common words too); what is code is what makes a name something else: a station, bridge or
market is no district, and neither is another city's.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from nlu.normalise import jamo

Found = tuple[int, int, str]  # start and end in the text, the district's name

# Written onto a name, these make it a station, a road, a school …
_ATTACHED = re.compile(
    r"역|시장|대교|교차로|교(?![육통]|\w\w)|대로|로\s?\d|길\s?\d|천(?![만원])|산(?!다|지)|강변|공원|공단|터미널|초등"
    r"|초(?!\w)|중(?!\w)|중학|고등|고(?!\w)|대학|대입구|입구|호수|타워|병원|경찰|소방|세무|우체국|도서관|문화원"
    r"|체육관|디지털|삼성병원|성심|세브란스|백화점|아파트|주공|ic|나들목|순환|북부|북(?!\w)|사거리|삼거리|오거리|로터리|지하상가|스타일"
    r"|종합|디자인|역사|광장|성당|월드|나루|한강|상가|호텔|대첩|점(?!\w)|실|금(?!\w)|세(?!\w)|물|\d가"
)
_APART = re.compile(
    r"\s(?:시작|끝나|역(?![할시])|시장|방향|방면|지하상가|지하철|터미널|대교|사거리|교차로|스타일|한강공원|디지털|\d가)"
    r"|\s?(?:방향|방면)"
)
_LIVING = re.compile(
    r"동(?!\w*네)|\s?(?:에\s?(?:사|살|있|는)|에서|쪽|지역|사는|주민|살아|침수|홍수|대피|알림|재난|긴급|폭우|한파|폭염|요$|$)"
)
_LATIN_TRAP = re.compile(
    r"['’]?s?[ -]?(?:station|stn|bridge|river|stream|market|mountain|style|ro\b|daero|terminal"
    r"|subway|exit|hangang|han river|(?:history|design|digital|central)\b|stadium|cathedral|tower"
    r"|plaza|square|mall|uni?v|overpass|underpass|police|fire station|\d ?ga\b|(?:dae)?gyo\b|yeok\b"
    r"|elementary|middle school|high school|homeplus|e-?mart|park\b"
    r"|family|five-way|crossing|intersection|rotary|ic\b|line\b)"
)
# Neighbourhoods that stand for their district in speech; a park there is a named spot.
_ALIAS = re.compile(
    "홍대|상암|이태원|명동|광화문|여의도|대림|잠실|성수|건대|목동|신림|노량진|청량리|연신내|수유|가산"
    "|김포공항|hongdae|sangam|itaewon|myeong|gwanghwa|yeouido|daerim|jamsil|seongsu|geondae|konkuk"
    "|mok|s[hi]?il?lim|sinlim|noryangjin|cheongnyang|suyu|gasan|gimpo"
)
_HAN_TRAP = re.compile(r"[站駅역桥橋江河洞]|大桥|大橋|市场|市場|公园|公園|医院|病院|大学|大学")
_OFFICE_TRAP = re.compile("[厅廳庁役]?[站駅역]")
_REPLACED_AFTER = re.compile(
    r"(?:이|가|는|은|를|을)?\s?(?:아니(?![면])|말고|대신|빼고)|에서\s?(?:[가-힣]+\s?){0,2}(?:이사|옮)"
    r"|,? (?:no|sorry|i mean)\b"
)
_REPLACED_BEFORE = re.compile(
    r"(?:\bnot (?:for |in |from )?|instead of |rather than |moved from )$"
)
_NO_DISTRICT = re.compile("난방|[간석역]")
_WORD_WITH_GU = re.compile(r"(?<![가-힣])[가-힣]{2,3}구(?=$|[^가-힣]|[에의로가는은도를]|청)")
_BETWEEN = re.compile(r"\s?[,·/]\s?|\s|(?:랑|이랑|와|과|하고)\s")
_CITIES = "부산|대구|인천|광주|대전|울산|busan|daegu|incheon|gwangju|daejeon|ulsan"
_CITY_BEFORE = re.compile(rf"(?:{_CITIES})(?:광역시|시)?(?:의|['’]s)?[, ]*$")
_CITY_AFTER = re.compile(r"[ ,]*(?:in |of )?(?:busan|daegu|incheon|gwangju|daejeon|ulsan)\b")
_BOTH_BANKS = re.compile(r"강남\s?[·/,과와]?\s?강북|강남북|강북강변")
_GU = r"\s?구(?:청(?!역))?(?!청역|[간석역멍입매급직출두경름조호])"


class Districts:
    """Knows the names of one city's districts."""

    def __init__(
        self, districts: Sequence[str], synonyms: Mapping[str, str], words: Iterable[str] = ()
    ) -> None:
        """`synonyms` maps ways of writing to a name in `districts`; `words` mean more than one."""
        known = set(districts)
        self._names = {s.lower(): d for s, d in synonyms.items() if d in known}
        self._names.update({d: d for d in districts})
        self._words = frozenset(words)
        self._own = {d.removesuffix("구") for d in districts} | known
        self._spelled = {d: jamo(d) for d in districts if len(d) > 2}
        korean = [n for n in self._names if re.search("[가-힣]", n)]
        latin = [n for n in self._names if n.isascii()]
        others = [n for n in self._names if not n.isascii() and not re.search("[가-힣]", n)]
        self._korean = _pattern(korean, rf"(?P<gu>{_GU})?")
        self._latin = _pattern(
            latin,
            r"(?P<gu>[ -]?(?:gu|ku|goo)\b|구| district\b)?(?: office\b)?",
            r"(?<![a-z])",
            r"(?![a-z])",
        )
        self._others = _pattern(others, "(?P<gu>[区區구])?")

    def find(self, text: str) -> list[Found]:
        """Return the districts of a normalised text from left to right, each once."""
        masked = _BOTH_BANKS.sub(lambda m: "\0" * len(m[0]), text)
        found: list[Found] = []
        for pattern, accepts in (
            (self._korean, self._accepts_korean),
            (self._latin, self._accepts_latin),
            (self._others, self._accepts_other),
        ):
            for match in pattern.finditer(masked) if pattern else ():
                start, end = match.span()
                if _CITY_BEFORE.search(masked, max(0, start - 12), start):
                    continue
                if accepts(masked, match) and not _CITY_AFTER.match(masked, end):
                    found.append((start, end, self._names[match["name"]]))
        found += self._beside_others(masked, found)
        found += self._misspelled(masked, found)
        kept = [f for f in found if not _taken_back(masked, f)]
        found = kept or found
        once: dict[str, Found] = {}
        for item in sorted(found):
            once.setdefault(item[2], item)
        return list(once.values())

    def proper(self, text: str, found: Sequence[Found]) -> list[tuple[int, int]]:
        """Return the spans of those `found` that say a district's own name, not "Hongdae"."""
        return [(s, e) for s, e, _ in found if not _ALIAS.match(text, s)]

    def _beside_others(self, text: str, found: Sequence[Found]) -> list[Found]:
        """Return names that are words too, where they stand in a list of districts."""
        out: list[Found] = []
        for match in self._korean.finditer(text) if self._korean else ():
            start, end = match.span()
            listed = any(
                _BETWEEN.fullmatch(text[e:start] if e <= start else text[end:s])
                for s, e, _ in [*found, *out]
            )
            if match["name"] in self._words and listed:
                out.append((start, end, self._names[match["name"]]))
        return [one for one in out if one not in found]

    def _misspelled(self, text: str, found: Sequence[Found]) -> list[Found]:
        """Return words on "구" that are one letter away from exactly one district ("서데문구")."""
        out: list[Found] = []
        for match in _WORD_WITH_GU.finditer(text):
            start, end = match.span()
            if any(start < e and end > s for s, e, _ in found):
                continue
            letters = jamo(match[0])
            near = [d for d, spelled in self._spelled.items() if _one_letter_off(letters, spelled)]
            if len(near) == 1 and not _CITY_BEFORE.search(text, max(0, start - 12), start):
                out.append((start, end, near[0]))
        return out

    def _accepts_korean(self, text: str, match: re.Match[str]) -> bool:
        name, end = match["name"], match.end()
        before = text[match.start() - 1 : match.start()]
        inside_word = "가" <= before <= "힣" and not text.endswith(
            ("서울", "서울시"), 0, match.start()
        )
        if name.endswith("구") or (match["gu"] and name in self._own):
            short = len(name.removesuffix("구")) == 1  # "중구" hides in other words
            station = text.startswith("청역", end)
            return not (station or (short and (inside_word or _NO_DISTRICT.match(text, end))))
        if inside_word or _APART.match(text, end):
            return False
        if name in self._words:
            return bool(_LIVING.match(text, end))
        if _ATTACHED.match(text, end):
            return False
        dong = text.startswith("동", end)
        return not dong or name not in self._own

    def _accepts_latin(self, text: str, match: re.Match[str]) -> bool:
        return bool(match["gu"]) or not _LATIN_TRAP.match(text, match.end())

    def _accepts_other(self, text: str, match: re.Match[str]) -> bool:
        # "江南区江南站" is a station in the district that is named before it.
        trap = _OFFICE_TRAP if match["gu"] else _HAN_TRAP
        return not trap.match(text, match.end())


def _taken_back(text: str, found: Found) -> bool:
    """Say whether a district is named only to be replaced ("종로구 아니 중구로", "not Jung-gu")."""
    start, end, _ = found
    return bool(
        _REPLACED_AFTER.match(text, end) or _REPLACED_BEFORE.search(text, max(0, start - 24), start)
    )


def _one_letter_off(a: str, b: str) -> bool:
    """Say whether two spelled-out words differ by one letter put in, left out or exchanged."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    i = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[i + (len(a) >= len(b)) :] == b[i + (len(b) >= len(a)) :]


def _pattern(
    names: list[str], suffix: str, before: str = "", after: str = ""
) -> re.Pattern[str] | None:
    if not names:
        return None
    longest_first = "|".join(re.escape(n) for n in sorted(names, key=len, reverse=True))
    return re.compile(rf"{before}(?P<name>{longest_first}){suffix}{after}")
