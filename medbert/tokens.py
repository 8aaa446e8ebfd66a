"""A variant of the corpus as token ids on disk: `python -m medbert.tokens --corpus DIR --tokenizer DIR --output DIR`.

Each shard becomes two files for training and two for validation, made by whichever process is free:
`NAME.SPLIT.tokens`, uint16 little-endian ids without special tokens, and `NAME.SPLIT.offsets`, uint64
[documents + 1]. A shard whose files are there is done, so a killed run goes on. `tokens.json`, written
last, names the corpus and the tokenizer.
"""

import argparse
import json
import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from medbert import tokenizer
from medbert.arguments import positive_integer
from medbert.corpus import Corpus
from medbert.disk import naming_a_full_disk, write_whole
from schemas.manifest import VARIANTS, Shard

SPLITS = ("train", "validation")
PIECE = 100_000
"""Characters that are encoded at once; the library takes memory in proportion to them."""


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
        write_whole(self.folder / "tokens.json", json.dumps(value, indent=2, sort_keys=True).encode() + b"\n")

    def unigram_counts(self, entries: int) -> np.ndarray:
        """Return how often each of the `entries` ids of the vocabulary occurs in the training split, int64."""
        counts = np.zeros(entries, np.int64)
        for name in self.shards:
            path = self.folder / f"{name}.train.tokens"
            ids = np.memmap(path, "<u2", "r") if path.stat().st_size else np.zeros(0, "<u2")
            for begin in range(0, len(ids), 1 << 24):
                counts += np.bincount(ids[begin : begin + (1 << 24)], minlength=entries)
        return counts


def is_tokenised(shard: Shard, output: Path) -> bool:
    """Tell whether the token files of `shard`, whose offsets are written last, are in `output`."""
    return all((output / f"{Path(shard.path).stem}.{split}.offsets").exists() for split in SPLITS)


def tokenise_shard(corpus: Corpus, shard: Shard, variant: str, tokenizer_folder: Path, output: Path) -> None:
    """Write the token files of one shard, training and held-out documents apart; at once or not at all."""
    encoder = tokenizer.load(tokenizer_folder)
    name = Path(shard.path).stem
    if is_tokenised(shard, output):
        return
    lengths: dict[str, list[int]] = {split: [0] for split in SPLITS}
    temporaries = {split: output / f".{name}.{split}.{os.getpid()}" for split in SPLITS}
    try:
        with naming_a_full_disk(output), ExitStack() as stack:
            streams = {split: stack.enter_context(path.open("wb")) for split, path in temporaries.items()}
            for batch in corpus.batches(shard, variant, ["id", "text"], rows=256):
                identities, texts = (column.to_pylist() for column in batch.columns)
                for identity, ids in zip(identities, encode(encoder, texts), strict=True):
                    split = "validation" if corpus.is_held_out(identity) else "train"
                    streams[split].write(ids.tobytes())  # tofile() says nothing of a full disk
                    lengths[split].append(len(ids))
        for split, path in temporaries.items():
            path.replace(output / f"{name}.{split}.tokens")
            write_whole(output / f"{name}.{split}.offsets", np.cumsum(lengths[split], dtype="<u8").tobytes())
    finally:
        for path in temporaries.values():
            path.unlink(missing_ok=True)


def encode(encoder: "tokenizer.Tokenizer", texts: Sequence[str], piece: int = PIECE) -> Iterator[np.ndarray]:
    """Yield the ids, uint16, of each text, without special tokens.

    Texts are encoded together as long as they have no more than `piece` characters, and a longer one in
    pieces cut at white space, where no token can be: so memory is that of the texts and of their ids.
    """
    begin = 0
    while begin < len(texts):
        end, size = begin + 1, len(texts[begin])
        while end < len(texts) and size + len(texts[end]) <= piece:
            size += len(texts[end])
            end += 1
        if size > piece:
            parts = (encoder.encode(part, add_special_tokens=False) for part in _pieces(texts[begin], piece))
            yield np.concatenate([np.asarray(part.ids, "<u2") for part in parts])
        else:
            for encoding in encoder.encode_batch_fast(list(texts[begin:end]), add_special_tokens=False):
                yield np.asarray(encoding.ids, "<u2")
        begin = end


def _pieces(text: str, size: int) -> Iterator[str]:
    begin = 0
    while len(text) - begin > size:
        end = max(text.rfind(blank, begin + 1, begin + size) for blank in " \n")
        end = end if end > begin else begin + size
        yield text[begin:end]
        begin = end
    yield text[begin:]


def claim(output: Path, source: dict[str, Any]) -> None:
    """Make `output` the folder of the tokens of `source`. Raises ValueError where it is that of others."""
    output.mkdir(parents=True, exist_ok=True)
    path, content = output / "source.json", json.dumps(source, sort_keys=True)
    if path.exists() and path.read_text() != content:
        raise ValueError(
            f"{output}: holds tokens of another corpus, tokenizer, variant or held-out share; remove it or name another"
        )
    write_whole(path, content.encode())


def tokenise(corpus: Corpus, variant: str, tokenizer_folder: Path, output: Path, workers: int) -> TokenFiles:
    """Write the token files of `variant` into `output` and return what they are.

    Raises ValueError where `output` holds tokens of another corpus, tokenizer or variant, where a shard
    is corrupt, and where the variant has no document; OSError names a full disk.
    """
    entries = tokenizer.load(tokenizer_folder).get_vocab_size()
    if entries > tokenizer.LARGEST:
        raise ValueError(f"{tokenizer_folder}: {entries} entries, token files hold ids below {tokenizer.LARGEST}")
    wanted = {
        "corpus": corpus.manifest.fingerprint,
        "tokenizer": tokenizer.digest(tokenizer_folder),
        "variant": variant,
    }
    claim(output, wanted | {"held_out": corpus.held_out_share})
    for stray in output.glob(".*.[0-9]*"):  # of a run that was killed
        stray.unlink()
    jobs = [
        (corpus, shard, variant, tokenizer_folder, output)
        for shard in corpus.manifest.shards
        if not is_tokenised(shard, output)
    ]
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # one process a core instead
    with multiprocessing.get_context("spawn").Pool(max(1, min(workers, len(jobs)))) as pool:
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
    try:
        value = json.loads(path.read_text())
        files = TokenFiles(folder=folder, **{**value, "shards": tuple(value["shards"])})
    except (ValueError, TypeError, KeyError):
        raise ValueError(f"{path}: not what medbert.tokens writes; remove the folder and make it again") from None
    if value["tokenizer"] != tokenizer.digest(tokenizer_folder):
        raise ValueError(f"{folder}: made with another tokenizer than {tokenizer_folder}")
    for split in SPLITS:
        size = sum((folder / f"{name}.{split}.tokens").stat().st_size for name in files.shards)
        if size != 2 * files.tokens[split]:
            raise ValueError(f"{folder}: the {split} tokens have {size} bytes, {2 * files.tokens[split]} were written")
    return files


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, or 2 where corpus, tokenizer or disk do not allow it."""
    parser = argparse.ArgumentParser(prog="python -m medbert.tokens", allow_abbrev=False, description=__doc__)
    parser.add_argument("--corpus", required=True, metavar="DIR", help="a finished corpus")
    parser.add_argument("--tokenizer", required=True, metavar="DIR", type=Path, help="made by medbert.tokenizer")
    parser.add_argument("--output", required=True, metavar="DIR", type=Path, help="of the token files")
    parser.add_argument("--variant", choices=VARIANTS, default="full", help="(default: %(default)s)")
    parser.add_argument(
        "--workers",
        type=positive_integer,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes (default: one a core)",
    )
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
