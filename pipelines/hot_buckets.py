"""What holds a hot bucket together, in near-linear work.

The variants of a templated report share their band keys by the ten thousand, and pairs at or above
the threshold are too many to list; but clusters need no more than a spanning forest. First a few
pivots are compared with every document of the bucket, which joins whatever surrounds a template.
Then come the pairs of documents that are still apart and pass the prefix filter for Jaccard
similarity (Bayardo, Ma and Srikant 2007; Xiao et al. 2011), which loses no pair: two sets that are
similar enough share one of the rarest elements of each.
"""

from dataclasses import dataclass, field

import numpy as np

from pipelines.candidates import BUCKET, decode, encode
from pipelines.components import connected_components
from pipelines.similarity import jaccard, jaccard_with

PIVOTS = 24
"""With how many of its documents, at most, all others of a bucket are compared."""

WINDOW = 256
"""How many neighbours in size, to each side, are always within reach among documents that share an element."""

PAIRS = 64
"""How many pairs per document are compared at most; those beyond, which only hostile input has, are counted."""

CHUNK = 1 << 20
"""How many pairs are listed at once."""

BATCH = 1 << 15
"""How many pairs are compared, at least, before looking again at what is apart."""


@dataclass(slots=True)
class Links:
    """The forest that grows: edges between places in the bucket, and the component of each place.

    `seen` are the codes, in names of sets, of the pairs that were compared and are not similar;
    `compared` and `skipped` count pairs.
    """

    labels: np.ndarray
    left: list[np.ndarray] = field(default_factory=list)
    right: list[np.ndarray] = field(default_factory=list)
    seen: list[np.ndarray] = field(default_factory=list)
    compared: int = 0
    skipped: int = 0

    def add(self, left: np.ndarray, right: np.ndarray, similar: np.ndarray) -> None:
        """Join those of the compared pairs that are `similar`, bool [pairs]."""
        self.compared += left.size
        left, right = left[similar], right[similar]
        self.left.append(left)
        self.right.append(right)
        self.labels = connected_components(self.labels[left], self.labels[right], self.labels.size)[self.labels]

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
    links = Links(labels)
    frequency = np.bincount(values >> np.uint32(12), minlength=1 << 20)
    join_pivots(values, offsets, frequency, threshold, links)
    if links.whole:
        return links
    entries = prefixes(values, offsets, frequency, threshold)
    codes, links.skipped = filtered_pairs(*entries, links.labels)
    left, right = decode(codes)
    if seen is not None and seen.size:
        named = encode(names[left], names[right])
        new = seen[np.minimum(np.searchsorted(seen, named), seen.size - 1)] != named
        left, right = left[new], right[new]
    # joining costs a pass over the bucket, so large buckets are joined in few, larger batches
    batch = max(BATCH, left.size // 8)
    while left.size:
        one, other = left[:batch], right[:batch]
        similar = jaccard(values, offsets, one, other) >= threshold
        links.add(one, other, similar)
        links.seen.append(encode(names[one[~similar]], names[other[~similar]]))
        left, right = left[batch:], right[batch:]
        if similar.any():
            apart = links.labels[left] != links.labels[right]
            left, right = left[apart], right[apart]
    return links


def join_pivots(values: np.ndarray, offsets: np.ndarray, frequency: np.ndarray, threshold: float, links: Links) -> None:
    """Join what is similar to the most typical sets, one after the other, while they have many such neighbours.

    `frequency`, int64 [2**20], counts the elements of the bucket by their upper 20 bits.
    """
    typical = np.add.reduceat(frequency[values >> np.uint32(12)].astype(np.float64), offsets[:-1]) / np.diff(offsets)
    for _ in range(PIVOTS):
        if links.whole or typical.max() < 0:
            break
        pivot = int(np.argmax(typical))
        similar = jaccard_with(values, offsets, values[offsets[pivot] : offsets[pivot + 1]]) >= threshold
        near = np.flatnonzero(similar & (links.labels != links.labels[pivot]))
        links.compared += similar.size - near.size
        links.add(np.full(near.size, pivot), near, np.ones(near.size, bool))
        typical[similar] = -1
        if similar.sum() < BUCKET // 4:
            break


def prefixes(
    values: np.ndarray, offsets: np.ndarray, frequency: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rare elements by which similar sets find each other: element, set and whether it is indexed.

    Two sets of at least the `threshold` share an element that is indexed for the smaller one (the
    first, where they are equally large) and an entry of the larger. Entries are in the order of the
    elements, in each by size of the set.
    """
    sizes = np.diff(offsets)
    # any total order of the elements is right; rarest first, by levels, makes the lists short
    level = np.minimum(np.log2(frequency[values >> np.uint32(12)]) * 8, 255).astype(np.uint64)
    rank = (level << np.uint64(24)) | (values & np.uint32(0xFFFFFF))
    ordered = np.sort((np.repeat(np.arange(sizes.size, dtype=np.uint64), sizes) << np.uint64(32)) | rank)
    place = np.arange(values.size) - np.repeat(offsets[:-1], sizes)
    probed = place < np.repeat(sizes - _at_least(threshold * sizes) + 1, sizes)
    indexed = place < np.repeat(sizes - _at_least(2 * threshold / (1 + threshold) * sizes) + 1, sizes)
    ordered, indexed = ordered[probed], indexed[probed]
    element, owner = ordered & np.uint64(0xFFFFFFFF), (ordered >> np.uint64(32)).astype(np.int64)
    by = np.lexsort((owner, sizes[owner], element))
    return element[by], owner[by], indexed[by]


def _at_least(numbers: np.ndarray) -> np.ndarray:
    return np.ceil(numbers - 1e-9).astype(np.int64)


def filtered_pairs(
    element: np.ndarray, owner: np.ndarray, indexed: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, int]:
    """Return the codes of the pairs of sets apart that share an element, and how many were left out.

    Pairs that share more elements come first, so that the best are compared and the limit of
    `PAIRS` a set cuts the poorest.
    """
    cuts = np.flatnonzero(np.diff(element, prepend=~element[:1], append=~element[-1:]))
    label, sizes = labels[owner], np.diff(cuts)
    mixed = np.minimum.reduceat(label, cuts[:-1]) != np.maximum.reduceat(label, cuts[:-1])
    found, skipped = [np.zeros(0, np.uint64)], 0
    for size in np.unique(sizes[mixed & (sizes <= WINDOW)]).tolist():
        begins = cuts[:-1][mixed & (sizes == size)]
        left, right = np.triu_indices(size, 1)
        for low in range(0, begins.size, CHUNK // left.size + 1):
            runs = begins[low : low + CHUNK // left.size + 1, None]
            found.append(_apart((runs + left).ravel(), (runs + right).ravel(), owner, indexed, label))
    for run in np.flatnonzero(mixed & (sizes > WINDOW)).tolist():
        here = slice(cuts[run], cuts[run + 1])
        pairs, left_out = _pairs_of_run(owner[here], indexed[here], label[here])
        found.append(pairs)
        skipped += left_out
    codes, shared = np.unique(np.concatenate(found), return_counts=True)
    codes = codes[np.argsort(-shared, kind="stable")]
    limit = PAIRS * labels.size
    return codes[:limit], skipped + max(codes.size - limit, 0)


def _pairs_of_run(owner: np.ndarray, indexed: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the pairs of one long run, of an indexed set and a later one, that are apart.

    Only the sets outside the commonest component are followed, each within a window of neighbours.
    """
    size = owner.size
    names, counts = np.unique(label, return_counts=True)
    outside = np.flatnonzero(label != names[np.argmax(counts)])
    reach = min(max(WINDOW, PAIRS * size // (2 * outside.size)), size - 1)
    steps = np.concatenate([np.arange(-reach, 0), np.arange(1, reach + 1)])
    one, other = np.repeat(outside, steps.size), (outside[:, None] + steps).ravel()
    inside = (other >= 0) & (other < size)
    one, other = one[inside], other[inside]
    left_out = outside.size * max(size - 1 - 2 * reach, 0)
    return _apart(np.minimum(one, other), np.maximum(one, other), owner, indexed, label), int(left_out)


def _apart(one: np.ndarray, other: np.ndarray, owner: np.ndarray, indexed: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Return the codes of the pairs of entries, of which the first is indexed, whose sets are apart."""
    keep = indexed[one] & (label[one] != label[other])
    return encode(owner[one[keep]], owner[other[keep]])
