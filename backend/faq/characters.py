"""Chinese and Japanese questions cut into pieces that mean something in Korean.

Words of the lists are found longest first. Other runs of Chinese characters are read as Korean
reads them: most office words are the same in all three languages (住民登録, 주민등록).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from backend.faq import tokens
from backend.faq.wordlists import Alternatives, characters, readings

_LONGEST = 10
_BASE = 0xAC00
_N, _R, _SILENT = 2, 5, 11  # lead consonants by number
_SOFT = frozenset((2, 6, 7, 12, 17, 20))  # the vowels ya, yeo, ye, yo, yu, i
_HAN = re.compile(r"[㐀-鿿豈-﫿]+")
_OTHER = re.compile(r"[ァ-ヴー]{2,}|[a-z0-9]{2,}")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a question, and what it means in Korean; no meaning where it could not be read."""

    text: str
    meaning: Alternatives


def is_japanese(text: str) -> bool:
    """Tell whether a text holds kana."""
    return any("ぁ" <= char <= "ヿ" for char in text)


def is_chinese(text: str) -> bool:
    """Tell whether a text holds Chinese characters."""
    return bool(_HAN.search(text))


def pieces(text: str, language: str) -> Iterator[Piece]:
    """Yield the pieces of `text` (zh, ja) in order; what carries no topic is left out."""
    words = characters(language)
    text = text.lower()
    at = begun = 0
    while at < len(text):
        for size in range(min(_LONGEST, len(text) - at), 0, -1):
            found = words.get(text[at : at + size])
            if found is not None:
                yield from _rest(text[begun:at])
                if found:
                    yield Piece(text[at : at + size], found)
                at += size
                begun = at
                break
        else:
            at += 1
    yield from _rest(text[begun:])


def _rest(text: str) -> Iterator[Piece]:
    """Yield what the lists do not know: characters as Korean reads them, names in other letters."""
    read = readings()
    for run in _HAN.findall(text):
        if len(run) == 1:
            continue  # a remainder of grammar more often than a word
        if all(char in read for char in run):
            syllables = [read[char] for char in run]
            sequence = tokens.korean(_initial(syllables[0]) + "".join(syllables[1:])).sequence
            yield Piece(run, (sequence,) if sequence else ())
        else:
            yield Piece(run, ())
    for word in _OTHER.findall(text):
        yield Piece(word, ())


def _initial(syllable: str) -> str:
    """Return a syllable as it sounds at the head of a word (료금 is 요금, 로동 is 노동).

    Rule: Korean orthography, articles 10 to 12.
    """
    code = ord(syllable) - _BASE
    lead, vowel, tail = code // 588, code % 588 // 28, code % 28
    soft = vowel in _SOFT
    if lead == _R:
        lead = _SILENT if soft else _N
    elif lead == _N and soft:
        lead = _SILENT
    return chr(_BASE + lead * 588 + vowel * 28 + tail)
