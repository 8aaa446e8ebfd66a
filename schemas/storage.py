"""Files and object stores through one layer: wherever a path is accepted, so is a URL.

`s3://bucket/key`, `gs://` and `hdfs://` are opened by pyarrow's file systems; an S3-compatible
server is named as `s3://bucket/key?endpoint_override=localhost:9000&scheme=http`.
"""

import fcntl
import io
import json
import os
import posixpath
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from pyarrow import fs


def split_url(url: str) -> tuple[str, str]:
    """Return `url` without its query, and the query with its leading question mark or ''."""
    if "://" not in url:
        return url, ""
    base, mark, query = url.partition("?")
    return base, mark + query


def join(url: str, *parts: str) -> str:
    """Return the path or URL of `parts` below `url`; a URL's query stays at its end."""
    base, query = split_url(url)
    return posixpath.join(base, *parts) + query


def resolve(url: str) -> tuple[fs.FileSystem, str]:
    """Return the file system of `url` and the path in it.

    Raises ValueError where the scheme is unknown.
    """
    if "://" not in url:
        return fs.LocalFileSystem(), os.path.abspath(url)
    try:
        return fs.FileSystem.from_uri(url)
    except OSError as error:
        raise ValueError(f"{split_url(url)[0]}: not a path and not a URL that can be opened") from error


def open_input(url: str) -> BinaryIO:
    """Open `url` for reading, seekable, not decompressed. Raises OSError."""
    filesystem, path = resolve(url)
    if isinstance(filesystem, fs.LocalFileSystem):
        return open(path, "rb")
    # Arrow's own files lack readline and iteration
    return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, filesystem.open_input_file(path)), 1 << 20))


def exists(url: str) -> bool:
    """Tell whether there is a file or folder at `url`."""
    filesystem, path = resolve(url)
    return filesystem.get_file_info(path).type != fs.FileType.NotFound


def is_folder(url: str) -> bool:
    """Tell whether there is a folder at `url`."""
    filesystem, path = resolve(url)
    return filesystem.get_file_info(path).type == fs.FileType.Directory


def is_within(url: str, folder: str) -> bool:
    """Tell whether `url` is `folder` or lies below it."""
    (filesystem, path), (other, base) = resolve(url), resolve(folder)
    if isinstance(filesystem, fs.LocalFileSystem):
        path, base = os.path.realpath(path), os.path.realpath(base)
    return filesystem == other and (path + "/").startswith(base.rstrip("/") + "/")


def size(url: str) -> int:
    """Return the size in bytes of the file at `url`. Raises FileNotFoundError."""
    filesystem, path = resolve(url)
    info = filesystem.get_file_info(path)
    if info.type != fs.FileType.File:
        raise FileNotFoundError(f"{split_url(url)[0]}: no such file")
    return info.size


def list_files(url: str) -> Iterator[tuple[str, int]]:
    """Yield (path relative to `url`, size in bytes) of every file below it, sorted by path.

    Hidden files and folders (a leading dot) are left out. Yields nothing where `url` is absent.
    """
    filesystem, path = resolve(url)
    infos = filesystem.get_file_info(fs.FileSelector(path, recursive=True, allow_not_found=True))
    root = filesystem.normalize_path(path).rstrip("/") + "/"
    found = ((info.path.removeprefix(root), info.size) for info in infos if info.type == fs.FileType.File)
    visible = ((name, length) for name, length in found if not any(p.startswith(".") for p in name.split("/")))
    yield from sorted(visible)


def make_folder(url: str) -> None:
    """Make the folder at `url`, with its parents, if it is not there."""
    filesystem, path = resolve(url)
    filesystem.create_dir(path, recursive=True)


def delete_folder(url: str) -> None:
    """Delete the folder at `url` with all that is in it, if it is there."""
    filesystem, path = resolve(url)
    if filesystem.get_file_info(path).type == fs.FileType.Directory:
        filesystem.delete_dir(path)


def delete_file(url: str) -> None:
    """Delete the file at `url`, if it is there."""
    filesystem, path = resolve(url)
    if filesystem.get_file_info(path).type == fs.FileType.File:
        filesystem.delete_file(path)


@contextmanager
def atomic_write(url: str) -> Iterator[BinaryIO]:
    """Open `url` for writing such that it appears whole or not at all.

    The bytes go to a temporary name beside it, which is renamed when the block ends and deleted
    when it raises: a killed or retried worker leaves no half file under the final name.
    """
    filesystem, path = resolve(url)
    filesystem.create_dir(posixpath.dirname(path), recursive=True)
    temporary = posixpath.join(posixpath.dirname(path), f".{posixpath.basename(path)}.{uuid.uuid4().hex}")
    try:
        with filesystem.open_output_stream(temporary) as stream:
            yield stream
        filesystem.move(temporary, path)
    except BaseException:
        if filesystem.get_file_info(temporary).type == fs.FileType.File:
            filesystem.delete_file(temporary)
        raise


def read_json(url: str) -> Any:
    """Return the value of the JSON file at `url`. Raises ValueError naming the file if it is broken."""
    with open_input(url) as stream:
        content = stream.read()
    try:
        return json.loads(content)
    except ValueError as error:
        raise ValueError(f"{split_url(url)[0]}: not valid JSON ({error})") from None


def write_json(url: str, value: Any) -> None:
    """Write `value` as JSON, atomically, with sorted keys so that equal values are equal bytes."""
    with atomic_write(url) as stream:
        stream.write((json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode())


def create_private(url: str, content: bytes) -> None:
    """Write `content` unless the file is there; on a local disk only its owner may read it.

    Of several local processes that call it at once, one wins and the others leave its file as it is.
    """
    if "://" in url:
        if not exists(url):
            with atomic_write(url) as stream:
                stream.write(content)
        return
    temporary = f"{url}.{uuid.uuid4().hex}"
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
    try:
        os.link(temporary, url)
    except FileExistsError:
        pass
    finally:
        os.unlink(temporary)


class LockedError(RuntimeError):
    """Another run works on the same output."""


@contextmanager
def lock(url: str, name: str = "", shared: bool = False) -> Iterator[None]:
    """Hold the folder at `url` for this process; the system frees it when the process ends, however it ends.

    `name` holds a part of the folder's work only; `shared` lets others share it too. Raises LockedError
    where another process holds it. Object stores have no locks: there it does nothing.
    """
    if "://" in url:
        yield
        return
    os.makedirs(url, exist_ok=True)
    with open(os.path.join(url, f".lock{name and '.'}{name}"), "w") as handle:
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(f"{url}: another run is working on this output") from None
        yield
