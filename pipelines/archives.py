"""Archives of raw files: the members of a zip or tar file are read as if they lay in a folder of its name.

A member goes into memory where it is small; a large one of a zip is read as a stream. Nothing is
unpacked to disk, because it may be a patient's. Archives within archives are not opened.
"""

import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, cast

import zstandard

from pipelines.formats import Unreadable, UnreadableFileError
from pipelines.ingest import InputFile

ZIP_SUFFIXES = (".zip",)
TAR_SUFFIXES = (".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")

MEMBER_BYTES = 64 * 1024 * 1024
"""The largest member that goes into memory; a larger one of a tar file is rejected."""

INFLATION = 1000
"""A larger member of a zip that shrank to less than a thousandth is a bomb: no text does."""

_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, zstandard.ZstdError, NotImplementedError)
_DOCUMENT_PARTS = frozenset(("[Content_Types].xml", "mimetype"))


@dataclass(frozen=True, slots=True)
class Member(InputFile):
    """A file of an archive. `url` is the archive's; `path` goes on from its path; `size` is in bytes unpacked."""

    content: bytes = field(repr=False)

    def open(self) -> BinaryIO:
        """Open the member's own bytes, seekable."""
        return io.BytesIO(self.content)


@dataclass(frozen=True, slots=True)
class ZipMember(InputFile):
    """A large file of a zip archive, read from there each time; going back unpacks it again."""

    archive: zipfile.ZipFile = field(repr=False)
    info: zipfile.ZipInfo = field(repr=False)

    def open(self) -> BinaryIO:
        """Open the member's own bytes, seekable. Raises UnreadableFileError `corrupt`."""
        try:
            return cast(BinaryIO, self.archive.open(self.info))
        except _BROKEN:
            raise UnreadableFileError("corrupt") from None


def is_archive(path: str) -> bool:
    """Tell by its name whether the file at `path` is an archive of files."""
    return path.lower().endswith((*ZIP_SUFFIXES, *TAR_SUFFIXES))


def members(file: InputFile) -> Iterator[InputFile | Unreadable]:
    """Yield the files in the archive `file`; a document that is a zip by nature, such as .docx, is its only member.

    Raises UnreadableFileError `corrupt` or `truncated` for what is left of it.
    """
    try:
        yield from _zip(file) if file.path.lower().endswith(ZIP_SUFFIXES) else _tar(file)
    except EOFError:
        raise UnreadableFileError("truncated") from None
    except _BROKEN as error:
        raise UnreadableFileError("truncated" if "unexpected end" in str(error) else "corrupt") from None


def _wanted(path: str) -> bool:
    """Tell whether a member's path is neither hidden nor what a desktop left behind."""
    return not any(part.startswith((".", "__MACOSX")) for part in path.split("/") if part not in (".", ".."))


def _below(file: InputFile, name: str) -> str:
    """Return the path of the member `name`: never one outside the archive's."""
    return "/".join((file.path, *(part for part in name.replace("\\", "/").split("/") if part not in ("", ".", ".."))))


def _zip(file: InputFile) -> Iterator[InputFile | Unreadable]:
    with file.open() as stream, zipfile.ZipFile(stream) as archive:
        found = sorted((info for info in archive.infolist() if not info.is_dir()), key=lambda info: info.filename)
        if not _DOCUMENT_PARTS.isdisjoint(info.filename for info in found):
            yield file
            return
        for info in found:
            if _wanted(info.filename):
                yield _zip_member(file, archive, info)


def _zip_member(file: InputFile, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> InputFile | Unreadable:
    path = _below(file, info.filename)
    if info.flag_bits & 1:
        return Unreadable(path, "encrypted")
    if is_archive(path):
        return Unreadable(path, "nested_archive")
    if info.file_size > MEMBER_BYTES:
        if info.file_size > INFLATION * max(info.compress_size, 1):
            return Unreadable(path, "zip_bomb")
        return ZipMember(file.url, path, info.file_size, archive, info)
    try:
        return Member(file.url, path, info.file_size, archive.read(info))
    except (*_BROKEN, EOFError, OSError, RuntimeError):
        return Unreadable(path, "corrupt")


def _tar(file: InputFile) -> Iterator[InputFile | Unreadable]:
    with file.open_decompressed() as stream, tarfile.open(fileobj=stream, mode="r|", errors="replace") as archive:
        for info in archive:
            path = _below(file, info.name)
            if not info.isfile() or not _wanted(info.name):
                continue
            if is_archive(path):
                yield Unreadable(path, "nested_archive")
            elif info.size > MEMBER_BYTES:
                yield Unreadable(path, "too_large")
            elif (content := archive.extractfile(info)) is not None:
                yield Member(file.url, path, info.size, content.read())
