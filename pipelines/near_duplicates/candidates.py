"""Band keys -> buckets -> the pairs that are worth comparing.

A bucket is the documents that share a band key. One of at most `BUCKET` documents gives all its
pairs: the spokes, which join its first document with the others, and later those that are still
apart. Larger buckets are the matter of `hot_buckets`.
"""

import numpy as np

LOW = np.uint64(0xFFFFFFFF)
"""The lower half of 64 bits."""

BUCKET = 48
"""The largest bucket of which all pairs are compared."""


def buckets(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that share a key with another, grouped by key, and the offsets of the groups.

    `keys` is uint64 [rows], evenly spread; 0 means none. Within a group rows ascend.
    """
    rows = sharing(keys)
    rows = rows[keys[rows] > 0]
    rows = rows[np.argsort(keys[rows], kind="stable")]
    ordered = keys[rows]
    first = np.flatnonzero(np.diff(ordered, prepend=~ordered[:1]))
    sizes = np.diff(first, append=ordered.size)
    shared = np.repeat(sizes > 1, sizes)
    return rows[shared], np.concatenate([[0], np.cumsum(sizes[sizes > 1])]).astype(np.int64)


def sharing(values: np.ndarray) -> np.ndarray:
    """Return the places of values, uint64, that others may equal, int64, ascending: their upper halves are equal.

    To sort the upper halves, with places below, is ten times as fast as to sort places by values.
    """
    packed = (values & ~LOW) | np.arange(values.size, dtype=np.uint64)
    packed.sort()
    halves = packed >> np.uint64(32)
    shared = np.zeros(values.size, bool)
    shared[1:] = halves[1:] == halves[:-1]
    shared[:-1] |= shared[1:]
    return np.sort((packed & LOW)[shared]).astype(np.int64)


def all_pairs(rows: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return all pairs within groups of `sizes` rows, as codes, uint64, ascending and distinct; see `encode`."""
    codes, begins = [np.zeros(0, np.uint64)], np.cumsum(sizes) - sizes
    for size in np.unique(sizes):
        grid = rows[begins[sizes == size][:, None] + np.arange(size)]
        left, right = np.triu_indices(size, 1)
        codes.append(encode(grid[:, left].ravel(), grid[:, right].ravel()))
    return distinct(*codes)


def spokes(rows: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return the pairs of the first of each group with its others, as codes, uint64, ascending and distinct."""
    begins = np.cumsum(sizes) - sizes
    others = np.ones(rows.size, bool)
    others[begins] = False
    return distinct(encode(np.repeat(rows[begins], sizes)[others], rows[others]))


def distinct(*arrays: np.ndarray) -> np.ndarray:
    """Return the different values of uint64 arrays, ascending."""
    # merges runs that are sorted already, and is faster here than numpy.unique, which hashes
    values = np.sort(np.concatenate(arrays), kind="stable")
    return values[np.flatnonzero(np.diff(values, prepend=~values[:1]))]


def encode(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return pairs of rows below 2**32 as one uint64 each, the smaller row in the upper half."""
    low, high = np.minimum(left, right).astype(np.uint64), np.maximum(left, right).astype(np.uint64)
    return (low << np.uint64(32)) | high


def decode(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the smaller and the larger rows, int64, of pairs that `encode` made."""
    return (codes >> np.uint64(32)).astype(np.int64), (codes & LOW).astype(np.int64)
