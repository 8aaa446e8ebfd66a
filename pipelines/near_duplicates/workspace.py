"""The signature files of a deduplication as one long table, and its working files: numbers only."""

import functools
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.near_duplicates.odd_sketches import odd_sketches, sketch_words
from pipelines.near_duplicates.similarity import batches, gather_segments
from schemas import storage
from schemas.signatures import Deduplication, check_signatures, signature_schema

MOST_ROWS = 1 << 31
"""How many documents are compared at most: rows are int32 where there is one for each document."""

GROUP_ROWS = 1 << 18
"""How many rows of signatures are one unit of work."""

BATCH_ROWS = 1 << 13
"""How many rows' shingles are read from a signature file at once."""

GAP = 1 << 14
"""Shingles between two wanted segments of a file below which both are read in one."""

READ = 1 << 20
"""How many shingles are read in one, about."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Signature files, one after the other, and the folder of working files.

    `starts`, [files + 1], are the rows at which the files begin; the files from `delivered` on
    belong to corpora that are finished, whose documents are compared but not marked. `sketch_words`
    is of how many words of 64 bits the odd sketches of the documents are.
    """

    urls: tuple[str, ...]
    starts: tuple[int, ...]
    delivered: int
    folder: str
    settings: Deduplication
    sketch_words: int

    @classmethod
    def open(
        cls, urls: Sequence[str], against: Sequence[str], folder: str, settings: Deduplication, salt: Sequence[str] = ()
    ) -> "Workspace":
        """Look at the files' footers; the folder is one below `folder` that depends on them and the `salt`.

        Raises ValueError where a file holds other signatures than `settings` asks for or there are too many
        documents, and OSError.
        """
        starts, fingerprint = (
            [0],
            hashlib.blake2b(json.dumps([settings.to_json(), len(urls), *salt]).encode(), digest_size=8),
        )
        shingles = 0
        for url in [*urls, *against]:
            with storage.open_input(url) as stream:
                try:
                    file = pq.ParquetFile(stream)
                except pa.ArrowInvalid:
                    raise ValueError(f"{storage.split_url(url)[0]}: not a Parquet file") from None
                check_signatures(file.schema_arrow, settings, storage.split_url(url)[0])
                starts.append(starts[-1] + file.metadata.num_rows)
                shingles += count_values(file.metadata, "shingles")
                # the footer holds sizes and bounds of every column: other content has another footer
                stream.seek(-file.metadata.serialized_size - 8, io.SEEK_END)
                fingerprint.update(stream.read())
        if starts[-1] > MOST_ROWS:
            raise ValueError(f"{starts[-1]} documents: at most {MOST_ROWS} can be compared at once")
        folder = storage.join(folder, fingerprint.hexdigest())
        words = sketch_words(np.array([shingles / max(starts[-1], 1)]))
        return cls((*urls, *against), tuple(starts), len(urls), folder, settings, words)

    @property
    def rows(self) -> int:
        return self.starts[-1]

    @property
    def delivered_rows(self) -> int:
        return self.starts[self.delivered]

    def groups(self) -> list[tuple[int, int]]:
        """Return ranges of consecutive files of about `GROUP_ROWS` rows."""
        return list(batches(np.diff(self.starts), GROUP_ROWS))

    def column(self, file: int, *names: str) -> pa.Table:
        """Read columns of one file."""
        with storage.open_input(self.urls[file]) as stream:
            # a third of the time of pyarrow.parquet.read_table, which is most of that of reading a small file
            table = pq.ParquetFile(stream).read(list(names), use_threads=False)
        return table.combine_chunks().replace_schema_metadata()

    def take(self, rows: np.ndarray, *names: str) -> pa.Table:
        """Return columns of the ascending `rows` of all files."""
        schema = signature_schema(self.settings)
        tables = [pa.schema([schema.field(name) for name in names]).empty_table()]
        cuts = np.searchsorted(rows, self.starts)
        for file in np.flatnonzero(np.diff(cuts)).tolist():
            here = rows[cuts[file] : cuts[file + 1]] - self.starts[file]
            tables.append(self.column(file, *names).take(pa.array(here)))
        return pa.concat_tables(tables).combine_chunks()

    def url(self, name: str) -> str:
        return storage.join(self.folder, name)

    def done(self, name: str) -> bool:
        return storage.exists(self.url(name))

    def write(self, name: str, **arrays: np.ndarray) -> None:
        """Write arrays as the working file `name`."""
        with storage.atomic_write(self.url(name)) as stream:
            buffer = io.BytesIO()
            np.savez(buffer, allow_pickle=False, **arrays)
            stream.write(buffer.getbuffer())

    def read(self, name: str, *wanted: str) -> dict[str, np.ndarray]:
        """Return the `wanted` arrays of the working file `name`, or all."""
        with storage.open_input(self.url(name)) as stream:
            content = io.BytesIO(stream.read())
        with np.load(content, allow_pickle=False) as arrays:
            return {array: arrays[array] for array in wanted or arrays.files}


def count_values(metadata: pq.FileMetaData, name: str) -> int:
    """Return how many values the lists of the column `name` of a Parquet file have, by its footer."""
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    columns = (group.column(number) for group in groups for number in range(group.num_columns))
    return sum(column.num_values for column in columns if column.path_in_schema.split(".")[0] == name)


def write_shingles(workspace: Workspace, group: int, first: int, last: int) -> None:
    """Copy the shingles of the wanted rows of the files `first` to `last` into one file for random access.

    Another file holds their odd sketches, uint64 [rows, sketch_words].
    """
    wanted = np.unpackbits(workspace.read("wanted.npz")["bits"], count=workspace.rows).astype(bool)
    rows, sizes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    with (
        storage.atomic_write(workspace.url(f"shingles-{group}.bin")) as stream,
        storage.atomic_write(workspace.url(f"sketches-{group}.bin")) as sketches,
    ):
        for file in range(first, last):
            for here, taken in shingle_batches(workspace, file, wanted):
                values, offsets = taken.flatten().to_numpy(), taken.offsets.to_numpy().astype(np.int64)
                stream.write(np.ascontiguousarray(values, "<u4").data)
                rows.append(here)
                sizes.append(np.diff(offsets))
                sketched = odd_sketches(values, offsets - offsets[0], workspace.sketch_words).T
                sketches.write(np.ascontiguousarray(sketched, "<u8").data)
    ends = np.cumsum(np.concatenate(sizes))
    workspace.write(f"shingles-{group}.npz", rows=np.concatenate(rows), offsets=np.concatenate([[0], ends]))


def shingle_batches(workspace: Workspace, file: int, wanted: np.ndarray) -> Iterator[tuple[np.ndarray, pa.ListArray]]:
    """Yield the `wanted` rows, bool [all rows], of a file and the lists of their shingles, some at a time."""
    start = workspace.starts[file]
    with storage.open_input(workspace.urls[file]) as stream:
        for batch in pq.ParquetFile(stream).iter_batches(BATCH_ROWS, columns=["shingles"]):
            here = np.flatnonzero(wanted[start : start + len(batch)])
            if here.size:
                yield here + start, cast(pa.ListArray, batch.column(0).take(pa.array(here)))
            start += len(batch)


def count_shingles(workspace: Workspace, rows: np.ndarray) -> np.ndarray:
    """Return how many shingles each of `rows`, ascending and wanted, has, int64 [rows]."""
    sizes = [np.zeros(0, np.int64)]
    sizes += [offsets[places + 1] - offsets[places] for _, offsets, places in _places(workspace, rows)]
    return np.concatenate(sizes)


def read_shingles(workspace: Workspace, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the shingles of `rows`, ascending and wanted, uint32, and their offsets, int64 [rows + 1]."""
    ends = np.concatenate([[0], np.cumsum(count_shingles(workspace, rows))])
    # filled in place: pieces that are put together at the end would be held twice
    values, filled = np.empty(ends[-1], np.uint32), 0
    for group, offsets, places in _places(workspace, rows):
        for piece in _read_segments(workspace.url(f"shingles-{group}.bin"), offsets, places):
            values[filled : filled + piece.size] = piece
            filled += piece.size
    return values, ends


def read_sketches(workspace: Workspace, rows: np.ndarray) -> np.ndarray:
    """Return the odd sketches of `rows`, ascending and wanted, uint64 [rows, sketch_words]."""
    found = [np.zeros((0, workspace.sketch_words), np.uint64)]
    for group, _, places in _places(workspace, rows):
        with storage.open_input(workspace.url(f"sketches-{group}.bin")) as stream:
            found.append(np.frombuffer(stream.read(), "<u8").reshape(-1, workspace.sketch_words)[places])
    return np.concatenate(found)


def _places(workspace: Workspace, rows: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield for each group of files with some of `rows`: its number, offsets of shingles, places in these."""
    for group, (first, last) in enumerate(workspace.groups()):
        low, high = np.searchsorted(rows, [workspace.starts[first], workspace.starts[last]])
        if low < high:
            known, offsets = _index(workspace, group)
            yield group, offsets, np.searchsorted(known, rows[low:high].astype(np.int32))


@functools.lru_cache(32)
def _index(workspace: Workspace, group: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the wanted rows of a group, int32, and the offsets of their shingles, uint32 where these are enough."""
    arrays = workspace.read(f"shingles-{group}.npz")
    rows, offsets = arrays["rows"].astype(np.int32), arrays["offsets"]
    return rows, offsets.astype(np.uint32) if offsets[-1] < 1 << 32 else offsets


def _read_segments(url: str, offsets: np.ndarray, places: np.ndarray) -> Iterator[np.ndarray]:
    """Yield segments of a file of uint32, neighbours at once."""
    begins, ends = offsets[places].astype(np.int64), offsets[places + 1].astype(np.int64)
    far = np.flatnonzero(begins[1:] - ends[:-1] > GAP) + 1
    first, last = np.concatenate([[0], far]), np.concatenate([far - 1, [places.size - 1]])
    with storage.open_input(url) as stream:
        for low, high in batches(ends[last] - begins[first], READ):
            blocks, shifts, size = [], [], 0
            for begin, end in zip(begins[first[low:high]].tolist(), ends[last[low:high]].tolist(), strict=True):
                stream.seek(begin * 4)
                blocks.append(np.frombuffer(stream.read((end - begin) * 4), "<u4"))
                shifts.append(size - begin)
                size += end - begin
            here = slice(first[low], last[high - 1] + 1)
            shift = np.repeat(shifts, last[low:high] - first[low:high] + 1)
            yield gather_segments(np.concatenate(blocks), begins[here] + shift, ends[here] - begins[here])
