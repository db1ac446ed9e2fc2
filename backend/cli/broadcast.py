"""Commands on alerts: whom they did not surely reach, and whether the way to the phones works."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from backend import config
from backend.cli.operate import in_session
from backend.cli.serve import prepared
from broadcasts import probe
from broadcasts.outcomes import dead

app = typer.Typer(no_args_is_help=True, help="Alerts: the dead list, the way to the phones.")
screen = Console()
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command("dead")
def dead_list(
    days: Annotated[int, typer.Option(min=1, help="How far back to look.")] = 7,
    as_json: AsJson = False,
) -> None:
    """List whom alerts did not surely reach, by reason, and the jobs that gave up."""
    with prepared(config.load()) as servers:
        found = in_session(servers, lambda session: dead(session, days))
    if as_json:
        screen.print(json.dumps(found))
        return
    table = Table("broadcast", "event", "channel", "state", "reason", "people", "deliveries")
    for row in found["people"]:
        *words, first, last = (str(value) for value in row.values())
        table.add_row(*words, f"{first}-{last}")
    screen.print(table)
    for row in found["jobs"]:
        screen.print(f"{row['jobs']} jobs of {row['task_name']} gave up")


@app.command("path")
def path(as_json: AsJson = False) -> None:
    """Tell which channels the last probes to the test list went out on; fails where one did not."""
    with prepared(config.load()) as servers:
        found = in_session(servers, probe.last)
    if as_json:
        screen.print(json.dumps(found))
    else:
        for channel, came in found.items():
            screen.print(f"{'✓' if came else '✗'} {channel}")
    if not all(found.values()):
        raise typer.Exit(1)
