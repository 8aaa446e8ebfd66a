"""Identifiers: numbers of patients, cases, the insured, physicians, practices, rooms, by field and by form.

A check digit raises the score and never vetoes: a number mistyped still identifies.
"""

import re
from collections.abc import Iterator

from pipelines.recognizers.check_digits import CHECKS
from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import Flag, read_lines
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["ID"]
NAME = "identifier"

VALUE = re.compile(
    r"[A-Za-zÄÖÜ]{0,6}(?:/[A-Z]{1,2})?[-–/ ]?\d[\w]*(?:[-–/.:][\dA-Za-z]+)*"
    r"|[A-Z]{1,4}[-–/.][A-Z0-9][\w/.-]*\w|[A-Z]{1,4}\d+\w*"
)
SPACED_VALUE = re.compile(
    r"[A-Z]{0,4}\s?\d[\dA-Z]*(?:[ \t/.-]{1,3}[\dA-Z]*\d[\dA-Z]*| [A-Z](?= \d)){0,7}(?:(?<=/\d\d) [A-Z](?!\w))?"
)
AFTER_FIELD = re.compile(
    r"(?:[-–.\s]{0,2}(?:Nummer|Nr|No|ID|Id|Zahl|Zeichen|number|nummer|nr)\b)?"
    r"(?: {2,16}: {0,4}|[\s.:=#)(-]{0,5})(?:(?:lautet|ist"
    r"|des Pat(?:ienten|\.)|der Pat(?:ientin|\.)|Nr|Pat|intern|beim|PID)\b[\s.:=#-]{0,3}){0,2}"
)
ROOM = (
    "saal",
    "sektionssaal",
    "bettenhaus",
    "klingel",
    "zimmer",
    "zi",
    "zimmernummer",
    "station",
    "stat",
    "sta",
    "wohnbereich",
    "paraffinblock",
    "bett",
    "bettnummer",
    "block",
    "room",
    "ward",
    "raum",
    "demoraum",
    "behandlungsraum",
)
ROOM_VALUE = re.compile(
    r"(?:Nr\.?\s?)?([A-Za-zÄÖÜ]{0,3}[-–. ]?\d{1,4}(?:[-–./]?[A-Z0-9]{1,3}|[a-z])?(?:[ -](?:Nord|Süd|Ost|West|Mitte)\b)?"
    r"|[IVX]{1,4}"
    r"|[A-Z]{1,3}[-–]?\d{0,3})(?![\w%°])"
)
WARD = re.compile(
    r" ([A-Z]{1,2}[- ]?\d{1,3}[A-Za-z]?|[A-Z]{1,2}|[IVX]{1,3}|\d{1,2}[A-Z]?)"
    r"(?=(?<=[IVX]{2}) und\b|\s*(?:$|[\n,;:./)]|->|- |zur\b|am\b|vom\b"
    r"|um\b))"
)
TRANSFER = re.compile(
    r"(?:[Vv]erleg\w*|[ÜüUu]bern\w+|[ÜüUu]berwachung|[Aa]ufnahme|zurück)(?: (?:am )?[\d.]{5,10})?"
    r"\s{1,3}(?:auf|nach)\s{0,3}$"
)
CODED_WARD = re.compile(r"(?:[A-ZÄÖÜ]{1,3}-?\d{1,3}[a-z]?|\d{1,2}[A-Z])(?!\w)(?: (?:Nord|Süd|Ost|West)\b)?")
WARDS = frozenset(read_lines("wards"))
FILES = ("az", "aktenzeichen", "gz", "geschäftszeichen")
PLATES = ("kennzeichen", "kennz", "kfz")
# what programs call things: RB-4X7Q-22, ERCP_0610_Q_01; papers: L6YT0C913; the machines of a hospital: ZNA-PC07
CODES = re.compile(
    r"(?=[A-Z0-9](?<![\w/-].)[A-Z0-9_/-]*\d\d)(?=[A-Z0-9_/-]*[A-Z])(?:[A-Z0-9]{2,5}-[A-Z0-9]{2,6}-[A-Z0-9]{2,6}"
    r"|[A-Z]-\d{2}-\d{3,6}(?:-[A-Z])?|[A-Z]{3}-0\d{3}|(?:19|20)\d\d/[A-Z]/\d{3,6}|[A-Z]{2,6}-\d{2}/\d{3,6}|(?![TNM]\d)(?=[A-Z0-9]*\d[A-Z]*\d[A-Z]*\d)[A-Z0-9]{8,14}|[A-Z]{2,5}_\d{2,}(?:_[A-Z0-9]+)*|[A-Z]{2,5}-(?:PC|PRN|WS|NB)\d{1,4})(?![\w-])"
)
# wards and theatres by their short names: ICU 1, im OP 2
THEATRES = ("ICU", "IMC", "ITS", "im OP ", "Tagesklinik ")
THEATRE = re.compile(
    r"\b(?:ICU|IMC|ITS|IMCU|NICU|PICU|im OP|Tagesklinik) ([A-Z]?\d{1,2}(?:[A-Z]\d?)?)"
    r"(?![\w.,/-]*\d|\s?(?:h|Std|Tag|Wo|min|x)\b)"
)
VEHICLES = ("RTW ", "NEF ", "KTW ", "NAW ", "Rettung ")
VEHICLE = re.compile(r"\b(?:RTW|NEF|KTW|NAW|Rettung) (\d{1,2}[-/]\d{1,3}(?:[-/]\d)?)(?!\d|\.\d)")
YEARS = re.compile(r"(?<!\d)(?:19|20)\d\d/(?:19|20)\d\d$")
SHORTEST_MIXED = 4
SHORTEST_ALONE = 7
"""Digits from which on a number may identify with nothing after it."""
WEAK = (
    "nr",
    "no",
    "nummer",
    "nummern",
    "id",
    "sn",
    "az",
    "gz",
    "sv",
    "ik",
    "fall",
    "probe",
    "konto",
    "charge",
    "chargen",
    "lot",
    "auftrag",
    "vorgang",
    "journal",
    "block",
    "pin",
    "bic",
    "etikett",
    "kennung",
    "kennzeichen",
    "kennz",
    "vorbefund",
    "vorbefunde",
    "blutprobe",
    "einsatz",
    "histo",
    "zyto",
    "code",
    "zeichen",
    "ez",
    "lfd",
)
UNIT_AFTER = re.compile(
    r"\s?(?:ml|mg|g\b|µg|/µl|/ul|/nl|mm|cm|%|U/|IE|IU|Zellen|Kopien|x\s?10|Mio|kcal|/mm|pg|ng|Punkte|Jahre|Uhr|€|EUR"
    r"|Tage|ccm|kg|Tsd)"
)

# forms that identify without a field: kind, expression
FORMS = [
    ("kvnr", re.compile(r"[A-Z] ?\d{3} ?\d{3} ?\d{3}(?!\d)|[A-Z]\d{9}(?:\d{10})?(?!\d)")),
    (
        "rvnr",
        re.compile(
            r"\d{2} ?(?:0[1-9]|[1-8]\d) ?(?:0[1-9]|1[0-2]) ?\d{2} ?[A-Z] ?\d{2} ?\d(?!\d)"
            r"|\d{2} ?\d{6} ?[A-Z] ?\d{3}(?!\d)"
        ),
    ),
    ("ahv", re.compile(r"756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}(?!\d)")),
    ("iban", re.compile(r"(?:DE|AT|CH|LI|LU)\d{2}(?: ?[\dA-Z]{4}){3,5}(?: ?[\dA-Z]{1,4})?(?!\w)")),
    ("svnr", re.compile(r"\d{4} ?(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}(?!\d)")),
    ("taxid", re.compile(r"[1-9]\d ?\d{3} ?\d{3} ?\d{3}(?!\d)|\d{2,3}/\d{3,4}/\d{4,5}(?!\d)")),
    (
        "histology",
        re.compile(
            r"[A-Z]{0,3}[-/ ]?\d{4,7}[a-z]?[-/](?:(?:19|20)?\d\d)(?!\d)|[A-Z]{1,2}[-/ ]?(?:19"
            r"|20)?\d\d[-/.]\d{5,7}(?!\d)|[A-Z]{1,2}(?:19|20)?\d\d[-/.]\d{3,7}(?!\d)|\d{2}[-/]\d{5,7}(?:-\d)?(?!\d)|\d\d/[3-9]\d{3}(?![\d.,/])"
        ),
    ),
    ("file", re.compile(r"\d{1,4} (?:[A-Z][A-Za-z]{1,3}|[A-Z]{1,5}) \d{1,6}(?: [A-Z][a-z]{1,3} \d{1,6})?/\d{2}(?!\d)")),
    ("plate", re.compile(r"[A-ZÄÖÜ]{1,3}-[A-ZÄÖÜ]{1,2} ?\d{1,4}[EH]?(?!\w)")),
    ("urn", re.compile(r"urn:[\w.-]+(?::[\w.-]+)+")),
    (
        "coded",
        re.compile(
            r"[A-Z]{2,4}_\d{3,}(?!\d)|[A-Z]{2,3}-\d{2,4}-\d{3,}(?:-[A-Z\d]+)?(?!\w)|[A-Z]{1,4}-?\d{6,}(?:-\d+|[A-Z](?!\w))?(?!\d)"
            r"|[A-Z]{2,4}-\d{5}(?!\d)|[A-Z]\d{4}(?: \d{2,3}){3}(?!\d)"
            r"|[A-Z]\d{4} \d{2} \d{6}(?!\d)|[A-Z]{2} \d{6}-[A-Z](?!\w)"
            r"|[A-Z]{1,2}/(?:19|20)?\d\d/\d{3,}(?:-[A-Z](?!\w))?(?!\d)|[A-Z][a-z]-\d\d-\d{3,6}(?!\d)|\d\d-[A-Z]-\d{4,6}(?!\d)"
            r"|[A-Z]{2,3}(?:-\d\d){2}-\d{3,6}(?!\d)"
        ),
    ),
    (
        "long",
        re.compile(
            r"[A-Z]{0,3}-?\d{7,}(?:[-/]\d+)*(?:-[A-Z](?!\w))?(?![\d,])|\d{4}-\d{6}(?!\d)|\d{6}-\d{2,}(?!\d)|\d{4}/\d{2}/\d{5,7}(?!\d)|(?:19|20)\d\d/\d{4,6}(?![\d/])|0\d{3}/\d{5}(?![\d/])|\d{4,6}-\d{4}(?!\d)"
        ),
    ),
]


ANY_FORM = re.compile("|".join(f"(?:{form.pattern})" for kind, form in FORMS if kind != "plate"))
"""Most numbers have none of the forms of `_by_form`: one expression says so."""
FORMS_OF_COURTS = re.compile(r"\d [A-Z]{1,5} \d{1,6}/\d{2}(?!\d)")
"""A file's number at a court, with one digit before: 7 XVII 341/09."""


# the names of files: Haberkorn_T_0309.pdf; looked for from their ends, since a text may be one long name
FILE_END = re.compile(r"\.(?:pdf|docx?|rtf|txt|dcm|tiff?|jpe?g|xml|wav)\b", re.IGNORECASE)
FILE_NAME = re.compile(r"(?<![\w.-])[\w-]{1,80}$")
LONGEST_FILE_NAME = 81


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield the identifiers of a text."""
    done = 0
    for match in CODES.finditer(tokens.text):
        yield Entity("ID", match.start(), match.end(), 0.6, NAME)
    for match in FILE_END.finditer(tokens.text) if "_" in tokens.text else ():
        name = FILE_NAME.search(tokens.text, max(0, match.start() - LONGEST_FILE_NAME), match.start())
        if name and "_" in name[0]:
            yield Entity("ID", name.start(), match.end(), 0.7, NAME)
    for match in THEATRE.finditer(tokens.text) if any(name in tokens.text for name in THEATRES) else ():
        yield Entity("ID", match.start(1), match.end(1), 0.6, NAME)
    for match in VEHICLE.finditer(tokens.text) if any(name in tokens.text for name in VEHICLES) else ():
        yield Entity("ID", match.start(1), match.end(1), 0.6, NAME)
    for index in tokens.having(Flag.IDENTIFIER | Flag.NUMBER | Flag.WARD | Flag.CODE):
        start, flag = tokens.starts[index], tokens.flags[index]
        if flag & Flag.IDENTIFIER:
            match = _field_value(tokens, index)
            if match:
                done = max(done, match[1])
                yield Entity("ID", match[0], match[1], 0.9, NAME)
        elif (
            flag & Flag.WARD
            and (match := WARD.match(tokens.text, tokens.ends[index]))
            and _is_ward(tokens, index, match[1])
        ):
            yield Entity("ID", match.start(1), match.end(1), 0.6, NAME)
        elif start >= done and (span := _by_form(tokens, index)):
            done = span[1]
            yield Entity("ID", *span, NAME)


def _field_value(tokens: Tokens, index: int) -> tuple[int, int] | None:
    """Return where the value after a field's name stands: Fallnummer: 23346011, Station A31, E-Nr.: 17217277."""
    text, word = tokens.text, tokens.words[index].lower()
    if word in ROOM:
        return _room(tokens, index)
    between = AFTER_FIELD.match(text, tokens.ends[index])
    at = between.end() if between else tokens.ends[index]
    if "\n\n" in text[tokens.ends[index] : at] or at >= len(text):
        return None
    separator = text[tokens.ends[index] : at].strip(" \t")
    match = SPACED_VALUE.match(text, at) or VALUE.match(text, at)
    value = VALUE.match(text, at)
    for _, form in (
        *FORMS[:3],
        *(each for each in FORMS if each[0] == "file" and word in FILES),
        *(each for each in FORMS if (each[0] == "plate" and word in PLATES) or each[0] == "urn"),
    ):
        if known := form.match(text, at):
            value = known
            break
    if value and (not match or value.end() > match.end()):
        match = value
    if not match or not any(character.isdigit() for character in match[0]):
        return None
    digits = sum(character.isdigit() for character in match[0])
    if word in ("nummer", "nummern") and match[0][0] == "0" and not match[0].isalnum():
        return None
    if word in WEAK:
        named = (
            tokens.word(index - 1) in (".", "-", "–", "/")
            or tokens.flag(index - 1) & Flag.IDENTIFIER
            or (tokens.gap(index) == " " and tokens.flag(index - 1) & Flag.UPPER)
        )
        mixed = len(match[0]) > SHORTEST_MIXED and match[0].isalnum() and not match[0].isdigit() and match[0].isupper()
        if not mixed and (digits < 2 or (digits < 4 and not named) or (digits < 3 and not separator)):
            return None
    elif digits < 2 and not separator:
        return None
    if UNIT_AFTER.match(text, match.end()):
        return None
    return match.start(), match.start() + len(match[0].rstrip(" .-/"))


def _room(tokens: Tokens, index: int) -> tuple[int, int] | None:
    text = tokens.text
    if tokens.words[index].lower() == "block" and tokens.joined(index) and tokens.word(index - 1) in "-–":
        return None  # AV-Block II, of the heart and not of a house
    at = re.compile(r"[ \t]{1,12}:[ \t]{0,4}|[\s.:(]{0,3}").match(text, tokens.ends[index])
    if not at or "\n" in at[0]:
        return None
    match = ROOM_VALUE.match(text, at.end())
    if not match:
        return None
    value = match[1]
    if value.isalpha() and not re.fullmatch(r"[IVX]{2,4}|[A-Z]\d*|[A-Z]{2,3}", value):
        return None
    if UNIT_AFTER.match(text, match.end()) or (
        re.match(r"[./]\d|\.\s\d{1,2}\.", text[match.end() : match.end() + 5]) and value.isdigit()
    ):
        return None
    return match.start(1), match.end(1)


def _is_ward(tokens: Tokens, index: int, code: str) -> bool:
    """Tell whether a code after a department names a ward: Onkologie A33, Intensiv II, Viszeralchirurgie B."""
    if tokens.words[index].lower() in WARDS:
        return True
    if re.fullmatch(r"\d{1,2}[A-Z]", code):
        return True
    return (code[0].isalpha() and any(letter.isdigit() for letter in code)) or (code.isalpha() and len(code) == 1)


def _destination(tokens: Tokens, index: int) -> int:
    """Return where a code after "Verlegung auf" ends, which names a ward, or 0: Verlegung auf K31, auf O-22."""
    if tokens.word(index - 1) not in ("auf", "nach") or not tokens.joined(index + 1):
        return 0
    start = tokens.starts[index]
    match = CODED_WARD.match(tokens.text, start)
    return match.end() if match and TRANSFER.search(tokens.text, max(0, start - 40), start) else 0


def _by_form(tokens: Tokens, index: int) -> tuple[int, int, float] | None:
    """Return the place and score of a number that identifies by its form."""
    word, text, start = tokens.words[index], tokens.text, tokens.starts[index]
    if end := _destination(tokens, index):
        return start, end, 0.6
    if word[0].isdigit():
        if match := FORMS_OF_COURTS.match(text, start):
            return start, match.end(), 0.7
        if len(word) < 2 or (
            tokens.joined(index) and text[start - 1] in ".,+-/" and text[start - 2 : start - 1].isdigit()
        ):
            return None
        if (tokens.joined(index) and text[start - 1] == "0") or _ends_here(text, tokens.ends[index], len(word)):
            return None
    elif not tokens.joined(index + 1) and tokens.gap(index + 1) != " ":
        return None
    if not ANY_FORM.match(text, start):
        return None
    for kind, form in FORMS:
        if kind == "plate":
            continue
        match = form.match(text, start)
        if match and _is_identifying(kind, match[0]) and not UNIT_AFTER.match(text, match.end()):
            return start, match.end(), 0.95 if kind in CHECKS and CHECKS[kind](match[0]) else 0.7
    return None


def _ends_here(text: str, end: int, length: int) -> bool:
    """Tell whether a short number ends without what every form goes on with: this spares most numbers a dozen forms."""
    after, next_after = text[end : end + 1], text[end + 1 : end + 2]
    if length >= SHORTEST_ALONE or after.isalpha() or after in ("-", "/"):
        return False
    return after not in (" ", ".") or not (next_after.isdigit() or (after == " " and next_after.isupper()))


def _is_identifying(kind: str, form: str) -> bool:
    """Tell whether a number of this form is not more likely a dose or a measurement."""
    digits = sum(character.isdigit() for character in form)
    if kind in ("histology", "long") and YEARS.search(form):
        return False
    if kind == "taxid" and " " in form:
        return CHECKS["taxid"](form)
    if kind == "file" and " RR " in form:
        return False
    if kind == "svnr":
        return digits == 10
    return digits > 5 or kind not in ("long",)
