"""How much text there is: counts that add."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CorpusStatistics:
    """Documents, sentences, words and bytes of UTF-8 text; an additive monoid.

    Figures such as words per document are derived from the sum, so statistics of parts can be
    added in any order.
    """

    documents: int = 0
    sentences: int = 0
    words: int = 0
    bytes: int = 0

    @classmethod
    def zero(cls) -> "CorpusStatistics":
        return cls()

    def __add__(self, other: "CorpusStatistics") -> "CorpusStatistics":
        return CorpusStatistics(
            self.documents + other.documents,
            self.sentences + other.sentences,
            self.words + other.words,
            self.bytes + other.bytes,
        )

    @classmethod
    def total(cls, parts: Iterable["CorpusStatistics"]) -> "CorpusStatistics":
        return sum(parts, cls.zero())
