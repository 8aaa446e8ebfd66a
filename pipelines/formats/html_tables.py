"""Tables of a crawl, CSV or TSV, in which a column holds HTML."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from pipelines.formats import Unreadable, UnreadableFileError, html
from pipelines.formats.encoding import decode, detect, is_wide
from pipelines.formats.flow import is_german
from pipelines.formats.lines import read_lines
from pipelines.formats.xml import read_blocks

_HTML = ("html", "answer_html", "content_html", "body_html", "page_html", "raw_html", "html_content", "raw_content")
_KEYS = ("url", "link", "uri", "warc_target_uri", "id", "question")
_TITLES = ("question", "title", "titel", "frage")
_LANGUAGES = ("lang", "language", "sprache")
_DELIMITERS = "\t;,|"


@dataclass(frozen=True, slots=True)
class HtmlRow:
    """A row's HTML. `key` is '' where the table has no column for it; `position` is then its place."""

    key: str = field(repr=False)
    title: str = field(repr=False)
    html: str = field(repr=False)
    is_german: bool
    position: str


def is_table(path: str, head: bytes) -> bool:
    """Tell whether a file looks like a table: by the usual name of a column of HTML, or by its extension."""
    if (b"\0" in head[:1024] and not is_wide(detect(head))) or head.lstrip()[:1] == b"<":
        return False
    names, _ = _header(head.decode(detect(head), "replace").split("\n", 1)[0])
    if len(names) < 2:
        return False
    return any(name in _HTML for name in names) or path.endswith((".csv", ".tsv", ".tab"))


def read_table(stream: BinaryIO, options: Mapping[str, str]) -> Iterator[HtmlRow | Unreadable]:
    """Yield the rows of a table. The options are those of the source.

    Raises UnreadableFileError: `missing_html_column`, `missing_column` where an option names one that is not
    there, `truncated` and `corrupt`.
    """
    csv.field_size_limit(html.PAGE_BYTES)
    lines = _Lines(stream)
    names, delimiter = _header(next(lines, ""))
    columns = _Columns(names, options)
    rows, number = csv.reader(lines, delimiter=delimiter), 0
    while True:
        number += 1
        try:
            row = next(rows)
        except StopIteration:
            break
        except csv.Error:
            # a quote that is never closed, or a cell beyond the limit; the reader begins anew with the next line
            yield Unreadable(f"record {number}", "malformed_row")
            rows = csv.reader(lines, delimiter=delimiter)
            continue
        if any(cell.strip() for cell in row):
            yield columns.row(row, f"record {number}")
    if lines.broken:
        raise UnreadableFileError(lines.broken)


class _Lines:
    """The lines of a table as text; a break in its compression ends them and is remembered."""

    def __init__(self, stream: BinaryIO) -> None:
        self.broken = ""
        head = next(read_blocks(stream, 4096), b"")
        self._encoding = detect(head)
        rest = cast(BinaryIO, _Chain(head, stream))
        self._lines = read_lines(rest, encoding=self._encoding)
        self._first = True

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        try:
            line = next(self._lines)
        except UnreadableFileError as error:
            self.broken = error.reason
            raise StopIteration from None
        if line.content is None:
            raise csv.Error
        encoding = "utf-8" if is_wide(self._encoding) else self._encoding
        try:
            text = decode(line.content, encoding)
        except UnicodeDecodeError:
            text = line.content.decode("cp1252", "replace")
        text = text.removeprefix("\ufeff") if self._first else text
        self._first = False
        return text.replace("\0", "")


class _Chain(io.RawIOBase):
    """What was read ahead, then the stream."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head, self._stream = head, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        block = self._head[: len(buffer)] or getattr(self._stream, "read1", self._stream.read)(len(buffer))
        self._head = self._head[len(block) :] if self._head else b""
        buffer[: len(block)] = block
        return len(block)


def _header(line: str) -> tuple[list[str], str]:
    """Return the normalised names in a table's first line, and its delimiter."""
    line = line[:20_000].removeprefix("\ufeff").strip("\r\n")
    delimiter = max(_DELIMITERS, key=lambda sign: (line.count(sign), -_DELIMITERS.index(sign)))
    try:
        names = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        names = []
    return [name.strip().casefold() for name in names], delimiter


class _Columns:
    """Which columns hold what."""

    def __init__(self, names: Sequence[str], options: Mapping[str, str]) -> None:
        page = self._find(names, options.get("html_column", ""), _HTML)[:1]
        if not page:
            raise UnreadableFileError("missing_html_column")
        self.page = page[0]
        self.keys = self._find(names, options.get("key_columns", ""), _KEYS)
        self.titles = self._find(names, options.get("title_column", ""), _TITLES)[:1]
        self.languages = self._find(names, options.get("language_column", ""), _LANGUAGES)[:1]

    @staticmethod
    def _find(names: Sequence[str], named: str, usual: Sequence[str]) -> list[int]:
        wanted = [name.strip().casefold() for name in named.split(",") if name.strip()]
        if any(name not in names for name in wanted):
            raise UnreadableFileError("missing_html_column" if usual is _HTML else "missing_column")
        return [names.index(name) for name in wanted or usual if name in names]

    def row(self, cells: Sequence[str], position: str) -> HtmlRow | Unreadable:
        if len(cells) <= self.page:
            return Unreadable(position, "malformed_row")

        def values(columns: Sequence[int]) -> list[str]:
            return [" ".join(cells[i].split()) for i in columns if i < len(cells)]

        language = next(iter(values(self.languages)), "")
        title = next(iter(values(self.titles)), "")
        key = " ".join(filter(None, values(self.keys)))
        return HtmlRow(key, title, cells[self.page], is_german(language or None) is not False, position)
