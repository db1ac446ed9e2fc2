"""Commands on understanding: train, parse one text, evaluate a file."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from backend import config
from backend.embedded import data_dir
from backend.errors import SetupError
from backend.main import DATA, MODELS
from nlu.builtin import BuiltinParser
from nlu.data import DataError
from nlu.evaluate import evaluate, read_lines
from nlu.train import train

app = typer.Typer(no_args_is_help=True, help="Understanding: train, parse, evaluate.")
screen = Console()
notes = Console(stderr=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Model = Annotated[Path | None, typer.Option("--model", help="A folder that `train` wrote.")]


def bar() -> Progress:
    """Return a progress bar on the error stream, so that --json stays clean."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=notes,
        transient=True,
    )  # fmt: skip


@app.command("train")
def train_model(
    data: Annotated[list[Path] | None, typer.Option(help="Rasa-format YAML, may repeat.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the model goes.")] = None,
    force: Annotated[bool, typer.Option(help="Train even when nothing changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train the builtin engine; with nothing changed there is nothing to do."""
    folder = out or _default()
    with bar() as progress:
        task = progress.add_task("training", total=None)

        def show(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        try:
            result = train(data or [DATA], folder, force=force, progress=show)
        except DataError as error:
            raise SetupError(str(error)) from None
    if as_json:
        screen.print_json(data=dataclasses.asdict(result), default=str, ensure_ascii=False)
    else:
        what = "unchanged" if result.skipped else f"trained in {result.seconds:.0f} s"
        screen.print(
            f"{result.model}: {result.examples} examples, {result.intents} intents, {what}; "
            f"held-out accuracy {result.held_out_accuracy:.3f} → {folder}"
        )


@app.command("parse")
def parse_text(text: str, model: Model = None, as_json: AsJson = False) -> None:
    """Understand one text."""
    parse = _load(model).parse_text(text)
    if as_json:
        screen.print_json(json.dumps(parse.as_dict(), ensure_ascii=False))
        return
    screen.print(f"{parse.intent.name} {parse.intent.confidence:.2f}  ({parse.language})")
    for entity in parse.entities:
        screen.print(f"  {entity.entity}: {entity.value}  “{entity.text}”", markup=False)


@app.command("evaluate")
def evaluate_file(file: Path, model: Model = None, as_json: AsJson = False) -> None:
    """Score a model on lines {"text", "intent", "entities"?, "lang"?, "style"?, "also"?}."""
    try:
        lines = read_lines(file)
    except (DataError, OSError) as error:
        raise SetupError(str(error)) from None
    result = evaluate(_load(model), lines)
    if as_json:
        screen.print_json(json.dumps(result, ensure_ascii=False))
        return
    screen.print(
        f"{result['n']} lines: accuracy {result['accuracy']:.3f}, macro F1 {result['macro_f1']:.3f}"
    )
    table = Table("intent", "precision", "recall", "F1", "n")
    for name, row in sorted(result["per_intent"].items()):
        scores = (f"{row[key]:.3f}" for key in ("precision", "recall", "f1"))
        table.add_row(name, *scores, str(row["n"]))
    screen.print(table)


def _default() -> Path:
    return data_dir(config.load()) / MODELS / "builtin"


def _load(model: Path | None) -> BuiltinParser:
    if model is None:
        train([DATA], _default())
    elif not model.is_dir():
        raise SetupError(
            f"There is no model in {model}: `eungdap nlu train --out {model}` makes one."
        )
    return BuiltinParser.load(model or _default())
