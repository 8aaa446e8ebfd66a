"""Check a finished corpus against its manifest: `python -m pipelines.audit --corpus DIR`.

Every shard is read: its size, digest, rows and schema, the counts of its texts, the uniqueness of ids
and where the marks of near-duplicates lead. Prints one line a check; ends with 1 where one fails.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.count import count_text
from pipelines.shard import sha256
from schemas import storage
from schemas.document import SHARD_SCHEMA
from schemas.manifest import SUMMARY, Manifest, Shard
from schemas.statistics import CorpusStatistics


def check_shard(corpus: str, shard: Shard) -> Iterator[str]:
    """Yield what is wrong with a shard's file, by name."""
    url = storage.join(corpus, shard.path)
    if not storage.exists(url):
        yield f"{shard.path}: missing"
        return
    if storage.size(url) != shard.bytes or sha256(url) != shard.sha256:
        yield f"{shard.path}: its bytes are not those of the manifest"
        return
    with storage.open_input(url) as stream:
        file = pq.ParquetFile(stream)
        if not file.schema_arrow.equals(SHARD_SCHEMA):
            yield f"{shard.path}: its columns are not those of a shard"
        if file.metadata.num_rows != shard.rows:
            yield f"{shard.path}: {file.metadata.num_rows} rows, the manifest says {shard.rows}"
        for group in range(file.num_row_groups):
            yield from check_counts(
                shard.path, file.read_row_group(group, columns=["text", "sentences", "words", "bytes"])
            )


def check_counts(path: str, rows: pa.Table) -> Iterator[str]:
    """Yield a line where the counts of a row are not those of its text."""
    for number, row in enumerate(rows.to_pylist()):
        if count_text(row["text"]) != CorpusStatistics(1, row["sentences"], row["words"], row["bytes"]):
            yield f"{path}: the counts of row {number} are not those of its text"


def check_marks(corpus: str, manifest: Manifest) -> Iterator[str]:
    """Yield what is wrong with ids and marks, which cross shards."""
    columns = ["id", "source", "words", "duplicate_of", "similarity"]
    tables = []
    for shard in manifest.shards:
        with storage.open_input(storage.join(corpus, shard.path)) as stream:
            tables.append(pq.read_table(stream, columns=columns))
    if not tables:
        return
    rows = pa.concat_tables(tables)
    if len(rows["id"].unique()) != rows.num_rows:
        yield "an id occurs twice"
    kept = rows.filter(rows["duplicate_of"].is_null())
    kept_ids = set(kept["id"].to_pylist())
    dangling = sum(target not in kept_ids for target in rows["duplicate_of"].drop_null().to_pylist())
    if dangling and not manifest.configuration.get("against"):
        yield f"{dangling} documents are marked as duplicates of one that is not kept"
    for variant, table in (("full", rows), ("dedup", kept)):
        if table.num_rows != manifest.statistics[variant][SUMMARY].documents:
            yield f"{variant}: {table.num_rows} documents, the manifest says otherwise"


def audit(corpus: str) -> list[str]:
    """Return what is wrong with the corpus at `corpus`, nothing if all is well. Raises OSError, ValueError."""
    manifest = Manifest.read(storage.join(corpus, "manifest.json"))
    manifest.check()
    findings = [finding for shard in manifest.shards for finding in check_shard(corpus, shard)]
    return findings or list(check_marks(corpus, manifest))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, 1 for findings and 2 where there is no corpus."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.audit", description=__doc__, allow_abbrev=False)
    parser.add_argument("--corpus", required=True, metavar="DIR")
    corpus = parser.parse_args(arguments).corpus
    try:
        findings = audit(corpus)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for finding in findings:
        print(finding)
    print(f"{corpus}: {f'{len(findings)} findings' if findings else 'all is as the manifest says'}")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
