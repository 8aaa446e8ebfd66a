"""Texts as token ids: pieces of at most a model's length, and batches of like length."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from medbert.tasks.examples import Example

STRATEGIES = ("truncate", "head_tail", "windows")
"""What becomes of a text that is too long: its beginning; beginning and end (Sun et al. 2019, How to
fine-tune BERT for text classification); or all of it in windows, whose logits are pooled by maximum."""
HEAD = 0.25
"""Share of a `head_tail` input that is the beginning, as 128 of 510 there."""
WINDOWS = 8


@dataclass(frozen=True, slots=True)
class Encoded:
    """An example's pieces of token ids, special tokens with them.

    Of an entity task, `words` has for each piece the position in it of the first token of each word;
    `tokens` is the length before anything was cut and `cut` how many tokens the model does not see.
    """

    pieces: tuple[tuple[int, ...], ...]
    words: tuple[tuple[int, ...], ...]
    tokens: int
    cut: int


def special_ends(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Return the ids before and after an input: [CLS] and [SEP], <s> and </s>, or nothing."""
    first = tokenizer.cls_token_id if tokenizer.cls_token_id is not None else tokenizer.bos_token_id
    last = tokenizer.sep_token_id if tokenizer.sep_token_id is not None else tokenizer.eos_token_id
    return [] if first is None else [first], [] if last is None else [last]


def cut_text(ids: Sequence[int], room: int, strategy: str) -> tuple[list[list[int]], int]:
    """Return the pieces, each of at most `room` ids, that `strategy` keeps, and how many ids are lost."""
    if len(ids) <= room:
        return [list(ids)], 0
    if strategy == "windows":
        step = max(1, room * 3 // 4)
        starts = list(range(0, max(1, len(ids) - room + step), step))[:WINDOWS]
        return [list(ids[start : start + room]) for start in starts], max(0, len(ids) - starts[-1] - room)
    if strategy == "head_tail":
        head = max(1, int(room * HEAD))
        tail = room - head
        return [[*ids[:head], *(ids[-tail:] if tail else [])]], len(ids) - room
    return [list(ids[:room])], len(ids) - room


def encode_texts(tokenizer: Any, examples: Sequence[Example], length: int, strategy: str) -> list[Encoded]:
    """Return classification examples as token ids; `length` counts the special tokens."""
    before, after = special_ends(tokenizer)
    room = max(1, length - len(before) - len(after))
    result = []
    for example in examples:
        ids = tokenizer(example.text, add_special_tokens=False, verbose=False)["input_ids"]
        pieces, cut = cut_text(ids, room, strategy)
        result.append(Encoded(tuple((*before, *piece, *after) for piece in pieces), (), len(ids), cut))
    return result


def encode_words(tokenizer: Any, examples: Sequence[Example], length: int) -> list[Encoded]:
    """Return entity examples as token ids, word by word, so that no offsets are needed.

    A sequence that is too long goes on in further pieces; of a word longer than a piece the end is cut.
    A word without a token (white space, control characters) becomes the unknown token.
    """
    before, after = special_ends(tokenizer)
    room = max(1, length - len(before) - len(after))
    unknown = tokenizer.unk_token_id if tokenizer.unk_token_id is not None else tokenizer.pad_token_id or 0
    known: dict[str, list[int]] = {}
    result = []
    for example in examples:
        pieces, words, tokens, cut = [[*before]], [[]], 0, 0
        for word in example.words:
            if word not in known:
                known[word] = tokenizer(" " + word, add_special_tokens=False)["input_ids"] or [unknown]
            ids = known[word][:room]
            tokens, cut = tokens + len(known[word]), cut + len(known[word]) - len(ids)
            if len(pieces[-1]) - len(before) + len(ids) > room:
                pieces.append([*before])
                words.append([])
            words[-1].append(len(pieces[-1]))
            pieces[-1] += ids
        ended = tuple((*piece, *after) for piece in pieces)
        result.append(Encoded(ended, tuple(map(tuple, words)), tokens, cut))
    return result


def bucketed_batches(lengths: np.ndarray, size: int, generator: np.random.Generator) -> list[np.ndarray]:
    """Return the positions of `lengths` in batches of `size`, random yet of like length, in random order."""
    order = generator.permutation(len(lengths))
    bucket = size * 50
    batches = []
    for start in range(0, len(order), bucket):
        part = order[start : start + bucket]
        part = part[np.argsort(lengths[part], kind="stable")]
        batches += [part[i : i + size] for i in range(0, len(part), size)]
    return [batches[i] for i in generator.permutation(len(batches))]


def pad(pieces: Sequence[Sequence[int]], padding: int, device: torch.device) -> dict[str, torch.Tensor]:
    """Return input_ids and attention_mask, int64 [pieces, longest]."""
    longest = max(map(len, pieces))
    ids = torch.full((len(pieces), longest), padding, dtype=torch.long)
    mask = torch.zeros((len(pieces), longest), dtype=torch.long)
    for row, piece in enumerate(pieces):
        ids[row, : len(piece)] = torch.tensor(piece, dtype=torch.long)
        mask[row, : len(piece)] = 1
    return {"input_ids": ids.to(device), "attention_mask": mask.to(device)}
