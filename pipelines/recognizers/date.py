"""Dates and birth dates: German, Austrian and Swiss forms, partial ones and ranges, and what scanning made of them."""

import re
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import Flag, read_lines
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["DATE", "DATE_OF_BIRTH"]
NAME = "date"

DAY = r"(?:0?[1-9]|[12]\d|3[01])"
MONTH = r"(?:0?[1-9]|1[0-2])"
YEAR = r"(?:['’`]?\d\d|(?:1[89]|20)\d{3}|(?:1[89]|20)\d\d)(?!\d|:\d|\s?Uhr)"
DOT = r"(?: ?\.{1,2} ?|\.,|,\.)"
MONTH_NAME = "(?:" + "|".join(sorted(read_lines("months"), key=len, reverse=True)) + r")(?![^\W\d_])\.?"
TO = r"(?: {0,2}(?:-|–|—|bis(?: zum)?|und|u\.|/|\+|&) {0,2})"

# Each is tried where a number begins, in this order; the first that fits is taken.
FORMS = [
    # 05.11 of 05.11-18.11.2024: the first date of a range may lack its last full stop; 11. 2. - 3. 3. 97
    rf"(?:{DAY}\.{MONTH}\.?|{DAY}\. {MONTH}\.)(?=(?:{TO}|, ?){DAY}(?:{DOT}| ){MONTH}{DOT})",
    # 12.05.1954, 5.7.54, 23.04 2029, 26 09.2033, 12,05.1954
    rf"{DAY}(?:{DOT}| (?=\d\d?\.)|,(?=\d\d\.)){MONTH}(?:{DOT}|\s(?=\d{{4}})){YEAR}",
    rf"{DAY}\.,?\s?\n\s?{MONTH}{DOT}{YEAR}|{DAY}{DOT}{MONTH}\.\s?\n\s?{YEAR}",
    # 10. und 11.10.2033, 1.-21.7.22, 30./31.12.2020
    rf"{DAY}\.?{TO}{DAY}{DOT}{MONTH}(?:{DOT}{YEAR}|\.)",
    # 2021-05-27, 2021/05/27, 2021.05.27
    r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)",
    r"(?:19|20)\d\d[/.](?:0[1-9]|1[0-2])[/.](?:0[1-9]|[12]\d|3[01])(?!\d)",
    # 21/06/1967, 12-05-1954
    rf"{DAY} ?[/-] ?{MONTH} ?[/-] ?(?:1[89]|20)\d\d(?!\d)",
    # 12. Mai 1954, 1. - 21. Juli 2022, 13.Juli 2025
    rf"{DAY}(?:\.|te[nrs]?\b)?(?:{TO}{DAY}\.?)?[\s/-]{{0,3}}{MONTH_NAME}(?:,?[\s/-]{{0,2}}{YEAR})?",
    # 03-05/2021, 03/2021, 1.2018
    rf"(?:{MONTH}{TO})?{MONTH} ?[/.] ?(?:19|20)\d{{2,3}}(?!\d|,\d)",
    # 3.4. and 05.11. with the last full stop
    rf"{DAY}\.{MONTH}\.(?!\d)",
    # 19541205 as computers write it
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)",
]
DATE = re.compile("|".join(FORMS), re.IGNORECASE)
# a date may be glued to the word before: am20. Februar 2027
GLUED = re.compile(
    rf"{DAY}\.{MONTH}\.(?:{YEAR})?|{DAY}\.? {{0,2}}{MONTH_NAME}(?: ?{YEAR})?|{MONTH}/(?:19|20)\d\d(?!\d)"
    r"|(?:19|20)\d\d-\d\d-\d\d(?!\d)",
    re.IGNORECASE,
)
AFTER_STROKE = re.compile(rf"{DAY}\.{MONTH}\.{YEAR}")
SHORTEST_GLUED = 8
LEADING = frozenset("am vom bis zum den ab seit der im".split())
DOSE_UNTIL = re.compile(r"\d{1,2} bis ")
NUMBERED = re.compile(r"\d{1,2}\. +\d{1,2}\.\d{1,2}$")
AFTER_NAME = re.compile(r"[^\W\d_]{2}(?:, ?| ?\()$")
DAY_ALONE = re.compile(
    rf"{DAY}\.(?=\s(?!(?:\w+\s)?(?:po\b|Tag|Woche|Monat|postop|Lebens|Zyk|Kur|Gabe|Mal))(?:[a-zäöü]|[A-ZÄÖÜ]\w+\s?$)"
    rf"|[,;)]|\s*$)"
)
BEFORE_DAY = re.compile(r"\b(?:[Aa]m|[Vv]om|[Bb]is|[Aa]b|[Zz]um|de[nm])\s?$")
DAY_SPACED_MONTH = re.compile(rf"{DAY}\. {MONTH}\.(?!\d)|[0-3]\d [01]\d \d\d(?!\d)")
ROMAN_MONTH = re.compile(rf"{DAY}\. ?(?:I{{1,3}}|IV|VI{{0,3}}|IX|XI{{0,2}})\.(?!\w)")
ROMAN = re.compile(rf"{DAY}\. ?(?:X{{0,1}}I{{1,3}}|I?[VX]|VI{{1,3}}|XII?)\.? ?(?:19|20)?\d\d(?!\d)")
SPACED = re.compile(
    rf"{DAY} \. {{0,2}}{MONTH} ?\.(?! ?\d)|0?\d \d\d (?:19|20)\d\d(?!\d)|[0-3]\d [01]\d (?:19|20)\d\d(?!\d)"
)
DAY_SLASH_MONTH = re.compile(rf"{DAY}/{MONTH}(?![\d/.,])")
BEFORE_SLASHED = re.compile(r"\b(?:[Aa]m|[Vv]om|gesehen|[Aa]b|[Bb]is|den)\s$")
# geb. 16-08-59, am 01-11 operiert
DASHED = re.compile(
    r"(?:0[1-9]|[12]\d|3[01])-(?:0[1-9]|1[0-2])(?:-\d\d)?"
    r"(?![\d/-]|[.,]\d|\s?(?:Wo|Tag|Mon|Jahr|IE|IU|E\b|mg|ml|mm|cm|x\b|h\b|%|Uhr))"
)
# 12 Mar 2024, as in the heads of electronic mail
ENGLISH = re.compile(rf"\b{DAY} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{{0,6}} (?:19|20)\d\d\b")
# from and until without a blank between: 09.08.202330.08.2023
PAIR = re.compile(r"\d\d\.\d\d\.(?:19|20)\d{4}\.\d\d\.(?:19|20)\d\d(?!\d)")
# a time glued to it: 02.01.202318:20
TIMED = re.compile(r"(?:0[1-9]|[12]\d|3[01])\.(?:0[1-9]|1[0-2])\.(?:19|20)\d\d(?=\d\d:\d\d)")
# where all dates are written with hyphens: 17-03-2005, 20-06-05
FULL_DASHED = re.compile(r"(?<![\d-])(?:0[1-9]|[12]\d|3[01])-(?:0[1-9]|1[0-2])-(?:19|20)\d\d(?![\d-])")
SHORT_DASHED = re.compile(r"(?<![\w/-])(?:0[1-9]|[12]\d|3[01])-(?:0[1-9]|1[0-2])-\d\d(?![\w/-]|[.,]\d)")
# the days of a course, without their last full stop: 04.01 Übernahme
DAYS_OF_COURSE = re.compile(r"(?:^|\n)[ \t]*((?:0[1-9]|[12]\d|3[01])\.(?:0[1-9]|1[0-2]))(?=[ \t]+[^\W\d_])")
# what follows the day of 03-04-18 at the end of a line
DASHED_AT_END = re.compile(r"-(?:0[1-9]|1[0-2])-\d\d(?=[ \t]*(?:\n|$|[,;:)]))")
DAY_BEFORE = re.compile(r"(?<![\d/-])(?:0[1-9]|[12]\d|3[01])$")
DASHED_MONTH = re.compile(r"-(?:0[1-9]|1[0-2])(?!\d)")
BORN_DASHED = re.compile(rf"(?:\bgeb\.?|\*)(?:\s?am)?\s?({DASHED.pattern})", re.IGNORECASE)
BEFORE_DASHED = re.compile(r"\b(?:am|vom)\s?$")
BORN_IN = re.compile(r"\s{1,2}in\s")
BORN_BEFORE = re.compile(r"\b(?:wurde|sei|ist|er|sie)\s{1,2}$")
# what a year is said with: Sommer 2025, Weihnachten 2019
SEASON = re.compile(
    r"\b((?:\d\. ?)?Advent|Frühjahr|Frühling|Sommer|Herbst|Winter|Ostern|Pfingsten|Weihnachten|Silvester|Neujahr|KW) $"
)
# siebzehnter Juni neunzehnhundertsechzig, am dritten vierten zweitausendzehn
SPOKEN = re.compile(
    rf"\b(?:[a-zäöü]{{3,20}}t(?:er|en|e)\s+)?(?:{MONTH_NAME}|[a-zäöü]{{3,20}}ten)\s+(?:(?:acht|neun)zehnhundert"
    rf"|zweitausend)\w*",
    re.IGNORECASE,
)
# the day of an entry, where other dates of the text are written with strokes and a year: 6/5 reizlos
ENTRY = re.compile(rf"(?:^|\n)[ \t]*({DAY}/{MONTH})(?=[ \t:]+[^\W\d_])")
FULL_SLASHED = re.compile(rf"(?<![\d/]){DAY}/{MONTH}/(?:1[3-9]|[2-9]\d|(?:19|20)\d\d)(?![\d/])")
WEEK = re.compile(r"\bKW\s?(?:[1-9]|[1-4]\d|5[0-3])(?:\s?/\s?(?:20)?\d\d)?\b|\bQ[1-4]\s?/\s?(?:20)?\d\d\b")
# the date before a year that ends a range: 03/2018 - 2020
SINCE = re.compile(r"(?:\d[./](?:19|20)?\d\d|\d\.\d{1,2}\.)\s{0,2}[-–]\s{0,2}$")
SHORT_YEAR = re.compile(r"\d\d(?![\d\w])")
YEARS = re.compile(r"(?:1[89]|20)\d\d(?:\s?[-–/]\s?(?:(?:19|20)\d\d|\d\d))?(?![\d.,]\d|\d|\.[OolI\d]{2}\.)")
MONTH_AND_YEAR = re.compile(rf"({MONTH})(?: ?[-–] ?{MONTH})?/(\d\d)(?![\d/]|[.,]\d)")
DAY_AND_MONTH = re.compile(rf"{DAY}\.{MONTH}(?![\d]|[.,]\d|\s*(?:Uhr|[a-zµ]{{1,4}}\b|[a-z]+/|°|%|€|J\b|Mio|Jahre))")
AFTER_NUMBER = re.compile(r"[ \t]+(?![a-zäöü])")
MOST_POINTS = 12
"""A number after strokes up to it is more likely a score (Apgar 9/10/10) than a year."""
SLASHED = re.compile(rf"{DAY}/{MONTH}/(\d\d)(?![\d/])")
UNSEPARATED = re.compile(r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:(?:19|20)\d\d|\d\d)(?!\d)")
NAMED = re.compile(rf"{MONTH_NAME}(?:[\s./-]{{1,2}}{YEAR})?", re.IGNORECASE)
SCANNED = re.compile(r"[\dOolI|]{1,2}\.[\dOolI|]{1,2}\.[\dOolI|]{2,4}(?![^\W_])")
SCANNED_YEAR = re.compile(r"(?<!\w)(?=\d+[Oo])(?:2[0Oo][\dOo]|19[\dOo])[\dOo](?!\w)")
NOT_A_YEAR = re.compile(
    r"\s?[a-zµ]{1,4}/|\s?(?:(?:ml|mg|g|µg|mcg|kcal|IE|IU|E|x|kg|cm|mm|ng|Hz|ccm|cal|Gy)(?!\w)|I\.E|/|%|U/|m²|Stück"
    r"|Punkte|€|Euro)"
)
RATIO_BEFORE = re.compile(
    r"(?:RR|Schober|Ott|Tinetti|Barthel|Braden|Norton|Berg|Borg|DemTect|MoCA|Visus|Kraft(?:grad)?|KG|GCS|GAF|MMST"
    r"|MMSE|PHQ|BDI|NRS|VAS|Apgar|APGAR|Schmerz\w*|ECOG|SOFA|FIM|Skala|Test|Score|Index|HWK|BWK|LWK|Stufe|Punkte|mmHg"
    r"|AT"
    r"|Tensio|BKS|BSG|BSR|BKG|ER|PR|IRS|GDS|Elston|Gleason|cc|sc|p?N[0-3x][a-c]?)"
    r"\W{0,3}(?:(?:re|li|rechts|links|bds|von|ca)\W{0,2})?$"
)
RATIO_AFTER = re.compile(r"\s?(?:mm|Punkte|Pkt|P\b|cm|mg|ml|µg|mcg|Jahre|min\b|/|%|x\b|Hz)")
BIRTH = re.compile(
    r"(?:\*|†?\bgeb(?:oren|\.|,|:)?(?:e[rn]?)?(?:\s?-?(?:am|Dat(?:um|\.)?))?|Geburts(?:datum|tag)|GebDat|\bGD|\bDOB"
    r"|\bGeb\.?-?\s?Dat(?:um|\.)?)"
    r"[\s.:*(,]{0,6}(?:am|den|dem)?[\s.:*]{0,3}$",
    re.IGNORECASE,
)


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield the dates of a text."""
    text, done = tokens.text, 0
    yield from _set_apart(text)
    for index in tokens.having(Flag.NUMBER | Flag.MONTH | Flag.LOOKALIKE):
        start, flag = tokens.starts[index], tokens.flags[index]
        if start < done:
            continue
        if flag & Flag.NUMBER:
            end = _numeric(tokens, index)
        elif flag & Flag.MONTH:
            end = _named(tokens, index)
        elif (match := SCANNED.match(text, start)) and _is_scanned(match[0]):
            end = match.end()
        else:
            continue
        if end > start:
            done = end
            if season := SEASON.search(text, max(0, start - 12), start):
                start = season.start(1)
            label = "DATE_OF_BIRTH" if BIRTH.search(text, max(0, start - 30), start) else "DATE"
            yield Entity(label, start, end, 0.9, NAME)


def _set_apart(text: str) -> Iterator[Entity]:
    """Yield dates in words, of entries, with hyphens, in English, and weeks."""
    for match in SPOKEN.finditer(text) if "hundert" in text or "zweitausend" in text else ():
        yield Entity("DATE", match.start(), match.end(), 0.7, NAME)
    for match in PAIR.finditer(text):
        yield Entity("DATE", match.start(), match.end(), 0.8, NAME)
    for match in (*TIMED.finditer(text), *SCANNED_YEAR.finditer(text)):
        yield Entity("DATE", match.start(), match.end(), 0.8, NAME)
    for match in SHORT_DASHED.finditer(text) if FULL_DASHED.search(text) else ():
        yield Entity("DATE", match.start(), match.end(), 0.7, NAME)
    days = list(DAYS_OF_COURSE.finditer(text))
    for match in days if len(days) > 1 else ():
        yield Entity("DATE", match.start(1), match.end(1), 0.6, NAME)
    entries = list(ENTRY.finditer(text))
    for match in entries if entries and FULL_SLASHED.search(text) else ():
        yield Entity("DATE", match.start(1), match.end(1), 0.6, NAME)
    for match in BORN_DASHED.finditer(text) if DASHED_MONTH.search(text) else ():
        yield Entity("DATE_OF_BIRTH", match.start(1), match.end(1), 0.8, NAME)
    for match in ENGLISH.finditer(text) if "@" in text or "Date" in text else ():
        yield Entity("DATE", match.start(), match.end(), 0.8, NAME)
    for match in DASHED_AT_END.finditer(text):
        if day := DAY_BEFORE.search(text, max(0, match.start() - 3), match.start()):
            yield Entity("DATE", day.start(), match.end(), 0.6, NAME)
    for match in WEEK.finditer(text) if "KW" in text or "Q" in text else ():
        yield Entity("DATE", match.start(), match.end(), 0.7, NAME)


def _numeric(tokens: Tokens, index: int) -> int:
    """Return where the date that begins with the number at `index` ends, or 0."""
    text, start = tokens.text, tokens.starts[index]
    before = text[start - 1] if start else " "
    if before.isalpha():
        match = GLUED.match(text, start)
        if match and (match[0].count(".") > 1 or tokens.word(index - 1) in LEADING):
            return match.end()
        if tokens.word(index - 1) in LEADING and (match := DAY_AND_MONTH.match(text, start)):
            return match.end()
        year = YEARS.match(text, start) if len(tokens.word(index - 1)) >= SHORTEST_GLUED else None
        return year.end() if year and tokens.flag(index - 1) & (Flag.COMMON | Flag.COMPOUND) else 0
    if before == "/" and (match := AFTER_STROKE.match(text, start)):
        return match.end()
    if before in ".,/" and start > 1 and text[start - 2].isdigit() and before != ".":
        return 0
    if match := DATE.match(text, start):
        numbered = NUMBERED.match(match[0]) and text[match.end() : match.end() + 2].strip(".").isdigit()
        # of a dose and its time, 0-0-1 bis 10.3., the date is the second
        dosed = before in "-–" and DOSE_UNTIL.match(match[0])
        return 0 if numbered or dosed or _is_numbering(tokens, index, match.end()) else match.end()
    match = SCANNED.match(text, start)
    if match and _is_scanned(match[0]):
        return match.end()
    return _ambiguous(tokens, index)


def _is_scanned(form: str) -> bool:
    digits = form.translate(str.maketrans("OolI|", "00111"))
    return digits != form and sum(character.isdigit() for character in form) >= 2 and bool(DATE.fullmatch(digits))


def _is_numbering(tokens: Tokens, index: int, end: int) -> bool:
    """Tell whether 1.2. is the number of a heading: it begins a line, and is as small as those are."""
    form = tokens.text[tokens.starts[index] : end]
    return len(form) == 4 and tokens.new_line(index) and form[2] < "4" and bool(AFTER_NUMBER.match(tokens.text, end))


def _ambiguous(tokens: Tokens, index: int) -> int:
    """Return where a date ends that could be another number, where what stands around says it is a date, or 0."""
    text, start, word = tokens.text, tokens.starts[index], tokens.words[index]
    around = text[max(0, start - 24) : start]
    if end := _partial(text, start, tokens.ends[index], around):
        return end
    if match := MONTH_AND_YEAR.match(text, start):
        rated = RATIO_BEFORE.search(around) or not tokens.closes(index + 3)
        if (tokens.flag(index - 1) & Flag.UPPER and not rated) or _is_month_and_year(
            match, around, text[match.end() : match.end() + 8]
        ):
            return match.end()
    if (match := SLASHED.match(text, start)) and (
        len(match[0]) == 8 or BIRTH.search(around) or (int(match[1]) > MOST_POINTS and not RATIO_BEFORE.search(around))
    ):
        return match.end()
    if BEFORE_DASHED.search(around) and (match := DASHED.match(text, start)):
        return match.end()
    if len(word) in (6, 8) and (match := UNSEPARATED.match(text, start)):
        bracketed = AFTER_NAME.search(around) and text[match.end() : match.end() + 1] in (",", ")", ";")
        if BIRTH.search(around) or bracketed:
            return match.end()
    if (match := DAY_AND_MONTH.match(text, start)) and re.search(
        r"\b(?:[Aa]m|[Vv]om|[Aa]b|[Ss]eit|[Bb]is|den|zum|-|–)\s?$", around
    ):
        return match.end()
    if len(word) == 4 and word[:2] in ("18", "19", "20") and (match := YEARS.match(text, start)):
        until = SINCE.search(around)
        if NOT_A_YEAR.match(text, match.end()) or (re.search(r"(?<!\()[<>=~/+-]\s?$|\d[.,]$", around) and not until):
            return 0
        return match.end()
    return 0


def _partial(text: str, start: int, end: int, around: str) -> int:
    """Return where a date ends of which a part is left out, in Roman numerals or spaced out, or 0."""
    spaced = text[end : end + 1] in (" ", ".")
    if spaced and (match := SPACED.match(text, start) or ROMAN.match(text, start)):
        return match.end()
    if around.endswith(("*'", "*’", " '", "('")) and SHORT_YEAR.match(text, start):
        return start + 2
    if spaced and BEFORE_DAY.search(around) and (match := DAY_SPACED_MONTH.match(text, start)):
        return match.end()
    if spaced and BEFORE_DAY.search(around) and (match := DAY_ALONE.match(text, start)):
        return match.end()
    if spaced and (match := ROMAN_MONTH.match(text, start)) and (len(match[0]) > 5 or BEFORE_DAY.search(around)):
        return match.end()
    if BEFORE_SLASHED.search(around) and (match := DAY_SLASH_MONTH.match(text, start)):
        return match.end()
    return 0


def _is_month_and_year(match: re.Match[str], before: str, after: str) -> bool:
    month, year = match[1], int(match[2])
    if RATIO_AFTER.match(after) or RATIO_BEFORE.search(before):
        return False
    if BORN_IN.match(after) and BORN_BEFORE.search(before):
        return True
    if year > 12:
        return (
            year != 15
            or len(month) == 2
            or "/15" not in match[0]
            or bool(re.search(r"(?:seit|ED|vom|am|ab|\()\s?$", before))
        )
    return len(month) == 2 or bool(
        re.search(r"(?:seit|ED|Z\.n\.|vom|im|ab|bis|\(|-|–|zuletzt|Anfang|Ende|Mitte)\s?$", before)
    )


def _named(tokens: Tokens, index: int) -> int:
    """Return where the date that begins with the month's name at `index` ends, or 0."""
    match = NAMED.match(tokens.text, tokens.starts[index])
    if not match:
        return 0
    has_year = any(character.isdigit() for character in match[0])
    if not has_year and (not tokens.flags[index] & Flag.UPPER or (len(tokens.words[index]) <= 3 and match[0] != "Mai")):
        return 0
    return match.end() if has_year or match[0][-1] != "." else match.end() - 1
