"""Chest CT reports with 24 findings: CSV files with the columns `text` and `labels`, separated by comma."""

from pathlib import Path

from medbert.tasks.examples import Splits, new_splits
from medbert.tasks.tables import read_tables

LABELS = 24


def read(path: Path) -> Splits:
    """Return the splits at `path`, with a warning where the training data has not 24 labels. Raises ValueError."""
    files, kind, columns, notes = read_tables(path)
    splits = new_splits(kind, files, columns or None, notes)
    if len(splits.labels) != LABELS:
        notes = [*splits.warnings, f"{len(splits.labels)} labels in training and validation, published are {LABELS}"]
        return Splits(kind, splits.labels, splits.train, splits.valid, splits.test, splits.unseen, tuple(notes))
    return splits
