"""Hospitals, practices and homes with a name of their own, and other organisations; general descriptions stay."""

import re
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import Flag
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["HOSPITAL", "ORGANIZATION"]
NAME = "hospital"

WORDS = Flag.COMMON | Flag.COMPOUND
LINKS = (
    "der",
    "des",
    "die",
    "den",
    "dem",
    "am",
    "im",
    "zum",
    "zur",
    "in",
    "von",
    "vom",
    "an",
    "bei",
    "für",
    "und",
    "St",
    "Sankt",
    "&",
    ".",
)
PROPER_LINKS = (
    "am",
    "im",
    "zum",
    "zur",
    "in",
    "vom",
    "von",
    "St",
    "Sankt",
    "zu",
    "bei",
    "an",
    "der",
    "des",
    "dem",
    "Zum",
)
SAINTS = ("st", "sankt", "sct")
CITY_ADJECTIVE = re.compile(r"[A-ZÄÖÜ][a-zäöüß]{2,}er$")
KNOWN = (
    "charité",
    "uke",
    "akh",
    "ukb",
    "ukm",
    "ukgm",
    "uksh",
    "inselspital",
    "lkh",
    "öhk",
    "ukl",
    "uniklinik",
    "uniklinikum",
)
COMPANY = ("gmbh", "ag", "kg", "ohg", "kgaa")
INSURERS = (
    "aok",
    "barmer",
    "dak",
    "tk",
    "ikk",
    "bkk",
    "kkh",
    "knappschaft",
    "hek",
    "hkk",
    "viactiv",
    "svlfg",
    "debeka",
    "allianz",
    "axa",
    "signal",
    "huk",
    "uniqa",
    "wgkk",
    "ögk",
    "bva",
    "svs",
    "bvaeb",
    "auva",
    "swica",
    "helsana",
    "css",
    "concordia",
    "visana",
    "mhplus",
    "techniker",
)
STOPS = Flag.SALUTATION | Flag.TITLE | Flag.STAFF | Flag.PATIENT | Flag.BIRTH | Flag.PHONE | Flag.FAX | Flag.MONTH


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield the named institutions of a text."""
    for index, flag in enumerate(tokens.flags):
        if flag & (Flag.HOSPITAL | Flag.ORGANIZATION) or _has_hospital_ending(tokens, index):
            span = _institution(tokens, index)
            if span:
                label = "HOSPITAL" if not flag & Flag.ORGANIZATION else "ORGANIZATION"
                yield Entity(label, tokens.starts[span[0]], tokens.ends[span[1] - 1], 0.75, NAME)


def _has_hospital_ending(tokens: Tokens, index: int) -> bool:
    word = tokens.words[index]
    return (
        len(word) > 9
        and tokens.is_upper(index)
        and word.lower().endswith(
            ("klinik", "klinikum", "krankenhaus", "krankenhauses", "spital", "hospital", "heim", "stift")
        )
        and not tokens.flags[index] & Flag.COMMON
    )


def _institution(tokens: Tokens, index: int) -> tuple[int, int] | None:
    """Return the tokens of the institution whose head word stands at `index`, where it has a name of its own."""
    lower = tokens.words[index].lower()
    first, named_before = _before(tokens, index)
    end, named_after = _after(tokens, index)
    if tokens.flags[index] & Flag.ORGANIZATION and not tokens.flags[index] & Flag.HOSPITAL:
        return _organization(tokens, index, first, end, named_before, named_after)
    if (
        named_before
        or named_after
        or lower in ("charité", "uke", "inselspital", "uksh", "ukgm")
        or _is_unknown_compound(tokens, index)
    ):
        return first, end
    return None


def _is_unknown_compound(tokens: Tokens, index: int) -> bool:
    word = tokens.words[index]
    return not tokens.flags[index] & (WORDS | Flag.HOSPITAL) and len(word) > 9


def _before(tokens: Tokens, index: int) -> tuple[int, bool]:
    """Return the first token of the institution, and whether what stands before its head word is a proper name."""
    first, named = index, False
    while tokens.joined(first) and tokens.word(first - 1) in ("-", "–") and tokens.joined(first - 1):
        first -= 2
        named |= not tokens.flag(first) & WORDS or bool(
            tokens.flag(first) & (Flag.FIRST_NAME | Flag.SURNAME | Flag.PLACE)
        )
        if tokens.word(first - 1) == "." and tokens.word(first - 2).lower() in SAINTS:
            first -= 2
            named = True
    while first and not tokens.new_line(first) and index - first < 6:
        at = first - 1
        word, flag = tokens.words[at], tokens.flags[at]
        if word == "." and tokens.word(at - 1).lower() in (
            *SAINTS,
            "städt",
            "univ",
            "ev",
            "kath",
            "med",
            "akad",
            "evang",
        ):
            named |= tokens.word(at - 1).lower() in SAINTS
            first = at - 1
        elif (
            (
                flag & Flag.UPPER
                and CITY_ADJECTIVE.match(word)
                and (not flag & WORDS or flag & Flag.PLACE)
                and not flag & STOPS
            )
            or (
                flag & (Flag.PLACE | Flag.FIRST_NAME | Flag.SURNAME)
                and tokens.is_upper(at)
                and not flag & (STOPS | WORDS | Flag.NOT_NAME)
            )
            or (
                tokens.is_upper(at)
                and not flag & (WORDS | STOPS | Flag.NOT_NAME)
                and len(word) > 2
                and tokens.gap(first) in (" ", "")
            )
        ):
            first, named = at, True
        elif word.lower() in (
            "städtisches",
            "evangelisches",
            "katholisches",
            "städtische",
            "kaiser",
            "kaiserin",
            "sankt",
            "allgemeines",
            "akademisches",
        ):
            first = at
        else:
            break
    return first, named


def _after(tokens: Tokens, index: int) -> tuple[int, bool]:
    """Return the token after the institution, and whether what follows its head word is a proper name."""
    at, end, named = index + 1, index + 1, False
    while at < len(tokens) and at - index < 12 and not tokens.new_line(at):
        word, flag = tokens.words[at], tokens.flags[at]
        if flag & STOPS or word[0].isdigit() or word in (",", ";", ":", "(", ")", "|", "*"):
            break
        if "\t" in tokens.gap(at) or len(tokens.gap(at)) > 2:
            break
        if word in ("-", "–") and tokens.joined(at) and tokens.joined(at + 1):
            at += 1
            if end == at - 1:
                end = at + 1 if tokens.is_upper(at) else end
            continue
        if tokens.is_upper(at) and not tokens.lower_cased:
            proper = (
                not flag & WORDS
                or (flag & Flag.PLACE and not flag & Flag.ANATOMY)
                or (flag & (Flag.FIRST_NAME | Flag.SURNAME) and not flag & Flag.ANATOMY)
            )
            if word.lower() in (*SAINTS, "bad") and tokens.is_upper(at + 1 + (tokens.word(at + 1) == ".")):
                proper = True
            if proper and not flag & Flag.MEDICAL:
                named, end = True, at + 1
            elif flag & Flag.HOSPITAL or (
                (flag & WORDS and tokens.word(at - 1).lower() not in ("für", "und", "u"))
                and _leads_to_proper(tokens, at)
            ):
                pass
            elif tokens.word(at - 1).lower() not in (
                "für",
                "und",
                "u",
                "der",
                "des",
                "am",
                "zum",
                "im",
                "medizinische",
                "medizinischen",
                "innere",
                "allgemeine",
            ):
                break
        elif word.lower() not in LINKS or (word == "." and tokens.word(at - 1).lower() not in (*SAINTS, "med", "univ")):
            break
        at += 1
    return end, named


def _leads_to_proper(tokens: Tokens, index: int) -> bool:
    """Tell whether a proper name follows on the same line within three words: Spital der Stadt Jena."""
    for at in range(index + 1, index + 4):
        if tokens.new_line(at) or tokens.word(at) in (",", ".", ";", ":", "("):
            return False
        if tokens.is_upper(at) and (tokens.flag(at) & Flag.PLACE or not tokens.flag(at) & WORDS):
            return True
    return False


def _organization(
    tokens: Tokens, index: int, first: int, end: int, named_before: bool, named_after: bool
) -> tuple[int, int] | None:
    lower = tokens.words[index].lower()
    if lower in INSURERS:
        if len(lower) < 4 and not tokens.words[index].isupper():
            return None
        if lower in ("tk", "css", "bva", "svs", "hek", "concordia", "signal", "techniker", "axa") and not re.search(
            r"(?:ersichert|asse|ersicherung|ostenträger)\W",
            tokens.text[max(0, tokens.starts[index] - 40) : tokens.ends[index] + 30],
        ):
            return None
        return first, max(end, index + 1)
    if lower in COMPANY:
        return (first, index + 1) if named_before and first < index and tokens.words[index] not in ("AG",) else None
    if tokens.lower_cased or not tokens.is_upper(index):
        return None
    return (first, end) if (named_before and first < index) or (named_after and end > index + 1) else None
