"""Names of persons without a title in clinical prose and forms: "wie mit Koch besprochen", "NA Terhorst", "gez. Lang".

What stands around decides. A word that no dictionary knows needs little to be taken for a name; one that is a surname
and an ordinary word needs a phrase that only persons follow.
"""

import re
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.eponym import is_eponym
from pipelines.recognizers.lexicon import NAME as NAMES
from pipelines.recognizers.lexicon import WORDS, Flag, lexicon
from pipelines.recognizers.names import NEVER, Span, name_after, skip_titles
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["PERSON"]
NAME = "mentions"

BARRED = (
    NEVER | Flag.MEDICAL | Flag.MONTH | Flag.UNIT | Flag.HOSPITAL | Flag.ORGANIZATION | Flag.WARD | Flag.COUNTRY
    | Flag.STAFF | Flag.PATIENT | Flag.IDENTIFIER | Flag.NAME_FIELD | Flag.GREETING
)  # fmt: skip
JOINS = ("/", "&", "+", "und", "u", ",", ";", ".")
LOOK_BACK, LOOK_AHEAD = 64, 60

SPOKEN_BEFORE = re.compile(
    r"\b(?:R(?:ück|ueck)sprache|R(?:ück|ueck)spr\.|RS|Absprache|Besprechung|Telefonat|[Tt]elefon\w*|Gespräch"
    r"|[Zz]usammen"
    r"|[Gg]emeinsam|\w*[Bb]esprochen|[Aa]bgesprochen|[Vv]ereinbart|[Aa]bgestimmt|[Vv]erheiratet|[Ll]iiert|Konflikte?"
    r"|Kontakt|Termin)\s(?:[\wäöü.,]+\s){0,3}$"
)
SPOKEN_AFTER = re.compile(
    r"[^.;\n]{0,30}?\b(?:(?:ab|be)?gesprochen|besprochen|vereinbart|abgestimmt|telefoniert|diskutiert|(?:ab)?geklärt"
    r"|konsentiert|demonstriert|Rücksprache)\b"
)
ACT_BEFORE = re.compile(
    r"(?:\b(?:ge|be|ver|er|über|unter|auf|an|ab|ein|mit|vor|zu|durch|nach|re|hinzu)\w*(?:t|en)|\w(?:tion|gabe|nahme"
    r"|iert"
    r"|suchung|führung|klärung|weisung|lung|visite|OP|Konsil)|Befund|Konsil|Visite)\s$"
)
ACT_AFTER = re.compile(
    r"\s?(?:[.,;)/]|$|\n|und\s|u\.\s|am\s\d|um\s\d|\d|(?:\w+\s){0,4}?(?:\w+ge\w+t|\w*(?:un|be|er|ver|über)\w+(?:t|en)"
    r"|ge\w+(?:t|en)|\w+iert)\b)"
)
VIEW_BEFORE = re.compile(
    r"\b(?:Beisein|[Bb]eisein|Begleitung|[Bb]egleitung|Gegenwart|Anwesenheit|Zusammenarbeit|Wunsch|Meinung|Ansicht"
    r"|Anordnung|Anweisung|Empfehlung|Anruf|Auskunft|Seiten|Bitte|Veranlassung|Diktat"
    r"|Einschätzung|Vater|Mutter|Bruder|Eltern|Sohn|Tochter|Oma|Opa|Ehefrau|Ehemann|Aufsicht|Leitung"
    r"|Betreuung)\s{1,2}von\s{1,2}$"
)
PASSIVE_BEFORE = re.compile(r"\b(?:wurde|wurden|wird|worden|werden)\b[^.;:\n]{0,45}$")
TOLD_BEFORE = re.compile(
    r"\b(?:\w*[Üü]berg(?:abe|eben)|Weiter(?:gabe|geleitet)|\w*[Mm]eldung|[Gg]emeldet|Info|Mitteilung|Verweis"
    r"|[Üü]berwiesen"
    r"|[Üü]berweisung|Rückfragen?|Wertsachen\W.{0,40})\s(?:tel\.\s|telefonisch\s|mündlich\s)?an\s$"
)
TOLD_AFTER = re.compile(
    r"\s(?:(?:tele|schrift|münd)\w*\s)?(?:durchgegeben|übergeben|weitergeleitet|gemeldet|übermittelt|verwiesen"
    r"|mitgeteilt|gefaxt|abgegeben)\b"
)
SEEN_BEFORE = re.compile(
    r"\b(?:Termin|Sprechstunde|Wiedervorstellung|WV|Vorstellung|vorstellig|Behandlung|Anbindung|Mitbehandlung"
    r"|\w*[Tt]herapie"
    r"|Physiotherapie|Ergotherapie|Logopädie)\sbei\s$"
)
SPECIALTY = re.compile(
    r"\((?:Pneumo|Thorax|Strahlen|Patho|Radio|Onko|[A-Z]?\w{0,8}[Cc]hir|Anäs|Geriatr|Kardio|Neuro|Uro|Gyn|HNO|Derma"
    r"|Inn|Nephro|Gastro|Psych|Physio|Ergo|Logo|Sozial|Pflege|Ortho|Unfall|Gefäß|Häma|Päd|Intensiv|Endo|Rheuma|Augen"
    r"|Ophth|Nuklear|Allgemein|Labor|Genetik|Hygiene|Seelsorge)\w*[.)/ -]"
)
SIGN = re.compile(r"\.?[\s:,(]{0,16}(?:<[^<>\n]{1,40}>\s{0,8}){0,3}")
# who took part in a conference: Teilnehmer: Behrendt (Pneumo), Graf Lambsdorff (THG), Ng (Patho)
TOOK_PART = re.compile(
    r"\b(?:Teilnehmer|Teilnehmende|Teiln\.|Anwesende?|Anw\.|Teilnehmer:innen|TeilnehmerInnen)\s?:[^\n]*"
)
TAKING_PART = re.compile(r"([A-ZÄÖÜŞÇĐŠŽ][\w.-]{0,30}(?: [A-ZÄÖÜŞÇĐŠŽ][\w-]{1,30})?) \([A-ZÄÖÜ][\w./ -]{0,20}\)")
# with whom, in brackets: Kunsttherapie (A. Rosenthal)
INITIALLED = re.compile(r"\([A-ZÄÖÜ]\. ([A-ZÄÖÜ][a-zäöüß]{2,}(?:-[A-ZÄÖÜ][a-zäöüß]{2,})?)\)")
PEDIGREE = re.compile(r"\b[IVX]{1,3}[:.]\d{1,2}:?\s(?=[A-ZÄÖÜ])")
SIGNATURE = 400
YOUNGER = frozenset(("jun", "sen", "jr", "sr", "junior", "senior"))
NOUN_END = re.compile(
    r"(?:ion|ung|ungen|heit|keit|tät|schaft|ismus|itis|gramm|grafie|graphie|skopie|ektomie|pathie|logie|plastik"
    r"|therapie"
    r"|syndrom|zeichen|score|index|werte?|olog(?:e|en|in)|apeut(?:in)?|mab|nib|pril|sartan|statin|prazol|cillin)$"
)
# endings of surnames alone, some of which a dictionary of nouns has: Neumeier
SURNAME_END = re.compile(r"[a-zäöüß](?:m[ae][iy]e?r|huber|schneider|müller|bauer|schmidt?|egger|hofer)$")
SALUTED = ("frau", "fr", "herr", "herrn", "hr", "hrn")
INITIAL = re.compile(r"\.?\s{1,2}((?:v\. ?)?(?:[A-ZÄÖÜ]|St|Sch))\.(?=\s(?:[a-zäöü(]|\n)|[,;)]|\s*$)")


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield the names of persons that no title, field or first name gives away."""
    for start, end, score in (found for source in SOURCES for found in source(tokens)):
        yield Entity("PERSON", tokens.starts[start], tokens.ends[end - 1], score, NAME)
    for index in tokens.having(Flag.SALUTATION):
        if tokens.words[index].lower() in SALUTED and (match := INITIAL.match(tokens.text, tokens.ends[index])):
            yield Entity("PERSON", match.start(1), match.end(1), 0.8, NAME)


def is_unknown(tokens: Tokens, index: int) -> bool:
    """Tell whether a capitalised word is in no dictionary, or in that of names alone."""
    flag, word = tokens.flag(index), tokens.word(index)
    if not flag & Flag.UPPER or len(word) < 3 or flag & (BARRED | Flag.EPONYM) or not word[1:].islower():
        return False
    if flag & NAMES:
        return not flag & (WORDS | Flag.ANATOMY)
    return not flag & (WORDS | Flag.PLACE | Flag.ANATOMY) and not NOUN_END.search(word)


def is_nameable(tokens: Tokens, index: int) -> bool:
    """Tell whether a word can be a surname where the phrase asks for one."""
    flag = tokens.flag(index)
    cased = tokens.is_upper(index) or (tokens.lower_cased and flag & NAMES)
    if not cased or flag & BARRED & ~Flag.STAFF or len(tokens.word(index)) < 3:
        return False
    if flag & Flag.STAFF and not flag & NAMES:
        return False
    # a noun that the dictionary has in lower case alone is none of its words: mit Stucke besprochen
    misread = flag & Flag.LOWER and flag & Flag.UPPER and not lexicon().is_word(tokens.words[index])
    if flag & (NAMES | Flag.AMBIGUOUS) or misread or SURNAME_END.search(tokens.words[index]):
        return True
    return is_unknown(tokens, index)


def _name(tokens: Tokens, index: int) -> Span | None:
    """Return the name at `index`: titles skipped, any surname in place."""
    at = skip_titles(tokens, index)
    if at > index or (tokens.new_line(at) and at):
        return None
    span = name_after(tokens, at, any_word=True)
    return span if span and not is_eponym(tokens, span[0], span[1] - 1, before_noun=False) else None


def _acting(tokens: Tokens) -> Iterator[tuple[int, int, float]]:
    """Yield who acted or was spoken to: Rücksprache mit Koch, durch Lüthi mitbeurteilt, an Brand durchgegeben."""
    text = tokens.text
    for index in tokens.having(Flag.AGENT):
        at = index + 1
        if tokens.new_line(at):
            continue
        if not is_nameable(tokens, at) and not tokens.is_initial(at) and not tokens.flag(at) & Flag.PARTICLE:
            continue
        before = text[max(0, tokens.starts[at] - LOOK_BACK) : tokens.starts[at]]
        end = name_after(tokens, at, any_word=True)
        if end and is_nameable(tokens, _head(tokens, end)) and _acts(tokens, tokens.words[index].lower(), before, end):
            yield from _listed(tokens, at, 0.7)


def _head(tokens: Tokens, span: Span) -> int:
    """Return the word of a name that decides: the last one, before what hangs on it."""
    at = span[1] - 1
    while at > span[0] and tokens.word(at - 1) in ("-", "–"):
        at -= 2
    return at


def _acts(tokens: Tokens, word: str, before: str, span: Span) -> bool:
    after = tokens.text[tokens.ends[span[1] - 1] : tokens.ends[span[1] - 1] + LOOK_AHEAD]
    head = before.rstrip()[: -len(word)]
    if word == "mit":
        return bool(SPOKEN_BEFORE.search(head) or SPOKEN_AFTER.match(after))
    if word == "durch":
        sure = is_unknown(tokens, span[0]) or span[1] - span[0] > 1
        return bool((sure or ACT_BEFORE.search(head)) and ACT_AFTER.match(after))
    if word == "von":
        return bool(VIEW_BEFORE.search(before) or (PASSIVE_BEFORE.search(head) and ACT_AFTER.match(after)))
    if word == "an":
        return bool(TOLD_BEFORE.search(before) or TOLD_AFTER.match(after))
    return bool(SEEN_BEFORE.search(before)) and (span[1] - span[0] > 1 or is_unknown(tokens, span[0]))


def _listed(tokens: Tokens, index: int, score: float) -> Iterator[tuple[int, int, float]]:
    """Yield the name at `index` and those that an enumeration joins to it: Herz und Sommer, Bußkamp/ Elsing."""
    span = _name(tokens, index)
    while span:
        yield span[0], span[1], score
        at = span[1]
        if tokens.word(at) not in JOINS or tokens.new_line(at + 1):
            return
        at += 2 if tokens.word(at) == "u" and tokens.word(at + 1) == "." else 1
        loose = tokens.word(span[1]) in (",", ";", ".")
        if not (is_unknown(tokens, at) or (not loose and is_nameable(tokens, at))):
            return
        if loose and not tokens.closes(at + 1):
            return
        span = _name(tokens, at)


def _in_roles(tokens: Tokens) -> Iterator[tuple[int, int, float]]:
    """Yield the names after short roles, in this very case: NA Terhorst, ZÄ Stoeva-Marx, Doktor Hagedorn."""
    for index in tokens.having(Flag.SHORT_ROLE):
        word, at = tokens.words[index], index + 1
        if word in YOUNGER and index and is_nameable(tokens, index - 1) and not tokens.new_line(index):
            yield index - 1, index + 1, 0.8
        if (word[0].islower() or len(word) > 6) and word.lower() not in ROLES_IN_FULL:
            continue
        if word not in SHORT_ROLES and not tokens.lower_cased:
            continue
        while tokens.word(at) in (".", ":", "in", "-", "/") and at - index < 4:
            at += 1
        full = word.lower() in ROLES_IN_FULL and word != "Kolleg"
        if tokens.new_line(at) or tokens.joined(at):
            continue
        if (
            is_unknown(tokens, at)
            or tokens.is_initial(at)
            or tokens.flag(at) & Flag.PARTICLE
            or (
                is_nameable(tokens, at)
                and (full or not tokens.flag(at) & WORDS or tokens.closes(at + 1) or tokens.word(at + 1) == ".")
            )
        ):
            yield from _listed(tokens, at, 0.75)


ROLES_IN_FULL = ("doktor", "doktorin", "kapitän", "kolleg", "polier", "pater", "sig", "uschr", "notsan")
SHORT_ROLES = frozenset(
    "OP Op AA AÄ Ass AvD DA DÄ Doktor Doktorin FOA FOÄ HA HÄ Kapitän Kolleg NA NFS NotSan NÄ OTA OvD PJ PJler Pater"
    " Polier RA"
    " RS ND SD FD TD CA POM PHM KOK PHK RettAss RettSan SA SÄ Uschr ZA ZFA ZMA ZMF ZÄ sig".split()
)


def _signing(tokens: Tokens) -> Iterator[tuple[int, int, float]]:
    """Yield who signed: gez. Kahraman, i.V. Wimberger, sig. S. Caflisch; markup may stand between."""
    text = tokens.text
    for index in tokens.having(Flag.SIGNED | Flag.CODE):
        if not tokens.flags[index] & Flag.SIGNED and not _is_by_order(tokens, index):
            continue
        gap = SIGN.match(text, tokens.ends[index])
        at = skip_titles(tokens, tokens.first(gap.end() if gap else tokens.ends[index]))
        span = name_after(tokens, at, any_word=True)
        if (
            span
            and not tokens.flags[span[0]] & (Flag.STAFF | Flag.PATIENT | Flag.HOSPITAL)
            and (span[1] - span[0] > 1 or is_nameable(tokens, at) or tokens.closes(span[1]))
        ):
            yield span[0], span[1], 0.8


def _is_by_order(tokens: Tokens, index: int) -> bool:
    """Tell whether i.A. or i.V. ends at `index`."""
    return (
        tokens.words[index] in ("A", "V")
        and tokens.word(index - 1) == "."
        and tokens.word(index - 2) in ("i", "I")
        and not tokens.joined(index - 2)
    )


def _in_brackets(tokens: Tokens) -> Iterator[tuple[int, int, float]]:
    """Yield the names before a specialty in brackets, and those of a pedigree: Kuhlmey (Strahlen), II:3 Burchard."""
    text = tokens.text
    for match in SPECIALTY.finditer(text):
        index = tokens.first(match.start()) - 1
        listed = tokens.word(index - 1) in (",", ":") or tokens.new_line(index)
        if is_unknown(tokens, index) or (listed and is_nameable(tokens, index)):
            first = index - 1 if tokens.flag(index - 1) & Flag.PARTICLE and tokens.is_upper(index - 1) else index
            yield first, index + 1, 0.7
    for line in TOOK_PART.finditer(text) if "Teiln" in text or "Anw" in text else ():
        for match in TAKING_PART.finditer(text, *line.span()):
            index = skip_titles(tokens, tokens.first(match.start(1)))
            if index < tokens.first(match.end(1)) and not tokens.flag(index) & (
                Flag.STAFF | Flag.PATIENT | Flag.MEDICAL | Flag.WARD
            ):
                yield index, tokens.first(match.end(1)), 0.7
    for match in INITIALLED.finditer(text):
        index = tokens.first(match.start(1))
        if tokens.flags[index] & (NAMES | Flag.PLACE) and not tokens.flags[index] & (
            Flag.EPONYM | Flag.MEDICAL | Flag.ANATOMY
        ):
            yield tokens.first(match.start() + 1), tokens.first(match.end() - 1), 0.6
    for match in PEDIGREE.finditer(text) if "I:" in text else ():
        index = tokens.first(match.end())
        span = name_after(tokens, index, any_word=True)
        if span and is_nameable(tokens, index):
            yield *span, 0.7


def _closing(tokens: Tokens) -> Iterator[tuple[int, int, float]]:
    """Yield who ends a letter with no more than a surname or given name: Gruß Otti; Es grüßen Sommer, Lang."""
    for index in tokens.having(Flag.GREETING):
        at = index + 1
        if not tokens.new_line(at) and (is_nameable(tokens, at) or tokens.is_initial(at)):
            yield from _listed(tokens, at, 0.7)
            if tokens.word(at + 1) == "," and is_nameable(tokens, at + 2) and tokens.closes(at + 3):
                yield at + 2, at + 3, 0.7
        limit = tokens.starts[index] + SIGNATURE
        while at < len(tokens) and tokens.starts[at] < limit:
            if tokens.ends_column(at) and tokens.ends_column(at + 1) and is_nameable(tokens, at):
                yield at, at + 1, 0.65
            at += 1


def _before_roles(tokens: Tokens) -> Iterator[tuple[int, int, float]]:
    """Yield the words before a comma and a role: unknown ones, or alone in their line; Tetzlaff, Kurz, Stationsarzt."""
    for index in tokens.having(Flag.STAFF):
        if tokens.word(index - 1) != "," or not tokens.flags[index] & Flag.UPPER:
            continue
        alone = tokens.new_line(index - 2) and tokens.new_line(index + 1) and is_nameable(tokens, index - 2)
        if alone or is_unknown(tokens, index - 2):
            yield index - 2, index - 1, 0.6


SOURCES = (_acting, _in_roles, _signing, _in_brackets, _closing, _before_roles)
