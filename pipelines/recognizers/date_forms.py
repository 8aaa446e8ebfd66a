"""The forms in which dates are written, and the dates that their form alone gives away."""

import re
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import Flag, read_lines
from pipelines.recognizers.tokens import Tokens

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
    # 12.05.1954, 5.7.54, 23.04 2029, 26 09.2033, 12,05.1954, 12,05,1954
    rf"{DAY}(?:{DOT}| (?=\d\d?\.)|,(?=\d\d\.)){MONTH}(?:{DOT}|\s(?=\d{{4}})){YEAR}",
    r"(?:0[1-9]|[12]\d|3[01]),(?:0[1-9]|1[0-2]),(?:19|20)\d\d(?!\d|,\d)",
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
GLUED_YEAR = re.compile(r"(?:19|20)\d{4}")
# where all dates are written with hyphens: 17-03-2005, 20-06-05
FULL_DASHED = re.compile(r"(?<![\d-])(?:0[1-9]|[12]\d|3[01])-(?:0[1-9]|1[0-2])-(?:19|20)\d\d(?![\d-])")
SHORT_DASHED = re.compile(r"(?<![\w/-])(?:0[1-9]|[12]\d|3[01])-(?:0[1-9]|1[0-2])-\d\d(?![\w/-]|[.,]\d)")
# the same without noughts, which doses are written like: told by the first of them, after its word
LOOSE_DASHED = re.compile(rf"(?<![\w/-]){DAY}-{MONTH}-\d\d(?![\w/-]|[.,]\d|\s?(?:mg|ml|IE|Tbl|Trpf|Hub))")
LOOSE_PART = re.compile(r"-\d{1,2}-\d\d(?!\d)")
TOLD_DASHED = re.compile(rf"\b(?:[Gg]eb\.?|[Dd]at(?:um|\.)|DATUM|[Aa]m|[Vv]om):?\s{{1,3}}{DAY}-{MONTH}-\d\d(?![\w/-])")
# the days of a course, without their last full stop: 04.01 Übernahme
DAY_OF_COURSE = re.compile(r"(?:0[1-9]|[12]\d|3[01])\.(?:0[1-9]|1[0-2])(?=[ \t]+[^\W\d_])")
# what follows the day of 03-04-18 at the end of a line
DASHED_AT_END = re.compile(r"-(?:0[1-9]|1[0-2])-\d\d(?=[ \t]*(?:\n|$|[,;:)]))")
DAY_BEFORE = re.compile(r"(?<![\d/-])(?:0[1-9]|[12]\d|3[01])$")
DASHED_MONTH = re.compile(r"-(?:0[1-9]|1[0-2])(?!\d)")
BORN_DASHED = re.compile(rf"(?:\bgeb\.?|\*)(?:\s?am)?\s?({DASHED.pattern})", re.IGNORECASE)
# the day in the mark of who typed: kreu 250423, ytro/241222
SIX_DIGITS = re.compile(r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d(?=[ \t]*(?:\n|$))")
MARK_BEFORE = re.compile(r"(?:\n|[ \t]{3})[a-zäöü]{2,6}[ /]$")
# days and months with hyphens and nothing else, where two of them stand after their prepositions: am 09-05
DASHED_LAST = re.compile(
    r"-(?:0[1-9]|1[0-2])(?=[.,;:)]?(?:\s|$))(?!\s?(?:Wo|Tag|Mon|Jahr|IE|IU|mg|ml|mm|cm|x\b|h\b|%|Uhr|J\b))"
)
TOLD_BEFORE = re.compile(r"\b(?:[Aa]m|[Bb]is|[Vv]om|[Ss]eit|[Aa]b) \d\d$")
# siebzehnter Juni neunzehnhundertsechzig, am dritten vierten zweitausendzehn
SPOKEN = re.compile(
    rf"\b(?:[a-zäöü]{{3,20}}t(?:er|en|e)\s+)?(?:{MONTH_NAME}|[a-zäöü]{{3,20}}ten)\s+(?:(?:acht|neun)zehnhundert"
    rf"|zweitausend)\w*",
    re.IGNORECASE,
)
# the day of an entry, where other dates of the text are written with strokes and a year: 6/5 reizlos
ENTRY = re.compile(rf"{DAY}/{MONTH}(?=[ \t:]+[^\W\d_])")
FULL_SLASHED = re.compile(rf"(?<![\d/]){DAY}/{MONTH}/(?:1[3-9]|[2-9]\d|(?:19|20)\d\d)(?![\d/])")
WEEK = re.compile(
    r"[KQ](?<!\w.)(?:(?<=K)W\s?(?:[1-9]|[1-4]\d|5[0-3])(?:\s?/\s?(?:20)?\d\d)?|(?<=Q)[1-4]\s?/\s?(?:20)?\d\d)\b"
)
# 29.O9., 16.lO. after what leads to a day
BEFORE_SCANNED = frozenset("am ab vom v bis Termin zum den".split())
SCANNED_DAY = re.compile(r"\.? ([\dOolI]{1,2}\.[\dOolI]{1,2}\.)(?![\dOolI])")
# the year of an illness: Z.n. Magenulcus 09
LONGEST_ILLNESS = 60
SHORT_YEAR = re.compile(r" 0\d(?=[,;)]|\.?(?:\s|$))(?!\s?(?:[-–xX/%]|[a-zµ]{1,4}\b|Tag|Wo|Mon|Jahr|Std|\d))")
ILLNESS_BEFORE = re.compile(r"\b(?:Z\. ?n\.|St\. ?p\.|ED|seit)(?: [\w-]+){0,2}$")
SCANNED_YEAR = re.compile(r"[12](?<!\w.)(?=\d*[Oo])(?:(?<=2)[0Oo][\dOo]|(?<=1)9[\dOo])[\dOo](?!\w)")
# l991, ll/1999, 9/O5
SCANNED_NINE = re.compile(r"[lI](?<!\w.)9[\dOo]{2}(?!\w)")
SCANNED_MONTH = re.compile(r"[OolI](?<![\w/.,].)[\dOolI]?/(?:19|20)\d\d(?![\w/])")
SCANNED_SHORT = re.compile(r"\d(?<![\w/.,].)\d?/O\d(?![\w/])")

# expressions that need no second look: words one of which a text must have, score
PLAIN = (
    (SPOKEN, ("hundert", "zweitausend"), 0.7),
    (SCANNED_YEAR, ("O", "o"), 0.8),
    (SCANNED_NINE, ("l9", "I9"), 0.8),
    (SCANNED_MONTH, ("l/", "I/", "O/"), 0.8),
    (SCANNED_SHORT, ("/O",), 0.8),
    (ENGLISH, ("@", "Date"), 0.8),
    (WEEK, ("KW", "Q"), 0.7),
)


def set_apart(tokens: Tokens) -> Iterator[Entity]:
    """Yield dates in words, glued to others, as scanned, with hyphens, of the entries of a course, and weeks."""
    text = tokens.text
    for form, words, score in PLAIN:
        for match in form.finditer(text) if any(word in text for word in words) else ():
            yield Entity("DATE", *match.span(match.lastindex or 0), score, NAME)
    yield from _glued(tokens)
    for match in SHORT_YEAR.finditer(text):
        if ILLNESS_BEFORE.search(text, max(0, match.start() - LONGEST_ILLNESS), match.start()):
            yield Entity("DATE", match.start() + 1, match.end(), 0.6, NAME)
    for index in tokens.among(BEFORE_SCANNED):
        if (match := SCANNED_DAY.match(text, tokens.ends[index])) and is_scanned(match[1]):
            yield Entity("DATE", *match.span(1), 0.7, NAME)
    lines = [tokens.starts[index] for index in tokens.line_starts if tokens.flags[index] & Flag.NUMBER]
    days = [match for start in lines if (match := DAY_OF_COURSE.match(text, start))]
    entries = [match for start in lines if (match := ENTRY.match(text, start))]
    for match in days if len(days) > 1 else ():
        yield Entity("DATE", *match.span(), 0.6, NAME)
    for match in entries if entries and FULL_SLASHED.search(text) else ():
        yield Entity("DATE", *match.span(), 0.6, NAME)
    if LOOSE_PART.search(text) and TOLD_DASHED.search(text):
        for match in LOOSE_DASHED.finditer(text):
            yield Entity("DATE", *match.span(), 0.7, NAME)
    if DASHED_MONTH.search(text):
        yield from _dashed(text)


def _glued(tokens: Tokens) -> Iterator[Entity]:
    """Yield dates with another or a time glued to them, and those in the mark of who typed."""
    text = tokens.text
    for form in (PAIR, TIMED) if GLUED_YEAR.search(text) else ():
        for match in form.finditer(text):
            yield Entity("DATE", *match.span(), 0.8, NAME)
    for index in tokens.having(Flag.NUMBER):
        start = tokens.starts[index]
        if len(tokens.words[index]) != 6 or not MARK_BEFORE.search(text, max(0, start - 10), start):
            continue
        if match := SIX_DIGITS.match(text, start):
            yield Entity("DATE", *match.span(), 0.6, NAME)


def _dashed(text: str) -> Iterator[Entity]:
    """Yield dates with hyphens: of birth, at the end of a line, and all where the text writes dates so."""
    for match in SHORT_DASHED.finditer(text) if FULL_DASHED.search(text) else ():
        yield Entity("DATE", *match.span(), 0.7, NAME)
    ends = [
        match
        for match in DASHED_LAST.finditer(text)
        if DAY_BEFORE.search(text, max(0, match.start() - 3), match.start())
    ]
    told = sum(bool(TOLD_BEFORE.search(text, max(0, match.start() - 8), match.start())) for match in ends)
    for match in ends if told > 1 else ():
        yield Entity("DATE", match.start() - 2, match.end(), 0.6, NAME)
    for match in BORN_DASHED.finditer(text):
        yield Entity("DATE_OF_BIRTH", *match.span(1), 0.8, NAME)
    for match in DASHED_AT_END.finditer(text):
        if day := DAY_BEFORE.search(text, max(0, match.start() - 3), match.start()):
            yield Entity("DATE", day.start(), match.end(), 0.6, NAME)


def is_scanned(form: str) -> bool:
    """Tell whether `form` is a date of which scanning made letters: O2.1O.2OO6."""
    digits = "".join(form.split()).translate(str.maketrans("OolI|", "00111"))
    return (
        any(character in "OolI|" for character in form)
        and sum(character.isdigit() for character in form) >= 2
        and bool(DATE.fullmatch(digits))
    )
