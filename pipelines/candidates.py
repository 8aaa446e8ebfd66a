"""Band keys -> the pairs that are worth comparing.

A bucket is the documents that share a band key. Small buckets give all their pairs. Of a hot bucket,
such as the variants of a templated report, only what holds its clusters together is needed, which
takes near-linear work: `link`.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.components import connected_components
from pipelines.similarity import jaccard, jaccard_with

BUCKET = 48
"""The largest bucket of which all pairs are compared."""

PIVOTS = 24
"""With how many of its documents, at most, all others of a hot bucket are compared."""

PAIRS = 64
"""How many candidate pairs per document a hot bucket may have; those beyond are counted, not compared."""


def buckets(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that share a key with another, grouped by key, and the offsets of the groups.

    `keys` is uint64 [rows]; 0 means none. Within a group rows ascend.
    """
    rows = np.flatnonzero(keys)
    rows = rows[np.argsort(keys[rows], kind="stable")]
    ordered = keys[rows]
    first = np.flatnonzero(np.diff(ordered, prepend=~ordered[:1]))
    sizes = np.diff(first, append=ordered.size)
    shared = np.repeat(sizes > 1, sizes)
    return rows[shared], np.concatenate([[0], np.cumsum(sizes[sizes > 1])]).astype(np.int64)


def all_pairs(rows: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return all pairs within groups of `sizes` rows, as codes, uint64, ascending and distinct; see `encode`."""
    codes, begins = [np.zeros(0, np.uint64)], np.cumsum(sizes) - sizes
    for size in np.unique(sizes):
        grid = rows[begins[sizes == size][:, None] + np.arange(size)]
        left, right = np.triu_indices(size, 1)
        codes.append(encode(grid[:, left].ravel(), grid[:, right].ravel()))
    return np.unique(np.concatenate(codes))


def encode(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return pairs of rows below 2**32 as one uint64 each, the smaller row in the upper half."""
    low, high = np.minimum(left, right).astype(np.uint64), np.maximum(left, right).astype(np.uint64)
    return (low << np.uint64(32)) | high


def decode(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the smaller and the larger rows, int64, of pairs that `encode` made."""
    return (codes >> np.uint64(32)).astype(np.int64), (codes & np.uint64(0xFFFFFFFF)).astype(np.int64)


@dataclass(slots=True)
class Links:
    """Verified edges of a hot bucket, places in it, and how many candidate pairs were not compared."""

    left: np.ndarray
    right: np.ndarray
    similarity: np.ndarray
    labels: np.ndarray
    compared: int = 0
    skipped: int = 0

    def add(self, left: np.ndarray, right: np.ndarray, similarity: np.ndarray, threshold: float) -> None:
        """Keep the edges that reach the threshold and join their components."""
        self.compared += left.size
        keep = similarity >= threshold
        left, right = left[keep], right[keep]
        self.left, self.right = np.concatenate([self.left, left]), np.concatenate([self.right, right])
        self.similarity = np.concatenate([self.similarity, similarity[keep]])
        roots = connected_components(self.labels[left], self.labels[right], self.labels.size)
        self.labels = roots[self.labels]


def link(values: np.ndarray, offsets: np.ndarray, labels: np.ndarray, threshold: float) -> Links:
    """Return edges that join the sets of a hot bucket as all its pairs at or above `threshold` would.

    The sets are segments of `values`, as in `similarity.jaccard`; sets of equal `labels`, places in
    the bucket, are joined already. First a few pivots are compared with every set, which joins
    what surrounds a template; then the pairs of different components that pass the prefix filter
    for Jaccard (Bayardo et al. 2007, Xiao et al. 2011) are compared. The filter loses no pair.
    """
    links = Links(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), labels.copy())
    frequency = np.bincount(values >> np.uint32(12), minlength=1 << 20)
    commonness = np.add.reduceat(frequency[values >> np.uint32(12)].astype(np.float64), offsets[:-1])
    commonness /= np.diff(offsets)
    free = np.ones(labels.size, bool)
    for _ in range(PIVOTS):
        if not free.any() or np.all(links.labels == links.labels[0]):
            break
        pivot = int(np.flatnonzero(free)[np.argmax(commonness[free])])
        similar = jaccard_with(values, offsets, values[offsets[pivot] : offsets[pivot + 1]])
        near = np.flatnonzero((similar >= threshold) & (links.labels != links.labels[pivot]))
        links.add(np.full(near.size, pivot), near, similar[near], threshold)
        ball = similar >= threshold
        free &= ~ball
        if ball.sum() < BUCKET // 4:
            break
    _link_rest(values, offsets, frequency, threshold, links)
    return links


def _link_rest(values: np.ndarray, offsets: np.ndarray, frequency: np.ndarray, threshold: float, links: Links) -> None:
    if np.all(links.labels == links.labels[0]):
        return
    codes, links.skipped = _filtered(values, offsets, frequency, threshold, links.labels)
    for begin in range(0, codes.size, 1 << 16):
        left, right = decode(codes[begin : begin + (1 << 16)])
        apart = links.labels[left] != links.labels[right]
        left, right = left[apart], right[apart]
        links.add(left, right, jaccard(values, offsets, left, right), threshold)


def _filtered(
    values: np.ndarray, offsets: np.ndarray, frequency: np.ndarray, threshold: float, labels: np.ndarray
) -> tuple[np.ndarray, int]:
    """Return the codes of pairs of different labels that share a rare element, and how many were left out."""
    sizes = np.diff(offsets)
    # any total order of the elements is right, the rarest first is fast: level of rarity, then the hash
    level = np.minimum(np.log2(frequency[values >> np.uint32(12)]) * 8, 255).astype(np.uint64)
    rank = (level << np.uint64(24)) | (values & np.uint32(0xFFFFFF))
    order = np.sort((np.repeat(np.arange(sizes.size, dtype=np.uint64), sizes) << np.uint64(32)) | rank)
    place = np.arange(values.size) - np.repeat(offsets[:-1], sizes)
    probe = sizes - np.ceil(threshold * sizes - 1e-9).astype(np.int64) + 1
    index = sizes - np.ceil(2 * threshold / (1 + threshold) * sizes - 1e-9).astype(np.int64) + 1
    probing = order[place < np.repeat(probe, sizes)]
    element, document = (probing & np.uint64(0xFFFFFFFF)), (probing >> np.uint64(32)).astype(np.int64)
    indexed = (place < np.repeat(index, sizes))[place < np.repeat(probe, sizes)]
    # by element, then by size: a set is compared with the indexed ones before it
    by = np.lexsort((document, sizes[document], element))
    element, document, indexed = element[by], document[by], indexed[by]
    first = np.flatnonzero(np.diff(element, prepend=~element[:1]))
    return _joined(document, indexed, np.append(first, element.size), labels)


def _joined(document: np.ndarray, indexed: np.ndarray, cuts: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the pairs (indexed, later) of different labels within each run of `document`."""
    budget, skipped, codes = PAIRS * labels.size, 0, [np.zeros(0, np.uint64)]
    label = labels[document]
    runs = np.diff(cuts)
    mixed = np.minimum.reduceat(label, cuts[:-1]) != np.maximum.reduceat(label, cuts[:-1])
    for run in np.flatnonzero(mixed)[np.argsort(runs[mixed], kind="stable")]:
        here = slice(cuts[run], cuts[run + 1])
        pairs, left_out = _run_pairs(document[here], indexed[here], label[here], budget)
        budget -= pairs.size
        skipped += left_out
        codes.append(pairs)
    return np.unique(np.concatenate(codes)), skipped


def _run_pairs(document: np.ndarray, indexed: np.ndarray, label: np.ndarray, budget: int) -> tuple[np.ndarray, int]:
    """Return the pairs of one run, nearest in size first, as far as the budget goes."""
    codes, found = [np.zeros(0, np.uint64)], 0
    for step in range(1, document.size):
        apart = (label[:-step] != label[step:]) & indexed[:-step]
        if found + apart.sum() > budget:
            return np.concatenate(codes), int((document.size - step) * (document.size - step + 1) // 2)
        codes.append(encode(document[:-step][apart], document[step:][apart]))
        found += codes[-1].size
    return np.concatenate(codes), 0
