"""Finds named spots ("강남역 11번 출구 앞", "next to the GS25 on Yanghwa-ro") as spans of text.

A spot is a name from the lookup table, a word whose ending makes it a place, or an address, with
what locates it more closely around it. "My house" or "our alley" is nobody's named spot.
"""

import re
from collections.abc import Iterable, Sequence

from nlu import places_english, places_korean

Span = tuple[int, int]

# A district with one of these is one building: "광진 보건소", "Seocho-gu office".
_ITS_OWN = re.compile(
    r"구청|보건소|보건지소|도서관|세무서|경찰서|소방서|우체국|체육관|문화원|gucheong|bogeonso"
    r"|(?:office|library|health cent(?:er|re)|hall|police station|fire station|post office)\b"
)
_NOTHING_MORE = re.compile(
    r"\b(?:the|in front of|next to|close to|near|behind|outside|under|around|at|by|in|on|"
    + places_english.ENDING
    + rf")(?![a-z])|{places_korean.ENDINGS}|구청|동|쪽|앞|근처|주변|일대"
)


# Chinese and Japanese name stations, bridges, rivers and parks by one last character or two.
_HAN = re.compile(
    r"(?:[一-鿿ァ-ヿ]{1,8}?(?:站|駅|大桥|大橋|公园|公園|市场|市場|机场|空港)|[汉漢]江)"
    r"(?:の?\d{1,2}(?:号|番)(?:出)?口|出口)?(?:附近|旁边|旁|前面|门口|の?前|の?近く|の?そば|の?中)?"
)


class Places:
    """Knows how places are named; the lookup table adds names that follow no rule."""

    def __init__(self, names: Iterable[str], neighbourhoods: Sequence[str] = ()) -> None:
        """`names` are places of the city in any spelling, `neighbourhoods` Korean stems."""
        longest_first = sorted({n.lower() for n in names}, key=len, reverse=True)
        korean = [n for n in longest_first if re.search("[가-힣]", n)]
        latin = [n for n in longest_first if n.isascii()]
        # A short name hides in other words; a long one is itself even in a text without spaces.
        short, long = [n for n in korean if len(n) < 3], [n for n in korean if len(n) >= 3]
        alone = f"(?<![가-힣])(?:{'|'.join(map(re.escape, short))})" if short else "(?!)"
        self._korean = re.compile("|".join([*map(re.escape, long), alone]))
        self._neighbourhoods = places_korean.known_neighbourhoods(neighbourhoods)
        self._latin = _gazetteer(latin, r"(?<![a-z])", r"(?![a-z])")

    def find(self, plain: str, source: str, districts: Sequence[Span] = ()) -> list[Span]:
        """Return the spans of named spots in a normalised text.

        `source` is the same text in its own capitals, character for character; `districts` are
        the spans of districts, which alone or before "park" are no named spot.
        """
        spans: list[Span] = []
        if re.search("[가-힣]", plain):
            spans += places_korean.find_spots(plain, self._korean, self._neighbourhoods)
        if re.search("[a-z]{3}", plain):
            spans += places_english.find_spots(plain, source, self._latin)
        spans += [m.span() for m in _HAN.finditer(plain)]
        return _merged([s for s in spans if not _only_district(plain, s, districts)], plain)


def _only_district(text: str, span: Span, districts: Sequence[Span]) -> bool:
    """Say whether a span names nothing but a district, with or without "park" or "office"."""
    start, end = span
    for first, last in districts:
        if start < last and end > first:
            rest = f"{text[start:first]} {text[last:end]}"
            return not _ITS_OWN.search(text, start, end) and not _NOTHING_MORE.sub("", rest).strip()
    return False


def _merged(spans: list[Span], text: str) -> list[Span]:
    """Join spans that overlap or stand side by side."""
    out: list[Span] = []
    for start, end in sorted(spans):
        touching = out and (start <= out[-1][1] or text[out[-1][1] : start] == " ")
        if touching:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def _gazetteer(names: list[str], before: str, after: str) -> re.Pattern[str] | None:
    if not names:
        return None
    return re.compile(f"{before}(?:{'|'.join(map(re.escape, names))}){after}")
