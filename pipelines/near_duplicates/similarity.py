"""Exact Jaccard similarity of sets of shingle hashes, many pairs at a time."""

from collections.abc import Iterator

import numpy as np

PAIR_VALUES = 1 << 19
"""How many shingle hashes are compared at once."""

GATHERED = 1 << 17
"""How many values are gathered at once: their places, 8 bytes each, should stay in the cache."""


def gather(values: np.ndarray, offsets: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the segments `rows` of `values`, one after the other, and their offsets."""
    lengths = offsets[rows + 1] - offsets[rows]
    found = gather_segments(values, offsets[rows], lengths)
    return found, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def gather_segments(values: np.ndarray, begins: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the segments of `values` that begin at `begins` and have `lengths`, one after the other."""
    ends = np.cumsum(lengths)
    found = np.empty(ends[-1] if ends.size else 0, values.dtype)
    shifts = begins - (ends - lengths)
    for low, high in batches(lengths, GATHERED):
        first, last = ends[low] - lengths[low], ends[high - 1]
        found[first:last] = values[np.arange(first, last) + np.repeat(shifts[low:high], lengths[low:high])]
    return found


def jaccard(values: np.ndarray, offsets: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return the Jaccard similarity of the sets `left[i]` and `right[i]`, float64 [pairs].

    The sets are segments of `values`, uint32, ascending and distinct in each; `offsets` is int64
    [sets + 1]. Two empty sets have similarity 1.
    """
    sizes = np.diff(offsets)
    shared = overlaps(values, offsets, left, values, offsets, right)
    union = sizes[left] + sizes[right] - shared
    return np.where(union > 0, shared / np.maximum(union, 1), 1.0)


def overlaps(
    values: np.ndarray, offsets: np.ndarray, left: np.ndarray, others: np.ndarray, cuts: np.ndarray, right: np.ndarray
) -> np.ndarray:
    """Return how many elements the sets `left[i]` of `values` and `right[i]` of `others` share, int64 [pairs].

    `offsets` and `cuts` delimit the sets, as in `jaccard`.
    """
    shared = np.zeros(left.size, np.int64)
    both = offsets[left + 1] - offsets[left] + cuts[right + 1] - cuts[right]
    for low, high in batches(both, PAIR_VALUES):
        one, other = _tagged(values, offsets, left[low:high]), _tagged(others, cuts, right[low:high])
        # two ascending runs: timsort merges them in one linear pass
        merged = np.sort(np.concatenate([one, other]), kind="stable")
        twice = merged[1:][merged[1:] == merged[:-1]] >> np.uint64(32)
        shared[low:high] = np.bincount(twice.astype(np.int64), minlength=high - low)
    return shared


def jaccard_with(values: np.ndarray, offsets: np.ndarray, one: np.ndarray) -> np.ndarray:
    """Return the Jaccard similarity of each set, segments of `values`, with the set `one`, float64 [sets]."""
    shared = overlap_with(values, offsets, one)
    union = np.diff(offsets) + one.size - shared
    return np.where(union > 0, shared / np.maximum(union, 1), 1.0)


def overlap_with(values: np.ndarray, offsets: np.ndarray, one: np.ndarray) -> np.ndarray:
    """Return how many elements of each set are in the ascending set `one`, int64 [sets]."""
    if not one.size:
        return np.zeros(offsets.size - 1, np.int64)
    found = one[np.minimum(np.searchsorted(one, values), one.size - 1)] == values
    counts = np.concatenate([[0], np.cumsum(found)])
    return counts[offsets[1:]] - counts[offsets[:-1]]


def batches(sizes: np.ndarray, limit: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of consecutive items whose `sizes` add to at most `limit`, at least one item each."""
    ends = np.cumsum(sizes)
    low = 0
    while low < sizes.size:
        taken = ends[low - 1] if low else 0
        high = max(int(np.searchsorted(ends, taken + limit, "right")), low + 1)
        yield low, high
        low = high


def _tagged(values: np.ndarray, offsets: np.ndarray, rows: np.ndarray) -> np.ndarray:
    found, cuts = gather(values, offsets, rows)
    return (np.repeat(np.arange(rows.size, dtype=np.uint64), np.diff(cuts)) << np.uint64(32)) | found
