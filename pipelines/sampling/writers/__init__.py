"""Writers of the raw formats: each puts records into one file, byte for byte the same every time."""

import gzip
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO, cast

EPOCH = (2024, 1, 1, 0, 0, 0)


@contextmanager
def open_gzip(path: str) -> Iterator[BinaryIO]:
    """Open `path` for writing gzip without a time stamp or name in it."""
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as stream:
        yield cast(BinaryIO, stream)


def rezip(archive: bytes) -> bytes:
    """Return a zip archive with all its time stamps set to one fixed moment."""
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(archive)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in source.namelist():
            copy.writestr(zipfile.ZipInfo(name, EPOCH), source.read(name), zipfile.ZIP_DEFLATED)
    return target.getvalue()
