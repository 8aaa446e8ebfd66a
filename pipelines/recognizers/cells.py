"""Names of persons in tables and as the whole of a line or cell: "| Stoll, Erwin | 03.05.51 |", "S. Kahraman"."""

import re
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.eponym import is_eponym
from pipelines.recognizers.lexicon import NAME as NAMES
from pipelines.recognizers.lexicon import Flag
from pipelines.recognizers.mentions import BARRED, is_nameable, is_unknown
from pipelines.recognizers.names import name_after
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["PERSON"]
NAME = "cells"

BARS = 2
"""Vertical bars that make a line a row of a table."""
LONGEST_NAME = 6
ROLES = re.compile(
    r"(?i)\b(?:name|patient(?:in)?|pat|arzt|ärztin|anmelder(?:in)?|zuweiser(?:in)?|behandler(?:in)?|operateur(?:in)?"
    r"|untersucher"
    r"(?:in)?|verantwortlich\w*|teilnehmer|bezugspflege|pflege|kürzel|betreuer(?:in)?|referent|vorgestellt von)\b"
)
ROLE = re.compile(rf"\s*(?:{ROLES.pattern[4:]})\s*:?\s*$", re.IGNORECASE)
DATE = re.compile(r"\s*\*?\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2,4}\b|\s*(?:19|20)\d\d(?:-\d\d-\d\d)?\s*$")
CELL = re.compile(r"[^|\n]*")
NAMELIKE = re.compile(
    r"\s*((?:Dr\.\s?|Prof\.\s?|Fr\.\s?|Hr\.\s?|Frau\s|Herr\s){0,3}"
    r"(?:(?:von|van|de|der|den|zu|al|el|v\.|d\.)[\s-]|(?![a-zäöüß\d_])\w[\w’'-]{0,30}\.?,?\s{0,2}){1,5})\s*$"
)
BORDERS = (">", "|", ":", ";", "•", "·", "-", "–", "—")


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield the names that fill a cell of a table, or a line with an initial."""
    yield from _alone(tokens)
    if tokens.text.count("|") >= BARS:
        yield from _in_tables(tokens)


def _alone(tokens: Tokens) -> Iterator[Entity]:
    """Yield names with an initial that fill a line, a cell or what follows a colon: S. Kahraman."""
    for index in tokens.having(Flag.CODE):
        if len(tokens.words[index]) > 1 or not tokens.is_initial(index):
            continue
        previous = tokens.word(index - 1)
        if not (tokens.ends_column(index) or previous in BORDERS) or (tokens.joined(index) and previous != ">"):
            continue
        span = name_after(tokens, index, any_word=True)
        if not span or span[1] - span[0] < LONGEST_NAME // 2 or is_eponym(tokens, span[1] - 1, span[1] - 1):
            continue
        known = any(is_nameable(tokens, at) and len(tokens.words[at]) > 2 for at in range(*span))
        if known and (tokens.closes(span[1]) or tokens.word(span[1]) in ("<", ".")):
            yield Entity("PERSON", tokens.starts[span[0]], tokens.ends[span[1] - 1], 0.65, NAME)


def _in_tables(tokens: Tokens) -> Iterator[Entity]:
    """Yield the names in rows of bars: in columns whose head says so, and beside a date."""
    text, begin = tokens.text, 0
    columns: frozenset[int] = frozenset()
    for line in text.splitlines(keepends=True):
        start, begin = begin, begin + len(line)
        if "|" not in line:
            continue
        cells = [(match.start() + start, match.end() + start) for match in CELL.finditer(line) if match[0]]
        heads = frozenset(n for n, cell in enumerate(cells) if ROLES.search(text, *cell))
        if heads and not any(character.isdigit() for character in line):
            columns = heads
            continue
        for number, cell in enumerate(cells):
            match = NAMELIKE.match(text, *cell)
            if not match:
                continue
            beside = any(DATE.match(text, *cells[n]) for n in (number - 1, number + 1) if 0 <= n < len(cells))
            labelled = number > 0 and ROLE.match(text, *cells[number - 1]) is not None
            if _is_name(tokens, match.span(1), beside, labelled or number in columns):
                yield Entity("PERSON", match.start(1), match.start(1) + len(match[1].rstrip(" ,")), 0.7, NAME)


def _is_name(tokens: Tokens, extent: tuple[int, int], beside_date: bool, column: bool) -> bool:
    index, names, words = tokens.beginning(extent[0]), 0, 0
    while index is not None and index < len(tokens) and tokens.ends[index] <= extent[1]:
        flag = tokens.flags[index]
        if flag & Flag.UPPER and len(tokens.words[index]) > 1:
            words += 1
            if flag & BARRED & ~(Flag.TITLE | Flag.SALUTATION | Flag.NOT_NAME) and not flag & NAMES:
                return False
            names += is_unknown(tokens, index) or bool(flag & (NAMES | Flag.AMBIGUOUS))
        index += 1
    return names > 0 and (column or (beside_date and words > 1 and names * 2 > words))
