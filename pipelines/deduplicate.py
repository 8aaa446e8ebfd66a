"""Signatures -> marks: which documents repeat which. Nothing is deleted, no text is read.

Each stage is a list of tasks that Beam shares among its workers; a task reads columns of the
signature files, works on them with numpy and writes one working file. So only the tasks' numbers
cross a shuffle, and a file that is there is a task that is done. The driver holds some dozens of
bytes a document.
"""

import functools
import hashlib
from collections.abc import Callable, Iterable, Sequence

import apache_beam as beam
import numpy as np

from pipelines.near_duplicates import comparison, decontaminate, documents, marks
from pipelines.near_duplicates.candidates import decode, encode
from pipelines.near_duplicates.components import connected_components, renumber
from pipelines.near_duplicates.documents import Documents
from pipelines.near_duplicates.similarity import batches
from pipelines.near_duplicates.stars import connect_by_stars
from pipelines.near_duplicates.summary import summarise
from pipelines.near_duplicates.workspace import Workspace, write_shingles
from pipelines.usage import release_memory
from schemas import storage
from schemas.signatures import Deduplication, Summary

MakePipeline = Callable[[], beam.Pipeline]
Template = Callable[[str], str]

BAND_ROWS = 1 << 21
"""How many rows of one band a task sorts; a larger corpus is cut by ranges of the keys."""

TASK_KEYS = 1 << 20
"""How many band keys a task takes at least, so that a small corpus is few tasks."""

BANDS_TOGETHER = 4
"""How many bands a task of a large corpus takes: each is a small part of a file that is opened for it."""

TASK_PAIRS = 1 << 19
"""How many candidate pairs, counted in every band that finds them, a task compares."""

JOINED_EDGES = 1 << 19
"""How many edges are in memory at once, about, when one process joins them."""

LOCAL_EDGES = 1 << 26
"""How many edges one process joins; more are joined by stars on Beam, where no worker holds them all."""


def deduplicate(
    signature_urls: Sequence[str],
    marks_url: str,
    work_url: str,
    settings: Deduplication,
    make_pipeline: MakePipeline,
    against: str | None = None,
    exclude: Sequence[str] = (),
    template: Template = str,
    withdrawn: frozenset[str] = frozenset(),
) -> Summary:
    """Write a file of marks into the folder `marks_url` for each of `signature_urls`, under its name.

    `against` is a finished corpus, whose documents are known by their signatures; `exclude` are
    files of benchmark texts, and `template` turns such a text into what was signed of the corpus.
    Documents of the ids `withdrawn` are rejected before any is kept for another.
    The result depends on neither the runner nor the number of workers. `work_url` is a folder for
    numbers between the stages, which a rerun with the same input takes up again.

    Raises ValueError where signatures are of another kind than `settings` asks for or a benchmark
    has no texts, and OSError.
    """
    finished = finished_signatures(against) if against else []
    salt = [decontaminate.digest(url) for url in exclude]
    if withdrawn:
        salt.append(hashlib.blake2b("\n".join(sorted(withdrawn)).encode(), digest_size=16).hexdigest())
    workspace = Workspace.open(signature_urls, finished, work_url, settings, salt)
    run = functools.partial(run_tasks, make_pipeline, workspace)
    groups = [(group, *files) for group, files in enumerate(workspace.groups())]
    run("inspect", documents.inspect, groups)
    table = documents.read_documents(workspace)
    if withdrawn:
        documents.reject_withdrawn(workspace, table, withdrawn)
    scopes = documents.scope_codes(table, settings.scope)
    content = documents.read_hashes(workspace, "content")
    table.representative = documents.find_representatives(content, np.where(table.rejected, -1, scopes))
    del content
    if exclude:
        reject_benchmarks(workspace, table, exclude, template, lambda: run("exclude", decontaminate.exclude, groups))
    workspace.write("documents.npz", alive=np.packbits(table.alive() & (scopes >= 0)), scopes=np.maximum(scopes, 0))
    buckets = plan_buckets(workspace)
    run("bucket", comparison.bucket, buckets)
    found = [f"bucket-{task}" for task, *_ in buckets]
    workspace.write(
        "wanted.npz", bits=np.bitwise_or.reduce([workspace.read(f"{name}.npz")["wanted"] for name in found])
    )
    run("shingles", write_shingles, groups)
    spokes = plan_comparisons(workspace, found, "spokes")
    run("spokes", comparison.compare_spokes, spokes)
    compared = [f"spokes-{task}" for task, *_ in spokes]
    workspace.write("joined.npz", labels=join(workspace, compared, make_pipeline))
    others = plan_comparisons(workspace, found, "others")
    run("others", comparison.compare_others, others)
    compared += [f"others-{task}" for task, *_ in others]
    hot = plan_links(workspace, found, join(workspace, compared, make_pipeline))
    run("link", comparison.link, hot)
    linked = [f"link-{task}" for (task,) in hot]
    clusters = join(workspace, [*compared, *linked], make_pipeline)[table.representative]
    duplicates = find_duplicates(workspace, table, clusters, run)
    marks.write_marks(workspace, table, duplicates, marks_url)
    summary = summarise(workspace, table, duplicates, clusters, compared, linked)
    release_memory()
    return summary


def finished_signatures(corpus: str) -> list[str]:
    """Return the signature files of a finished corpus. Raises ValueError where it has none."""
    folder = storage.join(corpus, "signatures")
    files = [storage.join(folder, name) for name, _ in storage.list_files(folder) if name.endswith(".parquet")]
    if not files:
        raise ValueError(f"{storage.split_url(corpus)[0]}: no corpus with signatures")
    return files


def run_tasks(
    make_pipeline: MakePipeline, workspace: Workspace, stage: str, work: Callable[..., None], tasks: Iterable[tuple]
) -> None:
    """Do the tasks of a stage that are not done yet, on Beam's workers; a single one in this process."""
    waiting = [task for task in tasks if not workspace.done(f"{stage}-{task[0]}.npz")]
    if len(waiting) == 1:
        _run_task(work, workspace, waiting[0])
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
    release_memory()


def reject_benchmarks(
    workspace: Workspace, table: Documents, urls: Sequence[str], template: Template, run: Callable[[], None]
) -> None:
    """Reject the documents that hold a text of a benchmark, with all of the same content."""
    if not workspace.done("benchmarks.npz"):
        texts = decontaminate.sign_benchmarks(urls, template, workspace.settings)
        workspace.write("benchmarks.npz", **decontaminate.benchmark_index(*texts, workspace.settings.threshold))
    workspace.write("alive.npz", bits=np.packbits(table.alive()))
    run()
    held = np.zeros(workspace.rows, bool)
    for group in range(len(workspace.groups())):
        held[workspace.read(f"exclude-{group}.npz")["rows"]] = True
    held = held[table.representative] & (table.rejected == 0)
    held[workspace.delivered_rows :] = False
    rows = np.flatnonzero(held)
    table.reject(rows, "benchmark_text")
    table.representative[rows] = rows


def plan_buckets(workspace: Workspace) -> list[tuple[int, int, int, int, int]]:
    """Return the tasks of the search for pairs: number, bands from and to, range of the keys, ranges."""
    bands, parts = workspace.settings.bands, -(-workspace.rows // BAND_ROWS) or 1
    # a file is opened as often in few ranges of many bands as in many ranges of few
    step = max(TASK_KEYS // max(workspace.rows, 1), min(parts, BANDS_TOGETHER))
    ranges = [(low, min(low + step, bands), part) for low in range(0, bands, step) for part in range(parts)]
    return [(task, low, high, part, parts) for task, (low, high, part) in enumerate(ranges)]


def plan_comparisons(workspace: Workspace, found: Sequence[str], kind: str) -> list[tuple[int, list[str], int, int]]:
    """Return the tasks that compare the pairs of a kind: number, files of pairs, blocks from and to."""
    pairs = np.sum([np.diff(workspace.read(f"{name}.npz", kind)[kind]) for name in found], axis=0)
    return [(task, list(found), *blocks) for task, blocks in enumerate(batches(pairs, TASK_PAIRS))]


def plan_links(workspace: Workspace, found: Sequence[str], labels: np.ndarray) -> list[tuple[int]]:
    """Write the hot buckets, those that share a document into one file, and return the tasks that join them.

    `labels` are the components that the pairs of the other buckets made.
    """
    rows, sizes, family = [np.zeros(0, np.uint32)], [np.zeros(0, np.int64)], np.arange(workspace.rows, dtype=np.int32)
    for name in found:
        bucket = workspace.read(f"{name}.npz", "hot", "sizes")
        hot, counts = bucket["hot"], bucket["sizes"]
        family = connected_components(np.repeat(hot[np.cumsum(counts) - counts], counts), hot, family)
        rows.append(hot.astype(np.uint32))
        sizes.append(counts)
    members, counts = np.concatenate(rows), np.concatenate(sizes)
    begins = np.cumsum(counts) - counts
    family = family[members[begins]]
    order = np.lexsort((-counts, family))
    families = np.split(order, np.flatnonzero(np.diff(family[order])) + 1) if order.size else []
    place = np.zeros(workspace.rows, np.int32)
    for task, chosen in enumerate(families):
        here = np.concatenate([members[begins[one] : begins[one] + counts[one]] for one in chosen])
        own = np.unique(here)
        place[own] = np.arange(own.size)
        cuts = np.concatenate([[0], np.cumsum(counts[chosen])])
        arrays = {"rows": own.astype(np.int64), "places": place[here], "cuts": cuts, "labels": renumber(labels[own])}
        workspace.write(f"hot-{task}.npz", **arrays)
    return [(task,) for task in range(len(families))]


def join(workspace: Workspace, names: Sequence[str], make_pipeline: MakePipeline) -> np.ndarray:
    """Return the component of every row, int32 [rows], by the edges in the working files `names`."""
    if sum(int(workspace.read(f"{name}.npz")["edges"]) for name in names) > LOCAL_EDGES:
        return connect_by_stars(workspace, names, make_pipeline)
    components, waiting = np.arange(workspace.rows, dtype=np.int32), [np.zeros(0, np.uint64)]
    for name in names:
        waiting.append(workspace.read(f"{name}.npz")["pairs"])
        if name == names[-1] or sum(map(len, waiting)) > JOINED_EDGES:
            components = connected_components(*decode(np.concatenate(waiting)), components)
            waiting.clear()
    return components


def find_duplicates(
    workspace: Workspace, table: Documents, clusters: np.ndarray, run: Callable[..., None]
) -> marks.Duplicates:
    """Choose which document of each cluster stays and measure the others against it."""
    rows = np.flatnonzero(np.bincount(clusters, minlength=workspace.rows)[clusters] > 1)
    kept = marks.choose(workspace, table, rows, clusters[rows])
    marked = (kept != rows) & (rows < workspace.delivered_rows)
    one, other = rows[marked], kept[marked]
    # the members' columns are the most that the driver holds; what is measured next is a block of shingles
    del rows, kept, marked
    release_memory()
    similarities = measure(workspace, table.representative[one], table.representative[other], run)
    return marks.Duplicates(one, other, similarities)


def measure(workspace: Workspace, one: np.ndarray, other: np.ndarray, run: Callable[..., None]) -> np.ndarray:
    """Return the exact similarity of the documents in the rows `one` and `other`, float64."""
    similarities, apart = np.ones(one.size), one != other
    pairs, place = np.unique(encode(one[apart], other[apart]), return_inverse=True)
    workspace.write("kept.npz", pairs=pairs)
    step = TASK_PAIRS // 4
    tasks = [(task, low, low + step) for task, low in enumerate(range(0, pairs.size, step))]
    del pairs
    run("measure", comparison.measure, tasks)
    found = [workspace.read(f"measure-{task}.npz")["similarities"] for task, *_ in tasks]
    similarities[apart] = np.concatenate([np.zeros(0), *found])[place]
    return similarities
