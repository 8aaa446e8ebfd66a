"""Spans of personal information in one text."""

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import pairwise
from typing import NamedTuple

from schemas.entities import LABELS

_PRECEDENCE = {label: rank for rank, label in enumerate(LABELS)}


class BadSpanError(ValueError):
    """A recognizer named characters that the text does not have, or a label that is none."""


class Span(NamedTuple):
    """Characters `begin` to `end` (exclusive, Python string indices) of a text, and what they are."""

    begin: int
    end: int
    label: str
    score: float = 1.0


def check(spans: Iterable[Span], length: int) -> None:
    """Raise BadSpanError where a span is empty, lies outside a text of `length` characters or has an unknown label."""
    for span in spans:
        if not (0 <= span.begin < span.end <= length and span.label in _PRECEDENCE):
            raise BadSpanError(f"span {span.begin} to {span.end} ({span.label}) of a text of {length} characters")


def resolve(spans: Iterable[Span], text: str) -> list[Span]:
    """Return the union of `spans` without overlaps, sorted; only spans with a letter or digit remain.

    Spans of one label that overlap become one. Where others overlap, the one with the higher score keeps its extent
    (then the longer one, then the order of `LABELS`), and of the other what sticks out remains under its own label: no
    character is lost.
    """
    ordered = sorted(spans)
    resolved: list[Span] = []
    for group in _overlapping(ordered):
        resolved += group if len(group) == 1 else _cut(_united(group))
    return [s for s in resolved if any(c.isalnum() for c in text[s.begin : s.end])]


def _overlapping(ordered: Sequence[Span]) -> Iterator[list[Span]]:
    """Yield runs of spans that overlap each other in a chain."""
    group: list[Span] = []
    end = -1
    for span in ordered:
        if group and span.begin >= end:
            yield group
            group = []
        group.append(span)
        end = max(end, span.end) if len(group) > 1 else span.end
    if group:
        yield group


def _united(group: list[Span]) -> list[Span]:
    """Return the spans of `group`, sorted, with those of one label that overlap as one."""
    last: dict[str, int] = {}
    united: list[Span] = []
    for span in group:
        before = last.get(span.label)
        if before is not None and span.begin < united[before].end:
            old = united[before]
            united[before] = old._replace(end=max(old.end, span.end), score=max(old.score, span.score))
        else:
            last[span.label] = len(united)
            united.append(span)
    return united


def _cut(group: list[Span]) -> list[Span]:
    """Return, sorted, of each of the spans of `group` what no better one covers.

    A sweep over the places where spans begin and end: between two of them the best that is open wins. Costs n log n.
    """
    borders = sorted({place for span in group for place in (span.begin, span.end)})
    waiting = sorted(group, reverse=True)
    opened: list[tuple[tuple[float, int, int, int], Span]] = []
    parts: list[Span] = []
    winner: Span | None = None
    for begin, end in pairwise(borders):
        while waiting and waiting[-1].begin <= begin:
            span = waiting.pop()
            heappush(opened, ((-span.score, span.begin - span.end, _PRECEDENCE[span.label], span.begin), span))
        while opened and opened[0][1].end <= begin:
            heappop(opened)
        best = opened[0][1] if opened else None
        if best and best is winner:
            parts[-1] = parts[-1]._replace(end=end)
        elif best:
            parts.append(best._replace(begin=begin, end=end))
        winner = best
    return parts
