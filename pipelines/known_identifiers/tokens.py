"""The words and numbers of a text, where they are, and how spellings of one word are told to agree."""

import re
from dataclasses import dataclass, field

from pipelines.folding import fold
from pipelines.spans import Span

TOKEN = re.compile(r"[^\W\d_]+|\d+")
GAP = re.compile(r"[\s./,:;()\-–—_|+]{0,4}\Z")
"""What may separate the parts of one number, date or address."""
_SCORE = 1.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """Runs of letters and runs of digits of a text: extents, folded forms, and where each form occurs."""

    text: str
    extents: list[tuple[int, int]]
    folded: list[str]
    places: dict[str, list[int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.folded)

    def surface(self, place: int) -> str:
        """Return token `place` as it stands in the text."""
        begin, end = self.extents[place]
        return self.text[begin:end]

    def gap(self, left: int) -> str:
        """Return what stands between token `left` and the next."""
        return self.text[self.extents[left][1] : self.extents[left + 1][0]]

    def span(self, first: int, last: int, label: str) -> Span:
        """Return the span from token `first` to token `last` (inclusive)."""
        return Span(self.extents[first][0], self.extents[last][1], label, _SCORE)


def tokenise(text: str) -> Tokens:
    """Return the tokens of a normalised text."""
    matches = list(TOKEN.finditer(text))
    tokens = Tokens(text, [m.span() for m in matches], [fold(m.group()) for m in matches])
    for index, word in enumerate(tokens.folded):
        tokens.places.setdefault(word, []).append(index)
    return tokens
