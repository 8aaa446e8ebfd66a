"""User names and the marks of typists and dictating physicians: Unser Zeichen: a.jd, Kürzel: mue/sch, Benutzer WinA."""

import re
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import Flag, lexicon
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["USERNAME"]
NAME = "username"

VALUE = re.compile(r"\s?(?:Nr\.)?\s?[:=]\s{0,4}([^\W_][\w]{0,15}(?:[./_-][\w]{1,12}){0,2}\.?)(?=[\s,;)\]]|$)")
BARE_VALUE = re.compile(
    r"\s([A-Za-zäöü]{1,3}[A-ZÄÖÜ]\w*\.?|[a-z]{1,8}\d{1,4}|[a-z]{1,4}[./_-][a-z]{1,8})(?=[\s,;)\]]|$)"
)
# words that end a line behind a stroke
ENDINGS = frozenset("re li bds neg pos min tag std nein ja ca sek".split())
TYPED = ("protokoll", "dikt", "diktat", "schreibdienst", "geschrieben", "schreiber", "schreiberin")
KNOWN = Flag.COMMON | Flag.UNIT | Flag.MEDICAL | Flag.TITLE | Flag.ANATOMY | Flag.SALUTATION | Flag.PATIENT
# the marks of who dictated and who typed: at the end of a date's line, or a line of their own
STAMPED = re.compile(
    r":\d\d(?: Uhr)?(?:,?\s{1,2}|\s?/\s?)([a-z]{2,8}\d{1,3}|[A-ZÄÖÜ]{2,10}|[a-zäöü]{3})(?=\)?\s*(?:\n|$))"
)
# - HARN1, / ICU_WEIRATHER after a time
AFTER_TIME = re.compile(
    r":\d\d(?: Uhr)? [-–/] ([A-ZÄÖÜ]{3,10}\d{0,2}|[A-Z]{2,5}_[A-ZÄÖÜ]{3,14})(?=:|[ \t]{2}|[ \t]*(?:\n|$))"
)
# a mark before a date: sah  18.04.21; np 21.05.24; piatekz 2025-04-07 10:31; hkirst 19.04.2024; kreu 250423
DATED_MARK = re.compile(
    r"\d\d(?<!\w..)(?:\.\d\d\.\d\d(?:\d\d)?(?P<last>[ \t]*(?:\n|$))?|\d\d-\d\d-\d\d (?P<iso>\d\d:\d\d)"
    r"|\d{4}(?P<six>[ \t]*(?:\n|$)))"
)
MARK_BEFORE = {
    "last": re.compile(r"(?:(?:^|\n)[ \t]*|[ \t]{3})([a-zäöü]{2,8})[ \t]{1,3}$"),
    "iso": re.compile(r"[ \t]{3}([a-zäöü]{4,10}) $"),
    "six": re.compile(r"(?:\n|[ \t]{3})([a-zäöü]{2,6})[ /]$"),
    None: re.compile(r", ([a-zäöü]{4,10}) $"),
}
# saz:ml between columns
AFTER_COLON = re.compile(r":[a-zäöü]{2,3}(?=[ \t]{3}|[ \t]*(?:\n|$))")
BEFORE_COLON = re.compile(r"[ \t]{3}([a-zäöü]{2,4})$")
# what closes a line behind a stroke: Dr. Ginther / kö, example.org / cs-bh
LAST = re.compile(r"/(?:(?<=\s/)\s|(?<=[ \t]{2}/))([a-zäöü]{2,3}(?:[-/][a-zäöü]{2,3})?)[ \t]*(?=\n|$)")
LAST_ACCOUNT = re.compile(r"/(?<=\s/)\s([a-zäöü]{4,10}\d{0,2})[ \t]*(?=\n|$)")
# what closes an entry of a record: MÖ 22 mm. Wg
SIGN = re.compile(r"[.!?] ([A-ZÄÖÜ][a-zäöü]{1,2}\.?)[ \t]*(?=\n|$)")
# who wrote an entry, before or after its time: jbeck 00:56
BEFORE_TIME = re.compile(r"([a-zäöü]{4,9})(?= \d{1,2}[.:]\d\d\s*(?:\n|$))")
# who wrote an entry, after its date and time: 12.3. 08:15 (abe):
IN_BRACKETS = re.compile(r" \(([A-Za-zäöü]{2,6})\)(?:(?P<end>:)|(?=\s))")
TIME_BEFORE = re.compile(r":\d\d(?: Uhr)?$")
DAY_BEFORE = re.compile(r"\d\.\d{1,2}\.(?:\d\d)?(?:\d\d)?$")
# roles with a mark instead of a name: Arzt: meh / Pflege: tosch
ROLES = frozenset(
    "Arzt Ärztin Pflege Sekretariat Sekr DB AZ gegengez Eingegeben eingegeben Änderung Geändert geändert Bearb"
    " Bearbeitet bearbeitet".split()
)
ROLE = re.compile(
    r"\.?(?: von| durch)?[ ]?[:/]? ?((?:[a-zäöü]{2,6}|[A-Z][A-Z]?[a-z]{1,2}"
    r"|[a-z]{3,7}\d{1,3}|[A-Z]{3,8}\d{1,2})(?:/[a-zäöü]{2,4})?)(?=\s?(?:[,;)/\n]|$)|  )"
)
AUTHORS = frozenset(("author", "Autor", "user", "Erfasser", "Schreiber"))
AUTHOR = re.compile(r"[ :=]{1,3}([a-z]{3,10}\d{0,3})(?=[,;)\n]|$)")
DATED = re.compile(r"\d[./]\d{0,4}\.?,?\s{1,2}\d\d?$")
INITIALS = re.compile(
    r"\d{4}[ \t]{2,8}([a-zäöü]{2,4}[-/][a-zäöü]{2,4})(?=\s*(?:\n|$)|[ \t]{2})"
    r"|\d{4}[ \t]{1,8}-([a-zäöü]{2,4})-(?=\s*(?:\n|$))"
)
STROKE = re.compile(r"/\s?([A-Za-zäöüß]{2,5}(?:/[a-zäöüß]{2,4})?)[ \t]*(?=\n|$)")
BEFORE_STROKE = re.compile(r"(?:\d[./ ]\d{2,4}|[a-zä.]\s\d{4})\s?$")
DICTATED = re.compile(r"(?:^|\n)[ \t]*([A-Za-zäöüß]{1,5}\s?)$")
ACCOUNT = re.compile(
    r"\.?(?: elektronisch)?[ :,]{1,3}([a-zäöü]{1,12}[._][a-zäöüß]{3,20}\d{0,3}|[a-zäöüß]{2,20}_[a-zäöüß]{1,3}\d{0,3})"
    r"(?![\w.-]*@)(?!\w)"
)
WRITTEN = re.compile(
    r"\.?(?: (?:von|durch))?\s?:?\s([a-zäöüß]{2,5}(?:/[a-zäöüß]{2,4})?|[a-z]{2,8}\d{1,4}|[A-ZÄÖÜ]{2,4}\d{0,3}"
    r"|[A-ZÄÖÜ]{5,12}\d{0,3}(?= \d{1,2}\.))(?=\s?(?:[;,)\n]|$)| {1,3}(?:\d{1,2}\.|Datei))"
    r"|(?: (?:von|durch))?\s([a-zäöüß]{4,10}\d{0,3})(?=,? (?:am |um )?\d{1,2}[.:]\d)"
)
# what an entry of a record begins with: 9. Mai 2021 / oberln:, 3.5.2009 3:46 kusnem:
STAMP = re.compile(r"(?:\d{1,2}:\d\d|\d[./]\d{2,4}|[A-Za-zä]{3,9}\.? \d{4})(?: ?Uhr)?\s{1,2}/?\s?$")
TYPIST = re.compile(r"[\s.:]{0,4}([A-Za-zäöü]{1,4}/(?:[A-Za-zäöü]{1,5}(?:/[A-Za-zäöü]{1,4})?|\d))(?![\w/])")
SHORT = re.compile(r"[\s.:]{1,3}([a-zäöü]{2,3})(?=,|;|\n|$| \d{1,2}\.)")
# what a word says of who wrote: Schreibkraft js, vid. RU 16.10.14, gedruckt von sbreiden, erstellt: dobleran 20.07.
SAYING = frozenset(
    "Schreibkraft Schr Schriftf Sekr Kürzel EDV Vid vid Kennung Dok Dokumentation Geschr geschr Geschrieben geschrieben"
    " Erstellt erstellt Gedruckt gedruckt Protokoll Druck Export Erfasst erfasst Exportiert exportiert Ausgedruckt"
    " ausgedruckt Bearbeitung Dokumentiert dokumentiert Diktat Dikt fdR Schrift".split()
)
SAID = re.compile(
    r"\.?(?: (?:von|v\.|durch))?[ ]?:? "
    r"([a-zäöüß]{2,12}(?:[._/-][a-zäöü]{1,6})?\d{0,3}|[A-ZÄÖÜ]{2,3}|[A-ZÄÖÜ]{2}[a-zäöü]{1,2}|[a-zäöü]{2,6}[A-ZÄÖÜ])"
    r"(?=[ \t]*(?:[,;)\n]|$)|[ \t]{2}| \d{1,2}[./]| auf\b| Tel|(?<=[A-Z]) am \d|(?<=\d) )"
)
# the same with the day before the mark: Geschr. 01.03.19 ke, Diktat 16.12.2022 SchTh
SAID_DATED = re.compile(
    r"\.?:? \d{1,2}\.\d{1,2}\.(?:\d\d)?(?:\d\d)? ([a-zäöü]{2,3}|[A-ZÄÖÜ][a-zäöü]{0,3}[A-ZÄÖÜ][a-zäöü]{0,2})"
    r"(?=[ \t]*(?:[,;)\n]|$))"
)
# what fills a line, or stands at its end behind wide space: ba-kl, (hau), Br/mo, akg_m, "Anja Pfister      AP/mfa-jk"
COLUMN = re.compile(
    r"\(?((?:Dr|Prof)?[A-ZÄÖÜa-zäöü]{1,3}\.?[/-][A-ZÄÖÜa-zäöüß][a-zäöüß]{1,3}(?:-[a-zäöü]{2,3}|-\d)?|[A-ZÄÖÜ]{2}[-:][a-zäöü]{1,3}\d?|[a-zäöü]{2,8}/[a-zäöü]{2,3}"
    r"|[a-zäöü]{2,8}_[a-zäöü]{1,3}\d{0,2}|(?<=\()[a-zäöü]{2,4})\)?"
)
SHORT_COLUMN = re.compile(r"[a-zäöü]{2,3}")
LONGEST_COLUMN = 16
# the mark of who wrote an entry of a record, alone in its line: Lad, MaP
# who wrote it, between the room and the date: Zi: 214
# Fe
AFTER_ROOM = re.compile(r"\bZi(?:mmer)?\.?: ?\d{1,4}[ \t]*\n[ \t]*([A-ZÄÖÜ][a-zäöü]{1,2})[ \t]*(?=\n)")
ENTRY_MARK = re.compile(r"\S\n[ \t]*([A-ZÄÖÜ][a-zäöü][A-Za-zäöü])[ \t]*(?=\n[ \t]*\n|\s*$)")
# behind a time, and before a date and time: 16:44  pflugm; rosi1 13.10.22 18:26
BEHIND_TIME = re.compile(r":\d\d {1,3}([a-zäöü]{4,9})(?=[ \t]*(?:\n|$))")
BEFORE_DAY = re.compile(r"([a-zäöü]{3,9}\d{0,2})(?= \d{1,2}\.\d{1,2}\.\d{2,4} \d\d:\d\d)")
SMALL_WORDS = frozenset("am vom von der die das zu um im in und ok bis mit an ab auf".split())


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield the user names of a text."""
    text = tokens.text
    for index in tokens.having(Flag.USERNAME | Flag.CAMEL):
        end = tokens.ends[index]
        if tokens.flags[index] & Flag.USERNAME:
            match = VALUE.match(text, end) or TYPIST.match(text, end) or BARE_VALUE.match(text, end)
            if match:
                yield Entity("USERNAME", match.start(1), match.end(1), 0.7, NAME)
        elif tokens.word(index + 1) == "." and tokens.joined(index + 1) and not tokens.joined(index):
            yield Entity("USERNAME", tokens.starts[index], end + 1, 0.5, NAME)
    yield from _dictated(text)
    yield from _stamped(tokens)
    yield from _set_apart(tokens)
    for index in tokens.having(Flag.WRITER):
        if match := ACCOUNT.match(text, tokens.ends[index]):
            yield Entity("USERNAME", match.start(1), match.end(1), 0.6, NAME)
        elif tokens.words[index].lower() in TYPED and (
            match := TYPIST.match(text, tokens.ends[index]) or SHORT.match(text, tokens.ends[index])
        ):
            if match[1] not in SMALL_WORDS:
                yield Entity("USERNAME", match.start(1), match.end(1), 0.6, NAME)
        elif (
            tokens.words[index] not in ("von", "durch")
            and (match := WRITTEN.match(text, tokens.ends[index]))
            and not lexicon()[match[match.lastindex or 1]] & (Flag.LOWER | Flag.MEDICAL | Flag.COMMON)
        ):
            yield Entity("USERNAME", *match.span(match.lastindex or 1), 0.5, NAME)
    for index in tokens.without_flags():
        if _is_unknown_mark(tokens, index):
            yield Entity("USERNAME", tokens.starts[index], tokens.ends[index], 0.4, NAME)


def _dictated(text: str) -> Iterator[Entity]:
    """Yield the marks after a date, and those that fill a line: 19. August 2026 / scae, voll/ske."""
    for match in STROKE.finditer(text):
        before = text[max(0, match.start() - 12) : match.start()]
        if BEFORE_STROKE.search(before):
            yield Entity("USERNAME", match.start(1), match.end(1), 0.5, NAME)
        elif (mark := DICTATED.search(before)) and not _is_ratio(mark[1], match[1]):
            yield Entity("USERNAME", match.start() - len(mark[1]), match.end(1), 0.5, NAME)


def _is_ratio(before: str, after: str) -> bool:
    """Tell whether two words with a stroke between are no marks of persons: l/min, CT/MRT, Webs/Bands."""
    return (
        (before.isupper() and after.isupper())
        or (before[1:].islower() and before[0].isupper())
        or any(lexicon()[part] & (Flag.UNIT | Flag.LOWER) for part in after.split("/") if len(part) > 2)
    )


def _stamped(tokens: Tokens) -> Iterator[Entity]:
    """Yield the marks after a time, and after wide space behind a date: 17.3. 14:25 ML, 12:05 mta3, 2023   br-ul."""
    text = tokens.text
    for match in STAMPED.finditer(text):
        if match[1] not in SMALL_WORDS | ENDINGS and (
            match[1][-1].isdigit() or DATED.search(text, max(0, match.start() - 16), match.start())
        ):
            yield Entity("USERNAME", match.start(1), match.end(1), 0.5, NAME)
    for match in LAST.finditer(text):
        if match[1] not in SMALL_WORDS | ENDINGS and not lexicon()[match[1]] & (Flag.UNIT | Flag.MEDICAL):
            yield Entity("USERNAME", match.start(1), match.end(1), 0.5, NAME)
    signs = (
        match for match in SIGN.finditer(text) if re.match(r"\w[\w)]", text[max(0, match.start() - 2) : match.start()])
    )
    for match in (*signs, *LAST_ACCOUNT.finditer(text), *_first_in_lines(tokens, BEFORE_TIME)):
        if not lexicon()[match[1].rstrip(".")] & KNOWN:
            yield Entity("USERNAME", match.start(1), match.end(1), 0.5, NAME)
    for match in (*_bracketed(text), *_after_roles(tokens)):
        if not lexicon()[match[1].partition("/")[0]] & KNOWN:
            yield Entity("USERNAME", match.start(1), match.end(1), 0.5, NAME)
    for match in AFTER_ROOM.finditer(text) if "Zi" in text else ():
        yield Entity("USERNAME", match.start(1), match.end(1), 0.6, NAME)
    for index in tokens.having(Flag.NUMBER):
        if len(tokens.words[index]) >= 4 and (match := INITIALS.match(text, tokens.ends[index] - 4)):
            yield Entity("USERNAME", *match.span(match.lastindex or 1), 0.5, NAME)


def _first_in_lines(tokens: Tokens, form: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Yield where lines begin with a word in lower case that has a form."""
    for index in tokens.line_starts:
        if tokens.words[index][0].islower() and (match := form.match(tokens.text, tokens.starts[index])):
            yield match


def _bracketed(text: str) -> Iterator[re.Match[str]]:
    """Yield the marks in brackets behind a time, and before a colon behind a day."""
    for match in IN_BRACKETS.finditer(text):
        start = match.start()
        if TIME_BEFORE.search(text, max(0, start - 8), start) or (
            match["end"] and DAY_BEFORE.search(text, max(0, start - 12), start)
        ):
            yield match


def _after_roles(tokens: Tokens) -> Iterator[re.Match[str]]:
    """Yield the marks that stand instead of a name: Arzt: meh, Letzte Änderung: tosch."""
    for index in tokens.among(ROLES):
        said = tokens.words[index] != "Änderung" or tokens.word(index - 1).lower() == "letzte"
        if said and (match := ROLE.match(tokens.text, tokens.ends[index])):
            yield match


def _set_apart(tokens: Tokens) -> Iterator[Entity]:
    """Yield the marks that a word announces, that fill a line or a column, or that stand beside a time."""
    text = tokens.text
    for match in (
        *_said(tokens),
        *AFTER_TIME.finditer(text),
        *_before_dates(text),
        *_last_columns(text),
        *ENTRY_MARK.finditer(text),
        *BEHIND_TIME.finditer(text),
        *_first_in_lines(tokens, BEFORE_DAY),
    ):
        begin, end = match.span(match.lastindex or 0)
        parts = re.split(r"[/._:-]", text[begin:end])
        if not any(_is_word(part) for part in parts if part not in ENDINGS) and not ENDINGS.issuperset(parts):
            yield Entity("USERNAME", begin, end, 0.5, NAME)


def _said(tokens: Tokens) -> Iterator[re.Match[str]]:
    """Yield what stands behind a word that says who wrote."""
    for index in tokens.among(SAYING | AUTHORS):
        form = AUTHOR if tokens.words[index] in AUTHORS else SAID
        if match := form.match(tokens.text, tokens.ends[index]) or SAID_DATED.match(tokens.text, tokens.ends[index]):
            yield match


def _before_dates(text: str) -> Iterator[re.Match[str]]:
    """Yield the marks before a date, and those of two parts with a colon between columns."""
    for date in DATED_MARK.finditer(text):
        start = date.start()
        if mark := MARK_BEFORE[date.lastgroup].search(text, max(0, start - LONGEST_COLUMN), start):
            yield mark
    for colon in AFTER_COLON.finditer(text):
        if mark := BEFORE_COLON.search(text, max(0, colon.start() - 8), colon.start()):
            yield mark


def _last_columns(text: str) -> Iterator[re.Match[str]]:
    """Yield the marks that fill a line or its last column."""
    start = 0
    for line in text.split("\n"):
        end = start + len(line.rstrip())
        begin = text.rfind("  ", start, end) + 2
        if begin < start + 2:
            begin = start + len(line) - len(line.lstrip())
        if 1 < end - begin <= LONGEST_COLUMN and (
            match := COLUMN.fullmatch(text, begin, end)
            or (SHORT_COLUMN.fullmatch(text, begin, end) if begin - start > LONGEST_COLUMN else None)
        ):
            yield match
        start += len(line) + 1


def _is_word(part: str) -> bool:
    """Tell whether a part of a mark is an ordinary word or a unit: mg/dl, re/li."""
    return part in SMALL_WORDS or bool(part and lexicon()[part] & (KNOWN if len(part) > 2 else Flag.UNIT))


def _is_unknown_mark(tokens: Tokens, index: int) -> bool:
    """Tell whether an unknown word in lower case closes a note, as the mark of who wrote it."""
    word = tokens.words[index]
    if not (4 <= len(word) <= 8 and word.isalpha()):
        return False
    if tokens.word(index + 1) == ":" and tokens.joined(index + 1) and not tokens.lower_cased:
        return STAMP.search(tokens.text, max(0, tokens.starts[index] - 20), tokens.starts[index]) is not None
    # A. lienalis, M. deltoideus: Latin after its abbreviation
    if tokens.word(index - 1) not in (".", "von") or len(tokens.word(index - 2)) < 4 or tokens.joined(index):
        return False
    return tokens.ends_column(index + 1) and not tokens.new_line(index) and not tokens.lower_cased
