"""The fitted weights that ship with this package, and how they are applied."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Decision:
    """When to answer from articles of one language: two logistic models, and a threshold.

    `right`: the first article answers; `answerable`: one does, from `offer_at` on titles are shown.

    By name: mean, spread and weight, for some three weights (see `evidence.bent`).
    """

    right: dict[str, list[float]]
    answerable: dict[str, list[float]]
    offer_at: float


@dataclass(frozen=True)
class Weights:
    """What `bench/faq_fit.py` found: `rank` by name as mean, spread and weight; two decisions.

    From `answer_at` on the first article is told without asking back.
    """

    rank: dict[str, list[float]]
    korean: Decision
    english: Decision
    answer_at: float

    def decision(self, language: str) -> Decision:
        """Return how it is decided whether articles of `language` answer."""
        return self.english if language == "en" else self.korean


@lru_cache(maxsize=1)
def weights() -> Weights:
    """Return the weights of `weights.json`."""
    path = Path(__file__).with_name("weights.json")
    found = json.loads(path.read_text(encoding="utf-8"))
    korean, english = Decision(**found["korean"]), Decision(**found["english"])
    return Weights(found["rank"], korean, english, found["answer_at"])


def linear(fitted: dict[str, list[float]], table: Floats, names: tuple[str, ...]) -> Floats:
    """Apply weights given as `name: [mean, spread, weight]` to columns named `names`."""
    mean, spread, weight = np.array([fitted[name] for name in names]).T
    result: Floats = ((table - mean) / spread) @ weight
    return result
