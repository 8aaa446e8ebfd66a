"""Pseudo-likelihood: how well a masked language model predicts each token of a text from all others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from medbert.batching import pad, special_ends
from medbert.models import ModelError


@dataclass(frozen=True, slots=True)
class Encoded:
    """A passage as token ids with special tokens, and for each token of a word (position, end of its word)."""

    ids: tuple[int, ...]
    places: tuple[tuple[int, int], ...]


def encode(tokenizer: Any, words: Sequence[str], length: int) -> Encoded:
    """Return the passage word by word, so that a tokenizer needs no offsets; only as many words as fit `length`."""
    before, after = special_ends(tokenizer)
    ids, places = [*before], []
    for word in words:
        of_word = tokenizer(" " + word, add_special_tokens=False, verbose=False)["input_ids"]
        if len(ids) + len(of_word) + len(after) > length:
            break
        end = len(ids) + len(of_word)
        places += [(place, end) for place in range(len(ids), end)]
        ids += of_word
    return Encoded((*ids, *after), tuple(places))


def fitting(tokenizer: Any, words: Sequence[str], length: int) -> int:
    """Return how many of `words` fit into `length` tokens, special ones with them."""
    before, after = special_ends(tokenizer)
    sizes = [len(tokenizer(" " + word, add_special_tokens=False, verbose=False)["input_ids"]) for word in words]
    return int(np.searchsorted(np.cumsum(sizes), length - len(before) - len(after), side="right"))


@torch.inference_mode()
def predict(model: Any, tokenizer: Any, encoded: Encoded, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the log-likelihood (nats, float64 [tokens]) and whether each token is the likeliest, bool [tokens].

    To predict a token, it and the later tokens of its word are masked: the pseudo-log-likelihood of Salazar et
    al. (2020), within words from left to right (Kauf and Ivanova 2023), so that a word of several tokens is not
    given away by its end. Raises ModelError where a logit is not finite.
    """
    device = next(model.parameters()).device
    likelihoods, right = [], []
    for start in range(0, len(encoded.places), batch_size):
        part = encoded.places[start : start + batch_size]
        rows = []
        for place, end in part:
            masked = [tokenizer.mask_token_id] * (end - place)
            rows.append([*encoded.ids[:place], *masked, *encoded.ids[end:]])
        logits = model(**pad(rows, tokenizer.pad_token_id or 0, device)).logits
        places = torch.tensor([place for place, _ in part], device=device)
        wanted = torch.tensor([encoded.ids[place] for place, _ in part], device=device)
        at_place = logits[torch.arange(len(part), device=device), places].double().log_softmax(dim=1)
        if not torch.isfinite(at_place).all():
            raise ModelError("prediction_not_finite")
        likelihoods.append(at_place[torch.arange(len(part), device=device), wanted].cpu().numpy())
        right.append((at_place.argmax(dim=1) == wanted).cpu().numpy())
    return np.concatenate(likelihoods), np.concatenate(right)


COUNTS = ("documents", "words", "bytes", "tokens", "nats", "right_tokens", "right_words", "unknown")
"""What is counted of a passage; all figures are ratios of sums of these."""


def count(model: Any, tokenizer: Any, words: Sequence[str], length: int, batch_size: int) -> np.ndarray:
    """Return the counts of a passage, float64 [len(COUNTS)]."""
    encoded = encode(tokenizer, words, length)
    likelihoods, right = predict(model, tokenizer, encoded, batch_size)
    ends = np.array([end for _, end in encoded.places])
    of_word = [right[ends == end].all() for end in np.unique(ends)]
    size = len(" ".join(words).encode())
    unknown = sum(encoded.ids[place] == tokenizer.unk_token_id for place, _ in encoded.places)
    return np.array([1, len(words), size, len(right), -likelihoods.sum(), right.sum(), sum(of_word), unknown], float)
