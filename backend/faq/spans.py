"""Lists of numbers of different lengths, one behind the other in a single array."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Starts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Spans:
    """The items of all lists, and where each list starts; one start more marks the end."""

    start: Starts
    items: Ints

    @classmethod
    def of(cls, lists: Sequence[Ints]) -> "Spans":
        """Put `lists` one behind the other."""
        start = np.zeros(len(lists) + 1, dtype=np.int64)
        np.cumsum([len(one) for one in lists], out=start[1:])
        items = np.concatenate(lists) if lists else np.zeros(0)
        return cls(start, items.astype(np.int32))

    def take(self, chosen: Ints) -> tuple[Ints, Starts]:
        """Return the items of the lists `chosen`, and how many each of them has."""
        first = self.start[chosen]
        sizes = self.start[chosen + 1] - first
        shift = np.repeat(first - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)
        return self.items[np.arange(int(sizes.sum())) + shift], sizes


def largest(values: npt.NDArray[np.float32], sizes: Starts) -> npt.NDArray[np.float32]:
    """Return the largest of each stretch of the columns of `values`; 0 where it is empty.

    In: a row for each thing asked about, a column for each item; how many items each list has.
    """
    out = np.zeros((len(values), len(sizes)), np.float32)
    filled = np.flatnonzero(sizes)
    if len(filled):
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])[filled]
        out[:, filled] = np.maximum.reduceat(values, starts, axis=1)
    return np.maximum(out, 0)
