"""Which pairs of some thousand sets are worth comparing: all of them, by a cheap lower bound of their difference.

The odd sketch of a set is a row of bits, each telling whether an odd number of its elements falls on
it. Two rows differ in at most as many bits as the sets do in elements (Mitzenmacher, Pagh and Pham,
Efficient estimation for high similarities using odd sketches, 2014), so that a pair whose rows differ
too much is below the threshold for certain and no other pair is lost.
"""

from collections.abc import Iterator

import numpy as np

from pipelines.near_duplicates.similarity import batches

BLOCK = 1 << 17
"""How many pairs are looked at in one step: what stays in a processor's cache."""

PAIRS = 1 << 15
"""How many pairs are told at once, about: few enough that those they join save the looking at others."""

COUNTERS = 1 << 22
"""How many bits of sketches are counted at once."""

WORDS = 64
"""Of how many words of 64 bits a sketch is at most."""


def sketch_words(sizes: np.ndarray) -> int:
    """Return of how many words of 64 bits the sketches of sets of `sizes`, integers [sets], are.

    With as many bits as a set has elements, a pair of similarity 0.6 is told from one of 0.8.
    """
    mean = max(float(sizes.mean()) if sizes.size else 0.0, 64.0)
    return int(np.clip(2 ** np.ceil(np.log2(mean / 64)), 2, WORDS))


def odd_sketches(values: np.ndarray, offsets: np.ndarray, words: int) -> np.ndarray:
    """Return the sketches of sets of hashes, segments of `values` as in `similarity.jaccard`, uint64 [words, sets]."""
    bits, sizes = words * 64, np.diff(offsets)
    found = [np.zeros((0, words), np.uint64)]
    for low, high in batches(np.full(sizes.size, bits), COUNTERS):
        owner = np.repeat(np.arange(high - low), sizes[low:high])
        place = owner * bits + (values[offsets[low] : offsets[high]] & np.uint32(bits - 1))
        counts = np.bincount(place, minlength=(high - low) * bits).astype(np.uint8)
        found.append(np.packbits(counts & 1).view(np.uint64).reshape(-1, words))
    return np.ascontiguousarray(np.concatenate(found).T)


def fold(sketches: np.ndarray, words: int) -> np.ndarray:
    """Return the sketches of `words`, a divisor of how many `sketches`, uint64 [more words, sets], have."""
    return np.bitwise_xor.reduce(sketches.reshape(-1, words, sketches.shape[1]))


def differences(sketches: np.ndarray, one: np.ndarray) -> np.ndarray:
    """Return in how many bits `sketches`, uint64 [words, sets], differ from the sketch `one`, int64 [sets]."""
    total = np.zeros(sketches.shape[1], np.int64)
    for word, other in zip(sketches, one, strict=True):
        total += np.bitwise_count(word ^ other)
    return total


def promising_pairs(
    sketches: np.ndarray, sizes: np.ndarray, threshold: float, labels: np.ndarray, outside: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the ends of pairs, int64 each, one of them `outside`, bool [sets], that may reach the threshold.

    `sketches` are uint64 [words, sets]. Pairs of equal `labels`, integers [sets], are left out; the
    array may change between two steps.
    """
    # similar sets are about equally large, so that a set's partners are a range of this order
    order = np.argsort(sizes, kind="stable")
    sketches, sizes, outside = sketches[:, order], sizes[order], outside[order]
    rows = np.flatnonzero(outside)
    lows = np.searchsorted(sizes, np.ceil(threshold * sizes[rows] - 1e-9))
    highs = np.searchsorted(sizes, np.floor(sizes[rows] / threshold + 1e-9), "right")
    begin, waiting = 0, [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    while begin < rows.size:
        # both bounds ascend, so the ranges of some rows are one range
        spans = highs[begin : begin + BLOCK // max(int(highs[begin] - lows[begin]), 1) + 1] - lows[begin]
        end = begin + max(int(np.searchsorted(spans * np.arange(1, spans.size + 1), BLOCK, "right")), 1)
        here, low, high = rows[begin:end], int(lows[begin]), int(highs[end - 1])
        both = sizes[here, None] + sizes[low:high]
        near = _differences(sketches, here, low, high) <= largest_difference(both, threshold)
        label = labels[order]
        near &= label[here, None] != label[low:high]
        near &= ~outside[low:high] | (here[:, None] < np.arange(low, high))
        one, other = np.nonzero(near)
        waiting.append((order[here[one]], order[other + low]))
        begin = end
        if begin == rows.size or sum(ends.size for ends, _ in waiting) >= PAIRS:
            left, right = zip(*waiting, strict=True)
            yield np.concatenate(left), np.concatenate(right)
            waiting.clear()


def largest_difference(both: np.ndarray, threshold: float) -> np.ndarray:
    """Return in how many elements two sets of together `both` elements, integers, differ at most if similar."""
    return both * ((1 - threshold) / (1 + threshold)) + 1e-9


def may_be_similar(
    sketches: np.ndarray, sizes: np.ndarray, threshold: float, left: np.ndarray, right: np.ndarray
) -> np.ndarray:
    """Tell which pairs of sets may reach the threshold, bool [pairs]; `sketches` are uint64 [sets, words]."""
    found = largest_difference(sizes[left] + sizes[right], threshold)
    for low in range(0, left.size, BLOCK):
        one, other = left[low : low + BLOCK], right[low : low + BLOCK]
        different = np.bitwise_count(sketches[one] ^ sketches[other]).sum(axis=1, dtype=np.int64)
        found[low : low + BLOCK] -= different
    return found >= 0


def _differences(sketches: np.ndarray, rows: np.ndarray, low: int, high: int) -> np.ndarray:
    """Return in how many bits the sketches of `rows` differ from those from `low` to `high`, uint16 [rows, others]."""
    total = np.zeros((rows.size, high - low), np.uint16)
    differing, count = np.empty(total.shape, np.uint64), np.empty(total.shape, np.uint8)
    for word in sketches:
        np.bitwise_xor(word[rows, None], word[low:high], out=differing)
        np.bitwise_count(differing, out=count)
        total += count
    return total
