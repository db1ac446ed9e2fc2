"""Finds the Korean word behind an English one, so that both languages share what is learned."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from nlu.morphemes import Morpheme, analyse

_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?|\d+")
_LONGEST = 5
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
        known: dict[str, list[Morpheme]] = {}
        for phrase, words in terms.items():
            for word in words:
                if word not in known:
                    known[word] = [m for m in analyse(word) if m.known]
            key = tuple(stems(phrase))
            if key:
                self._senses.setdefault(key, []).extend(m for w in words for m in known[w])

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
