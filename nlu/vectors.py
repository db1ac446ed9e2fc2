"""Counts of features, weighed by rarity: the numbers that the classifier multiplies."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlu.features import CHANNELS, Reading
from nlu.morphemes import SenseSpace
from nlu.normalise import has_hangul

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


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
        for channel, feature in single_words(reading):
            column = self.columns[channel].get(feature)
            if column is None:
                total += self.unseen_rarity
            else:
                known += float(self.rarity[column])
                total += float(self.rarity[column])
        return known / total if total else 1.0


def single_words(reading: Reading) -> list[tuple[str, str]]:
    """Return the features that stand for one word each: morphemes of Korean, tokens of others."""
    words = [("morphs", f"{m.form}/{m.tag[:2]}") for m in reading.morphemes]
    return words + [("words", t) for t in reading.tokens if not has_hangul(t)]


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
