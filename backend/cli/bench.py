"""The measurements of the documentation, on this machine and with everything they need."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from backend.config import ROOT
from backend.errors import SetupError

app = typer.Typer(no_args_is_help=True, help="Measure, each beside its peer where it has one.")
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def broadcast(
    people: Annotated[int, typer.Option(min=1000, help="How many citizens are warned.")] = 5000,
    full: Annotated[bool, typer.Option("--full", help="100,000 citizens.")] = False,
    only: Annotated[str, typer.Option(help="Parts, with commas between them.")] = "",
    as_json: AsJson = False,
) -> None:
    """Warn a city: fan-out, sending, cancel, and a bare client and Celery beside them."""
    given = ["--people", str(people)] + ["--full"] * full + (["--only", only] if only else [])
    _run("bench.broadcast", given, as_json=as_json)


@app.command()
def turns(
    citizens: Annotated[int, typer.Option(min=1, help="How many talk at once.")] = 50,
    rounds: Annotated[int, typer.Option(min=1, help="Talks of eight turns, one by one.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Let citizens talk all at once, and measure how long each waits."""
    given = ["--citizens", str(citizens), "--rounds", str(rounds)]
    _run("bench.turns", given, as_json=as_json)


@app.command()
def faq(
    corpus: Annotated[
        Path | None, typer.Option(help="A CSV of answers; our own without one.")
    ] = None,
    questions: Annotated[Path | None, typer.Option(help="Lines as `faq evaluate` reads.")] = None,
    copies: Annotated[int, typer.Option(min=2, help="How many times as large.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Search the answers, and a hundred times as many."""
    given = ["--copies", str(copies)]
    given += ["--corpus", str(corpus.absolute())] if corpus else []
    given += ["--questions", str(questions.absolute())] if questions else []
    _run("bench.faq", given, as_json=as_json)


def _run(module: str, given: list[str], *, as_json: bool) -> None:
    if not (ROOT / "bench").is_dir():
        raise SetupError("The measurements are in the source code: run this from a checkout.")
    command = [sys.executable, "-m", module, *given, *(["--json"] if as_json else [])]
    done = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603 - a part of this checkout
    raise typer.Exit(done.returncode)
