"""How well a vocabulary fits texts: tokens per word, words that are split, words that are unknown."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tokenizers import Tokenizer

from medbert.corpus import Corpus

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


def markdown(figures: Mapping[str, Mapping[str, float]]) -> str:
    """Return the figures as a table."""
    lines = ["| source | words | tokens per word | split words | unknown words |", "|---|--:|--:|--:|--:|"]
    for name, row in figures.items():
        if row:
            lines.append(
                f"| {name} | {row['words']:,.0f} | {row['tokens_per_word']:.3f} | {row['split_share']:.1%} "
                f"| {row['unknown_share']:.2%} |"
            )
        else:
            lines.append(f"| {name} | missing | missing | missing | missing |")
    return "\n".join(lines) + "\n"
