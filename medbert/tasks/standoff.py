"""Standoff: a text, and spans in it with a label each, as words with tags."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from medbert.tasks.examples import Example

WORD = re.compile(r"\w+|[^\w\s]")
CONCEPTS = "conceptMentions"
"""Where MobIE and SmartData, written by Java, have their spans: offsets count UTF-16 code units."""
SPAN_KEYS = ("spans", "entities", "annotations", CONCEPTS)
TYPE_KEYS = ("label", "type", "tag", "entity", "entity_group")
UNIONS = {"string", "array", "map"}


def plain(value: Any) -> Any:
    """Return the value of a union in Avro's JSON form, {"string": ...} or {"array": ...}; others as they are."""
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in UNIONS:
        return next(iter(value.values()))
    return value


def spans_of(record: dict[str, Any], place: str) -> list[tuple[int, int, str]]:
    """Return the spans of a standoff record. Raises ValueError where one is malformed or outside of the text."""
    key = next((key for key in SPAN_KEYS if isinstance(record.get(key), list)), None)
    places = utf16_places(record["text"]) if key == CONCEPTS else range(len(record["text"]) + 1)
    spans = []
    for entry in record[key] if key else ():
        if isinstance(entry, dict):
            entry = {**entry, **entry["span"]} if isinstance(entry.get("span"), dict) else entry
            label = next((entry[key] for key in TYPE_KEYS if key in entry), None)
            start, end = entry.get("start", entry.get("begin")), entry.get("end")
        else:
            start, end, label = entry if isinstance(entry, list) and len(entry) == 3 else (None, None, None)
        if not (isinstance(start, int) and isinstance(end, int) and isinstance(label, str)):
            raise ValueError(f"{place}: a span without start, end and label")  # noqa: TRY004
        if not 0 <= start < end < len(places):
            raise ValueError(f"{place}: span {start} to {end} is not in the text of {len(places) - 1} characters")
        spans.append((places[start], places[end], label))
    return spans


def utf16_places(text: str) -> Sequence[int]:
    """Return for each offset in UTF-16 code units, as Java counts them, that in characters; ends included."""
    if text.isascii() or max(text) < "\U00010000":
        return range(len(text) + 1)
    units = [place for place, letter in enumerate(text) for _ in range(1 + (letter > "\uffff"))]
    return [*units, len(text)]


def from_standoff(text: str, spans: list[tuple[int, int, str]], group: str) -> tuple[list[Example], int, int]:
    """Return one example per line of `text`, how many spans were widened to whole tokens, how many left out.

    Of overlapping spans the first and longest stays. A span over a line break goes on as a new entity.
    """
    tokens = [(match.start(), match.end()) for match in WORD.finditer(text)]
    begins, ends = [begin for begin, _ in tokens], [end for _, end in tokens]
    tags, moved, dropped = ["O"] * len(tokens), 0, 0
    for start, end, label in sorted(spans, key=lambda span: (span[0], -span[1], span[2])):
        inside = range(bisect_right(ends, start), bisect_left(begins, end))
        if not inside or any(tags[i] != "O" for i in inside):
            dropped += 1
            continue
        # white space at the ends of a span moves nothing
        moved += start > tokens[inside[0]][0] or end < tokens[inside[-1]][1]
        for i in inside:
            tags[i] = f"{'B' if i == inside[0] else 'I'}-{label}"
    return list(_lines(text, tokens, tags, group)), moved, dropped


def _lines(text: str, tokens: list[tuple[int, int]], tags: list[str], group: str) -> Iterator[Example]:
    breaks = [i for i, (one, two) in enumerate(pairwise(tokens), 1) if "\n" in text[one[1] : two[0]]]
    for first, last in pairwise([0, *breaks, len(tokens)]):
        if first < last:
            words = [text[start:end] for start, end in tokens[first:last]]
            first_tag = f"B-{tags[first][2:]}" if tags[first] != "O" else "O"
            yield Example(" ".join(words), (first_tag, *tags[first + 1 : last]), tuple(words), group)
