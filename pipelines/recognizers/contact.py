"""Telephone and fax numbers, pagers, e-mail addresses (also internal or with "(at)"), URLs, IP addresses."""

import re
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import Flag
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["PHONE", "FAX", "EMAIL", "URL"]
NAME = "contact"

DIGITS = re.compile(
    r"[+(]?\d(?:[\d \t()/.–-]|(?<=\d)[OolI](?=[\d-])){0,24}\d(?:[\s/]?(?:DW|Dw|Kl\.|Klappe|App\.|-)\s?\d{1,5})?"
)
BETWEEN = re.compile(
    r"[\s.:,;/()-]*(?:(?:Nr|nummer|intern|extern|Station|Ambulanz|Sekretariat|unter|der|dem|die|Tel|Fax|DW|privat"
    r"|dienstlich|mobil|Zentrale|Pforte|und|oder|Durchwahl)\b[\s.:,;/()-]*){0,3}",
    re.IGNORECASE,
)
INTERNATIONAL = re.compile(
    r"(?:\+|00)(?:49|43|41|423|352|33|39|31|32|44|48|420|36|90|385|381)[ \t()/.–-]{0,3}\d[\d \t()/.–-]{4,20}\d"
    r"(?:[\s/]{1,2}(?:DW|Dw|Kl\.|Klappe|App\.)\s?\d{1,5})?"
)
NATIONAL = re.compile(
    r"0\d(?: \d\d){1,2}\s?/\s?\d\d(?: ?\d\d){2,4}|0[2-9]\d{2,4}\.\d{3,}(?:[-.]\d+)?"
    r"|0[1-9] \d{4}(?: \d{1,4}){1,2}|01 ?/ ?\d[\d ]{3,8}\d(?:-\d{1,5})?"
    r"|\(?0(?: \d\d){2}\)?\s?/?\s?\d{2,3}(?:[ -]\d\d){1,4}(?!\d)|0\d\d \d\d\s?/\s?\d(?: \d\d){2,4}(?!\d)"
    r"|01 \d{5} \d{3,4}(?!\d)|0[2-9]\d{2,4}\.\d{2,}[.-]\d{3,}"
    r"|01 \d{3} \d{2,4}-\d{1,5}|0[1-9]\d{0,3} \d{3} \d{2} \d{2}(?!\d)"
    r"|\(?0[1-9]\d{1,4}\)?(?:\s?[/–-]\s?|[ \t]{1,3})\d[\d \t.–-]{2,14}\d(?: (?:Kl|Dw|DW)\.? \d{1,5})?"
)
AT = re.compile(r"@|\(at\)|\[at\]|\{at\}|\(ät\)| at (?=[\w-]+(?:\.| dot | punkt )\w)", re.IGNORECASE)
BEFORE_AT = re.compile(r"[\w.+%-]+\s{0,2}$")
AFTER_AT = re.compile(
    r"\s{0,2}(?=[\w-]*[^\W\d_])[\w-]+(?:(?:\.|\s?\(dot\)\s?|\s?\[dot\]\s?|\s?\(punkt\)\s?| dot | punkt )[\w-]+)*",
    re.IGNORECASE,
)
URL = re.compile(r"(?:https?://|www\.)[^\s<>\"„“]+[^\s<>\"„“.,;:!?)]", re.IGNORECASE)
DOMAIN = re.compile(r"\.(?:de|at|ch|com|org|net|info|eu|li|lu|local|intern|example|test)\b(?:/[\w/.-]*\w)?(?!\.?\w)")
HOST = re.compile(r"(?<![\w.-])[\w-]{1,63}(?:\.[\w-]{1,63}){0,6}$")
LONGEST_HOST = 200
DAY = re.compile(r"\d{1,2}\.\d{1,2}\.(?!\d)")
INTERNAL = re.compile(r"\(intern (\d{3,5})\)")
EXTENSION = re.compile(r"\bunter (?:der )?([-–]\d{2,5})(?![\d.,/-]*\d|\s?(?:%|mm|°))")
# the extensions of a switchboard: 08541 / 206-0 · Sekretariat Frau Gerauer -220
SWITCHBOARD = re.compile(r"-\d{1,4}(?!\d)(?=[^\n]{0,80}?\s-\d{2,4}\b)")
BOARD_BEFORE = re.compile(r"0\d[\d /]{4,14}$")
FURTHER = re.compile(r"\s([-–]\d{2,4})(?=[ \t]*(?:[·,;|)]|\n|$|Fax|Tel))")
EXTENSIONS = frozenset("dw durchw durchwahl app apparat kl klappe nebenstelle nebenst nst".split())
# the extension of who signed or is to be called, at the end of a line: FA Psych  -4471, Anmeldung Endo -4170
SIGNED = re.compile(r"-\d{4}(?=[ \t]*(?:\n|$)|, )")
SIGNED_BEFORE = re.compile(r"(?:[.)]|[A-Za-zäöü]{4}(?<!lanz)(?<!fuhr)(?<!aldo))[ \t][ \t]{0,7}$")
# where one calls: Sekretariat 4711, Ambulanz: 12-3456, Rückfragen unter 85 12 34, T: 4711
DESKS = frozenset(
    "Sekretariat Chefsekretariat Chefarztsekretariat Stationssekretariat Ambulanz Notfallambulanz Privatambulanz"
    " Anmeldung Patientenanmeldung Pforte Zentrale Leitstelle Terminvergabe unter T".split()
)
DESK = re.compile(
    r"(?::|\b) {0,3}(-?\d{4,5}|-?\d{2,3}[- ]\d{3,4}|\d{1,3}(?: \d\d){2,3}|\d \d\d-\d{3,4})(?<!19\d\d)(?<!20\d\d)"
    r"(?=[ \t]*(?:\n|$|[,;)]|\.(?!\d)| (?:erreichbar|zu erreichen|melden)))"
)
CALL_BEFORE = re.compile(
    r"(?:[Rr]ückfrage|[Rr]ückruf|[Tt]ermin|[Aa]nmeld|[Ee]rreichbar|[Tt]elefon|[Mm]elde|[Kk]ontakt)[^\n.]{0,40}$"
)
IP_ADDRESS = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d.])")


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield the contact data of a text."""
    text = tokens.text
    yield from _internet(text)
    for match in EXTENSION.finditer(text) if "unter" in text else ():
        yield Entity("PHONE", match.start(1), match.end(1), 0.7, NAME)
    for match in INTERNAL.finditer(text) if "(intern" in text else ():
        yield Entity("PHONE", match.start(1), match.end(1), 0.7, NAME)
    yield from _extensions(text)
    yield from _desks(tokens)
    done = 0
    for index in tokens.having(Flag.PHONE | Flag.FAX | Flag.NUMBER):
        start, flag = tokens.starts[index], tokens.flags[index]
        if start < done:
            continue
        if flag & (Flag.PHONE | Flag.FAX):
            label = "FAX" if flag & Flag.FAX else "PHONE"
            for match in _numbers_after(tokens, index):
                done = match.end()
                begin = match.start()
                bracketed = ")" in match[0] and "(" not in match[0] and text[begin - 1] == "("
                yield Entity(label, begin - bracketed, done, 0.9, NAME)
        elif (match := _untriggered(tokens, index)) and match.end() > done:
            done = match.end()
            yield Entity(_label(text, match.start()), match.start(), match.end(), 0.8, NAME)


def _extensions(text: str) -> Iterator[Entity]:
    """Yield the extensions behind the number of a switchboard, and those of who signed."""
    for board in SWITCHBOARD.finditer(text):
        start = board.start()
        zero = board[0] == "-0" and text[start - 1].isdigit()
        if not zero and not BOARD_BEFORE.search(text, max(0, start - 18), start):
            continue
        line_end = text.find("\n", board.end()) % (len(text) + 1)
        for match in FURTHER.finditer(text, board.end(), line_end):
            yield Entity(_label(text, match.start(1)), match.start(1), match.end(1), 0.7, NAME)
    for match in SIGNED.finditer(text):
        if SIGNED_BEFORE.search(text, max(0, match.start() - 14), match.start()):
            yield Entity("PHONE", *match.span(), 0.6, NAME)


def _desks(tokens: Tokens) -> Iterator[Entity]:
    """Yield the extensions behind the name of a desk, after "T:", and behind "unter" where one is told to call."""
    text = tokens.text
    for index in tokens.among(DESKS):
        word, start, end = tokens.words[index], tokens.starts[index], tokens.ends[index]
        if (word == "T" and not (text.startswith(":", end) and tokens.ends_column(index))) or (
            word == "unter" and not CALL_BEFORE.search(text, max(0, start - 60), start)
        ):
            continue
        if match := DESK.match(text, end):
            yield Entity("PHONE", *match.span(1), 0.7, NAME)


def _internet(text: str) -> Iterator[Entity]:
    for match in AT.finditer(text) if "@" in text or "at" in text or "ät" in text else ():
        before, after = (
            BEFORE_AT.search(text, max(0, match.start() - 65), match.start()),
            AFTER_AT.match(text, match.end()),
        )
        if before and after:
            yield Entity("EMAIL", before.start(), after.end(), 0.95, NAME)
    if "www." in text or "://" in text or "WWW." in text:
        for match in URL.finditer(text):
            yield Entity("URL", match.start(), match.end(), 0.95, NAME)
    for match in DOMAIN.finditer(text):
        if host := HOST.search(text, max(0, match.start() - LONGEST_HOST), match.start()):
            yield Entity("URL", host.start(), match.end(), 0.6, NAME)


def _label(text: str, start: int) -> str:
    return "FAX" if re.search(r"fax[\w\s.:-]{0,8}$", text[max(0, start - 20) : start], re.IGNORECASE) else "PHONE"


def _numbers_after(tokens: Tokens, index: int) -> Iterator[re.Match[str]]:
    """Yield the numbers after Tel., DW or Fax; "Tel. 0461 708-0 oder -223" has two."""
    text, word = tokens.text, tokens.words[index].lower()
    if word in (
        "kl",
        "privat",
        "apparat",
        "zentrale",
        "funk",
        "ruf",
        "erreichbar",
        "app",
        "telefonisch",
        "rückruf",
        "anruf",
    ) and not re.match(
        r"[\s.:]{0,3}(?:unter|Nr)?[\w\s.:]{0,24}?[\d(+]", text[tokens.ends[index] : tokens.ends[index] + 30]
    ):
        return
    at = BETWEEN.match(text, tokens.ends[index])
    match = DIGITS.match(text, at.end()) if at else None
    shortest = 2 if word in EXTENSIONS else 3
    while match and _is_plausible(match[0], text, match.end(), shortest):
        yield match
        more = re.compile(r"\s?(?:oder|od\.|und|u\.|bzw\.|/|,|;)\s?[-–]?").match(text, match.end())
        match = DIGITS.match(text, more.end()) if more else None


def _is_plausible(form: str, text: str, end: int, shortest: int) -> bool:
    digits = sum(character.isdigit() for character in form)
    if digits < shortest or "\n" in form or DAY.match(form):
        return False
    return not re.match(r"\s?(?:Uhr|mg|ml|Tage|%)", text[end : end + 6])


def _untriggered(tokens: Tokens, index: int) -> re.Match[str] | None:
    """Return a number that has the form of a telephone number on its own, or of an IP address."""
    text, start, word = tokens.text, tokens.starts[index], tokens.words[index]
    if word == "+" or word[:2] == "00":
        return INTERNATIONAL.match(text, start)
    if word[0] == "0":
        if tokens.word(index - 1) == "(" and tokens.joined(index):
            start -= 1
        match = NATIONAL.match(text, start) or NATIONAL.match(text, tokens.starts[index])
        return match if match and sum(character.isdigit() for character in match[0]) > 6 else None
    if word[0].isdigit() and tokens.word(index + 1) == "." and len(word) <= 3:
        return IP_ADDRESS.match(text, start)
    return None
