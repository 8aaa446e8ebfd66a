"""What stands beside findings: the rest of a name, further names of a list, ages after names, places after streets."""

import re
from collections.abc import Iterator, Sequence

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import NAME as NAMES
from pipelines.recognizers.lexicon import WORDS, Flag
from pipelines.recognizers.mentions import is_nameable, is_unknown
from pipelines.recognizers.names import name_after
from pipelines.recognizers.tokens import Tokens

NAME = "neighbours"

MOST_WORDS = 3
JOINED_PARTICLES = ("al", "el", "abd", "abu", "ibn", "bin", "ben", "ter", "ten", "van", "de", "di", "da", "le", "la")
AGE_AFTER = re.compile(
    r"\s?\(\s?(\d{1,3}(?:[;,]\d{1,2})?)(?=\s?(?:J\b\.?|Jahre|j\.|a\b|Mon\b\.?|Monate|Wochen|Wo\.|Tage)?\s?[),;])"
    r"|,\s?(\d{1,3})(?=\s?(?:J\b\.?|Jahre|Wo\.|Mon\.|Tage"
    r"|a)?[,;)]|\sJahre?\.)"
    r"|,\s(\d{1,2})(?=\.(?:\s(?!Ass\b|[A-ZÄÖÜ][a-zäöü]+\s*(?:\n|$|,))|$))"
    r"|\s(\d{1,2})(?=(?:(?:,| und| u\.)\s[A-ZÄÖÜ]\w+\s\d{1,2})*\))"
    r"|, jetzt (\d{1,2})(?=[,.;)])"
    r"|\s[mwd]\s(\d{1,3})(?=\s?J)"
    r"|(?: ist)? (\d{1,2}|eins|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf)(?= (?:Jahre|Monate|Wochen)\b)"
)
AGE_OF_WORKER = re.compile(r",\s(\d\d)(?=\))")
REST_OF_BRACKETS = re.compile(r"((?:, [^\W\d_]{3,20}){1,4})\)")
LISTED = re.compile(r"[^\W\d_]+")
SHORTEST_LISTED = 3
OLDEST = 112
BIRTH_DATE = re.compile(r"\s{1,4}((?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:(?:19|20)\d\d|\d\d))(?!\d)")
BORN_AS = re.compile(
    r"\s?[,(]?\s?\(?\b(?:geb\.|geborene[rn]?|née|verw\.|verwitwete|gesch\.|geschiedene)\s?"
    r"((?:(?:von|v\.|van|de|zu) )?[A-ZÄÖÜ][^\W\d_]+(?:-[A-ZÄÖÜ][^\W\d_]+)?)(?!\w|\.\w|\s\d|\s?:)(?<!Am)(?<!In)"
)
NEXT_OF_LIST = re.compile(
    r"\s?\d{1,2},\s([A-ZÄÖÜ][a-zäöüß]{2,15})\s(\d{1,2})(?=[,)])"
    r"|\s?\(\d{1,2}(?: ?J\.?)?\)(?:,| und| u\.)\s([A-ZÄÖÜ][a-zäöüß]{2,15})\s\((\d{1,2})(?=[ J.]{0,3}\))"
)
SPACED_OUT = re.compile(r" [A-ZÄÖÜ](?: [a-zäöüß]){2,15}(?![a-zäöüß])")
YOUNGER_AFTER = re.compile(r",? (?:jun|sen|jr|sr|junior|senior)\b\.?")
INITIALS_AFTER = re.compile(r",\s((?:[A-ZÄÖÜ][a-zäöü]?\.[ -]?){1,3})(?=[\s,(;*]|$)")
CITY_AFTER = re.compile(
    r"(?:\s?,\s|\s?,?\s?\n)([A-ZÄÖÜ][a-zäöüß]{2,20}(?<!ische)(?:-[A-ZÄÖÜ][a-zäöüß]+)?)(?=\s?(?:\n|$|[;,.)|]))"
)


def beside(tokens: Tokens, found: Sequence[Entity]) -> list[Entity]:
    """Return what the entities `found` by others give away beside them."""
    entities: list[Entity] = []
    for entity in found:
        first, last = tokens.beginning(entity.start), tokens.ending(entity.end)
        if first is None or last is None:
            continue
        end = last + 1
        if entity.entity_type == "PERSON":
            entities += [*_before(tokens, first), *_joined(tokens, end), *_age(tokens, entity)]
            entities += _bracketed(tokens, entity)
            entities += [*_initials(tokens, first, end), *_birth_name(tokens, entity), *_city(tokens, entity)]
        elif entity.entity_type == "PROFESSION" and (match := AGE_OF_WORKER.match(tokens.text, entity.end)):
            entities.append(Entity("AGE", match.start(1), match.end(1), 0.6, NAME))
        elif entity.entity_type == "STREET":
            entities += _city(tokens, entity)
    return [*entities, *_places_of_institutions(tokens, found)]


def _before(tokens: Tokens, first: int) -> Iterator[Entity]:
    """Yield an unknown given name before a name, and a particle that hangs on it: Habbo Eilts, al-Khatib."""
    start = first
    hangs = tokens.word(start - 1) in ("-", "'", "’") and tokens.joined(start) and tokens.joined(start - 1)
    if hangs and tokens.word(start - 2).lower() in JOINED_PARTICLES:
        start -= 2
    while tokens.flag(start - 1) & Flag.PARTICLE and not tokens.new_line(start) and _leads(tokens, start - 1):
        start -= 1
    while (
        first - start < MOST_WORDS
        and not tokens.new_line(start)
        and tokens.gap(start) == " "
        and is_unknown(tokens, start - 1)
        and not tokens.flag(start) & Flag.PARTICLE
    ):
        start -= 1
    if start < first:
        yield Entity("PERSON", tokens.starts[start], tokens.ends[first - 1], 0.55, NAME)


def _initials(tokens: Tokens, first: int, end: int) -> Iterator[Entity]:
    """Yield a name with the initials and the shortened particle before it: B. Uhse-Köster, v. Grünwald."""
    start = first
    while (
        first - start < 2 * MOST_WORDS
        and not tokens.new_line(start)
        and tokens.gap(start) in ("", " ")
        and tokens.word(start - 1) == "."
        and (tokens.is_initial(start - 2) or tokens.word(start - 2) == "v")
        and not tokens.joined(start - 2)
    ):
        start -= 2
    if start < first:
        yield Entity("PERSON", tokens.starts[start], tokens.ends[end - 1], 0.55, NAME)


def _birth_name(tokens: Tokens, entity: Entity) -> Iterator[Entity]:
    """Yield the name that a person was born with: Anna Meier, geb. Huber; Christa Vogel geb. von Specht."""
    if match := BORN_AS.match(tokens.text, entity.end):
        yield Entity("PERSON", match.start(1), match.end(1), 0.7, NAME)
    if match := SPACED_OUT.match(tokens.text, entity.end):
        yield Entity("PERSON", match.start() + 1, match.end(), 0.7, NAME)
    if match := YOUNGER_AFTER.match(tokens.text, entity.end):
        yield entity._replace(end=match.end(), score=0.6, recognizer=NAME)
    if match := INITIALS_AFTER.match(tokens.text, entity.end):
        yield Entity("PERSON", match.start(1), match.end(1), 0.6, NAME)


def _city(tokens: Tokens, entity: Entity) -> Iterator[Entity]:
    """Yield the place after a comma: Dr. Sommer, Salzwedel; Esplanade 14, Bad Ischl."""
    match = CITY_AFTER.match(tokens.text, entity.end)
    if not match or (entity.entity_type == "PERSON" and "\n" in match[0]):
        return
    word = tokens.flag(tokens.first(match.start(1)))
    if word & Flag.PLACE or not word & (WORDS | NAMES | Flag.MEDICAL | Flag.TITLE | Flag.SALUTATION | Flag.PHONE):
        yield Entity("CITY", match.start(1), match.end(1), 0.5, NAME)


def _leads(tokens: Tokens, index: int) -> bool:
    """Tell whether particles up to the one at `index` begin a line: van Duyvenvoorde, Hans-Jochen."""
    while tokens.flag(index) & Flag.PARTICLE and not tokens.new_line(index):
        index -= 1
    return bool(tokens.flag(index) & Flag.PARTICLE)


def _bracketed(tokens: Tokens, entity: Entity) -> Iterator[Entity]:
    """Yield the names that are listed with a name in brackets: Team (Gerlach, Oezdemir)."""
    if match := REST_OF_BRACKETS.match(tokens.text, entity.end):
        for word in LISTED.finditer(tokens.text, match.start(1), match.end(1)):
            index = tokens.first(word.start())
            unknown = tokens.flag(index) == 0 if tokens.lower_cased else is_unknown(tokens, index)
            if unknown and len(word[0]) > SHORTEST_LISTED:
                yield Entity("PERSON", word.start(), word.end(), 0.5, NAME)


def _joined(tokens: Tokens, end: int) -> Iterator[Entity]:
    """Yield the names that a stroke or "und" joins to a name: Bußkamp/Elsing, Lea,Tim u.Noah."""
    while tokens.word(end) in ("/", "und", "u", "&") and not tokens.new_line(end + 1):
        at = end + 1 + (tokens.word(end + 1) == ".")
        if not is_unknown(tokens, at) and not (is_nameable(tokens, at) and not tokens.flag(at) & WORDS):
            return
        span = name_after(tokens, at, any_word=False)
        if not span:
            return
        yield Entity("PERSON", tokens.starts[span[0]], tokens.ends[span[1] - 1], 0.5, NAME)
        end = span[1]


def _age(tokens: Tokens, entity: Entity) -> Iterator[Entity]:
    match = AGE_AFTER.match(tokens.text, entity.end)
    group = match and match.lastindex
    if match and group and (match[group].isalpha() or int(re.split("[;,]", match[group])[0]) <= OLDEST):
        yield Entity("AGE", match.start(group), match.end(group), 0.6, NAME)
    elif match := BIRTH_DATE.match(tokens.text, entity.end):
        yield Entity("DATE_OF_BIRTH", match.start(1), match.end(1), 0.6, NAME)
    end = entity.end
    while match := NEXT_OF_LIST.match(tokens.text, end):
        name, age = (1, 2) if match[1] else (3, 4)
        yield Entity("PERSON", *match.span(name), 0.5, NAME)
        yield Entity("AGE", *match.span(age), 0.5, NAME)
        end = match.end(name)


def _places_of_institutions(tokens: Tokens, found: Sequence[Entity]) -> Iterator[Entity]:
    """Yield the unknown words of a hospital's name elsewhere: UniKlinik Mittelfels, Mittelfels den 4.6."""
    words: set[str] = set()
    for entity in found:
        index = tokens.beginning(entity.start) if entity.entity_type == "HOSPITAL" else None
        while index is not None and index < len(tokens) and tokens.ends[index] <= entity.end:
            if len(tokens.words[index]) > 4 and is_unknown(tokens, index):
                words.add(tokens.words[index])
            index += 1
    for index in tokens.having(Flag.UPPER) if words else ():
        if tokens.words[index] in words:
            yield Entity("CITY", tokens.starts[index], tokens.ends[index], 0.4, NAME)
