"""Units of work: a range of one file, or several small files of one folder.

How a source is cut depends on its files alone, never on the number of workers or on other files,
so that the same input gives the same parts anywhere and a new delivery leaves old parts as they are.
"""

import hashlib
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

import apache_beam as beam

from pipelines import archives
from pipelines.ingest import InputFile, Source, find_reader
from pipelines.sources import sources
from schemas import storage

SMALLEST, LARGEST = 512 * 1024, 16 * 1024 * 1024
"""Bounds, in bytes of input, of the size that a split aims at."""

PIECES = 16
"""How many splits a delivery or file is cut into where the bounds allow."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Files of one source that are planned together: small ones of one delivery, or one large one.

    `files` are (path relative to the source's folder, size in bytes), in order; `consulted` are those
    that are looked into while they are read.
    """

    source: str
    files: tuple[tuple[str, int], ...]
    consulted: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """A unit of work. `digest` is the SHA-256 of names and contents of the batch; `stop` None: to the end."""

    source: str
    files: tuple[tuple[str, int], ...]
    digest: str
    start: int = 0
    stop: int | None = None

    def name(self, configuration: str) -> str:
        """Return the part's name: fingerprint of this split and of the configuration's fingerprint."""
        identity = f"{configuration}\0{self.source}\0{self.digest}\0{self.start}\0{self.stop}"
        return hashlib.sha256(identity.encode()).hexdigest()[:32]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Split":
        return cls(**{**value, "files": tuple((path, size) for path, size in value["files"])})


def aim(total: int) -> int:
    """Return the size in bytes that the splits of `total` bytes aim at."""
    return min(max(total // PIECES, SMALLEST), LARGEST)


def delivery(file: tuple[str, int]) -> str:
    """Return the first folder of a file's path: files are planned together within it only."""
    return file[0].partition("/")[0] if "/" in file[0] else ""


def batches(source: Source, files: Iterable[tuple[str, int]]) -> Iterator[Batch]:
    """Yield the batches of `files`, (path, size) sorted by path; companions that hold no document are left out."""
    relevant = [(path, size) for path, size in files if not source.ignores(path)]
    for _, group in groupby(relevant, key=delivery):
        folder = list(group)
        people = consulted(source, folder)
        for files in gathered(folder, aim(sum(size for _, size in folder))):
            around = {place for path, _ in files if (place := posixpath.dirname(path)) in people}
            beside = sorted({file for place in around for file in people[place]} - set(files))
            yield Batch(source.name, files, tuple(beside))


def gathered(files: Iterable[tuple[str, int]], target: int) -> Iterator[tuple[tuple[str, int], ...]]:
    """Yield large files alone, and small ones in groups of at most `target` bytes."""
    pending: list[tuple[str, int]] = []
    total = 0
    for path, size in files:
        if size >= SMALLEST:
            yield ((path, size),)
            continue
        if pending and total + size > target:
            yield tuple(pending)
            pending, total = [], 0
        pending.append((path, size))
        total += size
    if pending:
        yield tuple(pending)


def consulted(source: Source, files: Iterable[tuple[str, int]]) -> dict[str, list[tuple[str, int]]]:
    """Return by folder the files that are looked into while others of the folder are read."""
    found: dict[str, list[tuple[str, int]]] = {}
    for path, size in files:
        folder, name = posixpath.split(path)
        if source.consults(name):
            found.setdefault(folder, []).append((path, size))
    return found


def input_file(folder: str, path: str, size: int) -> InputFile:
    """Return the file at `path` below the source's folder `folder`."""
    return InputFile(storage.join(folder, path), path, size)


def plan(source: Source, folder: str, batch: Batch) -> list[Split]:
    """Return the splits of `batch`: one for small files, the ranges of a large one.

    The digest of a file that cannot be opened is that of its error's class; reading it will reject it.
    """
    digest = hashlib.sha256()
    for path, size in (*batch.files, *batch.consulted):
        digest.update(f"{path}\0{size}\0".encode(errors="surrogatepass"))
        digest.update(content_digest(input_file(folder, path, size)))
    name = digest.hexdigest()
    ((path, size), *others) = batch.files
    if others or size < SMALLEST:
        return [Split(batch.source, batch.files, name)]
    file = input_file(folder, path, size)
    try:
        reader = None if archives.is_archive(path) else find_reader(source, file)
        ranges = [(0, None)] if reader is None else list(reader.cut(file, aim(file.size)))
    except Exception:
        # cutting is an optimisation: whatever is wrong with the file, reading it as a whole will say it
        ranges = [(0, None)]
    return [Split(batch.source, batch.files, name, start, stop) for start, stop in ranges]


def content_digest(file: InputFile) -> bytes:
    """Return the SHA-256 digest of the file's bytes, or the name of the error that hinders reading it."""
    digest = hashlib.sha256()
    try:
        with file.open() as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        return type(error).__name__.encode()
    return digest.digest()


@dataclass
class PlanBatches(beam.PTransform):
    """Batches in, one JSON file of splits a batch out, in `work`/plan."""

    input: str
    work: str

    def expand(self, batches: beam.PCollection) -> Any:
        return batches | beam.Reshuffle() | beam.Map(write_plan, folder=self.input, work=self.work)


def write_plan(batch: Batch, folder: str, work: str) -> int:
    """Write the splits of `batch` and return their number."""
    source = sources([batch.source])[batch.source]
    planned = plan(source, storage.join(folder, batch.source), batch)
    storage.write_json(plan_url(work, batch), [split.to_json() for split in planned])
    return len(planned)


def read_plan(work: str, planned: Iterable[Batch]) -> list[Split]:
    """Return the splits of the `planned` batches, in order."""
    return [Split.from_json(value) for batch in planned for value in storage.read_json(plan_url(work, batch))]


def plan_url(work: str, batch: Batch) -> str:
    """Return where the plan of `batch` is."""
    name = hashlib.sha256(
        repr((batch.source, batch.files, batch.consulted)).encode(errors="surrogatepass")
    ).hexdigest()[:32]
    return storage.join(work, "plan", f"{name}.json")
