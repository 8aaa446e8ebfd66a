"""Doctoral theses: PDF, Word, and JATS where a university press published them.

Of a PDF the running text is kept: no title page, contents, tables, footnotes, references, thanks,
declarations or curriculum vitae.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipelines.formats import UnreadableFileError, jats, office, pdf
from pipelines.formats.headings import is_back_matter
from pipelines.formats.page_layout import GAP, Line, Page, body_size, without_footnotes, without_running_heads
from pipelines.formats.pdf_paragraphs import Paragraph, join_lines
from pipelines.ingest import InputFile, Options, Outcome, Reader, Source
from pipelines.sources._publications import article_reader
from schemas.document import RawDocument

NAME = "doctoral_theses"

_LEADER = re.compile(r"(?:[.…_·]\s?){4,}\s*(?:\d{1,4}|[ivxlcIVXLC]{1,8})?$")
_ENTRY = re.compile(rf"^\S.*(?:{GAP}|\s)\d{{1,4}}$")
_TITLE_PAGE = re.compile(
    r"dissertation|doktorgrad|doktorwürde|zur erlangung|vorgelegt|promotion|berichterstatter|gutachter|dekan|referent",
    re.IGNORECASE,
)
_KNOWN = re.compile(
    r"(?:\d{1,2}(?:\.\d{1,2})*\.?\s+)?(?:einleitung|einführung|zusammenfassung|anhang|abstract|summary)\b.{0,20}",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"[1-9]\d?(?:\.\d{1,2})*\.?\s+[A-ZÄÖÜ][^.,;:]{3,60}")
_CHAPTER = re.compile(r"(?:Kapitel\s+)?\d{1,2}[.:]?\s+[A-ZÄÖÜ][^,;]{3,80}")
_PAGES_WITH_TITLES = 6


def read_thesis(file: InputFile, start: int, stop: int | None, options: Options) -> Iterator[Outcome]:
    """Yield the thesis of a PDF, keyed by its path."""
    with file.open_decompressed() as stream:
        text = pdf.read_pages(stream)
    body = "\n".join(running_text(text.pages))
    if not body:
        raise UnreadableFileError("no_text")
    yield RawDocument(NAME, file.path, body, text.title, file=file.path)


def read_word(file: InputFile, start: int, stop: int | None, options: Options) -> Iterator[Outcome]:
    """Yield the thesis of a Word file, keyed by its path."""
    with file.open_decompressed() as stream:
        lines = office.read_docx(stream).splitlines()
    # rows of tables are the lines with cells
    text = "\n".join(" ".join(line.split()) for line in lines if line.strip() and line.count(GAP) < 2)
    if not text:
        raise UnreadableFileError("no_text")
    yield RawDocument(NAME, file.path, text, file=file.path)


def running_text(pages: Sequence[Page]) -> list[str]:
    """Return the paragraphs of a thesis that are its running text."""
    inner = [page for page in without_running_heads(pages) if not is_title_page(page)]
    inner = without_footnotes([replace(page, lines=without_lists(page.lines)) for page in inner])
    return [paragraph.text for paragraph in without_back_matter(join_lines(inner), body_size(inner))]


def is_title_page(page: Page) -> bool:
    """Tell whether a page is that of the title or of the examiners: little text, and its customary words."""
    text = " ".join(line.text for line in page.lines)
    return (
        page.number < _PAGES_WITH_TITLES
        and len(text) < 1200
        and len(set(map(str.lower, _TITLE_PAGE.findall(text)))) >= 2
    )


def without_lists(lines: Sequence[Line]) -> list[Line]:
    """Return the lines that are neither entries of a table of contents nor rows of a table."""
    entries = sum(1 for line in lines if _has_leader(line) or _ENTRY.match(line.text))
    contents = entries > 4 and entries * 2 > len(lines)
    return [
        line
        for line in lines
        if not (_has_leader(line) or line.text.count(GAP) >= 2 or (contents and _ENTRY.match(line.text)))
    ]


def _has_leader(line: Line) -> bool:
    """Tell whether dots lead from a heading to its page number."""
    return _LEADER.search(line.text[-300:]) is not None


def without_back_matter(paragraphs: Sequence[Paragraph], body: float) -> Iterator[Paragraph]:
    """Yield the paragraphs outside of sections such as references and the curriculum vitae.

    Such a section ends at the next heading that is set at least as large as its own or begins a
    chapter; where headings are no larger than the body of `body` points, at the next numbered or
    other known one.
    """
    dropping = 0.0
    for paragraph in paragraphs:
        if is_back_matter(paragraph.text):
            # a section inside of one that is dropped does not put off its end
            dropping = min(dropping or math.inf, max(paragraph.size, 1.0))
        elif dropping and _ends_section(paragraph, dropping, body):
            dropping = 0.0
        if not dropping:
            yield paragraph


def _ends_section(paragraph: Paragraph, size: float, body: float) -> bool:
    if len(paragraph.text) > 120:
        return False
    if size > 1.08 * body:
        chapter = _KNOWN.fullmatch(paragraph.text) or _CHAPTER.fullmatch(paragraph.text)
        return paragraph.size > 0.97 * size or (chapter is not None and paragraph.size > 1.08 * body)
    return _KNOWN.fullmatch(paragraph.text) is not None or _NUMBERED.fullmatch(paragraph.text) is not None


SOURCE = Source(
    name=NAME,
    licence="As granted by each university's repository; CC BY-SA 4.0 for the theses of heiUP",
    readers=(
        Reader("pdf", lambda path, head: b"%PDF-" in head[:1024], read_thesis),
        Reader("docx", lambda path, head: office.is_docx(head), read_word),
        # chapters of one thesis share its DOI, so their paths are their keys
        article_reader(NAME, "jats", jats.read, lambda path, head: jats.accepts(head), by_doi=False),
    ),
)
