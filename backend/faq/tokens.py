"""Text into the terms that the index counts: morphemes, bigrams within them, jamo; English stems.

Everything here is a pure function of its text, so that an analysis may be stored with the index.
"""

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from kiwipiepy import Token

from backend.faq import english as latin
from nlu.morphemes import kiwi

VERSION = 6  # part of every stored index: raise it when what this module returns changes

_CONTENT = frozenset({"NNG", "NNP", "NR", "SL", "SH", "SN", "XR", "VV", "VA"})
_LIGHT_TAGS = frozenset({"VV", "VA", "XR", "NP", "NR", "SN"})
_ASKING = frozenset(
    ("언제", "누구", "왜", "몇", "어디", "얼마나", "무엇", "뭐", "무슨", "어느", "아무")
)
# nouns of asking and telling: they fit any subject
_SAID_OF_ANYTHING = """
방법 이용 가능 경우 문의 확인 관련 사람 우리 저희 정도 필요 요즘 오늘 이번 안내 설명 내용 이름
말 일 다음 지금 올해 자기 본인 생각 궁금 얼마 때 데 것 곳 전 후 이상 사실 문제 부탁 질문
"""
GENERAL = frozenset(_SAID_OF_ANYTHING.split())
_NOUNS = frozenset(("아이",))  # which Kiwi takes for a cry where no particle follows
_UNITS = frozenset(("명", "년", "시", "번", "살", "층", "일", "월", "개월", "가지", "동안", "데"))
_DISTRICT = "구"
_ADMINISTRATIVE = frozenset({"구", "동", "구청"})
_AREAS = _ADMINISTRATIVE | {"역", "천", "산", "공원", "시장", "터널", "대교", "뉴타운", "도서관"}
_TAGS = re.compile(r"<[^>\n]{1,200}>")
_SPACE = re.compile(r"\s+")
_LETTERS = re.compile(r"[가-힣a-z0-9]+")

_Token = tuple[str, str, int]  # form, tag, number in Kiwi's dictionary


class Terms(NamedTuple):
    """What one text holds: words by count, their character pairs, places and names.

    `places` are districts and neighbourhoods; `names` are all proper names, as morphemes;
    `sequence` is the words in order, with units of counting (몇 명, 몇 시), to find phrases in;
    `light` are words that fit any subject (verbs, "방법"); `ids` are Kiwi's numbers of words.
    """

    words: Counter[str]
    pairs: Counter[str]
    places: frozenset[str]
    names: frozenset[tuple[str, ...]]
    sequence: tuple[str, ...]
    light: frozenset[str]
    ids: dict[str, int]


def warm() -> None:
    """Load the morphological analyser now (some two seconds) rather than at the first question."""
    kiwi()


def clean(text: str) -> str:
    """Return `text` on one line, without mark-up, entities (also doubly escaped) or filler runs."""
    for _ in range(5):
        unescaped = html.unescape(text)
        if unescaped == text:
            break
        text = unescaped
    text = unicodedata.normalize("NFC", text)
    text = _SPACE.sub(" ", _TAGS.sub(" ", text)).strip()
    return re.sub(r"(?:\b돋움\b ?){2,}", "", text).strip()  # a font's name left by an export


def is_korean(text: str) -> bool:
    """Tell whether `text` is to be read as Korean: it holds a Hangul letter."""
    return any("가" <= char <= "힣" or "ㄱ" <= char <= "ㅣ" for char in text)


def korean(text: str) -> Terms:
    """Analyse one Korean text."""
    return _terms(_plain(kiwi().tokenize(text, split_complex=True)))


def korean_all(texts: Iterable[str]) -> Iterator[Terms]:
    """Analyse many Korean texts; the order is kept."""
    return map(_terms, _read(texts))


def korean_by_word(texts: Sequence[str]) -> Iterator[Terms]:
    """Analyse many long Korean texts word by word, each written word once; the order is kept.

    What stands around a word rarely changes how it is read, and reading it again takes long.
    """
    written = {word: () for text in texts for word in text.split()}
    read: dict[str, Sequence[_Token]] = dict(zip(written, _read(written), strict=True))
    for text in texts:
        yield _terms(chain.from_iterable(read[word] for word in text.split()))


def _read(texts: Iterable[str]) -> Iterator[list[_Token]]:
    return map(_plain, kiwi().tokenize(texts, split_complex=True))


def _plain(tokens: Iterable[Token]) -> list[_Token]:
    return [(t.form.lower(), t.tag.split("-", 1)[0], t.id) for t in tokens]


def entries(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the morphemes of dictionary entries: nouns and phrases, verbs ending in 다.

    An entry is read as part of a sentence, since alone it is often taken for something else. A
    noun of which nothing or one syllable is left was misread, and stands for itself.
    """
    unique = list(dict.fromkeys(texts))
    spoken = [_in_a_sentence(text) for text in unique]
    read = {t: terms.sequence for t, terms in zip(unique, korean_all(spoken), strict=True)}
    for text, found in read.items():
        if (
            len(text) > 1
            and " " not in text
            and not text.endswith("다")
            and len("".join(found)) < 2
        ):
            read[text] = (text,)
    return read


def _in_a_sentence(text: str) -> str:
    if text.endswith("다") and len(text) > 1:
        return text[:-1] + "고"
    last = ord(text[-1]) - 0xAC00
    if not 0 <= last < 11_172:
        return text
    return text + ("은" if last % 28 else "는")


def _terms(tokens: Iterable[_Token]) -> Terms:
    sequence: list[str] = []
    words: Counter[str] = Counter()
    topical: list[str] = []
    places: set[str] = set()
    names: set[tuple[str, ...]] = set()
    light: set[str] = set()
    ids: dict[str, int] = {}
    name = ""  # the proper noun just before, when only a number may stand between
    for form, tag, number in tokens:
        if tag == "NNP" and len(form) > 2 and form.endswith(_DISTRICT):
            form = form[:-1]  # 마포구 and 마포 are one place
            places.add(form)
        if name and tag == "NNG" and form in _AREAS:
            names.add((name, form))
            if form in _ADMINISTRATIVE:
                places.add(name)
        content = tag in _CONTENT or form in _NOUNS
        if content:
            topical.append(form)
            ids.setdefault(form, number)
        if content or form in _ASKING:
            words[form] += 1
            sequence.append(form)
            if tag in _LIGHT_TAGS or form in GENERAL or not content:
                light.add(form)
        elif tag == "NNB" and form in _UNITS:
            sequence.append(form)
        if tag == "NNP" and len(form) > 1:
            name = form
            names.add((form,))
        elif tag != "SN":
            name = ""
    return Terms(
        words,
        _pairs(topical),
        frozenset(places),
        frozenset(names),
        tuple(sequence),
        frozenset(light),
        ids,
    )


def _pairs(words: Iterable[str]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for word in words:
        if len(word) == 1:
            counted[word] += 1
        else:
            counted.update(word[i : i + 2] for i in range(len(word) - 1))
    return counted


def pairs_of(word: str) -> list[str]:
    """Return the character bigrams of one word; a word of one character is its own."""
    return [word] if len(word) == 1 else [word[i : i + 2] for i in range(len(word) - 1)]


def surface_pairs(text: str) -> Counter[str]:
    """Return the character bigrams of a text as it is written, spaces left out.

    They need no analysis, so that they hold where a missing space or a slip misleads it.
    """
    characters = "".join(_LETTERS.findall(text.lower()))
    return Counter(characters[i : i + 2] for i in range(len(characters) - 1))


def letter_runs(words: Iterable[str]) -> Counter[str]:
    """Return runs of three letters (jamo for Hangul) within words: what survives a typing slip."""
    counted: Counter[str] = Counter()
    for word in words:
        letters = _jamo(word)
        counted.update(letters[i : i + 3] for i in range(len(letters) - 2))
    return counted


@lru_cache(maxsize=20_000)
def _jamo(word: str) -> str:
    out: list[str] = []
    for char in word:
        code = ord(char) - 0xAC00
        if not 0 <= code < 11_172:
            out.append(char)
            continue
        out.append(chr(0x1100 + code // 588) + chr(0x1161 + code % 588 // 28))
        if code % 28:
            out.append(chr(0x11A7 + code % 28))
    return "".join(out)


def english(text: str) -> Terms:
    """Analyse one English text: stems of its content words."""
    stems = tuple(latin.stem(w) for w in latin.words(text) if not latin.is_filler(w))
    nothing: frozenset[Any] = frozenset()
    return Terms(Counter(stems), _pairs(stems), nothing, nothing, stems, nothing, {})
