"""The vocabulary of a corpus: how it grows with the text, and which nouns most documents of a source hold.

Both are counted shard by shard, in bounded memory, and add up in any order.

A term is shown only if it cannot name anybody: it is a German noun of the dictionary, no name, place or calling,
nothing that surrogates are made of, and at least `MINIMUM_DOCUMENTS` documents of its source hold it.
"""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import log, sqrt
from typing import Any

import numpy as np

from pipelines import lexicons
from pipelines.recognizers.lexicon import Flag, lexicon

MINIMUM_DOCUMENTS = 10
"""Documents of a source that must hold a term before it is shown."""

SHOWN_TERMS, SHARD_TERMS = 20, 2000
"""Terms shown a source and terms kept a shard: counts of a source with more are those of its commonest terms."""

LEVELS = 11
"""Samples of the documents: all, a half, a quarter, ... a 1,024th."""

FEWEST_DOCUMENTS = 5
"""A smaller sample tells nothing of growth."""

PRECISION = 12
REMEMBERED_WORDS = 200_000
"""Words kept in memory before they go into the sketches."""

_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST_TERM = 3
_DICTIONARY = Flag.COMMON | Flag.COMPOUND | Flag.MEDICAL | Flag.ANATOMY
_NAMING = (
    Flag.FIRST_NAME | Flag.SURNAME | Flag.PLACE | Flag.TOWN | Flag.COUNTRY | Flag.EPONYM | Flag.PROFESSION
    | Flag.STAFF | Flag.SALUTATION | Flag.TITLE | Flag.MONTH | Flag.HOSPITAL | Flag.ORGANIZATION | Flag.STREET
    | Flag.STREET_END | Flag.CAMEL | Flag.CODE
)  # fmt: skip
_SURROGATES = (
    "surrogate_cities", "surrogate_countries", "surrogate_female", "surrogate_male", "surrogate_professions",
    "surrogate_street_adjectives", "surrogate_streets", "surrogate_surnames", "month_names",
)  # fmt: skip


@cache
def surrogate_words() -> frozenset[str]:
    """Return the words, case folded, that surrogates are drawn from."""
    entries = (entry for name in _SURROGATES for entry in lexicons.entries(name))
    return frozenset(word.casefold() for entry in entries for word in _WORD.findall(entry))


def may_be_shown(word: str) -> bool:
    """Tell whether `word` is a noun of the dictionary that names nobody and stands in no surrogate."""
    if len(word) < _SHORTEST_TERM or not word[0].isupper() or word.casefold() in surrogate_words():
        return False
    flags = lexicon()[word]
    return bool(flags & _DICTIONARY) and not flags & (_NAMING | Flag.LOWER)


def sample_level(document_id: str) -> int:
    """Return in how many halvings of the corpus a document stays: the leading zero bits of its id."""
    return min(16 - int(document_id[:4], 16).bit_length(), LEVELS - 1)


def sketch(words: Iterable[str]) -> np.ndarray:
    """Return the HyperLogLog registers (uint8 [4096]) of `words`; the union of two sets is the maximum of theirs.

    Flajolet et al. 2007, https://doi.org/10.46298/dmtcs.3545
    """
    registers = np.zeros(1 << PRECISION, np.uint8)
    digests = b"".join(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest() for word in words)
    hashes = np.frombuffer(digests, ">u8")
    rest = hashes & np.uint64((1 << (64 - PRECISION)) - 1)  # below 2**53, so exact as float64
    ranks = 65 - PRECISION - np.frexp(rest.astype(np.float64))[1]
    np.maximum.at(registers, (hashes >> np.uint64(64 - PRECISION)).astype(np.intp), ranks.astype(np.uint8))
    return registers


def distinct(registers: np.ndarray) -> int:
    """Return the estimated size of the set of a sketch, with a standard error of 1.6 %.

    The estimator needs no correction for small or large sets: Ertl 2017, https://arxiv.org/abs/1702.01284.
    """
    size, bits = len(registers), 64 - PRECISION
    counts = np.bincount(registers, minlength=bits + 2).tolist()
    if counts[0] == size:
        return 0
    total = size * _tau(1 - counts[bits + 1] / size)
    for count in reversed(counts[1 : bits + 1]):
        total = (total + count) / 2
    return round(size**2 / (2 * log(2)) / (total + size * _sigma(counts[0] / size)))


def _sigma(x: float) -> float:
    weight, total, last = 1.0, x, -1.0
    while total != last:
        x, last = x * x, total
        total += x * weight
        weight += weight
    return total


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    weight, total, last = 1.0, 1 - x, -1.0
    while total != last:
        x, last, weight = sqrt(x), total, weight / 2
        total -= (1 - x) ** 2 * weight
    return total / 3


class VocabularyTally:
    """Counts the words of one shard: for each sample of its documents their number, words and sketch; and nouns."""

    def __init__(self) -> None:
        self.documents, self.words = [0] * LEVELS, [0] * LEVELS
        self.registers = np.zeros((LEVELS, 1 << PRECISION), np.uint8)
        self.terms: Counter[str] = Counter()
        self._pending: list[Counter[str]] = [Counter() for _ in range(LEVELS)]

    def add(self, ids: Sequence[str], texts: Sequence[str]) -> None:
        """Count the documents `ids` and their de-identified `texts`."""
        for document_id, text in zip(ids, texts, strict=True):
            level, words = sample_level(document_id), _WORD.findall(text)
            self.documents[level] += 1
            self.words[level] += len(words)
            self._pending[level].update(set(words))
            if sum(map(len, self._pending)) > REMEMBERED_WORDS:
                self._flush()

    def _flush(self) -> None:
        for level, counts in enumerate(self._pending):
            if counts:
                np.maximum(self.registers[level], sketch(counts), out=self.registers[level])
                self.terms.update({word: count for word, count in counts.items() if may_be_shown(word)})
                counts.clear()
        self.terms = Counter(dict(commonest(self.terms, 10 * SHARD_TERMS)))

    def account(self) -> dict[str, Any]:
        """Return the counts as JSON; those of a level are of the documents that stay in just so many halvings."""
        self._flush()
        return {
            "documents": self.documents,
            "words": self.words,
            "sketches": [base64.b64encode(row.tobytes()).decode() if row.any() else "" for row in self.registers],
            "terms": dict(commonest(self.terms, SHARD_TERMS)),
        }


def commonest(terms: Mapping[str, int], number: int) -> list[tuple[str, int]]:
    """Return the `number` commonest of `terms`, equal counts in the order of the alphabet."""
    return sorted(terms.items(), key=lambda item: (-item[1], item[0]))[:number]


def vocabulary(accounts: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Return what a manifest says of the vocabulary, from the source and the account of every shard.

    `terms` counts documents by source and term; `growth` are, by source and in sum, samples of the documents from
    the smallest to all: documents, words (runs of letters) and, estimated, distinct words.
    """
    documents: dict[str, np.ndarray] = {}
    words: dict[str, np.ndarray] = {}
    sketches: dict[str, np.ndarray] = {}
    terms: dict[str, Counter[str]] = {}
    for source, account in accounts:
        terms.setdefault(source, Counter()).update(account["terms"])
        for name in (source, "summary"):
            for table, counts in ((documents, account["documents"]), (words, account["words"])):
                table[name] = table.get(name, np.zeros(LEVELS, np.int64)) + np.array(counts, np.int64)
            rows = sketches.setdefault(name, np.zeros((LEVELS, 1 << PRECISION), np.uint8))
            for level, row in enumerate(account["sketches"]):
                if row:
                    np.maximum(rows[level], np.frombuffer(base64.b64decode(row), np.uint8), out=rows[level])
    shown = {
        name: {term: count for term, count in sorted(commonest(found, SHOWN_TERMS)) if count >= MINIMUM_DOCUMENTS}
        for name, found in terms.items()
    }
    return {
        "minimum_documents": MINIMUM_DOCUMENTS,
        "terms": {name: found for name, found in shown.items() if found},
        "growth": {name: growth(documents[name], words[name], sketches[name]) for name in documents},
    }


def growth(documents: np.ndarray, words: np.ndarray, sketches: np.ndarray) -> list[dict[str, int]]:
    """Return the curve of samples that hold all documents of a level or above it, the smallest first."""
    points, union = [], np.zeros(sketches.shape[1], np.uint8)
    for level in reversed(range(LEVELS)):
        union = np.maximum(union, sketches[level])
        held = int(documents[level:].sum())
        if documents[level] and held >= FEWEST_DOCUMENTS:
            points.append({"documents": held, "words": int(words[level:].sum()), "distinct": distinct(union)})
    return points


def heaps_exponent(points: Sequence[Mapping[str, int]]) -> float | None:
    """Return b of Heaps' law, distinct words = K * words**b, fitted by least squares to the logarithms.

    None where fewer than three samples exist.
    """
    usable = [point for point in points if point["words"] and point["distinct"]]
    if len(usable) < 3:
        return None
    x, y = (np.log([point[name] for point in usable]) for name in ("words", "distinct"))
    return float(np.polyfit(x, y, 1)[0])
