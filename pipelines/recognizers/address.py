"""Addresses: street with house number, postcode with place (A-9011, D-24937, CH-8006), places, countries and states."""

import re
from collections import defaultdict
from collections.abc import Iterator

from pipelines.recognizers.entity import Entity
from pipelines.recognizers.eponym import CLASS
from pipelines.recognizers.lexicon import NAME as NAMES
from pipelines.recognizers.lexicon import WORDS, Flag, read_lines
from pipelines.recognizers.streets import lived_in, street, street_after, street_before
from pipelines.recognizers.tokens import Tokens

ENTITIES = ["STREET", "ZIP", "CITY", "COUNTRY"]
NAME = "address"

LONGEST_CHAIN = 12
INTERESTING = Flag.NUMBER | Flag.STREET_END | Flag.PLACE | Flag.COUNTRY | Flag.ADDRESS
WAY_END = re.compile(r"(?:stra(?:ß|ss)en?|str|gasse|weg|platz|allee|ufer)$", re.IGNORECASE)
COUNTRY_CODES = ("A", "D", "CH", "AT", "DE", "FL", "L", "I")
PREFIXED_ZIP = re.compile(r"(?:A|D|CH|AT|DE|FL|L|I)\s?[-–]\s?\d{4,5}(?!\d)", re.IGNORECASE)
ZIP = re.compile(r"\d{4,5}(?![\d.,/:-]*\d)(?=[ \t,]{0,3}[^\W\d_])")
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
AT_HOME = frozenset(
    ". , : in aus bei nach jetzt wohnhaft wohnt wohne lebt lebend Wohnort Wohnsitz wh wohnh whft gebürtig Geburtsort"
    " Ort stammt Herkunft zugezogen Heimatort geb geboren".split()
)
"""What may stand last before a place that somebody lives in."""
INSIDE = re.compile(r"\b(?:in|auf|aus|Nähe|Raum|Stadt|Flughafen|Bahnhof|Amtsgericht|Universität|Uni|Vorstellung) $")
ABBREVIATIONS = frozenset(("Verl", "Vorst"))
"""Places that short forms are written like: bei Verl. auf ITS."""
SHORTEST_AFTER_NACH = 5
"""Letters: "nach Essen" may be after a meal."""
# who goes to a short-named town: nach Graz verzogen
MOVED_AFTER = re.compile(
    r" (?:[a-zäöü]+ )?(?:ver|um|ge|ab|zurück|über|trans|heim|ein)[a-zäöü]*"
    r"(?:zogen|legt|stellt|fahren|reist|kehrt|flogen|feriert)\b"
)
TOWARDS = re.compile(r"\b(?:nach|bei|Vorstellung) $")
PLACE_END = re.compile(
    r"\w{3}(?:kirchen|kirch|hausen|heim|burg|dorf|stadt|bach|ingen|hofen|rode|leben|furt|münster|brunn|stetten|weiler"
    r"|walde)$"
)
INTO = re.compile(
    r"\b(?:in|aus|nach|bei|von|Raum|Stadt|Landkreis|Kreis|Bezirk|Kanton|Gemeinde|Flughafen|Bahnhof|Amtsgericht|Uni"
    r"|Universität|Region|Land|Land)\s$"
)
DATELINE = re.compile(r"\s?(,)?\s?den\s\d{1,2}\s?[./]")
# what may follow the name of a place: Affoltern am Albis, Langnau i. E., Hall i.T.
TAIL = re.compile(
    r"(?: in (?:Tirol|Osttirol|Kärnten|Oberbayern|Niederbayern|Bayern|Holstein|Sachsen|Thüringen|Westfalen|Baden)\b"
    r"|,? OT [A-ZÄÖÜ][\w-]+| (?:am|im|bei|an der|in der|ob der|vor der|auf der) [A-ZÄÖÜ][\w-]+(?=\s*(?:$|[\n,;)|·]))"
    r"|\s[iI]\. ?[A-ZÄÖÜ][\w-]*\.?(?: ?[A-Z]\.)?|\sa\. ?(?:d\. ?)?[A-ZÄÖÜ]\w*\.?)"
)
BATHS = frozenset(place.split()[1] for place in read_lines("places") if place.startswith("Bad "))
HOUSE_NUMBER = re.compile(r"[a-zäöüß.] \d{1,3} ?[a-z]?,?\s{1,2}$")
LETTERHEAD = re.compile(r"\s?,?\s?(?:den|am|dem|im)?\s?(?:\d{1,2}\s?\.|\d{1,2}/\d|(?:19|20)\d\d-|\d{1,2}\s[A-ZJ])")


COUNTRIES = frozenset(read_lines("countries"))


def _long_places() -> dict[str, list[str]]:
    """Return the places of several words by their first and two signs more: Bruck an der Mur, Groß-Gerau."""
    places: dict[str, list[str]] = defaultdict(list)
    for place in {*read_lines("places"), *read_lines("towns"), *COUNTRIES}:
        first = re.split(r"[^\w]", place, maxsplit=1)[0]
        if len(first) < len(place):
            places[place[: len(first) + 2]].append(place)
    return {first: sorted(names, key=len, reverse=True) for first, names in places.items()}


LONG_PLACES = _long_places()
LONG_BEGINNINGS = frozenset(beginning[:-2] for beginning in LONG_PLACES)


def find(tokens: Tokens) -> Iterator[Entity]:
    """Yield streets, postcodes, places and countries of a text."""
    text, done = tokens.text, 0
    for index in tokens.among(LONG_BEGINNINGS):
        start = tokens.starts[index]
        places = LONG_PLACES.get(text[start : tokens.ends[index] + 2], ())
        place = next((place for place in places if text.startswith(place, start)), "")
        if place and not text[start + len(place) : start + len(place) + 1].isalnum():
            label = "COUNTRY" if place in COUNTRIES else "CITY"
            yield Entity(label, start, start + len(place), 0.8, NAME)
    yield from lived_in(text)
    for index in _candidates(tokens):
        flag, start, word = tokens.flags[index], tokens.starts[index], tokens.words[index]
        if start < done:
            continue
        if flag & Flag.NUMBER:
            found = list(_postcode(tokens, index)) if len(word) in (4, 5) else []
        elif not flag & Flag.UPPER and not tokens.lower_cased:
            continue
        elif word == "Postfach" and (match := POST_BOX.match(text, start)):
            found = [Entity("STREET", start, match.end(), 0.9, NAME)]
        else:
            found = list(street(tokens, index)) or list(_place(tokens, index))
        found = [_with_tail(text, entity) if entity.entity_type == "CITY" else entity for entity in found]
        yield from found
        if found:
            done = found[-1].end


def _candidates(tokens: Tokens) -> list[int]:
    """Return the tokens where an address may begin; an ordinary word in a letter's head, or a compound after "in"."""
    found = {*tokens.having(INTERESTING), *tokens.having_but(Flag.UPPER, WORDS)}
    found.update(index for index in tokens.line_starts if tokens.flags[index] & Flag.UPPER)
    compounds = tokens.having_but(Flag.COMPOUND, Flag.COMMON)
    found.update(i for i in compounds if tokens.flags[i] & Flag.UPPER and tokens.word(i - 1) == "in")
    return sorted(found)


def _with_tail(text: str, city: Entity) -> Entity:
    tail = TAIL.match(text, city.end)
    return city._replace(end=tail.end()) if tail else city


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
            yield from street_before(text, begin)
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
    # after a street with its number any noun is a place: Achtern Diek 3, 26802 Moormerland
    known |= len(word) == 5 and bool(HOUSE_NUMBER.search(text, max(0, start - 24), start)) and tokens.closes(place + 1)
    if tokens.flag(place) & (Flag.MEDICAL | Flag.UNIT | Flag.MONTH) or (tokens.flag(place) & Flag.COMMON and not known):
        return
    if len(word) == 4 and word[:2] in ("19", "20") and not known:
        return
    yield Entity("ZIP", start, tokens.ends[index], 0.9, NAME)
    yield from _city_after(tokens, place, sure=True)
    end = tokens.ends[_place_end(tokens, place, sure=True) - 1]
    yield from street_after(text, end)
    yield from street_before(text, start)


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
    before = text[max(0, start - 24) : start]
    home = tokens.word(index - 1) in AT_HOME and bool(HOME.search(before))
    first = tokens.words[index].lower() in PLACE_FIRST[:3] and tokens.is_upper(
        index + 1 + (tokens.word(index + 1) == ".")
    )
    if not (home or first or flag & Flag.PLACE or tokens.ends_column(index)):
        return
    if WAY_END.search(tokens.words[_hyphenated(tokens, index) - 1]):
        return
    if (
        home
        and flag & Flag.UPPER
        and not flag & (Flag.NOT_NAME | Flag.MEDICAL)
        and (flag & Flag.PLACE or first or not flag & Flag.COMMON)
    ):
        yield from _city_after(tokens, index, sure=True)
    elif tokens.new_line(index) and _is_before_den(tokens, index):
        yield Entity("CITY", start, tokens.ends[index], 0.7, NAME)
    elif flag & Flag.PLACE or first or not flag & WORDS | (flag & NAMES):
        end = _place_end(tokens, index, sure=True)
        if _is_dateline(tokens, index, end) or ((flag & Flag.PLACE or first) and _is_place(tokens, index, end, before)):
            yield Entity("CITY", start, tokens.ends[end - 1], 0.7, NAME)


def _is_before_den(tokens: Tokens, index: int) -> bool:
    """Tell whether a letter's place stands here, before "den" and its date; only a proper name needs no comma."""
    match, flag = DATELINE.match(tokens.text, tokens.ends[index]), tokens.flags[index]
    if not match or flag & (Flag.MEDICAL | Flag.MONTH):
        return False
    return bool(match[1] or flag & Flag.PLACE or not flag & Flag.COMMON)


def _is_dateline(tokens: Tokens, index: int, end: int) -> bool:
    """Tell whether a letter's place and date stand here: Flensburg, 27. März 2025; Graz, am 3.4.2019."""
    return bool(
        tokens.ends_column(index) and tokens.word(end) == "," and LETTERHEAD.match(tokens.text, tokens.starts[end])
    )


def _is_place(tokens: Tokens, index: int, end: int, before: str) -> bool:
    """Tell whether the words from `index` to `end` name a place in running text, where nothing announces one."""
    flag, word = tokens.flags[index], tokens.words[index]
    if word == "Bad" and end - index > 1:
        return tokens.words[index + 1] in BATHS or not tokens.flag(end - 1) & Flag.COMMON
    if _is_no_place(tokens, index, end):
        return False
    inside = bool(INSIDE.search(before))
    moved = bool(TOWARDS.search(before) and MOVED_AFTER.match(tokens.text, tokens.ends[end - 1]))
    if flag & Flag.TOWN and (inside or moved):
        return True
    if flag & Flag.EPONYM:
        return False
    if end - index > 1 and (not flag & WORDS or tokens.flag(end - 1) & Flag.PLACE):
        return True
    if flag & Flag.TOWN and len(word) > SHORTEST_AFTER_NACH and TOWARDS.search(before):
        return True
    if flag & (NAMES | WORDS):
        known = flag & Flag.PLACE and PLACE_END.search(word)
        return bool(known and inside) or bool(not flag & WORDS and INTO.search(before))
    return len(word) > 3 and not (word.isupper() and len(word) < 6)


def _is_no_place(tokens: Tokens, index: int, end: int) -> bool:
    """Tell whether words that may name a place mean something else: Verl. auf ITS, Staffelstein-Score, Montreal E2."""
    flag, last = tokens.flags[index], tokens.flag(end - 1)
    if (tokens.word(end) in "-–" and tokens.joined(end) and end < len(tokens)) or CLASS.match(
        tokens.text, tokens.ends[end - 1]
    ):
        return True
    if tokens.words[index] in ABBREVIATIONS and tokens.word(index + 1) == ".":
        return True
    if end - index > 2:
        ordinary = last & WORDS and not last & (NAMES | Flag.PLACE)
        medical = last & (Flag.MEDICAL | Flag.EPONYM) and not last & Flag.PLACE
        if tokens.word(end - 1).isupper() or ordinary or medical:
            return True
    return bool(flag & (Flag.MEDICAL | Flag.ANATOMY | Flag.NOT_NAME | Flag.STAFF | Flag.HOSPITAL | Flag.UNIT))
