"""What a network can't write, written otherwise: harmless signs exchanged, the rest made visible.

GSM-7: 3GPP TS 23.038. Korean carriers: CP949, the extended KS X 1001
(https://docs.nhncloud.com/ko/Notification/SMS/ko/sending-policy/).
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from channels.segments import clusters, encoding_of

# Stands where a character was. Carriers show a question mark there, which would change what is
# asked and what is said.
MISSING = "□"

# Of what a reader loses more than this share, nothing sensible is left.
_LOST_AT_MOST = 0.2

_HARMLESS = {
    **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
    **dict.fromkeys("‘’‚‛′ʼ`´", "'"),
    **dict.fromkeys("“”„‟″", '"'),
    **dict.fromkeys("•‣▪●·∙", "-"),
    **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
                    "\u2028\u202f\u205f\u3000\t", " "),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060"
                    "\u2066\u2067\u2068\u2069\ufe0e\ufe0f\ufeff", ""),
    "…": "...",
    "→": "->",
    "×": "x",
}  # fmt: skip
# CP949 has these signs in their wide form only.
_WIDE = {"¥": "￥", "£": "￡", "¢": "￠", "₩": "￦", "¬": "￢", "¦": "|"}


@dataclass(frozen=True, slots=True)
class Written:
    """A text as a Korean carrier can take it.

    `lost` counts the characters that became a box, `lost_letters` those of them that belong to
    words, out of `letters`: a text without its emoji still says all it said.
    """

    text: str
    lost: int
    letters: int
    lost_letters: int

    @property
    def legible(self) -> bool:
        """Whether enough is left to send it: not where it is written in another script."""
        return self.lost_letters <= self.letters * _LOST_AT_MOST


def for_gsm(text: str) -> str:
    """Return `text` with its harmless signs exchanged where that alone brings it into GSM-7.

    One dash or curly quote would otherwise cut every part from 160 characters to 70. Letters are
    never exchanged: UCS-2 has them all.
    """
    exchanged = _exchange(text)
    return exchanged if encoding_of(exchanged) == "gsm7" else text


def for_korea(text: str) -> Written:
    """Return `text` with every character that CP949 lacks exchanged, or shown as a box."""
    written: list[str] = []
    lost = letters = lost_letters = 0
    for cluster in clusters(unicodedata.normalize("NFC", text)):
        found = _in_cp949(cluster)
        letter = cluster[0].isalnum()
        letters += letter
        if found is None:
            lost += 1
            lost_letters += letter
        written.append(MISSING if found is None else found)
    return Written("".join(written), lost, letters, lost_letters)


@lru_cache(maxsize=64)
def keeps_letters(text: str) -> bool:
    """Tell whether a Korean carrier writes every letter of `text` as it is.

    Vietnamese without its tones says something else. The answer is remembered: a city is sent few
    texts, and each of them many times.
    """
    written = for_korea(text)
    kept = [c for c in unicodedata.normalize("NFC", text) if c.isalpha()]
    return not written.lost_letters and kept == [c for c in written.text if c.isalpha()]


def _in_cp949(cluster: str) -> str | None:
    """Return what CP949 can write for one visible character; None for what it can't."""
    if _encodes(cluster):
        return cluster
    exchanged = "".join(c if _encodes(c) else _WIDE.get(c, _HARMLESS.get(c, c)) for c in cluster)
    if _encodes(exchanged):
        return exchanged
    letters = "".join(_letter(c) for c in unicodedata.normalize("NFKC", cluster))
    if _encodes(letters):
        return letters
    # A letter without its accent is read all the same; a sign made of nothing but marks is not.
    parts = unicodedata.normalize("NFKD", exchanged)
    bare = "".join(
        _HARMLESS.get(c, c) for c in parts if unicodedata.category(c) not in ("Mn", "Me")
    )
    composed = unicodedata.normalize("NFC", bare)
    return composed if composed and _encodes(composed) else None


def _letter(character: str) -> str:
    """Return the jamo that stands alone for a jamo that waits for its syllable."""
    name = unicodedata.name(character, "")
    for kind in ("HANGUL CHOSEONG ", "HANGUL JUNGSEONG ", "HANGUL JONGSEONG "):
        if name.startswith(kind):
            try:
                return unicodedata.lookup("HANGUL LETTER " + name.removeprefix(kind))
            except KeyError:
                break
    return character


def _exchange(text: str) -> str:
    return "".join(_HARMLESS.get(character, character) for character in text)


def _encodes(text: str) -> bool:
    try:
        text.encode("cp949")
    except UnicodeEncodeError:
        return False
    return True
