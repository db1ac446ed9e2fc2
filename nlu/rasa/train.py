"""Train the rasa engine: `train.py [--data PATH …] [--out DIR] [--config FILE] [--epochs N]`.

It prints the path of the model. Its name carries a checksum of everything that
went into it, so that nothing is trained twice. Run it by the Python of nlu/rasa/.venv.
"""

import argparse
import contextlib
import hashlib
import logging
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Optional

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
YAML = (".yml", ".yaml")
_SHARED = re.compile(r"^from nlu(?:\.(\w+) import| import ([\w, ]+))", re.MULTILINE)

# Our components share the builtin engine's reading of Korean.
sys.path.insert(0, str(ROOT))
# Before Rasa and TensorFlow are imported: both read these once.
os.environ["RASA_TELEMETRY_ENABLED"] = "false"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("LOG_LEVEL", "INFO")  # with less, Rasa shows no progress bar
# Its libraries warn on every start of functions that will go; they are locked and stay.
logging.captureWarnings(True)
logging.getLogger("py.warnings").setLevel(logging.ERROR)


class TrainingError(Exception):
    """What stops a training, in one sentence."""


def data_files(paths: List[Path]) -> List[Path]:
    """Return the training files that `paths` (files or folders, searched deeply) name, sorted.

    Files of Rasa's format have a key `nlu`; others beside them are left out. Raises TrainingError.
    """
    found = set()
    for path in paths:
        if not path.exists():
            raise TrainingError(f"{path}: there is no such file or folder.")
        within = path.rglob("*") if path.is_dir() else [path]
        found.update(p.resolve() for p in within if p.suffix in YAML)
    files = [path for path in sorted(found) if _is_nlu(path)]
    if not files:
        raise TrainingError(f"{paths[0]}: holds no .yml file with the key 'nlu'.")
    return files


def _is_nlu(path: Path) -> bool:
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise TrainingError(f"{path}, line {line}: is not valid YAML ({error.problem}).") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: cannot be read as UTF-8 YAML ({error}).") from error
    return isinstance(content, dict) and "nlu" in content


def pipeline(config: Path, epochs: Optional[int]) -> str:
    """Return the text of `config`, DIET's epochs replaced where `epochs` says so."""
    try:
        content: Dict = yaml.safe_load(config.read_text(encoding="utf-8"))
        components = content["pipeline"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise TrainingError(f"{config}: is no Rasa configuration ({error}).") from error
    if epochs is not None:
        for component in components:
            if component["name"] == "DIETClassifier":
                component["epochs"] = epochs
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def checksum(files: List[Path], config: str) -> str:
    """Return 12 hexadecimal digits that change with whatever changes the model."""
    digest = hashlib.sha256(config.encode())
    glossary = sorted((ROOT / "nlu" / "data").glob("glossary*.yml"))
    for path in [*files, *_sources(), *glossary, HERE / "requirements.lock"]:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def _sources() -> List[Path]:
    """Return our components and what they import of `nlu`, directly or not."""
    waiting = list((HERE / "components").glob("*.py"))
    found = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            for one, several in _SHARED.findall(path.read_text(encoding="utf-8")):
                names = [one] if one else several.replace(",", " ").split()
                waiting += [ROOT / "nlu" / f"{name}.py" for name in names]
    return sorted(found)


def train(data: List[Path], out: Path, config: Path, epochs: Optional[int] = None) -> Path:
    """Train on `data` into the folder `out`, unless that model is there; return its path.

    Raises TrainingError.
    """
    files, text = data_files(data), pipeline(config, epochs)
    name = f"rasa-{checksum(files, text)}.tar.gz"
    model = out / name
    if model.exists():
        model.touch()  # the newest model of a folder is the one that is served
        return model
    from rasa.model_training import train_nlu

    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as folder:
        work = Path(folder)
        (work / "data").mkdir()
        for number, path in enumerate(files):
            shutil.copyfile(path, work / "data" / f"{number:03}-{path.name}")
        copy = work / "config.yml"  # Rasa rewrites the configuration it is given
        copy.write_text(text, encoding="utf-8")
        os.chdir(work)  # Rasa's cache `.rasa/` goes where it stands
        with contextlib.redirect_stdout(sys.stderr):  # what Rasa says is not our answer
            trained = train_nlu(str(copy), str(work / "data"), str(work), fixed_model_name=name)
        if trained is None:
            raise TrainingError("Rasa trained no model; what it printed above says why.")
        os.chdir(HERE)
        os.replace(trained, model)
    return model


def main() -> None:
    """Read the command line, train, print the path of the model."""
    reader = argparse.ArgumentParser(description="Train the rasa engine.")
    reader.add_argument("--data", type=Path, action="append", help="Rasa-format YAML, may repeat")
    reader.add_argument("--out", type=Path, default=HERE / "models", help="where the model goes")
    reader.add_argument("--config", type=Path, default=ROOT / "config.yml", help="the pipeline")
    reader.add_argument("--epochs", type=int, help="of DIET, instead of those of the configuration")
    given = reader.parse_args()
    try:
        model = train(
            given.data or [ROOT / "nlu" / "data"], given.out.resolve(), given.config, given.epochs
        )
    except TrainingError as error:
        sys.exit(str(error))
    print(model)


if __name__ == "__main__":
    main()
