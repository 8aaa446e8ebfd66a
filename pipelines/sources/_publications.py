"""What the sources of publications share: from a file's German articles to raw documents."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from pipelines.formats import Unreadable, xml
from pipelines.formats.flow import Article
from pipelines.ingest import InputFile, Options, Outcome, Reader, reject
from schemas.document import RawDocument

ReadArticles = Callable[[BinaryIO, int, int | None], Iterator[Article | Unreadable]]


def xml_ranges(file: InputFile, target: int) -> list[tuple[int, int | None]]:
    """Cut an XML file into byte ranges of about `target` bytes where that can be done."""
    with file.open() as stream:
        return xml.byte_ranges(stream, file.size, target)


def article_reader(
    source: str, name: str, read: ReadArticles, accepts: Callable[[str, bytes], bool], by_doi: bool = True
) -> Reader:
    """Return the reader of articles of one format.

    A document's key is its DOI; where it has none, or `by_doi` is false, the file's path and its
    place in it.
    """

    def outcomes(file: InputFile, start: int, stop: int | None, options: Options) -> Iterator[Outcome]:
        with file.open_decompressed() as stream:
            for article in read(stream, start, stop):
                doi, mark, part = article.key.partition("#")
                key = (doi if by_doi and doi else file.path) + mark + part
                if isinstance(article, Unreadable):
                    yield reject(source, file, article.reason, key)
                else:
                    yield RawDocument(source, key, article.text, article.title, file=file.path)

    return Reader(name, accepts, outcomes, xml_ranges)
