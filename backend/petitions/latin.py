"""Named spots as Latin letters write them: "Namguro station", "nam guro stn", "Hannam-dong".

Spelled as `romanise` does, so that a city's list of names in Korean is one in English, too.
"""

import re
from collections.abc import Mapping

from backend.faq.romanise import romanise

_KINDS = {
    "역": ("station", "stn", "yeok"),
    "동": ("dong",),
    "로": ("ro",),
    "길": ("gil",),
    "시장": ("market", "sijang"),
    "공원": ("park", "gongwon"),
    "사거리": ("intersection", "sageori"),
}
_KIND_OF = {english: korean for korean, words in _KINDS.items() for english in words}
# Vietnamese says the kind first: "chợ Garak", "ga Hapjeong".
_KIND_BEFORE = {"ga": "역", "phường": "동", "chợ": "시장", "viên": "공원"}
_ATTACHED = ("dong", "ro", "gil", "yeok", "sijang")
_WORD = re.compile(r"[a-zà-ỹđ']+")
_NO_SYLLABLE = re.compile(r"[^가-힣]")
_MOST_WORDS = 5


def index(names: Mapping[str, tuple[str, ...]]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the districts of each name by its Latin letters and its kind ("역", "시장").

    `names` are Korean with their kind: "남구로역", "한남동", "망원시장". Others are left out.
    """
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, districts in names.items():
        kind = next((k for k in _KINDS if name.endswith(k) and len(name) > len(k)), None)
        if kind is None:
            continue
        stem = _NO_SYLLABLE.sub("", name.removesuffix(kind))
        for spelled in {romanise(stem), "".join(map(romanise, stem))}:
            if len(spelled) >= 3:
                found.setdefault((_loosely(spelled), kind), districts)
    return found


def find(
    text: str, known: Mapping[tuple[str, str], tuple[str, ...]]
) -> list[tuple[int, int, tuple[str, ...]]]:
    """Return (start, end, districts) of each spot that `text` names, however it is spaced."""
    words = [(m.start(), m.end(), m[0]) for m in _WORD.finditer(text.lower())]
    found = []
    for at, (start, end, word) in enumerate(words):
        if kind := _KIND_OF.get(word):
            for count in range(min(_MOST_WORDS, at), 0, -1):
                stem = "".join(w for _, _, w in words[at - count : at])
                if districts := known.get((_loosely(stem), kind)):
                    found.append((words[at - count][0], end, districts))
                    break
            continue
        if kind := _KIND_BEFORE.get(word):
            for count in range(min(_MOST_WORDS, len(words) - at - 1), 0, -1):
                stem = "".join(w for _, _, w in words[at + 1 : at + 1 + count])
                if districts := known.get((_loosely(stem), kind)):
                    found.append((start, words[at + count][1], districts))
                    break
        for ending in _ATTACHED:
            stem = word.removesuffix(ending)
            if stem != word and (districts := known.get((_loosely(stem), _KIND_OF[ending]))):
                found.append((start, end, districts))
    return found


def _loosely(spelled: str) -> str:
    """Return one spelling for those in use: "shinchon" is "sinchon", "gang'nam" "gangnam"."""
    return spelled.replace("'", "").replace("shi", "si").replace("oo", "u")
