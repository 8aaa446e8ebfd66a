"""What fills the fields of a form: "Straße: Fischerreihe 19", "Arbeitgeber: Holzbau Huber", "Kasse | IKK classic"."""

import re
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import Flag, lexicon
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["PERSON", "STREET", "CITY", "ORGANIZATION", "PROFESSION"]
NAME = "fields"

LABELS = {
    "STREET": "straße strasse anschrift adresse wohnadresse",
    "CITY": "wohnort geburtsort ort heimatort",
    "ORGANIZATION": "arbeitgeber unfallbetrieb betrieb firma kasse krankenkasse kostenträger krankenversicherung schule"
    " kita kindergarten wohngruppe heim versicherer pflegekasse",
    "PROFESSION": "beruf tätigkeit berufe",
}
FIELDS = {word: label for label, words in LABELS.items() for word in words.split()}
VALUE = re.compile(r"[ \t]{0,20}[:|][ \t]{0,20}([A-ZÄÖÜ][^\n|;\t:]{1,60}?)(?=[ \t]{2,}|[ \t]?(?:\n|$|[|;\t,(]|\.\s))")
LOWER_VALUE = re.compile(r"[ \t]{0,20}[:|][ \t]{0,20}(\w[^\n|;\t:,.]{1,60}?)(?=[ \t]?(?:\n|$|[|;\t,(.]))")
STREET = re.compile(r"[ \t]{1,20}([A-ZÄÖÜ][\w.-]+(?: [\w.-]+){0,3} \d{1,4} ?[a-z]?)(?!\w)(?=\s{2,}|\s*(?:\n|$|[,;|]))")
# fields of exports: ARZT_AUFN: MKRA, PAT_NAME=Kurz
KEY = re.compile(
    r"(?:^|\n)[ \t]*(?:[A-Z]+_)*(?:ARZT|AERZTIN|NAME|VORNAME|NACHNAME|USER|BENUTZER|OPERATEUR|UNTERSUCHER|PERSON"
    r"|SCHREIBER)"
    r"(?:_[A-Z]+)*[ \t]*[:=|][ \t]*([^\W\d_][\w^'., -]{0,40}?)(?=[ \t]*(?:\n|$|[|;(]|[ \t]{2}|[A-Z_]{2,}:))"
)
# fields without a colon: Nachname Kurz Vorname Eva
NAMES = re.compile(
    r"\b(?:Nachname|Familienname|Zuname|Name):? ([^\W\d_][^\n:;|]{1,40}?) Vorname:? ([^\W\d_][\w'’-]{1,30})"
)
# HL7 parts names by carets: ÖZTÜRK^AYLIN
CARET = re.compile(r"[^\W\d_][\w'’ -]{1,30}\^[^\W\d_][\w'’-]{1,30}(?:\^[\w.'-]{0,20}){0,5}")
NOTHING = (
    "keine",
    "kein",
    "unbekannt",
    "entfällt",
    "siehe",
    "nicht",
    "ohne",
    "privat",
    "gesetzlich",
    "ja",
    "nein",
    "s",
)
NO_WORK = ("rentner", "rentnerin", "pensionist", "pensionistin", "arbeitslos", "student", "studentin", "schüler")


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield the values of fields."""
    for match in KEY.finditer(tokens.text) if "_" in tokens.text else ():
        yield Entity("PERSON", match.start(1), match.end(1), 0.7, NAME)
    for match in NAMES.finditer(tokens.text) if "Vorname" in tokens.text else ():
        yield Entity("PERSON", *match.span(1), 0.8, NAME)
        yield Entity("PERSON", *match.span(2), 0.8, NAME)
    for match in CARET.finditer(tokens.text) if "^" in tokens.text else ():
        yield Entity("PERSON", match.start(), match.end(), 0.8, NAME)
    for index in tokens.having(Flag.FIELD):
        label = FIELDS[tokens.words[index].lower()]
        match = (LOWER_VALUE if tokens.lower_cased else VALUE).match(tokens.text, tokens.ends[index])
        if not match and label == "STREET":
            match = STREET.match(tokens.text, tokens.ends[index])
        if not match:
            continue
        first = re.split(r"[\s.,]", match[1], maxsplit=1)[0].lower()
        if first in NOTHING or (label == "PROFESSION" and first in NO_WORK) or lexicon()[first] & Flag.SALUTATION:
            continue
        if label == "STREET" and not any(character.isdigit() for character in match[1]):
            continue
        yield Entity(label, match.start(1), match.end(1), 0.7, NAME)
