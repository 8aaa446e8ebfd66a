"""Clusters -> marks: which copy stays, and what is said of the others.

Of a cluster the document stays that comes first by: a finished corpus before the new delivery, the
precedence of its source, the longer text, the smaller id. The order depends on the documents alone.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.near_duplicates.documents import Documents, source_ranks
from pipelines.near_duplicates.workspace import Workspace
from schemas import storage
from schemas.signatures import MARK_SCHEMA, REJECTIONS

ORDER = ("cluster", "new", "rank", "shortness", "id")
"""The columns that decide which member of a cluster stays, each ascending."""


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The delivered documents that repeat another: their rows, ascending, the rows of those kept,
    and the exact similarities, float64."""

    rows: np.ndarray
    kept: np.ndarray
    similarities: np.ndarray


def choose(workspace: Workspace, documents: Documents, rows: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """Return for each of the ascending `rows`, whose components are `clusters`, the row that stays, int64 [rows]."""
    table = workspace.take(rows, "id", "bytes")
    ranks = source_ranks(documents.names, workspace.settings.precedence)
    columns = {
        "cluster": clusters,
        "new": rows < workspace.delivered_rows,
        "rank": ranks[documents.sources[rows]],
        "shortness": pc.negate(table["bytes"]),  # type: ignore[attr-defined]
        "id": _renamed(table["id"].combine_chunks(), rows, documents),
    }
    members = pa.table({name: columns[name] for name in ORDER})
    del table, columns
    order = pc.sort_indices(members, [(name, "ascending") for name in ORDER]).to_numpy()  # type: ignore[attr-defined]
    ordered = clusters[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    return rows[order[first].astype(np.int64)[np.searchsorted(ordered[first], clusters)]]


def _renamed(ids: pa.Array, rows: np.ndarray, documents: Documents) -> pa.Array:
    if not documents.renamed:
        return ids
    known = ids.to_pylist()
    changed = np.isin(rows, np.fromiter(documents.renamed, np.int64, len(documents.renamed)))
    for place in np.flatnonzero(changed).tolist():
        known[place] = documents.renamed[int(rows[place])]
    return pa.array(known, ids.type)


def write_marks(workspace: Workspace, documents: Documents, duplicates: Duplicates, folder: str) -> None:
    """Write the marks as a file for each delivered part, under the part's name."""
    renamed = np.array(sorted(documents.renamed), np.int64)
    rejected = np.flatnonzero(documents.rejected)
    rows = np.union1d(np.union1d(duplicates.rows, rejected), renamed)
    names = pa.array([documents.renamed[row] for row in renamed.tolist()], pa.string())
    kept, place = np.unique(duplicates.kept, return_inverse=True)
    kept_ids = _renamed(workspace.take(kept, "id")["id"].combine_chunks(), kept, documents)
    for file, url in enumerate(workspace.urls[: workspace.delivered]):
        start, stop = workspace.starts[file : file + 2]
        here = rows[slice(*np.searchsorted(rows, [start, stop]))]
        marked = slice(*np.searchsorted(duplicates.rows, [start, stop]))
        refused = rejected[slice(*np.searchsorted(rejected, [start, stop]))]
        reasons = pa.array(REJECTIONS).take(pa.array(documents.rejected[refused] - 1))
        # a file's columns at a time: ids of all duplicates at once are the most that the driver would hold
        table = pa.table(
            {
                "row": here - start,
                "id": _at(here, renamed, names),
                "duplicate_of": _at(here, duplicates.rows[marked], kept_ids.take(pa.array(place[marked]))),
                "similarity": _at(here, duplicates.rows[marked], pa.array(duplicates.similarities[marked])),
                "rejected": _at(here, refused, reasons),
            }
        )
        name = storage.split_url(url)[0].rsplit("/", 1)[-1]
        with storage.atomic_write(storage.join(folder, name)) as stream:
            pq.write_table(table.cast(MARK_SCHEMA), stream, compression="zstd")


def _at(rows: np.ndarray, some: np.ndarray, values: pa.Array) -> pa.Array:
    """Return `values`, which belong to `some` of the `rows`, at their places among nulls."""
    place = np.searchsorted(some, rows)
    missing = np.append(some, -1)[place] != rows
    return values.take(pa.array(np.where(missing, 0, place), mask=missing))
