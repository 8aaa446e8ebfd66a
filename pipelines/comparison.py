"""The tasks of near-duplicate detection: from band keys to verified edges.

Each takes the workspace and a few numbers and writes one working file.
"""

import itertools

import numpy as np

from pipelines import candidates
from pipelines.components import connected_components
from pipelines.signatures import mix, text_hashes
from pipelines.similarity import jaccard
from pipelines.workspace import Workspace, read_shingles
from schemas import storage
from schemas.signatures import band_columns

ROW_BLOCKS = 4096
"""Into how many blocks of rows the index of a file of pairs is cut."""


def inspect(workspace: Workspace, group: int, first: int, last: int) -> None:
    """Collect what the decisions about single documents need: hashes of ids and texts, sources."""
    names: list[str] = []
    found: dict[str, list[np.ndarray]] = {"ids": [], "exact": [], "content": [], "sources": []}
    for file in range(first, last):
        table = workspace.column(file, "id", "source", "exact", "content")
        encoded = table["source"].combine_chunks().dictionary_encode()
        values = encoded.dictionary.to_pylist()
        names += [name for name in values if name not in names]
        codes = np.array([names.index(name) for name in values], np.int16)
        found["sources"].append(codes[encoded.indices.to_numpy()])
        found["ids"].append(text_hashes(table["id"].combine_chunks()))
        found["exact"].append(digests(table["exact"].combine_chunks())[:, 0])
        found["content"].append(digests(table["content"].combine_chunks()))
    arrays = {name: np.concatenate(columns) for name, columns in found.items()}
    workspace.write(f"inspect-{group}.npz", names=np.array(names, np.str_), **arrays)


def digests(column) -> np.ndarray:
    """Return a column of 16-byte digests as uint64 [rows, 2]."""
    data = np.frombuffer(column.buffers()[1], "<u8") if len(column) else np.zeros(0, "<u8")
    return data.reshape(-1, 2)[column.offset : column.offset + len(column)]


def bucket(workspace: Workspace, task: int, first: int, last: int, part: int, parts: int) -> None:
    """Find the candidate pairs of the bands `first` to `last` among the keys of one hash range."""
    arrays = workspace.read("documents.npz")
    names = band_columns(workspace.settings)[first:last]
    columns: list[list[np.ndarray]] = [[] for _ in names]
    for file in range(len(workspace.urls)):
        table = workspace.column(file, *names)
        for column, name in zip(columns, names, strict=True):
            column.append(table[name].to_numpy())
    alive = np.unpackbits(arrays["alive"], count=workspace.rows).astype(bool)
    codes, hot = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    sizes = [np.zeros(0, np.int64)]
    while columns:
        keys = np.concatenate(columns.pop(0))
        keys[~alive] = 0
        if "scopes" in arrays:
            keys[alive] = np.maximum(
                mix(keys[alive] + arrays["scopes"][alive].astype(np.uint64) * (keys[alive] > 0)), 1
            )
        if parts > 1:
            keys[keys % np.uint64(parts) != part] = 0
        rows, offsets = candidates.buckets(keys)
        counts = np.diff(offsets)
        small = np.repeat(counts <= candidates.BUCKET, counts)
        codes.append(candidates.all_pairs(rows[small], counts[counts <= candidates.BUCKET]))
        hot.append(rows[~small])
        sizes.append(counts[counts > candidates.BUCKET])
    write_pairs(
        workspace, f"bucket-{task}", np.unique(np.concatenate(codes)), np.concatenate(hot), np.concatenate(sizes)
    )


def write_pairs(workspace: Workspace, name: str, codes: np.ndarray, hot: np.ndarray, sizes: np.ndarray) -> None:
    """Write ascending codes of pairs for reading by blocks of rows, and the hot buckets."""
    with storage.atomic_write(workspace.url(f"{name}.bin")) as stream:
        stream.write(codes.astype("<u8", copy=False).data)
    wanted = np.zeros(workspace.rows, bool)
    for rows in (*candidates.decode(codes), hot):
        wanted[rows] = True
    edges = block_edges(workspace.rows).astype(np.uint64) << np.uint64(32)
    blocks = np.searchsorted(codes, edges)
    workspace.write(f"{name}.npz", blocks=blocks, hot=hot, sizes=sizes, wanted=np.packbits(wanted))


def block_edges(rows: int) -> np.ndarray:
    """Return the rows at which the blocks of pair files begin and end, int64 [ROW_BLOCKS + 1]."""
    return np.linspace(0, rows, ROW_BLOCKS + 1).astype(np.int64)


def compare(workspace: Workspace, task: int, names: list[str], first: int, last: int) -> None:
    """Verify the candidate pairs, in the files `names`, whose smaller row is in the blocks `first` to `last`."""
    codes = [np.zeros(0, np.uint64)]
    for name in names:
        low, high = workspace.read(f"{name}.npz")["blocks"][[first, last]].tolist()
        with storage.open_input(workspace.url(f"{name}.bin")) as stream:
            stream.seek(low * 8)
            codes.append(np.frombuffer(stream.read((high - low) * 8), "<u8"))
    pairs = np.unique(np.concatenate(codes))
    similarities = compare_pairs(workspace, pairs)
    keep = similarities >= workspace.settings.threshold
    workspace.write(
        f"compare-{task}.npz", pairs=pairs[keep], similarities=similarities[keep], compared=np.array(pairs.size)
    )


def measure(workspace: Workspace, task: int, first: int, last: int) -> None:
    """Compute the similarity of the marked documents, `first` to `last`, with those that are kept."""
    pairs = workspace.read("kept.npz")["pairs"][first:last]
    workspace.write(f"measure-{task}.npz", similarities=compare_pairs(workspace, pairs))


def compare_pairs(workspace: Workspace, codes: np.ndarray) -> np.ndarray:
    """Return the exact Jaccard similarity of each pair, float64 [pairs]."""
    left, right = candidates.decode(codes)
    rows = np.unique(np.concatenate([left, right]))
    values, offsets = read_shingles(workspace, rows)
    return jaccard(values, offsets, np.searchsorted(rows, left), np.searchsorted(rows, right))


def link(workspace: Workspace, task: int) -> None:
    """Find the edges of hot buckets that share documents, largest first; each sees what the others joined."""
    arrays = workspace.read(f"hot-{task}.npz")
    rows, places, cuts, labels = (arrays[name] for name in ("rows", "places", "cuts", "labels"))
    pairs, counts = [np.zeros(0, np.uint64)], np.zeros(2, np.int64)
    for low, high in itertools.pairwise(cuts.tolist()):
        here = places[low:high]
        if np.all(labels[here] == labels[here[0]]):
            continue
        values, offsets = read_shingles(workspace, rows[here])
        local = np.unique(labels[here], return_index=True, return_inverse=True)
        links = candidates.link(values, offsets, local[1][local[2]], workspace.settings.threshold)
        left, right = here[links.left], here[links.right]
        roots = connected_components(labels[left], labels[right], labels.size)
        labels = roots[labels]
        counts += [links.compared, links.skipped]
        pairs.append(candidates.encode(rows[left], rows[right]))
    workspace.write(f"link-{task}.npz", counts=counts, pairs=np.unique(np.concatenate(pairs)))
