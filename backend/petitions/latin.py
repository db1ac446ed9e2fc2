"""Named spots as Latin letters write them: "Namguro station", "nam guro stn", "Hannam-dong".

Spelled by the Revised Romanization of Korean (Ministry of Culture notice 2000-8) with what sounds
do to each other, so that a city's list of names in Korean is one in English, too.
"""

import re
from collections.abc import Mapping

_LEADS = ["g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t",
          "p", "h"]  # fmt: skip
_VOWELS = ["a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo",
           "we", "wi", "yu", "eu", "ui", "i"]  # fmt: skip
_TAILS = ["", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p",
          "p", "t", "t", "ng", "t", "t", "k", "t", "p", "t"]  # fmt: skip
# What a tail becomes before a vowel; the others stay as they sound alone.
_LINKED = {1: "g", 7: "d", 8: "r", 17: "b", 19: "s", 20: "ss", 22: "j", 23: "ch", 27: ""}
# Tail and lead as they sound together: "종로" is jongno, "선릉" seolleung, "왕십리" wangsimni.
_TOGETHER = {
    ("k", "n"): ("ng", "n"), ("k", "m"): ("ng", "m"), ("k", "r"): ("ng", "n"),
    ("t", "n"): ("n", "n"), ("t", "m"): ("n", "m"), ("t", "r"): ("n", "n"),
    ("p", "n"): ("m", "n"), ("p", "m"): ("m", "m"), ("p", "r"): ("m", "n"),
    ("n", "r"): ("l", "l"), ("l", "n"): ("l", "l"), ("l", "r"): ("l", "l"),
    ("m", "r"): ("m", "n"), ("ng", "r"): ("ng", "n"),
}  # fmt: skip
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
_MOST_WORDS = 5


def romanise(word: str) -> str:
    """Return Hangul syllables in Latin letters; what is no syllable is left out."""
    out, tail = "", 0
    for char in word:
        code = ord(char) - 0xAC00
        if not 0 <= code < 11172:
            continue
        lead, rest = divmod(code, 588)
        vowel, next_tail = divmod(rest, 28)
        out += _join(tail, lead) + _VOWELS[vowel]
        tail = next_tail
    return out + (_TAILS[tail] if tail else "")


def _join(tail: int, lead: int) -> str:
    if not tail:
        return _LEADS[lead]
    if not _LEADS[lead]:
        return _LINKED.get(tail, _TAILS[tail])
    return "".join(_TOGETHER.get((_TAILS[tail], _LEADS[lead]), (_TAILS[tail], _LEADS[lead])))


def index(names: Mapping[str, tuple[str, ...]]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the districts of each name by its Latin letters and its kind ("역", "시장").

    `names` are Korean with their kind: "남구로역", "한남동", "망원시장". Others are left out.
    """
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, districts in names.items():
        kind = next((k for k in _KINDS if name.endswith(k) and len(name) > len(k)), None)
        if kind is None:
            continue
        stem = name.removesuffix(kind)
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
