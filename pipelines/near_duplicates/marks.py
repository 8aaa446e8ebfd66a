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
    the ids of these, and the exact similarities, float64."""

    rows: np.ndarray
    kept: np.ndarray
    kept_ids: pa.Array
    similarities: np.ndarray


def describe_members(workspace: Workspace, documents: Documents, rows: np.ndarray, clusters: np.ndarray) -> pa.Table:
    """Return the columns `ORDER` of the ascending `rows`, whose components are `clusters`."""
    table = workspace.take(rows, "id", "bytes")
    ranks = source_ranks(documents.names, workspace.settings.precedence)
    columns = {
        "cluster": clusters,
        "new": rows < workspace.delivered_rows,
        "rank": ranks[documents.sources[rows]],
        "shortness": pc.negate(table["bytes"]),  # type: ignore[attr-defined]
        "id": _renamed(table["id"].combine_chunks(), rows, documents),
    }
    return pa.table({name: columns[name] for name in ORDER})


def _renamed(ids: pa.Array, rows: np.ndarray, documents: Documents) -> pa.Array:
    if not documents.renamed:
        return ids
    known = ids.to_pylist()
    changed = np.isin(rows, np.fromiter(documents.renamed, np.int64, len(documents.renamed)))
    for place in np.flatnonzero(changed).tolist():
        known[place] = documents.renamed[int(rows[place])]
    return pa.array(known, ids.type)


def choose(members: pa.Table) -> np.ndarray:
    """Return for each member, described by the columns `ORDER`, the place of the one that stays, int64 [members]."""
    order = pc.sort_indices(members, [(name, "ascending") for name in ORDER]).to_numpy()  # type: ignore[attr-defined]
    cluster = members["cluster"].to_numpy()
    ordered = cluster[order]
    first = np.flatnonzero(np.diff(ordered, prepend=-1))
    return order[first].astype(np.int64)[np.searchsorted(ordered[first], cluster)]


def write_marks(workspace: Workspace, documents: Documents, duplicates: Duplicates, folder: str) -> None:
    """Write the marks as a file for each delivered part, under the part's name."""
    renamed = np.array(sorted(documents.renamed), np.int64)
    rejected = np.flatnonzero(documents.rejected)
    rows = np.union1d(np.union1d(duplicates.rows, rejected), renamed)
    table = pa.table(
        {
            "row": rows,
            "id": _at(rows, renamed, pa.array([documents.renamed[row] for row in renamed.tolist()], pa.string())),
            "duplicate_of": _at(rows, duplicates.rows, duplicates.kept_ids),
            "similarity": _at(rows, duplicates.rows, pa.array(duplicates.similarities)),
            "rejected": _at(rows, rejected, pa.array(REJECTIONS).take(pa.array(documents.rejected[rejected] - 1))),
        }
    )
    for file, url in enumerate(workspace.urls[: workspace.delivered]):
        low, high = np.searchsorted(rows, workspace.starts[file : file + 2])
        places = pa.array((rows[low:high] - workspace.starts[file]).astype(np.int32))
        here = table.slice(low, high - low).set_column(0, MARK_SCHEMA.field("row"), places).cast(MARK_SCHEMA)
        name = storage.split_url(url)[0].rsplit("/", 1)[-1]
        with storage.atomic_write(storage.join(folder, name)) as stream:
            pq.write_table(here, stream, compression="zstd")


def _at(rows: np.ndarray, some: np.ndarray, values: pa.Array) -> pa.Array:
    """Return `values`, which belong to `some` of the `rows`, at their places among nulls."""
    place = np.searchsorted(some, rows)
    missing = np.append(some, -1)[place] != rows
    return values.take(pa.array(np.where(missing, 0, place), mask=missing))
