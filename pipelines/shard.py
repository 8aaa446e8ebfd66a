"""Parquet: parts as they are built, and final shards with the marks of near-duplicates."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, Self, cast

import pyarrow as pa
import pyarrow.parquet as pq

from schemas import storage
from schemas.document import PART_SCHEMA, Document, Rejection
from schemas.statistics import CorpusStatistics

ROW_GROUP_BYTES = 32 * 1024 * 1024
"""UTF-8 bytes of text after which a row group is closed."""


def open_writer(stream: BinaryIO, schema: pa.Schema) -> pq.ParquetWriter:
    """Return a writer with the settings of every Parquet file of a corpus."""
    return pq.ParquetWriter(
        stream,
        schema,
        compression="zstd",
        use_dictionary=cast(Any, [name for name in ("source",) if name in schema.names]),
        write_statistics=True,
        write_page_index=True,
        store_schema=True,
    )


def documents_table(documents: Sequence[Document], counts: Sequence[CorpusStatistics]) -> pa.Table:
    """Return `documents` with their counts as rows of `PART_SCHEMA`."""
    columns = [
        [document.id for document in documents],
        [document.source for document in documents],
        [document.text for document in documents],
        [document.title for document in documents],
        [count.sentences for count in counts],
        [count.words for count in counts],
        [count.bytes for count in counts],
        [[{"label": k, "count": n} for k, n in sorted(document.entities.items())] for document in documents],
    ]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, PART_SCHEMA, strict=True)], schema=PART_SCHEMA)


class RowGroups:
    """Writes tables of one schema to a Parquet file, gathered into row groups by their size."""

    def __init__(self, stream: BinaryIO, schema: pa.Schema) -> None:
        self.writer = open_writer(stream, schema)
        self.pending: list[pa.Table] = []
        self.size = 0

    def add(self, table: pa.Table) -> None:
        self.pending.append(table)
        self.size += table.nbytes
        if self.size >= ROW_GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        if self.pending:
            table = pa.concat_tables(self.pending)
            self.writer.write_table(table, row_group_size=max(1, table.num_rows))
            self.pending, self.size = [], 0


@contextmanager
def row_groups(stream: BinaryIO, schema: pa.Schema) -> Iterator[RowGroups]:
    """Open a Parquet file on `stream`; it is ended when the block ends."""
    groups = RowGroups(stream, schema)
    yield groups
    groups.flush()
    groups.writer.close()


class PartWriter:
    """Writes one part: documents, their signatures in the same order, and rejections.

    All three files appear whole when the block ends, or not at all.
    """

    def __init__(self, work: str, name: str, signature_schema: pa.Schema) -> None:
        self.work, self.name, self.signature_schema = work, name, signature_schema

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            documents, signatures, self._rejections = (
                stack.enter_context(storage.atomic_write(part_url(self.work, kind, self.name)))
                for kind in ("parts", "signatures", "rejections")
            )
            self._documents = stack.enter_context(row_groups(documents, PART_SCHEMA))
            self._signatures = stack.enter_context(row_groups(signatures, self.signature_schema))
            self._stack = stack.pop_all()
        return self

    def write(self, documents: pa.Table, signatures: pa.Table) -> None:
        """Append rows of `PART_SCHEMA` and their signatures, row by row of the same document."""
        self._documents.add(documents)
        self._signatures.add(signatures)

    def reject(self, rejection: Rejection) -> None:
        self._rejections.write(rejection_line(rejection))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> bool | None:
        return self._stack.__exit__(kind, error, trace)


def part_url(work: str, kind: str, name: str) -> str:
    """Return where the file `kind` (parts, signatures, rejections, marks, accounts) of a part is."""
    suffix = {"rejections": "jsonl", "accounts": "json"}.get(kind, "parquet")
    return storage.join(work, kind, f"{name}.{suffix}")


def rejection_line(rejection: Rejection) -> bytes:
    """Return `rejection` as a line of JSON: an id, codes and a file name, never text of the document."""
    fields = {name: getattr(rejection, name) for name in ("id", "source", "stage", "reason", "file")}
    return json.dumps(fields, ensure_ascii=False).encode(errors="replace") + b"\n"


def read_row_groups(url: str) -> Iterator[pa.Table]:
    """Yield the row groups of the Parquet file at `url`, one at a time."""
    with storage.open_input(url) as stream:
        file = pq.ParquetFile(stream)
        for group in range(file.num_row_groups):
            yield file.read_row_group(group)


def sha256(url: str) -> str:
    """Return the SHA-256 digest, in hexadecimal, of the file at `url`."""
    digest = hashlib.sha256()
    with storage.open_input(url) as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
