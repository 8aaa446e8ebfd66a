"""Tables of a crawl, CSV or TSV, in which a column holds HTML."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from pipelines.formats import Unreadable, UnreadableFileError
from pipelines.formats.encoding import detect, is_wide
from pipelines.formats.flow import is_german
from pipelines.formats.tabular import Dialect, read_rows

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


def read_table(stream: BinaryIO, head: bytes, options: Mapping[str, str]) -> Iterator[HtmlRow | Unreadable]:
    """Yield the rows of a table whose file begins with `head`. The options are those of the source.

    Raises UnreadableFileError: `missing_html_column`, `missing_column` where an option names one that is not
    there, `truncated` and `corrupt`.
    """
    encoding = detect(head)
    names, delimiter = _header(head.decode(encoding, "replace").split("\n", 1)[0])
    columns = _Columns(names, options)
    # pages of a crawl bring their encodings along
    for number, row in enumerate(read_rows(stream, Dialect(encoding, delimiter, "cp1252"), 0, None)):
        if number and row.reason:
            yield Unreadable(f"record {number}", row.reason)
        elif number and any(cell.strip() for cell in row.cells):
            yield columns.row(row.cells, f"record {number}")


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
