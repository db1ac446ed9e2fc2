"""The fitted weights that ship with this package, and how they are applied."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """What `bench/faq_fit.py` found: `rank` per feature; two logistic decisions; thresholds.

    By name: mean, spread and weight; a decision has three weights (see `evidence.bent`).
    """

    rank: dict[str, list[float]]
    right: dict[str, list[float]]
    answerable: dict[str, list[float]]
    answer_at: float
    offer_at: float


@lru_cache(maxsize=1)
def weights() -> Weights:
    """Return the weights of `weights.json`."""
    path = Path(__file__).with_name("weights.json")
    return Weights(**json.loads(path.read_text(encoding="utf-8")))


def linear(fitted: dict[str, list[float]], table: Floats, names: tuple[str, ...]) -> Floats:
    """Apply weights given as `name: [mean, spread, weight]` to columns named `names`."""
    mean, spread, weight = np.array([fitted[name] for name in names]).T
    result: Floats = ((table - mean) / spread) @ weight
    return result
