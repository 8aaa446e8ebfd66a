"""Knowledge as text: one entry a line, comments from `#` at the line's beginning, origin and licence in the header."""

from functools import cache
from importlib import resources


@cache
def entries(name: str) -> tuple[str, ...]:
    """Return the entries of `NAME.txt` in the order of the file. Raises FileNotFoundError where there is none."""
    lines = resources.files(__name__).joinpath(f"{name}.txt").read_text("utf-8").splitlines()
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
