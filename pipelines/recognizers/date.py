"""Dates and birth dates: German, Austrian and Swiss forms, partial ones and ranges, and what scanning made of them."""

import re
from collections.abc import Iterator

from pipelines.recognizers.date_forms import DASHED, DATE, DAY, MONTH, MONTH_NAME, NAME, YEAR, is_scanned, set_apart
from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import Flag
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["DATE", "DATE_OF_BIRTH"]

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
# 8. 7., 14. 7. und 1. 8.; 08. 8.
FURTHER_SPACED = re.compile(r"\d\. \d{1,2}\.,? (?:und |u\. |bis )?$")
NOUGHT_SPACED = re.compile(rf"0[1-9]\. {MONTH}\.(?! ?\d)")
# 22 05 23 10.20
SPACED_TIMED = re.compile(r"(?:0[1-9]|[12]\d|3[01]) (?:0[1-9]|1[0-2]) \d\d(?= (?:[01]?\d|2[0-3])[.:][0-5]\d\b)")
BEFORE_DAY = re.compile(r"\b(?:[Aa]m|[Vv]om|[Bb]is|[Aa]b|[Zz]um|de[nm])\s?$")
DAY_SPACED_MONTH = re.compile(rf"{DAY}\. {MONTH}\.(?!\d)|[0-3]\d [01]\d \d\d(?!\d)")
ROMAN_MONTH = re.compile(rf"{DAY}\. ?(?:I{{1,3}}|IV|VI{{0,3}}|IX|XI{{0,2}})\.(?!\w)")
ROMAN = re.compile(rf"{DAY}\. ?(?:X{{0,1}}I{{1,3}}|I?[VX]|VI{{1,3}}|XII?)\.? ?(?:19|20)?\d\d(?!\d)")
SPACED = re.compile(
    rf"{DAY} \. {{0,2}}{MONTH} ?\.(?! ?\d)|0?\d \d\d (?:19|20)\d\d(?!\d)|[0-3]\d [01]\d (?:19|20)\d\d(?!\d)"
)
DAY_SLASH_MONTH = re.compile(rf"{DAY}/{MONTH}(?![\d/.,])")
BEFORE_SLASHED = re.compile(r"\b(?:[Aa]m|[Vv]om|gesehen|[Aa]b|[Bb]is|den)\s$")
BEFORE_DASHED = re.compile(r"\b(?:[Aa]m|[Vv]om|[Aa]b|[Bb]is|[Ss]eit)\s?$")
BORN_IN = re.compile(r"\s{1,2}in\s")
BORN_BEFORE = re.compile(r"\b(?:wurde|sei|ist|er|sie)\s{1,2}$")
# what a year is said with: Sommer 2025, Weihnachten 2019
SEASON = re.compile(
    r"\b((?:\d\. ?)?(?:Advent|Weihnachts(?:feier)?tag)|Heiligabend|Karfreitag|Nikolaus"
    r"|Frühjahr|Frühling|Sommer|Herbst|Winter|Ostern|Pfingsten|Weihnachten|Silvester|Neujahr|KW) $"
)
# the date before a year that ends a range: 03/2018 - 2020
SINCE = re.compile(r"(?:\d[./](?:19|20)?\d\d|\d\.\d{1,2}\.)\s{0,2}[-–]\s{0,2}$")
SHORT_YEAR = re.compile(r"\d\d(?![\d\w])")
YEARS = re.compile(r"(?:1[89]|20)\d\d(?:\s?[-–/]\s?(?:(?:19|20)\d\d|\d\d))?(?![\d.,]\d|\d|\.[OolI\d]{2}\.)")
MONTH_AND_YEAR = re.compile(rf"({MONTH})(?: ?[-–] ?{MONTH})?/(\d\d)(?![\d/]|[.,]\d)")
DAY_AND_MONTH = re.compile(
    rf"{DAY}\.{MONTH}(?![\d]|[.,]\d|\s*(?:Uhr|(?!(?:ein|eine|in|zu|die|der|das|den|dem|und|bei|mit|um|im|an|auf|von|vor|war|wir)"
    r"\b)[a-zµ]{1,4}\b|[a-z]+/|°|%|€|J\b|Mio|Jahre))"
)
AFTER_NUMBER = re.compile(r"(?![ \t]+\d{1,2}\.\d{1,2}\.)[ \t]+(?![a-zäöü])")
MOST_POINTS = 12
"""A number after strokes up to it is more likely a score (Apgar 9/10/10) than a year."""
SLASHED = re.compile(rf"{DAY}/{MONTH}/(\d\d)(?![\d/])")
UNSEPARATED = re.compile(r"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:(?:19|20)\d\d|\d\d)(?!\d)")
NAMED = re.compile(rf"{MONTH_NAME}(?:[\s./-]{{0,2}}{YEAR})?", re.IGNORECASE)
SCANNED = re.compile(r"[\dOolI|]{1,2}\s?\.\s?[\dOolI|]{1,2}\s?\.\s?[\dOolI|]{2,4}(?![^\W_])")
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
    yield from set_apart(tokens)
    for index in tokens.having(Flag.NUMBER | Flag.MONTH | Flag.LOOKALIKE):
        start, flag = tokens.starts[index], tokens.flags[index]
        if start < done:
            continue
        if flag & Flag.NUMBER:
            end = _numeric(tokens, index)
        elif flag & Flag.MONTH:
            end = _named(tokens, index)
        elif (match := SCANNED.match(text, start)) and is_scanned(match[0]):
            end = match.end()
        else:
            continue
        if end > start:
            done = end
            if season := SEASON.search(text, max(0, start - 26), start):
                start = season.start(1)
            label = "DATE_OF_BIRTH" if BIRTH.search(text, max(0, start - 30), start) else "DATE"
            yield Entity(label, start, end, 0.9, NAME)


def _numeric(tokens: Tokens, index: int) -> int:
    """Return where the date that begins with the number at `index` ends, or 0."""
    text, start = tokens.text, tokens.starts[index]
    before = text[start - 1] if start else " "
    if before.isalpha():
        match = GLUED.match(text, start)
        if match and (match[0].count(".") > 1 or tokens.word(index - 1) in LEADING):
            return match.end()
        leading = tokens.word(index - 1) in LEADING
        if leading and (match := DAY_AND_MONTH.match(text, start)):
            return match.end()
        year = YEARS.match(text, start) if leading or len(tokens.word(index - 1)) >= SHORTEST_GLUED else None
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
    if match and is_scanned(match[0]):
        return match.end()
    return _ambiguous(tokens, index)


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
        len(match[0]) == 8
        or _is_alone(text, start, match.end())
        or BIRTH.search(around)
        or (int(match[1]) > MOST_POINTS and not RATIO_BEFORE.search(around))
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


def _is_alone(text: str, start: int, end: int) -> bool:
    """Tell whether something is the last column of its line, behind wide space."""
    return text[max(0, start - 4) : start] == "    " and text[end : end + 1] in ("", "\n")


def _partial(text: str, start: int, end: int, around: str) -> int:
    """Return where a date ends of which a part is left out, in Roman numerals or spaced out, or 0."""
    spaced = text[end : end + 1] in (" ", ".")
    if spaced and (match := SPACED.match(text, start) or ROMAN.match(text, start)):
        return match.end()
    if around.endswith(("*'", "*’", " '", "('")) and SHORT_YEAR.match(text, start):
        return start + 2
    if spaced and (match := NOUGHT_SPACED.match(text, start) or SPACED_TIMED.match(text, start)):
        return match.end()
    told = spaced and (BEFORE_DAY.search(around) or FURTHER_SPACED.search(around))
    if told and (match := DAY_SPACED_MONTH.match(text, start)):
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
