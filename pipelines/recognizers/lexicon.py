"""The lexicons, and what they say of a word: one set of flags a word, remembered once looked up."""

import re
import sys
import zlib
from array import array
from bisect import bisect_left
from functools import cache
from itertools import accumulate
from pathlib import Path

FOLDER = Path(__file__).parent / "lexicons"
REMEMBERED_WORDS = 200_000
LONGEST_ENDING = 14
SHORTEST_CALLING = 4
SURE_CALLING = 9
"""Letters of a calling that is one whatever stands before it: Landmaschinenmechaniker."""
NO_SECOND_PARTS = ("maler", "träger")
"""Callings that end adjectives and ordinary words too: dermaler, Rollstuhlträger."""


class Flag:
    """What is known of a word; plain integers, since the operators of enum cost more than the rest of a look-up."""

    COMMON = 1 << 0  # a German word, or so formed as medical terms are
    COMPOUND = 1 << 1  # two German words written as one
    FIRST_NAME = 1 << 2
    SURNAME = 1 << 3
    PLACE = 1 << 4
    AMBIGUOUS = 1 << 5  # a name that is also an ordinary word
    EPONYM = 1 << 6  # a person after whom a disease, sign, score or procedure is named
    COUNTRY = 1 << 7
    PROFESSION = 1 << 8
    SALUTATION = 1 << 9  # Frau, Herr
    TITLE = 1 << 10  # Dr., Prof.
    STAFF = 1 << 11  # Oberarzt, Untersucher
    PATIENT = 1 << 12  # Patientin, Ehemann
    NAME_FIELD = 1 << 13  # Name, Vorname
    PARTICLE = 1 << 14  # von, de
    NOT_NAME = 1 << 15  # may follow a title or salutation without being a name: Kollegin
    MONTH = 1 << 16
    ANATOMY = 1 << 17
    HOSPITAL = 1 << 18
    ORGANIZATION = 1 << 19
    STREET = 1 << 20  # Straße, Weg
    IDENTIFIER = 1 << 21  # Fallnummer, Zimmer
    PHONE = 1 << 22
    FAX = 1 << 23
    BIRTH = 1 << 24
    GREETING = 1 << 25  # Grüßen
    USERNAME = 1 << 26  # Diktatzeichen
    UNIT = 1 << 27  # mg, mmHg
    NUMBER_WORD = 1 << 28
    AGE = 1 << 29  # jährig, Lj
    MEDICAL = 1 << 30  # formed as medical terms are
    TOWN = 1 << 31
    UPPER = 1 << 32  # begins with a capital letter

    NUMBER = 1 << 33  # begins with a digit; or +, which begins a number
    LOOKALIKE = 1 << 34  # letters that scanning makes of digits: O, l, I
    STREET_END = 1 << 35  # ends as streets do: Mühlweg
    WARD = 1 << 36  # a department: Onkologie, Ambulanz
    CAMEL = 1 << 37  # a capital within the word: WinA
    EMPLOYMENT = 1 << 38  # tätig, angestellt
    ADDRESS = 1 << 40  # a word that may begin an address: Am, An, Postfach, Bad
    LOWER = 1 << 41  # an ordinary word that German writes in lower case
    CODE = 1 << 39  # one to three capitals, as identifiers begin
    AGENT = 1 << 42  # durch, mit: before who acted
    LEGAL_FORM = 1 << 44  # GmbH
    HOUSE = 1 << 45  # Haus, St., or a word in -inum: what hospitals are called for short
    WRITER = 1 << 46  # geschrieben, durch: before a mark or account
    SIGNED = 1 << 47  # gez.
    FIELD = 1 << 48  # Wohnort, Arbeitgeber
    SHORT_ROLE = 1 << 43  # NA, ZÄ: before the name of a member of staff


STREET_END = re.compile(
    r"(?:stra(?:[ßβ]|ss)en?|strße|str|gasse|weg|platz|allee|ring|ufer|damm|chaussee|promenade|steig|stieg|gässle|pfad"
    r"|zeile|markt|graben|kai|quai|rain|wall|anger|park|hof|berg|tor|brücke|tal|feld|halde|wiese|grund|hang|siedlung"
    r"|passage|twiete|deich|koppel"
    r"|lände)$",
    re.IGNORECASE,
)
LOOKALIKE = re.compile(r"[OolI]{1,2}")
CAMEL = re.compile(r"[A-ZÄÖÜİŞ][^\W\d_A-ZÄÖÜ]{1,3}[A-ZÄÖÜ]")
TRANSLITERATION = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
NAME = Flag.FIRST_NAME | Flag.SURNAME
WORDS = Flag.COMMON | Flag.COMPOUND
"""What dictionaries know as an ordinary word."""
CASED = {
    "first_names": Flag.FIRST_NAME,
    "surnames": Flag.SURNAME,
    "first_names_further": Flag.FIRST_NAME,
    "surnames_further": Flag.SURNAME,
    "places": Flag.PLACE,
    "towns": Flag.PLACE | Flag.TOWN,
    "foreign_cities": Flag.PLACE | Flag.TOWN,
    "islands": Flag.PLACE | Flag.TOWN,
    "ambiguous_names": Flag.AMBIGUOUS,
    "eponyms": Flag.EPONYM,
    "countries": Flag.COUNTRY,
    "professions": Flag.PROFESSION,
    "callings": Flag.PROFESSION,
    "medical_words": Flag.MEDICAL,
    "drugs": Flag.MEDICAL,
    "surname_words": Flag.SURNAME | Flag.AMBIGUOUS,
    "short_roles": Flag.SHORT_ROLE,
    "legal_forms": Flag.LEGAL_FORM,
    "houses": Flag.HOUSE,
}
CASELESS = {
    "salutations": Flag.SALUTATION,
    "titles": Flag.TITLE,
    "staff": Flag.STAFF,
    "patients": Flag.PATIENT,
    "name_fields": Flag.NAME_FIELD,
    "name_particles": Flag.PARTICLE,
    "not_names": Flag.NOT_NAME,
    "months": Flag.MONTH,
    "anatomy": Flag.ANATOMY,
    "hospitals": Flag.HOSPITAL,
    "organizations": Flag.ORGANIZATION,
    "streets": Flag.STREET,
    "identifiers": Flag.IDENTIFIER,
    "phones": Flag.PHONE,
    "faxes": Flag.FAX,
    "births": Flag.BIRTH,
    "greetings": Flag.GREETING,
    "usernames": Flag.USERNAME,
    "units": Flag.UNIT,
    "number_words": Flag.NUMBER_WORD,
    "ages": Flag.AGE,
    "employments": Flag.EMPLOYMENT,
    "wards": Flag.WARD,
    "address_beginnings": Flag.ADDRESS,
    "agents": Flag.AGENT,
    "fields": Flag.FIELD,
    "writers": Flag.WRITER,
    "signing": Flag.SIGNED,
}


def read_lines(name: str) -> list[str]:
    """Return the entries of a lexicon; lines that start with # are comments. Raises OSError where it is missing."""
    lines = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    entries = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not entries:
        raise ValueError(f"lexicon {name}.txt is empty: install the package again")
    return entries


def read_hashes(name: str) -> array:
    """Return the sorted CRC-32 of the words of a compiled lexicon (scripts/compile_lexicons.py)."""
    differences = array("H", (FOLDER / f"{name}.bin").read_bytes())
    if len(differences) < 100_000:
        raise ValueError(f"lexicon {name}.bin is cut short: install the package again")
    if sys.byteorder == "big":
        differences.byteswap()
    return array("I", accumulate(differences))


class Lexicon(dict[str, int]):
    """A word's flags: `lexicon["Albers"] & Flag.SURNAME`; any string may be asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._hashes = read_hashes("common_words")
        self._cased: dict[str, int] = {}
        self._caseless: dict[str, int] = {}
        for name, flag in CASED.items():
            for entry in read_lines(name):
                self._cased[entry] = self._cased.get(entry, 0) | flag
        for name, flag in CASELESS.items():
            for entry in map(str.lower, read_lines(name)):
                for form in {entry, entry.translate(TRANSLITERATION)}:
                    self._caseless[form] = self._caseless.get(form, 0) | flag
        # capitals and lower case find names too
        self._folded: dict[str, int] = {}
        for entry, flags in self._cased.items():
            self._folded[entry.lower()] = self._folded.get(entry.lower(), 0) | flags
        self._ward_endings, self._hospital_endings = (
            tuple(read_lines("ward_endings")),
            tuple(read_lines("hospital_endings")),
        )
        self._surname_endings = frozenset(read_lines("surname_endings"))
        self._house_endings = tuple(read_lines("house_endings"))
        self._staff_endings = tuple(read_lines("staff_endings"))
        self._callings = tuple(
            calling.lower()
            for calling in (*read_lines("callings"), *read_lines("calling_endings"))
            if len(calling) > SHORTEST_CALLING
        )
        self._medical_endings = {ending.lower() for ending in read_lines("medical_endings")}

    def __missing__(self, word: str) -> int:
        if len(self) > REMEMBERED_WORDS:
            self.clear()
        if word[0].isalpha():
            flags = self._look_up(word) | self._form(word)
        else:
            flags = Flag.NUMBER if word[0].isdigit() or word == "+" else self._caseless.get(word, 0)
        self[word] = flags
        return flags

    def _form(self, word: str) -> int:
        """Return what a word's form says, whether known or not."""
        lower, flags = word.lower(), 0
        if LOOKALIKE.fullmatch(word):
            flags |= Flag.LOOKALIKE
        if "hrig" in lower and len(word) > 8:
            flags |= Flag.AGE
        if STREET_END.search(word):
            flags |= Flag.STREET_END
        if not word[0].isupper():
            return flags
        if len(word) < 4 and word.isupper() and word.isascii():
            flags |= Flag.CODE
        if lower.endswith(self._ward_endings):
            flags |= Flag.WARD
        if lower.endswith(self._hospital_endings):
            flags |= Flag.HOSPITAL
        if lower.endswith(self._house_endings):
            flags |= Flag.HOUSE
        if lower.endswith(self._staff_endings) and not self._cased.get(word, 0) & (Flag.PROFESSION | NAME):
            flags |= Flag.STAFF
        if (
            lower.endswith(("nummer", "nr"))
            and len(word) > 4
            and not lower.startswith(("tel", "fax", "haus", "ruf", "handy"))
        ):
            flags |= Flag.IDENTIFIER
        genitive = lower[:-1] if lower.endswith("ers") else lower
        if genitive.endswith(self._callings) and self._is_calling(genitive):
            flags |= Flag.PROFESSION
        return flags | (Flag.CAMEL if CAMEL.fullmatch(word) else 0)

    def is_word(self, form: str) -> bool:
        """Tell whether a form, in this very case, is in the dictionary (one wrong yes in 4,000)."""
        value = zlib.crc32(form.encode())
        at = bisect_left(self._hashes, value)
        return at < len(self._hashes) and self._hashes[at] == value

    def _look_up(self, word: str) -> int:
        lower = word.lower()
        flags = self._caseless.get(lower, 0)
        folded = self._folded.get(lower, 0)
        proper = (0 if word == lower else self._cased.get(word, 0)) or folded
        proper |= folded & (Flag.MEDICAL | Flag.PROFESSION)
        if not proper and len(lower) > 4 and lower[-1] == "s":
            proper = self._folded.get(lower[:-1], 0) & ~Flag.AMBIGUOUS
        flags |= proper
        named = proper & (NAME | Flag.PLACE | Flag.COUNTRY)
        if not named or proper & Flag.AMBIGUOUS:
            flags |= self._commonness(word, lower)
        if word[0].isupper():
            flags |= Flag.UPPER
        return flags

    def _commonness(self, word: str, lower: str) -> int:
        capitalised = lower.capitalize()
        if self.is_word(lower):
            return Flag.COMMON | Flag.LOWER
        if self.is_word(word) or (word != capitalised and self.is_word(capitalised)):
            return Flag.COMMON
        size = len(lower)
        for length in range(min(LONGEST_ENDING, size - 3), 1, -1):
            if lower[size - length :] in self._medical_endings:
                return Flag.COMMON | Flag.MEDICAL
        for length in range(min(LONGEST_ENDING, size - 3), 3, -1):
            head, tail = lower[: size - length], lower[size - length :]
            if tail in self._surname_endings:
                return 0
            if (self.is_word(tail.capitalize()) or self.is_word(tail)) and self._is_modifier(head):
                return Flag.COMPOUND
        if "ß" in lower:  # Pleuraerguß, as it was spelt before 1996
            return self._commonness(word.replace("ß", "ss"), lower.replace("ß", "ss"))
        return 0

    def _is_calling(self, lower: str) -> bool:
        """Tell whether a word is a calling with a word before it: Krabbenfischerin, Schiffsmechaniker."""
        tails = (calling for calling in self._callings if lower.endswith(calling) and len(lower) - len(calling) > 2)
        return any(
            tail not in NO_SECOND_PARTS and (len(tail) >= SURE_CALLING or self._is_modifier(lower[: -len(tail)]))
            for tail in tails
        )

    def _is_modifier(self, head: str) -> bool:
        stems = (head, head[:-1] if head[-1] in "sn" else "", head[:-2] if head[-2:] in ("es", "en", "er") else "")
        return any(len(stem) > 2 and (self.is_word(stem.capitalize()) or self.is_word(stem)) for stem in stems)


@cache
def lexicon() -> Lexicon:
    """Return the lexicon of this process, read at the first call. Raises OSError or ValueError if a part is missing."""
    return Lexicon()
