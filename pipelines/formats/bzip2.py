"""bzip2 files of many streams, which divide: each stream begins at a byte and stands alone."""

import bz2
import re
from typing import BinaryIO

_STREAM = re.compile(rb"BZh[1-9]1AY&SY")
_MAGIC_BYTES = 10
_BLOCK_BYTES = 128 * 1024
_PROBE_BYTES = 8 * 1024 * 1024


def byte_ranges(stream: BinaryIO, size: int, target: int) -> list[tuple[int, int | None]]:
    """Return ranges of about `target` bytes of a bzip2 file; one whose first stream is long is one range."""
    head = stream.read(min(_PROBE_BYTES, size))
    if size <= target or target <= 0 or not _STREAM.search(head, 1):
        return [(0, None)]
    starts = range(0, size, target)
    return [(start, start + target if start + target < size else None) for start in starts]


class StreamRange:
    """The content of the streams that begin in [start, stop) of a bzip2 file, and of those after them.

    `boundary` is where, in the content, the first stream at or after `stop` begins, None until it is reached:
    what begins before it belongs to the range and may end behind it. A stream that cannot be
    decompressed ends where it breaks and its offset is put into `broken`; reading goes on with the
    next. Raises EOFError where the last stream is cut off.
    """

    def __init__(self, stream: BinaryIO, start: int = 0, stop: int | None = None) -> None:
        self._stream, self._start, self._stop = stream, start, stop
        self.broken: list[int] = []
        self.seek(0)

    def seek(self, offset: int) -> int:
        """Go back to the beginning, which is the only place that can be gone to."""
        if offset:
            raise OSError("a range of bzip2 streams is read from its beginning")
        self._stream.seek(self._start)
        self._raw, self._next = b"", self._start  # bytes read but not used, and the offset after them
        self._decompressor: bz2.BZ2Decompressor | None = None
        self._origin = self._start
        self._position = 0
        self.boundary: int | None = None
        self.broken.clear()
        return 0

    def read(self, size: int = _BLOCK_BYTES) -> bytes:
        """Return up to `size` bytes, fewer at any time, none at the end."""
        while self._decompressor or self._find_stream():
            assert self._decompressor
            try:
                content = self._decompress(self._decompressor, size)
            except OSError:
                self.broken.append(self._origin)
                self._decompressor = None
                # the next stream may begin in what was taken for this one's data
                self._stream.seek(self._origin + _MAGIC_BYTES)
                self._raw, self._next = b"", self._origin + _MAGIC_BYTES
                continue
            if self._decompressor.eof:
                self._raw, self._decompressor = self._decompressor.unused_data, None
            if content:
                self._position += len(content)
                return content
        return b""

    def _decompress(self, decompressor: bz2.BZ2Decompressor, size: int) -> bytes:
        if not decompressor.needs_input:
            return decompressor.decompress(b"", size)
        raw, self._raw = self._raw or self._fetch(), b""
        if not raw:
            raise EOFError("a bzip2 stream is cut off")
        return decompressor.decompress(raw, size)

    def _fetch(self) -> bytes:
        raw = self._stream.read(_BLOCK_BYTES)
        self._next += len(raw)
        return raw

    def _find_stream(self) -> bool:
        """Go to the next stream and tell whether there is one to read."""
        while not (found := _STREAM.search(self._raw)):
            tail = self._raw[-_MAGIC_BYTES:]
            if self._outside(self._next - len(tail)) and not self._position:
                return False
            block = self._fetch()
            if not block:
                return False
            self._raw = tail + block
        self._raw = self._raw[found.start() :]
        self._origin = self._next - len(self._raw)
        if self._outside(self._origin) and self.boundary is None:
            self.boundary = self._position
            if not self._position:
                return False
        self._decompressor = bz2.BZ2Decompressor()
        return True

    def _outside(self, offset: int) -> bool:
        return self._stop is not None and offset >= self._stop
