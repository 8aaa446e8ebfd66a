"""DocCheck Flexikon: a medical wiki, as XML export or as saved pages."""

from collections.abc import Iterator

from pipelines.formats import UnreadableFileError, html
from pipelines.ingest import InputFile, Options, Outcome, Reader, Source
from pipelines.sources._wikis import export_reader
from schemas.document import RawDocument

NAME = "doccheck_flexikon"
_SITE_NAMES = (" - DocCheck Flexikon", " – DocCheck Flexikon", " | DocCheck Flexikon", " - DocCheck")


def read_page(file: InputFile, start: int, stop: int | None, options: Options) -> Iterator[Outcome]:
    """Yield the article of a saved page, keyed by the file's path. Raises UnreadableFileError."""
    with file.open_decompressed() as stream:
        page = html.read(stream)
    title = page.title
    for name in _SITE_NAMES:
        title = title.removesuffix(name)
    if not page.text:
        raise UnreadableFileError("no_main_content")
    yield RawDocument(NAME, file.path, page.text, title, file=file.path)


SOURCE = Source(
    name=NAME,
    licence="CC BY-NC-SA 3.0, or as agreed with DocCheck",
    readers=(
        export_reader(NAME, lambda page, options: ""),
        Reader("html", lambda path, head: html.accepts(head), read_page),
    ),
)
