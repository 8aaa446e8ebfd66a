"""A variant of the corpus as token ids on disk: `python -m medbert.tokens --corpus DIR --tokenizer DIR --output DIR`.

Each shard becomes two files, made by whichever process is free: `NAME.tokens`, uint16 little-endian
ids without special tokens, and `NAME.offsets`, uint64 [documents + 1]. A shard whose files are there
is done, so a killed run goes on. `tokens.json`, written last, names the corpus and the tokenizer.
"""

import argparse
import json
import logging
import multiprocessing
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.progress import track

from medbert import tokenizer
from medbert.corpus import Corpus, held_out
from schemas.manifest import VARIANTS, Shard

logger = logging.getLogger(__name__)
SPLITS = ("train", "validation")


@dataclass(frozen=True, slots=True)
class TokenFiles:
    """The token files of one variant in `folder`; see `open_tokens`.

    `shards` are the names of the files, `documents` and `tokens` the sums over them.
    """

    folder: Path
    corpus: str
    tokenizer: str
    variant: str
    shards: tuple[str, ...]
    documents: dict[str, int]
    tokens: dict[str, int]

    def write(self) -> None:
        value = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "folder"}
        _replace(self.folder / "tokens.json", json.dumps(value, indent=2, sort_keys=True).encode() + b"\n")


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)


def tokenise_shard(corpus: Corpus, shard: Shard, variant: str, tokenizer_folder: Path, output: Path) -> None:
    """Write the token files of one shard, training and held-out documents apart; at once or not at all."""
    encoder = tokenizer.load(tokenizer_folder)
    name = Path(shard.path).stem
    if all((output / f"{name}.{split}.offsets").exists() for split in SPLITS):
        return
    streams = {split: (output / f".{name}.{split}.{os.getpid()}").open("wb") for split in SPLITS}
    lengths: dict[str, list[int]] = {split: [0] for split in SPLITS}
    for batch in corpus.batches(shard, variant, ["id", "text"], rows=256):
        identities, texts = (column.to_pylist() for column in batch.columns)
        for identity, encoding in zip(identities, encode(encoder, texts), strict=True):
            split = "validation" if held_out(identity) else "train"
            streams[split].write(encoding.tobytes())
            lengths[split].append(len(encoding))
    for split, stream in streams.items():
        stream.close()
        Path(stream.name).replace(output / f"{name}.{split}.tokens")
        _replace(output / f"{name}.{split}.offsets", np.cumsum(lengths[split], dtype="<u8").tobytes())


def encode(encoder: "tokenizer.Tokenizer", texts: Sequence[str], piece: int = 100_000) -> list[np.ndarray]:
    """Return the ids, uint16, of each text, without special tokens.

    A text beyond `piece` characters is encoded in pieces cut at blanks: the library takes memory in
    proportion to the longest text of a batch.
    """
    cut = [_pieces(text, piece) for text in texts]
    encoded = iter(encoder.encode_batch_fast([part for parts in cut for part in parts], add_special_tokens=False))
    return [np.concatenate([np.asarray(next(encoded).ids, "<u2") for _ in parts]) for parts in cut]


def _pieces(text: str, size: int) -> list[str]:
    parts, begin = [], 0
    while len(text) - begin > size:
        end = text.rfind(" ", begin + 1, begin + size)
        end = end if end > begin else begin + size
        parts.append(text[begin:end])
        begin = end
    return [*parts, text[begin:]]


def tokenise(corpus: Corpus, variant: str, tokenizer_folder: Path, output: Path, workers: int) -> TokenFiles:
    """Write the token files of `variant` into `output` and return what they are.

    Raises ValueError where `output` holds tokens of another corpus, tokenizer or variant, where a shard
    is corrupt, and where the variant has no document; OSError names a full disk.
    """
    output.mkdir(parents=True, exist_ok=True)
    wanted = {
        "corpus": corpus.manifest.fingerprint,
        "tokenizer": tokenizer.digest(tokenizer_folder),
        "variant": variant,
    }
    claim = output / "source.json"
    if claim.exists() and json.loads(claim.read_text()) != wanted:
        raise ValueError(f"{output}: holds tokens of another corpus, tokenizer or variant; name another folder")
    _replace(claim, json.dumps(wanted, sort_keys=True).encode())
    jobs = [(corpus, shard, variant, tokenizer_folder, output) for shard in corpus.manifest.shards]
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # one process a core instead
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        done = pool.imap_unordered(_tokenise_job, jobs)
        for _ in track(done, "tokenising", total=len(jobs), disable=not sys.stderr.isatty()):
            pass
    shards = tuple(Path(shard.path).stem for shard in corpus.manifest.shards)
    sizes = {split: [np.fromfile(output / f"{name}.{split}.offsets", "<u8") for name in shards] for split in SPLITS}
    files = TokenFiles(
        folder=output,
        shards=shards,
        documents={split: sum(len(offsets) - 1 for offsets in found) for split, found in sizes.items()},
        tokens={split: sum(int(offsets[-1]) for offsets in found) for split, found in sizes.items()},
        **wanted,
    )
    if not files.documents["train"]:
        raise ValueError(f"{corpus.url}: variant {variant} has no document to train on")
    files.write()
    return files


def _tokenise_job(job: tuple[Corpus, Shard, str, Path, Path]) -> None:
    tokenise_shard(*job)


def open_tokens(folder: Path, tokenizer_folder: Path) -> TokenFiles:
    """Return the finished token files in `folder`.

    Raises ValueError where they are not finished or were made with another tokenizer than the one given.
    """
    path = folder / "tokens.json"
    if not path.is_file():
        raise ValueError(f"{folder}: no tokens.json: run python -m medbert.tokens")
    value = json.loads(path.read_text())
    if value["tokenizer"] != tokenizer.digest(tokenizer_folder):
        raise ValueError(f"{folder}: made with another tokenizer than {tokenizer_folder}")
    return TokenFiles(folder=folder, **{**value, "shards": tuple(value["shards"])})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, or 2 where corpus, tokenizer or disk do not allow it."""
    parser = argparse.ArgumentParser(prog="python -m medbert.tokens", allow_abbrev=False, description=__doc__)
    parser.add_argument("--corpus", required=True, metavar="DIR")
    parser.add_argument("--tokenizer", required=True, metavar="DIR", type=Path)
    parser.add_argument("--output", required=True, metavar="DIR", type=Path)
    parser.add_argument("--variant", choices=VARIANTS, default="full")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N")
    parsed = parser.parse_args(arguments)
    try:
        corpus = Corpus.open(parsed.corpus)
        files = tokenise(corpus, parsed.variant, parsed.tokenizer, parsed.output, parsed.workers)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{files.tokens['train']:,} tokens of {files.documents['train']:,} documents in {parsed.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
