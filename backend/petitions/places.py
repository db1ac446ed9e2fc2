"""Which district a named place lies in: read from `places.yml`."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from backend.petitions import latin

PLACES_FILE = Path(__file__).with_name("places.yml")

# A bare name is a word like others ("인사", "신정"): what stands behind it makes it a place.
_BEHIND = (
    r"(?:제?\d{0,2}(?:동|가)(?!안|시|의|생|네|료|물|전)|역|시장|사거리|삼거리|오거리|로터리|초등|중학|고등"
    r"|초(?![가-힣])|한강공원|공원|주민센터|우체국|파출소|지구대|경로당|도서관|아파트|빌라|성당|교회"
    r"|어린이집|유치원|고가|지하차도|육교|쪽|에서|에\s|근처|앞|뒤|입구|\s\d|\s(?:쪽|근처))"
)
# These are words for other things, too: a square, an error, arson. Only 동, 역 and the like behind
# them make them places.
_WORDS = "광장|오류|방화|도화|사직|중앙|신사|인사|일원|하계|중화|개화|수송"
_NO_WORD = rf"(?!(?:{_WORDS})(?:쪽|에서|에\s|근처|앞|뒤|입구|\s))"
_NUMBERED = r"(?:\d가)?"


@dataclass(frozen=True, slots=True)
class Spot:
    """A place that a text names, and the districts (Korean names) it may lie in."""

    name: str
    districts: tuple[str, ...]

    @property
    def sure(self) -> bool:
        """Whether the place lies in one district alone."""
        return len(self.districts) == 1


@dataclass(frozen=True, slots=True)
class Places:
    """The whole file. `dong` and `names` give the districts of a name, `pattern` finds them.

    `latin` holds those of the names whose kind tells how English writes them.
    """

    dong: dict[str, tuple[str, ...]]
    names: dict[str, tuple[str, ...]]
    pattern: re.Pattern[str]
    latin: dict[tuple[str, str], tuple[str, ...]]


def _read(data: dict[str, Any]) -> Places:
    dong: dict[str, tuple[str, ...]] = {}
    names: dict[str, tuple[str, ...]] = {}
    for district, lists in data["districts"].items():
        dong.update({str(name): (district,) for name in lists["dong"]})
        names.update({str(name).lower(): (district,) for name in lists["spots"]})
        for other in ("english", "han"):
            names.update({str(name).lower(): (district,) for name in lists.get(other, ())})
    for border in data["border"]:
        for name in border["names"]:
            short = len(name) <= 2 or name in ("충정로",)
            target = dong if short and not name.isascii() else names
            target[str(name).lower()] = tuple(border["districts"])

    def longest(words: dict[str, tuple[str, ...]], *, ascii_: bool) -> str:
        chosen = [w for w in words if w.isascii() is ascii_]
        return "|".join(re.escape(w) for w in sorted(chosen, key=len, reverse=True))

    # Three syllables, or a 동 of its own, are no other word.
    whole = {n: where for n, where in dong.items() if len(n) > 2 or n.endswith("동")}
    pattern = re.compile(
        rf"(?P<name>{longest(names, ascii_=False)})(?!구(?![가-힣])|구청|(?<=대)로)"
        rf"|(?<![a-z])(?P<latin>{longest(names, ascii_=True)})(?![a-z])"
        rf"|(?<![가-힣])(?P<long>{longest(whole, ascii_=False)})(?!구(?![가-힣])|구청|길|로)"
        rf"|(?<![가-힣]){_NO_WORD}(?P<dong>{longest(dong, ascii_=False)}){_NUMBERED}(?={_BEHIND})",
        re.IGNORECASE,
    )
    spoken = names | {n if n.endswith("동") else f"{n}동": d for n, d in dong.items()}
    return Places(dong, names, pattern, latin.index(spoken))


@lru_cache(maxsize=1)
def places() -> Places:
    """Return the city's places."""
    return _read(yaml.safe_load(PLACES_FILE.read_text(encoding="utf-8")))


def locate(text: str) -> Spot | None:
    """Return the place that `text` names, if the file knows one; the last where there are several.

    Citizens correct themselves forwards: in "망원역 아니고 합정역" the second place counts.
    """
    found: Spot | None = None
    behind = 0
    for match in places().pattern.finditer(text):
        found, behind = _spot(match), match.end()
    for start, end, districts in latin.find(text, places().latin):
        if end > behind:
            found, behind = Spot(text[start:end], districts), end
    if found is None:
        bare = re.sub(r"[\s.,!~]|(?:이?요|이?에요|예요|입니다|쪽|근처|앞)$", "", text.strip())
        for name in (bare, bare.removesuffix("동")):
            if name in places().dong:
                return Spot(name, places().dong[name])
    return found


def _spot(match: re.Match[str]) -> Spot:
    known = places()
    if dong := match["dong"] or match["long"]:
        return Spot(dong, known.dong[dong])
    name = match["name"] or match["latin"]
    return Spot(name, known.names[name.lower()])
