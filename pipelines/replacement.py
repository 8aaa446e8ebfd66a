"""What stands in the text where an entity was: a surrogate, a typed tag, or nothing of the whole sentence."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from pipelines.spans import Span

Splitter = Callable[[str], Sequence[tuple[int, int]]]
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+(?=[A-ZÄÖÜ])|\n+")


class Replaced(NamedTuple):
    """A text after replacement and where in it the replacements are."""

    text: str
    extents: list[Span]


def tag(span: Span) -> str:
    """Return the typed placeholder of an entity, such as `<PERSON>`."""
    return f"<{span.label}>"


def replace(
    text: str, spans: Sequence[Span], stand_in: Callable[[Span], str], begin: int = 0, end: int | None = None
) -> Replaced:
    """Return the text from `begin` to `end` with `stand_in(span)` for each of its `spans` (sorted, no overlaps)."""
    parts: list[str] = []
    extents: list[Span] = []
    last, length = begin, 0
    for span in spans:
        new = stand_in(span)
        parts += (text[last : span.begin], new)
        length += span.begin - last
        extents.append(span._replace(begin=length, end=length + len(new)))
        length += len(new)
        last = span.end
    parts.append(text[last:end])
    return Replaced("".join(parts), extents)


def drop_sentences(text: str, spans: Sequence[Span], split: Splitter) -> str:
    """Return `text` without the sentences that touch one of `spans`; what stands between goes with the one before."""
    if not spans:
        return text
    starts = [0, *(begin for begin, _ in split(text) if begin > 0)]
    dropped = {
        index for span in spans for index in range(bisect_right(starts, span.begin) - 1, bisect_left(starts, span.end))
    }
    ends = [*starts[1:], len(text)]
    return "".join(text[b:e] for i, (b, e) in enumerate(zip(starts, ends, strict=True)) if i not in dropped)


def split_simply(text: str) -> list[tuple[int, int]]:
    """Return sentences by full stops before capitals, and lines: more cuts than sentences never drop too little."""
    cuts = [0, *(match.end() for match in _SENTENCE_END.finditer(text)), len(text)]
    return [(begin, end) for begin, end in pairwise(cuts) if begin < end]
