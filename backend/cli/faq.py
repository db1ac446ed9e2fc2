"""Commands on the 120 answers: import a file, search, evaluate."""

import asyncio
import json
from datetime import date, datetime
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
from backend.embedded import data_dir
from backend.errors import SetupError
from backend.faq import evaluate, importer, service
from backend.faq.index import FaqIndexData
from backend.main import MODELS, build_faq

app = typer.Typer(no_args_is_help=True, help="The 120 answers: import, search, evaluate.")
screen = Console()


@app.command("import")
def import_file(
    file: Path,
    source: Annotated[str, typer.Option(help="Where it comes from.")] = "서울시 120 주요 질문",
    as_of: Annotated[datetime | None, typer.Option(help="The day its content is from.")] = None,
    license_: Annotated[str, typer.Option("--license")] = "KOGL Type 1",
    as_json: AsJson = False,
) -> None:
    """Read a CSV of answers (번호,분류,제목,내용,내용번호); twice never doubles."""
    day = as_of.date() if as_of else date.today()  # noqa: DTZ011 - a day in the operator's place

    with bar() as progress, prepared(config.load()) as servers:
        task = progress.add_task("importing", total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        async def load(session: AsyncSession) -> importer.Imported:
            return await importer.import_csv(
                session, file, source=source, as_of=day, license=license_, progress=show
            )

        result = in_session(servers, load)
    if as_json:
        screen.print_json(data=result.as_dict())
    else:
        screen.print(f"{result.rows} answers: {result.added} new, {result.changed} changed.")
