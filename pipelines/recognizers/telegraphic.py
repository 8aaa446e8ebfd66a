"""Names in telegraphic style: (Kammerer/Ruf), RT: Uhl, T. Schweiger, Tim (15), Assinger 11.9.25 15:50."""

import re
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.eponym import is_eponym
from pipelines.recognizers.lexicon import NAME as NAMES
from pipelines.recognizers.lexicon import WORDS, Flag
from pipelines.recognizers.mentions import BARRED, is_nameable
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["PERSON", "AGE"]
NAME = "telegraphic"

WORD = r"[A-ZÄÖÜ][^\W\d_A-Z]{2,20}(?:-[A-ZÄÖÜ][^\W\d_A-Z]{2,20})?"
# who did it, after a stroke or alone in brackets: Splenektomie (Mehlhorn/Dąbrowski), am OP-Präparat (Ohnesorg)
BRACKETED = re.compile(rf"\(({WORD})(?:\s?/\s?({WORD}))?(?:\s?/\s?({WORD}))?(?=[),])")
BY_STROKE = re.compile(rf"durch ({WORD})\s?/\s?({WORD})\b")
# who stands for a specialty: RT: Uhl, Path: Reuß
SPECIALTIES = frozenset(
    "RT Rad Radio Path Patho Ch Chir THG GCH UCH VCH NCH MKG Onk Onko MedOnk Häm HämOnk Uro Gyn Nuk Anä Anästh Int"
    " Gastro Pneumo Kardio Neuro Strahlen StrTh Derma HNO Päd Ortho Stat Pflege Sozial PT ET".split()
)
AFTER_COLON = re.compile(rf": ({WORD})(?=[\s,;./)])")
# who wrote an entry, before its date and time
ENTERED = re.compile(
    rf"\n[ \t]*({WORD})(?= {{1,3}}\d{{1,2}}\.\d{{1,2}}\.(?:\d{{2}}|\d{{4}}),? {{1,3}}\d{{1,2}}[:.]\d\d)"
)
# who writes and gets an electronic mail: Bilge Aksoy <aksoy@praxis.example>
ADDRESSEE = re.compile(
    r"((?<![^\W\d_])[A-ZÄÖÜ][^\W\d_]{1,30}(?:[ ,.-]{1,2}[A-ZÄÖÜ][^\W\d_]{0,30}){0,3})\"? <[^<>\s]{1,64}@"
)
# who took part in an operation: 1. Ass.: Wimmer-Pospischil
TOOK_PART = re.compile(rf"\b\d\. ?(?:Ass|Assistenz|Assistent(?:in)?|Operateur(?:in)?)\.?: ?({WORD})")
AGED = re.compile(r"(?:,| \() ?(\d{1,2})(?=[),])")
# Winter, eine knapp 16-jährige Schülerin
INTRODUCED = re.compile(r", eine? (?:knapp |fast |etwa |ca\. )?(?:\d{1,3}|[a-zäöü]{4,20})[- ]?j[äa]e?hr")
BEGINNING = re.compile(rf"(?:^|\n|[.:] )({WORD})$")
BY_HAND = re.compile(rf"({WORD})\s{{1,4}}e\. ?h\.")
# expressions that need no second look: words one of which a text must have, score
PLAIN = ((ADDRESSEE, (" <",), 0.9), (BY_HAND, ("e.h.", "e. h."), 0.7))
LONGEST_NAME = 46
ANATOMICAL = Flag.MEDICAL | Flag.ANATOMY | Flag.EPONYM | Flag.PLACE


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield the names of persons that only their place in a note gives away, and ages after first names."""
    text = tokens.text
    for form, words, score in PLAIN:
        for match in form.finditer(text) if any(word in text for word in words) else ():
            yield Entity("PERSON", *match.span(1), score, NAME)
    for match in INTRODUCED.finditer(text):
        if name := BEGINNING.search(text, max(0, match.start() - LONGEST_NAME), match.start()):
            yield Entity("PERSON", *name.span(1), 0.7, NAME)
    for form, word in ((BRACKETED, "("), (BY_STROKE, "durch")):
        for match in form.finditer(text) if word in text else ():
            yield from _several(tokens, match)
    for index in tokens.having(Flag.SURNAME):
        if tokens.word(index - 1) == "." and _is_surname(tokens, index, Flag.LOWER):
            yield from _initialed(tokens, index)
    yield from _by_place(tokens)
    yield from _aged(tokens)


def _by_place(tokens: Tokens) -> Iterator[Entity]:
    """Yield words that may be names after a specialty, before a date and time, and in the list of an operation."""
    for match in AFTER_COLON.finditer(tokens.text):
        index = tokens.first(match.start(1))
        if _is_surname(tokens, index) or (tokens.word(index - 2) in SPECIALTIES and is_nameable(tokens, index)):
            yield Entity("PERSON", *match.span(1), 0.7, NAME)
    for match in ENTERED.finditer(tokens.text):
        if is_nameable(tokens, tokens.first(match.start(1))):
            yield Entity("PERSON", *match.span(1), 0.6, NAME)
    for match in TOOK_PART.finditer(tokens.text):
        index = tokens.first(match.start(1))
        if tokens.flag(index) & NAMES or is_nameable(tokens, index):
            yield Entity("PERSON", *match.span(1), 0.7, NAME)


def _aged(tokens: Tokens) -> Iterator[Entity]:
    """Yield first names with an age after them: Tim (15), Thomas, 26, lebt in Kanada."""
    text = tokens.text
    for index in tokens.having(Flag.FIRST_NAME):
        if tokens.flags[index] & (WORDS | BARRED | Flag.EPONYM) or not tokens.is_upper(index):
            continue
        if match := AGED.match(text, tokens.ends[index]):
            yield Entity("PERSON", tokens.starts[index], tokens.ends[index], 0.6, NAME)
            yield Entity("AGE", *match.span(1), 0.6, NAME)


def _initialed(tokens: Tokens, surname: int) -> Iterator[Entity]:
    """Yield a surname with the initials before it: T. Schweiger, H.-P. Otto."""
    first = surname
    while tokens.word(first - 1) == "." and tokens.is_initial(first - 2) and not tokens.new_line(first):
        first -= 2
        if tokens.word(first - 1) == "-" and tokens.joined(first):
            first -= 1
    if first < surname and not tokens.joined(first) and not is_eponym(tokens, surname, surname):
        yield Entity("PERSON", tokens.starts[first], tokens.ends[surname], 0.6, NAME)


def _several(tokens: Tokens, match: re.Match[str]) -> Iterator[Entity]:
    """Yield the names of a match: two that may be names, or one that is nothing else."""
    spans = [match.span(group) for group in (1, 2, 3)[: match.re.groups] if match[group]]
    at = [tokens.first(start) for start, _ in spans]
    likely = [is_nameable(tokens, index) or bool(tokens.flag(index) & NAMES) for index in at]
    if len(at) > 1 and all(likely) and any(_is_surname(tokens, index) for index in at):
        yield from (Entity("PERSON", *span, 0.6, NAME) for span in spans)
    elif len(at) == 1 and _is_surname(tokens, at[0]) and not is_eponym(tokens, at[0], at[0]):
        yield Entity("PERSON", *spans[0], 0.5, NAME)


def _is_surname(tokens: Tokens, index: int, words: int = WORDS) -> bool:
    """Tell whether a word is a surname and none of the `words` of the dictionary, nor of medicine."""
    flag = tokens.flag(index)
    cased = tokens.is_upper(index) or tokens.lower_cased
    return bool(flag & Flag.SURNAME and cased) and not flag & (words | BARRED | ANATOMICAL)
