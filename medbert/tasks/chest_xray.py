"""Chest X-ray reports with nine findings: CSV files with the column `text` and a column of 0 and 1 per label."""

from pathlib import Path

from medbert.tasks.examples import Splits, new_splits
from medbert.tasks.tables import read_tables

LABELS = (
    "Stauung",
    "Verschattung",
    "Erguss",
    "Pneumothorax",
    "Thoraxdrainage",
    "ZVK",
    "Magensonde",
    "Tubus",
    "Materialfehllage",
)


def read(path: Path) -> Splits:
    """Return the splits at `path`. Raises ValueError where a label's column is missing."""
    files, kind, _, notes = read_tables(path, LABELS)
    return new_splits(kind, files, LABELS, notes)
