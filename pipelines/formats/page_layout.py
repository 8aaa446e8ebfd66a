"""Where text stands on pages: columns in reading order, running heads, footnotes."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise

GAP = "\t"
"""Parts the cells of a line: what stands further apart than words do."""

_PAGE_NUMBER = re.compile(
    r"[-–—|•\s]*(?:seite|s\.|page)?\s*(?:\d{1,4}|[ivxlc]{1,8})(?:\s*(?:/|von|of)\s*\d{1,4})?[-–—|•\s]*", re.IGNORECASE
)
_NOTE = re.compile(r"(?:\d{1,3}|[*†‡§]{1,3})\s*[^\W\d]|(?:\d{1,3}|[*†‡§]{1,3})\s*[„\"(]|https?://")
_BAND = 4.0
"""Height, in points, of the strip in which the lines of two pages count as equally high."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Text on one baseline without a wide gap; in points from the page's left upper corner."""

    text: str = field(repr=False)
    left: float
    right: float
    baseline: float
    size: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a column. `column` numbers the columns of a page in reading order.

    `start` and `end` are the left and the right edge of its column.
    """

    text: str = field(repr=False)
    left: float
    right: float
    baseline: float
    size: float
    column: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Page:
    """A page, sizes in points, its lines in reading order."""

    number: int
    width: float
    height: float
    lines: list[Line] = field(repr=False)


def lay_out(number: int, width: float, height: float, pieces: Sequence[Piece]) -> Page:
    """Return the page with its pieces as lines, column by column.

    What spans the gutter between two columns parts the columns above from those below it.
    """
    gutter = find_gutter(pieces)
    ordered = sorted(pieces, key=lambda piece: (piece.baseline, piece.left))
    if gutter is None:
        blocks = [ordered]
    else:
        blocks = []
        for spans, group in groupby(ordered, key=lambda piece: _crosses(piece, gutter)):
            parts = list(group)
            left = [piece for piece in parts if not spans and piece.left < gutter]
            right = [piece for piece in parts if not spans and piece.left >= gutter]
            blocks += [parts] if spans else [left, right]
    lines = [line for column, block in enumerate(filter(None, blocks)) for line in _lines(block, column)]
    return Page(number, width, height, lines)


def find_gutter(pieces: Sequence[Piece]) -> float | None:
    """Return where the gap between two columns of running text is, None on a page of one column.

    Both columns hold at least a quarter of the text, and most of their lines fill them: a table or a
    list of abbreviations is not set in columns.
    """
    total = sum(len(piece.text) for piece in pieces)
    if len(pieces) < 12 or not total:
        return None
    start, end = min(piece.left for piece in pieces), max(piece.right for piece in pieces)
    width = end - start
    steps = [start + width * step / 100 for step in range(35, 66)]
    spanning = [sum(len(piece.text) for piece in pieces if _crosses(piece, x)) for x in steps]
    best = min(spanning)
    if best > 0.4 * total:
        return None
    candidates = [x for x, crossing in zip(steps, spanning, strict=True) if crossing == best]
    gutter = candidates[len(candidates) // 2]
    for low, high in ((start, gutter), (gutter, end)):
        inside = [piece for piece in pieces if low <= piece.left and piece.right <= high]
        filled = sum(len(p.text) for p in inside if p.right - p.left > 0.65 * (high - low))
        if sum(len(p.text) for p in inside) < 0.2 * total or filled < 0.6 * sum(len(p.text) for p in inside):
            return None
    return gutter


def _crosses(piece: Piece, x: float) -> bool:
    return piece.left < x - 2 and piece.right > x + 2


def _lines(block: Sequence[Piece], column: int) -> list[Line]:
    """Return the pieces of a column as lines, from top to bottom."""
    rows: list[list[Piece]] = []
    for piece in sorted(block, key=lambda piece: piece.baseline):
        if rows and abs(piece.baseline - rows[-1][-1].baseline) < 0.35 * max(piece.size, rows[-1][-1].size):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    start, end = min(piece.left for piece in block), max(piece.right for piece in block)
    return [_line(sorted(row, key=lambda piece: piece.left), column, start, end) for row in rows]


def _line(row: Sequence[Piece], column: int, start: float, end: float) -> Line:
    text, right, even = "", row[0].left, _is_justified(row, start, end)
    for piece in row:
        wide = piece.left - right > 1.6 * piece.size and not even
        gap = GAP if wide else " " if piece.left - right > 0.1 * piece.size else ""
        text, right = text + (gap if text else "") + piece.text, max(right, piece.right)
    longest = max(row, key=lambda piece: len(piece.text))
    return Line(text, row[0].left, right, longest.baseline, longest.size, column, start, end)


def _is_justified(row: Sequence[Piece], start: float, end: float) -> bool:
    """Tell whether a line is wide apart because it was stretched to its column's width: all gaps are then equal."""
    gaps = [after.left - before.right for before, after in pairwise(row)]
    size = row[0].size
    fills = row[0].left - start < size and end - row[-1].right < size
    return fills and len(gaps) > 1 and max(gaps) - min(gaps) < 0.3 * size


def body_size(pages: Iterable[Page]) -> float:
    """Return the type size, in points, of most characters; 0 where there are none."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            sizes[round(line.size * 2) / 2] += len(line.text)
    return max(sorted(sizes), key=lambda size: sizes[size]) if sizes else 0.0


def without_running_heads(pages: Sequence[Page]) -> list[Page]:
    """Return the pages without page numbers and without heads and feet that recur.

    A line at the top or bottom recurs where it stands equally high, numbers aside, on three pages
    or more. Where most lines of a height recur, the others (heads of short chapters) go too.
    """
    recurring: Counter[tuple[int, str]] = Counter()
    bands: Counter[int] = Counter()
    for page in pages:
        margin = _margin(page)
        recurring.update({(_band(line), _shape(line.text)) for line in margin})
        bands.update({_band(line) for line in margin})
    repeated: Counter[int] = Counter()
    for (band, _), count in recurring.items():
        repeated[band] += count if count >= 3 else 0
    heads = {band for band, count in bands.items() if count >= 3 and repeated[band] * 2 >= count}
    return [_without_heads(page, recurring, heads) for page in pages]


def _without_heads(page: Page, recurring: Counter[tuple[int, str]], heads: set[int]) -> Page:
    def stays(line: Line) -> bool:
        return not (
            recurring[_band(line), _shape(line.text)] >= 3
            or _band(line) in heads
            or (_is_outermost(line, page) and _PAGE_NUMBER.fullmatch(line.text.replace(GAP, " ")))
        )

    margin = set(map(id, _margin(page)))
    return replace(page, lines=[line for line in page.lines if id(line) not in margin or stays(line)])


def _is_outermost(line: Line, page: Page) -> bool:
    return not page.height * 0.12 < line.baseline < page.height * 0.88


def _margin(page: Page) -> list[Line]:
    """Return the three highest and three lowest lines that stand in the outer fifths of the page."""
    ordered = sorted(page.lines, key=lambda line: line.baseline)
    top = [line for line in ordered[:3] if line.baseline < page.height * 0.2]
    bottom = [line for line in ordered[-3:] if line.baseline > page.height * 0.8]
    return top + [line for line in bottom if line not in top]


def _band(line: Line) -> int:
    return round(line.baseline / _BAND)


def _shape(text: str) -> str:
    return re.sub(r"\b[ivxlc]+\b", "0", re.sub(r"\d+", "0", text.casefold()))


def without_footnotes(pages: Sequence[Page]) -> list[Page]:
    """Return the pages without notes at their foot: smaller type that begins with a mark."""
    body = body_size(pages)
    return [replace(page, lines=page.lines[: _first_note(page.lines, body)]) for page in pages]


def _first_note(lines: Sequence[Line], body: float) -> int:
    first = len(lines)
    for index in range(len(lines) - 1, 0, -1):
        if lines[index].size > 0.93 * body:
            break
        if _NOTE.match(lines[index].text):
            first = index
    return first
