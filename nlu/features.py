"""Turns a message into the things a linear classifier can count: one list per channel.

Every channel sees the message in another way, so that one of them survives each of the ways
people write: typos (letters), missing spaces (bare), inflection (morphs, stems), other words for
the same thing (senses), and set patterns (signals).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from nlu.glossary import Glossary, has_han, stems
from nlu.morphemes import Morpheme, analyse, analyse_all
from nlu.normalise import has_hangul, jamo, plain
from nlu.romanised import to_hangul
from nlu.spelling import Speller

_TOKEN = re.compile(r"[^\W_]+(?:['’][a-z]+)?|[^\w\s]")
_LATIN = re.compile(r"[a-z]+")
_LETTER = re.compile(r"[a-zà-ỹđ]")
_NOT_WORD = re.compile(r"[\W_]+")
_NOT_HANGUL = re.compile(r"[^\W가-힣ㄱ-ㅣ_]")
_SYNTAX = re.compile(r"\\[a-zA-Z]|\{[\d,]*\}")
_OTHER_SIGN = re.compile(r"[a-z0-9☆★⭐]|\\\?")
_DIGIT = re.compile(r"\d")
# What stands in angle brackets is how a text looks, or an attack on a page, and not what it says.
_MARKUP = re.compile(
    r"<(script|style)\b.*?(?:</\1\s*>|\Z)|</?[a-z][^<>]{0,300}>|&lt;/?[a-z][^&]{0,100}&gt;",
    re.IGNORECASE | re.DOTALL,
)
_HEAD, _TAIL = 480, 160  # characters that are read of a long message


@dataclass(frozen=True, slots=True)
class Reading:
    """A message prepared for the channels: plain text, tokens, morphemes, senses."""

    text: str
    tokens: list[str]
    stems: list[str]
    morphemes: list[Morpheme]
    senses: list[Morpheme]
    signals: list[str]

    @property
    def korean(self) -> bool:
        """Whether there were morphemes to find."""
        return bool(self.morphemes)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A message before its morphemes are known; `spelled` is romanised Korean in Hangul."""

    text: str
    mended: str
    stems: list[str]
    spelled: str


class Reader:
    """Prepares messages; holds what all channels need."""

    def __init__(
        self,
        glossary: Mapping[str, list[str]],
        patterns: Mapping[str, list[str]],
        words: Mapping[str, int],
    ) -> None:
        """Build the reader.

        `glossary` maps foreign phrases to Korean words, `patterns` names expressions, `words` are
        the Latin words of the training data and how often they occur there.
        """
        self.glossary = Glossary(glossary)
        known = Counter(words)
        for phrase in glossary:
            known.update(dict.fromkeys(_LATIN.findall(phrase), 2))
        self._speller = Speller(known)
        self._signals = [
            (
                name,
                _any([p for p in expressions if has_hangul(p)]),
                _any([p for p in expressions if _concerns_others(p)]),
            )
            for name, expressions in patterns.items()
        ]

    def read(self, text: str) -> Reading:
        """Prepare one message of any length."""
        draft = self._draft(text)
        return self._reading(draft, analyse(draft.text), analyse(draft.spelled))

    def read_all(self, texts: Iterable[str]) -> list[Reading]:
        """Prepare many messages; their morphemes are found beside the rest of the work."""
        drafts = [self._draft(text) for text in texts]
        found = analyse_all([text for d in drafts for text in (d.text, d.spelled)])
        return [self._reading(draft, next(found), next(found)) for draft in drafts]

    def _draft(self, text: str) -> _Draft:
        text = _without_markup(text)
        if len(text) > _HEAD + _TAIL:
            text = f"{text[:_HEAD]} {text[-_TAIL:]}"
        text = plain(text)
        mended = _LATIN.sub(lambda m: self._speller.mend(m[0]), text)
        latin = stems(mended) if _LETTER.search(mended) else []
        return _Draft(text, mended, latin, (to_hangul(text) or "") if latin else "")

    def _reading(
        self, draft: _Draft, morphemes: list[Morpheme], spelled: list[Morpheme]
    ) -> Reading:
        text = draft.text
        senses = [m for m in morphemes if m.known]
        if draft.stems:
            senses += self.glossary.translate(draft.stems)
        if has_han(text):
            senses += self.glossary.translate_han(text)
        senses += [m for m in spelled if m.known]
        hangul = draft.spelled or (text if has_hangul(text) else "")
        concepts = self._concepts(draft.mended, _NOT_WORD.sub("", hangul))
        tokens = ["0" * min(len(w), 8) if w.isdigit() else w for w in _TOKEN.findall(text)]
        return Reading(text, tokens, draft.stems, spelled or morphemes, senses, concepts)

    def _concepts(self, text: str, bare: str) -> list[str]:
        """Return the names of the signals in a text; `bare`: its Hangul without spaces.

        An expression in one script is not tried on a text in another: they are many, and slow.
        """
        foreign = _NOT_HANGUL.search(text) or not bare
        return [
            name
            for name, korean, other in self._signals
            if (bare and korean and (korean.search(text) or korean.search(bare)))
            or (foreign and other and other.search(text))
        ]


def _any(expressions: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{e})" for e in expressions)) if expressions else None


def _concerns_others(expression: str) -> bool:
    """Say whether an expression can match a text without Hangul."""
    return not has_hangul(expression) or bool(_OTHER_SIGN.search(_SYNTAX.sub("", expression)))


def _without_markup(text: str) -> str:
    """Return the words of a text that has markup; the text itself where nothing else is in it."""
    if "<" not in text and "&lt;" not in text:
        return text
    bare = _MARKUP.sub(" ", text)
    return bare if any(c.isalnum() for c in bare) else text


def latin_words(texts: Iterable[str]) -> dict[str, int]:
    """Return the Latin words of training texts and how often each occurs."""
    return dict(Counter(w for text in texts for w in _LATIN.findall(plain(text))))


def _pairs(items: list[str], reach: int, sign: str) -> list[str]:
    return [f"{a}{sign}{b}" for i, a in enumerate(items) for b in items[i + 1 : i + reach]]


def _with_neighbours(items: list[str]) -> list[str]:
    framed = ["^", *items, "$"]
    return items + [f"{a} {b}" for a, b in pairwise(framed)]


def _words(r: Reading) -> list[str]:
    return _with_neighbours(r.tokens)


def _gaps(r: Reading) -> list[str]:
    t = r.tokens
    return [f"{t[i]}_{t[j]}" for i in range(len(t)) for j in range(i + 2, min(i + 5, len(t)))]


def _stems(r: Reading) -> list[str]:
    return _with_neighbours(r.stems) if r.stems else []


def _letters(r: Reading) -> list[str]:
    found: list[str] = []
    for token in r.tokens:
        word = f" {token} "
        if has_han(token):
            found += token
        for n in range(2, 6):
            if n >= len(word):
                found.append(word)
                break
            found += [word[i : i + n] for i in range(len(word) - n + 1)]
    return found


def _bare(r: Reading) -> list[str]:
    if not has_hangul(r.text):
        return []
    text = f"^{_DIGIT.sub('0', _NOT_WORD.sub('', r.text))}$"
    return [text[i : i + n] for n in range(1, 5) for i in range(len(text) - n + 1)]


def _jamo(r: Reading) -> list[str]:
    if not r.korean:
        return []
    text = r.text if has_hangul(r.text) else "".join(m.form for m in r.morphemes)
    text = f"^{jamo(_NOT_WORD.sub('', text))}$"
    return [text[i : i + n] for n in range(3, 7) for i in range(len(text) - n + 1)]


def _morphs(r: Reading) -> list[str]:
    return _with_neighbours([f"{m.form}/{m.tag[:2]}" for m in r.morphemes]) if r.korean else []


def _senses(r: Reading) -> list[str]:
    forms = [m.form for m in r.senses]
    return forms + _pairs(forms, 4, "_")


def _signals(r: Reading) -> list[str]:
    """Return the concepts, their pairs, and how many of each family ("em_fire" is of "em")."""
    families = Counter(name.partition("_")[0] for name in r.signals)
    several = [f"{family}:{min(n, 3)}" for family, n in families.items()]
    return r.signals + _pairs(r.signals, len(r.signals), "&") + several + _pairs(several, 9, "&")


@dataclass(frozen=True, slots=True)
class Channel:
    """One way of reading; `weight` is its share, rarer than `min_count` is not learned."""

    name: str
    extract: Callable[[Reading], list[str]]
    weight: float = 1.0
    min_count: int = 1


CHANNELS = (
    Channel("words", _words),
    Channel("gaps", _gaps, 0.5, 2),
    Channel("stems", _stems),
    Channel("letters", _letters, 1.0, 2),
    Channel("bare", _bare, 1.0, 2),
    Channel("jamo", _jamo, 1.0, 2),
    Channel("morphs", _morphs),
    Channel("senses", _senses, 1.0, 2),
    # Half: written by hand, they fit what was in mind while writing better than what comes later.
    Channel("signals", _signals, 0.5),
)
