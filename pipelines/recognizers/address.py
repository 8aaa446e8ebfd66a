"""Addresses: street with house number, postcode with place (A-9011, D-24937, CH-8006), places, countries and states."""

import re
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.lexicon import NAME as NAMES
from pipelines.recognizers.lexicon import STREET_END, WORDS, Flag, read_lines
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["STREET", "ZIP", "CITY", "COUNTRY"]
NAME = "address"

LONGEST_CHAIN = 12
INTERESTING = Flag.NUMBER | Flag.STREET_END | Flag.PLACE | Flag.COUNTRY | Flag.ADDRESS
SURE_END = re.compile(r"(?:stra(?:[ßβ]|ss)en?|strße|str|gasse|allee|chaussee|promenade)$", re.IGNORECASE)
WAY_END = re.compile(r"(?:stra(?:ß|ss)en?|str|gasse|weg|platz|allee|ufer)$", re.IGNORECASE)
HOUSE = re.compile(
    r"\.?,?\s{0,2}(?:Nr\.?\s?)?\d{1,4}(?:\s?[-–/+]\s?\d{1,4}(?!\d))*(?:\s{0,2}[a-hA-H](?![\w.]"
    r"|-\d))?(?:\s?[-–/]\s?[a-hA-H](?!\w))?(?:/\d+)*(?:\s?/?\s?(?:Top"
    r"|Stiege|Tür|Stg\.|T)\s?\d+)?(?![\d.,]\d|\s?(?:mg|ml|cm|mm|%|Jahre|Uhr|x\b))"
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
COUNTRY_CODES = ("A", "D", "CH", "AT", "DE", "FL", "L", "I")
PREFIXED_ZIP = re.compile(r"(?:A|D|CH|AT|DE|FL|L|I)\s?[-–]\s?\d{4,5}(?!\d)", re.IGNORECASE)
ZIP = re.compile(r"\d{4,5}(?![\d.,/:-]*\d)(?=[ \t,]{0,3}[^\W\d_])")
HAMLET = r"([A-ZÄÖÜ][\wäöüß.-]+(?: [\wäöüß.-]+){0,3} \d{1,4}(?: ?[a-hA-H])?(?:/\d+)*)"
STREET_AFTER = re.compile(rf"[ ,]{{1,2}}{HAMLET}(?=\s*(?:$|[,;)\n\t]))")
STREET_BEFORE = re.compile(rf"(?:^|[\n,:]\s?|, ){HAMLET}\s*[,·|\n]\s*(?:[AD]-)?$")
NO_STREETS = frozenset(
    "Tag Segment Bereich Alter Stadium Jahr Jahre Station Zimmer Mittel Verlauf Zyklus Woche".split()
)
POST_BOX = re.compile(r"Postfach\s(?:\d[\d ]*\d)")
PLACE_FIRST = tuple(
    "bad sankt st groß gross klein neu alt ober unter markt maria hohen burg"
    " schloß schloss kreis kirch heilig heiligen hall".split()
)
PLACE_LINK = tuple("am an im ob bei auf vor der dem den die a i b d o u".split())
HOME = re.compile(
    r"(?:\bgeb(?:oren|\.)?(?: am)?[ \d.]{0,14}(?= in)|wohnhaft|wohnt|wohne|lebt|lebend|Wohnort|Wohnsitz|wh\.?|wohnh\."
    r"|whft\.?|gebürtig|Geburtsort|Ort|stammt"
    r"|Herkunft|zugezogen|Heimatort)\b[\s.:,]{0,3}(?:in|aus|bei|nach|jetzt)?\s?$"
)
INSIDE = re.compile(r"\b(?:in|auf|aus|Nähe|Raum|Stadt|Flughafen|Bahnhof|Amtsgericht|Universität|Uni|Vorstellung) $")
SHORTEST_AFTER_NACH = 5
"""Letters: "nach Essen" may be after a meal."""
TOWARDS = re.compile(r"\b(?:nach|bei|Vorstellung) $")
PLACE_END = re.compile(
    r"\w{3}(?:kirchen|kirch|hausen|heim|burg|dorf|stadt|bach|ingen|hofen|rode|leben|furt|münster|brunn|stetten|weiler"
    r"|walde)$"
)
INTO = re.compile(
    r"\b(?:in|aus|nach|bei|von|Raum|Stadt|Landkreis|Kreis|Bezirk|Kanton|Gemeinde|Flughafen|Bahnhof|Amtsgericht|Uni"
    r"|Universität|Region|Land|Land)\s$"
)
DATELINE = re.compile(r"\s?,\s?den\s\d{1,2}[./]")
# what may follow the name of a place: Affoltern am Albis, Langnau i. E., Hall i.T.
TAIL = re.compile(
    r"(?:,? OT [A-ZÄÖÜ][\w-]+| (?:am|im|bei|an der|in der|ob der|vor der|auf der) [A-ZÄÖÜ][\w-]+(?=\s*(?:$|[\n,;)|·]))"
    r"|\s[iI]\. ?[A-ZÄÖÜ][\w-]*\.?(?: ?[A-Z]\.)?|\sa\. ?(?:d\. ?)?[A-ZÄÖÜ]\w*\.?)"
)
LETTERHEAD = re.compile(r"\s?,?\s?(?:den|am|dem|im)?\s?(?:\d{1,2}\s?\.|\d{1,2}/\d|(?:19|20)\d\d-|\d{1,2}\s[A-ZJ])")


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield streets, postcodes, places and countries of a text."""
    text, done = tokens.text, 0
    for index, flag in enumerate(tokens.flags):
        if not flag & INTERESTING and (not flag & Flag.UPPER or (flag & WORDS and not _may_be_place(tokens, index))):
            continue
        start, word = tokens.starts[index], tokens.words[index]
        if start < done:
            continue
        if flag & Flag.NUMBER:
            found = list(_postcode(tokens, index)) if len(word) in (4, 5) else []
        elif not flag & Flag.UPPER and not tokens.lower_cased:
            continue
        elif word == "Postfach" and (match := POST_BOX.match(text, start)):
            found = [Entity("STREET", start, match.end(), 0.9, NAME)]
        else:
            found = list(_street(tokens, index)) or list(_place(tokens, index))
        found = [_with_tail(text, entity) if entity.entity_type == "CITY" else entity for entity in found]
        yield from found
        if found:
            done = found[-1].end


def _may_be_place(tokens: Tokens, index: int) -> bool:
    """Tell whether an ordinary word may be looked at as a place: in a letter's head, or a compound after "in"."""
    compound = not tokens.flags[index] & Flag.COMMON and tokens.word(index - 1) == "in"
    return compound or tokens.new_line(index)


def _with_tail(text: str, city: Entity) -> Entity:
    tail = TAIL.match(text, city.end)
    return city._replace(end=tail.end()) if tail else city


def _street(tokens: Tokens, index: int) -> Iterator[Entity]:
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
    if not ending or (len(word) - len(ending[0]) in (1, 2)):
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
    if bare and first == index and not tokens.new_line(index):
        previous = tokens.flag(index - 1)
        if tokens.is_upper(index - 1) and not previous & (Flag.SALUTATION | Flag.NOT_NAME | Flag.TITLE):
            first = index - 1
            while (
                index - first < LONGEST_CHAIN
                and first
                and tokens.joined(first)
                and tokens.words[first - 1] in "-–"
                and tokens.is_upper(first - 2)
            ):
                first -= 2
    return first


def _postcode(tokens: Tokens, index: int) -> Iterator[Entity]:
    """Yield a postcode and the place after it."""
    text, start, word = tokens.text, tokens.starts[index], tokens.words[index]
    previous = tokens.word(index - 1)
    if previous in ("-", "–") and tokens.joined(index) and tokens.word(index - 2).upper() in COUNTRY_CODES:
        begin = tokens.starts[index - 2]
        match = PREFIXED_ZIP.match(text, begin)
        if match:
            yield Entity("ZIP", begin, match.end(), 0.95, NAME)
            yield from _city_after(tokens, index + 1, sure=True)
        return
    if not ZIP.match(text, start) or (
        tokens.joined(index)
        and (previous in tuple(".-/:+") or (previous == "," and not tokens.flag(index + 1) & Flag.PLACE))
    ):
        return
    place = index + 1 + (tokens.word(index + 1) == ",")
    if not tokens.is_upper(place) and not (tokens.lower_cased and tokens.flag(place) & Flag.PLACE):
        return
    known = bool(tokens.flag(place) & Flag.PLACE) or tokens.word(place).lower() in PLACE_FIRST
    if (
        len(word) == 4
        and not known
        and not re.search(r"(?:\d\s?[a-z]?|,|\n|wohnhaft(?: in)?|wh\.:?|PLZ:?)\s*$", text[max(0, start - 14) : start])
    ):
        return
    if tokens.flag(place) & (Flag.MEDICAL | Flag.UNIT | Flag.MONTH) or (tokens.flag(place) & Flag.COMMON and not known):
        return
    if len(word) == 4 and word[:2] in ("19", "20") and not known:
        return
    yield Entity("ZIP", start, tokens.ends[index], 0.9, NAME)
    yield from _city_after(tokens, place, sure=True)
    end = tokens.ends[_place_end(tokens, place, sure=True) - 1]
    if match := STREET_AFTER.match(text, end):
        yield Entity("STREET", match.start(1), match.end(1), 0.6, NAME)
    if match := STREET_BEFORE.search(text, max(0, start - 60), start):
        yield Entity("STREET", match.start(1), match.end(1), 0.6, NAME)


def _city_after(tokens: Tokens, index: int, sure: bool) -> Iterator[Entity]:
    end = _place_end(tokens, index, sure)
    if end > index:
        yield Entity("CITY", tokens.starts[index], tokens.ends[end - 1], 0.9, NAME)


def _place_end(tokens: Tokens, index: int, sure: bool) -> int:
    """Return the token after the place's name that begins at `index`, or `index`: Bad Arolsen, Halle (Saale)."""
    at = index
    if not (tokens.is_upper(at) or (tokens.lower_cased and tokens.flag(at) & Flag.PLACE)):
        return index
    at = _hyphenated(tokens, at)
    if (
        tokens.words[index].lower() in PLACE_FIRST
        and tokens.is_upper(at + (tokens.word(at) == "."))
        and not tokens.new_line(at)
    ):
        at = _hyphenated(tokens, at + (tokens.word(at) == "."))
    elif (
        sure
        and tokens.is_upper(at)
        and not tokens.new_line(at)
        and tokens.gap(at) == " "
        and tokens.flag(at) & Flag.PLACE
    ):
        at = _hyphenated(tokens, at)
    link = at
    while tokens.word(link).lower() in PLACE_LINK and link - at < 3 and not tokens.new_line(link):
        link += 2 if tokens.word(link + 1) == "." else 1
    if (
        link > at
        and tokens.is_upper(link)
        and not tokens.new_line(link)
        and tokens.flag(link) & Flag.PLACE | (tokens.word(link) in RIVERS)
    ):
        at = link + 1
    if tokens.word(at) in ("(", "/") and tokens.word(at + 1) in RIVERS:
        at += 3 if tokens.word(at + 2) == ")" else 2
    return at


RIVERS = frozenset(read_lines("place_tails"))


def _hyphenated(tokens: Tokens, index: int) -> int:
    at = index + 1
    while (
        at - index < LONGEST_CHAIN
        and tokens.word(at) in ("-", "–")
        and tokens.joined(at)
        and tokens.joined(at + 1)
        and tokens.is_upper(at + 1)
    ):
        at += 2
    return at


def _place(tokens: Tokens, index: int) -> Iterator[Entity]:
    """Yield a place or country named in running text or in a letter's head."""
    flag, text, start = tokens.flags[index], tokens.text, tokens.starts[index]
    if tokens.joined(index) and tokens.word(index - 1) in ("-", "–") and tokens.flag(index - 2) & Flag.UPPER:
        return
    if (
        flag & Flag.COUNTRY
        and (len(tokens.words[index]) > 3 or tokens.words[index].isupper())
        and not (tokens.word(index + 1) in "-–" and tokens.joined(index + 1))
    ):
        yield Entity("COUNTRY", start, tokens.ends[index], 0.7, NAME)
        return
    if WAY_END.search(tokens.words[_hyphenated(tokens, index) - 1]):
        return
    before = text[max(0, start - 24) : start]
    home = bool(HOME.search(before))
    first = tokens.words[index].lower() in PLACE_FIRST[:3] and tokens.is_upper(
        index + 1 + (tokens.word(index + 1) == ".")
    )
    if (
        home
        and flag & Flag.UPPER
        and not flag & (Flag.NOT_NAME | Flag.MEDICAL)
        and (flag & Flag.PLACE or first or not flag & Flag.COMMON)
    ):
        yield from _city_after(tokens, index, sure=True)
    elif tokens.new_line(index) and DATELINE.match(text, tokens.ends[index]) and not flag & (Flag.MEDICAL | Flag.MONTH):
        yield Entity("CITY", start, tokens.ends[index], 0.7, NAME)
    elif flag & Flag.PLACE or first or not flag & WORDS | (flag & NAMES):
        end = _place_end(tokens, index, sure=True)
        if _is_dateline(tokens, index, end) or ((flag & Flag.PLACE or first) and _is_place(tokens, index, end, before)):
            yield Entity("CITY", start, tokens.ends[end - 1], 0.7, NAME)


def _is_dateline(tokens: Tokens, index: int, end: int) -> bool:
    """Tell whether a letter's place and date stand here: Flensburg, 27. März 2025; Graz, am 3.4.2019."""
    return bool(
        tokens.new_line(index) and tokens.word(end) == "," and LETTERHEAD.match(tokens.text, tokens.starts[end])
    )


def _is_place(tokens: Tokens, index: int, end: int, before: str) -> bool:
    flag = tokens.flags[index]
    if tokens.word(end) in "-–" and tokens.joined(end) and end < len(tokens):
        return False
    last = tokens.flag(end - 1)
    if end - index > 2 and (tokens.word(end - 1).isupper() or (last & WORDS and not last & (NAMES | Flag.PLACE))):
        return False
    if flag & (Flag.MEDICAL | Flag.ANATOMY | Flag.NOT_NAME | Flag.STAFF | Flag.HOSPITAL | Flag.EPONYM | Flag.UNIT):
        return False
    if end - index > 1 and (not flag & WORDS or tokens.flag(end - 1) & Flag.PLACE):
        return True
    if tokens.words[index] == "Bad" and end - index > 1 and not tokens.flag(end - 1) & WORDS:
        return True
    if flag & Flag.TOWN and len(tokens.words[index]) > SHORTEST_AFTER_NACH and TOWARDS.search(before):
        return True
    if flag & (NAMES | WORDS):
        inside = flag & Flag.TOWN or (flag & Flag.PLACE and PLACE_END.search(tokens.words[index]))
        return bool(inside and INSIDE.search(before)) or bool(not flag & WORDS and INTO.search(before))
    if flag & Flag.TOWN and INSIDE.search(before):
        return True
    return len(tokens.words[index]) > 3 and not (tokens.words[index].isupper() and len(tokens.words[index]) < 6)
