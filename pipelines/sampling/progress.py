"""Progress of the generator: a bar on a terminal, a plain line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

Progress = Callable[[str, int], None]
_SECONDS = 10.0


@contextmanager
def progress(total: int) -> Iterator[Progress]:
    """Yield a function to be called with the source and length of each document that is made."""
    console = Console(file=sys.stderr)
    if console.is_terminal:
        columns = (TextColumn("{task.description:>26}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Bar(*columns, console=console, transient=True) as bar:
            task = bar.add_task("", total=total)
            yield lambda source, length: bar.update(task, advance=1, description=source)
        return
    yield _plain(total)


def _plain(total: int) -> Progress:
    done, characters, last = 0, 0, time.monotonic()

    def show(source: str, length: int) -> None:
        nonlocal done, characters, last
        done, characters = done + 1, characters + length
        if done % 500 == 0 and time.monotonic() - last >= _SECONDS:
            last = time.monotonic()
            print(f"{done}/{total} documents, {characters / 1e6:.1f} million characters, {source}", file=sys.stderr)

    return show
