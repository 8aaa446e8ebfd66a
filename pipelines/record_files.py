"""Files of records for the command line: plain text, JSON Lines and CSV, read one record at a time and written again.

Of a record only its id and its text are kept; other fields may hold anything, so they are never written.
"""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple

from pipelines.formats import Unreadable
from schemas.document import KnownIdentifier
from schemas.entities import LABELS

_HEAD = 1 << 20
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = ",;\t|"


class NoColumnError(ValueError):
    """A table has no column of the name that was given for its texts."""


class Columns(NamedTuple):
    """The names of the fields of JSON Lines and the columns of CSV that hold text and id."""

    text: str = "text"
    id: str = "id"


@dataclass(frozen=True, slots=True)
class Record:
    """One text with the id that its file gives it; `known` and `patient` are optional fields of JSON Lines."""

    id: str | int
    text: str = field(repr=False)
    known: tuple[KnownIdentifier, ...] = field(default=(), repr=False)
    patient: str = field(default="", repr=False)


Outcome = Record | Unreadable
Write = Callable[[str | int, str], None]


def kind_of(path: str) -> str:
    """Return the kind of a file by its name: jsonl, csv, text, or "" for one that is not read."""
    ending = path.lower().rpartition(".")[2] if "." in path.rpartition("/")[2] else ""
    kinds = {"jsonl": "jsonl", "ndjson": "jsonl", "csv": "csv", "tsv": "csv", "txt": "text", "text": "text", "": "text"}
    return kinds.get(ending, "")


def decode(content: bytes) -> str:
    """Return UTF-8 text, without a byte order mark, or what cp1252 makes of bytes that are none."""
    if content.startswith(_UTF16):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def read_text(stream: BinaryIO, path: str, columns: Columns) -> Iterator[Outcome]:
    """Yield the whole file as one record, its path as id."""
    yield Record(path, decode(stream.read()))


def read_jsonl(stream: BinaryIO, path: str, columns: Columns) -> Iterator[Outcome]:
    """Yield a record a line; a line without an id is called by its number."""
    wide = stream.read(2) in _UTF16
    stream.seek(0)
    lines = io.TextIOWrapper(stream, "utf-16", "replace", newline="\n") if wide else stream
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line if isinstance(line, str) else decode(line))
        except (ValueError, RecursionError):
            yield Unreadable(f"line {number}", "broken_json")
            continue
        yield _record(value, f"line {number}", columns)


def _record(value: Any, place: str, columns: Columns) -> Outcome:
    if not isinstance(value, dict):
        return Unreadable(place, "no_record")
    key = value.get(columns.id, place)
    key = key if isinstance(key, (str, int)) else place
    text = value.get(columns.text)
    if not isinstance(text, str):
        return Unreadable(str(key), "no_text")
    try:
        known = tuple(KnownIdentifier(entry["label"], str(entry["value"])) for entry in value.get("known") or ())
    except (TypeError, KeyError):
        return Unreadable(str(key), "bad_known_identifier")
    if any(identifier.label not in LABELS for identifier in known):
        return Unreadable(str(key), "bad_known_identifier")
    return Record(key, text, known, str(value.get("patient") or ""))


def read_csv(stream: BinaryIO, path: str, columns: Columns) -> Iterator[Outcome]:
    """Yield a record a row, nothing of an empty file. Raises NoColumnError where the header lacks the text's column."""
    csv.field_size_limit(sys.maxsize)
    rows, header = _csv_rows(stream)
    if not header:
        return
    if columns.text not in header:  # the header may be a record, so it is not shown
        raise NoColumnError(f"{path}: its first row, of {len(header)}, names no {columns.text!r} (--text-column)")
    text_at = header.index(columns.text)
    id_at = header.index(columns.id) if columns.id in header else -1
    number = 1
    while True:
        number += 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield Unreadable(f"row {number}", "broken_row")
            continue
        if not row:
            continue
        key = row[id_at] if 0 <= id_at < len(row) else f"row {number}"
        yield Record(key, row[text_at]) if text_at < len(row) else Unreadable(key, "no_text")


def _csv_rows(stream: BinaryIO) -> tuple[Any, list[str]]:
    """Return the reader of the rows after the header, and the header."""
    head = stream.read(_HEAD)
    stream.seek(0)
    cut = head if head.startswith(_UTF16) else head[: head.rfind(b"\n") + 1] or head
    try:
        encoding = "utf-16" if head.startswith(_UTF16) else "utf-8-sig"
        cut.decode(encoding, "replace" if encoding == "utf-16" else "strict")
    except UnicodeDecodeError:
        encoding = "cp1252"
    first = decode(cut).partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    rows = csv.reader(io.TextIOWrapper(stream, encoding, "replace", newline=""), delimiter=delimiter)
    return rows, [name.strip() for name in next(rows, [])]


READERS: dict[str, Callable[[BinaryIO, str, Columns], Iterator[Outcome]]] = {
    "text": read_text,
    "jsonl": read_jsonl,
    "csv": read_csv,
}


def writer(kind: str, stream: BinaryIO, columns: Columns) -> Write:
    """Return a function that writes an id and a text to `stream` as a file of `kind` has it."""
    if kind == "text":
        return lambda key, text: put(stream, text)
    if kind == "jsonl":
        return lambda key, text: put_json(stream, {columns.id: key, columns.text: text})

    def write_row(*row: str | int) -> None:
        buffer = io.StringIO(newline="")
        csv.writer(buffer).writerow(row)
        put(stream, buffer.getvalue())

    write_row(columns.id, columns.text)
    return write_row


def put(stream: BinaryIO, text: str) -> None:
    """Write text as UTF-8."""
    stream.write(text.encode("utf-8", "replace"))


def put_json(stream: BinaryIO, value: Any) -> None:
    """Write a value as a line of JSON."""
    put(stream, json.dumps(value, ensure_ascii=False) + "\n")
