"""Names of relatives and others that nothing but the relation announces: Enkel Wolf studiert, ihr Mitschüler (Emir)."""

import re
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.eponym import is_eponym
from pipelines.recognizers.lexicon import NAME as NAMES
from pipelines.recognizers.lexicon import WORDS, Flag, read_lines
from pipelines.recognizers.mentions import BARRED, is_nameable, is_unknown
from pipelines.recognizers.names import name_after
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["PERSON"]
NAME = "relatives"

RELATIONS = frozenset(read_lines("relations"))
VERBS = frozenset(read_lines("telling_verbs"))
SPELLINGS = frozenset(form for word in RELATIONS for form in (word, word.capitalize(), word.upper()))
KIN = "|".join(sorted(RELATIONS))
# who somebody is, said after the name: nach Hermann (verst. Ehemann)
AFTER = re.compile(rf"\s\((?:verst\.|gest\.|verstorbene[rn]?|ihr|sein|die|der)?\s?(?:{KIN})[),; ]", re.IGNORECASE)
# what numbers the cases of a list: Fall 2) Oyelaran, Folake
CASE = re.compile(
    r"(?:^|\n)[ \t]{0,8}(Fall|Pat\.?|Patient(?:in)?|Nr\.?|Bett|Zi\.?)?[ \t]{0,8}\d{1,3}[ \t]?[).:/|][ \t]{0,8}"
)
BEFORE_DATE = re.compile(r"[ ,|;(*]{1,6}(?:geb\.? ?)?\d{1,2}\.\d{1,2}\.")


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield the names that a relation or the number of a case announces."""
    text = tokens.text
    for index in tokens.among(SPELLINGS):
        if not tokens.flags[index] & (Flag.PATIENT | Flag.COMMON):
            continue
        # Trelschkes Ehefrau
        if tokens.word(index - 1).endswith("s") and tokens.gap(index) == " " and is_unknown(tokens, index - 1):
            yield Entity("PERSON", tokens.starts[index - 1], tokens.ends[index - 1], 0.6, NAME)
        if at := _named(tokens, index):
            span = name_after(tokens, at, any_word=True) or (at, at + 1)
            yield Entity("PERSON", tokens.starts[at], tokens.ends[span[1] - 1], 0.6, NAME)
    for index in tokens.having(NAMES | Flag.AMBIGUOUS) if "(" in text else ():
        if AFTER.match(text, tokens.ends[index]) and is_nameable(tokens, index):
            yield Entity("PERSON", tokens.starts[index], tokens.ends[index], 0.6, NAME)
    for match in CASE.finditer(text):
        yield from _case(tokens, tokens.first(match.end()), named=match[1] is not None)


def _named(tokens: Tokens, relation: int) -> int:
    """Return the token of the name after a relation, or 0: Freundin Burgi sei, Mitschüler (Emir).

    Enkel Wolf studiert: a word that may be none is told by the verb.
    """
    at = relation + 1
    if tokens.new_line(at):
        return 0
    bracketed = tokens.word(at) == "(" and tokens.word(at + 2) in (")", ",")
    at += bracketed
    flag = tokens.flag(at)
    if not flag & Flag.UPPER or len(tokens.word(at)) < 3 or flag & BARRED or not tokens.word(at)[1:].islower():
        return 0
    following = tokens.word(at + 1)
    told = bracketed or following in VERBS or tokens.word(at + 1) == "("
    if flag & NAMES:
        known = bool(flag & Flag.FIRST_NAME) or told
    else:
        known = is_unknown(tokens, at) or (told and not flag & (Flag.LOWER | Flag.MEDICAL | Flag.ANATOMY | Flag.EPONYM))
    return at if known and not is_eponym(tokens, at, at) else 0


def _case(tokens: Tokens, index: int, named: bool) -> Iterator[Entity]:
    """Yield the name after the number of a case: a surname, a comma and a given name, or a name before a date."""
    if not is_nameable(tokens, index) or tokens.new_line(index):
        return
    end = index + 1
    if tokens.word(end) == "," and tokens.is_upper(end + 1) and not tokens.flag(end + 1) & (WORDS | BARRED):
        end += 2
    elif not ((named or is_unknown(tokens, index)) and tokens.flag(index) & NAMES) and not BEFORE_DATE.match(
        tokens.text, tokens.ends[index]
    ):
        return
    yield Entity("PERSON", tokens.starts[index], tokens.ends[end - 1], 0.6, NAME)
