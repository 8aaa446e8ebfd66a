"""What deduplication did, in counts."""

from collections.abc import Sequence

import numpy as np

from pipelines.near_duplicates.documents import Documents, read_hashes
from pipelines.near_duplicates.marks import Duplicates
from pipelines.near_duplicates.workspace import Workspace
from schemas.signatures import REJECTIONS, Summary


def summarise(
    workspace: Workspace,
    documents: Documents,
    duplicates: Duplicates,
    clusters: np.ndarray,
    compared: Sequence[str],
    linked: Sequence[str],
) -> Summary:
    """Count marks, clusters (int64 [rows], the component of each) and, from the working files, pairs."""
    names, sources = documents.names, documents.sources[: workspace.delivered_rows]
    one, other = documents.sources[duplicates.rows], documents.sources[duplicates.kept]
    texts = read_hashes(workspace, "exact")
    exact = texts[duplicates.rows] == texts[duplicates.kept]
    del texts
    reasons = ("", *REJECTIONS)
    rejected = cross_counts(names, reasons, sources, documents.rejected[: workspace.delivered_rows])
    sizes = np.bincount(clusters)
    comparisons = [workspace.read(f"{name}.npz", "compared", "edges") for name in compared]
    links = [workspace.read(f"{name}.npz", "compared", "skipped") for name in linked]
    return Summary(
        documents=dict(zip(names, np.bincount(sources, minlength=len(names)).tolist(), strict=True)),
        duplicates={
            "exact": cross_counts(names, names, one[exact], other[exact]),
            "near": cross_counts(names, names, one[~exact], other[~exact]),
        },
        rejected={
            name: {reason: count for reason, count in counts.items() if reason}
            for name, counts in rejected.items()
            if set(counts) - {""}
        },
        renamed=len(documents.renamed),
        clusters=histogram(sizes[sizes > 1]),
        similarities=histogram(np.floor(duplicates.similarities * 100 + 1e-9).astype(np.int64)),
        pairs={
            "compared": sum(int(part["compared"]) for part in [*comparisons, *links]),
            "similar": sum(int(part["edges"]) for part in comparisons),
            "skipped": sum(int(part["skipped"]) for part in links),
        },
    )


def histogram(values: np.ndarray) -> dict[str, int]:
    """Return how often each value occurs, by value in ascending order."""
    found, counts = np.unique(values, return_counts=True)
    return {str(value): count for value, count in zip(found.tolist(), counts.tolist(), strict=True)}


def cross_counts(
    rows: Sequence[str], columns: Sequence[str], one: np.ndarray, other: np.ndarray
) -> dict[str, dict[str, int]]:
    """Count pairs of places in `rows` and `columns`, leaving out what does not occur."""
    table = np.zeros((len(rows), len(columns)), np.int64)
    np.add.at(table, (one, other), 1)
    return {
        row: {column: count for column, count in zip(columns, counts, strict=True) if count}
        for row, counts in zip(rows, table.tolist(), strict=True)
        if any(counts)
    }
