"""PDF: theses with running heads, page numbers, hyphenation and columns, and letters."""

import unicodedata
from collections.abc import Iterator
from io import BytesIO
from typing import IO

from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from pipelines.sampling.record import Record, Section

_WIDTH, _HEIGHT = A4
_MARGIN = 64
_FONT = "Times-Roman"
_BOLD = "Times-Bold"


def encodable(text: str) -> str:
    """Return the text in characters that the standard PDF fonts have; others lose their diacritics."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        text = "".join(_plain(character) for character in text)
    return text


def _plain(character: str) -> str:
    try:
        character.encode("cp1252")
        return character
    except UnicodeEncodeError:
        base = unicodedata.normalize("NFKD", character)[0]
        return base if base.isascii() else "?"


def wrapped(text: str, size: float, width: float, hyphenate: bool = True) -> Iterator[str]:
    """Yield lines of at most `width` points, long words broken by a hyphen where they do not fit."""
    line, space = "", stringWidth(" ", _FONT, size)
    used = 0.0
    for word in encodable(text).split():
        need = stringWidth(word, _FONT, size)
        if used + need <= width:
            line, used = f"{line}{word} ", used + need + space
            continue
        cut = _break(word, width - used, size) if hyphenate else 0
        if cut:
            yield f"{line}{word[:cut]}-"
            word = word[cut:]
        else:
            yield line.rstrip()
        line, used = word + " ", stringWidth(word, _FONT, size) + space
    if line.strip():
        yield line.rstrip()


def _break(word: str, room: float, size: float) -> int:
    """Return where to break `word` so that the first part fits into `room`: after a vowel, 0 for nowhere."""
    if len(word) < 9 or not word.isalpha():
        return 0
    for place in range(len(word) - 3, 2, -1):
        after_vowel = word[place - 1] in "aeiouäöü" and word[place] not in "aeiouäöü"
        if after_vowel and stringWidth(word[:place] + "-", _FONT, size) <= room:
            return place
    return 0


class _Page:
    """Places lines into one or two columns, page after page, with running heads and page numbers."""

    def __init__(self, canvas: Canvas, head: str, columns: int) -> None:
        self.canvas, self.head, self.columns = canvas, encodable(head)[:70], columns
        self.width = (_WIDTH - 2 * _MARGIN - 18 * (columns - 1)) / columns
        self.number, self.column, self.y = 0, columns, 0.0

    def line(self, text: str, size: float, font: str = _FONT) -> None:
        if self.y < _MARGIN + size or not self.number:
            self._next_column()
        self.canvas.setFont(font, size)
        self.canvas.drawString(_MARGIN + self.column * (self.width + 18), self.y, text)
        self.y -= size * 1.3

    def _next_column(self) -> None:
        self.column += 1
        if self.column >= self.columns:
            if self.number:
                self.canvas.showPage()
            self.number, self.column = self.number + 1, 0
            self.canvas.setFont(_FONT, 8)
            self.canvas.drawString(_MARGIN, _HEIGHT - 40, self.head)
            self.canvas.drawCentredString(_WIDTH / 2, 30, str(self.number))
        self.y = _HEIGHT - _MARGIN


def write_sections(
    target: str | IO[bytes], title: str, sections: tuple[Section, ...], columns: int, password: str = ""
) -> None:
    """Write titled sections as a PDF to a path or binary stream."""
    encryption = StandardEncryption(password, canPrint=0) if password else None
    canvas = Canvas(target, pagesize=A4, invariant=1, encrypt=encryption)
    page = _Page(canvas, title, columns)
    size = 10 if columns == 1 else 9
    for line in wrapped(title, 16, page.width):
        page.line(line, 16, _BOLD)
    for index, section in enumerate(sections, 1):
        if section.heading:
            page.line(encodable(f"{index} {section.heading}"), 13, _BOLD)
        for paragraph in section.paragraphs:
            for line in wrapped(paragraph, size, page.width):
                page.line(line, size)
            page.y -= 5
    canvas.save()


def letter_pdf(text: str) -> bytes:
    """Return a letter as a PDF."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1)
    page = _Page(canvas, "", 1)
    for paragraph in text.split("\n"):
        for line in wrapped(paragraph, 10, page.width, hyphenate=False) if paragraph.strip() else ("",):
            page.line(line, 10)
    canvas.save()
    return buffer.getvalue()


def thesis_one_column(path: str, records: Iterator[Record]) -> None:
    """Write a thesis in one column."""
    record = next(records)
    write_sections(path, record.title, record.sections, 1)


def thesis_two_columns(path: str, records: Iterator[Record]) -> None:
    """Write a thesis in two columns."""
    record = next(records)
    write_sections(path, record.title, record.sections, 2)
