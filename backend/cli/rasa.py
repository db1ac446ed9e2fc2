"""The rasa engine's own environment, run from here: training and serving by its own Python."""

import asyncio
import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from backend.config import ROOT
from backend.errors import SetupError
from nlu.parse import Parse
from nlu.rasa_client import RasaError, RasaParser

HOME = ROOT / "nlu" / "rasa"
PYTHON = HOME / ".venv" / "bin" / "python"
MODELS = HOME / "models"
_START_SECONDS = 180.0  # 15 s on two idle cores, a minute on busy ones
_STOP_SECONDS = 15.0


class InStep:
    """A RasaParser for callers outside an event loop, as the evaluation is."""

    def __init__(self, parser: RasaParser, runner: asyncio.Runner) -> None:
        """Both are the caller's to close."""
        self._parser, self._runner = parser, runner

    def parse_text(self, text: str, language: str | None = None) -> Parse:
        """Understand one text. Raises SetupError where the server does not."""
        try:
            return self._runner.run(self._parser.parse(text, language))
        except RasaError as error:
            raise SetupError(str(error)) from None

    def reload(self, model: Path) -> bool:
        """Let the server load `model`; False where there is no server. Raises SetupError."""
        try:
            self._runner.run(self._parser.reload(model))
        except RasaError as error:
            if error.reason == "unreachable":
                return False
            raise SetupError(str(error)) from None
        return True


@contextlib.contextmanager
def connected(url: str) -> Iterator[InStep]:
    """Yield the engine behind the server at `url`, whatever its model's intents are."""
    with asyncio.Runner() as runner:
        parser = RasaParser(url, None, intents=None)
        try:
            yield InStep(parser, runner)
        finally:
            runner.run(parser.close())


def train(data: list[Path], out: Path | None = None, epochs: int | None = None) -> Path:
    """Train on Rasa-format YAML and return the model's path; what Rasa says goes to stderr.

    Raises SetupError.
    """
    command = [*_python("train.py"), *(f"--data={path.resolve()}" for path in data)]
    if out is not None:
        command.append(f"--out={out.resolve()}")
    if epochs is not None:
        command.append(f"--epochs={epochs}")
    # Our own script by our own Python; the paths are the operator's.
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise SetupError("Rasa trained no model; what it printed above says why.")
    return Path(done.stdout.strip().splitlines()[-1])


@dataclass(frozen=True, slots=True)
class Server:
    """A Rasa server of ours that runs."""

    url: str
    process: subprocess.Popen[bytes]


def trained(place: Path = MODELS) -> Path:
    """Return the model that `place` is, or the newest one in the folder that it is.

    Raises SetupError where there is none.
    """
    found = [place] if place.is_file() else list(place.glob("*.tar.gz"))
    if not found:
        raise SetupError(
            f"There is no model of Rasa in {place}: `eungdap nlu train --engine rasa` makes one."
        )
    return max(found, key=lambda path: path.stat().st_mtime)


def served(url: str) -> bool:
    """Say whether a Rasa server with a model answers at `url`."""
    with contextlib.suppress(httpx.HTTPError, ValueError):
        status = httpx.get(f"{url}/status", timeout=2, trust_env=False)
        return status.is_success and bool(status.json().get("model_file"))
    return False


@contextlib.contextmanager
def serving(model: Path, port: int | None = None) -> Iterator[Server]:
    """Run a Rasa server with `model` on loopback, a free port if None, while the block runs.

    It has understood a first message when the block begins. Raises SetupError where it does not
    start.
    """
    port = port or _free_port()
    command = [*_python("serve.py"), str(model), f"--port={port}"]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, stdout=quiet, stderr=quiet)  # noqa: S603 - as above
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not served(url):
            if server.poll() is not None or time.monotonic() > deadline:
                raise SetupError(f"The Rasa server did not start with the model {model}.")
            time.sleep(0.2)
        _warm_up(url)
        yield Server(url, server)
    finally:
        server.terminate()
        try:
            server.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(_STOP_SECONDS)


def _python(script: str) -> list[str]:
    if not PYTHON.exists():
        raise SetupError("The rasa engine is not set up: `make rasa` does that.")
    return [str(PYTHON), "-W", "ignore", str(HOME / script)]


def _warm_up(url: str) -> None:
    """Have a first message understood: it takes a second, in which TensorFlow builds its graph."""
    body = {"text": "안녕하세요"}
    with contextlib.suppress(httpx.HTTPError):
        httpx.post(f"{url}/model/parse", json=body, timeout=_START_SECONDS, trust_env=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
