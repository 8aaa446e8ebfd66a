"""Pass three: a part becomes a shard.

The marks of near-duplicates are added, rows that pass two rejected are left out, and both variants
are counted. Documents are read and written a row group at a time.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.shard import part_url, read_row_groups, rejection_line, row_groups, sha256
from pipelines.usage import peak_memory, release_memory
from pipelines.vocabulary import VocabularyTally
from schemas import storage
from schemas.document import SHARD_SCHEMA, Rejection
from schemas.manifest import Shard
from schemas.statistics import CorpusStatistics


@dataclass(frozen=True, slots=True)
class Marking:
    """Where parts come from and shards go to; `metadata` enters the schema of every shard."""

    work: str
    output: str
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unmarked:
    """A part that waits for its marks: its name, its source and the number of its shard in the source."""

    part: str
    source: str
    number: int

    @property
    def shard(self) -> str:
        return f"{self.source}-{self.number:05d}"


def apply_marks(table: pa.Table, marks: pa.Table, offset: int) -> tuple[pa.Table, list[str]]:
    """Return rows of a part as rows of a shard, and for each row why it is rejected ('': it stays).

    The table's first row is row `offset` of the part. `marks` has the columns row (of the part, ascending),
    id (a new id or null), duplicate_of, similarity and rejected (a reason or null).
    """
    rows = table.num_rows
    ids: list[str] = table["id"].to_pylist()
    duplicate_of: list[str | None] = [None] * rows
    similarity: list[float | None] = [None] * rows
    reasons = [""] * rows
    numbers = marks["row"].to_numpy()
    first, last = np.searchsorted(numbers, [offset, offset + rows])
    for entry in marks.slice(first, last - first).to_pylist():
        row = entry["row"] - offset
        ids[row] = entry["id"] or ids[row]
        duplicate_of[row], similarity[row] = entry["duplicate_of"], entry["similarity"]
        reasons[row] = entry["rejected"] or ""
    columns = [pa.array(ids, pa.string()), *table.columns[1:]]
    columns += [pa.array(duplicate_of, pa.string()), pa.array(similarity, pa.float64())]
    return pa.table(columns, schema=SHARD_SCHEMA), reasons


def statistics(rows: pa.Table) -> CorpusStatistics:
    """Return the sums of a shard's rows."""
    sums = (int(rows[name].to_numpy().sum()) for name in ("sentences", "words", "bytes"))
    return CorpusStatistics(rows.num_rows, *sums)


def distributions(rows: pa.Table) -> dict[str, Counter[str]]:
    """Return histograms of a shard's rows, lower edge of the bin to count: powers of two, twentieths."""
    similar = [value for value in rows["similarity"].to_pylist() if value is not None]
    return {
        "words": Counter(power_of_two(n) for n in rows["words"].to_pylist()),
        "sentences": Counter(power_of_two(n) for n in rows["sentences"].to_pylist()),
        "similarity": Counter(f"{int(value * 20 + 1e-9) / 20:.2f}" for value in similar),
    }


def power_of_two(number: int) -> str:
    """Return the largest power of two that is not above `number`, as text; '0' for 0."""
    return str(1 << (number.bit_length() - 1)) if number else "0"


def finish_shard(part: Unmarked, marking: Marking) -> dict[str, Any]:
    """Write the shard of `part` and return its account; a shard that is there is not written again."""
    done = storage.join(marking.work, "finished", f"{part.part}.json")
    if storage.exists(done):
        return storage.read_json(done)
    with storage.open_input(part_url(marking.work, "marks", part.part)) as stream:
        marks = pq.read_table(stream)
    path = f"data/{part.shard}.parquet"
    schema = SHARD_SCHEMA.with_metadata({"medbert": json.dumps(marking.metadata, sort_keys=True)})
    tally = ShardTally(part.source)
    with (
        storage.atomic_write(storage.join(marking.output, path)) as stream,
        storage.atomic_write(storage.join(marking.output, f"rejections/{part.shard}.jsonl")) as rejections,
    ):
        copy_rejections(part_url(marking.work, "rejections", part.part), rejections)
        with row_groups(stream, schema) as shard:
            offset = 0
            for group in read_row_groups(part_url(marking.work, "parts", part.part)):
                rows, reasons = apply_marks(group, marks, offset)
                offset += group.num_rows
                for row, reason in enumerate(reasons):
                    if reason:
                        rejection = Rejection(rows["id"][row].as_py(), part.source, "deduplicate", reason)
                        rejections.write(rejection_line(rejection))
                kept = rows.filter(pa.array([not reason for reason in reasons], pa.bool_()))
                shard.add(kept.replace_schema_metadata(schema.metadata))
                tally.add(kept, reasons)
    finish_signatures(part, marking, marks)
    if not tally.full.documents:  # an empty shard helps nobody
        storage.delete_file(storage.join(marking.output, path))
        storage.delete_file(storage.join(marking.output, f"signatures/{part.shard}.parquet"))
    account = {**tally.account(marking.output, path), "peak_memory": peak_memory()}
    storage.write_json(done, account)
    return account


class ShardTally:
    """Counts the rows of one shard, both variants."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.full = self.dedup = CorpusStatistics.zero()
        self.rejected: Counter[str] = Counter()
        self.entities: Counter[str] = Counter()
        self.distributions: dict[str, Counter[str]] = {}
        self.vocabulary = VocabularyTally()

    def add(self, rows: pa.Table, reasons: Sequence[str]) -> None:
        """Count `rows`, which stay, and the `reasons` of those that do not ('': stays)."""
        self.full += statistics(rows)
        self.dedup += statistics(rows.filter(rows["duplicate_of"].is_null()))
        self.rejected.update(reason for reason in reasons if reason)
        for entity in rows["entities"].combine_chunks().flatten().to_pylist():
            self.entities[entity["label"]] += entity["count"]
        for name, histogram in distributions(rows).items():
            self.distributions.setdefault(name, Counter()).update(histogram)
        self.vocabulary.add(rows["id"].to_pylist(), rows["text"].to_pylist())

    def account(self, output: str, path: str) -> dict[str, Any]:
        url, rows = storage.join(output, path), self.full.documents
        return {
            "source": self.source,
            "shard": asdict(Shard(path, rows, storage.size(url), sha256(url))) if rows else None,
            "statistics": {"full": asdict(self.full), "dedup": asdict(self.dedup)},
            "rejected": dict(sorted(self.rejected.items())),
            "entities": dict(sorted(self.entities.items())),
            "distributions": {name: dict(sorted(bins.items())) for name, bins in self.distributions.items()},
            "vocabulary": self.vocabulary.account(),
        }


def copy_rejections(url: str, target: Any) -> None:
    """Append the rejections of pass one to those of the shard."""
    with storage.open_input(url) as stream:
        while block := stream.read(1 << 20):
            target.write(block)


def finish_signatures(part: Unmarked, marking: Marking, marks: pa.Table) -> None:
    """Write the signatures of the rows that stay beside the shards, for later deliveries."""
    source_url = part_url(marking.work, "signatures", part.part)
    with storage.open_input(source_url) as stream:
        schema = pq.read_schema(stream)
    new = {entry["row"]: entry for entry in marks.to_pylist()}
    url = storage.join(marking.output, f"signatures/{part.shard}.parquet")
    with storage.atomic_write(url) as stream, row_groups(stream, schema) as signatures:
        offset = 0
        for group in read_row_groups(source_url):
            ids = group["id"].to_pylist()
            keep = [True] * len(ids)
            for row in range(len(ids)):
                if entry := new.get(offset + row):
                    ids[row] = entry["id"] or ids[row]
                    keep[row] = entry["rejected"] is None
            offset += len(ids)
            position = group.schema.get_field_index("id")
            group = group.set_column(position, schema.field("id"), pa.array(ids, pa.string()))
            signatures.add(group.filter(pa.array(keep, pa.bool_())).replace_schema_metadata(schema.metadata))


@dataclass
class FinishShards(beam.PTransform):
    """Parts with their marks in, accounts of the shards out."""

    marking: Marking

    def expand(self, parts: beam.PCollection[Unmarked]) -> Any:
        return parts | beam.Reshuffle() | beam.ParDo(_FinishShard(self.marking))


class _FinishShard(beam.DoFn):
    def __init__(self, marking: Marking) -> None:
        self.marking = marking

    def process(self, part: Unmarked) -> Iterator[dict[str, Any]]:
        yield finish_shard(part, self.marking)
        release_memory()
