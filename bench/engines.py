"""Measures both engines in one run: trains each from nothing, then asks each the same messages.

    python bench/engines.py [FILE.jsonl] [--epochs N] [--write]

prints a table, and with --write puts it into docs/engines.md. It needs the environment of Rasa
(`make rasa` sets it up) and Linux, whose /proc tells the memory of a process.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backend.cli import rasa
from backend.config import ROOT
from backend.main import DATA
from nlu.builtin import BuiltinParser
from nlu.evaluate import Line, evaluate, read_lines

REPORT = ROOT / "tests" / "nlu" / "report.jsonl"
PAGE = ROOT / "docs" / "engines.md"
EUNGDAP = Path(sys.executable).parent / "eungdap"
_MARKS = re.compile(r"(<!-- measured -->\n).*?(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Training:
    """What a training took."""

    model: Path
    seconds: float
    cpu_seconds: float
    peak_mib: int
    disk_mib: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One engine. `start_seconds` are those to the first answer, `mib` what it holds meanwhile."""

    training: Training
    start_seconds: float
    mib: int
    scores: dict[str, Any]


def main() -> None:
    """Read the command line, measure, print."""
    reader = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    reader.add_argument("file", type=Path, nargs="?", default=REPORT)
    reader.add_argument("--epochs", type=int, help="of DIET, instead of those of config.yml")
    reader.add_argument("--write", action="store_true", help=f"also into {PAGE.relative_to(ROOT)}")
    given = reader.parse_args()
    lines = read_lines(given.file)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        builtin = measure_builtin(Path(folder) / "builtin", lines)
        theirs = measure_rasa(Path(folder) / "rasa", lines, given.epochs)
    table = "\n".join(rows(builtin, theirs))
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    where = f"{given.file.resolve().relative_to(ROOT)}, {len(lines)} messages"
    busy = f"load {load:.1f} at the start and {os.getloadavg()[0]:.1f} at the end"
    told = f"{table}\n\nMeasured {when} on {where}; {os.cpu_count()} cores, {busy}.\n"
    print(told)
    if given.write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(_MARKS.sub(lambda m: m[1] + told + m[2], page), encoding="utf-8")


def measure_builtin(out: Path, lines: Sequence[Line]) -> Measured:
    """Train the builtin engine into `out` and ask it `lines`, in this process."""
    training = train("builtin", out)
    before, started = resident("self"), time.monotonic()
    parser = BuiltinParser.load(training.model)
    parser.parse_text("안녕하세요")
    seconds = time.monotonic() - started
    scores = evaluate(parser, lines)
    return Measured(training, seconds, resident("self") - before, scores)


def measure_rasa(out: Path, lines: Sequence[Line], epochs: int | None) -> Measured:
    """Train Rasa into `out` and ask its server `lines`, one after the other over HTTP."""
    training = train("rasa", out, epochs)
    with timed(rasa.serving(training.model)) as (server, seconds):
        with rasa.connected(server.url) as parser:
            scores = evaluate(parser, lines)
        return Measured(training, seconds, resident(str(server.process.pid)), scores)


@contextmanager
def timed(context: Any) -> Iterator[tuple[Any, float]]:
    """Yield what `context` yields, and the seconds it took to begin."""
    started = time.monotonic()
    with context as value:
        yield value, time.monotonic() - started


def train(engine: str, out: Path, epochs: int | None = None) -> Training:
    """Train `engine` on our own data in a process of its own."""
    command = [str(EUNGDAP), "nlu", "train", "--engine", engine, "--out", str(out), "--force"]
    if engine == "rasa":
        command = [str(rasa.PYTHON), "-W", "ignore", str(rasa.HOME / "train.py")]
        command += ["--data", str(DATA), "--out", str(out)]
        command += ["--epochs", str(epochs)] if epochs is not None else []
    started = time.monotonic()
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said) as child,
    ):
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            raise SystemExit(
                f"{said.read()[-2000:]}\n{engine} trained nothing ({child.returncode})."
            )
    seconds = time.monotonic() - started
    model = rasa.trained(out) if engine == "rasa" else out
    size = sum(p.stat().st_size for p in [model, *model.rglob("*")] if p.is_file())
    return Training(
        model, seconds, used.ru_utime + used.ru_stime,
        used.ru_maxrss // 1024, size / 2**20,
    )  # fmt: skip


def resident(process: str) -> int:
    """Return the MiB of memory that a process holds now."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) // 1024 if found else 0


def rows(builtin: Measured, theirs: Measured) -> Iterator[str]:
    """Yield the lines of the table."""

    def row(what: str, form: Callable[[Measured], str]) -> str:
        return f"| {what} | {form(builtin)} | {form(theirs)} |"

    def score(*keys: str) -> Callable[[Measured], str]:
        def look(measured: Measured) -> str:
            value: Any = measured.scores
            for key in keys:
                value = value[key]
            return f"{value:.3f}"

        return look

    yield "| | builtin | rasa |"
    yield "|---|---|---|"
    yield row("intent accuracy", score("accuracy"))
    for language in sorted(builtin.scores["by_lang"]):
        yield row(f"… {language}", score("by_lang", language, "accuracy"))
    yield row("intent macro F1", score("macro_f1"))
    yield row("life_emergency, recall", score("per_intent", "life_emergency", "recall"))
    yield row("life_emergency, share of false alarms", score("emergency_false_alarm_rate"))
    yield row("out_of_scope F1", score("per_intent", "out_of_scope", "f1"))
    for kind in builtin.scores["entity_f1"]:
        yield row(f"{kind} F1", score("entity_f1", kind))
    latency = "latency of a message, p50 · p95 · p99, ms"
    quantiles = ("p50", "p95", "p99")
    yield row(latency, lambda m: " · ".join(f"{m.scores['latency_ms'][q]:.1f}" for q in quantiles))
    yield row("training, s (CPU s)", lambda m: _pair(m.training.seconds, m.training.cpu_seconds))
    yield row("training, peak memory, MiB", lambda m: str(m.training.peak_mib))
    yield row("start to the first answer, s", lambda m: f"{m.start_seconds:.1f}")
    yield row("memory while it answers, MiB", lambda m: str(m.mib))
    yield row("model on disk, MiB", lambda m: f"{m.training.disk_mib:.0f}")


def _pair(seconds: float, cpu: float) -> str:
    return f"{seconds:.0f} ({cpu:.0f})"


if __name__ == "__main__":
    main()
