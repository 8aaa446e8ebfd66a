"""Reading labelled texts from CSV, TSV or Parquet."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow.parquet as pq

from medbert.tasks.examples import Example
from medbert.tasks.files import read_text, split_files

MISSING = {"", "nan", "none", "null", "na", "n/a"}
GROUPS = ("patient", "patient_id", "group")
LABEL_COLUMNS = ("labels", "label")
BOOLEANS = {"0": False, "1": True, "0.0": False, "1.0": True, "false": False, "true": True}


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV (comma, semicolon or tab), TSV or Parquet file as strings; missing values are ''.

    Raises ValueError where it cannot be read, or a row has more cells than the header.
    """
    if path.suffix == ".parquet":
        for batch in pq.ParquetFile(path).iter_batches():
            for row in batch.to_pylist():
                yield {name: _cell(value) for name, value in row.items()}
        return
    text = read_text(path)
    header = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count))
    csv.field_size_limit(1 << 27)
    for row in reader:
        if None in row:
            raise ValueError(f"{path}: line {reader.line_num}: more cells than the header has; quote the text")
        yield {(name or "").strip(): value or "" for name, value in row.items()}


def _cell(value: object) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(int(value) if isinstance(value, bool) else value)


def read_table(path: Path, columns: tuple[str, ...] | None = None) -> tuple[list[Example], str, tuple[str, ...], int]:
    """Return the examples of a table, its kind, its label columns and how many rows had no text.

    With a column `labels` the labels are separated by comma (multi-label); a column `label` holds one
    (multi-class); otherwise each further column is a label with 0 or 1, or those of `columns`.
    Raises ValueError where a column is missing or a value is neither 0 nor 1.
    """
    rows = list(read_rows(path))
    if not rows:
        raise ValueError(f"{path}: no rows")
    header = list(rows[0])
    if "text" not in header:
        raise ValueError(f"{path}: no column text; the columns are {', '.join(header)[:200]}")
    group = next((name for name in GROUPS if name in header), "")
    shared = next((name for name in LABEL_COLUMNS if name in header), "") if columns is None else ""
    others = columns or tuple(name for name in header if name not in ("text", "id", group, ""))
    if absent := [name for name in others if not shared and name not in header]:
        raise ValueError(f"{path}: no column {', '.join(absent)}")
    if not shared and not others:
        raise ValueError(f"{path}: no labels: a column labels, a column label, or one column per label")
    examples, without = [], 0
    for number, row in enumerate(rows, 1):
        if row["text"].strip().lower() in MISSING:
            without += 1
            continue
        if shared == "labels":
            labels = tuple(dict.fromkeys(part.strip() for part in row[shared].split(",")))
            labels = tuple(label for label in labels if label.lower() not in MISSING)
        elif shared:
            if row[shared].strip().lower() in MISSING:
                raise ValueError(f"{path}: row {number}: no label")
            labels = (row[shared].strip(),)
        else:
            labels = binary_labels(row, others, f"{path}: row {number}")
        examples.append(Example(row["text"], labels, group=row[group].strip() if group else ""))
    return examples, "multi_class" if shared == "label" else "multi_label", () if shared else others, without


def binary_labels(row: Mapping[str, str], columns: tuple[str, ...], place: str) -> tuple[str, ...]:
    """Return the columns of `row` that hold 1. Raises ValueError on other values than 0 and 1."""
    labels = []
    for name in columns:
        value = BOOLEANS.get(row[name].strip().lower())
        if value is None:
            raise ValueError(f"{place}: column {name} is neither 0 nor 1")
        if value:
            labels.append(name)
    return tuple(labels)


def read_tables(folder: Path, columns: tuple[str, ...] | None = None) -> tuple[dict, str, tuple[str, ...], list[str]]:
    """Return the examples by split, the kind, the label columns and warnings; see `read_table`."""
    files, kinds, notes, named = {}, set(), [], ()
    for split, path in split_files(folder, (".csv", ".tsv", ".parquet")).items():
        files[split], kind, named, without = read_table(path, columns)
        kinds.add(kind)
        if without:
            notes.append(f"{path.name}: {without} rows without text left out")
    if len(kinds) > 1:
        raise ValueError(f"{folder}: some splits have a column label, others do not")
    return files, kinds.pop(), named, notes
