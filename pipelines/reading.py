"""From a split to its outcomes: each file by the first reader that knows its format, archives member by member.

A file that breaks becomes a rejection and the next one is read.
"""

from collections.abc import Callable, Iterator

from pipelines import archives
from pipelines.formats import Unreadable, UnreadableFileError
from pipelines.ingest import InputFile, Options, Outcome, Source, find_reader, reject
from pipelines.splits import Split, input_file


def read_split(
    source: Source, folder: str, split: Split, options: Options, broken: Callable[[str, Exception], None]
) -> Iterator[Outcome]:
    """Yield the outcomes of `split`; a file that breaks becomes a rejection and the next one is read.

    `broken(path, error)` is told of errors that no reader foresaw.
    """
    for path, size in split.files:
        file = input_file(folder, path, size)
        if archives.is_archive(path):
            yield from _read_archive(source, file, options, broken)
        else:
            yield from _read_guarded(source, file, split.start, split.stop, options, broken)


def _read_archive(
    source: Source, file: InputFile, options: Options, broken: Callable[[str, Exception], None]
) -> Iterator[Outcome]:
    """Yield the outcomes of the archive `file`, member by member; where it breaks, what came before counts."""
    found = 0
    try:
        for member in archives.members(file):
            found += 1
            if isinstance(member, Unreadable):
                yield reject(source.name, file, member.reason, f"file {member.key}")
            elif member is file or not source.ignores(member.path):
                yield from _read_guarded(source, member, 0, None, options, broken)
    except UnreadableFileError as error:
        yield reject(source.name, file, error.reason)
    except PermissionError:
        yield reject(source.name, file, "permission_denied")
    except Exception as error:
        broken(file.path, error)
        yield reject(source.name, file, "reader_error")
    else:
        if not found:
            yield reject(source.name, file, "no_record")


def _read_guarded(
    source: Source,
    file: InputFile,
    start: int,
    stop: int | None,
    options: Options,
    broken: Callable[[str, Exception], None],
) -> Iterator[Outcome]:
    """Yield the outcomes of a range of `file`; where it breaks, its rejection."""
    outcomes = 0
    try:
        for outcome in read_file(source, file, start, stop, options):
            outcomes += 1
            yield outcome
    except UnreadableFileError as error:
        yield reject(source.name, file, error.reason)
    except PermissionError:
        yield reject(source.name, file, "permission_denied")
    except EOFError:  # a compressed file that breaks off before its reader could begin
        yield reject(source.name, file, "truncated")
    except Exception as error:
        broken(file.path, error)
        yield reject(source.name, file, "reader_error")
    else:
        if not outcomes and start == 0 and stop is None:
            yield reject(source.name, file, "no_record")


def read_file(source: Source, file: InputFile, start: int, stop: int | None, options: Options) -> Iterator[Outcome]:
    """Yield the outcomes of a range of `file`. Raises UnreadableFileError, OSError and what a reader raises."""
    if file.size == 0:
        raise UnreadableFileError("empty_file")
    reader = find_reader(source, file)
    if reader is None:
        raise UnreadableFileError(why_unreadable(file))
    yield from reader.read(file, start, stop, options)


def why_unreadable(file: InputFile) -> str:
    """Return the reason why no reader accepts `file`: its compression breaks at once, or nobody knows its format."""
    try:
        with file.open_decompressed() as stream:
            stream.read(1)
    except EOFError:
        return "truncated"
    except PermissionError:
        raise
    except Exception:  # each library of compression has errors of its own
        return "corrupt"
    return "unsupported_format"
