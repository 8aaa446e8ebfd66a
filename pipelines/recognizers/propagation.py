"""A name found once is looked for in the whole document: "Frau Albers" finds "Albers" and "ALBERS'" elsewhere."""

from collections.abc import Iterable, Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.eponym import is_eponym
from pipelines.recognizers.lexicon import NAME, Flag
from pipelines.recognizers.tokens import Tokens

NOT_PROPAGATED = (
    Flag.PARTICLE | Flag.TITLE | Flag.NOT_NAME | Flag.STAFF | Flag.PATIENT | Flag.ANATOMY | Flag.MEDICAL | Flag.MONTH
)
WORDS = Flag.COMMON | Flag.COMPOUND


def propagate(tokens: Tokens, found: Iterable[Entity]) -> Iterator[Entity]:
    """Yield the other places where the names of `found` persons stand in the text, also declined."""
    names: set[str] = set()
    starts = {start: index for index, start in enumerate(tokens.starts)}
    for entity in found:
        if entity.entity_type != "PERSON" or entity.start not in starts:
            continue
        index = starts[entity.start]
        while index < len(tokens) and tokens.ends[index] <= entity.end:
            if _is_telling(tokens, index):
                names.add(tokens.words[index].lower())
            index += 1
    if not names:
        return
    for index, word in enumerate(tokens.words):
        lower = word.lower()
        known = lower in names or (len(lower) > 3 and lower[-1] == "s" and lower[:-1] in names)
        if known and tokens.is_upper(index) and not is_eponym(tokens, index, index):
            yield Entity("PERSON", tokens.starts[index], tokens.ends[index], 0.6, "propagation")


def _is_telling(tokens: Tokens, index: int) -> bool:
    """Tell whether a part of a name is a name wherever it stands."""
    flag, word = tokens.flags[index], tokens.words[index]
    if len(word) < 3 or not tokens.is_upper(index) or flag & NOT_PROPAGATED:
        return False
    return bool(flag & NAME) or not flag & WORDS
