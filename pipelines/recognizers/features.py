"""What the learned tagger sees of a token: its shape and endings, what the lexicons say, and its neighbours."""

import re

from pipelines.recognizers.lexicon import Flag
from pipelines.recognizers.tokens import Tokens

TELLING = (
    "COMMON COMPOUND FIRST_NAME SURNAME PLACE AMBIGUOUS EPONYM SALUTATION TITLE STAFF PATIENT NAME_FIELD PARTICLE"
    " NOT_NAME MONTH ANATOMY HOSPITAL ORGANIZATION IDENTIFIER BIRTH GREETING UNIT MEDICAL PROFESSION WARD UPPER"
).split()
FLAG_NAMES = [(name, getattr(Flag, name)) for name in TELLING]
REPEATED = re.compile(r"(.)\1+")
SHAPES = {True: "A", False: "a"}
NEIGHBOURS = (-2, -1, 1, 2)
LONGEST_COUNTED = 14


def word_features(word: str, flags: int) -> tuple[tuple[str, ...], tuple[str, str, str]]:
    """Return the features of a token itself, and those that its neighbours see.

    A word that no dictionary knows gives its endings but not itself, so that the model learns no names by heart.
    """
    lower = word.lower()
    letters = ("9" if letter.isdigit() else SHAPES[letter.isupper()] if letter.isalpha() else letter for letter in word)
    known = flags & Flag.COMMON or not word[0].isalpha() or len(word) < 4
    seen = (
        "f=" + ",".join(name for name, value in FLAG_NAMES if flags & value),
        "s=" + REPEATED.sub(r"\1\1", "".join(letters)),
        "w=" + (lower if known else "?"),
    )
    own = (*seen, "e3=" + lower[-3:], "e4=" + lower[-4:], "b3=" + lower[:3])
    if word[0].isalpha() and len(word) > 2:
        own += ("e2=" + lower[-2:], "e5=" + lower[-5:], "b4=" + lower[:4], f"l={min(len(word), LONGEST_COUNTED)}")
    return own, seen


def gap_kind(tokens: Tokens, index: int) -> str:
    """Return the kind of white space before a token: a line break, none, wide, or a space."""
    if tokens.new_line(index):
        return "N"
    if tokens.joined(index):
        return "J"
    gap = tokens.gap(index)
    return "T" if "\t" in gap or len(gap) > 2 else "S"


def features(tokens: Tokens, start: int, end: int) -> list[list[str]]:
    """Return the features of the tokens from `start` to `end` (exclusive), one list of strings a token."""
    size = len(tokens)
    first, last = max(0, start - 2), min(size, end + 2)
    words = [word_features(tokens.words[index], tokens.flags[index]) for index in range(first, last)]
    gaps = [gap_kind(tokens, index) for index in range(start, end + 1)]
    rows = []
    for index in range(start, end):
        row = [*words[index - first][0], "g=" + gaps[index - start] + gaps[index - start + 1]]
        for distance in NEIGHBOURS:
            at = index + distance
            if 0 <= at < size:
                row.extend([f"{distance}{feature}" for feature in words[at - first][1]])
            else:
                row.append(f"{distance}E")
        if 0 < index < size - 1:
            row.append(f"c={words[index - 1 - first][1][2]}|{words[index + 1 - first][1][2]}")
        rows.append(row)
    return rows
