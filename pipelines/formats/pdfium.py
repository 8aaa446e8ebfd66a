"""The child that reads a PDF by PDFium: glyphs of each page as pieces of lines, with place and size.

`python -m pipelines.formats.pdfium` takes a file on its standard input and gives JSON, which
`pipelines.formats.pdf` asks for. It bounds its own memory and processor time first.
"""

import ctypes
import json
import math
import re
import resource
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from pipelines.formats import UnreadableFileError
from pipelines.formats.page_layout import Page, Piece, lay_out

MEMORY_BYTES = 2 * 1024**3
PROCESSOR_SECONDS = 120
PAGES = 5_000
PAGE_CHARACTERS = 100_000
CHARACTERS = 20_000_000
"""Bounds for one file; a thesis has about 300 pages and 600,000 characters and takes five seconds."""

_SUPERSCRIPTS = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
UNMAPPED = "\ufffd"
_BREAKS = frozenset((0x0A, 0x0D))
_BLANKS = _BREAKS | {0x09, 0x20, 0xA0, 0x2002, 0x2003, 0x2009, 0x200A, 0x202F, 0x3000}
_POWER = re.compile(r"(?:\d|\b(?:[dcmkµμn]?m|[mµμdc]?[lL]|[mµμk]?g|s|min|h))$")
_LIGATURES = {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
_REPLACED = _LIGATURES | {"\ufffe": "-", "\x02": "-", "\uf0b7": "•", "\uf0a7": "▪"}
_TextPage = Any
"""PDFium's handle of a page's text, a pointer type made at run time."""


@dataclass(slots=True)
class _Glyph:
    text: str
    left: float
    right: float
    baseline: float
    size: float


def read_document(content: bytes) -> dict[str, Any]:
    """Return a PDF's `title`, its `pages` as lists, and how many of its `characters` are `unmapped`.

    Raises UnreadableFileError: `password_protected`, `malformed_pdf`, `too_many_pages`,
    `too_many_characters`.
    """
    document = _open(content)
    if len(document) > PAGES:
        raise UnreadableFileError("too_many_pages")
    pages, unmapped, total = [], 0, 0
    for number in range(len(document)):
        page, page_unmapped, page_total = _read_page(document, number)
        pages.append([number, page.width, page.height, [_rounded(astuple(line)) for line in page.lines]])
        unmapped, total = unmapped + page_unmapped, total + page_total
        if total > CHARACTERS:
            raise UnreadableFileError("too_many_characters")
    return {"title": _title(document), "pages": pages, "unmapped": unmapped, "characters": total}


def main() -> None:
    """Read the PDF on standard input, write JSON to standard output."""
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS + 5))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = read_document(sys.stdin.buffer.read())
    except UnreadableFileError as error:
        answer = {"reason": error.reason}
    json.dump(answer, sys.stdout)


def _rounded(values: tuple[Any, ...]) -> list[Any]:
    return [round(value, 2) if isinstance(value, float) else value for value in values]


def _open(content: bytes) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        locked = getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD or "password" in str(error).lower()
        raise UnreadableFileError("password_protected" if locked else "malformed_pdf") from None


def _title(document: pdfium.PdfDocument) -> str:
    title = " ".join(str(document.get_metadata_dict().get("Title", "")).split())
    # word processors put the name of the file there
    made_up = re.search(
        r"\.(?:docx?|tex|pdf|odt|dvi|indd|qxd)\b|^microsoft|^untitled|^unbenannt|^dokument", title, re.IGNORECASE
    )
    return "" if made_up or len(title.split()) < 2 or UNMAPPED in title else title


def _read_page(document: pdfium.PdfDocument, number: int) -> tuple[Page, int, int]:
    """Return the page, and how many of how many characters have no Unicode value."""
    try:
        page = document[number]
        text_page = page.get_textpage()
    except pdfium.PdfiumError:
        return Page(number, 0, 0, []), 0, 0
    try:
        width, height = page.get_size()
        count = text_page.count_chars()
        if count > PAGE_CHARACTERS:
            raise UnreadableFileError("too_many_characters")
        unmapped, pieces, total = 0, [], 0
        for glyphs in _runs(text_page, count):
            total += len(glyphs)
            unmapped += sum(1 for glyph in glyphs if glyph.text == UNMAPPED)
            if piece := _piece(glyphs, height):
                pieces.append(piece)
        return lay_out(number, width, height, pieces), unmapped, total
    finally:
        text_page.close()
        page.close()


def _runs(text_page: pdfium.PdfTextPage, count: int) -> Iterator[list[_Glyph]]:
    """Yield the glyphs of one page, cut where the line or, by a wide gap, the column ends."""
    handle, run, space, broken = text_page.raw, [], False, False
    read = _GlyphReader(handle)
    for index in range(count):
        code = raw.FPDFText_GetUnicode(handle, index)
        if code in _BLANKS:
            # PDFium ends a line after a raised mark, too, so its breaks are not believed
            space, broken = space or code not in _BREAKS, broken or code in _BREAKS
            continue
        glyph = read.glyph(index, code)
        if run and not _continues(run[-1], glyph):
            yield run
            run, space, broken = [], False, False
        if not run and abs(_angle(handle, index)) > 0.1:
            continue
        if run and (space or (broken and glyph.left - run[-1].right > 0.15 * glyph.size)):
            glyph.text = " " + glyph.text
        run.append(glyph)
        space = broken = False
    if run:
        yield run


class _GlyphReader:
    """Reads the glyphs of a page with few calls and without allocating for each."""

    def __init__(self, handle: _TextPage) -> None:
        self.handle = handle
        self.left, self.right, self.bottom, self.top, self.x, self.y = (ctypes.c_double() for _ in range(6))
        self.box = tuple(map(ctypes.byref, (self.left, self.right, self.bottom, self.top)))
        self.origin = ctypes.byref(self.x), ctypes.byref(self.y)
        self.size, self.baseline, self.doubtful = 0.0, math.nan, False

    def glyph(self, index: int, code: int) -> _Glyph:
        raw.FPDFText_GetCharBox(self.handle, index, *self.box)
        raw.FPDFText_GetCharOrigin(self.handle, index, *self.origin)
        # along a baseline the size seldom changes
        if self.y.value != self.baseline or index % 16 == 0:
            self.baseline, self.size = self.y.value, self._read_size(index)
            self.doubtful = self.doubtful or raw.FPDFText_HasUnicodeMapError(self.handle, index) == 1
        return _Glyph(self._character(index, code), self.left.value, self.right.value, self.baseline, self.size)

    def _read_size(self, index: int) -> float:
        size = raw.FPDFText_GetFontSize(self.handle, index)
        if size > 1.5:
            return size
        # the scale is in the text matrix: take the height of the line instead
        box = raw.FS_RECTF()
        raw.FPDFText_GetLooseCharBox(self.handle, index, box)
        return max(1.0, abs(box.top - box.bottom) / 1.2)

    def _character(self, index: int, code: int) -> str:
        if code < 0x7F and not self.doubtful and code > 0x20:
            return chr(code)
        character = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else UNMAPPED
        if character in _REPLACED:
            return _REPLACED[character]
        unmapped = self.doubtful and raw.FPDFText_HasUnicodeMapError(self.handle, index) == 1
        return UNMAPPED if unmapped or unicodedata.category(character) in {"Cc", "Co", "Cn"} else character


def _continues(last: _Glyph, glyph: _Glyph) -> bool:
    size = max(last.size, glyph.size)
    return abs(glyph.baseline - last.baseline) < 0.6 * size and -0.6 * size < glyph.left - last.right < 1.1 * size


def _angle(handle: _TextPage, index: int) -> float:
    """Return the glyph's rotation in (-π, π]: watermarks and the labels of axes are turned."""
    angle = raw.FPDFText_GetCharAngle(handle, index)
    return angle - 2 * math.pi if angle > 3.2 else angle


def _piece(glyphs: list[_Glyph], height: float) -> Piece | None:
    """Return the run as a piece of a line, raised numbers as powers or, being note marks, left out."""
    sizes = sorted(glyph.size for glyph in glyphs)
    size = sizes[len(sizes) // 2]
    level = sorted(glyph.baseline for glyph in glyphs if glyph.size > 0.85 * size)
    baseline = level[len(level) // 2] if level else glyphs[0].baseline
    text, raised = "", ""
    for glyph in [*glyphs, None]:
        if glyph is not None and glyph.size < 0.85 * size and glyph.baseline > baseline + 0.15 * size:
            raised += glyph.text
            continue
        following = glyph.text if glyph else ""
        if raised:
            power = _raise(text, raised, following)
            # where a note's mark has gone, the space before a comma goes with it
            gone = not power and following.strip() in set(",.;:)")
            text, raised = text + power, ""
            following = following.lstrip() if gone else following
        text += following
    text = " ".join(text.replace(UNMAPPED, "").split())
    if not text:
        return None
    return Piece(text, glyphs[0].left, glyphs[-1].right, height - baseline, size)


def _raise(before: str, raised: str, following: str) -> str:
    if not re.fullmatch(r"[\s\d,;–+−*†‡§-]+", raised) or (not before and following[:1].isalpha()):
        return raised
    if _POWER.search(before[-8:]) and re.fullmatch(r"[-+−–]?\d{1,2}", raised):
        return raised.translate(_SUPERSCRIPTS)
    return ""


if __name__ == "__main__":
    main()
