"""Spells romanised Korean ("tupyo hago sipeoyo") in Hangul, so that it can be understood.

Follows the Revised Romanization of Korean (Ministry of Culture notice 2000-8) backwards, with the
looser spellings people really type.
"""

import re
from functools import lru_cache

_LEADS = {
    "kk": 1, "gg": 1, "tt": 4, "dd": 4, "pp": 8, "bb": 8, "ss": 10, "jj": 13, "ch": 14,
    "g": 0, "n": 2, "d": 3, "r": 5, "l": 5, "m": 6, "b": 7, "s": 9, "j": 12, "k": 15, "t": 16,
    "p": 17, "h": 18, "": 11,
}  # fmt: skip
_VOWELS = {
    "yae": 3, "yeo": 6, "wae": 10, "ae": 1, "ya": 2, "eo": 4, "ye": 7, "wa": 9, "oe": 11, "yo": 12,
    "wo": 14, "we": 15, "wi": 16, "yu": 17, "eu": 18, "ui": 19, "a": 0, "e": 5, "o": 8, "u": 13,
    "i": 20,
}  # fmt: skip
_TAILS = {
    "ng": 21,
    "k": 1,
    "g": 1,
    "n": 4,
    "t": 19,
    "l": 8,
    "r": 8,
    "m": 16,
    "p": 17,
    "b": 17,
    "s": 19,
}
_SYLLABLE = re.compile(
    r"(kk|gg|tt|dd|pp|bb|ss|jj|ch|[gndrlmbsjktph]?)"
    r"(yae|yeo|wae|ae|ya|eo|ye|wa|oe|yo|wo|we|wi|yu|eu|ui|[aeoui])"
    r"((?:ng|[kgntlrmpbs])(?![aeiouyw])|n(?=[yw])|ng(?=[aeiouyw])(?!g))?"
)
_WORD = re.compile(r"[a-z]+")
# Endings, particles and verbs that no English sentence holds: without one of them a text of Latin
# letters is taken for what it looks like.
_KOREAN = re.compile(
    r"\b(?:\w+(?:yo|seyo|haeyo|hamnida|imnida|seumnida|juseyo|jwo|eoyo|ayo|nayo|eyo|gayo|lkkayo)"
    r"|hago|sipeo|sipda|neomu|minwon|tupyo|jean|sincheong|eotteo\w*|eodi|eodiseo|eonje"
    r"|eolma\w*|mwo|wae|nae|uri|jip|yeogi|isseo|eopseo|anieyo|aniyo|anio|ani|ne|nee|eung"
    r"|gomawo|annyeong|chwiso|geuman|allim|jaenan|munja|sangdamwon|jikwon|saram|yeongyeol"
    r"|hangugeo|yeongeo|bul|nasseo|dowa\w*|sallyeo\w*|salryeo\w*|jeongbo|gongga|gonggae|gonggam"
    r"|singo|jinhaeng|gyeolgwa|jeopsu|sseuregi|haejwo|haejuseyo|hallae\w*|beon|jom|geo|igeo)\b"
)


# What sounds change in speech and so in romanisation: back to how it is written.
_WRITTEN = (
    ("함니", "합니"), ("임니", "입니"), ("슴니", "습니"), ("심니", "십니"), ("시퍼", "싶어"),
    ("엇터케", "어떻게"), ("엇턱", "어떡"), ("됏", "됐"), ("이써", "있어"), ("업서", "없어"),
    ("마나", "많아"), ("조아", "좋아"), ("아네", "안에"), ("아페", "앞에"), ("여페", "옆에"),
)  # fmt: skip


@lru_cache(maxsize=4096)
def _syllables(word: str) -> str | None:
    """Return one romanised word in Hangul, None where it is no such word."""
    out: list[str] = []
    at = 0
    while at < len(word):
        match = _SYLLABLE.match(word, at)
        if match is None or match.end() == at:
            return None
        lead, vowel, tail = match[1] or "", match[2], match[3] or ""
        code = (_LEADS[lead] * 21 + _VOWELS[vowel]) * 28 + _TAILS.get(tail, 0)
        out.append(chr(0xAC00 + code))
        at = match.end()
    return "".join(out)


def to_hangul(text: str) -> str | None:
    """Return a normalised text in Hangul where it reads as romanised Korean, else None."""
    if not _KOREAN.search(text):
        return None
    words = _WORD.findall(text)
    spelled = [_syllables(w) for w in words]
    if sum(s is not None for s in spelled) < 0.7 * len(words):
        return None
    out = " ".join(s if s is not None else w for s, w in zip(spelled, words, strict=True))
    for heard, written in _WRITTEN:
        out = out.replace(heard, written)
    return out
