"""Near-duplicates against brute force, against peers and the published rule, and at full scale.

    python -m tests.benchmarks.near_duplicates                        # 20,000 texts with planted edits
    python -m tests.benchmarks.near_duplicates --documents 4700000    # generated signatures, time and memory

At full scale, smaller corpora are measured first, to show how cost grows.
"""

import argparse
import itertools
import os
import sys
import tempfile
import time
from pathlib import Path

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipelines.deduplicate import deduplicate
from pipelines.near_duplicates.components import connected_components
from pipelines.near_duplicates.signatures import sign
from schemas.document import document_id
from schemas.signatures import Deduplication, Summary, signature_schema
from tests.benchmarks.memory import PeakMemory
from tests.benchmarks.near_duplicates_peer import text_dedup_labels
from tests.benchmarks.report import report, report_missing
from tests.benchmarks.signature_files import PART_ROWS, write_part
from tests.benchmarks.texts import planted

SETTINGS = Deduplication()


def pipeline(workers: int) -> beam.Pipeline:
    mode = ["--direct_running_mode=multi_processing"] if workers > 1 else []
    return beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([f"--direct_num_workers={workers}", *mode]))


def brute_force(values: np.ndarray, offsets: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Return all pairs of sets at or above the threshold, by counting every shared element of every pair."""
    count = offsets.size - 1
    owners = np.repeat(np.arange(count), np.diff(offsets))[np.argsort(values, kind="stable")]
    cuts = np.flatnonzero(np.diff(np.sort(values), prepend=0, append=2**33))
    shared: dict[int, np.ndarray] = {}
    for low, high in itertools.pairwise(cuts.tolist()):
        if high - low > 1:
            one, other = np.triu_indices(high - low, 1)
            shared[low] = owners[low:high][one] * count + owners[low:high][other]
    pairs, overlap = np.unique(np.concatenate(list(shared.values())), return_counts=True)
    left, right = pairs // count, pairs % count
    sizes = np.diff(offsets)
    similar = overlap / (sizes[left] + sizes[right] - overlap) >= threshold
    return left[similar], right[similar]


def components_of_marks(folder: Path, names: list[str], ids: list[str]) -> np.ndarray:
    """Return for each document the place of the one that is kept for it."""
    place = {identity: number for number, identity in enumerate(ids)}
    kept = np.arange(len(ids))
    start = 0
    for name in names:
        marks = pq.read_table(folder / "marks" / name)
        for row, other in zip(marks["row"].to_pylist(), marks["duplicate_of"].to_pylist(), strict=True):
            kept[start + row] = place[other]
        start += pq.read_metadata(folder / "signatures" / name).num_rows
    return kept


def report_pairs(prefix: str, labels: np.ndarray, true: tuple[np.ndarray, np.ndarray], peer: str | None = None) -> None:
    """Report recall of the true pairs, and precision: pairs of a cluster that the true clusters join too."""
    left, right = true
    found = labels[left] == labels[right]
    report(f"{prefix}pair_recall", float(found.mean()), "share", peer)
    whole = connected_components(left, right, np.arange(labels.size))
    alike = np.unique(labels[labels != np.arange(labels.size)])
    marked = np.flatnonzero(np.isin(labels, alike))
    right_ones = whole[marked] == whole[labels[marked]]
    report(f"{prefix}pair_precision", float(right_ones.mean()) if marked.size else 1.0, "share", peer)
    reached = connected_components(left[found], right[found], np.arange(labels.size))
    least = np.full(labels.size, labels.size)
    np.minimum.at(least, labels, np.arange(labels.size))
    report(f"{prefix}clusters_equal", float(np.mean(least[labels] == reached)), "share", peer)


def measure_quality(documents: int, peer_python: str) -> None:
    """Compare the marks of generated texts with brute force over all pairs of their shingle sets."""
    rows = list(planted(documents))
    ids = [document_id(source, str(number)) for number, (source, _) in enumerate(rows)]
    texts = [text for _, text in rows]
    signed = sign(pa.array(texts), SETTINGS)
    lists = signed["shingles"].combine_chunks()
    values, offsets = lists.flatten().to_numpy(), lists.offsets.to_numpy().astype(np.int64)
    true = brute_force(values, offsets, SETTINGS.threshold)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lengths = pa.array([len(text.encode()) for text in texts], pa.int64())
        columns = [pa.array(ids), pa.array([source for source, _ in rows]), lengths, *signed.columns]
        table = pa.table(columns, schema=signature_schema(SETTINGS))
        urls = write_parts(folder, table)
        start = time.monotonic()
        summary = deduplicate(urls, f"{name}/marks", f"{name}/work", SETTINGS, lambda: pipeline(1))
        report("near_duplicates", time.monotonic() - start, "s")
        labels = components_of_marks(folder, [Path(url).name for url in urls], ids)
    report("documents", len(rows), "documents")
    report("true_pairs", true[0].size, "pairs")
    report("candidate_pairs", summary.pairs["compared"], "pairs")
    report_pairs("", labels, true)
    chained = sum(count for hundredth, count in summary.similarities.items() if int(hundredth) < 80)
    report("marked_below_threshold", chained / max(sum(summary.similarities.values()), 1), "share")
    measure_text_dedup(peer_python, texts, true)
    measure_published_rule(texts, [source for source, _ in rows], true)


def measure_text_dedup(python: str, texts: list[str], true: tuple[np.ndarray, np.ndarray]) -> None:
    """Report what text-dedup finds with the same bands, or that it is missing."""
    numbers = [SETTINGS.bands, SETTINGS.rows, SETTINGS.permutations, SETTINGS.shingle]
    with tempfile.TemporaryDirectory() as folder:
        try:
            labels, seconds = text_dedup_labels(python, texts, Path(folder), numbers)
        except (ImportError, RuntimeError) as error:
            report_missing("text_dedup_pair_recall", "text-dedup", str(error))
            return
    report("text_dedup_near_duplicates", seconds, "s", "text-dedup")
    report_pairs("text_dedup_", labels, true, "text-dedup")


def write_parts(folder: Path, table: pa.Table) -> list[str]:
    (folder / "signatures").mkdir()
    urls = []
    for number, low in enumerate(range(0, table.num_rows, 2500)):
        urls.append(str(folder / "signatures" / f"{number:05}.parquet"))
        pq.write_table(table.slice(low, 2500), urls[-1])
    return urls


def measure_published_rule(texts: list[str], kinds: list[str], true: tuple[np.ndarray, np.ndarray]) -> None:
    """Report what the published rule finds: TF-IDF per kind of document, Euclidean distance at most 0.75.

    It compares within a kind only; its recall is that of the true pairs of one kind. What it finds
    beyond them are texts of similar words in any order.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    left, right = true
    kind = np.unique(kinds, return_inverse=True)[1]
    inside = kind[left] == kind[right]
    wanted = set((left[inside] * len(texts) + right[inside]).tolist())
    found = 0
    hits = 0
    start = time.monotonic()
    for one in range(int(kind.max()) + 1):
        rows = np.flatnonzero(kind == one)
        matrix = TfidfVectorizer().fit_transform([texts[row] for row in rows])
        for low in range(0, rows.size, 1000):
            near = (matrix[low : low + 1000] @ matrix.T).tocoo()
            # unit vectors: distance d is cosine 1 - d * d / 2
            close = (near.data >= 1 - 0.75**2 / 2) & (near.row + low < near.col)
            codes = rows[near.row[close] + low] * len(texts) + rows[near.col[close]]
            found += codes.size
            hits += len(wanted.intersection(codes.tolist()))
    report("published_rule", time.monotonic() - start, "s", "tfidf")
    report("published_rule_recall", hits / max(len(wanted), 1), "share", "tfidf")
    report("published_rule_pairs", found, "pairs", "tfidf")
    report("published_rule_precision", hits / max(found, 1), "share", "tfidf")
    report("pairs_across_kinds", float(1 - inside.mean()), "share", "tfidf")


def measure_scale(documents: int, smaller: list[int], workers: int, folder: str | None) -> None:
    """Report time and memory of marking generated signatures, for growing corpora.

    Signatures that are in `folder` from an earlier run are taken as they are.
    """
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        urls: list[str] = []
        for size in [*(size for size in smaller if size < documents), documents]:
            while len(urls) * PART_ROWS < size:
                urls.append(f"{folder or name}/signatures/{len(urls):05}.parquet")
                if not Path(urls[-1]).exists():
                    write_part(urls[-1], len(urls) - 1, SETTINGS)
            start = time.monotonic()
            with PeakMemory() as memory:
                summary = deduplicate(urls, f"{name}/marks", f"{name}/work", SETTINGS, lambda: pipeline(workers))
            report_scale(len(urls) * PART_ROWS, start, memory, summary)


def report_scale(documents: int, start: float, memory: PeakMemory, summary: Summary) -> None:
    seconds, cpu = time.monotonic() - start, memory.cpu_seconds
    report("scale_documents", documents, "documents")
    report("scale_wall", seconds, "s")
    report("scale_cpu", cpu, "s")
    report("scale_cpu_per_document", cpu / documents * 1e6, "µs")
    report("scale_peak_memory", memory.bytes / 1e9, "GB")
    report("scale_compared", summary.pairs["compared"] / documents, "pairs/document")
    report("scale_skipped", summary.pairs["skipped"] / documents, "pairs/document")
    report("scale_marked", sum(summary.similarities.values()) / documents, "share")


def main() -> None:
    parser = argparse.ArgumentParser(description="near-duplicates against brute force, or at scale")
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument(
        "--smaller", type=int, nargs="*", default=[500_000, 1_000_000, 2_000_000], help="corpora measured before"
    )
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--peer-python", default=sys.executable, help="a Python that has text-dedup")
    parser.add_argument("--folder", help="where the generated signatures of a large run are kept")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if arguments.documents < 200_000:
        measure_quality(arguments.documents, arguments.peer_python)
    else:
        measure_scale(arguments.documents, arguments.smaller, arguments.workers, arguments.folder)


if __name__ == "__main__":
    main()
