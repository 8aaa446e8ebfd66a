"""Reading a finished corpus: its manifest, its shards, the documents of a variant."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from schemas import storage
from schemas.manifest import VARIANTS, Manifest, Shard

HELD_OUT_SHARE = 0.005
"""Share of the documents that no training run sees; told by their ids, so it is the same in both variants."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """A finished corpus at `url`."""

    url: str
    manifest: Manifest

    @classmethod
    def open(cls, url: str) -> "Corpus":
        """Return the corpus at `url`. Raises ValueError where it is not finished or its manifest is broken."""
        manifest = storage.join(url, "manifest.json")
        if not storage.exists(manifest):
            raise ValueError(f"{url}: no manifest.json: not a corpus, or one that is not finished")
        return cls(url, Manifest.read(manifest))

    def batches(self, shard: Shard, variant: str, columns: Sequence[str], rows: int = 1024) -> Iterator[pa.RecordBatch]:
        """Yield record batches of at most `rows` documents of one shard, those of `variant`.

        Raises ValueError naming a shard whose bytes are not those of the manifest.
        """
        if variant not in VARIANTS:
            raise ValueError(f"variant {variant}: one of {', '.join(VARIANTS)}")
        url = storage.join(self.url, shard.path)
        verify(url, shard)
        with storage.open_input(url) as stream:
            file = pq.ParquetFile(stream)
            for batch in file.iter_batches(batch_size=rows, columns=[*columns, "duplicate_of"]):
                if variant == "dedup":
                    batch = batch.filter(batch.column("duplicate_of").is_null())
                if batch.num_rows:
                    yield batch.select(list(columns))


def verify(url: str, shard: Shard) -> None:
    """Raise ValueError where the file at `url` is missing or not the one that the manifest describes."""
    try:
        with storage.open_input(url) as stream:
            digest = hashlib.sha256()
            while block := stream.read(1 << 20):
                digest.update(block)
    except FileNotFoundError:
        raise ValueError(f"{shard.path}: the manifest names this shard, but it is missing") from None
    if digest.hexdigest() != shard.sha256:
        raise ValueError(f"{shard.path}: corrupt: its SHA-256 is not the one in the manifest")


def held_out(identity: str, share: float = HELD_OUT_SHARE) -> bool:
    """Tell whether the document `identity` (32 hexadecimal digits) is kept from training."""
    return int(hashlib.blake2b(identity.encode(), digest_size=8).hexdigest(), 16) < share * 2**64
