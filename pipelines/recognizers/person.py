"""Names of persons: after titles, salutations, roles and fields, beside birth dates, in signatures, and known ones."""

import re
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.eponym import is_eponym
from pipelines.recognizers.lexicon import NAME as NAMES
from pipelines.recognizers.lexicon import WORDS, Flag, lexicon
from pipelines.recognizers.names import Span, name_after, name_before, skip_titles
from pipelines.recognizers.signed import is_hyphened_given_name, signed
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["PERSON"]
NAME = "person"

TRIGGER = Flag.SALUTATION | Flag.TITLE | Flag.STAFF | Flag.PATIENT | Flag.NAME_FIELD
COLLEAGUES = ("Kollege", "Kollegin")
PLURAL = ("drs", "dres", "herren", "frauen", "familie", "eheleute", "ehepaar", "dr", "prof", "oa", "oä")
AND = ("und", "u", "/", "&", "sowie", ",", ";")
# what stands between a salutation and a name and means something else elsewhere: Herr RA Droste
OFFICES = frozenset("RA RAin StA StAin OStR StR KOK PHK POM POK Pfr Pfrin".split())
DEPARTMENTS = frozenset("sozialdienst sekretariat anästhesie leitung schreibdienst freigabe diktat vertretung".split())
LEADING = (":", "|", "-", "/", "in", "r", "(", ")", ",", "von", "durch", "an")
ARTICLES = ("der", "die", "den", "dem", "des", "das")
SURNAME_END = re.compile(
    r"(?:hoff|hof|mann|mei[ae]r|bauer|berger|müller|huber|schmidt?|kamp|brink|horst|egger|stein|sen|wald)$"
)
SHORT_TITLES = frozenset(
    "ma ba hc ao doc sc cand med nat phil rer ing psych mult h fh aa ca md ass habil pol apl".split()
)
DATE_AFTER = re.compile(
    r"[-\s.:,(*]{0,4}(?:(?:am|den|dat\w*|datum)\b[\s.:]{0,4})?(?:\d{1,2}\s?[./-]|\d{6}|\d{4}-|\d{1,2}\.?\s?[A-ZJM])",
    re.IGNORECASE,
)
POSTPOSED = (
    "Dr",
    "Prof",
    "MBA",
    "MSc",
    "PD",
    "Mag",
    "PhD",
    "BSc",
    "MA",
    "DGKP",
    "DGKS",
    "GuK",
    "GuKP",
    "GKP",
    "OA",
    "OÄ",
    "FA",
)
FULL_DATE = re.compile(r"\s?[,;( *]{1,3}\d{1,2}\s?[./]\s?\d{1,2}\s?[./]\s?\d{2,4}")
BORN = re.compile(r"\s{0,3}[(,;:]{0,2}\s{0,2}(?:\*|†|\bgeb(?:\b|oren)|Geb\b|Geburts|GEB)")


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield the names of persons in a text."""
    sources = (_triggered, _before_titles, _beside_births, _before_dates, signed, _known)
    for start, end, score in (found for source in sources for found in source(tokens)):
        yield Entity("PERSON", tokens.starts[start], tokens.ends[end - 1], score, NAME)


def _triggered(tokens: Tokens) -> Iterator[tuple[int, int, float]]:
    """Yield the names that follow a salutation, title, role or field."""
    for index in tokens.having(TRIGGER):
        flag = tokens.flags[index]
        if flag & Flag.NAME_FIELD and tokens.word(index + 1) in (":", "|"):
            span, score = name_after(tokens, skip_titles(tokens, index + 2), any_word=True), 0.95
            if span and tokens.new_line(span[0]) and tokens.word(span[1]) == ":":
                continue
        elif flag & (Flag.SALUTATION | Flag.TITLE) and not _is_part_of_word(tokens, index):
            span, score = None if _ends_sentence(tokens, index) else _after_title(tokens, index), 0.95
        elif flag & (Flag.STAFF | Flag.PATIENT):
            span, score = _after_role(tokens, index), 0.8
        else:
            continue
        if span:
            yield span[0], span[1], score
            yield from _coordinated(tokens, index, span[1])
            if flag & Flag.SALUTATION and _is_surname_after_comma(tokens, span[1]):
                yield span[1] + 1, span[1] + 2, 0.7


def _is_surname_after_comma(tokens: Tokens, index: int) -> bool:
    """Tell whether the surname follows a comma: Frau DAMARIS, Pfeil, vom 2.5."""
    given = tokens.flag(index - 1) & Flag.FIRST_NAME and tokens.word(index) == "," and not tokens.new_line(index + 1)
    surname = tokens.flag(index + 1) & Flag.SURNAME and tokens.is_upper(index + 1)
    return bool(given and surname) and tokens.word(index + 2) in (",", "*", "(", ";")


def _is_part_of_word(tokens: Tokens, index: int) -> bool:
    word = tokens.words[index]
    before = tokens.word(index - 1)
    if word == "SR" or (word == "Fr" and tokens.joined(index) and (before[-1:].isdigit() or before in "-/")):
        return True  # sinus rhythm, 10Fr., Mo-Mi-Fr
    if word.lower() in SHORT_TITLES:
        return not (tokens.word(index + 1) == "." and tokens.flag(index - 2) & Flag.TITLE)
    if tokens.lower_cased or word[0].isupper():
        return False
    return word.lower() not in ("dr", "prof", "med", "frau", "herr", "herrn", "fr", "hr", "oa")


def _ends_sentence(tokens: Tokens, index: int) -> bool:
    """Tell whether a sentence ends with the salutation: "bei einer jungen Frau. Ferritin im Normbereich"."""
    if len(tokens.words[index]) < 4 or not tokens.flags[index] & Flag.SALUTATION or tokens.word(index + 1) != ".":
        return False
    return not tokens.flag(index + 2) & (NAMES | Flag.TITLE) or bool(tokens.flag(index + 2) & WORDS)


def _is_compounded(tokens: Tokens, index: int) -> bool:
    """Tell whether the title is the first part of a compound noun: PhD-Projekt."""
    flag = tokens.flag(index)
    return tokens.word(index - 1) in ("-", "–") and tokens.joined(index) and not flag & NAMES and bool(flag & WORDS)


def _after_title(tokens: Tokens, index: int) -> Span | None:
    """Return the name after a title or salutation; "Frau Kollegin Weigel" has a word between."""
    at = skip_titles(tokens, index + 1)
    if tokens.flags[index] & Flag.SALUTATION and tokens.words[at : at + 1] and tokens.words[at] in OFFICES:
        at = skip_titles(tokens, at + 1)
    if _is_compounded(tokens, at):
        return None
    word = tokens.words[index].lower()
    strong = word not in ("fam", "familie", "bruder", "schwester", "mag", "prim", "ms", "mr", "pd", "ag", "fa")
    if tokens.flag(at) & (Flag.STAFF | Flag.PATIENT) and not tokens.new_line(at) and not _is_surname_here(tokens, at):
        at = skip_titles(tokens, at + 1)
        strong = tokens.word(at - 1) not in (",", ".")
        particle = tokens.flag(at) & Flag.PARTICLE
        if tokens.word(at - 1) == "," or not (particle or _is_name_like(tokens, at)):
            return None
    if tokens.new_line(at) and tokens.gap(at).count("\n") > 1:
        return None
    named = tokens.flags[index] & Flag.SALUTATION or not tokens.new_line(at)
    return name_after(tokens, at, any_word=strong and bool(named))


def _is_surname_here(tokens: Tokens, index: int) -> bool:
    """Tell whether a word for a calling is a surname: no name follows it, as in "Dr. Richter ist"."""
    return bool(tokens.flags[index] & NAMES) and not _is_name_like(tokens, skip_titles(tokens, index + 1))


def _is_name_like(tokens: Tokens, index: int) -> bool:
    flag = tokens.flag(index)
    return tokens.is_initial(index) or bool(
        (tokens.is_upper(index) or (tokens.lower_cased and flag & NAMES))
        and (flag & NAMES or not flag & WORDS or not flag & Flag.MEDICAL)
    )


def _after_role(tokens: Tokens, index: int) -> Span | None:
    """Return the name after a role: Patientin Beate Albers, Untersucher: Wiesler Franz, Kollege Klabauter."""
    at = index + 1
    colon = linked = bracketed = False
    dotted = (len(tokens.words[index]) < 5 or not tokens.flags[index] & WORDS) and tokens.word(at) == "."
    at += dotted
    while tokens.word(at) in LEADING and at - index < 5 and not tokens.new_line(at):
        colon |= tokens.word(at) in (":", "|")
        if tokens.word(at) == "von" and not tokens.flags[index] & Flag.STAFF:
            break
        linked |= tokens.word(at) in ("von", "durch", "an")
        bracketed |= tokens.word(at) == "(" and not tokens.joined(at)
        at += 1
    titled = skip_titles(tokens, at)
    excluded = tokens.flag(at) & Flag.NOT_NAME and not tokens.is_initial(at) and not tokens.flag(at) & Flag.PARTICLE
    if titled > at or excluded or (tokens.new_line(at) and not colon) or len(tokens.gap(at)) > (30 if colon else 4):
        return None
    if linked and not tokens.flags[index] & Flag.STAFF:
        return None
    # "stimmte der Patient der Operation zu"
    if tokens.word(at) in ARTICLES and not tokens.flag(at + 1) & NAMES:
        return None
    department = tokens.words[index].lower() in DEPARTMENTS
    named = (not department and not tokens.flag(at) & (Flag.PROFESSION | Flag.MEDICAL | Flag.HOSPITAL)) or bool(
        tokens.flag(at) & NAMES
    )
    reversed_name = tokens.word(at + 1) == "," and bool(tokens.flag(at + 2) & Flag.FIRST_NAME)
    if tokens.lower_cased and tokens.flag(at) & NAMES and tokens.flag(at + 1) & Flag.FIRST_NAME:
        reversed_name = True
    # a word that dictionaries have with a capital alone, before a surname: Pfarrer Bonifatius Klee
    if tokens.flag(at) & WORDS and not tokens.flag(at) & (Flag.LOWER | Flag.MEDICAL | Flag.PROFESSION):
        reversed_name |= bool(tokens.flag(at + 1) & Flag.SURNAME and not tokens.new_line(at + 1))
    colleague = _is_colleague(tokens, index, at)
    span = name_after(tokens, at, any_word=((colon or linked or bracketed) and named) or reversed_name or colleague)
    if (
        span
        and tokens.flag(at) & Flag.PARTICLE
        and tokens.flags[span[1] - 1] & WORDS
        and not tokens.flags[span[1] - 1] & NAMES
    ):
        return None
    if bracketed and span and tokens.word(span[1]) not in (")", ","):
        return None
    if not span or (not colleague and _is_ordinary(tokens, span, bool(tokens.flags[index] & Flag.STAFF))):
        return None
    if is_eponym(tokens, span[0], span[1] - 1) and not BORN.match(tokens.text, tokens.ends[span[1] - 1]):
        return None
    return span


def _is_colleague(tokens: Tokens, index: int, named: int) -> bool:
    """Tell whether a noun beside the word names a colleague: der Kollege Wagenpfeil, (Kollege Zeh, Hof)."""
    barred = Flag.MEDICAL | Flag.STAFF | Flag.PROFESSION | Flag.TITLE | Flag.NOT_NAME
    noun = tokens.is_upper(named) and not tokens.flag(named) & barred
    return noun and tokens.words[index] in COLLEAGUES and tokens.gap(named) == " "


def _is_ordinary(tokens: Tokens, span: Span, staff: bool) -> bool:
    """Tell whether nothing says that the word is a name: Patientin: Befund und Verlauf, Arzt: Medikation fortführen."""
    flag = tokens.flags[span[0]]
    if staff and tokens.closes(span[1]):
        return False
    if flag & Flag.COMPOUND and not flag & Flag.COMMON and SURNAME_END.search(tokens.words[span[0]]):
        return False
    return span[1] - span[0] == 1 and bool(flag & WORDS) and not flag & NAMES


def _coordinated(tokens: Tokens, trigger: int, end: int) -> Iterator[tuple[int, int, float]]:
    """Yield the further names of an enumeration: Drs. Leber und Krauth, Dr. Weiß/Dr. Braun."""
    plural, several = tokens.words[trigger].lower() in PLURAL, tokens.words[trigger].lower() in ("drs", "dres")
    while plural and tokens.word(end) in AND and not tokens.new_line(end + 1):
        end += tokens.word(end) == "u" and tokens.word(end + 1) == "."
        flag = tokens.flag(end + 1)
        sure = several and tokens.word(end) in ("und", "u", ".", "/")
        listed = several and (not flag & WORDS or (not flag & Flag.MEDICAL and tokens.word(end + 2) in AND))
        if (
            not tokens.is_upper(end + 1)
            or flag & (Flag.NOT_NAME | TRIGGER)
            or (flag & Flag.COMMON and not flag & NAMES and not sure and not listed)
        ):
            return
        if tokens.word(end) in (",", ";") and not flag & NAMES and not listed:
            return
        span = name_after(tokens, end + 1, any_word=sure or listed or bool(flag & Flag.COMPOUND))
        if not span:
            return
        yield span[0], span[1], 0.7
        end = span[1]


def _before_titles(tokens: Tokens) -> Iterator[tuple[int, int, float]]:
    """Yield the names that their title follows: Brunzli B. Dr., Hendlbein MBA, Ida Fuß, Dr. med."""
    for index in tokens.having(Flag.TITLE):
        if not tokens.new_line(index) and tokens.words[index] in POSTPOSED:
            at = skip_titles(tokens, index)
            if not tokens.new_line(at) and name_after(tokens, at, any_word=True) and not tokens.closes(at):
                continue
            if tokens.flag(index - 2) & Flag.STAFF and tokens.is_upper(index - 1):
                yield index - 1, index, 0.7
            span = name_before(tokens, index)
            if span and any(
                not tokens.flags[i] & WORDS or tokens.flags[i] & NAMES
                for i in range(*span)
                if len(tokens.words[i]) > 1 and tokens.is_upper(i)
            ):
                yield span[0], span[1], 0.7


def _beside_births(tokens: Tokens) -> Iterator[tuple[int, int, float]]:
    """Yield the names before a birth date: Evelyn Dewald * 13.08.1948, Meyr, Franz-Josef, geb. 12.9.1940."""
    signs = [index for index, word in enumerate(tokens.words) if word == "*"] if "*" in tokens.text else []
    for index in sorted({*signs, *tokens.having(Flag.BIRTH)}):
        if _leads_to_date(tokens, index):
            span = name_before(tokens, index)
            if span:
                yield span[0], span[1], 0.9


def _before_dates(tokens: Tokens) -> Iterator[tuple[int, int, float]]:
    """Yield the names that begin a line and are followed by a date: Jakovljević, Oleksandr; 11.12.67."""
    for index in tokens.line_starts:
        flag = tokens.flags[index]
        if not flag & Flag.UPPER or flag & (TRIGGER | Flag.MEDICAL | Flag.NOT_NAME):
            continue
        span = name_after(tokens, index, any_word=True)
        if span and span[1] - span[0] > 1 and FULL_DATE.match(tokens.text, tokens.ends[span[1] - 1]):
            words = [i for i in range(*span) if len(tokens.words[i]) > 1]
            first = tokens.flags[words[0]] if words else WORDS
            headed = first & WORDS and not first & NAMES and lexicon().is_word(tokens.words[words[0]])
            # a word that dictionaries have in lower case, and a given name: Lösche Annegret
            headed = headed and not (first & Flag.LOWER and tokens.flags[words[-1]] & Flag.FIRST_NAME)
            known = any(tokens.flags[i] & NAMES or not tokens.flags[i] & WORDS for i in words)
            medical = any(tokens.flags[i] & Flag.MEDICAL and not tokens.flags[i] & NAMES for i in words)
            if not headed and not medical and (known or not any(lexicon().is_word(tokens.words[i]) for i in words)):
                yield span[0], span[1], 0.8


def _leads_to_date(tokens: Tokens, index: int) -> bool:
    return bool(DATE_AFTER.match(tokens.text, tokens.ends[index]))


def _known(tokens: Tokens) -> Iterator[tuple[int, int, float]]:
    """Yield first names with what follows them, and "surname, first name"."""
    for index in tokens.having(NAMES):
        flag = tokens.flags[index]
        barred = flag & (Flag.NOT_NAME | Flag.MONTH | Flag.UNIT | TRIGGER)
        if (barred and not is_hyphened_given_name(tokens, index)) or not tokens.is_upper(index):
            continue
        if tokens.word(index - 1)[-1:].isdigit() and not tokens.new_line(index):
            continue
        if flag & Flag.FIRST_NAME:
            span = _given_name(tokens, index)
            surname = _surname_before(tokens, index)
            span = (surname, (span or (index, index + 1))[1]) if surname is not None else span
        elif flag & Flag.SURNAME and tokens.word(index + 1) == "," and tokens.flag(index + 2) & Flag.FIRST_NAME:
            span = name_after(tokens, index, any_word=True)
        else:
            span = None
        if span and not is_eponym(tokens, span[0], span[1] - 1):
            yield span[0], span[1], 0.6


def _surname_before(tokens: Tokens, index: int) -> int | None:
    """Return where a surname begins that fills what is before a comma and the given name: van den Broek, Piet."""
    if tokens.word(index - 1) != "," or tokens.new_line(index):
        return None
    at = index - 2
    flag = tokens.flag(at)
    if not tokens.is_upper(at) or flag & (
        WORDS | Flag.PLACE | Flag.STAFF | Flag.PATIENT | Flag.MEDICAL | Flag.NOT_NAME
    ):
        return None
    while at > 0 and tokens.flag(at - 1) & Flag.PARTICLE and not tokens.new_line(at):
        at -= 1
    return at if tokens.ends_column(at) or tokens.word(at - 1) in (":", ")", "|") else None


def _given_name(tokens: Tokens, index: int) -> Span | None:
    """Return the span of a given name and its surname; alone only where the name is nothing else."""
    if (tokens.word(index - 1) in ("-", "–", "'", "’") and tokens.joined(index)) or len(tokens.words[index]) < 3:
        return None
    span = name_after(tokens, index, any_word=False)
    if not span:
        return None
    clear = not tokens.flags[index] & (Flag.AMBIGUOUS | Flag.EPONYM | WORDS)
    following = tokens.flags[span[1] - 1]
    if span[1] - span[0] > 1:
        return span if clear or following & NAMES or not following & WORDS else None
    if tokens.word(index + 1) in ("-", "–") and tokens.joined(index + 1):
        return None
    previous = tokens.flag(index - 1)
    if previous & Flag.PATIENT:
        return span if clear and len(tokens.words[index]) > 3 else None
    if previous & NAMES or (previous & Flag.UPPER and not previous & WORDS and tokens.gap(index) == " "):
        return (index - 1, index + 1) if clear or not previous & WORDS else None
    return span if clear and not tokens.words[index].isupper() and len(tokens.words[index]) > 3 else None
