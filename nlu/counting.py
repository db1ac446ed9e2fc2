"""Counting and weighing the features of all training data: what only the trainer needs.

It stands apart since scipy takes a tenth of a second of every start.
"""

import itertools
import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from nlu.features import CHANNELS, Channel, Reading
from nlu.vectors import Floats, Ints, single_words

Matrix = Any  # scipy's sparse classes, whose stubs differ between versions


def familiarities(readings: Sequence[Reading], seen: Sequence[int]) -> Floats:
    """Return `Vocabulary.familiarity` of all messages as if only those of `seen` were known."""
    documents: Counter[tuple[str, str]] = Counter()
    for i in seen:
        documents.update(set(single_words(readings[i])))
    total = len(seen)
    out = np.ones(len(readings), np.float32)
    for i, reading in enumerate(readings):
        words = single_words(reading)
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
    numbers: defaultdict[str, int] = defaultdict(itertools.count().__next__)
    indices = array("i")
    pointers = [0]
    for reading in readings:
        indices.extend(map(numbers.__getitem__, channel.extract(reading)))
        pointers.append(len(indices))
    shape = (len(readings), len(numbers))
    matrix = sp.csr_matrix((np.ones(len(indices), np.float32), indices, pointers), shape=shape)
    matrix.sum_duplicates()
    documents = np.bincount(matrix.indices, minlength=len(numbers))
    # The commonest first: the classifier's memory is walked in this order, and most often there.
    kept = np.argsort(-documents, kind="stable")
    kept = kept[documents[kept] >= channel.min_count]
    features = list(numbers)
    known = {features[number]: column for column, number in enumerate(kept.tolist())}
    return known, matrix[:, kept].sorted_indices()


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
