"""From the lines of pages to paragraphs: hyphens at line ends resolved, columns and pages joined."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipelines.formats.page_layout import GAP, Line, Page, body_size

_BULLET = re.compile(r"[•▪◦■●‣]|(?:[–-]|\(?\d{1,2}[.)]|[a-z]\)|\[\d{1,3}\])\s+\S")
_SENTENCE_END = re.compile(r"[.!?:][)\"“”’»\]]*$")
_HYPHENATED = re.compile(r"\w[-\u00ad\u2010]")
_CONJUNCTION = re.compile(r"(?:und|oder|bzw\.|sowie|bis|als|noch|wie|u\.|o\.)(?!\w)")
_LONGEST_WORD = 100
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph or heading, the size of its type in points and the page where it begins."""

    text: str = field(repr=False)
    size: float
    page: int


def join_lines(pages: Sequence[Page]) -> list[Paragraph]:
    """Return the paragraphs of pages whose lines are in reading order."""
    vocabulary = Counter(word for page in pages for line in page.lines for word in _WORD.findall(line.text)[:-1])
    spacing, body = line_spacing(pages), body_size(pages)
    groups: list[list[tuple[Line, int]]] = []
    for page in pages:
        for line in page.lines:
            if groups and _continues(*groups[-1][-1], line, page.number, spacing, body):
                groups[-1].append((line, page.number))
            else:
                groups.append([(line, page.number)])
    paragraphs = []
    for group in groups:
        text = join_words([line.text for line, _ in group], vocabulary)
        if re.search(r"\w", text):
            paragraphs.append(Paragraph(text, max(line.size for line, _ in group), group[0][1]))
    return paragraphs


def line_spacing(pages: Iterable[Page]) -> float:
    """Return the median distance of baselines in a column, in sizes of its type."""
    distances = sorted(
        (below.baseline - above.baseline) / below.size
        for page in pages
        for above, below in pairwise(page.lines)
        if above.column == below.column and 0.8 < (below.baseline - above.baseline) / below.size < 3
    )
    return distances[len(distances) // 2] if distances else 1.2


def _continues(last: Line, last_page: int, line: Line, page: int, spacing: float, body: float) -> bool:
    """Tell whether `line` goes on with the paragraph of `last`."""
    if abs(line.size - last.size) > 0.08 * last.size or GAP in line.text or GAP in last.text:
        return False
    hyphenated, lower = _HYPHENATED.fullmatch(last.text[-2:]) is not None, line.text[:1].islower()
    heading = last.size > 1.08 * body
    if last_page != page or last.column != line.column or line.baseline < last.baseline:
        return hyphenated or lower or not (heading or _SENTENCE_END.search(last.text[-8:]))
    if line.baseline - last.baseline > (1.6 if heading else 1.3) * spacing * line.size:
        return False
    if hyphenated:
        return True
    width = max(last.end - last.start, 1)
    short = (last.end - last.right) / width
    ends = _SENTENCE_END.search(last.text[-8:]) is not None
    indented = line.left - last.left > 0.8 * line.size and line.left - line.start < 0.4 * width
    if _BULLET.match(line.text) and (line.text[0] in "•▪◦■●‣" or short > 0.05 or ends):
        return False
    if indented and not _BULLET.match(last.text):
        return False
    return not (short > 0.4 and not lower) and not (short > 0.12 and ends)


def join_words(lines: Sequence[str], vocabulary: Counter[str]) -> str:
    """Return the lines as one, words that were parted by a hyphen whole again.

    Which hyphens belong to the word is told by what follows and by how the document writes the
    word elsewhere, counted in `vocabulary`.
    """
    text = lines[0] if lines else ""
    for line in lines[1:]:
        text = _join(text, line, vocabulary) if _HYPHENATED.fullmatch(text[-2:]) else f"{text} {line}"
    return " ".join(text.replace("\u00ad", "").split())


def _join(text: str, line: str, vocabulary: Counter[str]) -> str:
    before, after = re.search(r"[\w.-]*$", text[-_LONGEST_WORD:-1]), re.match(r"[\w-]*", line)
    stem, rest = (before[0] if before else ""), (after[0] if after else "")
    if not stem or not rest:
        return f"{text} {line}"
    if text[-1] == "\u00ad":
        return text[:-1] + line
    if _CONJUNCTION.match(line):
        return f"{text[:-1]}- {line}"
    whole, hyphenated = vocabulary[stem.split("-")[-1] + rest], vocabulary[f"{stem}-{rest}"]
    if hyphenated > whole:
        keep = True
    elif whole or rest[0].islower():
        # CT-gesteuert, 5-jährig: an abbreviation or a number keeps its hyphen
        keep = not whole and (stem[-1].isdigit() or (len(stem) > 1 and stem.split("-")[-1].isupper()))
    else:
        keep = True
    return text[:-1] + ("-" if keep else "") + line
