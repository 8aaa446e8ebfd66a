"""Any classification benchmark: CSV or Parquet files train, valid and test with a column `text`.

The labels are a column `labels` (separated by comma), a column `label` (one of several classes), or one
column of 0 and 1 per label. A column `patient` keeps a patient's texts in one split.
"""

from pathlib import Path

from medbert.tasks.examples import Splits, new_splits
from medbert.tasks.tables import read_tables


def read(path: Path) -> Splits:
    """Return the splits at `path`. Raises ValueError."""
    files, kind, columns, notes = read_tables(path)
    return new_splits(kind, files, columns or None, notes)
