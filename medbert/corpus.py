"""Reading a finished corpus: its manifest, its shards, the documents of a variant."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from schemas import storage
from schemas.manifest import SUMMARY, VARIANTS, Manifest, Shard

LEAST_HELD_OUT, MOST_HELD_OUT, HELD_OUT_DOCUMENTS = 0.005, 0.05, 100
"""Documents that no training run sees: half a per cent, and of a small corpus more, so that some hundred are held out
and a figure on them says something, but never more than a twentieth."""


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

    @property
    def held_out_share(self) -> float:
        """The share of the documents that no training run sees, 0 to 1, by the size of the full variant."""
        documents = self.manifest.statistics["full"][SUMMARY].documents
        return min(MOST_HELD_OUT, max(LEAST_HELD_OUT, HELD_OUT_DOCUMENTS / max(documents, 1)))

    def is_held_out(self, identity: str) -> bool:
        """Tell whether a document is kept from training; the same in both variants, since its id alone decides."""
        return held_out(identity, self.held_out_share)

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


def held_out(identity: str, share: float) -> bool:
    """Tell whether the document `identity` (32 hexadecimal digits) is in the `share` that is kept from training."""
    return int(hashlib.blake2b(identity.encode(), digest_size=8).hexdigest(), 16) < share * 2**64
