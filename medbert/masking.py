"""Which tokens a masked language model must guess: a function of (seed, step) and of the tokens alone."""

from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from medbert.tokenizer import SPECIAL_TOKENS

MASK = SPECIAL_TOKENS.index("[MASK]")


@dataclass(frozen=True, slots=True)
class Masked:
    """`inputs`, int32 [tokens], as the model sees them; `where`, int64 [masked], ascending; `labels`, int32 [masked].

    The number of masked tokens is fixed by the rate, so that shapes never change and one compilation serves.
    """

    inputs: np.ndarray
    where: np.ndarray
    labels: np.ndarray


def continuations(tokenizer: Tokenizer) -> np.ndarray:
    """Return for every id of the vocabulary, bool [vocabulary], whether it continues a word (##)."""
    table = np.zeros(tokenizer.get_vocab_size(), bool)
    for token, number in tokenizer.get_vocab().items():
        table[number] = token.startswith("##")
    return table


def mask_tokens(
    tokens: np.ndarray, rate: float, continues: np.ndarray, generator: np.random.Generator, whole_words: bool = True
) -> Masked:
    """Choose round(`rate` x tokens) tokens, whole words unless told otherwise, and hide them.

    Of the chosen, 80 % become [MASK], 10 % a random token and 10 % stay, as in BERT (Devlin et al. 2019).
    Words are chosen at random until the number is reached; the last one may be chosen in part. Special
    tokens never are. Where there are fewer other tokens than asked for, all of them are chosen.
    """
    special = tokens < len(SPECIAL_TOKENS)
    starts = ~np.take(continues, tokens) | special if whole_words else np.ones(len(tokens), bool)
    starts[1:] |= special[:-1]  # a buffer, and a piece of a document, may begin in the middle of a word
    starts[:1] = True
    begins = np.flatnonzero(starts)
    sizes = np.diff(begins, append=len(tokens))
    ordinary = ~special[begins]
    begins, sizes = begins[ordinary], sizes[ordinary]
    count = min(round(rate * len(tokens)), int(sizes.sum()))
    where = choose_words(begins, sizes, count, generator)
    labels = tokens[where].astype(np.int32)
    inputs = tokens.astype(np.int32)
    chance = generator.random(count)
    random = generator.integers(len(SPECIAL_TOKENS), len(continues), count, dtype=np.int32)
    inputs[where] = np.where(chance < 0.8, MASK, np.where(chance < 0.9, random, labels))
    return Masked(inputs, where, labels)


def choose_words(begins: np.ndarray, sizes: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Return the places, int64 [count], ascending, of the tokens of words chosen at random.

    `begins` and `sizes`, int64 [words], are in tokens, and the sizes sum to `count` at least. Each order of
    the words is as likely; they are taken until `count` is reached, of the last one its first tokens.
    """
    # a word's number below its random bits: values can be sorted much faster than numbers by values
    low = np.uint64((1 << len(sizes).bit_length()) - 1)
    key = generator.integers(0, 1 << 64, len(sizes), np.uint64) & ~low | np.arange(len(sizes), dtype=np.uint64)
    # only the least keys are ever taken, and to sort the others would be most of the work
    near = key[key < np.uint64(min(int(1.1 * 2**64 * count / max(int(sizes.sum()), 1)), 2**64 - 1))]
    if sizes[(near & low).astype(np.int64)].sum() < count:
        near = key
    order = (np.sort(near) & low).astype(np.int64)
    ends = np.cumsum(sizes[order])
    words = order[: np.searchsorted(ends, count) + 1] if count else order[:0]
    taken = np.zeros(len(sizes), np.int64)
    taken[words] = sizes[words]
    taken[words[-1:]] -= ends[len(words) - 1 : len(words)] - count
    chosen = np.flatnonzero(taken)
    taken = taken[chosen]
    first = np.cumsum(taken) - taken
    return np.repeat(begins[chosen] - first, taken) + np.arange(count)
