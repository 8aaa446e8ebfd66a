"""The files of a source as its readers see them.

A `Source` names its readers; a `Reader` accepts files by name and first bytes, cuts large ones into
ranges and turns a range into raw documents and rejections.
"""

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import zstandard

from schemas import storage
from schemas.document import RawDocument, Rejection, document_id

HEAD_BYTES = 64 * 1024
"""How much of a file, decompressed, a reader sees to recognise its format."""

Outcome = RawDocument | Rejection
Options = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of a source. `path` is relative to the source's folder; `url` opens it."""

    url: str
    path: str
    size: int

    def open(self) -> BinaryIO:
        """Open the file's own bytes, seekable."""
        return storage.open_input(self.url)

    def open_decompressed(self) -> BinaryIO:
        """Open the file's content; gzip, bzip2, xz and Zstandard are told by their first bytes."""
        stream = self.open()
        magic = stream.read(6)
        stream.seek(0)
        for signature, decompress in _DECOMPRESSORS.items():
            if magic.startswith(signature):
                return decompress(stream)
        return stream

    def head(self) -> bytes:
        """Return the first `HEAD_BYTES` of the content, fewer where the file ends or breaks earlier."""
        with self.open_decompressed() as stream:
            head = bytearray()
            try:
                # short reads: a break must not take what came before it along
                while len(head) < HEAD_BYTES and (block := stream.read1(4096)):  # pyright: ignore[reportAttributeAccessIssue]
                    head += block
            except (OSError, EOFError, lzma.LZMAError, zlib.error, zstandard.ZstdError):
                pass
            return bytes(head[:HEAD_BYTES])


class _Zstandard(io.RawIOBase):
    """A Zstandard stream of one or several frames that can be read again from its beginning."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self._start()

    def _start(self) -> None:
        self.stream.seek(0)
        self.position = 0
        self.reader = zstandard.ZstdDecompressor().stream_reader(self.stream, read_across_frames=True, closefd=False)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def readinto(self, buffer: Any) -> int:
        count = self.reader.readinto1(buffer)
        self.position += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to `offset` from the beginning, or onward from here; raises OSError for any other way."""
        target = offset + (self.position if whence == io.SEEK_CUR else 0)
        if whence == io.SEEK_END or target < 0:
            raise io.UnsupportedOperation("the end of a Zstandard stream is not known")
        if target < self.position:
            self._start()
        while self.position < target and self.readinto(bytearray(min(1 << 20, target - self.position))):
            pass
        return self.position

    def close(self) -> None:
        self.stream.close()
        super().close()


_DECOMPRESSORS: dict[bytes, Callable[[BinaryIO], BinaryIO]] = {
    b"\x1f\x8b": lambda stream: cast(BinaryIO, gzip.GzipFile(fileobj=stream)),
    b"BZh": lambda stream: cast(BinaryIO, bz2.BZ2File(stream)),
    b"\xfd7zXZ\x00": lambda stream: cast(BinaryIO, lzma.LZMAFile(stream)),
    b"\x28\xb5\x2f\xfd": lambda stream: cast(BinaryIO, io.BufferedReader(_Zstandard(stream))),
}


def whole(file: InputFile, target: int) -> list[tuple[int, int | None]]:
    """Do not cut: the file is one range."""
    return [(0, None)]


@dataclass(frozen=True, slots=True)
class Reader:
    """How one format of one source is read.

    `accepts(path, head)` sees the lower-cased path without a compression suffix and the first bytes
    of the decompressed content. `read(file, start, stop, options)` yields the outcomes of one range
    (`stop` None: to the end) and may raise `formats.UnreadableFileError` for what is left of it; outcomes before
    that count. `cut(file, target)` returns ranges of about `target` bytes that together cover the
    file, in order; what a range means (bytes, rows, row groups) is the reader's own affair.
    """

    name: str
    accepts: Callable[[str, bytes], bool]
    read: Callable[[InputFile, int, int | None, Options], Iterator[Outcome]]
    cut: Callable[[InputFile, int], Iterable[tuple[int, int | None]]] = whole


@dataclass(frozen=True, slots=True)
class Source:
    """One of the ten origins: its name, what licence its texts have, its readers in order of trial.

    `options` are the names that `--option SOURCE.NAME=VALUE` may set, with their defaults.
    `ignores(path)` tells companions that hold no document (BRAT files beside texts). `consults(name)`
    tells files that are looked into while others of their folder are read (the people of a bulk export):
    when they change, the others are read anew.
    """

    name: str
    licence: str
    readers: tuple[Reader, ...]
    options: Options = field(default_factory=dict)
    ignores: Callable[[str], bool] = lambda path: False
    consults: Callable[[str], bool] = lambda name: False


def reject(source: str, file: InputFile, reason: str, key: str | None = None) -> Rejection:
    """Return the rejection of the record `key` of `file`, or of the whole file."""
    identity = document_id(source, f"file {file.path}" if key is None else key)
    return Rejection(identity, source, "ingest", reason, file.path)


def find_reader(source: Source, file: InputFile) -> Reader | None:
    """Return the first reader of `source` that accepts `file`, or None."""
    name = file.path.lower()
    for suffix in (".gz", ".bz2", ".xz", ".zst"):
        name = name.removesuffix(suffix)
    head = file.head()
    return next((reader for reader in source.readers if reader.accepts(name, head)), None)
