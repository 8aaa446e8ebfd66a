"""A cased German medical WordPiece tokenizer: `python -m medbert.tokenizer --corpus DIR --output DIR`.

One vocabulary serves both variants, so that models trained on them differ in nothing else. The method
is WordPiece as in BERT (Devlin et al. 2019) with the trainer of the `tokenizers` library; the alphabet
is fixed, so that no slot of the vocabulary goes to scripts that German medicine does not use.
"""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors, trainers
from tokenizers.models import WordPiece
from transformers import PreTrainedTokenizerFast

from medbert.arguments import positive_integer
from medbert.corpus import Corpus
from schemas.manifest import SUMMARY

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""At the ids 0 to 4."""

VOCABULARY_SIZE, LARGEST = 30_000, 1 << 16
SAMPLE_BYTES = 1 << 30
"""UTF-8 bytes of text that the trainer sees, where the corpus has that much."""

ALPHABET = "".join(
    [
        "".join(map(chr, range(0x21, 0x7F))),  # ASCII
        "".join(chr(c) for c in range(0xA1, 0x180) if c != 0xAD),  # Latin-1 and Extended-A: umlauts, µ, ², names
        "".join(map(chr, [*range(0x391, 0x3A2), *range(0x3A3, 0x3AA), *range(0x3B1, 0x3CA)])),  # Greek
        "⁰⁴⁵⁶⁷⁸⁹⁺⁻₀₁₂₃₄₅₆₇₈₉–—‘’‚“”„†‡•…‰′″‹›€™Ω←↑→↓↔⇒∆∑−√∞∼≈≠≡≤≥□■▪►●☐☒✓ẞ♀♂",
    ]
)


def new_tokenizer() -> Tokenizer:
    """Return an untrained tokenizer with every setting of the normaliser explicit: case and accents stay."""
    tokenizer = Tokenizer(WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))  # pyright: ignore[reportCallIssue]
    bert = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    # an umlaut written as two characters, as some systems store it, is the same umlaut
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), bert])  # pyright: ignore[reportArgumentType]
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    return tokenizer


def train(texts: Iterator[str], vocabulary_size: int = VOCABULARY_SIZE) -> Tokenizer:
    """Return a WordPiece tokenizer of at most `vocabulary_size` entries, trained on `texts`."""
    tokenizer = new_tokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary_size,
        min_frequency=2,
        limit_alphabet=len(set(ALPHABET)),
        initial_alphabet=list(ALPHABET),
        special_tokens=list(SPECIAL_TOKENS),
        continuing_subword_prefix="##",
        show_progress=sys.stderr.isatty(),
    )
    # seen inside a word each character gets its ## form too, so that no word is unknown for the lack of it
    tokenizer.train_from_iterator(chain([" ".join(f"a{c}" for c in ALPHABET)], texts), trainer)
    first, last = SPECIAL_TOKENS.index("[CLS]"), SPECIAL_TOKENS.index("[SEP]")
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", last), ("[CLS]", first))
    return tokenizer


def shares(sizes: dict[str, int], budget: int) -> dict[str, float]:
    """Return the share of each source's text that a stratified sample of `budget` bytes takes.

    A source's part of the sample grows with the square root of its size: radiology does not drown the
    others, small sources are not repeated. What a small source cannot fill goes to the larger ones.
    """
    left, taken = dict(sizes), dict.fromkeys(sizes, 1.0)
    while left and sum(left.values()) > budget:
        unit = budget / sum(size**0.5 for size in left.values())
        whole = [name for name, size in left.items() if unit * size**0.5 >= size]
        if not whole:
            return taken | {name: unit / size**0.5 for name, size in left.items()}
        for name in whole:
            budget -= left.pop(name)
    return taken


def sample(corpus: Corpus, budget: int = SAMPLE_BYTES) -> Iterator[str]:
    """Yield the texts of a stratified sample of about `budget` bytes, without held-out documents.

    Which documents are taken depends on their ids alone, so the sample is the same in any order. The
    dedup variant is sampled: a text that is there a thousand times is one text to the vocabulary.
    """
    rows = corpus.manifest.statistics["dedup"]
    share = shares({name: row.bytes for name, row in rows.items() if name != SUMMARY and row.bytes}, budget)
    for shard in corpus.manifest.shards:
        for batch in corpus.batches(shard, "dedup", ["id", "source", "text"]):
            for identity, source, text in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                if not corpus.is_held_out(identity) and _uniform(identity) < share.get(source, 0.0):
                    yield text


def _uniform(identity: str) -> float:
    return int(hashlib.blake2b(identity.encode(), digest_size=8, person=b"tokenizer").hexdigest(), 16) / 2**64


def save(tokenizer: Tokenizer, folder: Path, model_length: int = 512) -> None:
    """Write tokenizer.json, tokenizer_config.json and vocab.txt into `folder`.

    It gives input ids and attention mask: pretraining sees one kind of segment, so token types say nothing.
    """
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), SPECIAL_TOKENS, strict=True))
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=model_length,
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
        **names,
    )
    fast.save_pretrained(str(folder))
    entries = sorted(tokenizer.get_vocab().items(), key=lambda entry: entry[1])
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token, _ in entries), encoding="utf-8")


def digest(folder: Path) -> str:
    """Return the SHA-256 digest of the tokenizer in `folder`. Raises ValueError where there is none."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ValueError(f"{folder}: no tokenizer.json: train one with python -m medbert.tokenizer")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load(folder: Path) -> Tokenizer:
    """Return the tokenizer in `folder`. Raises ValueError where there is none."""
    digest(folder)
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, or 2 where the corpus cannot be used."""
    from medbert.fertility import fertility_by_source, markdown  # the report needs the trained tokenizer only

    parser = argparse.ArgumentParser(prog="python -m medbert.tokenizer", allow_abbrev=False, description=__doc__)
    parser.add_argument("--corpus", required=True, metavar="DIR", help="a finished corpus")
    parser.add_argument("--output", required=True, metavar="DIR", type=Path, help="of the tokenizer and its fertility")
    parser.add_argument(
        "--vocabulary-size",
        type=positive_integer,
        default=VOCABULARY_SIZE,
        metavar="N",
        help="entries at most (default: %(default)s)",
    )
    parser.add_argument(
        "--sample-bytes",
        type=positive_integer,
        default=SAMPLE_BYTES,
        metavar="N",
        help="UTF-8 bytes of text to learn from (default: %(default)s)",
    )
    parsed = parser.parse_args(arguments)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    try:
        if parsed.vocabulary_size > LARGEST:
            raise ValueError(f"--vocabulary-size {parsed.vocabulary_size}: at most {LARGEST}, since ids have 16 bits")
        corpus = Corpus.open(parsed.corpus)
        if not corpus.manifest.statistics["dedup"][SUMMARY].documents:
            raise ValueError(f"{parsed.corpus}: no documents")
        tokenizer = train(sample(corpus, parsed.sample_bytes), parsed.vocabulary_size)
        parsed.output.mkdir(parents=True, exist_ok=True)
        save(tokenizer, parsed.output)
        figures = fertility_by_source(tokenizer, corpus)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    (parsed.output / "fertility.json").write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n")
    (parsed.output / "fertility.md").write_text(markdown(figures), encoding="utf-8")
    print(f"{tokenizer.get_vocab_size()} entries in {parsed.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
