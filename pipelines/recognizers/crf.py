"""A linear-chain conditional random field at work: how probable each label is at each token of windows of a text.

Marginal probabilities by the forward-backward algorithm (Lafferty et al. 2001), in all windows at once. The features
are those of pipelines.recognizers.features; what a word weighs by its own is the same wherever it stands, so it is
added up once a word and remembered. Trained by scripts/train_tagger.py.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from pipelines.recognizers.features import NEIGHBOURS, gap_kind, word_features
from pipelines.recognizers.tokens import Tokens

REMEMBERED_WORDS = 50_000
REACH = max(NEIGHBOURS)
OUTSIDE_TEXT = 0
"""The row of what is beyond the ends of a text."""

Array = NDArray[np.float64]


class Crf:
    """A trained model: `labels` (L), `attributes` (A) and their weights (A x L), and transitions (from x to, L x L)."""

    def __init__(self, labels: Sequence[str], attributes: Iterable[str], weights: Array, transitions: Array) -> None:
        self.labels = list(labels)
        self._rows = {attribute: row for row, attribute in enumerate(attributes)}
        self._weights = np.concatenate([weights, np.zeros((1, len(self.labels)))]).astype(np.float64)
        if len(self._weights) != len(self._rows) + 1 or transitions.shape != (len(self.labels),) * 2:
            raise ValueError("weights and names do not agree")
        self._transitions = np.exp(transitions.astype(np.float64))
        self._gaps = {before + after: self._weight(f"g={before}{after}") for before in "NJTS" for after in "NJTS"}
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

    def marginals(self, tokens: Tokens, windows: Sequence[tuple[int, int]]) -> list[Array]:
        """Return the probability of each label at each token of each of the windows: one array (tokens x L) a window.

        Windows are (first token, one after the last); none is empty.
        """
        if not windows:
            return []
        lengths = np.array([end - start for start, end in windows])
        inside = np.arange(lengths.max()) < lengths[:, None]
        scores = np.ones((*inside.shape, len(self.labels)))
        emissions = self._emissions(tokens, windows)
        scores[inside] = np.exp(emissions - emissions.max(axis=1, keepdims=True))
        probable = self._forward(scores) * self._backward(scores, inside)
        probable /= probable.sum(axis=2, keepdims=True)
        return [found[:length] for found, length in zip(probable, lengths, strict=True)]

    def _forward(self, scores: Array) -> Array:
        alpha = np.empty_like(scores)
        alpha[:, 0] = scores[:, 0]
        for at in range(1, scores.shape[1]):
            reached = (alpha[:, at - 1] @ self._transitions) * scores[:, at]
            alpha[:, at] = reached / reached.sum(axis=1, keepdims=True)
        return alpha

    def _backward(self, scores: Array, inside: NDArray[np.bool_]) -> Array:
        beta = np.ones_like(scores)
        backwards = self._transitions.T
        for at in range(scores.shape[1] - 2, -1, -1):
            reached = (scores[:, at + 1] * beta[:, at + 1]) @ backwards
            reached /= reached.sum(axis=1, keepdims=True)
            beta[:, at] = np.where(inside[:, at + 1, None], reached, 1.0)
        return beta

    def _emissions(self, tokens: Tokens, windows: Sequence[tuple[int, int]]) -> Array:
        """Return the summed weights of the features of the tokens of all windows, one after another."""
        size = len(tokens)
        if len(self._ids) + sum(end - start + 2 * REACH for start, end in windows) > REMEMBERED_WORDS:
            self._forget()
        ids: list[int] = []
        inner: list[int] = []
        gaps: list[Array] = []
        pairs: list[int] = []
        for start, end in windows:
            inner += range(len(ids) + REACH, len(ids) + REACH + end - start)
            ids += [
                self._id(tokens.words[index], tokens.flags[index]) if 0 <= index < size else OUTSIDE_TEXT
                for index in range(start - REACH, end + REACH)
            ]
            kinds = [gap_kind(tokens, index) for index in range(start, end + 1)]
            gaps += [self._gaps[before + after] for before, after in pairwise(kinds)]
        for at in inner:
            pairs.append(self._pair(ids[at - 1], ids[at + 1]))
        places = np.array(inner)
        rows = np.array(ids)
        sums = self._vectors[rows[places], 0] + self._weights[pairs]
        sums += gaps
        for column, distance in enumerate(NEIGHBOURS, 1):
            sums += self._vectors[rows[places + distance], column]
        return sums

    def _pair(self, before: int, after: int) -> int:
        """Return the row of the weights of two words around a token."""
        if before == OUTSIDE_TEXT or after == OUTSIDE_TEXT:
            return -1
        return self._rows.get(f"c={self._names[before]}|{self._names[after]}", -1)

    def _weight(self, *attributes: str) -> Array:
        """Return the summed weights of attributes; those that the model does not have weigh nothing."""
        return self._weights[[self._rows.get(attribute, -1) for attribute in attributes]].sum(axis=0)

    def _id(self, word: str, flags: int) -> int:
        """Return the row of a word in the remembered vectors: what it weighs itself, and as each neighbour."""
        row = self._ids.get(word)
        if row is not None:
            return row
        own, seen = word_features(word, flags)
        row = len(self._names)
        if row == len(self._vectors):
            self._vectors = np.concatenate([self._vectors, np.zeros_like(self._vectors)])
        self._vectors[row, 0] = self._weight(*own)
        for column, distance in enumerate(NEIGHBOURS, 1):
            self._vectors[row, column] = self._weight(*(f"{distance}{feature}" for feature in seen))
        self._ids[word] = row
        self._names.append(seen[2])
        return row

    def _forget(self) -> None:
        """Begin with no word remembered."""
        self._ids: dict[str, int] = {}
        self._names = [""]
        self._vectors = np.zeros((1024, 1 + len(NEIGHBOURS), len(self.labels)))
        for column, distance in enumerate(NEIGHBOURS, 1):
            self._vectors[OUTSIDE_TEXT, column] = self._weight(f"{distance}E")
