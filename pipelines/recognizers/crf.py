"""A linear-chain conditional random field at work: how probable each label is at each token of a text.

Marginal probabilities by the forward-backward algorithm (Lafferty et al. 2001), in overlapping stretches of the text
all at once: farther than a few tokens nothing is carried on. The features are those of pipelines.recognizers.features;
what a word, a context or a pair of neighbours weighs is the same wherever it stands, so it is added up once and
remembered. Trained by scripts/train_tagger.py.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from pipelines.recognizers.features import (
    AFTER_TEXT,
    BEFORE_TEXT,
    NEIGHBOURS,
    context_features,
    gap_kind,
    neighbour_features,
    word_features,
)
from pipelines.recognizers.lexicon import lexicon
from pipelines.recognizers.tokens import Tokens

REMEMBERED = 50_000
NAME_BITS = 24
REACH = max(NEIGHBOURS)
OUTSIDE_TEXT = ""
"""The word that stands for what is beyond the ends of a text."""
STRIDE, OVERLAP = 24, 4
"""Tokens of a stretch that are taken from it, and those read before and after them."""

KINDS = "JNST"
SEEN_MARKS, MARK_BITS = 5, 5
"""Marks that a token sees, and bits of each: of 32 the types of entities and the ends of a text take 19."""

Array = NDArray[np.float64]


class Codes(dict[str, int]):
    """Numbers of strings: those that `code` gives, or as they come."""

    def __init__(self, code: Callable[[str], int] | None = None) -> None:
        super().__init__()
        self._code = code

    def __missing__(self, key: str) -> int:
        if len(self) > REMEMBERED:
            self.clear()
        number = self._code(key) if self._code else len(self)
        self[key] = number
        return number


class Table(dict[int | str, int]):
    """Rows of numbers, each made at the first asking for its key: `table.rows[table[key]]`."""

    def __init__(self, make: Callable[[Any], Array], shape: tuple[int, ...]) -> None:
        super().__init__()
        self._make = make
        self.rows = np.zeros((1024, *shape))

    def __missing__(self, key: int | str) -> int:
        number = len(self)
        if number == len(self.rows):
            self.rows = np.concatenate([self.rows, np.zeros_like(self.rows)])
        self.rows[number] = self._make(key)
        self[key] = number
        return number

    def numbers(self, keys: Iterable[int | str]) -> NDArray[np.int64]:
        """Return the numbers of the rows of keys."""
        return np.fromiter(map(self.__getitem__, keys), np.int64)


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
        self._kinds = Codes(lambda gap: KINDS.index(gap_kind(gap)))
        self._marks = Codes()
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
        rows = np.zeros(size + 2 * REACH, np.int64)
        rows[REACH : REACH + size] = self._words.numbers(tokens.words)
        contexts = self._contexts.numbers(self._context_keys(tokens, marked))
        sums = self._contexts.rows[contexts]
        vectors = self._words.rows
        sums += vectors[rows[REACH : REACH + size], 0]
        for column, distance in enumerate(NEIGHBOURS, 1):
            sums += vectors[rows[REACH + distance : REACH + distance + size], column]
        if size > 2:
            names = self._name_numbers(rows[REACH : REACH + size])
            pairs = self._pairs.numbers((names[:-2] << NAME_BITS | names[2:]).tolist())
            sums[1:-1] += self._pairs.rows[pairs]
        return sums

    def _context_keys(self, tokens: Tokens, marked: Sequence[str]) -> list[int]:
        """Return what stands around each token in one number: the kinds of two gaps and five marks."""
        size = len(marked)
        kinds = np.fromiter(map(self._kinds.__getitem__, tokens.gaps), np.int64)
        kinds[0] = kinds[-1] = KINDS.index("N")
        codes = np.fromiter(map(self._marks.__getitem__, [*BEFORE_TEXT, *marked, *AFTER_TEXT]), np.int64)
        keys = kinds[:-1] * len(KINDS) + kinds[1:]
        for at in range(SEEN_MARKS):
            keys = keys << MARK_BITS | codes[at : at + size]
        return keys.tolist()

    def _name_numbers(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the numbers of what neighbours see of the words in the rows."""
        if len(self._names) < len(self._words):
            known = map(str, list(self._words)[len(self._names) :])
            self._names += [self._named.setdefault(self._name(word), len(self._named)) for word in known]
            self._spelled = list(self._named)
            self._name_of = np.array(self._names, np.int64)
        return self._name_of[rows]

    def _name(self, word: str) -> str:
        return word_features(word, lexicon()[word])[1][2] if word else OUTSIDE_TEXT

    def _weight(self, attributes: Iterable[str]) -> Array:
        """Return the summed weights of attributes; those that the model does not have weigh nothing."""
        return self._weights[[self._rows.get(attribute, -1) for attribute in attributes]].sum(axis=0)

    def _weigh_word(self, word: str) -> Array:
        """Return what a word weighs itself, and as each neighbour."""
        if word == OUTSIDE_TEXT:
            return np.array([self._weight([]), *(self._weight([f"{distance}E"]) for distance in NEIGHBOURS)])
        own, seen = word_features(word, lexicon()[word])
        return np.array(
            [self._weight(own), *(self._weight(neighbour_features(seen, distance)) for distance in NEIGHBOURS)]
        )

    def _weigh_context(self, key: int) -> Array:
        spelled = list(self._marks)
        shifts = range(MARK_BITS * (SEEN_MARKS - 1), -1, -MARK_BITS)
        around = [spelled[key >> shift & (1 << MARK_BITS) - 1] for shift in shifts]
        before, after = divmod(key >> MARK_BITS * SEEN_MARKS, len(KINDS))
        return self._weight(context_features(KINDS[before] + KINDS[after], around))

    def _weigh_pair(self, key: int) -> Array:
        """Return what two words around a token weigh together."""
        return self._weight([f"c={self._spelled[key >> NAME_BITS]}|{self._spelled[key & (1 << NAME_BITS) - 1]}"])

    def _is_full(self, size: int) -> bool:
        return max(len(self._words), len(self._pairs), len(self._contexts)) + size > REMEMBERED

    def _forget(self) -> None:
        """Begin with nothing remembered."""
        labels = len(self.labels)
        self._words = Table(self._weigh_word, (1 + len(NEIGHBOURS), labels))
        self._contexts = Table(self._weigh_context, (labels,))
        self._pairs = Table(self._weigh_pair, (labels,))
        self._named: dict[str, int] = {}
        self._spelled: list[str] = []
        self._names: list[int] = []
        self._name_of = np.zeros(0, np.int64)
        self._words[OUTSIDE_TEXT]  # row 0
