"""Counts of features, weighed by rarity: the numbers that the classifier multiplies."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from nlu.features import CHANNELS, Channel, Reading
from nlu.morphemes import SenseSpace
from nlu.normalise import has_hangul

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Matrix = Any  # scipy's sparse classes, whose stubs differ between versions


@dataclass(slots=True)
class Vocabulary:
    """The features that were seen: their column and, per column, how rare they are."""

    columns: dict[str, dict[str, int]]
    rarity: Floats
    unseen_rarity: float

    @property
    def size(self) -> int:
        """Return the number of columns."""
        return int(self.rarity.shape[0])

    def vector(self, reading: Reading) -> tuple[Ints, Floats]:
        """Return (columns, weights) of one message; each channel has its weight as length."""
        indices: list[int] = []
        values: list[float] = []
        rarity = self.rarity
        for channel in CHANNELS:
            columns = self.columns[channel.name]
            counts: dict[int, int] = {}
            for feature in channel.extract(reading):
                column = columns.get(feature)
                if column is not None:
                    counts[column] = counts.get(column, 0) + 1
            if not counts:
                continue
            weighed = [
                (1.0 if n == 1 else 1.0 + math.log(n)) * float(rarity[c]) for c, n in counts.items()
            ]
            scale = channel.weight / math.sqrt(sum(w * w for w in weighed))
            indices += counts
            values += [w * scale for w in weighed]
        return np.array(indices, np.int32), np.array(values, np.float32)

    def familiarity(self, reading: Reading) -> float:
        """Return the share of a message's words that training has seen, weighed by rarity."""
        known = total = 0.0
        for channel, feature in _single_words(reading):
            column = self.columns[channel].get(feature)
            if column is None:
                total += self.unseen_rarity
            else:
                known += float(self.rarity[column])
                total += float(self.rarity[column])
        return known / total if total else 1.0


def _single_words(reading: Reading) -> list[tuple[str, str]]:
    """Return the features that stand for one word each: morphemes of Korean, tokens of others."""
    words = [("morphs", f"{m.form}/{m.tag[:2]}") for m in reading.morphemes]
    return words + [("words", t) for t in reading.tokens if not has_hangul(t)]


def familiarities(readings: Sequence[Reading], seen: Sequence[int]) -> Floats:
    """Return `Vocabulary.familiarity` of all messages as if only those of `seen` were known."""
    documents: Counter[tuple[str, str]] = Counter()
    for i in seen:
        documents.update(set(_single_words(readings[i])))
    total = len(seen)
    out = np.ones(len(readings), np.float32)
    for i, reading in enumerate(readings):
        words = _single_words(reading)
        rarity = [math.log((1 + total) / (1 + documents[w])) + 1 for w in words]
        if words:
            known = sum(r for r, w in zip(rarity, words, strict=True) if documents[w])
            out[i] = known / sum(rarity)
    return out


def count(readings: Sequence[Reading]) -> tuple[dict[str, dict[str, int]], Matrix, Ints]:
    """Count the features of all messages.

    Returns the columns of each channel, the matrix of counts and, per column, its channel's number.
    """
    columns: dict[str, dict[str, int]] = {}
    parts: list[Matrix] = []
    owners: list[Ints] = []
    for number, channel in enumerate(CHANNELS):
        known, matrix = _count_channel(channel, readings)
        offset = sum(p.shape[1] for p in parts)
        columns[channel.name] = {feature: c + offset for feature, c in known.items()}
        parts.append(matrix)
        owners.append(np.full(matrix.shape[1], number, np.int32))
    return columns, sp.hstack(parts).tocsr(), np.concatenate(owners)


def _count_channel(channel: Channel, readings: Sequence[Reading]) -> tuple[dict[str, int], Matrix]:
    counted = [Counter(channel.extract(r)) for r in readings]
    seen: Counter[str] = Counter()
    for counts in counted:
        seen.update(counts.keys())
    kept = (f for f, n in seen.items() if n >= channel.min_count)
    known = {feature: column for column, feature in enumerate(kept)}
    indices: list[int] = []
    values: list[int] = []
    pointers = [0]
    for counts in counted:
        for feature, n in counts.items():
            column = known.get(feature)
            if column is not None:
                indices.append(column)
                values.append(n)
        pointers.append(len(indices))
    shape = (len(readings), len(known))
    return known, sp.csr_matrix((np.array(values, np.float32), indices, pointers), shape=shape)


def rarities(counts: Matrix) -> Floats:
    """Return the smoothed inverse document frequency of each column, 0 where it never occurs."""
    documents = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = np.log((1 + counts.shape[0]) / (1 + documents)) + 1
    return np.where(documents > 0, idf, 0).astype(np.float32)


def weigh(counts: Matrix, rarity: Floats, owners: Ints) -> Matrix:
    """Weigh a matrix of counts as `Vocabulary.vector` weighs one message."""
    weighed = counts.copy().astype(np.float32)
    weighed.data = (1 + np.log(weighed.data)) * rarity[weighed.indices]
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(weighed.indptr))
    groups = rows * len(CHANNELS) + owners[weighed.indices]
    squares = np.bincount(groups, weighed.data**2, minlength=counts.shape[0] * len(CHANNELS))
    lengths = np.sqrt(np.where(squares > 0, squares, 1))
    shares = np.array([c.weight for c in CHANNELS])[owners[weighed.indices]]
    weighed.data = (weighed.data / lengths[groups] * shares).astype(np.float32)
    weighed.eliminate_zeros()
    return weighed


@dataclass(slots=True)
class Meaning:
    """The meaning of a whole message: the rarity-weighed sum of its words' vectors."""

    space: SenseSpace
    rarity: dict[int, float]
    unseen_rarity: float

    @classmethod
    def fit(cls, readings: Sequence[Reading]) -> "Meaning":
        """Learn which words are common and where the anchors of the space lie."""
        seen: Counter[int] = Counter()
        for reading in readings:
            seen.update({m.id for m in reading.senses})
        total = len(readings)
        rarity = {i: round(math.log((1 + total) / (1 + n)), 3) for i, n in seen.items()}
        return cls(SenseSpace.fit(seen), rarity, math.log(1 + total))

    def vector(self, reading: Reading) -> Floats:
        """Return a vector of length 1, or 0 where no word has a meaning."""
        space = self.space
        out = np.zeros(space.size, np.float32)
        if not space.size:
            return out
        for morpheme in reading.senses:
            out += space.vector(morpheme.id) * self.rarity.get(morpheme.id, self.unseen_rarity)
        length = float(np.linalg.norm(out))
        return out / length if length else out
