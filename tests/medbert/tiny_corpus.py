"""A finished corpus of a few documents, written as the corpus builder would."""

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.document import SHARD_SCHEMA, document_id
from schemas.manifest import Account, Manifest, Shard, summarise
from schemas.statistics import CorpusStatistics

SENTENCES = (
    "Der Patient klagt über starke Schmerzen im linken Knie.",
    "Übelkeit und Fieber bis 39 °C, sonst keine Beschwerden.",
    "Die Größe des Herdes beträgt 5 mm² rechts basal.",
    "Kein Nachweis einer Fraktur, Weichteile unauffällig.",
)


def letters(count: int) -> list[str]:
    """Return `count` different short texts."""
    return [f"Fall {n}. " + " ".join(SENTENCES[(n + k) % 4] for k in range(1 + n % 4)) for n in range(count)]


def write(folder: Path, shards: dict[str, list[str]], duplicates: frozenset[int] = frozenset()) -> Path:
    """Write a corpus with a shard for each name, such as wikipedia-00000, and return its folder.

    The documents whose number within a shard is in `duplicates` are marked as copies of another one.
    """
    (folder / "data").mkdir(parents=True)
    written, full, dedup = [], {}, {}
    for name, texts in shards.items():
        source = name.rpartition("-")[0]
        rows = [
            {
                "id": document_id(source, f"{name}/{number}"),
                "source": source,
                "text": text,
                "title": "",
                "sentences": 1,
                "words": len(text.split()),
                "bytes": len(text.encode()),
                "entities": [],
                "duplicate_of": document_id(source, "other") if number in duplicates else None,
                "similarity": None,
            }
            for number, text in enumerate(texts)
        ]
        path = folder / "data" / f"{name}.parquet"
        pq.write_table(pa.Table.from_pylist(rows, SHARD_SCHEMA), path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        written.append(Shard(f"data/{name}.parquet", len(rows), path.stat().st_size, digest))
        for variant, kept in ((full, rows), (dedup, [row for row in rows if row["duplicate_of"] is None])):
            count = CorpusStatistics(len(kept), len(kept), sum(r["words"] for r in kept), sum(r["bytes"] for r in kept))
            variant[source] = variant.get(source, CorpusStatistics()) + count
    accounts = {name: Account(read=row.documents, kept=row.documents) for name, row in full.items()}
    Manifest(
        version="0",
        fingerprint=hashlib.sha256(json.dumps([s.sha256 for s in written]).encode()).hexdigest(),
        configuration={},
        sources=accounts,
        statistics={"full": summarise(full), "dedup": summarise(dedup)},
        shards=tuple(written),
    ).write(str(folder / "manifest.json"))
    return folder
