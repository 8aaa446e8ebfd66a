"""The character encoding of files that do not say theirs: German exports of the last forty years.

Hospital systems write UTF-8, UTF-16 (SQL Server, Excel's Unicode text), Windows-1252 and, from DOS
days, code page 850. Which of them is told by byte order marks, by zero bytes, by being valid UTF-8
or not, and between the last two by which one's umlauts occur.
"""

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO, cast

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UNPROVEN = "ascii"
"""What `detect` says of bytes without any umlaut: later ones may be of any ASCII-compatible encoding."""

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_UMLAUTS = {name: "äöüßÄÖÜ".encode(name) for name in ("cp1252", "cp850")}


def detect(head: bytes) -> str:
    """Return the name of the encoding of a text that begins with `head`; `UNPROVEN` for plain ASCII."""
    for mark, name in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return name
    sample = head[:4096]
    if zeros := sample.count(0):
        even = sample[::2].count(0)
        if zeros >= len(sample) / 4 and min(even, zeros - even) <= zeros / 20:
            return "utf-16-be" if even > zeros - even else "utf-16-le"
    if head.isascii():
        return UNPROVEN
    # one broken record does not make another encoding of a file that is UTF-8 elsewhere
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(head)
    broken = text.count("\ufffd")
    if 2 * broken <= (beyond := len(_BEYOND_ASCII.findall(text))) and beyond:
        return "utf-8"
    return max(_UMLAUTS, key=lambda name: sum(map(head.count, _UMLAUTS[name])))


def is_wide(encoding: str) -> bool:
    """Tell whether a character of `encoding` takes two or four bytes, so that lines cannot be found in bytes."""
    return encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32", "utf16", "utf32"))


def decode(content: bytes, encoding: str) -> str:
    """Return the text of `content`, a piece of a file in `encoding` as told by `detect`.

    Raises UnicodeDecodeError where it is not of that encoding. A piece of a file in plain ASCII that
    has umlauts nevertheless is detected on its own.
    """
    if encoding == UNPROVEN:
        encoding = detect(content) if not content.isascii() else encoding
    return content.decode(encoding)


def decode_text(content: bytes, declared: str = "") -> str:
    """Return the text of a whole file, message or attachment, without byte order mark.

    `declared` is the encoding that it claims; where the claim is empty, unknown or false, the bytes
    decide. Raises UnicodeDecodeError where no encoding fits.
    """
    if declared:
        try:
            return content.decode(declared).removeprefix("\ufeff")
        except (UnicodeDecodeError, LookupError):
            pass
    return content.decode(detect(content)).removeprefix("\ufeff")


def byte_lines(stream: BinaryIO, encoding: str, limit: int) -> Iterator[bytes]:
    """Yield the lines of a text in a wide `encoding`, as UTF-8, in pieces of at most about `limit` bytes.

    A line ends at LF; what cannot be decoded becomes U+FFFD.
    """
    text = io.TextIOWrapper(cast(BinaryIO, stream), encoding, errors="replace", newline="\n")
    first = True
    try:
        while line := text.readline(limit):
            yield (line.removeprefix("\ufeff") if first else line).encode("utf-8", "replace")
            first = False
    finally:
        text.detach()
