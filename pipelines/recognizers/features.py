"""What the learned tagger sees of a token: its shape and endings, what the lexicons say, its neighbours, and the rules.

Where the rules have found something is a feature too (stacking, Wolpert 1992): the tagger learns what goes on from it,
and where it stands beside.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import Flag
from pipelines.recognizers.tokens import LINE_BREAK, Tokens

TELLING = (
    "COMMON COMPOUND FIRST_NAME SURNAME PLACE AMBIGUOUS EPONYM SALUTATION TITLE STAFF PATIENT NAME_FIELD PARTICLE"
    " NOT_NAME MONTH ANATOMY HOSPITAL ORGANIZATION IDENTIFIER BIRTH GREETING UNIT MEDICAL PROFESSION WARD UPPER"
).split()
FLAG_NAMES = [(name, getattr(Flag, name)) for name in TELLING]
REPEATED = re.compile(r"(.)\1+")
SHAPES = {True: "A", False: "a"}
NEIGHBOURS = (-3, -2, -1, 1, 2, 3)
FARTHEST = 3
"""Of a neighbour at this distance only the word is seen, not its shape."""
LONGEST_COUNTED = 14
UNMARKED = ""
BEFORE_TEXT, AFTER_TEXT = ["^", "^"], ["$", "$"]
"""What marks stand before and after a text."""
SEEN_MARKS = 1 + len(BEFORE_TEXT) + len(AFTER_TEXT)
LINE_BREAK_KIND = "N"


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


def neighbour_features(seen: tuple[str, str, str], distance: int) -> list[str]:
    """Return the features that a token has from a neighbour `distance` tokens away."""
    return [f"{distance}{feature}" for feature in (seen[2:] if abs(distance) == FARTHEST else seen)]


@lru_cache(1000)
def gap_kind(gap: str) -> str:
    """Return the kind of the white space before a token: a line break, none, wide, or a space."""
    if not gap:
        return "J"
    if LINE_BREAK.search(gap):
        return LINE_BREAK_KIND
    return "T" if "\t" in gap or len(gap) > 2 else "S"


def marks(tokens: Tokens, found: Iterable[Entity]) -> list[str]:
    """Return the type of the entity `found` at each token, or the empty string."""
    marked = [UNMARKED] * len(tokens)
    for entity in found:
        index = tokens.first(entity.start)
        while index < len(marked) and tokens.starts[index] < entity.end:
            marked[index] = entity.entity_type
            index += 1
    return marked


def contexts(tokens: Tokens, marked: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Return what stands around each token: the kinds of the gaps before and after it, and marks from 2 before."""
    kinds = [LINE_BREAK_KIND, *map(gap_kind, tokens.gaps[1 : len(tokens)]), LINE_BREAK_KIND]
    padded = [*BEFORE_TEXT, *marked, *AFTER_TEXT]
    return zip(kinds, kinds[1:], *(padded[at:] for at in range(SEEN_MARKS)), strict=False)


def context_features(context: Sequence[str]) -> list[str]:
    """Return the features of a token that come of what stands around it."""
    gap_before, gap_after, far_before, before, here, after, far_after = context
    return [
        f"g={gap_before}{gap_after}",
        f"r={here}",
        f"r-={before}",
        f"r+={after}",
        f"r3={before}|{here}|{after}",
        f"r-g={before}{gap_before}",
        f"r+g={after}{gap_after}",
        f"r-2={far_before}",
        f"r+2={far_after}",
    ]


def pair_feature(seen_before: str, seen_after: str) -> str:
    """Return the feature of the two words around a token together."""
    return f"c={seen_before}|{seen_after}"


def features(tokens: Tokens, marked: Sequence[str]) -> list[list[str]]:
    """Return the features of the tokens of a text with the `marks` of the rules, one list of strings a token."""
    size = len(tokens)
    words = [word_features(word, flags) for word, flags in zip(tokens.words, tokens.flags, strict=True)]
    rows = []
    for index, context in enumerate(contexts(tokens, marked)):
        row = [*words[index][0], *context_features(context)]
        for distance in NEIGHBOURS:
            at = index + distance
            row += neighbour_features(words[at][1], distance) if 0 <= at < size else [f"{distance}E"]
        if 0 < index < size - 1:
            row.append(pair_feature(words[index - 1][1][2], words[index + 1][1][2]))
        rows.append(row)
    return rows
