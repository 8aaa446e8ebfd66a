"""Tables of texts: CSV in all its dialects, JSON Lines, Parquet.

A CSV file is cut where its own reader finds the end of a record, so that ranges give exactly the
records that one pass gives, whatever quotes and line breaks its fields hold (RFC 4180 and what
exports make of it). A record that breaks the table's form costs its first line only: reading
resumes with the next.
"""

import csv
import io
import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.formats import Unreadable, UnreadableFileError
from pipelines.formats.clinical import ClinicalRecord
from pipelines.formats.columns import Columns, find_columns, is_header, row_record
from pipelines.formats.encoding import decode, detect, is_wide
from pipelines.formats.lines import Line, read_lines

DELIMITERS = (";", ",", "\t", "|", "^")
RECORD_BYTES = 16 * 1024 * 1024
"""The longest record of a table."""

LOOK_BACK_BYTES = 64 * 1024 * 1024
"""How much may be read twice, after records with an open quote, before a file is given up."""

_LINE_COST = 128  # a line costs time as that many bytes do
BATCH_ROWS = 64

csv.field_size_limit(RECORD_BYTES)


@dataclass(frozen=True, slots=True)
class Row:
    """A record of a table: where it begins and ends, its cells, or the reason why it has none."""

    start: int
    stop: int
    cells: list[str]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written.

    `fallback` is the encoding of lines that are not in `encoding`; '' refuses them.
    """

    encoding: str
    delimiter: str
    fallback: str = ""


def sniff(head: bytes, options: Mapping[str, str]) -> Dialect:
    """Return the dialect of a CSV file that begins with `head`; `options` may name its encoding."""
    encoding = options.get("encoding", "") or detect(head)
    text = head.decode("utf-8" if encoding == "ascii" else encoding, "replace").removeprefix("\ufeff")
    first = next((line for line in text.splitlines() if line.strip()), "")
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        # Excel's own way of naming it
        return Dialect(encoding, first.strip()[-1])
    return Dialect(encoding, max(DELIMITERS, key=lambda sign: len(_split(first, sign))))


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def looks_tabular(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is a CSV table with usual column names."""
    dialect = sniff(head, {})
    text = head.decode("utf-8" if dialect.encoding == "ascii" else dialect.encoding, "replace").removeprefix("\ufeff")
    lines = (line for line in text.splitlines() if line.strip() and not line.lower().startswith("sep="))
    names = _split(next(lines, "")[:4096], dialect.delimiter)
    return len(names) >= 2 and is_header(names)


class _Feed:
    """Lines for `csv.reader`, remembered until their record is known to be sound."""

    def __init__(self, lines: Iterator[Line], encoding: str, fallback: str) -> None:
        self._lines, self._encoding, self._fallback = lines, encoding, fallback
        self._returned: deque[Line] = deque()
        self.taken: list[Line] = []
        self.ended, self.reason = False, ""
        self.look_back = 0
        self._bytes = 0

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._lines, None)
        if line is None:
            self.ended = True
            raise StopIteration
        self.taken.append(line)
        if line.content is None:
            self.reason = "too_large"
            return "\n"
        self._bytes += len(line.content)
        if self._bytes > RECORD_BYTES:
            raise csv.Error("record too large")
        try:
            text = decode(line.content, self._encoding)
        except UnicodeDecodeError:
            self.reason = "" if self._fallback else "invalid_encoding"
            text = line.content.decode(self._fallback or "latin-1", "replace")
        return text if "\r" not in text else text.replace("\r\n", "\n").replace("\r", "\n")

    def begin(self) -> None:
        """Forget the lines of the record before."""
        self.taken, self.ended, self.reason, self._bytes = [], False, "", 0

    def give_back(self) -> None:
        """Return all lines of this record but the first. Raises UnreadableFileError if that happens too often."""
        self.look_back += self._bytes + _LINE_COST * len(self.taken)
        if self.look_back > LOOK_BACK_BYTES:
            raise UnreadableFileError("malformed_csv")
        self._returned.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def read_rows(stream: BinaryIO, dialect: Dialect, start: int, stop: int | None, width: int = 0) -> Iterator[Row]:
    """Yield the records of a CSV file that begin in [start, stop); `start` must be the beginning of one.

    `width` is the number of columns of the header (0: the first record is the header and gives it).
    Empty lines are no records.
    """
    encoding = "utf-8" if is_wide(dialect.encoding) else dialect.encoding
    feed = _Feed(read_lines(stream, start, None, dialect.encoding), encoding, dialect.fallback)
    reader = csv.reader(feed, delimiter=dialect.delimiter)
    while True:
        feed.begin()
        try:
            cells, reason = next(reader), ""
        except StopIteration:
            return
        except csv.Error:
            cells, reason = [], "malformed_row"
        if not feed.taken:
            return
        if stop is not None and feed.taken[0].offset >= stop:
            return
        if feed.ended and not reason:
            reason = "open_quote"
        if not reason and cells and width:
            reason = _misfit(cells, width)
        reason = feed.reason or reason
        if reason and len(feed.taken) > 1:
            feed.give_back()
            reason = "too_large" if feed.taken[0].content is None else reason
        last = feed.taken[-1]
        end = last.offset + len(last.content or b"")
        if cells or reason:
            width = width or len(cells)
            yield Row(feed.taken[0].offset, end, cells, reason)


def _misfit(cells: list[str], width: int) -> str:
    """Return the reason why a record does not fit the header; empty cells beyond it do no harm."""
    if len(cells) < width:
        return "missing_cells"
    return "surplus_cells" if any(cell.strip() for cell in cells[width:]) else ""


def read_csv(
    stream: BinaryIO, head: bytes, start: int, stop: int | None, options: Mapping[str, str], name: str
) -> Iterator[ClinicalRecord | Unreadable]:
    """Yield the records of a range of a CSV file; `name` begins the keys of rows that have none.

    Raises UnreadableFileError `missing_text_column` and what `find_columns` and `read_lines` raise.
    """
    dialect = sniff(head, options)
    header = read_header(head, dialect)
    columns = find_columns(header.cells, options)
    # compressed and wide files are read from the start, since they cannot be entered elsewhere
    begin = start if start > header.stop else 0
    for row in read_rows(stream, dialect, begin, stop, len(header.cells)):
        position = f"{name} byte {row.start}"
        if row.start < header.stop:
            continue
        yield Unreadable(position, row.reason) if row.reason else row_record(row.cells, columns, position)


def read_header(head: bytes, dialect: Dialect) -> Row:
    """Return the header of a CSV file that begins with `head`.

    Raises UnreadableFileError `missing_text_column` where there is none.
    """
    for row in read_rows(io.BytesIO(head), dialect, 0, None):
        if row.reason:
            break
        if row.cells[0].removeprefix("\ufeff").lower() == "sep=":
            continue
        row.cells[0] = row.cells[0].removeprefix("\ufeff")
        return row
    raise UnreadableFileError("missing_text_column")


def cut_csv(stream: BinaryIO, head: bytes, target: int, options: Mapping[str, str]) -> list[tuple[int, int | None]]:
    """Return ranges of about `target` bytes that begin where records begin."""
    dialect = sniff(head, options)
    if is_wide(dialect.encoding):
        return [(0, None)]
    header = read_header(head, dialect)
    starts = [0]
    for row in read_rows(stream, dialect, header.stop, None, len(header.cells)):
        if row.start >= starts[-1] + target:
            starts.append(row.start)
    return list(zip(starts, [*starts[1:], None], strict=True))


def read_json_lines(
    stream: BinaryIO, encoding: str, start: int, stop: int | None, options: Mapping[str, str], name: str
) -> Iterator[ClinicalRecord | Unreadable]:
    """Yield the records of a byte range of JSON Lines, an object a line with the columns as its members."""
    layouts: dict[tuple[str, ...], Columns] = {}
    for line in read_lines(stream, start, stop, encoding):
        position = f"{name} byte {line.offset}"
        if line.content is not None and not line.content.strip(b" \t\r\n\0,[]"):
            continue
        value = parse_json_line(line, "utf-8" if is_wide(encoding) else encoding)
        if isinstance(value, str):
            yield Unreadable(position, value)
            continue
        yield object_record(value, layouts, options, position)


def object_record(
    value: Mapping[str, Any], layouts: dict[tuple[str, ...], Columns], options: Mapping[str, str], position: str
) -> ClinicalRecord | Unreadable:
    """Return the record of a JSON object with the columns as its members; `layouts` keeps what was found."""
    header = tuple(value)
    if header not in layouts:
        if len(layouts) > 256:
            layouts.clear()
        try:
            layouts[header] = find_columns(header, options)
        except UnreadableFileError as error:
            return Unreadable(position, error.reason)
    return row_record([cell(item) for item in value.values()], layouts[header], position)


def parse_json_line(line: Line, encoding: str) -> dict[str, Any] | str:
    """Return the object of a line, or the reason why it has none."""
    if line.content is None:
        return "too_large"
    try:
        value = json.loads(decode(line.content, encoding).removeprefix("\ufeff"))
    except UnicodeDecodeError:
        return "invalid_encoding"
    except (ValueError, RecursionError):
        return "malformed_json"
    return value if isinstance(value, dict) else "malformed_json"


def cell(value: Any) -> str:
    """Return a value of JSON or Parquet as the text of a cell; bytes that are not UTF-8 are cp1252."""
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.decode("cp1252", "replace")
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "\n".join(cell(item) for item in value)
    if isinstance(value, float) and value.is_integer():
        # a column of numbers with gaps in it, as pandas writes it
        return str(int(value))
    return str(value)


def open_parquet(stream: BinaryIO) -> pq.ParquetFile:
    """Open a Parquet file. Raises UnreadableFileError `corrupt_parquet`."""
    try:
        return pq.ParquetFile(stream, pre_buffer=False, buffer_size=1 << 20)
    except (pa.ArrowException, OSError):
        raise UnreadableFileError("corrupt_parquet") from None


def cut_parquet(stream: BinaryIO, target: int) -> list[tuple[int, int | None]]:
    """Return ranges of row groups of about `target` bytes, unpacked."""
    metadata = open_parquet(stream).metadata
    starts, filled = [0], 0
    for group in range(metadata.num_row_groups):
        if filled >= target:
            starts.append(group)
            filled = 0
        filled += metadata.row_group(group).total_byte_size
    return list(zip(starts, [*starts[1:], None], strict=True))


def read_parquet(
    stream: BinaryIO, start: int, stop: int | None, options: Mapping[str, str], name: str
) -> Iterator[ClinicalRecord | Unreadable]:
    """Yield the records of the row groups [start, stop) of a Parquet file.

    Raises UnreadableFileError `corrupt_parquet` where a row group cannot be read, after the rows before it.
    """
    table = open_parquet(stream)
    header = table.schema_arrow.names
    columns = find_columns(header, options)
    metadata = table.metadata
    groups = range(start, metadata.num_row_groups if stop is None else min(stop, metadata.num_row_groups))
    row = sum(metadata.row_group(group).num_rows for group in range(start))
    names = [header[i] for i in columns.needed]
    try:
        for batch in table.iter_batches(BATCH_ROWS, row_groups=list(groups), columns=names):
            for values in zip(*(_cells(batch.column(i)) for i in range(batch.num_columns)), strict=True):
                found = dict(zip(batch.schema.names, values, strict=True))
                yield row_record([found.get(column, "") for column in header], columns, f"{name} row {row}")
                row += 1
    except (pa.ArrowException, OSError):
        raise UnreadableFileError("corrupt_parquet") from None


def _cells(column: pa.Array) -> list[str]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        # Arrow does not check that strings are UTF-8, and Python would refuse the whole batch
        column = column.cast(pa.large_binary())
    return [cell(value) for value in column.to_pylist()]
