"""The benchmarks, one module each: `read(path)` returns its splits.

A new benchmark is a new module here; its name is the task's name.
"""

import importlib
import pkgutil
from pathlib import Path

from medbert.tasks.examples import Splits, prepare, shorten

_SHARED = {"examples", "files", "standoff", "tables", "tagged"}
TASKS = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name not in _SHARED))


def read_task(name: str, path: Path, leaks: str = "drop", limit: int | None = None) -> Splits:
    """Return the checked splits of task `name` at `path`, the first `limit` examples of each if given.

    Raises ValueError where the task is unknown, a file is missing or malformed, there are too few
    examples, or there are leaks and `leaks` is "refuse".
    """
    if name not in TASKS:
        raise ValueError(f"task {name}: one of {', '.join(TASKS)}")
    if not path.exists():
        raise ValueError(f"{path}: no such file or folder, for task {name}")
    module = importlib.import_module(f"medbert.tasks.{name}")
    return prepare(shorten(module.read(path), limit), leaks)
