"""Institutions that no head word gives away: firms by legal form, employers, "im Rudolfinum", "nach St. Georg"."""

import re
from collections.abc import Iterator, Sequence

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import NAME as NAMES
from pipelines.recognizers.lexicon import WORDS, Flag, read_lines
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["HOSPITAL", "ORGANIZATION"]
NAME = "institutions"

MOST_WORDS = 6
SOCIETY = re.compile(r"e\.\s?$")
STOPS = Flag.SALUTATION | Flag.STAFF | Flag.PATIENT | Flag.PHONE | Flag.FAX | Flag.MONTH | Flag.EMPLOYMENT
CARED = re.compile(
    r"operiert|OP\b|\bReha|behand|stationär|verleg|beraten|aufgenommen|entbunden|Aufenthalt|plant|vorgestellt"
    r"|Vorstellung"
    r"|[Ee]ntl|gelegen|Kur\b|Klinik|Pflege|wohn|lebt|Heim|zugewiesen|überwiesen|untersucht|Termin|Eingriff|Zweitmeinung"
)
AT_PLACE = re.compile(r"\b(?:im|ins|vom|ans|(?:aus|in) dem|(?:an|in|aus|auf) der|(?:an|in) die|nach|zum) $")
HOUSE_NAME = re.compile(r"\.? [A-ZÄÖÜ][\w-]+")
# offices and homes that have a place or saint behind their kind
KINDS = re.compile(
    r"\b(?:Medizinische[rnm]? Dienst|Sozialpsychiatrische[rnm]? Dienst|Betreute[rsnm]? Wohnen|Wohnen mit Service"
    r"|Ambulante[rnm]? (?:Pflege|Hospiz)\w*|Sozialmedizinische[rnm]? Dienst|Kriminalpolizei|Polizeirevier"
    r"|(?:Stadt|Kreis|Gemeinde)verwaltung|Finanzamt|Rettungsdienst|Rettungswache|Feuerwehr|Leitstelle"
    r"|Freiwillige[nr]? Feuerwehr|Pfarrei|Revier)"
    r"(?: (?:St\. |Sankt )?(?!Dr\b|Frau\b|Herr)[A-ZÄÖÜ][a-zäöüß-]{3,30}(?=[ ,.;)\n]|$)"
    r"(?! ?\d{1,3}[a-z]?(?:[,\n]|$)| ?:))"
)
SHORT_KINDS = frozenset(
    "AG LG OLG SG VG LSG StA JVA PI PP SKH BKH LKH SRH RNZ HNZ DRZ NRZ BORG BRG HTL HAK BHS RLS ILS DRK"
    " ASB KV FF FFW LK PSD ATZ KfH MDK MD VHS VfL VfB SC SK FC UKH KH NCT SPZ ZfP KKH EvK SHG BDH AWO DRV"
    " LVA LSV BG RK BwZK BwK MVZ BHB BKK POS EOS VEB LPG TV TSV TuS SV SpVgg TSG".split()
)
AFTER_SHORT_KIND = re.compile(r"[ -](?:1[89]\d\d )?([A-ZÄÖÜ][a-zäöüß]{3,20})(?![\w-])")
SCHOOLS = re.compile(r"\b[A-ZÄÖÜ][a-zäöüß]{4,20}(?:schule|gymnasium|kindergarten|kita)\b")
# what an institution is called, in quotation marks: Restaurant „Bosporus“, Kita "Wattwürmer"
QUOTED = re.compile(r"[„“\"»›‚]([A-ZÄÖÜ][^„“”\"»«‹›\n]{1,40})[“”\"«‹‘]")
QUOTED_KINDS = tuple(
    "restaurant gasthaus gasthof hotel café kita kindergarten krippe stube residenz heim schule stift verein firma"
    " salon laden praxis klinik gruppe dienst hort werkstatt zentrum".split()
)
# what bears a name before a hyphen, and houses of operators: Löwen-Apotheke, Schön Klinik Vogtareuth
PHARMACY = re.compile(r"\b[A-ZÄÖÜ][a-zäöüß]{2,20}-(?:Apotheke|Praxis|Drogerie|Stift|Schule|Grundschule|Gymnasium)\b")
OPERATORS = re.compile(
    r"\b(?:Schön|Asklepios|Helios|HELIOS|Sana|Vivantes|Ameos|AMEOS|Median|MEDIAN|Paracelsus|Rhön|Mediclin|Celenus"
    r"|Dr\. Becker)"
    r"(?:[ -](?:Klinik|Kliniken|Klinikum|Krankenhaus|Fachklinik|Reha))?[ -][A-ZÄÖÜ][a-zäöüß-]{2,30}"
)
ORDERS = re.compile(
    r"\b(?:KH|Krankenhaus|Klinikum|Spital|Kloster) (?:der )?Barmherzige[nr]? (?:Brüder"
    r"|Schwestern)(?: [A-ZÄÖÜ][a-zäöüß]+)?"
)
FIRM = re.compile(
    r"\b(?:bei|über|von|durch) (?:der )?(?:Fa\.|Firma) ((?:[A-ZÄÖÜ][\w&-]+)(?: (?:& )?[A-ZÄÖÜ][\w&-]+){0,2})"
)
LABORATORY = re.compile(r"\bLabor ([A-ZÄÖÜ][a-zäöüß]{3,20})(?![\w-])")
# who employs so many that the name alone is known
EMPLOYERS = read_lines("employers")
EMPLOYER = re.compile("(?:" + "|".join(map(re.escape, EMPLOYERS)) + r")\b")
EMPLOYED_AT = re.compile(
    r"\b(?:bei|beim|bei der|bei den|[Ff]ür|später|zur|zum|im|in der|von|vom|dienstl\.) \(?(?:ehem\. )?$"
)
HOME_NAME = re.compile(
    r"\b(?:aus dem|im|ins|vom|in dem"
    r"|[A-Z][a-zäöü-]*(?:[Zz]entrum|[Kk]linik|[Hh]eim|[Rr]esidenz|gruppe|verbund|[Ee]inrichtung))"
    r" (Haus [A-ZÄÖÜ][a-zäöüß]{3,20})(?! ?\d)"
)
# words without one of which an expression cannot match: the search for them costs next to nothing
KIND_WORDS = tuple(
    "Dienst Wohnen mbulante olizei Rettung Feuerwehr Leitstelle Pfarrei Revier verwaltung Finanzamt".split()
)
SCHOOL_WORDS = ("schule", "gymnasium", "kindergarten", "kita")
HOUSE_FORMS = (
    (PHARMACY, tuple("-Apotheke -Praxis -Drogerie -Stift -Schule -Grundschule -Gymnasium".split())),
    (ORDERS, ("Barmherzige",)),
    (
        OPERATORS,
        tuple("Schön Asklepios elios HELIOS Sana Vivantes meos AMEOS edian MEDIAN Para Rhön edi Cele Becker".split()),
    ),
)
SITE = re.compile(r" (?:am|an der|im|in der|beim) ([A-ZÄÖÜ][a-zäöüß]{3,20})(?=[,.;)\n]| ?/|$)")
SHORT_FORMS = ("AG", "KG", "SE")
# ambulance helicopters: Christoph 14
HELICOPTER = re.compile(r"\bChristoph(?:orus)? \d{1,2}\b")
# what belongs to a house behind a stroke: / Standort Süd, – Nephrologie, / Werk 2
PART_WORDS = frozenset("Standort Haus Campus Werk Betriebsstätte Außenstelle Filiale Zweigstelle".split())
LONGEST_PART = 4
LEGAL_FORMS = frozenset(read_lines("legal_forms"))
HOUSES = frozenset(read_lines("houses"))
AROUND = 70
SHORTEST_CHAIN = 2
EMPLOYED = re.compile(
    r"\s(?:bei|beim|bei der|bei den|in der|im|am|an der|der Firma|bei der Firma|für|für die|der)\s"
    r"((?:[A-ZÄÖÜ][\w&.-]*\w|[A-ZÄÖÜ]{2,})(?:\s(?:&\s)?[A-ZÄÖÜ][\w&.-]*\w){0,3})"
)
GENERIC = re.compile(r"\s(?:bei|beim|bei der|bei den)\s")
HEADS = re.compile(r"(?i)(?:praxis|praxen|institut|klinik|zentrum|labor|mvz|ordination|kanzlei|apotheke|sanitätshaus)$")
PARTNERS = re.compile(
    r"(?:\s?[/,&+]\s?|\sund\s)(?:Partner(?:innen)?|Kolleg(?:en|innen|:innen)|[A-ZÄÖÜ][a-zäöüß]+(?:-[A-Z]\w+)?)"
)
SUFFIX = re.compile(
    r"\s(?:gGmbH|GmbH(?: & Co\.? KG)?|AG|e\.\s?V\.|KG|SE|A\.\s?ö\.\s?R\.|AöR|Krankenkasse|Versicherung)(?!\w)"
)


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield the institutions that their legal form or the place of a treatment gives away."""
    yield from _by_phrase(tokens)
    for index in tokens.having(Flag.LEGAL_FORM):
        if begin := _legal_form(tokens, index):
            start = _firm(tokens, begin)
            if start < begin:
                yield Entity("ORGANIZATION", tokens.starts[start], tokens.ends[index], 0.75, NAME)
    for index in tokens.having(Flag.HOUSE):
        if tokens.joined(index) and tokens.word(index - 1) == "-":
            yield from _hyphenated(tokens, index)
        elif AT_PLACE.search(tokens.text, max(0, tokens.starts[index] - 8), tokens.starts[index]):
            yield from _house(tokens, index)


def _has(text: str, words: Sequence[str]) -> bool:
    return any(word in text for word in words)


def _by_phrase(tokens: Tokens) -> Iterator[Entity]:
    """Yield offices and homes by their kind and place: Medizinischer Dienst Niederrhein, AG Minden, Mozartschule."""
    text = tokens.text
    for match in KINDS.finditer(text) if _has(text, KIND_WORDS) else ():
        yield Entity("ORGANIZATION", match.start(), match.end(), 0.6, NAME)
    for match in (m for form, words in HOUSE_FORMS if _has(text, words) for m in form.finditer(text)):
        yield Entity("HOSPITAL", match.start(), match.end(), 0.7, NAME)
    for match in FIRM.finditer(text) if "Fa." in text or "Firma" in text else ():
        yield Entity("ORGANIZATION", match.start(1), match.end(1), 0.96, NAME)
    for match in HELICOPTER.finditer(text) if "Christoph" in text else ():
        yield Entity("ORGANIZATION", match.start(), match.end(), 0.6, NAME)
    yield from _quoted(tokens)
    yield from _firms(tokens)
    for match in HOME_NAME.finditer(text) if "Haus " in text else ():
        yield Entity("HOSPITAL", match.start(1), match.end(1), 0.6, NAME)
    for index in [index for index, word in enumerate(tokens.words) if word in SHORT_KINDS]:
        if match := AFTER_SHORT_KIND.match(text, tokens.ends[index]):
            flag = tokens.flag(tokens.first(match.start(1)))
            if flag & Flag.PLACE or not flag & (WORDS | Flag.MEDICAL | Flag.UNIT | Flag.STAFF | NAMES):
                yield Entity("ORGANIZATION", tokens.starts[index], match.end(), 0.6, NAME)
    for match in SCHOOLS.finditer(text) if _has(text, SCHOOL_WORDS) else ():
        if not tokens.flag(tokens.first(match.start())) & WORDS:
            yield Entity("ORGANIZATION", match.start(), match.end(), 0.6, NAME)
    yield from _wards(tokens)


def _firms(tokens: Tokens) -> Iterator[Entity]:
    """Yield employers known by their name alone, and laboratories called after a person: Labor Enders."""
    text = tokens.text
    for match in EMPLOYER.finditer(text):
        if EMPLOYED_AT.search(text, max(0, match.start() - 20), match.start()):
            yield Entity("ORGANIZATION", *match.span(), 0.6, NAME)
    for match in LABORATORY.finditer(text) if "Labor " in text else ():
        flag = tokens.flag(tokens.first(match.start(1)))
        if flag & NAMES and not flag & (WORDS | Flag.MEDICAL):
            yield Entity("ORGANIZATION", match.start(), match.end(), 0.6, NAME)


def _quoted(tokens: Tokens) -> Iterator[Entity]:
    """Yield what stands in quotation marks after the word for an institution."""
    for match in QUOTED.finditer(tokens.text):
        if tokens.word(tokens.first(match.start()) - 1).lower().endswith(QUOTED_KINDS):
            yield Entity("ORGANIZATION", match.start(1), match.end(1), 0.6, NAME)


def _wards(tokens: Tokens) -> Iterator[Entity]:
    """Yield departments with their place: Radiologie am Kanal."""
    text = tokens.text
    for index in tokens.having(Flag.WARD):
        if (match := SITE.match(text, tokens.ends[index])) and tokens.flags[index] & Flag.UPPER:
            flag = tokens.flag(tokens.first(match.start(1)))
            external = (tokens.word(index - 1) in ("(", ",") or tokens.flag(index - 1) & Flag.HOSPITAL) and not flag & (
                Flag.MEDICAL | Flag.ANATOMY | Flag.MONTH
            )
            if external or not flag & (Flag.COMMON | Flag.MEDICAL | Flag.MONTH) or flag & Flag.PLACE:
                yield Entity("HOSPITAL", tokens.starts[index], match.end(), 0.5, NAME)


def _legal_form(tokens: Tokens, index: int) -> int:
    """Return where the legal form begins whose last word is at `index`: GmbH, e.V., & Söhne; 0 if there is none."""
    word = tokens.words[index]
    if word == "V":
        before = SOCIETY.search(tokens.text, max(0, tokens.starts[index] - 3), tokens.starts[index])
        return tokens.first(before.start()) if before else 0
    if word[0].isupper() and word[1:].islower() and word != "Ltd":
        return index - 1 if tokens.word(index - 1) in ("&", "und") and not tokens.new_line(index) else 0
    if word not in LEGAL_FORMS or tokens.joined(index) or tokens.word(index + 1) in ("-", "–"):
        return 0
    return index


def _house(tokens: Tokens, index: int) -> Iterator[Entity]:
    """Yield what a hospital or home is called for short where somebody was treated: im Rudolfinum, nach St. Georg."""
    text, start, end = tokens.text, tokens.starts[index], tokens.ends[index]
    label = "HOSPITAL"
    if tokens.words[index] in HOUSES:
        match = HOUSE_NAME.match(text, end)
        ordinary = tokens.flag(index + 1) & (Flag.MEDICAL | Flag.NOT_NAME | WORDS) and not tokens.closes(index + 2)
        if not match or ordinary:
            return
        end, label = match.end(), "ORGANIZATION" if tokens.words[index][0] in "HS" and "." not in match[0] else label
    elif not _is_nickname(tokens, index):
        return
    if CARED.search(text, max(0, start - AROUND), end + AROUND):
        yield Entity(label, start, end, 0.5, NAME)


def _hyphenated(tokens: Tokens, index: int) -> Iterator[Entity]:
    """Yield a house named after a person: Alfried-Krupp-Haus."""
    first = index
    while first > 1 and tokens.joined(first) and tokens.words[first - 1] == "-" and tokens.joined(first - 1):
        first -= 2
    if (
        tokens.is_upper(first)
        and index - first > SHORTEST_CHAIN
        and any(_is_proper(tokens, at) for at in range(first, index))
    ):
        yield Entity("HOSPITAL", tokens.starts[first], tokens.ends[index], 0.6, NAME)


def _firm(tokens: Tokens, index: int) -> int:
    """Return the first token of the firm whose legal form stands at `index`, or `index`: Holzbau Obermaier GmbH."""
    start, named = index, False
    while start and index - start < MOST_WORDS and not tokens.new_line(start) and not tokens.flag(start - 1) & STOPS:
        word = tokens.words[start - 1]
        if word in ("&", "-", "–", "+") or (word == "und" and start > 1 and tokens.is_upper(start - 2)):
            start -= 1
        elif tokens.is_upper(start - 1) and word[0].isalpha() and not tokens.ends_column(start):
            start, named = start - 1, True
        else:
            break
    while start < index and not tokens.is_upper(start):
        start += 1
    if tokens.words[index] in (*SHORT_FORMS, "&", "und"):
        named = any(_is_proper(tokens, at) for at in range(start, index))
    return start if named else index


def _is_proper(tokens: Tokens, index: int) -> bool:
    flag = tokens.flags[index]
    return bool(flag & (NAMES | Flag.PLACE) or not flag & (WORDS | Flag.MEDICAL)) and len(tokens.words[index]) > 3


def _is_nickname(tokens: Tokens, index: int) -> bool:
    """Tell whether a word can be what a hospital is called for short: Rudolfinum, Bethanien."""
    word, flag = tokens.words[index], tokens.flags[index]
    if flag & (Flag.MEDICAL | Flag.ANATOMY | Flag.EPONYM | Flag.NOT_NAME) or flag & Flag.COMMON:
        return False
    return word[1:].islower() and not flag & Flag.COMPOUND


def around_findings(tokens: Tokens, found: Sequence[Entity]) -> Iterator[Entity]:
    """Yield employers after professions, practices named after `found` persons, legal forms after institutions."""
    for entity in found:
        if entity.entity_type == "PROFESSION" and (match := EMPLOYED.match(tokens.text, entity.end)):
            index = tokens.first(match.start(1))
            single = tokens.first(match.end(1)) - index == 1
            if not tokens.flag(index) & STOPS and not (
                single and tokens.flag(index) & WORDS and not GENERIC.match(match[0])
            ):
                yield Entity("ORGANIZATION", match.start(1), match.end(1), 0.6, NAME)
        elif entity.entity_type == "PERSON":
            yield from _practice(tokens, entity)
        elif entity.entity_type in ("HOSPITAL", "ORGANIZATION"):
            end = match.end() if (match := SUFFIX.match(tokens.text, entity.end)) else entity.end
            if (end := _with_part(tokens, end)) > entity.end:
                yield Entity(entity.entity_type, entity.start, end, entity.score, NAME)


def _with_part(tokens: Tokens, end: int) -> int:
    """Return where an institution ends with the part of it that a stroke adds: Klinikum Rosenheim / Kardiologie."""
    stroke = tokens.first(end)
    if tokens.word(stroke) not in ("/", "–") or tokens.new_line(stroke) or tokens.new_line(stroke + 1):
        return end
    at = stroke + 1
    if tokens.words[at : at + 1] and tokens.words[at] in PART_WORDS:
        last = at
        while last - at < LONGEST_PART and not tokens.new_line(last + 1) and tokens.gap(last + 1) in ("", " "):
            if tokens.word(last + 1) not in ("-", ".") and not tokens.is_upper(last + 1) and last > at:
                break
            last += 1
        return tokens.ends[last] if last > at else end
    if tokens.word(stroke) == "/" and tokens.joined(stroke) and tokens.joined(at) and tokens.flag(at) & Flag.PLACE:
        return tokens.ends[at]
    spaced = tokens.word(stroke) == "/" and not tokens.joined(stroke) and not tokens.joined(at)
    return tokens.ends[at] if spaced and tokens.flag(at) & Flag.WARD else end


def _practice(tokens: Tokens, entity: Entity) -> Iterator[Entity]:
    """Yield the practice that bears the name of a person: Gemeinschaftspraxis Dres. Aumüller / Pichlmaier."""
    first = tokens.first(entity.start)
    at = first
    while (
        at
        and not tokens.new_line(at)
        and first - at < 12
        and (tokens.flag(at - 1) & Flag.TITLE or tokens.words[at - 1] in (".", "(", ")", "c", "h"))
    ):
        at -= 1
    if (
        at
        and at < first
        and not tokens.new_line(at)
        and HEADS.search(tokens.words[at - 1])
        and tokens.flag(at - 1) & Flag.UPPER
    ):
        end = entity.end
        while match := PARTNERS.match(tokens.text, end):
            end = match.end()
        yield Entity("HOSPITAL", tokens.starts[at - 1], end, 0.7, NAME)
