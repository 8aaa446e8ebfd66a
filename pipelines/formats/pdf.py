"""PDF: the pages of a file laid out, read by PDFium in a process of its own with bounds on time and memory.

PDFs are hostile: one of 100 kB can cost gigabytes and minutes, and a crash of PDFium would end the
whole build. The child gets the file and gives the text through pipes, so neither touches a disk.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from pipelines.formats import UnreadableFileError, xml
from pipelines.formats.page_layout import Line, Page, without_running_heads
from pipelines.formats.pdf_paragraphs import join_lines

FILE_BYTES = 256 * 1024 * 1024
"""The largest file that is read."""

SECONDS = 600
"""How long the child may take by the clock, should the bound on its processor time not hold it."""

_CHILD = "pipelines.formats.pdfium"
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ÿŠšŽž]{5,}")
_COMMON_VOWEL = re.compile(r"[aeioäöáàâéèêíìîóòô]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PdfText:
    """The pages of a file, laid out, and the title from its metadata."""

    pages: list[Page] = field(repr=False)
    title: str = field(default="", repr=False)


def read_pdf(stream: BinaryIO) -> str:
    """Return the text of a PDF, a paragraph a line, without running heads and page numbers.

    Raises UnreadableFileError as `read_pages` does.
    """
    pages = without_running_heads(read_pages(stream).pages)
    return "\n".join(paragraph.text for paragraph in join_lines(pages))


def read_pages(stream: BinaryIO) -> PdfText:
    """Return the pages of a PDF.

    Raises UnreadableFileError: `truncated`, `corrupt`, `password_protected`, `malformed_pdf`,
    `file_too_large`, `too_many_pages`, `too_many_characters`, `time_limit`, `parser_crashed` (also where the file
    needs more memory than it gets), `no_text_layer` where pages are images, `broken_text_layer`
    where characters have no or wrong meanings.
    """
    answer = _ask_child(_read_bounded(stream))
    if "reason" in answer:
        raise UnreadableFileError(answer["reason"])
    pages = [Page(number, w, h, [Line(*line) for line in lines]) for number, w, h, lines in answer["pages"]]
    check_text_layer(pages, answer["unmapped"], answer["characters"])
    return PdfText(pages, answer["title"])


def _read_bounded(stream: BinaryIO) -> bytes:
    content = bytearray()
    for block in xml.read_blocks(stream):
        content += block
        if len(content) > FILE_BYTES:
            raise UnreadableFileError("file_too_large")
    return bytes(content)


def _ask_child(content: bytes) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", _CHILD]
    try:
        child = subprocess.run(
            command, input=content, capture_output=True, env=environment, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise UnreadableFileError("time_limit") from None
    if child.returncode == -signal.SIGXCPU:
        raise UnreadableFileError("time_limit")
    try:
        # JSON, because a hostile file may have taken the child over
        return json.loads(child.stdout)
    except ValueError:
        raise UnreadableFileError("parser_crashed") from None


def check_text_layer(pages: Sequence[Page], unmapped: int, total: int) -> None:
    """Raise UnreadableFileError where a text layer is missing or is no text.

    `unmapped` of the `total` characters have no Unicode value. Text whose fonts are mapped wrongly
    has too few of the commonest vowels, or stands letter by letter.
    """
    if total < 25 * max(len(pages), 1):
        raise UnreadableFileError("no_text_layer")
    text = "\n".join(line.text for page in pages for line in page.lines)
    words = _LATIN_WORD.findall(text)
    mute = sum(1 for word in words if not _COMMON_VOWEL.search(word))
    tokens = re.findall(r"[^\W\d_]+", text)
    single = sum(1 for token in tokens if len(token) == 1)
    few_words = len(tokens) > 100 and len(words) * 20 < len(tokens)
    if unmapped * 20 > total or mute * 4 > max(len(words), 20) or (len(tokens) > 50 and single * 2 > len(tokens)):
        raise UnreadableFileError("broken_text_layer")
    if few_words:
        raise UnreadableFileError("broken_text_layer")
