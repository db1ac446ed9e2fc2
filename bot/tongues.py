"""Which language a talk is in: what was chosen stays, else the language of whole sentences."""

import re

from bot import texts

_HANGUL = re.compile("[가-힣]")
_HAN_OR_KANA = re.compile("[一-鿿぀-ヿ]")
# Fewer signs say as much in these scripts.
_ENOUGH = {"ko": 4, "zh": 2, "ja": 3, "vi": 6, "en": 12}
# "Yes" and "no" in so few letters that they are taken for something else.
_YES = frozenset(
    ("是", "是的", "对", "好", "好的", "可以", "行", "はい", "ええ", "うん", "そうです",
     "お願いします", "vâng", "có", "đúng", "dạ", "ừ")
)  # fmt: skip
_NO = frozenset(
    ("不", "不是", "不用", "不要", "不行", "いいえ", "いえ", "ううん", "違います", "不要です",
     "không")
)  # fmt: skip
_EDGES = re.compile(r"[\s.!?~,。！？、，]+")


def short_answer(text: str) -> str | None:
    """Return "yes" or "no" where `text` is one of these words of Chinese, Japanese, Vietnamese."""
    word = _EDGES.sub("", text).lower()
    if word in _YES:
        return "yes"
    return "no" if word in _NO else None


def letters(text: str) -> int:
    """Return how many letters speak for a language: those of words, not of a number like P-12."""
    return sum(c.isalpha() for word in text.split() if not word[-1].isdigit() for c in word)


def spoken(language: str, channel: str) -> str:
    """Return the language to answer in: on the phone one that the voices speak."""
    if channel == "voice" and language not in texts.SPOKEN:
        return "en"
    return language


def first(chosen: str | None, said: str, text: str, hint: str | None) -> str:
    """Return the language to begin a talk in.

    `chosen` is what the citizen chose before, `said` the language of this `text` as understood,
    and `hint` that of the browser or app.
    """
    if chosen:
        return chosen
    if said in texts.LANGUAGES and letters(text) >= min(3, _ENOUGH[said]):
        return said
    return hint if hint in texts.LANGUAGES else "ko"


def follows(current: str, said: str, text: str, *, understood: bool) -> bool:
    """Tell whether the talk goes over from `current` to the language of `text`, `said`.

    A name or a word does not change it; a sentence does. Chinese characters alone do not take a
    Japanese talk away, and a Latin sentence has to be understood: it may be an address.
    """
    if said not in texts.LANGUAGES or said == current:
        return False
    if said == "ko":
        return len(_HANGUL.findall(text)) >= _ENOUGH["ko"]
    if said in ("zh", "ja"):
        if current == "ja" and said == "zh" and len(text) < 6:
            return False
        return len(_HAN_OR_KANA.findall(text)) >= _ENOUGH[said]
    return understood and letters(text) >= _ENOUGH[said]
