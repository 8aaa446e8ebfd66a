"""A text cut into words, numbers and signs once, for all recognizers."""

import re
from bisect import bisect_left
from collections import defaultdict
from functools import lru_cache
from itertools import accumulate, chain

from pipelines.recognizers.lexicon import Flag, lexicon

# a salutation or small word may be glued to what follows: HerrMüller, inSpanien, aufK26
TOKEN = re.compile(
    r"((?:Herrn?|Frau|Patient(?:in)?|Kolleg(?:e|in)|a[mnb]|auf|aus|als|beim?|bis|durch|den|im|in|mit|nach|seit|sei|und"
    r"|vo[mnr]|wurde|Station|O[AÄ]|wohnhaft|geboren|zu[mr])(?=[A-ZÄÖÜ](?:[a-zß-öø-ÿıłś]|\d))"
    r"|[^\W\d_]+|\d+|[^\w\s]|_)"
)
_CLOSING = frozenset(",;:()[]/|*†")
_NO_BREAKS = ("", " ")
LINE_BREAK = re.compile(r"[\n\r\v\f\x85\u2028\u2029]")


class Tokens:
    """The tokens of a text, in parallel lists: `words`, where they start and end, and their flags in the lexicon.

    `gaps` is the white space before each, and what ends the text; `line_starts` are the first tokens of the lines.

    `lower_cased` says that the text is written without capital letters, so that they tell nothing; told of a part of a
    text, or counted.
    """

    __slots__ = (
        "_breaks",
        "_with_flags",
        "ends",
        "flags",
        "gaps",
        "line_starts",
        "lower_cased",
        "starts",
        "text",
        "words",
    )

    def __init__(self, text: str, lower_cased: bool = False) -> None:
        self.text = text
        pieces = TOKEN.split(text)  # gap, token, gap, token, ..., gap
        borders = list(accumulate(map(len, pieces)))
        self.words, self.gaps = pieces[1::2], pieces[0::2]
        self.starts, self.ends = borders[0:-1:2], borders[1::2]
        self.flags = list(map(lexicon().__getitem__, self.words))
        inside = enumerate(self.gaps[1:-1], 1)
        broken = [index for index, gap in inside if gap not in _NO_BREAKS and LINE_BREAK.search(gap)]
        self.line_starts = [0, *broken] if self.words else []
        self._breaks = frozenset(broken)
        self._with_flags: defaultdict[int, list[int]] = defaultdict(list)
        for index, flag in enumerate(self.flags):
            self._with_flags[flag].append(index)
        upper = len(self.having(Flag.UPPER))
        ordinary = sum(len(at) for flag, at in self._with_flags.items() if flag & Flag.LOWER and not flag & Flag.UPPER)
        self.lower_cased = lower_cased or upper * 50 < len(self.words) or upper * 8 < ordinary

    def first(self, place: int) -> int:
        """Return the index of the first token that begins at the place of the text or after it."""
        return bisect_left(self.starts, place)

    def beginning(self, start: int) -> int | None:
        """Return the index of the token that begins at the place `start` of the text, or None."""
        index = self.first(start)
        return index if index < len(self.starts) and self.starts[index] == start else None

    def ending(self, end: int) -> int | None:
        """Return the index of the token that ends before the place `end` of the text, or None."""
        index = bisect_left(self.ends, end)
        return index if index < len(self.ends) and self.ends[index] == end else None

    def having(self, flags: int) -> list[int]:
        """Return the indices of the tokens that have one of these flags."""
        return sorted(chain.from_iterable(at for flag, at in self._with_flags.items() if flag & flags))

    def having_but(self, flags: int, excluded: int) -> list[int]:
        """Return the indices of the tokens that have one of `flags` and none of the `excluded` ones."""
        at = (at for flag, at in self._with_flags.items() if flag & flags and not flag & excluded)
        return sorted(chain.from_iterable(at))

    def without_flags(self) -> list[int]:
        """Return the indices of the tokens that the lexicon knows nothing of."""
        return self._with_flags.get(0, [])

    def among(self, words: frozenset[str]) -> list[int]:
        """Return the indices of the tokens that are one of these words."""
        return [index for index, word in enumerate(self.words) if word in words]

    def __len__(self) -> int:
        return len(self.words)

    def word(self, index: int) -> str:
        """Return the token at `index`, or the empty string outside the text."""
        # asked some ten times a word: to try costs nothing but at the text's end
        try:
            return self.words[index] if index >= 0 else ""
        except IndexError:
            return ""

    def flag(self, index: int) -> int:
        """Return the flags of the token at `index`, or 0 outside the text."""
        try:
            return self.flags[index] if index >= 0 else 0
        except IndexError:
            return 0

    def gap(self, index: int) -> str:
        """Return the white space before the token at `index`; a line break at both ends of the text."""
        if 0 < index < len(self.words):
            return self.gaps[index]
        return "\n"

    def joined(self, index: int) -> bool:
        """Tell whether no space parts the token at `index` from the one before."""
        try:
            return index > 0 and not self.gaps[index] and index < len(self.words)
        except IndexError:
            return False

    def new_line(self, index: int) -> bool:
        """Tell whether the token at `index` is the first of its line, or lies outside the text."""
        return not 0 < index < len(self.words) or index in self._breaks

    def ends_column(self, index: int) -> bool:
        """Tell whether a column ends before the token at `index`: by a line break, a tab or wide space."""
        gap = self.gap(index)
        return len(gap) > 2 or "\t" in gap or self.new_line(index)

    def closes(self, index: int) -> bool:
        """Tell whether a column or phrase ends before the token at `index`."""
        return self.ends_column(index) or self.words[index] in _CLOSING

    def is_upper(self, index: int) -> bool:
        """Tell whether the token at `index` is written as names are: with a capital, where a text has capitals."""
        flag = self.flag(index)
        if flag & Flag.UPPER:
            return True
        if not self.lower_cased or not self.word(index)[:1].isalpha():
            return False
        return not flag & (Flag.LOWER | Flag.MEDICAL)

    def is_initial(self, index: int) -> bool:
        """Tell whether the token at `index` is a name's initial: one or two letters with a full stop."""
        if self.word(index + 1) != "." or not self.joined(index + 1):
            return False
        word = self.word(index)
        if not self.flag(index) & Flag.UPPER:
            known = self.flag(index + 2) & (Flag.LOWER | Flag.COMMON | Flag.TITLE | Flag.NOT_NAME) or self.joined(
                index + 2
            )
            return self.lower_cased and len(word) == 1 and word.isalpha() and not known and self.is_upper(index + 2)
        return len(word) == 1 or word.capitalize() in ("Ch", "Th", "St", "Ph", "Chr", "Hch", "Yv")


@lru_cache(maxsize=2)
def tokenize(text: str) -> Tokens:
    """Return the tokens of a text; the last ones are kept, since recognizers ask one after another for the same."""
    return Tokens(text)
