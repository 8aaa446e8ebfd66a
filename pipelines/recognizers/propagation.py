"""A name found once is looked for in the whole document: "Frau Albers" finds "Albers" and "ALBERS'" elsewhere."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.eponym import is_eponym
from pipelines.recognizers.lexicon import NAME, WORDS, Flag
from pipelines.recognizers.tokens import Tokens

NOT_PROPAGATED = (
    Flag.PARTICLE | Flag.TITLE | Flag.NOT_NAME | Flag.STAFF | Flag.PATIENT | Flag.ANATOMY | Flag.MEDICAL | Flag.MONTH
)
SURE = 0.85
LONGEST_NICKNAME = 6
# what a given name is shortened to, as in Maxi, Basti, Franzi
HUNG_ON = re.compile(r"([A-ZÄÖÜ][^\W\d_A-Z]{2,})[A-ZÄÖÜ]{1,2}")
NICKNAME = re.compile(r"[a-zäöü]{3,4}[iy]")
ADJECTIVE = ("e", "en", "er", "em", "es")
BEFORE_NOUNS = frozenset(
    "der die das dem den des ein eine einen einem einer eines im am zum zur vom beim ins kein keine mit und oder ohne"
    " bis pro je vor von in bei nach".split()
)


class Names(NamedTuple):
    """Parts of names in lower case: those that are names wherever they stand, and those that are `ordinary` words."""

    telling: set[str]
    ordinary: set[str]

    def joined(self, other: "Names") -> "Names":
        """Return the names of both."""
        return Names(self.telling | other.telling, self.ordinary | other.ordinary)


def names(tokens: Tokens, found: Iterable[Entity]) -> Names:
    """Return the parts of the names of `found` persons that are looked for elsewhere."""
    known = Names(set(), set())
    for entity in found:
        if entity.entity_type != "PERSON":
            continue
        index = tokens.beginning(entity.start)
        while index is not None and index < len(tokens) and tokens.ends[index] <= entity.end:
            if _is_telling(tokens, index):
                known.telling.add(tokens.words[index].lower())
            elif entity.score > SURE and _is_rare(tokens, index):
                known.ordinary.add(tokens.words[index].lower())
            index += 1
    return known


def occurrences(tokens: Tokens, known: Names) -> Iterator[Entity]:
    """Yield the places where known names stand in the text, also declined."""
    names, ordinary = known
    stems = {name[:3] for name in names if len(name) > LONGEST_NICKNAME}
    for index in tokens.having(Flag.UPPER) if stems else ():
        word = tokens.words[index].lower()
        if word[:3] in stems and NICKNAME.fullmatch(word) and not tokens.flags[index] & NOT_PROPAGATED:
            names = names | {word}
    # the name with an initial hung on, as in the name of a file: SteinerH
    for index in tokens.having(Flag.UPPER) if names and "_" in tokens.text else ():
        if (match := HUNG_ON.fullmatch(tokens.words[index])) and match[1].lower() in names:
            yield Entity("PERSON", tokens.starts[index], tokens.ends[index], 0.6, "propagation")
    forms = {form for name in names | ordinary for form in (name, name + "s")}
    lowered = list(map(str.lower, tokens.words)) if forms else []
    for index in [index for index, lower in enumerate(lowered) if lower in forms]:
        lower = lowered[index]
        stem = lower[:-1] if len(lower) > 3 and lower[-1] == "s" else lower
        meant = lower in names or stem in names
        meant |= (lower in ordinary or stem in ordinary) and not _is_noun_here(tokens, index)
        double = tokens.word(index + 1) == "-" and tokens.word(index + 2).lower() in names
        if meant and double and tokens.is_upper(index):
            yield Entity("PERSON", tokens.starts[index], tokens.ends[index + 2], 0.6, "propagation")
        elif meant and tokens.is_upper(index) and not is_eponym(tokens, index, index, lower in names | ordinary):
            yield Entity("PERSON", tokens.starts[index], tokens.ends[index], 0.6, "propagation")


def _is_telling(tokens: Tokens, index: int) -> bool:
    """Tell whether a part of a name is a name wherever it stands."""
    flag, word = tokens.flags[index], tokens.words[index]
    if len(word) < 3 or not tokens.is_upper(index) or flag & NOT_PROPAGATED:
        return False
    return bool(flag & NAME) or not flag & WORDS


def _is_rare(tokens: Tokens, index: int) -> bool:
    """Tell whether a part of a name that is an ordinary word may still be looked for."""
    flag = tokens.flags[index]
    return len(tokens.words[index]) > 3 and tokens.is_upper(index) and not flag & NOT_PROPAGATED


def _is_noun_here(tokens: Tokens, index: int) -> bool:
    """Tell whether the word stands as a noun does: after an article, a preposition, an adjective or a number."""
    previous = tokens.word(index - 1)
    if tokens.new_line(index) or not previous or tokens.joined(index):
        return tokens.joined(index)
    return (
        previous.lower() in BEFORE_NOUNS
        or previous[0].isdigit()
        or (previous[0].islower() and previous.endswith(ADJECTIVE))
    )
