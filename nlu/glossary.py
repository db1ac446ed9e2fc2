"""Finds the Korean word behind a foreign one, so that all languages share what is learned."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from nlu.morphemes import Morpheme, analyse

_WORD = re.compile(r"[a-zà-ỹđ]+(?:['’][a-z]+)?|\d+")
_HAN = re.compile("[一-鿿ぁ-ヿ]+")
_LONGEST = 5
_LONGEST_HAN = 8
_ENDINGS = (
    ("'s", ""), ("ies", "y"), ("ied", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", "e"),
    ("s", ""),
)  # fmt: skip


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Take common English endings off ("parked", "parking", "parks" → "park")."""
    if len(word) < 4 or not word.isascii():
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            if not (ending == "s" and word[-2] in "su"):
                word = word[: -len(ending)] + instead
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] in "bdgklmnprt":
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def stems(text: str) -> list[str]:
    """Return the stems of the Latin words and the numbers of a normalised text."""
    return [stem(w.replace("’", "'")) for w in _WORD.findall(text)]


class Glossary:
    """A translator of words and set phrases, longest match first."""

    def __init__(self, terms: Mapping[str, Sequence[str]]) -> None:
        """`terms` maps a foreign phrase to its Korean words."""
        self.terms = terms
        self._senses: dict[tuple[str, ...], list[Morpheme]] = {}
        self._han: dict[str, list[Morpheme]] = {}
        known: dict[str, list[Morpheme]] = {}
        for phrase, words in terms.items():
            for word in words:
                if word not in known:
                    known[word] = [m for m in analyse(word) if m.known]
            senses = [m for w in words for m in known[w]]
            if _HAN.search(phrase):
                self._han.setdefault(phrase, []).extend(senses)
            elif key := tuple(stems(phrase)):
                self._senses.setdefault(key, []).extend(senses)

    def translate(self, words: Sequence[str]) -> list[Morpheme]:
        """Return the Korean content morphemes of what is known among stemmed `words`."""
        found: list[Morpheme] = []
        i = 0
        while i < len(words):
            for length in range(min(_LONGEST, len(words) - i), 0, -1):
                senses = self._senses.get(tuple(words[i : i + length]))
                if senses is not None:
                    found += senses
                    break
            else:
                length = 1
            i += length
        return found

    def translate_han(self, text: str) -> list[Morpheme]:
        """Return the Korean content morphemes of Chinese and Japanese terms inside a text."""
        found: list[Morpheme] = []
        for run in _HAN.findall(text):
            i = 0
            while i < len(run):
                for length in range(min(_LONGEST_HAN, len(run) - i), 0, -1):
                    senses = self._han.get(run[i : i + length])
                    if senses is not None:
                        found += senses
                        break
                else:
                    length = 1
                i += length
        return found


def has_han(text: str) -> bool:
    """Say whether Chinese characters or kana occur."""
    return _HAN.search(text) is not None
