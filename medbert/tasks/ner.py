"""Any entity benchmark: CoNLL files (token first, tag last), or JSON with tokens and tags, or standoff JSON Lines."""

from pathlib import Path

from medbert.tasks.examples import Splits, new_splits
from medbert.tasks.tagged import read_tagged


def read(path: Path) -> Splits:
    """Return the splits at `path`. Raises ValueError."""
    files, notes = read_tagged(path)
    return new_splits("ner", files, None, notes)
