"""A known date, number, address or contact in a text, whatever separates its parts."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from pipelines.folding import fold
from pipelines.known_identifiers.tokens import GAP, TOKEN, Tokens
from pipelines.lexicons import entries
from pipelines.spans import Span
from schemas.document import KnownIdentifier

_SHORTEST = 3
"""Fewer letters and digits identify nobody and are everywhere."""
_WORDS = frozenset({"STREET", "CITY", "ZIP", "COUNTRY", "HOSPITAL", "ORGANIZATION", "PROFESSION"})
_NUMBERS = frozenset({"PHONE", "FAX", "ID"})
_COUNTRY_PREFIX = re.compile(r"\s*(?:\+|00)\s*(?:49|43|41)\s*(?:\(0\))?")
_PREFIX_BEFORE = re.compile(r"(?:(?:\+|00)\d{2}[ \-/]?)?(?:\(0\)|0)?[ \-/]?\Z")
_PREFIX_LENGTH = 12
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?!\d)",
        r"(?P<y>(?:18|19|20)\d{2})(?P<m>[01]\d)(?P<d>[0-3]\d)(?:\d{4,}.*)?\Z",
        r"(?P<d>\d{1,2})[./\-\s]+(?P<m>\d{1,2})[./\-\s]+(?P<y>\d{4}|\d{2})(?!\d)",
        r"(?P<d>\d{1,2})\.?\s*(?P<m>[^\W\d_]+)\.?\s*(?P<y>\d{4})(?!\d)",
    )
)


@cache
def _months() -> dict[str, int]:
    return {name: int(number) for name, number in (entry.split("\t") for entry in entries("month_names"))}


def parse_date(value: str) -> tuple[int, int, int] | None:
    """Return (year, month, day) of a date field: ISO, HL7 or FHIR, German, or with slashes; None where it is none."""
    for pattern in _DATES:
        if match := pattern.match(value.strip()):
            month = int(match["m"]) if match["m"].isdecimal() else _months().get(fold(match["m"]), 0)
            if 1 <= month <= 12 and 1 <= int(match["d"]) <= 31:
                return int(match["y"]), month, int(match["d"])
    return None


def _years(year: int) -> set[str]:
    return {str(year), f"{year % 100:02}"} if year > 99 else {f"{year:02}", f"19{year:02}", f"20{year:02}"}


def _runs(date: tuple[int, int, int]) -> list[str]:
    """Return the date as digits without separators, day first and year first."""
    year, month, day = date
    return [f for y in sorted(_years(year)) for f in (f"{day:02}{month:02}{y}", f"{y}{month:02}{day:02}")]


def telling_forms(identifier: KnownIdentifier) -> set[str]:
    """Return the folded tokens of which one is there wherever the identifier is."""
    date = parse_date(identifier.value) if identifier.label in ("DATE", "DATE_OF_BIRTH") else None
    return {*_years(date[0]), *_runs(date)} if date else _beginnings(identifier)


def _beginnings(identifier: KnownIdentifier) -> set[str]:
    """Return the tokens that a spelling of the value may begin with: prefixes of it, numbers also after zeros."""
    value = squeeze(identifier.value, identifier.label)
    if len(value) < _SHORTEST:
        return set()
    spellings = {value, value.replace("str", "strasse", 1)} if identifier.label == "STREET" else {value}
    prefixes = {spelling[:length] for spelling in spellings for length in range(1, len(spelling) + 1)}
    if identifier.label in _NUMBERS:
        prefixes |= {zeros + prefix for zeros in ("0", "00", "000", "0000") for prefix in prefixes}
    return prefixes


def find_date(tokens: Tokens, identifier: KnownIdentifier) -> Iterator[Span]:
    """Yield the date in any order of day, month and year that is in use, with digits or the month's name."""
    date = parse_date(identifier.value)
    if not date:
        yield from find_value(tokens, identifier)
        return
    year, month, day = date
    days, months, years = {str(day), f"{day:02}"}, {str(month), f"{month:02}"}, _years(year)
    months |= {name for name, number in _months().items() if number == month}
    for order in ((days, months, years), (months, days, years), (years, months, days)):
        for start in [place for form in sorted(order[0]) for place in tokens.places.get(form, ())]:
            if _reads(tokens, start, order):
                yield tokens.span(start, start + 2, identifier.label)
    for form in _runs(date):
        yield from (tokens.span(place, place, identifier.label) for place in tokens.places.get(form, ()))


def _reads(tokens: Tokens, start: int, order: tuple[set[str], set[str], set[str]]) -> bool:
    """Tell whether the two tokens after `start` are the second and third part of a date."""
    if start + 2 >= len(tokens):
        return False
    parts = tokens.folded[start + 1] in order[1] and tokens.folded[start + 2] in order[2]
    return parts and bool(GAP.match(tokens.gap(start)) and GAP.match(tokens.gap(start + 1)))


def find_value(tokens: Tokens, identifier: KnownIdentifier) -> Iterator[Span]:
    """Yield the value; letters and digits are compared, without case and whatever separates them."""
    value = squeeze(identifier.value, identifier.label)
    if len(value) < _SHORTEST:
        return
    numeric = identifier.label in _NUMBERS
    for form in sorted(_beginnings(identifier)):
        for start in tokens.places.get(form, ()):
            if identifier.label in _WORDS and form.isalpha() and not tokens.surface(start)[0].isupper():
                continue
            last = _completes(tokens, start, value, numeric)
            if last is not None:
                span = tokens.span(start, last, identifier.label)
                yield _with_prefix(tokens, span) if identifier.label in ("PHONE", "FAX") else span


def squeeze(value: str, label: str) -> str:
    """Return the folded letters and digits of a value; numbers without country prefix and leading zeros."""
    value = unicodedata.normalize("NFC", value)
    if label in ("PHONE", "FAX"):
        value = _COUNTRY_PREFIX.sub("", value, count=1)
    folded = _streets("".join(fold(token) for token in TOKEN.findall(value)))
    return folded.lstrip("0") if label in _NUMBERS else folded


def _streets(folded: str) -> str:
    return folded.replace("strasse", "str")


def _start(form: str, numeric: bool) -> str:
    return form.lstrip("0") if numeric else _streets(form)


def _completes(tokens: Tokens, start: int, value: str, numeric: bool) -> int | None:
    """Return the last of the tokens from `start` on that together read `value`, or None."""
    read = _start(tokens.folded[start], numeric)
    place = start
    while read != value:
        following = place + 1
        if following >= len(tokens) or not value.startswith(read) or not GAP.match(tokens.gap(place)):
            return None
        read = _streets(read + tokens.folded[following])
        place = following
    return place


def _with_prefix(tokens: Tokens, span: Span) -> Span:
    """Take in the country prefix and the zero before a telephone number."""
    before = tokens.text[max(0, span.begin - _PREFIX_LENGTH) : span.begin]
    prefix = _PREFIX_BEFORE.search(before)
    return span._replace(begin=span.begin - len(prefix.group().lstrip())) if prefix and prefix.group().strip() else span
