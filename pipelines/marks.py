"""Clusters -> marks: which copy stays, and what is said of the others.

Of a cluster the document stays that comes first by: a finished corpus before the new delivery, the
precedence of its source, the longer text, the smaller id. The order depends on the documents alone.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.candidates import buckets
from pipelines.workspace import Workspace
from schemas import storage
from schemas.signatures import MARK_SCHEMA


def derived_id(identity: str, exact: bytes) -> str:
    """Return the id of a record whose key another record of the same source has, with another text."""
    return hashlib.blake2b(identity.encode() + b"\0" + exact, digest_size=16).hexdigest()


def resolve_repeated_ids(workspace: Workspace, hashes: np.ndarray) -> tuple[list[int], dict[int, str]]:
    """Return the rows whose id and text were seen before, and the new ids of those whose id alone was.

    `hashes` are the delivered ids' 64-bit hashes, uint64 [rows]. The first row keeps its id.
    """
    rows = np.sort(buckets(hashes)[0])
    table = workspace.take(rows, "id", "exact")
    seen: dict[str, set[bytes]] = {}
    repeated, renamed = [], {}
    for row, identity, exact in zip(rows.tolist(), *(c.to_pylist() for c in table.columns), strict=True):
        texts = seen.setdefault(identity, set())
        if exact in texts:
            repeated.append(row)
        elif texts:
            renamed[row] = derived_id(identity, exact)
        texts.add(exact)
    return repeated, renamed


def source_ranks(names: list[str], precedence: tuple[str, ...]) -> np.ndarray:
    """Return the place of each source in the precedence; the others follow by name, int16 [names]."""
    others = sorted(set(names) - set(precedence))
    return np.array([[*precedence, *others].index(name) for name in names], np.int16)


def choose(members: pa.Table) -> np.ndarray:
    """Return for each member, in order, the place of the one that its cluster keeps, int64 [members].

    `members` has the columns cluster, finished (bool), rank, bytes and id.
    """
    negative = pc.negate(members["bytes"])  # type: ignore[attr-defined]
    keyed = members.set_column(members.schema.get_field_index("bytes"), "bytes", negative)
    keyed = keyed.set_column(keyed.schema.get_field_index("finished"), "finished", pc.invert(members["finished"]))  # type: ignore[attr-defined]
    order = pc.sort_indices(  # type: ignore[attr-defined]
        keyed, [(name, "ascending") for name in ("cluster", "finished", "rank", "bytes", "id")]
    ).to_numpy()
    cluster = members["cluster"].to_numpy()
    ordered = cluster[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    return order[first][np.searchsorted(ordered[first], cluster)].astype(np.int64)


def write_marks(workspace: Workspace, marks: pa.Table, folder: str) -> None:
    """Write the marks, columns of `MARK_SCHEMA` with `row` counted over all files, as a file a part."""
    row = marks["row"].to_numpy()
    for file, url in enumerate(workspace.urls[: workspace.delivered]):
        low, high = np.searchsorted(row, workspace.starts[file : file + 2])
        here = marks.slice(low, high - low)
        places = pa.array((row[low:high] - workspace.starts[file]).astype(np.int32))
        table = here.set_column(0, MARK_SCHEMA.field("row"), places).cast(MARK_SCHEMA)
        name = storage.split_url(url)[0].rsplit("/", 1)[-1]
        with storage.atomic_write(storage.join(folder, name)) as stream:
            pq.write_table(table, stream, compression="zstd")


def histogram(values: np.ndarray) -> dict[str, int]:
    """Return how often each value occurs, by value in ascending order."""
    found, counts = np.unique(values, return_counts=True)
    return {str(value): int(count) for value, count in zip(found.tolist(), counts.tolist(), strict=True)}


def cross_counts(names: list[str], one: np.ndarray, other: np.ndarray) -> dict[str, dict[str, int]]:
    """Count the pairs of sources (one, other), given as places in `names`."""
    pairs = Counter(zip(one.tolist(), other.tolist(), strict=True)) if one.size < 1000 else _count(one, other)
    table: dict[str, dict[str, int]] = {}
    for (a, b), count in sorted(pairs.items(), key=lambda item: (names[item[0][0]], names[item[0][1]])):
        table.setdefault(names[a], {})[names[b]] = count
    return table


def _count(one: np.ndarray, other: np.ndarray) -> Mapping[tuple[int, int], int]:
    codes, counts = np.unique(one.astype(np.int64) << 16 | other, return_counts=True)
    return {(code >> 16, code & 0xFFFF): count for code, count in zip(codes.tolist(), counts.tolist(), strict=True)}
