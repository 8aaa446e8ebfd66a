"""The tasks of near-duplicate detection: from band keys to verified edges.

Each takes the workspace and a few numbers and writes one working file.
"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from pipelines.near_duplicates import candidates, hot_buckets
from pipelines.near_duplicates.components import connected_components, renumber
from pipelines.near_duplicates.odd_sketches import may_be_similar, promising_pairs
from pipelines.near_duplicates.prefix_filter import outside_commonest
from pipelines.near_duplicates.signatures import mix
from pipelines.near_duplicates.similarity import batches, gather, jaccard
from pipelines.near_duplicates.workspace import Workspace, count_shingles, read_shingles, read_sketches
from schemas import storage
from schemas.signatures import band_columns

READ_SHINGLES = 1 << 25
"""How many shingles of hot buckets are in memory at once."""

READ_TOGETHER = 1 << 22
"""How many shingles small hot buckets that are read together have."""

COMPARE_SHINGLES = 1 << 21
"""How many shingles, counted in every pair, are compared at once: more take memory and no less time."""

SEEN_PAIRS = 1 << 25
"""How many pairs of hot buckets are remembered as not similar, so that other bands do not compare them again."""

ROW_BLOCKS = 4096
"""Into how many blocks of rows the index of a file of pairs is cut."""


def bucket(workspace: Workspace, task: int, first: int, last: int, part: int, parts: int) -> None:
    """Find the candidate pairs of the bands `first` to `last` among the keys of one hash range."""
    bands = band_columns(workspace.settings)[first:last]
    spokes, pairs = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)]
    hot, sizes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for keys, owners in read_keys(workspace, bands, part, parts):
        places, offsets = candidates.buckets(keys)
        rows = owners[places].astype(np.int64)
        counts = np.diff(offsets)
        small = counts <= candidates.BUCKET
        members = rows[np.repeat(small, counts)]
        spokes.append(candidates.spokes(members, counts[small]))
        pairs.append(candidates.all_pairs(members, counts[small]))
        hot.append(rows[np.repeat(~small, counts)])
        sizes.append(counts[~small])
    write_pairs(workspace, task, np.concatenate(hot), np.concatenate(sizes), spokes=spokes, others=pairs)


def read_keys(workspace: Workspace, bands: Sequence[str], part: int, parts: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return for each band the keys of one hash range, uint64, and the rows they belong to, uint32, ascending."""
    arrays = workspace.read("documents.npz")
    alive = np.unpackbits(arrays["alive"], count=workspace.rows).astype(bool)
    scopes = arrays["scopes"] if arrays["scopes"].any() else None
    keys = [[np.zeros(0, np.uint64)] for _ in bands]
    rows = [[np.zeros(0, np.uint32)] for _ in bands]
    for file, (start, stop) in enumerate(itertools.pairwise(workspace.starts)):
        table = workspace.column(file, *bands)
        for band, name in enumerate(bands):
            here = table[name].to_numpy()
            taken = alive[start:stop] & (here > 0)
            if scopes is not None:
                here = np.maximum(mix(here + scopes[start:stop].astype(np.uint64)), 1)
            if parts > 1:
                taken &= here % np.uint64(parts) == part
            keys[band].append(here[taken])
            rows[band].append((np.flatnonzero(taken) + start).astype(np.uint32))
    return [(np.concatenate(one), np.concatenate(other)) for one, other in zip(keys, rows, strict=True)]


def write_pairs(
    workspace: Workspace, task: int, hot: np.ndarray, sizes: np.ndarray, **pairs: Sequence[np.ndarray]
) -> None:
    """Write codes of pairs, for reading by blocks of rows, and the hot buckets."""
    wanted = np.zeros(workspace.rows, bool)
    wanted[hot] = True
    edges = block_edges(workspace.rows).astype(np.uint64) << np.uint64(32)
    blocks = {}
    for kind, arrays in pairs.items():
        codes = candidates.distinct(*arrays)
        for rows in candidates.decode(codes):
            wanted[rows] = True
        with storage.atomic_write(workspace.url(f"bucket-{task}-{kind}.bin")) as stream:
            stream.write(codes.astype("<u8", copy=False).data)
        blocks[kind] = np.searchsorted(codes, edges)
    workspace.write(f"bucket-{task}.npz", hot=hot, sizes=sizes, wanted=np.packbits(wanted), **blocks)


def block_edges(rows: int) -> np.ndarray:
    """Return the rows at which the blocks of pair files begin and end, int64 [ROW_BLOCKS + 1]."""
    return np.linspace(0, rows, ROW_BLOCKS + 1).astype(np.int64)


def compare_spokes(workspace: Workspace, task: int, names: list[str], first: int, last: int) -> None:
    """Verify the spokes, of the buckets in the files `names`, whose smaller row is in the blocks `first` to `last`."""
    compare(workspace, f"spokes-{task}", read_pairs(workspace, "spokes", names, first, last))


def compare_others(workspace: Workspace, task: int, names: list[str], first: int, last: int) -> None:
    """Verify likewise the pairs that the spokes left apart: most are of documents that are joined by now."""
    pairs = read_pairs(workspace, "others", names, first, last)
    labels = workspace.read("joined.npz")["labels"]
    left, right = candidates.decode(pairs)
    compare(workspace, f"others-{task}", pairs[labels[left] != labels[right]])


def read_pairs(workspace: Workspace, kind: str, names: list[str], first: int, last: int) -> np.ndarray:
    """Return the different codes of pairs of a kind in the blocks `first` to `last`, ascending."""
    codes = [np.zeros(0, np.uint64)]
    for name in names:
        low, high = workspace.read(f"{name}.npz", kind)[kind][[first, last]].tolist()
        with storage.open_input(workspace.url(f"{name}-{kind}.bin")) as stream:
            stream.seek(low * 8)
            codes.append(np.frombuffer(stream.read((high - low) * 8), "<u8"))
    return candidates.distinct(*codes)


def compare(workspace: Workspace, name: str, pairs: np.ndarray) -> None:
    """Write which of the `pairs` are similar."""
    promising = sieve(workspace, pairs)
    similar = promising[compare_pairs(workspace, promising) >= workspace.settings.threshold]
    workspace.write(f"{name}.npz", pairs=similar, edges=np.array(similar.size), compared=np.array(pairs.size))


def measure(workspace: Workspace, task: int, first: int, last: int) -> None:
    """Compute the similarity of the marked documents, `first` to `last`, with those that are kept."""
    pairs = workspace.read("kept.npz")["pairs"][first:last]
    workspace.write(f"measure-{task}.npz", similarities=compare_pairs(workspace, pairs))


def sieve(workspace: Workspace, codes: np.ndarray) -> np.ndarray:
    """Return the codes of those pairs whose sketches do not tell that they are below the threshold."""
    left, right = candidates.decode(codes)
    rows, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    sketches, sizes = read_sketches(workspace, rows), count_shingles(workspace, rows)
    return codes[may_be_similar(sketches, sizes, workspace.settings.threshold, *places.reshape(2, -1))]


def compare_pairs(workspace: Workspace, codes: np.ndarray) -> np.ndarray:
    """Return the exact Jaccard similarity of each pair, float64 [pairs]."""
    left, right = candidates.decode(codes)
    rows, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    sizes = count_shingles(workspace, rows)[places].reshape(2, -1).sum(axis=0)
    similarities = [np.zeros(0)]
    for low, high in batches(sizes, COMPARE_SHINGLES):
        here, ends = np.unique(np.concatenate([left[low:high], right[low:high]]), return_inverse=True)
        values, offsets = read_shingles(workspace, here)
        similarities.append(jaccard(values, offsets, *ends.reshape(2, -1)))
    return np.concatenate(similarities)


def link(workspace: Workspace, task: int) -> None:
    """Find the edges of hot buckets that share documents, largest first; each sees what the others joined."""
    arrays = workspace.read(f"hot-{task}.npz")
    rows, places, cuts, labels = (arrays[name] for name in ("rows", "places", "cuts", "labels"))
    sizes = count_shingles(workspace, rows)
    if rows.size**2 <= (np.diff(cuts) ** 2).sum() and sizes.sum() <= READ_SHINGLES:
        # its buckets overlap so much that the whole family has fewer pairs
        places, cuts = np.arange(rows.size), np.array([0, rows.size])
    pairs, counts, seen = [np.zeros(0, np.uint64)], np.zeros(2, np.int64), np.zeros(0, np.uint64)
    for values, offsets, here in hot_sets(workspace, rows, sizes, places, cuts, labels):
        links = hot_buckets.link(values, offsets, renumber(labels[here]), workspace.settings.threshold, here, seen)
        seen = links.seen[:0] if links.seen.size > SEEN_PAIRS else links.seen
        left, right = (here[ends] for ends in links.edges())
        if left.size:
            # in place, since the buckets to come are chosen by it
            labels[:] = connected_components(left, right, labels)
        counts += [links.compared, links.skipped]
        pairs.append(candidates.encode(rows[left], rows[right]))
        del values, offsets  # before the next bucket is read
    for begin, end in itertools.pairwise(cuts.tolist()):
        if sizes[places[begin:end]].sum() > READ_SHINGLES:
            here = np.sort(places[begin:end])
            found, *done = link_slices(workspace, rows[here], sizes[here], labels[here])
            left, right = (np.searchsorted(rows, ends) for ends in candidates.decode(found))
            labels = connected_components(left, right, labels)
            counts += done
            pairs.append(found)
    edges = candidates.distinct(*pairs)
    workspace.write(f"link-{task}.npz", pairs=edges, edges=np.array(edges.size), compared=counts[0], skipped=counts[1])


def hot_sets(
    workspace: Workspace, rows: np.ndarray, sizes: np.ndarray, places: np.ndarray, cuts: np.ndarray, labels: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield the shingles of each bucket that is not joined yet, their offsets, and the bucket's places, ascending.

    Buckets are segments of `places` in `rows`, whose numbers of shingles are `sizes`. Small ones are
    read together. `labels`, the components of the places, change between two steps.
    """
    totals = np.array([sizes[places[low:high]].sum() for low, high in itertools.pairwise(cuts.tolist())])
    for low, high in batches(totals, READ_TOGETHER):
        buckets = [np.sort(places[begin:end]) for begin, end in itertools.pairwise(cuts[low : high + 1].tolist())]
        buckets = [here for here in buckets if np.any(labels[here] != labels[here[0]])]
        if len(buckets) == 1:
            for here in slices(buckets[0], sizes):
                yield *read_shingles(workspace, rows[here]), here
        elif buckets:
            known = np.unique(np.concatenate(buckets))
            values, offsets = read_shingles(workspace, rows[known])
            for here in buckets:
                if np.any(labels[here] != labels[here[0]]):
                    yield *gather(values, offsets, np.searchsorted(known, here)), here


def link_slices(
    workspace: Workspace, rows: np.ndarray, sizes: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, int, int]:
    """Return the similar pairs among `rows`, a bucket too large for memory, that its slices left apart.

    They are codes of rows; with them come the numbers of pairs compared and skipped.
    """
    labels = renumber(labels)
    outside, _ = outside_commonest(labels, np.zeros_like(labels))
    if int(outside.sum()) * rows.size * workspace.sketch_words > hot_buckets.SKETCHED_WORDS:
        return np.zeros(0, np.uint64), 0, int(outside.sum()) * rows.size
    edges, compared, skipped = [np.zeros(0, np.uint64)], 0, 0
    sketches = np.ascontiguousarray(read_sketches(workspace, rows).T)
    for left, right in promising_pairs(sketches, sizes, workspace.settings.threshold, labels, outside):
        affordable = max(hot_buckets.PAIRS * rows.size - compared, 0)
        compared, skipped = compared + min(left.size, affordable), skipped + max(left.size - affordable, 0)
        left, right = left[:affordable], right[:affordable]
        codes = candidates.encode(rows[left], rows[right])
        similar = compare_pairs(workspace, codes) >= workspace.settings.threshold
        edges.append(codes[similar])
        if similar.any():
            # in place, since the pairs to come are chosen by it
            labels[:] = connected_components(left[similar], right[similar], labels)
    return candidates.distinct(*edges), compared, skipped


def slices(places: np.ndarray, sizes: np.ndarray) -> Iterator[np.ndarray]:
    """Cut a bucket too large for memory by the documents' sizes, as similar documents are about equally large.

    `places` ascend, `sizes` are those of all documents; each slice ascends and repeats a quarter of
    the one before.
    """
    if sizes[places].sum() <= READ_SHINGLES:
        yield places
        return
    ordered = places[np.argsort(sizes[places], kind="stable")]
    quarters = [ordered[low:high] for low, high in batches(sizes[ordered], READ_SHINGLES // 4)]
    for begin in range(0, max(len(quarters) - 1, 1), 3):
        yield np.sort(np.concatenate(quarters[begin : begin + 4]))
