"""One kind of term over all units of text: who holds it, and how much that counts (BM25F)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Saturation:
    """BM25F constants: weights of title and body, and how far length and repetition count."""

    title: float = 3.0
    body: float = 1.0
    k1: float = 1.5
    title_length: float = 0.2
    body_length: float = 0.6


@dataclass(slots=True)
class Counts:
    """What one unit holds of one channel: term numbers with their counts in title and body."""

    term: Ints
    title: Bytes
    body: Bytes


_MOST = 255  # a count above it adds nothing


class Vocabulary:
    """Terms by number. It only grows; a number never changes its meaning."""

    def __init__(self, terms: Sequence[str] = ()) -> None:
        self.terms = list(terms)
        self.number = {term: i for i, term in enumerate(self.terms)}

    def count(self, title: Counter[str], body: Counter[str]) -> Counts:
        """Return the counts of one unit, giving numbers to terms that are new."""
        numbers = []
        for term in {**title, **body}:
            number = self.number.get(term)
            if number is None:
                number = len(self.terms)
                self.number[term] = number
                self.terms.append(term)
            numbers.append((number, title[term], body[term]))
        table = np.array(numbers, dtype=np.int32).reshape(-1, 3)
        counts = np.minimum(table[:, 1:], _MOST).astype(np.uint8)
        return Counts(table[:, 0].copy(), counts[:, 0].copy(), counts[:, 1].copy())


@dataclass(slots=True)
class Channel:
    """The inverted lists of one channel, made from the counts of every unit."""

    vocabulary: Vocabulary
    start: npt.NDArray[np.int64]
    unit: Ints
    impact: Floats
    in_title: Bools
    idf: Floats
    units: int

    @classmethod
    def build(
        cls, vocabulary: Vocabulary, counts: Sequence[Counts], saturation: Saturation
    ) -> "Channel":
        """Invert `counts` (one entry a unit) and weigh every posting."""
        sizes = np.array([len(c.term) for c in counts], dtype=np.int64)
        term = _joined([c.term for c in counts], np.int32)
        title = _joined([c.title for c in counts], np.uint8)
        body = _joined([c.body for c in counts], np.uint8)
        unit = np.repeat(np.arange(len(counts), dtype=np.int32), sizes)
        number = len(vocabulary.terms)
        frequency = np.bincount(term, minlength=number)
        total = max(len(counts), 1)
        idf = np.log1p((total - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        weight = (
            saturation.title * title / _length(title, unit, total, saturation.title_length)[unit]
            + saturation.body * body / _length(body, unit, total, saturation.body_length)[unit]
        )
        impact = idf[term] * weight * (saturation.k1 + 1) / (weight + saturation.k1)
        in_title = title > 0
        order = np.argsort(term, kind="stable")
        start = np.zeros(number + 1, dtype=np.int64)
        np.cumsum(frequency, out=start[1:])
        return cls(
            vocabulary,
            start,
            unit[order],
            impact[order].astype(np.float32),
            in_title[order],
            idf,
            len(counts),
        )

    def _number(self, term: str) -> int | None:
        """Return the number of `term`, None for one that came after this channel was made.

        The vocabulary grows while the next index is being made, and this one goes on answering.
        """
        number = self.vocabulary.number.get(term)
        return number if number is not None and number < len(self.idf) else None

    def scores(self, query: Mapping[str, float]) -> Floats:
        """Return the weighted BM25F score of every unit for the terms of `query`."""
        units, values = [], []
        for term, weight in query.items():
            number = self._number(term)
            if number is None:
                continue
            low, high = self.start[number], self.start[number + 1]
            if high > low:
                units.append(self.unit[low:high])
                values.append(self.impact[low:high] * np.float32(weight))
        if not units:
            return np.zeros(self.units, dtype=np.float32)
        summed = np.bincount(
            np.concatenate(units), weights=np.concatenate(values), minlength=self.units
        )
        return summed.astype(np.float32)

    def known(self, term: str) -> bool:
        """Tell whether any unit holds `term`."""
        number = self._number(term)
        return number is not None and bool(self.start[number + 1] > self.start[number])

    def share(self, term: str) -> float:
        """Return the share of units that hold `term` (0..1)."""
        number = self._number(term)
        if number is None:
            return 0.0
        return float(self.start[number + 1] - self.start[number]) / max(self.units, 1)

    def weight(self, term: str) -> float:
        """Return how telling `term` is; a term that nobody holds tells most."""
        number = self._number(term)
        if number is None or self.start[number + 1] == self.start[number]:
            return float(np.log1p(2 * self.units + 1))
        return float(self.idf[number])

    def presence(self, term: str, candidates: Ints) -> tuple[Bools, Bools]:
        """Tell for each unit of `candidates` whether it holds `term` at all, and in its title."""
        number = self._number(term)
        nowhere = np.zeros(len(candidates), dtype=np.bool_)
        if number is None:
            return nowhere, nowhere
        low, high = self.start[number], self.start[number + 1]
        if low == high:
            return nowhere, nowhere
        holders = self.unit[low:high]
        at = np.searchsorted(holders, candidates)
        at[at == len(holders)] = 0
        found = holders[at] == candidates
        return found, found & self.in_title[low:high][at]


def _joined(parts: Sequence[npt.NDArray[Any]], kind: Any) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=kind)


def _length(counts: Bytes, unit: Ints, total: int, share: float) -> Floats:
    """Return what a count is divided by, so that long texts gain nothing from being long."""
    lengths = np.bincount(unit, weights=counts, minlength=total)
    filled = lengths[lengths > 0]
    average = float(filled.mean()) if len(filled) else 1.0
    return (1 - share + share * lengths / average).astype(np.float32)
