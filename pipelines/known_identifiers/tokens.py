"""The words and numbers of a text, where they are, and how spellings of one word are told to agree."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from pipelines.folding import fold
from pipelines.spans import Span

TOKEN = re.compile(r"[^\W\d_]+|\d+")
_RUN = re.compile(r"\w+")
GAP = re.compile(r"[\s./,:;()\-–—_|+@]{0,4}\Z")
"""What may separate the parts of one number, date or address."""
_SCORE = 1.0
_REACH = 80
"""Characters around a telling word in which the rest of a name, date, number or address is looked for."""


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


def tokenise(text: str, extents: Iterable[tuple[int, int]] | None = None) -> Tokens:
    """Return the tokens of a normalised text, or of its `extents` (sorted, without overlaps, tokens whole)."""
    whole = [(0, len(text))] if extents is None else extents
    matches = [match for begin, end in whole for match in TOKEN.finditer(text, begin, end)]
    tokens = Tokens(text, [m.span() for m in matches], [fold(m.group()) for m in matches])
    for index, word in enumerate(tokens.folded):
        tokens.places.setdefault(word, []).append(index)
    return tokens


def distinct_words(text: str) -> list[str]:
    """Return the distinct tokens of a text, in no particular order."""
    runs = set(_RUN.findall(text))  # faster than looking for tokens at once
    words = [run for run in runs if run.isalpha()]
    return words + list(set(TOKEN.findall(" ".join(run for run in runs if not run.isalpha()))))


def neighbourhoods(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Return the extents around the occurrences of `words`, sorted and without overlaps."""
    found: list[tuple[int, int]] = []
    for word in sorted(set(words)):
        same = str.isdigit if word[0].isdigit() else str.isalpha
        place = text.find(word)
        while place >= 0:
            end = place + len(word)
            if not same(text[place - 1 : place]) and not same(text[end : end + 1]):
                found.append((place, end))
            place = text.find(word, end)
    extents: list[tuple[int, int]] = []
    for begin, end in sorted(found):
        begin, end = max(0, begin - _REACH), min(len(text), end + _REACH)
        while begin > 0 and text[begin - 1].isalnum():
            begin -= 1
        while end < len(text) and text[end].isalnum():
            end += 1
        if extents and begin <= extents[-1][1]:
            extents[-1] = (extents[-1][0], max(end, extents[-1][1]))
        else:
            extents.append((begin, end))
    return extents
