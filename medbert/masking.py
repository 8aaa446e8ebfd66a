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
    count = min(round(rate * len(tokens)), int((~special).sum()))
    starts = ~continues[tokens] | special if whole_words else np.ones(len(tokens), bool)
    starts[1:] |= special[:-1]  # a buffer, and a piece of a document, may begin in the middle of a word
    starts[:1] = True
    word = np.cumsum(starts) - 1
    score = generator.random(int(word[-1]) + 1 if len(word) else 0)
    score[word[special]] = 2.0  # after all others
    rank = np.empty(len(score), np.int64)
    rank[np.argsort(score, kind="stable")] = np.arange(len(score))
    where = np.sort(np.argsort(rank[word], kind="stable")[:count])
    labels = tokens[where].astype(np.int32)
    inputs = tokens.astype(np.int32)
    chance = generator.random(count)
    random = generator.integers(len(SPECIAL_TOKENS), len(continues), count, dtype=np.int32)
    inputs[where] = np.where(chance < 0.8, MASK, np.where(chance < 0.9, random, labels))
    return Masked(inputs, where, labels)
