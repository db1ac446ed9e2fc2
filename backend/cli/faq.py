"""Commands on the 120 answers: import a file, search, evaluate."""

import asyncio
import dataclasses
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncSession

from backend import config, db, events
from backend.cli.nlu import AsJson, bar
from backend.cli.operate import in_session
from backend.cli.serve import prepared
from backend.context import Context
from backend.embedded import Servers
from backend.faq import evaluate as scoring
from backend.faq import importer, service
from backend.main import build_faq

app = typer.Typer(no_args_is_help=True, help="The 120 answers: import, search, evaluate.")
screen = Console()


@app.command("import")
def import_file(
    file: Path,
    source: Annotated[str, typer.Option(help="Where it comes from.")] = "120 주요 질문",
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day its content is from.")
    ] = None,
    license_: Annotated[str, typer.Option("--license")] = "KOGL Type 1",
    as_json: AsJson = False,
) -> None:
    """Read a CSV of answers (번호,분류,제목,내용,내용번호); twice never doubles."""
    day = as_of.date() if as_of else None

    with bar() as progress, prepared(config.load()) as servers:
        task = progress.add_task("importing", total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        async def load(session: AsyncSession) -> int:
            return await importer.import_csv(session, file, source, day, license_, show)

        count = in_session(servers, load)
    if as_json:
        screen.print_json(
            data={"articles": count, "source": source, "as_of": day and day.isoformat()}
        )
    else:
        screen.print(f"{count} answers from {source} are there.")


@app.command()
def search(
    text: str, language: Annotated[str, typer.Option(help="ko or en")] = "ko",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Answer one question as the bot would."""
    with prepared(config.load()) as servers:
        answer = asyncio.run(_answer(servers, text, language))
    if as_json:
        screen.print_json(data=dataclasses.asdict(answer), default=str)
    elif answer.kind == "answer":
        screen.print(f"{answer.title}\n{answer.passage}", markup=False)
    elif answer.kind == "choices":
        for hit in answer.choices:
            screen.print(f"- {hit.title}", markup=False)
    elif answer.kind == "districts":
        screen.print("Which district? " + ", ".join(one.title for one in answer.choices))
    else:
        screen.print("No sure answer.")


async def _answer(servers: Servers, text: str, language: str) -> service.Answer:
    settings = config.load()
    engine, sessions = db.connect(servers.database_url, pool_size=2)
    context = Context(settings, sessions, events.connect(servers.redis_url))
    try:
        index = await build_faq(context)
        async with sessions() as session:
            return await service.search(session, index, text, language)
    finally:
        await context.redis.aclose()
        await engine.dispose()


@app.command("evaluate")
def evaluate(
    file: Path,
    corpus: Annotated[Path, typer.Option(help="The CSV to search in.")],
    as_json: AsJson = False,
) -> None:
    """Score the search on lines {"text", "gold": [...], "style"?, "lang"?}."""
    result = scoring.evaluate(scoring.index_of_csv(corpus), scoring.read_lines(file))
    if as_json:
        screen.print_json(data=result)
        return
    recalls = ", ".join(f"R@{k} {result[f'recall_at_{k}']:.3f}" for k in (1, 3, 10))
    screen.print(f"{result['n']} questions: {recalls}")
    screen.print(f"unanswerable: {result['unanswerable']}", markup=False)
