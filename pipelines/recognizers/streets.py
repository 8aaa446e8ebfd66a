"""Streets with their house numbers, by their endings, prepositions and the postcode beside them."""

import re
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import STREET_END, Flag
from pipelines.recognizers.tokens import Tokens

NAME = "address"

LONGEST_CHAIN = 12
SURE_END = re.compile(r"(?:stra(?:[ßβ]|ss)en?|strße|str|gasse|allee|chaussee|promenade)$", re.IGNORECASE)
HOUSE = re.compile(
    r"\.?,?\s{0,2}(?:Nr\.?\s?)?\d{1,4}(?!\d)(?:\s?[-–/+]\s?\d{1,4}(?!\d))*(?:\s{0,2}[a-hA-H](?![\w.]"
    r"|-\d))?(?:\s?[-–/]\s?[a-hA-H](?!\w))?(?:/\d+)*(?:/[IVX]{1,4}\b)?(?:\s?/?\s?(?:Top"
    r"|Stiege|Tür|Stg\.|T)\s?\d+)?(?:, \d{1,2}\. ?(?:OG|Stock|Etage)\b)?"
    r"(?![\d.]\d|,\d(?!\d{3,4}\s)|\s?(?:mg|ml|cm|mm|%|Jahre|Uhr|x\b))"
)
PREPOSED = re.compile(
    r"(?:Am|Im|An\s{1,2}der|An den|An dem|Auf dem|Auf der|Auf den|In der|In den|Zum|Zur|Zu den|Hinter dem|Hinter der"
    r"|Vor dem|Vor der|Unter den|Unter der|Unterm|Bei der|Beim|Neben der|Unterer|Oberer|Alte|Alter|Neue|Neuer|Große"
    r"|Kleine|Lange|Kurze|Hohe|Obere|Untere)"
    r"\s{1,2}(?:[a-zäöü]+en\s)?(?:[A-ZÄÖÜ][\wäöüß-]+\s{0,2}){1,3}(?<=[^\W\d])\s{1,2}\d{1,3}(?:[-/]\d{1,3})*\s?[a-h]?(?![\w.,]\d|\w|\s?(?:mg"
    r"|ml|cm|mm|%|Jahre|Uhr|x\b|\.))"
)
OF_STREET = re.compile(
    r"(?:Straße|Strasse|Platz|Weg|Allee)\s(?:des|der|am|zum|zur"
    r"|von)\s(?:\d+\.\s)?[A-ZÄÖÜ][\wäöüß-]+(?:\s[A-ZÄÖÜ][\wäöüß-]+)?\s\d{1,4}\s?[a-h]?(?!\w)"
)
SQUARE = re.compile(r"[A-Z]\s?\d{1,2}\s?,\s?\d{1,2}[a-c]?(?=\W{1,3}68\d{3})")
HAMLET = r"([A-ZÄÖÜ][\wäöüß.'’-]+(?: [\wäöüß.'’-]+){0,3} \d{1,4}(?: ?[a-hA-H])?(?:/\d+)*)"
STREET_AFTER = re.compile(rf"[ ,]{{1,2}}{HAMLET}(?=\s*(?:$|[,;)\n\t]))")
STREET_BEFORE = re.compile(rf"(?:^|[\n,:|]\s{{0,12}}|, ){HAMLET}\s*[,·|\n]\s*(?:[AD]-)?$")
FARM_BEFORE = re.compile(r"(?:^|\n)[ \t]*([A-ZÄÖÜ][\wäöüß-]+ \d{1,4}(?: ?[a-h])?) (?:[AD]-)?$")
# what stands where somebody lives, though it is called no street: wohnh. Bergblick 2, Anschrift: Dorf 33
LIVING = ("wohn", "Wohn", "Adresse", "Anschrift", "wh.")
LIVED_IN = re.compile(
    r"\b(?:[Ww]ohnh?(?:aft)?\b\.?|wh\.|(?:Wohn)?[Aa]dresse|(?:Wohn)?[Aa]nschrift)\s?:?\s{1,2}(?:in |derzeit )?"
    r"((?:[A-ZÄÖÜ][\w.'’-]{1,30}|am|im|an|der|nach|des)(?: [\w.'’-]{1,30}){0,4} \d{1,4}(?: ?[a-hA-H])?(?:[/-]\d{1,3})*)"
    r"(?=[ \t]*(?:[,;\n]|\.?$))"
)
NO_STREETS = frozenset(
    "Proben Präparaten Biopsien Schnitten Segmenten Blöcken Gläschen Ebenen"
    " Tag Segment Bereich Alter Stadium Jahr Jahre Station Zimmer Mittel Verlauf Zyklus Woche".split()
)


def lived_in(text: str) -> Iterator[Entity]:
    """Yield what stands with a number behind a word for living somewhere."""
    for match in LIVED_IN.finditer(text) if any(word in text for word in LIVING) else ():
        yield Entity("STREET", match.start(1), match.end(1), 0.7, NAME)


def street(tokens: Tokens, index: int) -> Iterator[Entity]:
    """Yield a street with its house number; "Friesische Str. 21 a" begins one or two words before."""
    text, start, word = tokens.text, tokens.starts[index], tokens.words[index]
    match = PREPOSED.match(text, start) if word in PREPOSED_WORDS else None
    match = match or (OF_STREET.match(text, start) if word in ("Straße", "Strasse", "Platz", "Weg", "Allee") else None)
    if match and not _is_medical(tokens, index, match.end()):
        yield Entity("STREET", start, match.end(), 0.7, NAME)
        return
    if len(word) == 1 and (match := SQUARE.match(text, start)):
        yield Entity("STREET", start, match.end(), 0.8, NAME)
        return
    ending = STREET_END.search(word) if tokens.flags[index] & Flag.STREET_END else None
    if not ending or len(word) - len(ending[0]) in (1, 2) or word.endswith("spital"):
        return
    house = HOUSE.match(text, tokens.ends[index])
    sure = bool(SURE_END.search(word))
    bare = len(word) == len(ending[0])
    if not house and not (sure and not bare and not tokens.flags[index] & Flag.COMMON):
        return
    first = _street_start(tokens, index, bare)
    if (bare and first == index) or (
        not sure and tokens.flags[index] & Flag.COMMON and first == index and not _has_address(tokens, index)
    ):
        return
    yield Entity("STREET", tokens.starts[first], house.end() if house else tokens.ends[index], 0.9, NAME)


PREPOSED_WORDS = frozenset(form.split()[0] for form in PREPOSED.pattern[3:].split(")")[0].split("|"))


def _is_medical(tokens: Tokens, index: int, end: int) -> bool:
    """Tell whether "Am Tag 3" or "Im Segment 4" is meant: the words are medical, or the line goes on as a sentence."""
    at = index + 1
    while at < len(tokens) and tokens.ends[at] < end:
        if tokens.flags[at] & (Flag.MEDICAL | Flag.ANATOMY | Flag.MONTH | Flag.UNIT) or tokens.words[at] in NO_STREETS:
            return True
        at += 1
    following = tokens.text[end : end + 9]
    return not re.match(r"\s*(?:$|in |[,;)\n|·–-]|\d{4,5}|[AD]-)", following)


def _has_address(tokens: Tokens, index: int) -> bool:
    """Tell whether a postcode stands close by."""
    around = tokens.text[max(0, tokens.starts[index] - 40) : tokens.ends[index] + 40]
    return bool(re.search(r"(?<!\d)\d{4,5}\s[A-ZÄÖÜ]|wohnhaft|wh\.|Adresse|Anschrift|Straße:", around))


def _street_start(tokens: Tokens, index: int, bare: bool) -> int:
    """Return the first token of a street's name: Iris-Leber-Straße, Kärntner Straße, Erich-Kästner-Platz."""
    first = index
    while (
        first > index - LONGEST_CHAIN
        and first
        and tokens.joined(first)
        and tokens.words[first - 1] in "-–"
        and tokens.joined(first - 1)
        and (tokens.is_upper(first - 2) or tokens.flag(first - 2) & Flag.PARTICLE)
    ):
        first -= 2
    # Prof.-Dr.-Max-Lange-Platz, St.-Georg-Str.
    while (
        tokens.word(first - 1) in ("-", "–")
        and tokens.word(first - 2) == "."
        and (tokens.flag(first - 3) & Flag.TITLE or tokens.word(first - 3) in ("St", "Skt"))
    ):
        first -= 3
    if not bare or first < index or tokens.new_line(index):
        return first
    if not tokens.is_upper(index - 1) or tokens.flag(index - 1) & (Flag.SALUTATION | Flag.NOT_NAME | Flag.TITLE):
        return first
    first = index - 1
    while (
        index - first < LONGEST_CHAIN
        and first
        and tokens.joined(first)
        and tokens.words[first - 1] in "-–"
        and tokens.is_upper(first - 2)
    ):
        first -= 2
    # Bergisch Gladbacher Str.
    if tokens.word(first - 1).endswith(("isch", "er")) and tokens.gap(first) == " " and tokens.is_upper(first - 1):
        first -= not tokens.flag(first - 1) & (Flag.STAFF | Flag.SALUTATION | Flag.NOT_NAME)
    return first


def street_before(text: str, postcode: int) -> Iterator[Entity]:
    """Yield what stands as a street does before a postcode, though it is called none: Esplanade 14/2, Dorf 33."""
    begin = max(0, postcode - 60)
    if match := STREET_BEFORE.search(text, begin, postcode) or FARM_BEFORE.search(text, begin, postcode):
        yield Entity("STREET", match.start(1), match.end(1), 0.6, NAME)


def street_after(text: str, place: int) -> Iterator[Entity]:
    """Yield what stands as a street does after a place that ends at `place`."""
    if match := STREET_AFTER.match(text, place):
        yield Entity("STREET", match.start(1), match.end(1), 0.6, NAME)
