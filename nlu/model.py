"""What training leaves behind: arrays and JSON in a folder, and how to ask it.

No pickle: loading an artefact can run no code of its own.
"""

import json
import shutil
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nlu.calibration import Calibration, Doubles
from nlu.features import Reader, Reading
from nlu.morphemes import SenseSpace, kiwi_version
from nlu.vectors import Floats, Meaning, Vocabulary

FORMAT = 3
_META, _WORDS, _ARRAYS = "model.json", "vocabulary.json", "weights.npz"


class ModelError(RuntimeError):
    """An artefact that cannot be used; the message says what to do."""


@dataclass(slots=True)
class Model:
    """A trained classifier with the readers of its features.

    `weights` has a row per feature and a column per intent; the last rows belong to the meaning
    vector. An intent in `early` wins as soon as its lead passes the threshold there (life
    before anything else).
    """

    name: str
    checksum: str
    intents: list[str]
    reader: Reader
    vocabulary: Vocabulary
    meaning: Meaning
    weights: Floats
    bias: Floats
    calibration: Calibration
    early: dict[str, float]
    resources: dict[str, Any]
    report: dict[str, Any]

    def margins(self, reading: Reading) -> Floats:
        """Return how far the message lies on each intent's side, in the order of `intents`."""
        columns, values = self.vocabulary.vector(reading)
        out = self.bias.copy()
        if len(columns):
            out += values @ self.weights[columns].astype(np.float32)
        if self.meaning.space.size:
            out += self.meaning.vector(reading) @ self.weights[self.vocabulary.size :]
        return out

    def confidences(self, reading: Reading, margins: Floats) -> Doubles:
        """Return calibrated confidences in the order of `intents`."""
        familiarity = self.vocabulary.familiarity(reading)
        return self.calibration.confidences(margins.astype(np.float64), familiarity)

    def save(self, folder: Path) -> None:
        """Write the artefact; a model that was there stays whole until the new one is complete."""
        fresh = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        space = self.meaning.space
        meta = {
            "format": FORMAT,
            "name": self.name,
            "checksum": self.checksum,
            "kiwi": kiwi_version(),
            "intents": self.intents,
            "calibration": asdict(self.calibration),
            "early": self.early,
            "unseen_rarity": [self.vocabulary.unseen_rarity, self.meaning.unseen_rarity],
            "report": self.report,
        }
        _write_json(fresh / _META, meta, indent=1)
        words = {"columns": {n: list(c) for n, c in self.vocabulary.columns.items()}}
        _write_json(fresh / _WORDS, words | {"resources": self.resources})
        np.savez(
            fresh / _ARRAYS,
            weights=self.weights.astype(np.float16), bias=self.bias,
            rarity=self.vocabulary.rarity,
            anchors=np.array(space.anchors, np.int32), projection=space.projection,
            mean=space.mean,
            word_ids=np.array(list(self.meaning.rarity), np.int32),
            word_rarity=np.array(list(self.meaning.rarity.values()), np.float32),
        )  # fmt: skip
        old = folder.with_name(f".{folder.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
        shutil.rmtree(old, ignore_errors=True)

    @classmethod
    def load(cls, folder: Path) -> "Model":
        """Read an artefact. Raises ModelError where there is none or it is of another version."""
        meta = metadata(folder)
        if meta is None:
            raise ModelError(f"There is no trained model in {folder}; run 'eungdap nlu train'.")
        if meta.get("format") != FORMAT or meta.get("kiwi") != kiwi_version():
            raise ModelError(
                f"The model in {folder} was made by another version; run 'eungdap nlu train'."
            )
        try:
            words = json.loads((folder / _WORDS).read_text(encoding="utf-8"))
            with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
                a = {name: arrays[name] for name in arrays.files}
            space = SenseSpace(a["anchors"].tolist(), a["projection"], a["mean"])
            rarity = dict(zip(a["word_ids"].tolist(), a["word_rarity"].tolist(), strict=True))
            columns, offset = {}, 0
            for channel, features in words["columns"].items():
                columns[channel] = {f: offset + i for i, f in enumerate(features)}
                offset += len(features)
            resources = words["resources"]
            reader = Reader(resources["glossary"], resources["patterns"], resources["words"])
            return cls(
                name=meta["name"],
                checksum=meta["checksum"],
                intents=meta["intents"],
                reader=reader,
                vocabulary=Vocabulary(columns, a["rarity"], meta["unseen_rarity"][0]),
                meaning=Meaning(space, rarity, meta["unseen_rarity"][1]),
                weights=a["weights"],
                bias=a["bias"],
                calibration=Calibration(**meta["calibration"]),
                early=meta["early"],
                resources=resources,
                report=meta["report"],
            )
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise ModelError(
                f"The model in {folder} is damaged ({error}); run 'eungdap nlu train --force'."
            ) from error


def metadata(folder: Path) -> dict[str, Any] | None:
    """Return the model's own description, None where there is no readable one."""
    try:
        found = json.loads((folder / _META).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _write_json(path: Path, content: dict[str, Any], indent: int | None = None) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=indent), encoding="utf-8")
