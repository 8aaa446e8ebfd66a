"""What holds a hot bucket together, in near-linear work.

The variants of a templated report share their band keys by the ten thousand, and pairs at or above
the threshold are too many to list; but clusters need no more than a spanning forest. First a few
pivots are compared with the documents that are apart from them, which joins whatever surrounds a
template. Then come the pairs of documents still apart: all of them, by `odd_sketches`, where that is
affordable, or else those that `prefix_filter` finds. Neither loses a pair.
"""

from dataclasses import dataclass, field

import numpy as np

from pipelines.near_duplicates.candidates import BUCKET, decode, distinct, encode
from pipelines.near_duplicates.components import connected_components
from pipelines.near_duplicates.odd_sketches import (
    differences,
    fold,
    largest_difference,
    may_be_similar,
    odd_sketches,
    promising_pairs,
    sketch_words,
)
from pipelines.near_duplicates.prefix_filter import element_counts, filter_prefixes
from pipelines.near_duplicates.similarity import batches, gather, jaccard, jaccard_with

PIVOTS = 24
"""With how many of its documents, at most, all others of a bucket are compared."""

PAIRS = 128
"""How many pairs per document are compared at most; those beyond, which only hostile input has, are counted."""

SKETCHED_WORDS = 1 << 31
"""How many words of sketches are compared at most before the prefix filter is cheaper: some seconds' work."""

EASY = 2048
"""Of what share of those words pivots would cost more than they save: some hundred sets' pairs."""

FINER = 4
"""How many times as large the sketches are by which the pairs that these leave are looked at once more."""

BLOCK = 1 << 20
"""How many elements are compared with a pivot at once."""

BATCH = 1 << 15
"""How many pairs are compared, at least, before looking again at what is apart."""


@dataclass(slots=True)
class Links:
    """The forest that grows: edges between places in the bucket, and the component of each place.

    `seen`, ascending, are the codes, in names of sets, of the pairs that were compared and are not
    similar; `compared` and `skipped` count pairs, of which `allowed` are compared.
    """

    labels: np.ndarray
    seen: np.ndarray
    left: list[np.ndarray] = field(default_factory=list)
    right: list[np.ndarray] = field(default_factory=list)
    compared: int = 0
    skipped: int = 0
    allowed: int = field(init=False)

    def __post_init__(self) -> None:
        self.allowed = PAIRS * self.labels.size

    def add(self, left: np.ndarray, right: np.ndarray, similar: np.ndarray) -> None:
        """Join those of the compared pairs that are `similar`, bool [pairs]."""
        self.compared += left.size
        left, right = left[similar], right[similar]
        if left.size:
            self.left.append(left)
            self.right.append(right)
            # in place, since the prefix filter looks at the labels as it goes
            self.labels[:] = connected_components(left, right, self.labels)

    @property
    def whole(self) -> bool:
        return bool(np.all(self.labels == self.labels[0]))

    def edges(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the ends of the edges, int64 each."""
        none = np.zeros(0, np.int64)
        return np.concatenate([none, *self.left]), np.concatenate([none, *self.right])


def link(
    values: np.ndarray,
    offsets: np.ndarray,
    labels: np.ndarray,
    threshold: float,
    names: np.ndarray | None = None,
    seen: np.ndarray | None = None,
) -> Links:
    """Return edges that join the sets of a bucket as all its pairs at or above `threshold` would.

    The sets, none empty, are segments of `values`, as in `similarity.jaccard`. Sets of equal `labels`,
    int64 places in the bucket, are joined already. Other buckets may have seen the same sets: `names`,
    integers, tell them again, and `seen` are ascending codes of pairs of names known not to be similar.
    """
    names = np.arange(labels.size) if names is None else names
    links = Links(labels.copy(), np.zeros(0, np.uint64) if seen is None else seen)
    sizes = np.diff(offsets)
    words = sketch_words(sizes)
    finer = odd_sketches(values, offsets, FINER * words)
    if labels.size**2 * words > SKETCHED_WORDS // EASY:
        join_pivots(values, offsets, finer, threshold, links)
        if links.whole:
            return links
    outside = links.labels != np.bincount(links.labels).argmax()
    if int(outside.sum()) * labels.size * words <= SKETCHED_WORDS:
        sketches = fold(finer, words)
        finer = np.ascontiguousarray(finer.T)
        for left, right in promising_pairs(sketches, sizes, threshold, links.labels, outside):
            promising = may_be_similar(finer, sizes, threshold, left, right)
            verify(values, offsets, left[promising], right[promising], threshold, links)
            if links.skipped:
                break
        if not links.skipped:
            return links
        # more pairs than are affordable are nearly similar: the filter lists fewer
        links.skipped, links.allowed = 0, links.compared + PAIRS * links.labels.size
    filtered = filter_prefixes(values, offsets, threshold)
    for codes in filtered.pairs_apart(links.labels):
        compare(values, offsets, codes, threshold, names, links)
    links.skipped += filtered.skipped
    return links


def compare(
    values: np.ndarray, offsets: np.ndarray, codes: np.ndarray, threshold: float, names: np.ndarray, links: Links
) -> None:
    """Join the similar ones of pairs, the most promising first, and remember the others."""
    left, right = decode(codes)
    if links.seen.size:
        named = encode(names[left], names[right])
        new = links.seen[np.minimum(np.searchsorted(links.seen, named), links.seen.size - 1)] != named
        left, right = left[new], right[new]
    left, right = verify(values, offsets, left, right, threshold, links)
    links.seen = distinct(links.seen, encode(names[left], names[right]))


def verify(
    values: np.ndarray, offsets: np.ndarray, left: np.ndarray, right: np.ndarray, threshold: float, links: Links
) -> tuple[np.ndarray, np.ndarray]:
    """Join the similar ones of pairs, the first ones first; return the ends of those that are not similar."""
    affordable = max(links.allowed - links.compared, 0)
    links.skipped += max(left.size - affordable, 0)
    left, right = left[:affordable], right[:affordable]
    failed = [(left[:0], right[:0])]
    # joining costs a pass over the bucket, so large buckets are joined in few, larger batches
    batch = max(BATCH, left.size // 8)
    while left.size:
        one, other = left[:batch], right[:batch]
        similar = jaccard(values, offsets, one, other) >= threshold
        links.add(one, other, similar)
        failed.append((one[~similar], other[~similar]))
        left, right = left[batch:], right[batch:]
        if similar.any():
            apart = links.labels[left] != links.labels[right]
            left, right = left[apart], right[apart]
    return np.concatenate([one for one, _ in failed]), np.concatenate([other for _, other in failed])


def join_pivots(values: np.ndarray, offsets: np.ndarray, sketches: np.ndarray, threshold: float, links: Links) -> None:
    """Join what is similar to the most typical sets, one after the other, while they have many such neighbours."""
    typical, sizes = typicality(values, offsets), np.diff(offsets)
    for _ in range(PIVOTS):
        pivot = int(np.argmax(typical))
        if typical[pivot] < 0:
            break
        others = links.labels != links.labels[pivot]
        others &= differences(sketches, sketches[:, pivot]) <= largest_difference(sizes + sizes[pivot], threshold)
        others = np.flatnonzero(others)
        similar = np.zeros(others.size, bool)
        for low, high in batches(sizes[others], BLOCK):
            some, cuts = gather(values, offsets, others[low:high])
            similar[low:high] = jaccard_with(some, cuts, values[offsets[pivot] : offsets[pivot + 1]]) >= threshold
        links.add(np.full(others.size, pivot), others, similar)
        # the next pivot is one that is still apart
        typical[links.labels == links.labels[pivot]] = -1
        if similar.sum() < BUCKET // 4:
            break


def typicality(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return how frequent the elements of each set are among all sets, on average, float64 [sets]."""
    # elements are told apart by their upper bits, four times as many as there are elements
    bits = min(max(values.size.bit_length() + 2, 8), 20)
    counts, shift = element_counts(values, bits), np.uint32(32 - bits)
    sums = [np.zeros(0)]
    for low, high in batches(np.diff(offsets), BLOCK):
        here = counts[values[offsets[low] : offsets[high]] >> shift].astype(np.float64)
        sums.append(np.add.reduceat(here, offsets[low:high] - offsets[low]))
    return np.concatenate(sums) / np.diff(offsets)
