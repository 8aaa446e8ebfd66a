"""From a split to its outcomes: each file by the first reader that knows its format, archives member by member.

A file that breaks becomes a rejection and the next one is read.
"""

from collections.abc import Callable, Iterator

from pipelines import archives
from pipelines.formats import Unreadable, UnreadableFileError
from pipelines.ingest import InputFile, Options, Outcome, Source, find_reader, reject
from pipelines.splits import Split, input_file

Broken = Callable[[str, Exception], None]
"""Is told the path of a file and an error that no reader foresaw."""


def read_split(source: Source, folder: str, split: Split, options: Options, broken: Broken) -> Iterator[Outcome]:
    """Yield the outcomes of `split`; a file that breaks becomes a rejection and the next one is read."""
    for path, size in split.files:
        file = input_file(folder, path, size)
        if archives.is_archive(path):
            outcomes = _members(source, file, options, broken)
        else:
            outcomes = _range(source, file, split.start, split.stop, options)
        yield from _guarded(source, file, outcomes, broken)


def _members(source: Source, file: InputFile, options: Options, broken: Broken) -> Iterator[Outcome]:
    """Yield the outcomes of the archive `file`, member by member."""
    member = None
    for member in archives.members(file):
        if isinstance(member, Unreadable):
            yield reject(source.name, file, member.reason, f"file {member.key}")
        elif member is file or not source.ignores(member.path):
            yield from _guarded(source, member, _range(source, member, 0, None, options), broken)
    if member is None:
        yield reject(source.name, file, "no_record")


def _range(source: Source, file: InputFile, start: int, stop: int | None, options: Options) -> Iterator[Outcome]:
    """Yield the outcomes of a range of `file`; of a whole file without any, a rejection."""
    outcome = None
    for outcome in read_file(source, file, start, stop, options):
        yield outcome
    if outcome is None and start == 0 and stop is None:
        yield reject(source.name, file, "no_record")


def _guarded(source: Source, file: InputFile, outcomes: Iterator[Outcome], broken: Broken) -> Iterator[Outcome]:
    """Yield `outcomes`; where reading them breaks, the rejection of `file`."""
    try:
        yield from outcomes
    except UnreadableFileError as error:
        yield reject(source.name, file, error.reason)
    except PermissionError:
        yield reject(source.name, file, "permission_denied")
    except EOFError:  # a compressed file that breaks off before its reader could begin
        yield reject(source.name, file, "truncated")
    except Exception as error:
        broken(file.path, error)
        yield reject(source.name, file, "reader_error")


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
