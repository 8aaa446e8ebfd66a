"""Which pairs of many similar sets are worth comparing: the prefix filter, divided where lists are long.

Two sets of Jaccard similarity t share an element that is among the rarest few of each (Bayardo, Ma
and Srikant 2007), at places that leave enough elements behind them (Xiao et al. 2011), so the sets
listed under one element hold every such pair. Where a list is long, its sets share more than that
one element, and it is divided by the next one they share (the longer prefixes of Wang, Li and Feng
2012). No pair is lost that way; variants of one template, whose rare elements are not rare, are
parted by the combinations of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from pipelines.near_duplicates.candidates import encode
from pipelines.near_duplicates.signatures import mix
from pipelines.near_duplicates.similarity import batches, gather

DEPTH = 12
"""By how many elements together a list is divided at most."""

REACH = 32
"""How many sets of a list may be outside its commonest component before it is divided."""

CHILDREN = 1024
"""Into how many entries per set lists are divided at most; beyond, which only hostile input has, pairs are counted."""

BLOCK = 1 << 22
"""How many entries, pairs or elements are worked on at once."""


@dataclass(slots=True)
class PrefixFilter:
    """The rarest elements of sets, one set after the other in ascending order of size.

    `elements`, uint32, are names of elements, rarest first in each set; `owners`, int32, and
    `places`, int32, say whose they are and at which place in the set. `sizes`, int64 [sets], are
    those of the whole sets. `skipped` counts pairs that are not listed.
    """

    threshold: float
    sizes: np.ndarray
    elements: np.ndarray
    owners: np.ndarray
    places: np.ndarray
    children: int = field(init=False)
    skipped: int = 0

    def __post_init__(self) -> None:
        self.children = CHILDREN * self.sizes.size

    def pairs_apart(self, labels: np.ndarray) -> Iterator[np.ndarray]:
        """Yield codes of pairs of sets, by `encode`, distinct in each array, those that share more lists first.

        Pairs of equal `labels`, int64 [sets], are left out; the array may change between two steps.
        Every other pair at or above the threshold is in some array or joined by two that are, but for
        `skipped` ones.
        """
        first = np.flatnonzero(
            self.places <= self.sizes[self.owners] - at_least(self.threshold * self.sizes)[self.owners]
        )
        yield from self._divide(first, self.elements[first].astype(np.uint64), labels, 1)

    def _divide(self, entries: np.ndarray, keys: np.ndarray, labels: np.ndarray, depth: int) -> Iterator[np.ndarray]:
        """Yield the pairs within lists of `entries`, those of one key each, which share `depth` elements."""
        order = np.argsort(keys, kind="stable")
        entries, runs = self._different(entries[order], number_runs(keys[order]))
        entries, runs = self._promising(entries, runs, labels, depth)
        if not entries.size:
            return
        outside, strangers = outside_commonest(labels[self.owners[entries]], runs)
        sizes = np.bincount(runs)
        heavy = strangers > REACH
        children = np.bincount(runs, self._next_places(entries, depth)).astype(np.int64)
        heavy &= (depth < DEPTH) & (children <= 4 * BLOCK)
        parted = np.flatnonzero(heavy)
        parted = parted[np.argsort(children[parted], kind="stable")]
        affordable = parted[np.cumsum(children[parted]) <= self.children]
        heavy[:] = False
        heavy[affordable] = True
        self.children -= int(children[affordable].sum())
        reach = np.where(strangers > REACH, REACH, sizes)
        self.skipped += int(np.maximum(sizes - 1 - reach, 0)[~heavy] @ strangers[~heavy])
        yield from self._list(entries, runs, outside & ~heavy[runs], reach, labels, depth)
        yield from self._stars(entries, runs, heavy, labels, depth)
        light, heavies = np.cumsum(sizes) - sizes, np.flatnonzero(heavy)
        for low, high in batches(children[heavies], BLOCK):
            here = heavies[low:high]
            inside = np.concatenate([np.arange(int(light[run]), int(light[run] + sizes[run])) for run in here.tolist()])
            yield from self._divide(*self._extend(entries[inside], runs[inside], depth), labels, depth + 1)

    def _different(self, entries: np.ndarray, runs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the entries of lists of different sets, and their lists, renumbered.

        Of equal lists that of the earliest element stays. The shingles of a phrase are in the same sets,
        and what one of them divides, the others do not divide further.
        """
        first = np.flatnonzero(np.diff(runs, prepend=-1))
        if not first.size:
            return entries, runs
        sums = np.add.reduceat(mix(self.owners[entries].astype(np.uint64)), first)
        by = np.lexsort((self.places[entries[first]], sums))
        chosen = np.zeros(first.size, bool)
        chosen[by[np.flatnonzero(np.diff(sums[by], prepend=~sums[by[:1]]))]] = True
        keep = chosen[runs]
        return entries[keep], number_runs(runs[keep])

    def _promising(
        self, entries: np.ndarray, runs: np.ndarray, labels: np.ndarray, depth: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the entries that may have a partner in another component, and their lists, renumbered."""
        for _ in range(2):
            label = labels[self.owners[entries]]
            first = np.flatnonzero(np.diff(runs, prepend=-1))
            mixed = np.minimum.reduceat(label, first) != np.maximum.reduceat(label, first) if first.size else first
            smallest = self.sizes[self.owners[entries[first]]]
            keep = mixed[runs] & (self._largest_partner(entries, depth) >= smallest[runs])
            entries, runs = entries[keep], number_runs(runs[keep])
        return entries, runs

    def _largest_partner(self, entries: np.ndarray, depth: int) -> np.ndarray:
        """Return how large a similar set may be that shares no element before these and `depth` up to here."""
        sizes = self.sizes[self.owners[entries]]
        left = sizes - self.places[entries] + depth - 1
        return left * (1 + self.threshold) / self.threshold - sizes + 1e-6

    def _stars(
        self, entries: np.ndarray, runs: np.ndarray, heavy: np.ndarray, labels: np.ndarray, depth: int
    ) -> Iterator[np.ndarray]:
        """Yield the pairs of the smallest set of each `heavy` list with those that are similar by the list alone.

        Small sets may share no more than the list's elements, and what divides it would lose their pairs;
        where two are similar by these, the smallest is similar to both.
        """
        owners = self.owners[entries]
        smallest = owners[np.flatnonzero(np.diff(runs, prepend=-1))][runs]
        sizes = self.sizes[owners] + self.sizes[smallest]
        near = heavy[runs] & (sizes * self.threshold / (1 + self.threshold) <= depth + 1e-6)
        near &= labels[owners] != labels[smallest]
        if near.any():
            yield np.unique(encode(owners[near], smallest[near]))

    def _next_places(self, entries: np.ndarray, depth: int) -> np.ndarray:
        """Return how many later elements of each entry's set the next shared one may be, int64 [entries]."""
        sizes = self.sizes[self.owners[entries]]
        last = np.minimum(sizes - at_least(self.threshold * sizes) + depth, sizes - 1)
        return np.maximum(last - self.places[entries], 0)

    def _extend(self, entries: np.ndarray, runs: np.ndarray, depth: int) -> tuple[np.ndarray, np.ndarray]:
        """Return an entry for every element that may be the next one shared, and its list's key: list and element."""
        counts = self._next_places(entries, depth)
        step = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + 1
        later = np.repeat(entries, counts) + step
        return later, (np.repeat(runs, counts).astype(np.uint64) << np.uint64(32)) | self.elements[later]

    def _list(
        self,
        entries: np.ndarray,
        runs: np.ndarray,
        outside: np.ndarray,
        reach: np.ndarray,
        labels: np.ndarray,
        depth: int,
    ) -> Iterator[np.ndarray]:
        """Yield the pairs of the entries `outside` with those of their list within `reach` [lists] places."""
        bounds = np.searchsorted(runs, np.arange(reach.size + 1))
        chosen = np.flatnonzero(outside)
        lows = np.maximum(bounds[runs[chosen]], chosen - reach[runs[chosen]])
        highs = np.minimum(bounds[runs[chosen] + 1], chosen + reach[runs[chosen]] + 1)
        owners, largest = self.owners[entries], self._largest_partner(entries, depth)
        sizes = self.sizes[owners]
        for low, high in batches(highs - lows, BLOCK):
            lengths = highs[low:high] - lows[low:high]
            one = np.repeat(chosen[low:high], lengths)
            other = np.arange(one.size) + np.repeat(lows[low:high] - (np.cumsum(lengths) - lengths), lengths)
            keep = ~outside[other] | (one < other)
            one, other = one[keep], other[keep]
            keep = (largest[one] >= sizes[other]) & (largest[other] >= sizes[one])
            one, other = owners[one[keep]], owners[other[keep]]
            apart = labels[one] != labels[other]
            codes, shared = np.unique(encode(one[apart], other[apart]), return_counts=True)
            if codes.size:
                yield codes[np.argsort(-shared, kind="stable")]


def filter_prefixes(values: np.ndarray, offsets: np.ndarray, threshold: float) -> PrefixFilter:
    """Return the filter of the sets that are segments of `values`, as in `similarity.jaccard`."""
    # any total order of the elements is right; rarest first, by levels, makes the lists short
    levels = np.minimum(np.log2(np.maximum(element_counts(values), 1)) * 8, 255).astype(np.uint64) << np.uint64(24)
    sizes = np.diff(offsets)
    lengths = np.minimum(sizes - at_least(threshold * sizes) + DEPTH, sizes)
    # lists keep this order, so that a set's partners are near it
    order = np.argsort(sizes, kind="stable")
    elements = [np.zeros(0, np.uint32)]
    for low, high in batches(sizes[order], BLOCK):
        found, cuts = gather(values, offsets, order[low:high])
        owner = np.repeat(np.arange(high - low), np.diff(cuts))
        ranks = levels[found >> np.uint32(12)] | (found & np.uint32(0xFFFFFF))
        ranks = np.sort((owner.astype(np.uint64) << np.uint64(32)) | ranks)
        place = np.arange(ranks.size) - cuts[owner]
        elements.append(ranks[place < lengths[order[low:high]][owner]].astype(np.uint32))
    lengths = lengths[order]
    places = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    owners = np.repeat(order.astype(np.int32), lengths)
    return PrefixFilter(threshold, sizes, np.concatenate(elements), owners, places.astype(np.int32))


def element_counts(values: np.ndarray, bits: int = 20) -> np.ndarray:
    """Return how often elements occur, by their upper `bits`, int64 [2**bits]."""
    counts, shift = np.zeros(1 << bits, np.int64), np.uint32(32 - bits)
    for low in range(0, values.size, BLOCK):
        counts += np.bincount(values[low : low + BLOCK] >> shift, minlength=counts.size)
    return counts


def at_least(numbers: np.ndarray) -> np.ndarray:
    """Return the least integers not below `numbers`, which are off by rounding at most."""
    return np.ceil(numbers - 1e-9).astype(np.int64)


def number_runs(keys: np.ndarray) -> np.ndarray:
    """Return the numbers, from 0, of the runs of equal ascending `keys`, int64 [keys]."""
    return np.cumsum(np.diff(keys, prepend=keys[:1]) != 0)


def outside_commonest(labels: np.ndarray, runs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tell of each entry whether it is outside the commonest label of its run, and how many are, int64 [runs]."""
    codes, place, counts = np.unique(
        (runs.astype(np.uint64) << np.uint64(32)) | labels.astype(np.uint64), return_inverse=True, return_counts=True
    )
    run = (codes >> np.uint64(32)).astype(np.int64)
    by = np.lexsort((counts, run))
    commonest = by[np.flatnonzero(np.diff(run[by], append=-1))]
    return place != commonest[runs], np.bincount(runs) - counts[commonest]
