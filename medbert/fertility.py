"""How well vocabularies fit texts: tokens per word, words that are split, words that are unknown.

python -m medbert.fertility --tokenizer ours=build/tokenizer --tokenizer theirs=vocab.txt --texts letters.jsonl
"""

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import WordPiece

from medbert.corpus import Corpus
from medbert.tasks.files import kind_of, read_text
from medbert.tasks.tagged import read_json

WORD = re.compile(r"[\w-]+")
DOCUMENTS = 500
"""Documents of a source that its figures are taken from."""
CHARACTERS = 100_000
"""Of each of them, so that a document of any length is read in constant memory."""


@dataclass(frozen=True, slots=True)
class Fertility:
    """Counts that add: words, their tokens, words of more than one token, words with an unknown token."""

    words: int = 0
    tokens: int = 0
    split: int = 0
    unknown: int = 0

    def __add__(self, other: "Fertility") -> "Fertility":
        return Fertility(
            self.words + other.words,
            self.tokens + other.tokens,
            self.split + other.split,
            self.unknown + other.unknown,
        )

    def figures(self) -> dict[str, float]:
        """Return tokens per word and the shares of split and unknown words; nothing without words."""
        if not self.words:
            return {}
        return {
            "words": self.words,
            "tokens_per_word": self.tokens / self.words,
            "split_share": self.split / self.words,
            "unknown_share": self.unknown / self.words,
        }


def fertility(tokenizer: Tokenizer, texts: Iterable[str]) -> Fertility:
    """Count the tokens of the words (`[\\w-]+`) of `texts`."""
    total, unknown = Fertility(), tokenizer.token_to_id("[UNK]")
    for text in texts:
        words = WORD.findall(text[:CHARACTERS])
        encoded = tokenizer.encode_batch_fast(words, add_special_tokens=False)
        ids = [encoding.ids for encoding in encoded]
        total += Fertility(
            len(words),
            sum(map(len, ids)),
            sum(len(word) > 1 for word in ids),
            sum(unknown in word for word in ids),
        )
    return total


def fertility_by_source(
    tokenizer: Tokenizer, corpus: Corpus, documents: int = DOCUMENTS
) -> dict[str, dict[str, float]]:
    """Return the figures of every source, from its first `documents` documents, and of all together."""
    texts: dict[str, list[str]] = {}
    for shard in corpus.manifest.shards:
        source = shard.path.rpartition("/")[2].rpartition("-")[0]
        kept = texts.setdefault(source, [])
        if len(kept) >= documents:
            continue
        for batch in corpus.batches(shard, "dedup", ["text"]):
            kept += batch.column("text").to_pylist()[: documents - len(kept)]
            if len(kept) >= documents:
                break
    counts = {source: fertility(tokenizer, kept) for source, kept in texts.items()}
    total = sum(counts.values(), Fertility())
    return {name: count.figures() for name, count in {**counts, "summary": total}.items()}


def load(path: Path) -> Tokenizer:
    """Return the tokenizer of a folder with tokenizer.json, or of a cased WordPiece vocabulary, an entry a line.

    The latter normalises as transformers' BertTokenizer does with `do_lower_case=False`. Raises ValueError where
    there is neither.
    """
    whole = path / "tokenizer.json" if path.is_dir() else path
    if path.is_dir() and not whole.is_file():
        whole = path / "vocab.txt"
    if not whole.is_file():
        raise ValueError(f"{path}: neither a folder with tokenizer.json or vocab.txt nor a vocabulary")
    if whole.suffix == ".json":
        try:
            return Tokenizer.from_file(str(whole))
        except Exception as error:  # the library raises nothing more special
            raise ValueError(f"{whole}: not a tokenizer of the tokenizers library") from error
    entries = {entry: number for number, entry in enumerate(read_text(whole).splitlines())}
    if "[UNK]" not in entries:
        raise ValueError(f"{whole}: no [UNK] in it: not a WordPiece vocabulary")
    tokenizer = Tokenizer(WordPiece(entries, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()  # pyright: ignore[reportAttributeAccessIssue]
    return tokenizer


def read_texts(path: Path) -> Iterator[str]:
    """Yield the texts of JSON or JSON Lines (`text` of each record), or a text file whole. Raises ValueError."""
    if kind_of(path)[1] not in (".json", ".jsonl"):
        yield read_text(path)
        return
    for number, record in enumerate(read_json(path), 1):
        if not isinstance(record, dict) or not isinstance(record.get("text"), str):
            raise ValueError(f"{path}: record {number}: no text in it")  # noqa: TRY004
        yield record["text"]


def markdown(figures: Mapping[str, Mapping[str, float]], what: str = "source") -> str:
    """Return the figures as a table, a row for each `what`."""
    lines = [f"| {what} | words | tokens per word | split words | unknown words |", "|---|--:|--:|--:|--:|"]
    for name, row in figures.items():
        if row:
            lines.append(
                f"| {name} | {row['words']:,.0f} | {row['tokens_per_word']:.3f} | {row['split_share']:.1%} "
                f"| {row['unknown_share']:.2%} |"
            )
        else:
            lines.append(f"| {name} | missing | missing | missing | missing |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0, or 2 for wrong input."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m medbert.fertility", description=__doc__, formatter_class=formatter, allow_abbrev=False
    )
    add = parser.add_argument
    place = "a folder with tokenizer.json, or the vocabulary of a cased WordPiece, an entry a line; may be repeated"
    add("--tokenizer", action="append", required=True, metavar="[NAME=]PATH", help=place)
    add("--texts", action="append", required=True, type=Path, metavar="FILE", help="JSON Lines with text, or a text")
    parsed = parser.parse_args(arguments)
    figures: dict[str, dict[str, float]] = {}
    try:
        texts = [text for path in parsed.texts for text in read_texts(path)]
        for named in parsed.tokenizer:
            name, mark, path = named.partition("=")
            figures[name if mark else Path(named).name] = fertility(
                load(Path(path if mark else named)), texts
            ).figures()
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(markdown(figures, "tokenizer"), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
