"""Word documents and RTF as text.

A .docx file is opened by python-docx, which resolves its parts; the text is walked here, because
that library passes over text boxes, content controls and nested tables, where letters keep their
best. RTF is read by striprtf.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import docx
import lxml.etree as etree
from docx.opc.exceptions import PackageNotFoundError
from striprtf.striprtf import rtf_to_text

from pipelines.formats import UnreadableFileError
from pipelines.formats.markup import CELL, tidy

UNPACKED_BYTES = 128 * 1024 * 1024
"""How large a document may be when it is unpacked, pictures included."""

MARKUP_BYTES = 32 * 1024 * 1024
"""How large its XML, unpacked, or an RTF file may be."""

PARTS = 4096

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HIDDEN = frozenset(
    f"{_WORD}{name}" for name in ("del", "moveFrom", "pPr", "rPr", "sectPr", "tblPr", "sdtPr", "instrText")
)
_SIGNS = {f"{_WORD}tab": " ", f"{_WORD}br": "\n", f"{_WORD}cr": "\n", f"{_WORD}noBreakHyphen": "-", f"{_WORD}ptab": " "}
_BINARY = re.compile(rb"\\bin(\d{1,9}) ?")
_CELL_END = re.compile(rb"\\(?:nest)?cell(?![a-z]) ?")
_PICTURE = re.compile(rb"(?:[0-9a-fA-F]{32,}[\r\n]*){4,}")


def is_zip(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is a zip archive, as .docx files are."""
    return head.startswith(b"PK\x03\x04")


def is_docx(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is a zip archive of Office parts."""
    return is_zip(head) and (b"[Content_Types].xml" in head or b"word/" in head or b"_rels/" in head)


def is_rtf(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is in Rich Text Format."""
    return head.lstrip()[:5] == b"{\\rtf"


def check_archive(stream: BinaryIO) -> None:
    """Raise UnreadableFileError where unpacking a .docx file would not be safe.

    What is declared is what counts: zipfile never unpacks more of a part than that.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError):
        raise UnreadableFileError("corrupt_docx") from None
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableFileError("encrypted")
    if not any(part.filename == "[Content_Types].xml" for part in parts):
        raise UnreadableFileError("not_a_word_document")
    if len(parts) > PARTS or sum(part.file_size for part in parts) > UNPACKED_BYTES:
        raise UnreadableFileError("zip_bomb")
    if sum(part.file_size for part in parts if part.filename.endswith((".xml", ".rels"))) > MARKUP_BYTES:
        raise UnreadableFileError("too_large")


def read_docx(stream: BinaryIO) -> str:
    """Return the text of a .docx file: a line a paragraph, tables by rows, text boxes where they are anchored.

    Deleted text, headers, footers and comments are left out. Raises UnreadableFileError: `corrupt_docx`,
    `encrypted`, `not_a_word_document`, `zip_bomb`, `too_large`.
    """
    check_archive(stream)
    stream.seek(0)
    try:
        body = docx.Document(stream).element.body
    except (PackageNotFoundError, ValueError):
        raise UnreadableFileError("not_a_word_document") from None
    except (KeyError, AttributeError, IndexError, etree.LxmlError, zipfile.BadZipFile, zlib.error, EOFError, OSError):
        raise UnreadableFileError("corrupt_docx") from None
    return tidy("".join(_walk(body)))


def _walk(root: etree._Element) -> Iterator[str]:
    walker = etree.iterwalk(root, events=("start", "end"))
    cells = 0
    for event, element in walker:
        tag = element.tag
        if event == "start":
            if tag in _HIDDEN or tag == _FALLBACK:
                walker.skip_subtree()
            elif tag == f"{_WORD}t":
                yield element.text or ""
            elif tag in _SIGNS:
                yield _SIGNS[tag]
            elif tag == f"{_WORD}txbxContent":
                yield "\n"
            elif tag == f"{_WORD}tc":
                cells += 1
        elif tag == f"{_WORD}p":
            # a cell's paragraphs stay on the row's line
            yield " " if cells else "\n"
        elif tag == f"{_WORD}tc":
            cells -= 1
            yield CELL
        elif tag == f"{_WORD}tr":
            yield "\n"


def read_rtf(content: bytes) -> str:
    """Return the text of an RTF file: a line a paragraph, tables by rows.

    Raises UnreadableFileError: `corrupt_rtf`, `too_large`.
    """
    if len(content) > MARKUP_BYTES:
        raise UnreadableFileError("too_large")
    content = _PICTURE.sub(b"", _without_binary(content))
    # striprtf would make them the same sign as a | of the text
    source = _CELL_END.sub(CELL.encode(), content).decode("cp1252", "replace")
    try:
        text = rtf_to_text(source, encoding="cp1252", errors="replace")
    except (ValueError, LookupError, IndexError, RecursionError, AttributeError, TypeError):
        raise UnreadableFileError("corrupt_rtf") from None
    return tidy(text)


def _without_binary(content: bytes) -> bytes:
    """Cut out pictures that are stored as raw bytes, whose braces are none."""
    pieces, position = [], 0
    while match := _BINARY.search(content, position):
        pieces.append(content[position : match.start()])
        position = match.end() + int(match[1])
    return b"".join([*pieces, content[position:]])


def docx_from_bytes(content: bytes) -> str:
    """Return the text of a .docx file in memory, such as an attachment. Raises as `read_docx` does."""
    return read_docx(io.BytesIO(content))
