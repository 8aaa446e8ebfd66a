"""Ages: the number alone, as 55-jährig, 49jähr., im Alter von 15 Jahren, seit dem 13. Lj., fünfjährig, 6 Monate alt."""

import re
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import Flag
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["AGE"]
NAME = "age"

YEARS_OLD = re.compile(
    r"(?:(\d{1,2} \d{1,2}/12|\d{1,2};\d{1,2})\s?(?:J\b|a\b|Jahre))"
    r"|(\d{1,3}(?:;\d{1,2}|\s?[½¾¼]|\s\d{1,2}/(?:1?2|3|4))?)(?:\s?[-–—.]?\s?(?:J[ÄA]E?HRIG|[Jj](?:[äa]e?)?hr(?!en?\b|zehnt|gang|hundert|lich)"
    r"|[Jj](?:ahre|\.)? alt"
    r"|j\.|j\b|jr\.|jg\.)|-?J\b(?!\.?-)"
    r"|\.?\s{0,2}(?:Lj\b|LJ\b|[Ll]ebensj|L\.J\.)|\s{0,2}(?:Monate|Wochen|Tage|Mon?\.|M\.|Wo\.|J\.|Jahre?"
    r"|Jr?\.)(?:n)?\s{0,2}(?:alt"
    r"|junge|alte))",
)
AGE_BEFORE = re.compile(
    r"(?:\bAlters?(?: von| des Patienten| der Patientin)?:?|\bmit|\bLebensalter:?|\bAlter \(Jahre\):?|\bim"
    r"|\bAltersgruppe|\bvon)\s?(?:knapp|ca\.|etwa|rund)?\s{0,2}$",
    re.IGNORECASE,
)
AGE_AFTER = re.compile(r"\s{0,2}(?:J\b|J\.|Jahren?\b|Monaten?\b|a\b|LJ\b|Lj\b)", re.IGNORECASE)
# the ages of several: die Kinder (12, 14 und 20 J.)
LIST_BEFORE = re.compile(r"(?:\(| mit |\b(?:Söhne|Töchter|Kinder|Geschwister|Enkel)[,:]? )$")
LISTED = re.compile(r"(?:\s?(?:,|und|bzw\.|u\w\w|u\.)\s?\d{1,3}){1,6}\s?(?:[Jj]\b|[Jj]\.|[Jj]ahre|a\b)")
LISTING = re.compile(
    r"(?:(?:\(|\b(?:Söhne|Töchter|Kinder|Geschwister|Enkel)[,:]? )(?:\d{1,3}\s?(?:,|und|u\w\w|u\.)\s?){1,6}"
    r"|\bmit \d{1,3} (?:bzw\.|und|u\.) )$"
)
# m/57, w, 43 J.
SEX_BEFORE = re.compile(r"(?:^|[\s,;(])(?:[mwd]|männl\.|weibl\.)(?:/|,?\s)$")
SEX_AFTER = re.compile(r"\s?(?:J\b|j\b|a\b|Jahre|mit\b|,|;|\))|\.?\s*(?:\n|$)")
SEX_SAID = re.compile(r"\b(?:männlich|weiblich),? $")
SEX_SAID_AFTER = re.compile(r"\s?(?:J\.?|Jahre),? (?:weibl|männl|♂|♀|[wm](?!\w)|verheir|verwitw|ledig|geschieden)")
# Pat. 45a, Hr. Huber 45a
PERSON_BEFORE = re.compile(r"\b(?:[Pp]at\.?|Herrn?|Frau|Hr\.|Fr\.)(?: [A-ZÄÖÜ][\w-]{1,30})? $")
YEARS_SHORT = re.compile(r" ?a(?!\w)")
# geb. 1.2.1950, 45 Jahre
DATE_BEFORE = re.compile(r"\d{1,2}\.\d{1,2}\.(?:19|20)\d\d(?: /|,) $")
YEARS_AFTER = re.compile(r"\s?(?:J\.|J|Jahre)(?=\s?(?:[,;)/\n]|\.(?!\d)|$))")
# 67/m, 54w, 67 J., m
SEX_JOINED = re.compile(r"(?:/[mw]|w|♂|♀|, [mwd](?=\)))(?=[\s,;).]|$)|\s?J\.?, ?[mwd](?=[\s,;)])")
IS_SO_OLD = re.compile(
    r"\b(?:[Ee]r|[Ss]ie|Pat\.|Patient(?:in)?) (?:ist|war|wird) (?:jetzt |gerade |nun |erst |damals )?$"
)
NOW_SO_OLD = re.compile(r"\b(?:ist|war) (?:jetzt|nun|inzwischen|mittlerweile|damals) $")
NOW_AFTER = re.compile(r"[,.] ")
SO_OLD = re.compile(r"\s?(?:Jahre?\b(?! her)|J\b|geworden|und\b)")
CHILD_BEFORE = re.compile(r"\b(?:Säugling|Kind|Junge|Mädchen|Neugeborenes|Kleinkind),? $")
CHILD_AFTER = re.compile(r"\s?(?:Mon|Wo\b|Wochen|Tage|J\b|Jahre)")
# Mutter (67) lebt, Schwester, 39, gesund; beide Söhne (12 und 15)
KIN_BEFORE = re.compile(
    r"(?:Patient(?:in|en)?|Pat\.|[Vv]erstorben|\d{4}|[Mm]utter|[Vv]ater|[Ss]chwester|[Bb]ruder|[Ss]ohn|[Tt]ochter|Söhne|Töchter|Kinder|mann"
    r"|frau|[Oo]ma|[Oo]pa"
    r"|Partner(?:in)?"
    r"|Nichte|Neffe|Enkel(?:in)?)(?: \((?:\d{1,3}(?:,| und| u\.) ){0,4}|, )$"
    r"|(?:Söhne|Töchter|Kinder) (?:\d{1,2}(?:,| und| u\.) ){0,3}$"
)
# Bruder Bence 9a gesund
KIN_AGED = re.compile(
    r"\b(?:[Mm]utter|[Vv]ater|[Ss]chwester|[Bb]ruder|[Ss]ohn|[Tt]ochter|[Hh]alb\w+)(?: [A-ZÄÖÜ][a-zäöüßéğışçž]+)? \(?$"
)
AGED = re.compile(r"(?:\s\d/\d)?\s?(?:a|J\.?|Jahre)(?![\w-])")
KIN_AFTER = re.compile(r"(?:,? ?(?:und|u\.)? ?\d{1,3}){0,3}(?: ?J\.?| ?Jahre)?[,);]")
# Mutter 84, rüstig
KIN_BARE = re.compile(r"\b(?:[Mm]utter|[Vv]ater|[Ss]chwester|[Bb]ruder|Gattin|Gatte|Ehefrau|Ehemann|Oma|Opa) $")
BARE_AFTER = re.compile(r"[,;)](?!\d)")
# what runs in a family: Mutter Mamma-Ca mit 44, Tante Ovarial-Ca mit 52
KIN = re.compile(
    r"(?:[Mm]utter|[Vv]ater|[Tt]ante|[Oo]nkel|[Bb]ruder|[Ss]chwester|[Oo]ma|[Oo]pa|[Cc]ousine?|Menarche|Menopause|Einschulung|Erst\w{3,20})\b[^;\n]{0,60}$"
)
# 57 J., männl.; but not seit 10 J.
# at the end of a line, after a name: Sommer Josef, 65 a
LAST_IN_LINE = re.compile(r"\s?a\.?[ \t]*(?:\n|$)")
YEARS_ALONE = re.compile(r"\s?J\.(?![- ]?\d)")
AFTER_DATE = re.compile(r"(?:19|20)\d\d, $")
DURATION = re.compile(
    r"(?:vor|seit|nach|über|ca\.|alle|in|für|etwa|je|pro|von|x|binnen|um|[-–/\d]|\d[.,]|mind\.|bis|zu|max\.|auf|noch|knapp|rund)\s?$"
)
SEVERAL = re.compile(
    r"\. Geburtstag|(?: und| u\.|,) \d{1,2} Jahre alt|\.? (?:bis(?: zum)?|und) \d{1,2}\. ?(?:Lj|LJ|Lebensj)"
)
Y_O = re.compile(r"\s?(?:y/o|yo\b|a(?=,|\)|\sG\d|\s(?:Mädchen|Bub|Junge|Knabe|Pat|Kind)))")
BEFORE_BRACKETS = re.compile(r"\($|[^\W\d_]{2},\s{0,2}$")
IN_BRACKETS = re.compile(r"\s{0,2}(?:J\.|J|[Jj]ahre|a)\s?[,;)|(]")
STATED = re.compile(
    r"\b(?:Alters?|(?:Spender|Patienten|Erkrankungs|Manifestations|Menarche|Sterbe)alter)"
    r"(?: von| des Patienten| der Patientin| bei [\w-]+|sangabe)?\s?(?:\(\w+\))?:?"
    r"\s?(?:knapp|ca\.|etwa|rund)?\s?$"
)
DEATH = re.compile(
    r"(?:(?:[Mm]utter|[Vv]ater|[Oo]ma|[Oo]pa) wurde|(?:starb|verst\w*\.?|gestorben|erkrankte|erkrankt) mit) $"
)
DIED = re.compile(r"\)|\s(?:erstmal|a[nm]\b(?! Tag| Abend| Morgen)|erblind|verst|erkrankt|gestorben)")
PERSON_AFTER = re.compile(
    r"\s?(?:[\w.]+\s){0,3}?(?:Pat|Kind|Stief|Sohn|Tochter|Töchter|Söhne|Junge|Jungen|Mädchen|Knabe|Frau|Mann|Dame|Herr"
    r"|Bruder|Schwester|Mutter|Vater|Säugling|Zwilling|Bub|Enkel|Klient|Schüler|Bewohner|Rentner|männlich|weiblich"
    r"|Neugebor|Frühgebor)"
)
WORD_AGE = re.compile(r"([^\W\d_]{3,20}?)(?:j[äa]e?hrig|monatig)(?:e[rnsm]?)?$", re.IGNORECASE)
DECADE = re.compile(r"\b(?:Mitte|Anfang|Ende|über|um die) $")
WHEN = re.compile(r"\b(?:als|da) (?:er|sie|ich) (?:erst )?$")
NOT_AGES = (
    "lang",
    "mehr",
    "ganz",
    "dies",
    "vor",
    "voll",
    "minder",
    "halb",
    "all",
    "un",
    "viel",
    "gleich",
    "vieljährig",
    "vorletzt",
    "letzt",
    "über",
    "früh",
)


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield the ages of a text."""
    text = tokens.text
    for index in tokens.having(Flag.NUMBER | Flag.NUMBER_WORD | Flag.AGE):
        start, word = tokens.starts[index], tokens.words[index]
        if tokens.flags[index] & Flag.NUMBER:
            end = tokens.ends[index]
            if len(word) > 3 or (tokens.joined(index) and tokens.words[index - 1] in ".,/"):
                continue
            if text[end : end + 1] in (".", ":", "/") and text[end + 1 : end + 2].isdigit():
                continue  # of a date, a time, a score: most numbers
            end = _numeric_age(text, start, end)
            if end:
                yield Entity("AGE", start, end, 0.9, NAME)
        elif end := _word_age(tokens, index):
            yield Entity("AGE", start, end, 0.8, NAME)


# what stands after a number and what before it, which together say that it is an age; fewest and most digits
BESIDE = (
    (SEX_AFTER, SEX_BEFORE, 1, 3),
    (AGE_AFTER, SEX_SAID, 1, 3),
    (KIN_AFTER, KIN_BEFORE, 1, 3),
    (BARE_AFTER, KIN_BARE, 2, 2),
    (YEARS_SHORT, PERSON_BEFORE, 2, 3),
    (YEARS_AFTER, DATE_BEFORE, 2, 2),
    (SO_OLD, IS_SO_OLD, 1, 3),
    (NOW_AFTER, NOW_SO_OLD, 2, 2),
    (AGED, KIN_AGED, 1, 3),
    (CHILD_AFTER, CHILD_BEFORE, 1, 3),
)


def _numeric_age(text: str, start: int, end: int) -> int:
    """Return where the age that begins with the number from `start` to `end` ends, or 0."""
    if match := YEARS_OLD.match(text, start):
        return match.end(match.lastindex or 1)
    if Y_O.match(text, end) or SEX_SAID_AFTER.match(text, end) or SEVERAL.match(text, end):
        return end
    before, digits = text[max(0, start - 30) : start], end - start
    for form_after, form_before, fewest, most in BESIDE:
        if fewest <= digits <= most and form_after.match(text, end) and form_before.search(before):
            return end
    if (digits > 1 and SEX_JOINED.match(text, end)) or before.endswith(("♂ ", "♀ ", "♂", "♀")):
        return end
    if digits == 2 and (DEATH.search(before) or (before.endswith(("mit ", " m. ")) and DIED.match(text, end))):
        return end
    return end if (digits == 2 and _is_bare_age(text, start, before)) or _is_told_age(text, end, before) else 0


def _is_bare_age(text: str, start: int, before: str) -> bool:
    """Tell whether two digits are an age though no word says so: 57 J., männl.; Mutter Mamma-Ca mit 44."""
    end = start + 2
    alone = YEARS_ALONE.match(text, end) and before[-1:] in ("", "\n", " ")
    if alone and (not DURATION.search(before) or AFTER_DATE.search(before)):
        return True
    if before.endswith(", ") and LAST_IN_LINE.match(text, end):
        return True
    closed = text[end : end + 1] in (",", ".", ";", ")", "\n") and not text[end + 1 : end + 2].isdigit()
    return closed and before.endswith("mit ") and bool(KIN.search(text, max(0, start - 80), start))


def _is_told_age(text: str, end: int, before: str) -> bool:
    """Tell whether what stands before or after says that a number is an age: Alter: 57, (12, 14 und 20 J.)."""
    if STATED.search(before) or (LIST_BEFORE.search(before) and LISTED.match(text, end)):
        return True
    if IN_BRACKETS.match(text, end) and BEFORE_BRACKETS.search(before):
        return True
    if not AGE_AFTER.match(text, end):
        return False
    years = AGE_BEFORE.search(before) and not re.search(r"(?:vor|seit|nach|von)\s?$", before)
    return bool(LISTING.search(before) or years)


def _word_age(tokens: Tokens, index: int) -> int:
    """Return where the number word of an age ends: of fünfjährig the first four letters; 0 where there is none."""
    text, start, end, word = tokens.text, tokens.starts[index], tokens.ends[index], tokens.words[index]
    if match := WORD_AGE.match(word):
        stem = match[1].lower()
        if stem in NOT_AGES or not PERSON_AFTER.match(text, end):
            return 0
        return start + match.end(1)
    if re.match(r"[-–\s]{0,2}(?:j[äa]e?hrig|Jahre alt|Monate alt|Wochen alt)", text[end : end + 14]):
        return end
    if text[max(0, start - 4) : start].lower() == "mit " and re.match(r" (?:Jahren|Monaten)\b", text[end : end + 9]):
        return end
    if re.search(r"\bAlter von\s$", text[max(0, start - 12) : start]):
        return end
    if DECADE.search(text, max(0, start - 8), start) and word.endswith("zig"):
        return end
    if WHEN.search(text, max(0, start - 12), start) and text.startswith((" war", " Jahre"), end):
        return end
    return 0
