"""Lines of bytes, bounded: the records of JSON Lines, and what tables are made of.

A line belongs to the byte range in which it begins, so ranges that cover a file yield each of its
lines once, wherever they are cut. No line is held in memory beyond `LINE_BYTES`.
"""

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from lzma import LZMAError
from typing import Any, BinaryIO, cast

import zstandard

from pipelines.formats import UnreadableFileError
from pipelines.formats.encoding import byte_lines, is_wide

LINE_BYTES = 16 * 1024 * 1024
"""The longest line that is read: a scanned letter of ten pages as base64 still fits."""

BUFFER_BYTES = 1 << 18
DECOMPRESSION_ERRORS = (zlib.error, LZMAError, zstandard.ZstdError, EOFError, OSError)


@dataclass(slots=True)
class Line:
    """A line with its end, and the byte where it begins; `content` is None where it is too long."""

    offset: int
    content: bytes | None


@contextmanager
def told_breaks() -> Iterator[None]:
    """Turn what libraries raise where a stream breaks into UnreadableFileError `truncated` or `corrupt`.

    A file that may not be read or is not there is another matter: its error passes.
    """
    try:
        yield
    except EOFError:
        raise UnreadableFileError("truncated") from None
    except (PermissionError, FileNotFoundError):
        raise
    except DECOMPRESSION_ERRORS:
        raise UnreadableFileError("corrupt") from None


def ranges(size: int, target: int) -> list[tuple[int, int | None]]:
    """Return byte ranges of `target` bytes that cover `size` bytes."""
    starts = range(0, max(size, 1), max(target, 1))
    return [(start, start + target if start + target < size else None) for start in starts]


def read_lines(stream: BinaryIO, start: int = 0, stop: int | None = None, encoding: str = "utf-8") -> Iterator[Line]:
    """Yield the lines that begin in [start, stop).

    Text in a wide `encoding` is read from its start only, and comes as UTF-8. Raises
    UnreadableFileError `truncated` or `corrupt` where decompression fails, after the lines before.
    """
    with told_breaks():
        if is_wide(encoding):
            yield from _decoded(stream, encoding)
        else:
            yield from _plain(stream, start, stop)


class ShortReads(io.RawIOBase):
    """A stream that hands on what a single read of `stream` gives.

    A buffer that asks a decompressor for more than there is before a break would lose all of it.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self.stream.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self.stream.seek(offset, whence)

    def tell(self) -> int:
        return self.stream.tell()

    def readinto(self, buffer: Any) -> int:
        read = getattr(self.stream, "read1", self.stream.read)
        content = read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


def _plain(stream: BinaryIO, start: int, stop: int | None) -> Iterator[Line]:
    buffered = io.BufferedReader(ShortReads(stream), BUFFER_BYTES)
    yield from _bounded(cast(BinaryIO, buffered), start, stop)


def _bounded(lines: BinaryIO, start: int, stop: int | None) -> Iterator[Line]:
    offset = start
    if start:
        # a line that begins exactly at `start` is ours: the byte before it is a line's end
        lines.seek(start - 1)
        offset = start - 1 + _skip(lines)
    while stop is None or offset < stop:
        content = lines.readline(LINE_BYTES)
        if not content:
            return
        length = len(content)
        if length == LINE_BYTES and not content.endswith(b"\n"):
            length += _skip(lines)
            yield Line(offset, None)
        else:
            yield Line(offset, content)
        offset += length


def _skip(lines: BinaryIO) -> int:
    """Read to the end of the line and return how many bytes that were."""
    skipped = 0
    while piece := lines.readline(BUFFER_BYTES):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped


def _decoded(stream: BinaryIO, encoding: str) -> Iterator[Line]:
    offset, whole, long = 0, True, False
    for piece in byte_lines(stream, encoding, LINE_BYTES // 4):
        ends = piece.endswith(b"\n")
        if whole and (ends or len(piece) < LINE_BYTES // 4):
            yield Line(offset, piece)
        elif not long:
            yield Line(offset, None)
        long = not ends
        whole = ends
        offset += len(piece)
