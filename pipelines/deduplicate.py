"""Signatures -> marks: which documents repeat which. Nothing is deleted, no text is read.

Each stage is a list of tasks that Beam shares among its workers; a task reads columns of the
signature files, works on them with numpy and writes one working file. So only the tasks' numbers
cross a shuffle, and a file that is there is a task that is done. What the driver holds is some
hundred bytes a document.
"""

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import apache_beam as beam
import numpy as np
import pyarrow as pa

from pipelines import comparison, marks
from pipelines.candidates import decode, encode
from pipelines.components import connected_components
from pipelines.similarity import batches
from pipelines.workspace import Workspace, write_shingles
from schemas.signatures import Deduplication, Summary

MakePipeline = Callable[[], beam.Pipeline]

BAND_ROWS = 1 << 23
"""How many rows of one band a task sorts; a larger corpus is cut by ranges of the keys."""

TASK_KEYS = 1 << 22
"""How many band keys a task takes at least, so that a small corpus is few tasks."""

TASK_PAIRS = 1 << 21
"""How many candidate pairs, counted in every band that finds them, a task compares."""


@dataclass(slots=True)
class Documents:
    """What the driver knows of every document, by row; delivered documents come first.

    `exact`, uint64 [rows], and `content`, uint64 [rows, 2], are digests; `sources` are places in
    `names`; `representative` is the first row with the same content, the row itself where it has
    none or does not take part; `rejected` and `renamed` hold reasons and new ids.
    """

    names: list[str]
    sources: np.ndarray
    ids: np.ndarray
    exact: np.ndarray
    content: np.ndarray
    representative: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    rejected: dict[int, str] = field(default_factory=dict)
    renamed: dict[int, str] = field(default_factory=dict)


def deduplicate(
    signature_urls: Sequence[str],
    marks_url: str,
    work_url: str,
    settings: Deduplication,
    make_pipeline: MakePipeline,
    against: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Summary:
    """Write a file of marks into the folder `marks_url` for each of `signature_urls`, under its name.

    `against` are the signature files of finished corpora, `exclude` those of benchmark texts. The
    result depends on neither the runner nor the number of workers. `work_url` is a folder for
    numbers between the stages, which a rerun with the same input takes up again.

    Raises ValueError where signatures are of another kind than `settings` asks for, and OSError.
    """
    workspace = Workspace.open(list(signature_urls), list(against), work_url, settings)
    run = functools.partial(run_tasks, make_pipeline, workspace)
    groups = [(group, *files) for group, files in enumerate(workspace.groups())]
    run("inspect", comparison.inspect, groups)
    documents = read_documents(workspace, len(groups))
    judge(workspace, documents)
    write_documents(workspace, documents)
    pair_files = plan_buckets(workspace)
    run("bucket", comparison.bucket, pair_files)
    names = [f"bucket-{task}" for task, *_ in pair_files]
    write_wanted(workspace, names)
    run("shingles", write_shingles, groups)
    comparisons = plan_comparisons(workspace, names)
    run("compare", comparison.compare, comparisons)
    edges = [read_edges(workspace, f"compare-{task}") for task, *_ in comparisons]
    hot = plan_links(workspace, names, join(workspace, edges))
    run("link", comparison.link, hot)
    edges += [read_edges(workspace, f"link-{task}") for (task,) in hot]
    clusters = join(workspace, edges)[documents.representative]
    return mark(workspace, documents, clusters, run, marks_url, [len(comparisons), len(hot)])


def run_tasks(
    make_pipeline: MakePipeline, workspace: Workspace, stage: str, work: Callable[..., None], tasks: Iterable[tuple]
) -> None:
    """Do the tasks of a stage that are not done yet, on Beam's workers; a single one in this process."""
    waiting = [task for task in tasks if not workspace.done(f"{stage}-{task[0]}.npz")]
    if len(waiting) == 1:
        work(workspace, *waiting[0])
    elif waiting:
        with make_pipeline() as pipeline:
            _ = (
                pipeline
                | beam.Create(waiting)
                | beam.Reshuffle()
                | stage >> beam.Map(functools.partial(_run_task, work, workspace))
            )


def _run_task(work: Callable[..., None], workspace: Workspace, task: tuple) -> None:
    work(workspace, *task)


def read_documents(workspace: Workspace, groups: int) -> Documents:
    """Put together what the inspection of the groups of files found."""
    parts = [workspace.read(f"inspect-{group}.npz") for group in range(groups)]
    names = sorted({name for part in parts for name in part["names"].tolist()})
    sources = [
        np.array([names.index(name) for name in part["names"].tolist()], np.int16)[part["sources"]] for part in parts
    ]
    ids, exact, content = (np.concatenate([part[name] for part in parts]) for name in ("ids", "exact", "content"))
    return Documents(names, np.concatenate(sources), ids, exact, content)


def judge(workspace: Workspace, documents: Documents) -> None:
    """Find the repeated ids, and the documents of equal content among those that take part."""
    ids = documents.ids[: workspace.delivered_rows]
    repeated, documents.renamed = marks.resolve_repeated_ids(workspace, ids)
    documents.rejected |= dict.fromkeys(repeated, "duplicate_key")
    takes_part = in_scope(workspace, documents)
    scopes = scope_codes(workspace, documents)
    documents.representative = representatives(documents.content, scopes, takes_part)


def in_scope(workspace: Workspace, documents: Documents) -> np.ndarray:
    """Tell of each document whether it is compared with others, bool [rows]."""
    scope = workspace.settings.scope
    found = np.ones(documents.sources.size, bool)
    if scope not in (("all",), ("source",)):
        found = np.array([name in scope for name in documents.names], bool)[documents.sources]
    found[list(documents.rejected)] = False
    return found


def scope_codes(workspace: Workspace, documents: Documents) -> np.ndarray:
    """Return a number for each document; those of equal numbers are compared, int16 [rows]."""
    return documents.sources if workspace.settings.scope == ("source",) else np.zeros_like(documents.sources)


def representatives(content: np.ndarray, scopes: np.ndarray, takes_part: np.ndarray) -> np.ndarray:
    """Return for each document the first with the same content and scope, int64 [rows]."""
    found = np.arange(content.shape[0])
    rows = np.flatnonzero(takes_part)
    rows = rows[np.lexsort((rows, scopes[rows], content[rows, 1], content[rows, 0]))]
    fresh = np.ones(rows.size, bool)
    same = (content[rows[1:]] == content[rows[:-1]]).all(axis=1) & (scopes[rows[1:]] == scopes[rows[:-1]])
    fresh[1:] = ~same
    found[rows] = rows[np.flatnonzero(fresh)[np.cumsum(fresh) - 1]] if rows.size else rows
    return found


def write_documents(workspace: Workspace, documents: Documents) -> None:
    """Write what the search for pairs needs to know of every document."""
    alive = in_scope(workspace, documents) & (documents.representative == np.arange(workspace.rows))
    scopes = {"scopes": documents.sources} if workspace.settings.scope == ("source",) else {}
    workspace.write("documents.npz", alive=np.packbits(alive), **scopes)


def plan_buckets(workspace: Workspace) -> list[tuple[int, int, int, int, int]]:
    """Return the tasks of the search for pairs: number, bands from and to, range of the keys, ranges."""
    bands, parts = workspace.settings.bands, -(-workspace.rows // BAND_ROWS) or 1
    step = max(1, min(bands, TASK_KEYS // max(workspace.rows, 1)))
    ranges = [(low, min(low + step, bands), part) for low in range(0, bands, step) for part in range(parts)]
    return [(task, low, high, part, parts) for task, (low, high, part) in enumerate(ranges)]


def write_wanted(workspace: Workspace, names: Sequence[str]) -> None:
    """Write which rows' shingles are needed."""
    wanted = [workspace.read(f"{name}.npz")["wanted"] for name in names]
    workspace.write("wanted.npz", bits=np.bitwise_or.reduce(wanted))


def plan_comparisons(workspace: Workspace, names: Sequence[str]) -> list[tuple[int, list[str], int, int]]:
    """Return the tasks of the comparison: number, files of pairs, blocks from and to."""
    pairs = sum(np.diff(workspace.read(f"{name}.npz")["blocks"]) for name in names)
    return [(task, list(names), *blocks) for task, blocks in enumerate(batches(np.asarray(pairs), TASK_PAIRS))]


def plan_links(workspace: Workspace, names: Sequence[str], labels: np.ndarray) -> list[tuple[int]]:
    """Write the hot buckets, those that share a document together, and return the tasks that join them."""
    buckets = [workspace.read(f"{name}.npz") for name in names]
    rows = np.concatenate([bucket["hot"] for bucket in buckets])
    sizes = np.concatenate([bucket["sizes"] for bucket in buckets])
    if not sizes.size:
        return []
    begins = np.cumsum(sizes) - sizes
    nodes, places = np.unique(rows, return_inverse=True)
    labels = np.unique(labels[nodes], return_inverse=True)[1]
    family = connected_components(np.repeat(places[begins], sizes), places, nodes.size)[places[begins]]
    order = np.lexsort((np.arange(sizes.size), -sizes, family))
    tasks = []
    for task, chosen in enumerate(_families(order, family[order])):
        here = np.concatenate([places[begins[b] : begins[b] + sizes[b]] for b in chosen])
        own, local = np.unique(here, return_inverse=True)
        _, first, joined = np.unique(labels[own], return_index=True, return_inverse=True)
        cuts = np.concatenate([[0], np.cumsum(sizes[chosen])])
        workspace.write(f"hot-{task}.npz", rows=nodes[own], places=local, cuts=cuts, labels=first[joined])
        tasks.append((task,))
    return tasks


def _families(order: np.ndarray, family: np.ndarray) -> list[np.ndarray]:
    cuts = np.flatnonzero(np.diff(family)) + 1
    return np.split(order, cuts)


def read_edges(workspace: Workspace, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the verified edges that a task found."""
    arrays = workspace.read(f"{name}.npz")
    return decode(arrays["pairs"])


def join(workspace: Workspace, edges: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return the component of every row."""
    left, right = (
        np.concatenate([np.zeros(0, np.int64), *ends]) for ends in (zip(*edges, strict=True) if edges else ((), ()))
    )
    return connected_components(left, right, workspace.rows)


def mark(
    workspace: Workspace,
    documents: Documents,
    clusters: np.ndarray,
    run: Callable[..., None],
    marks_url: str,
    tasks: list[int],
) -> Summary:
    """Choose which document of each cluster stays, measure the others against it and write the marks."""
    sizes = np.bincount(clusters, minlength=workspace.rows)
    rows = np.flatnonzero(sizes[clusters] > 1)
    members = describe(workspace, documents, rows, clusters)
    keeper = marks.choose(members)
    marked = (keeper != np.arange(rows.size)) & (rows < workspace.delivered_rows)
    one, other = rows[marked], rows[keeper[marked]]
    similarities = measure(workspace, documents, one, other, run)
    write(workspace, documents, members["id"], (one, keeper[marked], similarities), marks_url)
    return summarise(workspace, documents, (one, other, similarities), sizes, tasks)


def describe(workspace: Workspace, documents: Documents, rows: np.ndarray, clusters: np.ndarray) -> pa.Table:
    """Return what decides which member of a cluster stays; see `marks.choose`."""
    table = workspace.take(rows, "id", "bytes")
    identities = table["id"].to_pylist()
    for row, identity in documents.renamed.items():
        place = int(np.searchsorted(rows, row))
        if place < rows.size and rows[place] == row:
            identities[place] = identity
    ranks = marks.source_ranks(documents.names, workspace.settings.precedence)
    return pa.table(
        {
            "cluster": clusters[rows],
            "finished": rows >= workspace.delivered_rows,
            "rank": ranks[documents.sources[rows]] if rows.size else np.zeros(0, np.int16),
            "bytes": table["bytes"],
            "id": pa.array(identities, pa.string()),
        }
    )


def measure(
    workspace: Workspace, documents: Documents, one: np.ndarray, other: np.ndarray, run: Callable[..., None]
) -> np.ndarray:
    """Return the exact similarity of the documents `one` with `other`, float64."""
    ends = documents.representative[one], documents.representative[other]
    similarities = np.ones(one.size)
    apart = ends[0] != ends[1]
    codes, place = np.unique(encode(ends[0][apart], ends[1][apart]), return_inverse=True)
    if codes.size:
        workspace.write("kept.npz", pairs=codes)
        step = TASK_PAIRS // 4
        tasks = [(task, low, low + step) for task, low in enumerate(range(0, codes.size, step))]
        run("measure", comparison.measure, tasks)
        found = [workspace.read(f"measure-{task}.npz")["similarities"] for task, *_ in tasks]
        similarities[apart] = np.concatenate(found)[place]
    return similarities


def write(
    workspace: Workspace,
    documents: Documents,
    identities: pa.ChunkedArray,
    found: tuple[np.ndarray, np.ndarray, np.ndarray],
    marks_url: str,
) -> None:
    """Write the marks of duplicates, rejected and renamed documents."""
    one, keeper, similarities = found
    extra = np.array(sorted({*documents.rejected, *documents.renamed}), np.int64)
    rows = np.union1d(one, extra)
    place = np.searchsorted(rows, one)
    duplicate, similarity = np.full(rows.size, -1, np.int64), np.full(rows.size, np.nan)
    duplicate[place], similarity[place] = keeper, similarities
    none = duplicate < 0
    table = pa.table(
        {
            "row": rows,
            "id": pa.array([documents.renamed.get(row) for row in rows.tolist()], pa.string()),
            "duplicate_of": identities.take(pa.array(duplicate, mask=none)),
            "similarity": pa.array(similarity, mask=none),
            "rejected": pa.array([documents.rejected.get(row) for row in rows.tolist()], pa.string()),
        }
    )
    marks.write_marks(workspace, table, marks_url)


def summarise(
    workspace: Workspace,
    documents: Documents,
    found: tuple[np.ndarray, np.ndarray, np.ndarray],
    sizes: np.ndarray,
    tasks: list[int],
) -> Summary:
    """Count what was done."""
    one, other, similarities = found
    names, sources = documents.names, documents.sources
    exact = documents.exact[one] == documents.exact[other]
    duplicates = {
        kind: marks.cross_counts(names, sources[one[which]], sources[other[which]])
        for kind, which in (("exact", exact), ("near", ~exact))
    }
    rejected: dict[str, dict[str, int]] = {}
    for row, reason in sorted(documents.rejected.items()):
        counts = rejected.setdefault(names[sources[row]], {})
        counts[reason] = counts.get(reason, 0) + 1
    compared = [workspace.read(f"compare-{task}.npz") for task in range(tasks[0])]
    linked = [workspace.read(f"link-{task}.npz")["counts"] for task in range(tasks[1])]
    linked = np.sum([np.zeros(2, np.int64), *linked], axis=0).tolist()
    delivered = np.bincount(sources[: workspace.delivered_rows], minlength=len(names)).tolist()
    return Summary(
        documents=dict(zip(names, delivered, strict=True)),
        duplicates=duplicates,
        rejected={name: rejected[name] for name in sorted(rejected)},
        renamed=len(documents.renamed),
        clusters=marks.histogram(sizes[sizes > 1]),
        similarities=marks.histogram(np.floor(similarities * 100 + 1e-9).astype(np.int64)),
        pairs={
            "compared": sum(int(part["compared"]) for part in compared) + linked[0],
            "similar": sum(part["pairs"].size for part in compared),
            "skipped": linked[1],
        },
    )
