"""GraSCCo_PHI, discharge letters with personal information: standoff JSON Lines; a letter stays in one split."""

from pathlib import Path

from medbert.tasks.examples import Splits, new_splits
from medbert.tasks.tagged import read_tagged


def read(path: Path) -> Splits:
    """Return the splits at `path`. Raises ValueError."""
    files, notes = read_tagged(path)
    return new_splits("ner", files, None, notes)
