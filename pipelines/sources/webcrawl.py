"""Web crawl: WARC files, folders of pages, and tables with a column of HTML."""

from collections.abc import Iterator

from pipelines.formats import Unreadable, UnreadableFileError, html, warc
from pipelines.formats.html_tables import is_table, read_table
from pipelines.formats.warc import Capture
from pipelines.ingest import InputFile, Options, Outcome, Reader, Source, reject
from schemas.document import RawDocument

NAME = "webcrawl"


def warc_ranges(file: InputFile, target: int) -> list[tuple[int, int | None]]:
    """Cut a WARC file into byte ranges of about `target` bytes where that can be done."""
    with file.open() as stream:
        return warc.byte_ranges(file.size, target, file.size > target and warc.is_divisible(stream))


def read_warc(file: InputFile, start: int, stop: int | None, options: Options) -> Iterator[Outcome]:
    """Yield the pages of a WARC file, keyed by URL and date."""
    with file.open() as stream:
        magic = stream.read(3)
        if magic == b"\x1f\x8b\x08" or magic in (b"WAR", b"\r\nW", b"\n\nW", b"\r\n\r"):
            yield from _captures(file, warc.read(stream, start, stop))
            return
    with file.open_decompressed() as stream:
        yield from _captures(file, warc.read_content(stream))


def _captures(file: InputFile, captures: Iterator[Capture | Unreadable]) -> Iterator[Outcome]:
    for capture in captures:
        if isinstance(capture, Unreadable):
            key = f"{file.path} {capture.key}" if capture.key.startswith("byte ") else capture.key
            yield reject(NAME, file, capture.reason, key)
        elif capture.kind == "text/plain":
            text = html.decode(capture.content, capture.charset).strip()
            yield _document(file, capture.key, html.WebPage("", text))
        else:
            yield _page(file, capture.key, html.decode(capture.content, capture.charset))


def read_page(file: InputFile, start: int, stop: int | None, options: Options) -> Iterator[Outcome]:
    """Yield the main content of a saved page, keyed by the file's path. Raises UnreadableFileError."""
    with file.open_decompressed() as stream:
        yield _document(file, file.path, html.read(stream))


def read_html_table(file: InputFile, start: int, stop: int | None, options: Options) -> Iterator[Outcome]:
    """Yield the pages, or pieces of pages, in a table, keyed by link and question. Raises UnreadableFileError."""
    with file.open_decompressed() as stream:
        for row in read_table(stream, file.head(), options):
            if isinstance(row, Unreadable):
                yield reject(NAME, file, row.reason, f"{file.path} {row.key}")
                continue
            key = row.key or f"{file.path} {row.position}"
            if not row.is_german:
                yield reject(NAME, file, "not_german", key)
            else:
                yield _page(file, key, row.html, row.title)


def _page(file: InputFile, key: str, page: str, title: str = "") -> Outcome:
    try:
        found = html.main_content(page)
    except UnreadableFileError as error:
        return reject(NAME, file, error.reason, key)
    if title and found.text:
        # an answer is understood with its question alone
        found = html.WebPage(title, f"{title}\n{found.text}")
    return _document(file, key, found)


def _document(file: InputFile, key: str, page: html.WebPage) -> Outcome:
    if not page.text:
        return reject(NAME, file, "no_main_content", key)
    return RawDocument(NAME, key, page.text, page.title, file=file.path)


SOURCE = Source(
    name=NAME,
    licence="The rights are with the operators of the sites",
    readers=(
        Reader("warc", lambda path, head: warc.accepts(head), read_warc, warc_ranges),
        Reader("html_table", is_table, read_html_table),
        Reader("html", lambda path, head: html.accepts(head), read_page),
    ),
    options={"html_column": "", "key_columns": "", "title_column": "", "language_column": ""},
)
"""The options name the columns of tables; where they do not, the usual names are looked for."""
