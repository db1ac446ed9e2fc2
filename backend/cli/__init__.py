"""The commands of operators: each has --help, ends non-zero on failure, prints JSON if asked."""

import gc
import sys

# What is imported stays, and hardly anything is garbage: looking for it at the usual pace takes a
# fifth of every start, and afterwards more of each turn than it gives back.
gc.set_threshold(50_000, 20, 50)

import typer  # noqa: E402

from backend.cli import bench, broadcast, faq, nlu, operate, serve  # noqa: E402
from backend.errors import SetupError  # noqa: E402

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
