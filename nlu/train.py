"""Trains the builtin engine from Rasa-format data: any data, ours or a benchmark's."""

import hashlib
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from nlu import calibration
from nlu.counting import Matrix, count, familiarities, rarities, weigh
from nlu.data import DataError, TrainingData, read
from nlu.features import CHANNELS, Reader, Reading, latin_words
from nlu.model import FORMAT, Model, metadata
from nlu.morphemes import kiwi_version
from nlu.vectors import Floats, Ints, Meaning, Vocabulary

EMERGENCY = "life_emergency"
# What decides which features a text has: a change there makes a trained model worthless.
_FEATURE_CODE = (
    "features",
    "glossary",
    "morphemes",
    "normalise",
    "romanised",
    "spelling",
    "vectors",
)
Progress = Callable[[str, int, int], None]
DATA = Path(__file__).parent / "data"
_GLOSSARIES = sorted(DATA.glob("glossary*.yml"))
_REGULARISATION = 1.0
_TOLERANCE = 1e-2  # of the solver: a hundredth of its default changes no answer, and is slower
_FOLDS = 3
_MANY_CELLS = 100_000  # examples times intents, above which one held-out part must do


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a training run did. `skipped`: the data was unchanged and the old model stays."""

    model: str
    folder: Path
    skipped: bool
    examples: int
    intents: int
    seconds: float
    held_out_accuracy: float


def train(
    data: list[Path],
    out: Path,
    force: bool = False,
    progress: Progress | None = None,
    intents: Collection[str] | None = None,
) -> TrainResult:
    """Train on all Rasa YAML under `data` and write the artefact to the folder `out`.

    `progress` is told (what, done, total). With `intents`, other names in the data are errors.
    Raises DataError, and leaves a model that is in `out` as it was.
    """
    started = time.monotonic()
    steps = _Steps(progress, 3)
    content = read([*data, *_GLOSSARIES], intents)
    checksum = _checksum(content)
    if not force and (old := metadata(out)) and old.get("checksum") == checksum:
        report = old["report"]
        return TrainResult(
            old["name"], out, True, report["examples"], len(old["intents"]),
            time.monotonic() - started, report["held_out_accuracy"],
        )  # fmt: skip
    labels = np.array([e.intent for e in content.examples])
    names = sorted(set(labels.tolist()))
    if len(names) < 2:
        raise DataError(data[0], None, "needs at least two intents to tell apart.")
    steps.begin("reading")
    resources = _resources(content)
    reader = Reader(resources["glossary"], resources["patterns"], resources["words"])
    readings = reader.read_all(e.text for e in content.examples)
    columns, counts, owners = count(readings)
    with threadpool_limits(1):  # threads would divide its sums otherwise on another machine
        meaning = Meaning.fit(readings)
        dense = np.array([meaning.vector(r) for r in readings], np.float32)
    steps.begin("learning")
    parts = _parts(labels)
    rarity = rarities(counts)
    weighed = weigh(counts, rarity, owners)
    with _aside(len(labels) * len(names)) as call:
        margins = call(_held_out_margins, counts, owners, dense, labels, parts)
        weights, bias = _fit(weighed, dense, labels, names)
        held = HeldOut.of(margins(), readings, labels, parts)
    steps.begin("writing")
    calibrated = calibration.fit(held.margins, held.labels, held.familiarity)
    report = _report(labels, held, calibrated)
    name = f"builtin-{checksum[:12]}"
    Model(
        name=name,
        checksum=checksum,
        intents=names,
        reader=reader,
        vocabulary=Vocabulary(columns, rarity, math.log(1 + len(labels)) + 1),
        meaning=meaning,
        weights=weights,
        bias=bias,
        calibration=calibrated,
        early=_early(names, held),
        resources=resources,
        report=report,
    ).save(out)
    return TrainResult(
        name, out, False, len(labels), len(names), time.monotonic() - started,
        report["held_out_accuracy"],
    )  # fmt: skip


class _Steps:
    """Tells the caller's progress bar how far training has come."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._tell, self._total, self._done = progress, total, -1

    def begin(self, what: str) -> None:
        self._done += 1
        if self._tell:
            self._tell(what, self._done, self._total)


@contextmanager
def _aside(cells: int) -> Iterator[Callable[..., Callable[[], Any]]]:
    """Give a way to call a function in another process; for small data that is not worth it.

    A process and not a thread: the solver's random numbers are one sequence per process.
    """
    if cells <= _MANY_CELLS:
        yield partial
        return
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        yield lambda function, *arguments: pool.submit(function, *arguments).result


Part = tuple[NDArray[np.intp], NDArray[np.intp]]  # the rows that are learned from, and the others


def _parts(labels: NDArray[Any]) -> list[Part]:
    """Return the parts to hold out one after the other: three, or one of large data."""
    counts = Counter(labels.tolist())
    folds = min(_FOLDS, min(counts.values()))
    if folds < 2:  # an intent with one example: there is nothing to hold out, score what was seen
        everything = np.arange(len(labels))
        return [(everything, everything)]
    from sklearn.model_selection import StratifiedKFold  # a start that trains nothing skips it

    split = StratifiedKFold(folds, shuffle=True, random_state=1).split(labels, labels)
    return list(split)[: 1 if len(labels) * len(counts) > _MANY_CELLS else None]


def _held_out_margins(
    counts: Matrix, owners: Ints, dense: Floats, labels: NDArray[Any], parts: list[Part]
) -> list[Floats]:
    """Score each part by a model that has not seen it."""
    names = sorted(set(labels.tolist()))
    margins = []
    for seen, unseen in parts:
        rarity = rarities(counts[seen])
        weights, bias = _fit(weigh(counts[seen], rarity, owners), dense[seen], labels[seen], names)
        rows = _joined(weigh(counts[unseen], rarity, owners), dense[unseen])
        margins.append(np.asarray(rows @ weights) + bias)
    return margins


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Margins of examples that the classifier had not seen, and their intents' numbers."""

    margins: NDArray[np.float64]
    labels: NDArray[np.intp]
    familiarity: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        margins: list[Floats],
        readings: list[Reading],
        labels: NDArray[Any],
        parts: list[Part],
    ) -> "HeldOut":
        """Put the margins of all parts beside what else is known of their examples."""
        unseen = np.concatenate([u for _, u in parts])
        known = [familiarities(readings, s.tolist())[u].astype(np.float64) for s, u in parts]
        numbers = np.unique(labels, return_inverse=True)[1]
        return cls(np.concatenate(margins), numbers[unseen], np.concatenate(known))


def _fit(
    rows: Matrix, dense: Floats, labels: NDArray[Any], names: list[str]
) -> tuple[Floats, Floats]:
    """Return (features × intents) weights and biases of one linear machine per intent."""
    from sklearn.svm import LinearSVC  # a start that trains nothing skips it

    # Balanced: a rare wish ("thank") is as much a wish as the thousand ways to report a pothole.
    machine = LinearSVC(C=_REGULARISATION, tol=_TOLERANCE, class_weight="balanced", random_state=0)
    machine.fit(_joined(rows, dense).astype(np.float64), labels)
    weights, bias = machine.coef_.T, machine.intercept_
    if weights.shape[1] == 1:  # two intents: scikit-learn keeps one machine, the contract two
        weights, bias = np.hstack([-weights, weights]), np.concatenate([-bias, bias])
    if weights.shape[1] != len(names):
        raise ValueError("an intent has no example outside the held-out part")
    return np.ascontiguousarray(weights, np.float32), bias.astype(np.float32)


def _joined(rows: Matrix, dense: Floats) -> Matrix:
    return sp.hstack([rows, sp.csr_matrix(dense)]).tocsr() if dense.shape[1] else rows


def _early(names: list[str], held: HeldOut) -> dict[str, float]:
    if EMERGENCY not in names:
        return {}
    column = names.index(EMERGENCY)
    leads = calibration.lead(held.margins, column)
    return {EMERGENCY: calibration.early_threshold(leads, held.labels == column)}


def _report(
    labels: NDArray[Any], held: HeldOut, calibrated: calibration.Calibration
) -> dict[str, Any]:
    right = held.margins.argmax(1) == held.labels
    tops = [
        calibrated.confidences(m, float(f)).max()
        for m, f in zip(held.margins, held.familiarity, strict=True)
    ]
    return {
        "examples": len(labels), "held_out": len(right),
        "held_out_accuracy": round(float(right.mean()), 4),
        "calibration_error": calibration.calibration_error(np.array(tops), right),
    }  # fmt: skip


def _resources(content: TrainingData) -> dict[str, Any]:
    return {
        "glossary": content.glossary, "patterns": content.patterns,
        "lookups": content.lookups, "synonyms": content.synonyms,
        "words": latin_words(e.text for e in content.examples),
    }  # fmt: skip


def _source_hash(module: str) -> str:
    source = Path(__file__).with_name(f"{module}.py").read_bytes()
    return hashlib.sha256(source).hexdigest()


def _checksum(content: TrainingData) -> str:
    settings = {
        "data": content.checksum, "format": FORMAT, "kiwi": kiwi_version(),
        "channels": [(c.name, c.weight, c.min_count) for c in CHANNELS],
        "regularisation": _REGULARISATION,
        "code": [_source_hash(name) for name in _FEATURE_CODE],
    }  # fmt: skip
    return hashlib.sha256(json.dumps(settings).encode()).hexdigest()
