"""GermEval 2014, outer entities: tab-separated index, token, outer and inner IOB2 tag."""

from pathlib import Path

from medbert.tasks.examples import Splits, new_splits
from medbert.tasks.tagged import read_tagged


def read(path: Path) -> Splits:
    """Return the splits at `path`. Raises ValueError."""
    files, notes = read_tagged(path, word=1, tag=2)
    return new_splits("ner", files, None, notes)
