"""Commands on understanding: train, parse one text, evaluate a file."""

import contextlib
import dataclasses
import json
from collections.abc import Collection, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from backend import config
from backend.cli import rasa
from backend.embedded import data_dir
from backend.errors import SetupError
from backend.main import DATA, MODELS, trained_model
from nlu.builtin import BuiltinParser
from nlu.compare import compare
from nlu.data import DataError, read
from nlu.evaluate import TextParser, evaluate, read_lines
from nlu.parse import INTENTS

app = typer.Typer(no_args_is_help=True, help="Understanding: train, parse, evaluate.")
screen = Console()
notes = Console(stderr=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Model = Annotated[
    Path | None, typer.Option("--model", help="The folder `train` wrote, or a .tar.gz of Rasa's.")
]


class Engine(StrEnum):
    """The two engines."""

    BUILTIN = "builtin"
    RASA = "rasa"


WhichEngine = Annotated[
    Engine | None, typer.Option("--engine", help="NLU_ENGINE, where none is given.")
]


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
    engine: WhichEngine = None,
    as_json: AsJson = False,
) -> None:
    """Train an engine; with nothing changed there is nothing to do."""
    if _chosen(engine) is Engine.RASA:
        _train_rasa(data or [DATA], out, as_json)
        return
    from nlu import train as trainer  # with scipy, which would slow every other command's start

    folder = out or _default()
    with bar() as progress:
        task = progress.add_task("training", total=None)

        def show(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        try:
            known = _allowed(data or [DATA], out)
            result = trainer.train(
                data or [DATA], folder, force=force, progress=show, intents=known
            )
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


def _allowed(data: list[Path], out: Path | None) -> Collection[str] | None:
    """Return the intents that the data may hold, None for any.

    What the bot will speak from must hold its intents alone. Into a folder of its own anything is
    trained, such as a public benchmark; but among intents of ours another is a slip of the pen.
    """
    if out is None:
        return INTENTS
    named = {example.intent for example in read(data).examples}
    return INTENTS if 2 * len(named.intersection(INTENTS)) > len(named) else None


def _train_rasa(data: list[Path], out: Path | None, as_json: bool) -> None:
    """Train Rasa, and let a server that runs here load the model."""
    try:
        # Our reader names file and line of what is wrong, in one sentence.
        read(data, _allowed(data, out))
    except DataError as error:
        raise SetupError(str(error)) from None
    model = rasa.train(data, out)
    with rasa.connected(config.load().rasa_url) as server:
        loaded = out is None and server.reload(model)
    if as_json:
        screen.print_json(data={"model": model.name, "path": str(model), "loaded": loaded})
    else:
        screen.print(f"{model}{'; the server has loaded it' if loaded else ''}")


@app.command("parse")
def parse_text(
    text: str, model: Model = None, engine: WhichEngine = None, as_json: AsJson = False
) -> None:
    """Understand one text."""
    with _understanding(engine, model) as parser:
        parse = parser.parse_text(text)
    if as_json:
        screen.print_json(json.dumps(parse.as_dict(), ensure_ascii=False))
        return
    screen.print(f"{parse.intent.name} {parse.intent.confidence:.2f}  ({parse.language})")
    for entity in parse.entities:
        screen.print(f"  {entity.entity}: {entity.value}  “{entity.text}”", markup=False)


@app.command("evaluate")
def evaluate_file(
    file: Path, model: Model = None, engine: WhichEngine = None, as_json: AsJson = False
) -> None:
    """Score a model on lines {"text", "intent", "entities"?, "lang"?, "style"?, "also"?}."""
    try:
        lines = read_lines(file)
    except (DataError, OSError) as error:
        raise SetupError(str(error)) from None
    with _understanding(engine, model) as parser:
        result = evaluate(parser, lines)
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


@app.command("compare")
def compare_models(model_a: Path, model_b: Path, file: Path, as_json: AsJson = False) -> None:
    """Set two trained models side by side: overall, by intent, newly broken, newly mended."""
    try:
        lines = read_lines(file)
    except (DataError, OSError) as error:
        raise SetupError(str(error)) from None
    result = compare(_load(model_a), _load(model_b), lines)
    if as_json:
        screen.print_json(json.dumps(result, ensure_ascii=False))
        return
    table = Table("", "first", "second", "change")
    for name, scores in (result["overall"] | result["by_intent"]).items():
        was, now = (score or 0.0 for score in scores)
        table.add_row(name, f"{was:.3f}", f"{now:.3f}", f"{now - was:+.3f}" if now != was else "")
    screen.print(table)
    for what in ("broken", "mended"):
        screen.print(f"newly {what}: {len(result[what])}")
        for item in result[what]:
            line = f"  {item['intent']}: {item['first']} → {item['second']}  {item['text']}"
            screen.print(line, markup=False)


def _default() -> Path:
    return data_dir(config.load()) / MODELS / "builtin"


def _chosen(engine: Engine | None) -> Engine:
    return engine or Engine(config.load().nlu_engine)


@contextlib.contextmanager
def _understanding(engine: Engine | None, model: Path | None) -> Iterator[TextParser]:
    """Yield an engine; where no server of Rasa's answers for it, its model gets one meanwhile."""
    if _chosen(engine) is Engine.BUILTIN:
        yield _load(model)
        return
    url = config.load().rasa_url
    with contextlib.ExitStack() as stack:
        if model or not rasa.served(url):
            file = rasa.trained(model or rasa.MODELS)
            notes.print(f"Serving {file} for this command.", markup=False, highlight=False)
            url = stack.enter_context(rasa.serving(file)).url
        yield stack.enter_context(rasa.connected(url))


def _load(model: Path | None) -> BuiltinParser:
    if model is None:
        trained_model(config.load())
    elif not model.is_dir():
        raise SetupError(
            f"There is no model in {model}: `eungdap nlu train --out {model}` makes one."
        )
    return BuiltinParser.load(model or _default())
