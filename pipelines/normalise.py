"""Text as recognizers should see it, with a map back to the text as it is.

A name must not hide behind a soft hyphen, a zero-width space, a decomposed umlaut, a no-break space, a hyphen at a
line's end, a ligature, full-width letters or look-alike letters of another alphabet. Most texts need nothing, so a
cheap screen comes first; the rest costs time linear in the text and memory linear in the number of changes.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_INVISIBLE = "\u00ad\u034f\u061c\u115f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff"
_COMBINING = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
_COMPATIBLE = "\ufb00-\ufb06\uff01-\uff5e\U0001d400-\U0001d7ff\u212a\u212b"
_HYPHENS = "\u2010\u2011\u2043"
_LOOKALIKES = dict(
    zip("АВЕЅІЈКМНОРСТУХаеѕіјорсухΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABESIJKMHOPCTYXaesijopcyxABEZHIKMNOPTYXo", strict=True)
)
_LOOKALIKE = "".join(_LOOKALIKES)
_LETTER = "A-Za-zÄÖÜäöüß"

_CONJUNCTION = r"(?!und\b|oder\b|bzw\b|sowie\b|bis\b)"

# what stands for something else; each alternative is told by its first character, and none repeats inside a repeat
_CHANGE = re.compile(
    f"(?P<combined>(?<=[^\\W\\d_])[{_COMBINING}]+)"
    f"|(?P<broken>(?<=[^\\W\\d_])[-\u2010\u00ad\u00ac][ \t]{{0,4}}(?:\r\n?|\n)[ \t]{{0,16}}(?=[a-zäöüß]){_CONJUNCTION})"
    f"|(?P<invisible>[{_INVISIBLE}{_COMBINING}]+)|(?P<space>[{_SPACES}])|(?P<compatible>[{_COMPATIBLE}])"
    f"|(?P<hyphen>[{_HYPHENS}])|(?P<crlf>\r\n?|[\u0085\u2028\u2029])"
    f"|(?P<lookalike>(?<=[{_LETTER}{_LOOKALIKE}])[{_LOOKALIKE}]|[{_LOOKALIKE}](?=[{_LETTER}]))"
)
_CHARACTERS = f"{_INVISIBLE}{_COMBINING}{_SPACES}{_COMPATIBLE}{_HYPHENS}{_LOOKALIKE}\r\u0085\u2028\u2029\u00ac"
_SCREEN = re.compile(f"[{_CHARACTERS}]|-[ \t]{{0,4}}\n")
_CANDIDATE = re.compile(f"[{_CHARACTERS}\\-]")


@dataclass(frozen=True, slots=True)
class Normalised:
    """A normalised text and where each of its characters was.

    Pieces are runs that were kept or single changes: `starts[k]` is where piece k begins in `text`, `begins[k]` and
    `ends[k]` are its extent in the original. Empty lists: nothing was changed.
    """

    text: str
    starts: tuple[int, ...] = ()
    begins: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()

    def original(self, begin: int, end: int) -> tuple[int, int]:
        """Return the extent in the original text of the characters `begin` to `end` (exclusive) of `text`."""
        if not self.starts or end <= begin:
            return begin, end
        return self._place(begin)[0], self._place(end - 1)[1]

    def _place(self, index: int) -> tuple[int, int]:
        k = bisect_right(self.starts, index) - 1
        length = (self.starts[k + 1] if k + 1 < len(self.starts) else len(self.text)) - self.starts[k]
        if length == self.ends[k] - self.begins[k]:
            place = self.begins[k] + index - self.starts[k]
            return place, place + 1
        return self.begins[k], self.ends[k]


def normalise(text: str) -> Normalised:
    """Return `text` in NFC with plain spaces and line ends and nothing invisible, words joined over line ends."""
    if not _SCREEN.search(text):
        return Normalised(text)
    parts: list[str] = []
    starts: list[int] = []
    begins: list[int] = []
    ends: list[int] = []
    length = 0
    for begin, end, replacement in _pieces(text):
        if replacement:
            parts.append(replacement)
            starts.append(length)
            begins.append(begin)
            ends.append(end)
            length += len(replacement)
    return Normalised("".join(parts), tuple(starts), tuple(begins), tuple(ends))


def _pieces(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (begin, end, replacement) of every kept run and every change, in order, covering `text`."""
    last = 0
    for candidate in _CANDIDATE.finditer(text):
        change = _CHANGE.match(text, candidate.start()) if candidate.start() >= last else None
        if not change:
            continue
        begin = change.start() - (change.lastgroup == "combined" and change.start() > last)  # the letter before, too
        if begin > last:
            yield last, begin, text[last:begin]
        yield begin, change.end(), _replacement(change.lastgroup, text[begin : change.end()])
        last = change.end()
    if last < len(text):
        yield last, len(text), text[last:]


def _replacement(kind: str | None, found: str) -> str:
    if kind == "combined":
        return unicodedata.normalize("NFC", found)
    if kind == "compatible":
        return unicodedata.normalize("NFKC", found)
    if kind == "lookalike":
        return _LOOKALIKES[found]
    return {"space": " ", "hyphen": "-", "crlf": "\n"}.get(kind or "", "")
