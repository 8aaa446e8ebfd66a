"""Files written whole or not at all, and a full disk named as such."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def naming_a_full_disk(folder: Path) -> Iterator[None]:
    """Turn the error of a write on a full disk, which names no file, into one that names `folder`."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise OSError(f"the disk of {folder} is full: make room and start again; what is finished stays") from None
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to a temporary name beside `path` and rename it. Raises OSError naming a full disk."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with naming_a_full_disk(path.parent):
            temporary.write_bytes(content)
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
