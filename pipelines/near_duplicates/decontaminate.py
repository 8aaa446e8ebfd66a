"""Which documents hold a text of a benchmark, found on shingles alone.

A document is rejected where it holds at least the threshold's share of a benchmark text's shingles.
That covers near-duplicates, whose Jaccard similarity is never above this containment. A benchmark
text shorter than a shingle is one shingle of its own, so only a document equal to it is rejected.
"""

import csv
import functools
import hashlib
import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from pipelines.near_duplicates.signatures import sign
from pipelines.near_duplicates.similarity import batches, overlaps
from pipelines.near_duplicates.workspace import Workspace, shingle_batches
from schemas import storage
from schemas.signatures import Deduplication

TEXTS = 1000
"""How many benchmark texts are signed at once."""

FILTER_BITS = 24
"""The index is looked at for those elements only whose upper bits some benchmark text has."""

ROUND_PAIRS = 1 << 16
"""How many pairs of a document and a benchmark text are compared before documents that are out are left."""


def benchmark_texts(url: str) -> Iterator[str]:
    """Yield the texts of a benchmark: the column `text` of a CSV file, or of JSON Lines with `text`.

    Raises ValueError where the file is of another form.
    """
    name = storage.split_url(url)[0]
    with storage.open_input(url) as stream:
        content = stream.read()
    try:
        lines = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{name}: benchmark texts are not in UTF-8") from None
    if lines.lstrip().startswith("{"):
        yield from _json_texts(lines, name)
    else:
        yield from _csv_texts(lines, name)


def _json_texts(lines: str, name: str) -> Iterator[str]:
    for number, line in enumerate(lines.split("\n"), 1):
        if not line.strip():
            continue
        try:
            text = json.loads(line)["text"].strip()
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError(f"{name}: line {number} is not a JSON object with a text") from None
        yield text


def _csv_texts(lines: str, name: str) -> Iterator[str]:
    csv.field_size_limit(sys.maxsize)
    header = lines.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    rows = csv.DictReader(io.StringIO(lines, newline=""), delimiter=delimiter)
    if "text" not in (rows.fieldnames or ()):
        raise ValueError(f"{name}: no column text; benchmark texts are CSV with one, or JSON Lines")
    for row in rows:
        yield row["text"] or ""


def sign_benchmarks(
    urls: Sequence[str], template: Callable[[str], str], settings: Deduplication
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sets of shingles of all benchmark texts, distinct: uint32 [shingles], int64 [sets + 1].

    A text of which `template` makes nothing is signed as it is; nothing but the hashes is kept.
    Raises ValueError where a file holds no text.
    """
    found: dict[bytes, np.ndarray] = {}
    for url in urls:
        texts = [text for text in benchmark_texts(url) if text.strip()]
        if not texts:
            raise ValueError(f"{storage.split_url(url)[0]}: no benchmark text in it")
        for begin in range(0, len(texts), TEXTS):
            templates = [template(text) or text for text in texts[begin : begin + TEXTS]]
            signed = sign(pa.array(templates, pa.large_string()), settings)
            contents, shingles = signed["content"].to_pylist(), signed["shingles"].combine_chunks()
            for row, content in enumerate(contents):
                found.setdefault(content, shingles[row].values.to_numpy())
    sets = [found[content] for content in sorted(found) if found[content].size]
    sizes = np.array([one.size for one in sets], np.int64)
    return np.concatenate([np.zeros(0, np.uint32), *sets]), np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def benchmark_index(values: np.ndarray, offsets: np.ndarray, threshold: float) -> dict[str, np.ndarray]:
    """Return by which elements documents are found that hold `threshold` of a set: its rarest.

    A document that holds ceil(threshold * n) of n elements holds one of any n + 1 less that many.
    """
    sizes = np.diff(offsets)
    distinct, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    owner = np.repeat(np.arange(sizes.size), sizes)
    by = np.lexsort((values, counts[place], owner))
    needed = np.ceil(threshold * sizes - 1e-9).astype(np.int64)
    rare = np.arange(values.size) - np.repeat(offsets[:-1], sizes) < np.repeat(sizes - needed + 1, sizes)
    element, owner = place[by][rare], owner[by][rare]
    by = np.lexsort((owner, element))
    elements, first = np.unique(element[by], return_index=True)
    seen = np.zeros(1 << FILTER_BITS, bool)
    seen[distinct[elements] >> np.uint32(32 - FILTER_BITS)] = True
    return {
        "values": values,
        "offsets": offsets,
        "needed": needed,
        "elements": distinct[elements],
        "cuts": np.append(first, element.size),
        "owners": owner[by],
        "seen": np.packbits(seen),
    }


def holding(values: np.ndarray, offsets: np.ndarray, index: dict[str, np.ndarray]) -> np.ndarray:
    """Tell which documents, segments of `values`, hold a set of the benchmark `index`, bool [documents]."""
    seen = _filter(index["seen"].tobytes())
    hits = np.flatnonzero(seen[values >> np.uint32(32 - FILTER_BITS)])
    elements = index["elements"]
    place = np.searchsorted(elements, values[hits])
    known = elements[np.minimum(place, elements.size - 1)] == values[hits]
    hits, place = hits[known], place[known]
    document = np.searchsorted(offsets, hits, "right") - 1
    found = np.zeros(offsets.size - 1, bool)
    listed = np.diff(index["cuts"])[place]
    for low, high in batches(listed, ROUND_PAIRS):
        mine = slice(low, high)
        one = np.repeat(document[mine], listed[mine])
        into = np.arange(one.size) - np.repeat(np.cumsum(listed[mine]) - listed[mine], listed[mine])
        other = index["owners"][np.repeat(index["cuts"][place[mine]], listed[mine]) + into]
        large = ~found[one] & ((offsets[one + 1] - offsets[one]) >= index["needed"][other])
        pairs = np.unique(one[large] << np.int64(32) | other[large])
        one, other = pairs >> 32, pairs & 0xFFFFFFFF
        shared = overlaps(values, offsets, one, index["values"], index["offsets"], other)
        found[one[shared >= index["needed"][other]]] = True
    return found


@functools.lru_cache(1)
def _filter(bits: bytes) -> np.ndarray:
    return np.unpackbits(np.frombuffer(bits, np.uint8)).astype(bool)


def exclude(workspace: Workspace, group: int, first: int, last: int) -> None:
    """Find which delivered documents of the files `first` to `last` hold a benchmark text."""
    index = workspace.read("benchmarks.npz")
    alive = np.unpackbits(workspace.read("alive.npz")["bits"], count=workspace.rows).astype(bool)
    rows = [np.zeros(0, np.int64)]
    for file in range(first, min(last, workspace.delivered)):
        for here, shingles in shingle_batches(workspace, file, alive):
            offsets = shingles.offsets.to_numpy().astype(np.int64)
            rows.append(here[holding(shingles.flatten().to_numpy(), offsets, index)])
    workspace.write(f"exclude-{group}.npz", rows=np.concatenate(rows))


def digest(url: str) -> str:
    """Return a digest of a file of benchmark texts."""
    with storage.open_input(url) as stream:
        return hashlib.blake2b(stream.read(), digest_size=16).hexdigest()
