"""The commands of operators: each has --help, ends non-zero on failure, prints JSON if asked."""

import sys

import typer

from backend.cli import bench, broadcast, faq, nlu, operate, serve
from backend.errors import SetupError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
serve.add_to(app)
operate.add_to(app)
app.add_typer(nlu.app, name="nlu")
app.add_typer(faq.app, name="faq")
app.add_typer(bench.app, name="bench")
app.add_typer(broadcast.app, name="broadcast")


def main() -> None:
    """Run a command; what can't start is said in one sentence."""
    try:
        app()
    except SetupError as error:
        print(str(error), file=sys.stderr)  # noqa: T201 - the one place that speaks to operators
        sys.exit(1)
