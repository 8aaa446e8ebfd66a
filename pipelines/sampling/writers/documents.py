"""Office documents: Word, RTF and plain text."""

from collections.abc import Iterator
from io import BytesIO

import docx

from pipelines.sampling.record import Record
from pipelines.sampling.writers import rezip


def word(path: str, records: Iterator[Record]) -> None:
    """Write one Word document, a paragraph a line."""
    record = next(records)
    document = docx.Document()
    for line in record.text.split("\n"):
        document.add_paragraph("".join(c for c in line if c.isprintable() or c == "\t"))
    buffer = BytesIO()
    document.save(buffer)
    with open(path, "wb") as stream:
        stream.write(rezip(buffer.getvalue()))


def rtf_bytes(text: str) -> bytes:
    r"""Return a text as RTF in cp1252, other characters as \u escapes with a fallback."""
    pieces = ["{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fswiss Arial;}}\\uc1\\f0\\fs22 "]
    pieces += map(_rtf_character, text)
    return ("".join(pieces) + "}").encode("ascii")


def _rtf_character(character: str) -> str:
    code = ord(character)
    if character == "\n":
        return "\\par\n"
    if character == "\t":
        return "\\tab "
    if character in "\\{}":
        return "\\" + character
    if code < 128:
        return character
    try:
        return f"\\'{character.encode('cp1252')[0]:02x}"
    except UnicodeEncodeError:
        return f"\\u{code if code < 32768 else code - 65536}?"


def rtf(path: str, records: Iterator[Record]) -> None:
    """Write one RTF document."""
    with open(path, "wb") as stream:
        stream.write(rtf_bytes(next(records).text))


def cp1252_surface(record: Record) -> str:
    """Return the record's text as cp1252 holds it, a question mark for each character that it lacks."""
    return record.text.encode("cp1252", "replace").decode("cp1252")


def plain(path: str, records: Iterator[Record]) -> None:
    """Write one text file in UTF-8."""
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(next(records).text + "\n")


def plain_cp1252(path: str, records: Iterator[Record]) -> None:
    """Write one text file in cp1252 with carriage returns."""
    with open(path, "w", encoding="cp1252", errors="replace", newline="\r\n") as stream:
        stream.write(next(records).text + "\n")
