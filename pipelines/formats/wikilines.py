"""From wikitext that has only its line marks left to paragraphs: headings, list items, traces of removals."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from pipelines.formats.headings import is_back_matter

MARKER = "\ue000"
"""Stands for what was removed inside a line until the blanks and brackets around it are mended."""

_HEADING = re.compile(r"(={1,6})(.{1,300}?)=+")
_LIST = re.compile(r"[*#:;]+[ \t]*")
_RULE = re.compile(r"-{4,}")
_SWITCH = re.compile(r"__[A-ZÄÖÜ]{3,40}__")
_STYLE = re.compile(r"'{2,}")
_BRACES = re.compile(r"\{\{+|\}\}+|\[\[+|\]\]+")
_MARKERS = re.compile(rf"{MARKER}(?:[ ,;]*{MARKER})+")
_BRACKETED = re.compile(rf" ?[(\[] ?{MARKER}[ ,;:–]*[)\]]")
_OPENED = re.compile(rf"([(\[]) ?{MARKER}[ ,;:]*")
_BEFORE_END = re.compile(rf"[ ,;]*{MARKER} ?([)\]])")
_SPACE = re.compile(r"[ \t]+")
_EMPTY = re.compile(r" ?\( ?[,;]? ?\)| ?\[ ?\]")
_BEFORE_STOP = re.compile(r" ([,.;:)\]](?:\s|$))")
_WORD = re.compile(r"[^\W_]")


@dataclass(slots=True)
class _Line:
    """A line of text; `level` is that of a heading, 0 for text."""

    text: str
    level: int = 0


def paragraphs(text: str) -> Iterator[str]:
    """Yield paragraphs, list items and headings, one a line, without back matter and without empty headings."""
    waiting: list[_Line] = []
    for line in _without_back_matter(_lines(text)):
        if line.level:
            while waiting and waiting[-1].level >= line.level:
                waiting.pop()
            waiting.append(line)
        else:
            yield from (heading.text for heading in waiting)
            waiting.clear()
            yield line.text


def _without_back_matter(lines: Iterator[_Line]) -> Iterator[_Line]:
    dropped = 0
    for line in lines:
        if line.level and (not dropped or line.level <= dropped):
            dropped = line.level if _is_dropped(line.text) else 0
        if not dropped:
            yield line


def _is_dropped(heading: str) -> bool:
    return is_back_matter(heading) or heading.rstrip(" :").casefold() in _appendices()


@cache
def _appendices() -> frozenset[str]:
    content = resources.files("pipelines.formats").joinpath("lexicons/wiki_appendices.txt").read_text("utf-8")
    return frozenset(line.casefold() for line in content.splitlines() if line and not line.startswith("#"))


def _lines(text: str) -> Iterator[_Line]:
    """Yield lines; those of one paragraph, which authors may break anywhere, are joined."""
    pending: list[str] = []
    for raw in text.split("\n"):
        line, level, starts = _classify(raw)
        if (starts or level or not line) and pending:
            yield _Line(" ".join(pending))
            pending.clear()
        if level:
            yield _Line(line, level)
        elif line:
            pending.append(line)
    if pending:
        yield _Line(" ".join(pending))


def _classify(raw: str) -> tuple[str, int, bool]:
    """Return a line's text, the level of its heading, and whether it begins a paragraph."""
    line = raw.strip()
    if not line:
        return "", 0, False
    if line[0] == "=" and (heading := _HEADING.fullmatch(line.rstrip(MARKER + " "))):
        return _tidy(heading[2]), len(heading[1]), True
    if line[0] in "|!" or _RULE.match(line):
        # the rest of a table that was never closed
        return "", 0, False
    if item := _LIST.match(line):
        return _tidy(line[item.end() :]), 0, True
    return _tidy(line), 0, False


def _tidy(line: str) -> str:
    """Return `line` without emphasis and without what removals left: empty brackets, double blanks."""
    line = _BRACES.sub("", _STYLE.sub("", _SWITCH.sub("", line)))
    if MARKER in line:
        line = _BRACKETED.sub("", _MARKERS.sub(MARKER, line))
        line = _BEFORE_END.sub(r"\1", _OPENED.sub(r"\1", line))
        line = line.replace(f" {MARKER}", MARKER).replace(MARKER, "") if line.endswith(MARKER) else line
        line = line.replace(f" {MARKER} ", " ").replace(f" {MARKER}", "").replace(MARKER, "")
        line = _BEFORE_STOP.sub(r"\1", line)
    line = _EMPTY.sub("", _SPACE.sub(" ", line)).strip()
    return line if _WORD.search(line) else ""
