"""Tokens of a corpus by a tokenizer: `tokens.json` beside the manifest, which the report shows.

A corpus is built before its tokenizer exists, so this is counted when a report is asked for with `--tokenizer`.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import pyarrow.parquet as pq

from schemas import storage
from schemas.manifest import SUMMARY, Manifest, add_counts

BATCH_DOCUMENTS = 256
FILE = "tokens.json"


def count_tokens(corpus: str, manifest: Manifest, folder: str) -> dict[str, Any]:
    """Count the tokens of all documents of `corpus` by the `tokenizer.json` in `folder`.

    Special tokens do not count. Raises ValueError where there is no tokenizer or the package `tokenizers` is missing.
    """
    try:
        from tokenizers import Tokenizer  # of the extra `train`: only this needs it
    except ImportError:
        raise ValueError("--tokenizer needs the package tokenizers: pip install 'medbert-de[train]'") from None
    try:
        with storage.open_input(storage.join(folder, "tokenizer.json")) as stream:
            content = stream.read()
    except OSError:
        raise ValueError(
            f"--tokenizer {folder}: no tokenizer.json; train one with python -m medbert.tokenizer"
        ) from None
    try:
        tokenizer = Tokenizer.from_buffer(content)
    except Exception:  # the library raises bare Exception
        raise ValueError(f"--tokenizer {folder}: tokenizer.json is broken") from None
    unknown = tokenizer.token_to_id("[UNK]")  # None where the tokenizer can spell anything
    rows: dict[str, dict[str, int]] = {}
    for shard in manifest.shards:
        with storage.open_input(storage.join(corpus, shard.path)) as stream:
            file = pq.ParquetFile(stream)
            for batch in file.iter_batches(BATCH_DOCUMENTS, columns=["source", "text", "words"]):
                source, texts = batch["source"][0].as_py(), batch["text"].to_pylist()
                encoded = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
                counts = {
                    "words": int(batch["words"].to_numpy().sum()),
                    "tokens": sum(len(one) for one in encoded),
                    "unknown": 0 if unknown is None else sum(one.ids.count(unknown) for one in encoded),
                }
                for name in (source, SUMMARY):
                    rows[name] = add_counts(rows.get(name, {}), counts)
    return {
        "corpus": manifest.fingerprint,
        "tokenizer": hashlib.sha256(content).hexdigest(),
        "entries": tokenizer.get_vocab_size(),
        "rows": rows,
    }


def read_tokens(corpus: str, manifest: Manifest) -> Mapping[str, Any] | None:
    """Return the counts of `tokens.json`, or None where there is none or it is of another corpus."""
    try:
        tokens = storage.read_json(storage.join(corpus, FILE))
    except (OSError, ValueError):
        return None
    return tokens if tokens.get("corpus") == manifest.fingerprint else None
