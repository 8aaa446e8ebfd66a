"""Spans of personal information in one text."""

from collections.abc import Iterable, Iterator, Sequence
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
    last: dict[str, Span] = {}
    united: list[Span] = []
    for span in group:
        before = last.get(span.label)
        if before and span.begin < before.end:
            united.remove(before)
            span = before._replace(end=max(before.end, span.end), score=max(before.score, span.score))
        last[span.label] = span
        united.append(span)
    return united


def _cut(group: list[Span]) -> list[Span]:
    """Return the parts of the spans of `group`, best first, that no better span covers, sorted."""
    taken: list[Span] = []
    for span in sorted(group, key=lambda s: (-s.score, s.begin - s.end, _PRECEDENCE[s.label], s.begin)):
        rest = [span]
        for other in taken:
            rest = [part for piece in rest for part in _without(piece, other)]
        taken += rest
    return sorted(taken)


def _without(piece: Span, other: Span) -> Iterator[Span]:
    if piece.end <= other.begin or other.end <= piece.begin:
        yield piece
        return
    if piece.begin < other.begin:
        yield piece._replace(end=other.begin)
    if other.end < piece.end:
        yield piece._replace(begin=other.end)
