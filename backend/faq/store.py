"""The index on disk: arrays and JSON, so that a restart has nothing to read or analyse again."""

import hashlib
import json
import logging
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import kiwipiepy
import numpy as np

from backend.faq import tokens
from backend.faq.channel import Counts, Vocabulary
from backend.faq.index import Index
from backend.faq.senses import Senses, Space
from backend.faq.units import CHANNELS, Analysis, Row, Unit, Units
from nlu.morphemes import kiwi_version

log = logging.getLogger(__name__)

_FORMAT = 2
_PARTS = ("term", "title", "body")
_SENSES = ("anchors", "projection", "mean", "vectors")
_LISTS = Path(__file__).parent


def key(fingerprint: str) -> str:
    """Return the name under which an index is kept: of its articles, and of how they are read."""
    basis = [str(_FORMAT), str(tokens.VERSION), kiwipiepy.__version__, kiwi_version(), fingerprint]
    digest = hashlib.blake2b("\x1f".join(basis).encode(), digest_size=10)
    for path in sorted(_LISTS.glob("*.yml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def save(index: Index, directory: Path, name: str) -> None:
    """Write `index` under `name` and drop what was kept before; readers never see half of it."""
    directory.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {}
    texts = {language: _written(units, arrays) for language, units in index.languages.items()}
    with _replacing(directory / f"{name}.npz") as path:
        np.savez(path, **arrays)
    with _replacing(directory / f"{name}.json") as path:
        path.write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    for old in directory.glob("*.*"):
        if old.suffix in (".npz", ".json") and old.stem != name:
            old.unlink(missing_ok=True)


def load(directory: Path, name: str) -> Index | None:
    """Return the index kept under `name`; None where there is none, or it can't be read."""
    try:
        texts = json.loads((directory / f"{name}.json").read_text(encoding="utf-8"))
        with np.load(directory / f"{name}.npz", allow_pickle=False) as arrays:
            return Index({language: _read(language, texts[language], arrays) for language in texts})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        log.warning("the stored index of articles can't be read; it is built anew")
        return None


def _written(units: Units, arrays: dict[str, Any]) -> dict[str, Any]:
    """Put the counts of `units` into `arrays`; return the rest as JSON can hold it."""
    digests = list(units.by_digest)
    kept = [unit for digest in digests for unit in units.by_digest[digest].units]
    for number, channel in enumerate(CHANNELS):
        counts = [unit.counts[number] for unit in kept]
        prefix = f"{units.language}.{channel}"
        arrays[f"{prefix}.sizes"] = np.array([len(c.term) for c in counts], dtype=np.int64)
        for part in _PARTS:
            arrays[f"{prefix}.{part}"] = np.concatenate(
                [getattr(c, part) for c in counts] or [np.zeros(0)]
            )
    space = units.senses.space
    made = (space.anchors, space.projection, space.mean, units.senses.vectors)
    for part, array in zip(_SENSES, made, strict=True):
        arrays[f"{units.language}.senses.{part}"] = array
    return {
        "rows": [
            [r.id, r.external_id, r.title, r.questions, r.body, r.sentences] for r in units.rows
        ],
        "digests": digests,
        "units": [len(units.by_digest[digest].units) for digest in digests],
        "names": [units.by_digest[digest].names for digest in digests],
        "places": [sorted(unit.places) for unit in kept],
        "lengths": [unit.length for unit in kept],
        "vocabularies": [vocabulary.terms for vocabulary in units.vocabularies],
    }


def _read(language: str, text: dict[str, Any], arrays: Any) -> Units:
    rows = [
        Row(number, external_id, language, title, tuple(questions), body, sentences)
        for number, external_id, title, questions, body, sentences in text["rows"]
    ]
    columns = [_counts(arrays, f"{language}.{channel}") for channel in CHANNELS]
    kept = [
        Unit((words, pairs, surface, letters), frozenset(places), length)
        for words, pairs, surface, letters, places, length in zip(
            *columns, text["places"], text["lengths"], strict=True
        )
    ]
    by_digest: dict[str, Analysis] = {}
    at = 0
    for digest, size, names in zip(text["digests"], text["units"], text["names"], strict=True):
        by_digest[digest] = Analysis(kept[at : at + size], [tuple(name) for name in names])
        at += size
    words, pairs, surface, letters = (Vocabulary(terms) for terms in text["vocabularies"])
    anchors, projection, mean, vectors = (arrays[f"{language}.senses.{part}"] for part in _SENSES)
    senses = Senses(Space(anchors, projection, mean), vectors)
    return Units(language, rows, by_digest, (words, pairs, surface, letters), senses)


def _counts(arrays: Any, prefix: str) -> list[Counts]:
    ends = np.cumsum(arrays[f"{prefix}.sizes"]).tolist()
    term, title, body = (arrays[f"{prefix}.{part}"] for part in _PARTS)
    starts = [0, *ends[:-1]]
    return [Counts(term[a:b], title[a:b], body[a:b]) for a, b in zip(starts, ends, strict=True)]


class _replacing:  # noqa: N801 - reads as a statement
    """A file that takes the place of `path` only when it is complete."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Path:
        handle, name = tempfile.mkstemp(dir=self._path.parent, suffix=self._path.suffix + ".part")
        os.close(handle)
        self._part = Path(name)
        # numpy adds its ending to a name that has another
        self._written = self._part.with_suffix(self._path.suffix)
        return self._written

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._part.unlink(missing_ok=True)
        if kind is None:
            self._written.replace(self._path)
        else:
            self._written.unlink(missing_ok=True)
