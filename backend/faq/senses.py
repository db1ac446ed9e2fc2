"""Meaning vectors of Korean words, from Kiwi's own language model: what is alike lies close.

Kiwi only tells how alike two words are; from the likenesses to fixed anchors the vectors behind
them can be computed back. What all words share is taken out, and the rest is made short.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from backend.faq import tokens
from backend.faq.wordlists import synonyms
from nlu.morphemes import kiwi

Floats = npt.NDArray[np.float32]

SIZE = 64
_ANCHORS = 320
_SAMPLE = 2_500  # words of the lists from which the space is made
_SHARED = 3  # directions that tell part of speech and register rather than meaning
_KEPT = 10_000  # vectors of words that no article holds
_FIRST_WORD = 101  # below are Kiwi's placeholders, alike for all words


@dataclass(frozen=True, slots=True)
class Space:
    """Anchors by Kiwi's numbers, and what turns likenesses to them into a vector."""

    anchors: npt.NDArray[np.int64]
    projection: Floats
    mean: Floats

    def vectors(self, ids: Sequence[int]) -> Floats:
        """Return a row of length one for each of Kiwi's numbers; nothing but 0 for an unknown."""
        out = np.zeros((len(ids), SIZE), np.float32)
        known = [i for i, number in enumerate(ids) if _is_word(number)]
        if known:
            near = _likenesses([ids[i] for i in known], self.anchors)
            found = near @ self.projection.T - self.mean
            out[known] = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)
        return out


@dataclass(slots=True)
class Senses:
    """A vector for every word of a vocabulary, by its number there, and the space they lie in."""

    space: Space
    vectors: Floats
    _others: dict[int, Floats] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> "Senses":
        """Return the senses of no word at all."""
        return cls(space(), np.zeros((0, SIZE), np.float32))

    def extended(self, terms: Sequence[str], ids: Mapping[str, int]) -> "Senses":
        """Return these with the words that `terms` has gained; `ids` are Kiwi's numbers."""
        new = [ids.get(term, 0) for term in terms[len(self.vectors) :]]
        if not new:
            return self
        return Senses(self.space, np.vstack([self.vectors, self.space.vectors(new)]))

    def of(self, place: int | None, number: int) -> Floats:
        """Return the vector of one word: by its place in the vocabulary, or by Kiwi's number."""
        if place is not None and place < len(self.vectors):
            held: Floats = self.vectors[place]
            return held
        found = self._others.get(number)
        if found is None:
            if len(self._others) > _KEPT:
                self._others.clear()
            found = self._others[number] = self.space.vectors([number])[0]
        return found


@lru_cache(maxsize=1)
def space() -> Space:
    """Return the space made from the words of the synonym list (about a second)."""
    ids = [number for number in _listed().values() if _is_word(number)][:_SAMPLE]
    anchors = np.array(ids[:_ANCHORS], dtype=np.int64)
    values, vectors = np.linalg.eigh(_likenesses(anchors.tolist(), anchors))
    kept = values > 1e-3
    whole = (vectors[:, kept] / np.sqrt(values[kept])).T
    found = _likenesses(ids, anchors) @ whole.T
    mean = found.mean(axis=0)
    _, _, directions = np.linalg.svd(found - mean, full_matrices=False)
    chosen = directions[_SHARED : _SHARED + SIZE]
    return Space(anchors, (chosen @ whole).astype(np.float32), (chosen @ mean).astype(np.float32))


def _listed() -> Mapping[str, int]:
    """Return the words of the synonym list, in its order, with Kiwi's numbers."""
    words = dict.fromkeys(
        m for key, found in synonyms().items() for form in (key, *found) for m in form
    )
    ids: dict[str, int] = {}
    for terms in tokens.korean_all(words):
        ids.update(terms.ids)
    return ids


@lru_cache(maxsize=20_000)
def _is_word(number: int) -> bool:
    # a word that Kiwi holds without a meaning is not even like itself
    return number >= _FIRST_WORD and kiwi().morpheme_similarity(number, number) > 0.5


def _likenesses(ids: Sequence[int], anchors: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    likeness = kiwi().morpheme_similarity
    each = anchors.tolist()
    table = np.array([[likeness(number, anchor) for anchor in each] for number in ids])
    finite: npt.NDArray[np.float64] = np.nan_to_num(table, nan=0.0, posinf=0.0, neginf=0.0)
    return finite
