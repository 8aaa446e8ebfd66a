"""What the tests of near-duplicates share: files of signatures, and the answer by brute force."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipelines.deduplicate import deduplicate
from pipelines.near_duplicates.signatures import sign
from schemas.signatures import Deduplication, Summary, signature_schema

Row = tuple[str, str, str]  # id, source, text


def one_worker() -> beam.Pipeline:
    return beam.Pipeline(runner=FnApiRunner())


def write_signatures(url: Path, rows: Sequence[Row], settings: Deduplication) -> str:
    ids, sources, texts = (pa.array([row[k] for row in rows], pa.string()) for k in range(3))
    lengths = pa.array([len(row[2].encode()) for row in rows], pa.int64())
    columns = [ids, sources, lengths, *sign(texts, settings).columns]
    url.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns, schema=signature_schema(settings)), url)
    return str(url)


def run(
    folder: Path, parts: dict[str, list[Row]], settings: Deduplication | None = None, **options: Any
) -> tuple[dict[str, dict[str, Any]], Summary]:
    """Return the marks as {"part:row": mark} and the summary."""
    settings = settings or Deduplication()
    urls = [write_signatures(folder / "signatures" / f"{name}.parquet", rows, settings) for name, rows in parts.items()]
    summary = deduplicate(
        urls, str(folder / "marks"), str(folder / "work"), settings, options.pop("make_pipeline", one_worker), **options
    )
    marks = {}
    for name in parts:
        for mark in pq.read_table(folder / "marks" / f"{name}.parquet").to_pylist():
            row = mark.pop("row")
            marks[f"{name}:{row}"] = {key: value for key, value in mark.items() if value is not None}
    return marks, summary


def shingle_sets(texts: Sequence[str], settings: Deduplication) -> list[set[int]]:
    return [set(row) for row in sign(pa.array(texts, pa.string()), settings)["shingles"].to_pylist()]


def similar_pairs(sets: Sequence[set[int]], threshold: float) -> list[tuple[int, int]]:
    """Return all pairs at or above the threshold, by brute force over an inverted index."""
    lists: dict[int, list[int]] = {}
    pairs = []
    for one, elements in enumerate(sets):
        shared = np.zeros(one, np.int64)
        for element in elements:
            for other in lists.setdefault(element, []):
                shared[other] += 1
            lists[element].append(one)
        for other in np.flatnonzero(shared).tolist():
            if shared[other] / (len(elements) + len(sets[other]) - shared[other]) >= threshold:
                pairs.append((other, one))
    return pairs
