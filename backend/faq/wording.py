"""What the wording of a question tells: words written as one, lone syllables, and its topic."""

import numpy as np
import numpy.typing as npt

from backend.faq import senses
from backend.faq.lexicon import Query
from backend.faq.units import Units

Floats = npt.NDArray[np.float64]

TOPIC = tuple(f"topic_{number}" for number in range(senses.SIZE))


def compounds(query: Query, weight: Floats, title: str, body: str) -> tuple[float, float]:
    """Return how much of a question, by weight, an article takes apart: by title, by all of it.

    Words that are written as one mean one thing: what was lost (분실물) is not an object (물) that
    something is about. `title` and `body` are joined, without spaces.
    """
    mass = max(float(weight.sum()), 1e-6)
    untitled = unheld = 0.0
    for first, second in query.together:
        whole = f"{query.concepts[first].own}{query.concepts[second].own}"
        if whole not in title:
            untitled += weight[first] + weight[second]
            if whole not in body:
                unheld += weight[first] + weight[second]
    return untitled / mass, unheld / mass


def syllables(query: Query, weight: Floats) -> float:
    """Return the part of a question, by weight, that is single syllables, which mean many things"""
    lone = [c.own is not None and len(c.own) == 1 for c in query.concepts]
    return float(weight @ np.array(lone)) / max(float(weight.sum()), 1e-6) if lone else 0.0


def topic(units: Units, query: Query, weight: Floats) -> Floats:
    """Return the mean meaning of the things a question is about, as a vector of length one.

    Of each thing the citizen's own word, or else the others for it; zeros where none is known.
    """
    total = np.zeros(senses.SIZE)
    number = units.words.vocabulary.number
    for concept, share in zip(query.concepts, weight, strict=True):
        if concept.light:
            continue
        others = [m for form in concept.others for m in form]
        for named in ([] if concept.own is None else [concept.own], others):
            each = [units.senses.of(number.get(m), query.ids.get(m, 0)) for m in named]
            if np.any(each):
                total += share * np.mean(each, axis=0)
                break
    length = float(np.linalg.norm(total))
    return total / length if length else total
