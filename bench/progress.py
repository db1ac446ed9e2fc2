"""How far a measurement is, on one line of a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress


@contextmanager
def bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar until the block ends; what is yielded takes how many of `total` are done.

    Nothing is shown where nobody looks: in a file or a pipe.
    """
    with Progress(
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as progress:
        task = progress.add_task(title, total=total)

        def done(count: int) -> None:
            progress.update(task, completed=count)

        yield done
