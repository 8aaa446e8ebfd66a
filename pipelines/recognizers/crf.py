"""A linear-chain conditional random field at work: how probable each label is at each token of a text.

Marginal probabilities by the forward-backward algorithm (Lafferty et al. 2001), in overlapping stretches of the text
all at once: farther than a few tokens nothing is carried on. The features are those of pipelines.recognizers.features;
what a word, a context or a pair of neighbours weighs is the same wherever it stands, so it is added up once and
remembered. Trained by scripts/train_tagger.py.
"""

import zlib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from pipelines.recognizers.features import (
    NEIGHBOURS,
    context_features,
    contexts,
    neighbour_features,
    pair_feature,
    word_features,
)
from pipelines.recognizers.lexicon import lexicon
from pipelines.recognizers.tokens import Tokens

REMEMBERED = 50_000
REACH = max(NEIGHBOURS)
OUTSIDE_TEXT = ""
"""The word that stands for what is beyond the ends of a text."""
STRIDE, OVERLAP = 32, 8
"""Tokens of a stretch that are taken from it, and those read before and after them."""

Array = NDArray[np.float64]


class Table(dict[Any, int]):
    """Rows of numbers (float32), each made at the first asking for its key."""

    def __init__(self, make: Callable[[Any], Array], shape: tuple[int, ...]) -> None:
        super().__init__()
        self._make = make
        self.rows = np.zeros((1024, *shape), np.float32)

    def __missing__(self, key: Hashable) -> int:
        number = len(self)
        if number == len(self.rows):
            self.rows = np.concatenate([self.rows, np.zeros_like(self.rows)])
        self.rows[number] = self._make(key)
        self[key] = number
        return number

    def numbers(self, keys: Iterable[Hashable]) -> list[int]:
        """Return the numbers of the rows of keys."""
        return [self[key] for key in keys]

    def of(self, keys: Iterable[Hashable]) -> NDArray[np.float32]:
        """Return the rows of keys."""
        numbers = self.numbers(keys)  # first, for it may move the rows
        return self.rows[numbers]


class Crf:
    """A trained model: `labels` (L), `attributes` (A) and their weights (A x L), and transitions (from x to, L x L)."""

    def __init__(self, labels: Sequence[str], attributes: Iterable[str], weights: Array, transitions: Array) -> None:
        self.labels = list(labels)
        self._rows = {attribute: row for row, attribute in enumerate(attributes)}
        self._weights = np.concatenate([weights, np.zeros((1, len(self.labels)))]).astype(np.float64)
        if len(self._weights) != len(self._rows) + 1 or transitions.shape != (len(self.labels),) * 2:
            raise ValueError("weights and names do not agree")
        steps = np.exp(transitions.astype(np.float64))
        self._steps = np.stack([steps, steps.T])
        self._forget()

    @classmethod
    def load(cls, path: Path) -> "Crf":
        """Return the model in a file. Raises OSError or ValueError where it is missing or damaged."""
        try:
            with np.load(path) as arrays:
                attributes = bytes(arrays["attributes"]).decode().split("\n")
                return cls(arrays["labels"].tolist(), attributes, arrays["weights"], arrays["transitions"])
        except (EOFError, KeyError, ValueError, BadZipFile, zlib.error) as error:
            raise ValueError(f"{path.name} is damaged ({type(error).__name__}): install the package again") from None

    @staticmethod
    def save(path: Path, state: Mapping[tuple[str, str], float], transitions: Mapping[tuple[str, str], float]) -> None:
        """Write a model given by the weights of (attribute, label) and of (label, following label)."""
        labels = sorted({label for _, label in state} | {label for pair in transitions for label in pair})
        attributes = sorted({attribute for attribute, _ in state})
        row, column = {a: i for i, a in enumerate(attributes)}, {name: i for i, name in enumerate(labels)}
        weights = np.zeros((len(attributes), len(labels)), np.float32)
        for (attribute, label), weight in state.items():
            weights[row[attribute], column[label]] = weight
        between = np.zeros((len(labels), len(labels)), np.float32)
        for (label, following), weight in transitions.items():
            between[column[label], column[following]] = weight
        names = np.frombuffer("\n".join(attributes).encode(), np.uint8)
        arrays: dict[str, Any] = {"labels": np.array(labels), "attributes": names}
        with path.open("wb") as stream:
            np.savez_compressed(stream, weights=weights, transitions=between, **arrays)

    def marginals(self, tokens: Tokens, marked: Sequence[str]) -> Array:
        """Return the probability of each label at each token (tokens x L), given the marks of the rules."""
        size = len(tokens)
        if not size:
            return np.zeros((0, len(self.labels)))
        emissions = self._emissions(tokens, marked)
        scores = np.exp(emissions - emissions.max(axis=1, keepdims=True))
        places = np.arange(-OVERLAP, STRIDE + OVERLAP)[:, None] + np.arange(0, size, STRIDE)
        stretches = scores[places.clip(0, size - 1)]
        outside = (places < 0) | (places >= size)
        stretches[outside] = 0.0
        probable = (stretches * self._messages(stretches, outside))[OVERLAP : OVERLAP + STRIDE]
        probable = probable.swapaxes(0, 1).reshape(-1, len(self.labels))[:size]
        return probable / probable.sum(axis=1, keepdims=True)

    def _messages(self, scores: Array, outside: NDArray[np.bool_]) -> Array:
        """Return what the tokens before and after each token of stretches say of its label, multiplied.

        All are (tokens of a stretch x stretches x L). Both directions run at once, the second through the stretches
        turned round. They are too short to overflow.
        """
        both = np.stack([scores, scores[::-1]], axis=1)
        beyond = np.stack([outside, outside[::-1]], axis=1)[..., None].astype(np.float64)
        bounded = set(np.flatnonzero(beyond.any(axis=(1, 2, 3))).tolist())
        messages = np.ones_like(both)
        for at in range(1, len(both)):
            np.matmul(messages[at - 1] * both[at - 1], self._steps, out=messages[at])
            if at - 1 in bounded:
                messages[at] += beyond[at - 1]
        return messages[:, 0] * messages[::-1, 1]

    def _emissions(self, tokens: Tokens, marked: Sequence[str]) -> Array:
        """Return the summed weights of the features of the tokens (tokens x L)."""
        size = len(tokens)
        if self._is_full(size):
            self._forget()
        numbers = self._words.numbers(tokens.words)
        rows = np.zeros(size + 2 * REACH, np.int64)
        rows[REACH : REACH + size] = numbers
        sums = self._contexts.of(contexts(tokens, marked)).astype(np.float64)
        vectors = self._words.rows
        sums += vectors[rows[REACH : REACH + size], 0]
        for column, distance in enumerate(NEIGHBOURS, 1):
            sums += vectors[rows[REACH + distance : REACH + distance + size], column]
        if size > 2:
            names = [self._names[number] for number in numbers]
            sums[1:-1] += self._pairs.of(zip(names, names[2:], strict=False))
        return sums

    def _weight(self, attributes: Iterable[str]) -> Array:
        """Return the summed weights of attributes; those that the model does not have weigh nothing."""
        return self._weights[[self._rows.get(attribute, -1) for attribute in attributes]].sum(axis=0)

    def _weigh_word(self, word: str) -> Array:
        """Return what a word weighs itself, and as each neighbour; remember its name, one for each row."""
        if word == OUTSIDE_TEXT:
            self._names.append(word)
            return np.array([self._weight([]), *(self._weight([f"{distance}E"]) for distance in NEIGHBOURS)])
        own, seen = word_features(word, lexicon()[word])
        self._names.append(seen[2])
        return np.array(
            [self._weight(own), *(self._weight(neighbour_features(seen, distance)) for distance in NEIGHBOURS)]
        )

    def _weigh_context(self, context: Sequence[str]) -> Array:
        return self._weight(context_features(context))

    def _weigh_pair(self, names: tuple[str, str]) -> Array:
        """Return what two words around a token weigh together."""
        return self._weight([pair_feature(*names)])

    def _is_full(self, size: int) -> bool:
        return max(len(self._words), len(self._pairs), len(self._contexts)) + size > REMEMBERED

    def _forget(self) -> None:
        """Begin with nothing remembered."""
        labels = len(self.labels)
        self._words = Table(self._weigh_word, (1 + len(NEIGHBOURS), labels))
        self._contexts = Table(self._weigh_context, (labels,))
        self._pairs = Table(self._weigh_pair, (labels,))
        self._names: list[str] = []
        self._words[OUTSIDE_TEXT]  # row 0
