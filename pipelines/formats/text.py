"""Plain text files: recognised by what is not in them, read whole up to a bound."""

import re
from typing import BinaryIO

from pipelines.formats import UnreadableFileError, encoding
from pipelines.formats.xml import read_blocks

TEXT_BYTES = 32 * 1024 * 1024
"""The longest text that is one document; a thesis is a hundredth of it."""

_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MARKUP = re.compile(r"<(?:!DOCTYPE|\?xml|html|[A-Za-z]\w*[\s>/])|%PDF-|\{\\rtf|PK\x03\x04|[\[{]\s*[\"{\[]")
# T1<tab>Living_Beings 163 169<tab>Frauen
_STANDOFF = re.compile(r"(?:[TREAMN#*]\d*\t[^\t\n]*(?:\t[^\n]*)?\r?\n?)+")


def accepts(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is plain text: no markup, no binary, no stand-off annotations."""
    try:
        text = encoding.decode_text(head)
    except UnicodeDecodeError:
        # the head may end inside a character
        text = head.decode("utf-8", "replace")
    if _MARKUP.match(text.lstrip()) or _STANDOFF.match(text):
        return False
    # a form feed or an escape sequence may stand in a text; other control characters are those of binary files
    return len(_CONTROLS.findall(text)) <= len(text) / 1000


def read(stream: BinaryIO) -> str:
    """Return the text that is all of `stream`; bytes that are in no encoding become U+FFFD.

    Raises UnreadableFileError: `too_large`, `truncated` and `corrupt`.
    """
    content = bytearray()
    for block in read_blocks(stream):
        content += block
        if len(content) > TEXT_BYTES:
            raise UnreadableFileError("too_large")
    return decode(bytes(content))


def decode(content: bytes) -> str:
    """Return the text of `content`; UTF-8 with a few broken bytes is UTF-8."""
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        damaged = content.decode("utf-8", "replace")
        whole = sum(map(damaged.count, "äöüÄÖÜß"))
        if whole > damaged.count("\ufffd") and error.start >= 0:
            return damaged.removeprefix("\ufeff")
    try:
        return encoding.decode_text(content)
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
