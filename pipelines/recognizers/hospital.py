"""Hospitals, practices and homes with a name of their own, and other organisations; general descriptions stay."""

import re
from collections.abc import Iterator

from pipelines.recognizers.address import BATHS
from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import NAME as NAMES
from pipelines.recognizers.lexicon import WORDS, Flag, lexicon, read_lines
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["HOSPITAL", "ORGANIZATION"]
NAME = "hospital"

FARTHEST = 10
INSURERS = frozenset(read_lines("insurers"))
SHORTEST_SURE = 3
COMPANY = frozenset(("gmbh", "ag", "kg", "ohg", "kgaa"))
FAMOUS = frozenset(
    "usz akh charité uke inselspital mhh uksh ukgm ukd ukb ukm ukr ukw ukl umg umm bergmannsheil bergmannstrost".split()
)
KINDS = frozenset(read_lines("hospitals"))
# what houses by their place are called: Schlosspark-Klinik
LANDSCAPE = re.compile(r"[a-zäöüß](?:park|hof|wald|see|tal|blick|garten|stein|burg|feld|hain|höhe|quell|brunn)$")
SAINTS = frozenset(("st", "sankt", "sct", "bad", "heilig", "heilige", "maria"))
# who runs houses and is written before a hyphen: LWL-Klinik
OPERATORS = frozenset("LWL LVR BG DRK SRH KMG GLG AMEOS LVA DRV RHM Caritas Median MEDIAN".split())
# what may stand between the head word and the proper name: Klinik für Chirurgie der Universität Jena
GAPS = ("", " ", "  ", "   ")
LINKS = frozenset("der des die den dem am im zum zur in von vom an bei für und u & .".split())
# what a name that is an ordinary noun follows: Praxis am Stadtgarten, Klinik zum Guten Hirten
SITES = frozenset("am zum zur beim vom".split())
# what tells apart houses of one name: Klinikum Darmstadt Nord
DIRECTIONS = frozenset("Nord Süd Ost West Mitte Nordost Nordwest Südost Südwest".split())
HOUSES = ("klinikum", "klinikums", "krankenhaus", "krankenhauses")
GENERIC = frozenset(
    "akut fach kreis stadt uni universität bezirk land herz zentral groß militär bundeswehr beleg unfall kinder frauen"
    " allgemein plan versorgung lehr heimat schwerpunkt entsende zuweiser not groß ausweich eltern spezial reha privat"
    " psychiatrie tier".split()
)
WARDS = Flag.ANATOMY | Flag.NOT_NAME
ADJECTIVE = ("sche", "schen", "scher", "ere", "eren", "liche", "lichen")
ADJECTIVES = frozenset(
    "städt evang kgl städtisches städtische evangelisches katholisches allgemeines akademisches univ ev kath"
    " med".split()
)
STOPS = Flag.SALUTATION | Flag.TITLE | Flag.STAFF | Flag.PATIENT | Flag.BIRTH | Flag.PHONE | Flag.FAX | Flag.MONTH
PAYER = re.compile(
    r"(?:Police|\b[Vv]ers\.?-?[Nn]r|\b[Vv]ers\.|Kostengutsprache|\bpriv|Beihilfe|VSNR|[Bb]eantragt|Einheiten|ersichert|asse|ersicherung"
    r"|ostenträger"
    r"|\bKK)\W"
)
# the number of the insured behind an insurer
INSURED = re.compile(r"[ :]{1,3}(?=[\d /-]*\d)[A-Z]?(?:\d[ /-]{0,2}){7,}")
EMPLOYER = re.compile(
    r"(?![.:]?[^\S\n]*\n[^\S\n]*\n)[.:]?\s+(?:bei|beim|in|an)?\s?(?:der|dem|den)?\s?((?:[A-ZÄÖÜ][\w.-]+|&|der|und|für)"
    r"(?:[ ](?:[A-ZÄÖÜ][\w.-]*\w|&|für|der|und))*)(?=[.,;)]|\s*\n|\s+(?:gestellt|tätig|beschäftigt|angestellt))"
)
FAMILY_FIRM = re.compile(
    r"\b[A-ZÄÖÜ]\w{1,30}(?:-[A-ZÄÖÜ]\w{1,30}){0,2}\s{0,2}&\s{0,2}"
    r"(?:Söhne|Sohn|Töchter|Partner|Kollegen|Co\b\.?(?: KG)?)"
)
# on which bank it lies: Klinikum rechts der Isar
ON_BANK = re.compile(r"\b(?:Uni)?[Kk]lini[\w-]{1,12} (?:[Rr]echts|[Ll]inks) der [A-ZÄÖÜ][\w-]+")
TEACHING = re.compile(
    r"\s*,?\s*Akademisches Lehrkrankenhaus\s+(?:der|des)\s+[A-ZÄÖÜ][\w-]+(?:[ \t]+(?:[A-ZÄÖÜ][\w-]+|in|der|zu))*"
)


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield the named institutions of a text."""
    for index in tokens.having(Flag.EMPLOYMENT):
        if match := EMPLOYER.match(tokens.text, tokens.ends[index]):
            yield Entity("ORGANIZATION", match.start(1), match.end(1), 0.6, NAME)
    for match in FAMILY_FIRM.finditer(tokens.text) if "&" in tokens.text else ():
        yield Entity("ORGANIZATION", match.start(), match.end(), 0.8, NAME)
    for match in ON_BANK.finditer(tokens.text) if "s der " in tokens.text else ():
        yield Entity("HOSPITAL", match.start(), match.end(), 0.8, NAME)
    for index in tokens.having(Flag.HOSPITAL | Flag.ORGANIZATION | Flag.WARD):
        flag = tokens.flags[index]
        organization = flag & Flag.ORGANIZATION and not flag & Flag.HOSPITAL
        if organization:
            span = _organization(tokens, index)
        elif flag & Flag.HOSPITAL:
            span = _hospital(tokens, index)
        elif tokens.flag(index + 1) & Flag.PLACE and flag & Flag.UPPER and _is_department(tokens, index):
            span = (index, index + 3 if tokens.word(index + 2) in DIRECTIONS else index + 2)
        elif flag & Flag.UPPER and tokens.word(index + 1) == "Bad" and tokens.is_upper(index + 2):
            span = (index, index + 3)
        else:
            continue
        if span:
            end = tokens.ends[span[1] - 1]
            teaching = TEACHING.match(tokens.text, end)
            label = "ORGANIZATION" if organization else "HOSPITAL"
            yield Entity(label, tokens.starts[span[0]], teaching.end() if teaching else end, 0.75, NAME)


def _hospital(tokens: Tokens, index: int) -> tuple[int, int] | None:
    """Return the tokens of the institution whose head word stands at `index`, where it has a name of its own."""
    short = len(tokens.words[index]) < 4 and not tokens.words[index].isupper() and tokens.words[index] != "Lkh"
    if not tokens.lower_cased and (short or not tokens.is_upper(index)):
        return None
    first, named_before = _before(tokens, index)
    end, named_after = _after(tokens, index)
    word, flag = tokens.words[index], tokens.flags[index]
    unknown = len(word) > 9 and word.lower() not in KINDS and (not flag & WORDS or _is_house(word.lower()))
    if named_before or named_after or unknown or word.lower() in FAMOUS:
        return first, end
    return None


def _is_house(lower: str) -> bool:
    """Tell whether a compound is what one hospital is called, and no kind of them: Elblandklinikum."""
    ending = next((ending for ending in HOUSES if lower.endswith(ending)), "")
    return bool(ending) and lower.removesuffix(ending).rstrip("s") not in GENERIC


def _is_department(tokens: Tokens, index: int) -> bool:
    """Tell whether a department with its town stands here: Radiologie Bielefeld."""
    following = tokens.flags[index + 1]
    clear = bool(following & Flag.TOWN) or not following & (WORDS | NAMES)
    return clear and tokens.gap(index + 1) == " " and len(tokens.words[index]) > 6


def _is_proper(tokens: Tokens, index: int) -> bool:
    """Tell whether the word at `index` is a proper name: of a place or person, or in no dictionary."""
    flag = tokens.flag(index)
    if not tokens.is_upper(index) or flag & (
        Flag.WARD | Flag.MEDICAL | Flag.ANATOMY | STOPS | Flag.HOSPITAL | Flag.UNIT
    ):
        return False
    word = tokens.words[index]
    if word.endswith("er") and lexicon()[word[:-2] or word] & Flag.TOWN:
        return True
    if len(word) < 3 or (word.isupper() and len(word) < 5 and not flag & Flag.PLACE):
        return False
    return bool(flag & (Flag.PLACE | NAMES) and not flag & Flag.NOT_NAME) or not flag & Flag.COMMON


def _before(tokens: Tokens, index: int) -> tuple[int, bool]:
    """Return the first token of the institution, and whether what stands before its head word is a proper name."""
    first, named = index, False
    while (
        index - first < FARTHEST
        and tokens.joined(first)
        and tokens.word(first - 1) in ("-", "–")
        and tokens.joined(first - 1)
    ):
        first -= 2
        named |= _is_proper(tokens, first) or tokens.word(first).lower() in SAINTS or tokens.word(first) in OPERATORS
        named |= bool(LANDSCAPE.search(tokens.word(first)))
        if tokens.word(first - 1) in ("-", "–") and tokens.word(first - 2) == "." and tokens.joined(first):
            first, named = first - 3, True
    while first and not tokens.new_line(first) and index - first < FARTHEST and tokens.gap(first) in GAPS:
        at = first - 1
        word, flag = tokens.words[at], tokens.flags[at]
        if word == "." and tokens.word(at - 1).lower() in SAINTS | ADJECTIVES:
            named |= tokens.word(at - 1).lower() in SAINTS
            first = at - 1
        elif word in OPERATORS:
            first, named = at, True
        elif word.lower() in ADJECTIVES or (tokens.is_upper(at) and word.endswith(("sche", "sches", "schen", "scher"))):
            first = at
        elif _is_proper(tokens, at) and (not flag & WORDS or word.endswith("er")) and not flag & Flag.AMBIGUOUS:
            first, named = at, True
        else:
            break
    return first, named


def _after(tokens: Tokens, index: int) -> tuple[int, bool]:
    """Return the token after the institution, and whether what follows its head word is a proper name."""
    at, end, named, head = index + 1, index + 1, False, index
    while at < len(tokens) and at - index < FARTHEST and not tokens.new_line(at) and tokens.gap(at) in GAPS:
        word, flag = tokens.words[at], tokens.flags[at]
        if (
            word in ("-", "–", ".")
            and tokens.joined(at)
            and (tokens.joined(at + 1) or tokens.word(at - 1).lower() in SAINTS)
        ):
            at += 1
            end = at + 1 if end == at - 1 and tokens.is_upper(at) else end
            continue
        if flag & STOPS or not (word[0].isalpha() or word == "&"):
            break
        if tokens.is_upper(at):
            previous = tokens.word(at - 1).lower()
            saint = previous == "." and tokens.word(at - 2).lower() in SAINTS
            adjective = named and tokens.word(at - 1).endswith("er") and tokens.gap(at) == " " and at == end
            further = adjective and not flag & (Flag.MEDICAL | WARDS)
            further |= named and not flag & (Flag.MEDICAL | WARDS) and (previous in SITES or word in DIRECTIONS)
            bath = tokens.word(at - 1) == "Bad" and word in BATHS
            if saint or further or bath or _is_proper(tokens, at) or _is_named_so(tokens, head, at, previous):
                named, end = True, at + 1
            elif word.lower() in SAINTS:
                end = at + 1
            elif flag & Flag.HOSPITAL:
                if word.lower() not in KINDS and not flag & WORDS:
                    named, end = True, at + 1
                head = at
        elif word.lower() not in LINKS:
            break
        at += 1
    return end, named


def _is_named_so(tokens: Tokens, head: int, index: int, previous: str) -> bool:
    """Tell whether an ordinary noun is the institution's name: Klinikum Bärental, Praxis am Stadtgarten, Kita Sonne."""
    flag = tokens.flags[index]
    if (
        flag & (Flag.MEDICAL | Flag.ANATOMY | Flag.NOT_NAME | STOPS | Flag.HOSPITAL | Flag.IDENTIFIER)
        or len(tokens.words[index]) < 3
    ):
        return False
    if previous == "der" and tokens.word(index - 2) in ("an", "in"):
        return index == head + 3
    beside = bool(tokens.flag(head + 1) & Flag.WARD) and index == head + 3
    return (index == head + 1 and tokens.gap(index) == " ") or (previous in SITES and (index == head + 2 or beside))


def _organization(tokens: Tokens, index: int) -> tuple[int, int] | None:
    """Return the tokens of an organisation: an insurer, a company, an office or school with a name."""
    word, lower = tokens.words[index], tokens.words[index].lower()
    if not tokens.is_upper(index):
        return None
    first, named_before = _before(tokens, index)
    end, named_after = _after(tokens, index)
    if lower in INSURERS:
        if len(lower) < 4 and not (word.isupper() or tokens.lower_cased):
            return None
        around = tokens.text[max(0, tokens.starts[index] - 40) : tokens.ends[index] + 30]
        sure = lower in ("aok", "barmer", "dak", "drv", "ikk", "bkk", "kkh") or PAYER.search(around)
        sure = (
            sure
            or INSURED.match(tokens.text, tokens.ends[index])
            or (len(lower) > SHORTEST_SURE and not tokens.flags[index] & Flag.COMMON)
        )
        end += tokens.word(end) in ("Krankenkasse", "Versicherung", "Versicherungen", "Gesundheit", "classic", "gesund")
        return (first, end) if sure or tokens.word(end - 1) == "Krankenkasse" else None
    if lower in COMPANY:
        return (first, index + 1) if named_before and word not in ("AG", "KG") else None
    return (first, end) if (named_before and first < index) or named_after else None
