"""What is decided about single documents before any two are compared: repeated ids, equal contents, scope."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from pipelines.near_duplicates.candidates import buckets, sharing
from pipelines.near_duplicates.signatures import text_hashes
from pipelines.near_duplicates.workspace import Workspace
from schemas.signatures import REJECTIONS


@dataclass(slots=True)
class Documents:
    """Every document of a workspace, by row; delivered documents come first.

    `sources`, int16, are places in `names`. `rejected`, uint8, is 0 or the place of the reason in
    `REJECTIONS` plus 1; `renamed` holds new ids. `representative`, int32, is the first document that
    takes part with the same content, the row itself where it does not take part.
    """

    names: list[str]
    sources: np.ndarray
    rejected: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint8))
    renamed: dict[int, str] = field(default_factory=dict)
    representative: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))

    def reject(self, rows: np.ndarray, reason: str) -> None:
        self.rejected[rows] = REJECTIONS.index(reason) + 1

    def alive(self) -> np.ndarray:
        """Tell which documents stand for their content, bool [rows]."""
        return (self.rejected == 0) & (self.representative == np.arange(self.representative.size, dtype=np.int32))


def inspect(workspace: Workspace, group: int, first: int, last: int) -> None:
    """Collect the hashes and sources of the documents of the files `first` to `last`."""
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


def digests(column: pa.FixedSizeBinaryArray) -> np.ndarray:
    """Return a column of 16-byte digests as uint64 [rows, 2]."""
    data = np.frombuffer(column.buffers()[1], "<u8") if len(column) else np.zeros(0, "<u8")
    return data.reshape(-1, 2)[column.offset : column.offset + len(column)]


def read_documents(workspace: Workspace) -> Documents:
    """Put together what the inspection of the groups of files found, and resolve the repeated ids."""
    parts = [workspace.read(f"inspect-{group}.npz", "names", "sources") for group in range(len(workspace.groups()))]
    names = sorted({name for part in parts for name in part["names"].tolist()})
    places = [np.array([names.index(name) for name in part["names"].tolist()], np.int16) for part in parts]
    sources = [place[part["sources"]] for place, part in zip(places, parts, strict=True)]
    repeated, renamed = resolve_repeated_ids(workspace, read_hashes(workspace, "ids")[: workspace.delivered_rows])
    documents = Documents(names, np.concatenate([np.zeros(0, np.int16), *sources]), renamed=renamed)
    documents.rejected = np.zeros(workspace.rows, np.uint8)
    documents.reject(np.array(repeated, np.int64), "duplicate_key")
    return documents


def read_hashes(workspace: Workspace, name: str) -> np.ndarray:
    """Return the hashes `name` that the inspection found: ids or exact, uint64 [rows], or content, uint64 [rows, 2].

    One at a time: all of them together are the most that pass two would hold.
    """
    hashes = np.zeros((workspace.rows, 2) if name == "content" else workspace.rows, np.uint64)
    place = 0
    for group in range(len(workspace.groups())):
        found = workspace.read(f"inspect-{group}.npz", name)[name]
        hashes[place : place + len(found)] = found
        place += len(found)
    return hashes


def reject_withdrawn(workspace: Workspace, documents: Documents, withdrawn: frozenset[str]) -> None:
    """Reject the documents, those of finished corpora too, whose id, a new one where they have one, is `withdrawn`.

    So they take no part, and no other document is marked as a duplicate of one that is not there.
    """
    known = text_hashes(pa.array(sorted(withdrawn), pa.string()))
    rows = np.flatnonzero(np.isin(read_hashes(workspace, "ids"), known))
    named = workspace.take(rows, "id")["id"].to_pylist()
    found = {row for row, name in zip(rows.tolist(), named, strict=True) if name in withdrawn} - set(documents.renamed)
    found |= {row for row, name in documents.renamed.items() if name in withdrawn}
    documents.reject(np.array(sorted(found), np.int64), "withdrawn")


def resolve_repeated_ids(workspace: Workspace, hashes: np.ndarray) -> tuple[list[int], dict[int, str]]:
    """Return the rows whose id and text were seen before, and the new ids of those whose id alone was.

    `hashes` are the delivered ids' 64-bit hashes, uint64 [rows]. The first row keeps its id.
    """
    rows = np.sort(buckets(hashes)[0])
    table = workspace.take(rows, "id", "exact")
    seen: dict[str, set[bytes]] = {}
    repeated, renamed = [], {}
    for row, identity, exact in zip(rows.tolist(), *(c.to_pylist() for c in table.columns), strict=True):
        texts = seen.setdefault(identity, set())
        if exact in texts:
            repeated.append(row)
        elif texts:
            renamed[row] = derived_id(identity, exact)
        texts.add(exact)
    return repeated, renamed


def derived_id(identity: str, exact: bytes) -> str:
    """Return the id of a record whose key another record of the same source has, with another text."""
    return hashlib.blake2b(identity.encode() + b"\0" + exact, digest_size=16).hexdigest()


def scope_codes(documents: Documents, scope: tuple[str, ...]) -> np.ndarray:
    """Return a number for each document, int16 [rows]: equal ones are compared, those of -1 are not."""
    if scope == ("source",):
        return documents.sources
    takes_part = [scope == ("all",) or name in scope for name in documents.names]
    return (np.array(takes_part, np.int16) - 1)[documents.sources]


def find_representatives(content: np.ndarray, scopes: np.ndarray) -> np.ndarray:
    """Return for each document the first with the same content and scope, int32 [rows].

    `content` is uint64 [rows, 2]; a document of scope -1 stands for itself.
    """
    rows = sharing(content[:, 0])
    rows = rows[scopes[rows] >= 0]
    rows = rows[np.lexsort((rows, scopes[rows], content[rows, 1], content[rows, 0]))]
    fresh = np.ones(rows.size, bool)
    same = (content[rows[1:]] == content[rows[:-1]]).all(axis=1) & (scopes[rows[1:]] == scopes[rows[:-1]])
    fresh[1:] = ~same
    found = np.arange(content.shape[0], dtype=np.int32)
    found[rows] = rows[np.flatnonzero(fresh)[np.cumsum(fresh) - 1]]
    return found


def source_ranks(names: Iterable[str], precedence: tuple[str, ...]) -> np.ndarray:
    """Return the place of each source in the precedence; the others follow by name, int16 [names]."""
    order = [*precedence, *sorted(set(names) - set(precedence))]
    return np.array([order.index(name) for name in names], np.int16)
