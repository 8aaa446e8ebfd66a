"""What the wikis share: from an export's pages to raw documents."""

from collections.abc import Callable, Iterator

from pipelines.formats import Unreadable, mediawiki, wikitext
from pipelines.formats.mediawiki import Page
from pipelines.ingest import InputFile, Options, Outcome, Reader, reject
from schemas.document import RawDocument

LONGEST_WIKITEXT = 8_000_000
"""Characters; MediaWiki itself saves no page beyond 2 MiB."""


def export_ranges(file: InputFile, target: int) -> list[tuple[int, int | None]]:
    """Cut an export into byte ranges of about `target` bytes where that can be done."""
    with file.open() as stream:
        return mediawiki.byte_ranges(stream, file.size, target)


def export_reader(source: str, refuse: Callable[[Page, Options], str]) -> Reader:
    """Return the reader of MediaWiki exports; `refuse` gives a reason why an article is not wanted, else ''.

    A document's key is its page id.
    """

    def outcomes(file: InputFile, start: int, stop: int | None, options: Options) -> Iterator[Outcome]:
        for page in _pages(file, start, stop):
            if isinstance(page, Unreadable):
                key = f"{file.path} {page.key}" if page.key.startswith("byte ") else page.key
                yield reject(source, file, page.reason, key)
            elif reason := mediawiki.no_article(page) or refuse(page, options) or _too_large(page):
                yield reject(source, file, reason, page.key)
            elif text := wikitext.plain_text(page.text):
                yield RawDocument(source, page.key, text, page.title, file=file.path)
            else:
                yield reject(source, file, "no_text", page.key)

    return Reader("mediawiki", lambda path, head: mediawiki.accepts(head), outcomes, export_ranges)


def _too_large(page: Page) -> str:
    return "too_large" if len(page.text) > LONGEST_WIKITEXT else ""


def _pages(file: InputFile, start: int, stop: int | None) -> Iterator[Page | Unreadable]:
    with file.open() as stream:
        if stream.read(3) == b"BZh":
            stream.seek(0)
            yield from mediawiki.read_bzip2(stream, start, stop)
            return
    with file.open_decompressed() as stream:
        yield from mediawiki.read(stream, start, stop)
