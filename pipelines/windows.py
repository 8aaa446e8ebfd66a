"""Huge texts in windows, so that memory and time stay linear and a deadline can be kept."""

import re
import zlib
from collections.abc import Callable, Iterable, Iterator

from pipelines.folding import fold
from pipelines.lexicons import entries
from pipelines.spans import Span

WINDOW = 100_000
"""Characters of a window; it is cut at the last paragraph, line or space before."""
REPETITIVE_WINDOW = 2_000
"""Characters of a window of a text that repeats itself without end, on which a look-around may cost its square."""
_REPETITIVE = 25
"""A text that is compressed to less than such a part is no prose; German letters come to a half or a third."""
_WORD = re.compile(r"[^\W\d_]{3,}")
_SHORTEST_PROPAGATED = 4
_SCORE = 0.5


def window_size(text: str) -> int:
    """Return how long the windows of `text` may be."""
    if len(text) <= REPETITIVE_WINDOW:
        return WINDOW
    content = text.encode("utf-8", "replace")
    return REPETITIVE_WINDOW if len(content) > _REPETITIVE * len(zlib.compress(content, 1)) else WINDOW


def windows(text: str, size: int = WINDOW) -> Iterator[tuple[int, int]]:
    """Yield the extents of windows of at most `size` characters that cover `text`."""
    begin = 0
    while len(text) - begin > size:
        end = begin + size
        for border in ("\n\n", "\n", ". ", " "):
            cut = text.rfind(border, begin + size // 2, end)
            if cut >= 0:
                end = cut + len(border)
                break
        yield begin, end
        begin = end
    if begin < len(text) or not text:
        yield begin, len(text)


def propagate(text: str, spans: Iterable[Span], is_common: Callable[[str], bool]) -> Iterator[Span]:
    """Yield the places in all of `text` of the names found in any of its windows.

    A name that is an ordinary word counts where it was found beside another ("Klaus Winter").
    """
    titles = frozenset(entries("name_titles"))
    names: set[str] = set()
    for span in spans:
        words = _WORD.findall(text[span.begin : span.end]) if span.label == "PERSON" else []
        told = [w for w in words if len(w) >= _SHORTEST_PROPAGATED and w[0].isupper() and fold(w) not in titles]
        names.update(fold(w) for w in told if len(words) > 1 or not is_common(w))
    for match in _WORD.finditer(text) if names else ():
        word = match.group()
        if word[0].isupper() and (fold(word) in names or (word[-1] == "s" and fold(word[:-1]) in names)):
            yield Span(*match.span(), "PERSON", _SCORE)
