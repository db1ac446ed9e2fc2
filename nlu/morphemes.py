"""Korean morphemes and their meaning vectors, both from Kiwi's own language model.

Kiwi answers only "how alike are these two morphemes"; from the likenesses to a fixed set of
anchors the vectors behind them can be computed back, so that an unseen word ("캄캄하다") lands
beside a seen one ("깜깜하다") without any model to download.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import numpy as np
from kiwipiepy import Kiwi
from numpy.typing import NDArray

from nlu.normalise import has_hangul
from nlu.patterns import words

Floats = NDArray[np.float32]

CONTENT_TAGS = words("NNG NNP NNB NR NP VV VA VX VCN MAG MM XR IC VV-I VA-I VX-I")
_FIRST_WORD_ID = 101  # below are Kiwi's placeholders ("some unknown noun"), alike for all words
_ANCHORS = 320
_CACHED_VECTORS = 30_000


@dataclass(frozen=True, slots=True)
class Morpheme:
    """One morpheme: its dictionary form, Kiwi's tag and number, and its span in the text."""

    form: str
    tag: str
    id: int
    start: int
    end: int

    @property
    def known(self) -> bool:
        """Whether it is a content word of Kiwi's dictionary (only these have a meaning vector)."""
        return self.id >= _FIRST_WORD_ID and self.tag in CONTENT_TAGS


@lru_cache(maxsize=1)
def kiwi() -> Kiwi:
    """Return the process's analyser, loaded and warmed (1 to 2 seconds the first time).

    Without Kiwi's dictionary of titles in several words (films, companies), which takes half of
    the loading and reads one sentence in a thousand otherwise.
    """
    analyser = Kiwi(num_workers=1, load_multi_dict=False)
    analyser.tokenize("민원을 넣고 싶어요")
    return analyser


def kiwi_version() -> str:
    """Return the version of Kiwi's model; numbers of morphemes are only valid within one."""
    return version("kiwipiepy_model")


def analyse(text: str) -> list[Morpheme]:
    """Return the morphemes of a text, [] where it has no Hangul."""
    if not has_hangul(text):
        return []
    return _morphemes(kiwi().tokenize(text))


def analyse_all(texts: Sequence[str]) -> Iterator[list[Morpheme]]:
    """Yield what `analyse` returns for each text; Kiwi works in a thread of its own meanwhile."""
    analysed: Iterator[Any] = iter(kiwi().tokenize([t for t in texts if has_hangul(t)]))
    for text in texts:
        yield _morphemes(next(analysed)) if has_hangul(text) else []


def _morphemes(tokens: Iterable[Any]) -> list[Morpheme]:
    return [Morpheme(t.form.lower(), t.tag, t.id, t.start, t.start + t.len) for t in tokens]


class SenseSpace:
    """Meaning vectors of morphemes, computed from their likeness to anchor morphemes."""

    def __init__(self, anchors: list[int], projection: Floats, mean: Floats) -> None:
        """`projection` maps likenesses to a vector; `mean` is what all words have in common."""
        self.anchors, self.projection, self.mean = anchors, projection, mean
        self.size = int(projection.shape[0])
        self._likeness = kiwi().morpheme_similarity
        self.vector = lru_cache(maxsize=_CACHED_VECTORS)(self._vector)

    @classmethod
    def fit(cls, counts: Counter[int]) -> "SenseSpace":
        """Choose anchors among the morphemes of the training data, commonest first."""
        likeness = kiwi().morpheme_similarity
        ordered = sorted(counts, key=lambda i: (-counts[i], i))
        anchors = [i for i in ordered if likeness(i, i) > 0.5][:_ANCHORS]
        if not anchors:
            empty = np.zeros((0, 0), np.float32)
            return cls([], empty, np.zeros(0, np.float32))
        gram = np.array([[likeness(a, b) for b in anchors] for a in anchors])
        values, vectors = np.linalg.eigh(gram)
        kept = values > 1e-3
        projection = (vectors[:, kept] / np.sqrt(values[kept])).T.astype(np.float32)
        space = cls(anchors, projection, np.zeros(int(kept.sum()), np.float32))
        known = [v for v in map(space.vector, ordered[:6000]) if v.any()]
        return cls(anchors, projection, np.mean(known, axis=0, dtype=np.float32))

    def _vector(self, morpheme: int) -> Floats:
        likeness = self._likeness
        near = np.array([likeness(morpheme, a) for a in self.anchors], np.float32)
        if not np.isfinite(near).all():
            return np.zeros(self.size, np.float32)
        out: Floats = self.projection @ near - self.mean
        return out
