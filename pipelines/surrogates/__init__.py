"""Surrogates: realistic stand-ins of the entities of one document, consistent within it."""

import re
from collections.abc import Iterable, Sequence

from pipelines.folding import fold
from pipelines.lexicons import entries
from pipelines.normalise import normalise
from pipelines.spans import Span
from pipelines.surrogates import contacts, numbers
from pipelines.surrogates.dates import DateShift, offset_days
from pipelines.surrogates.draw import Draw
from pipelines.surrogates.names import NameSurrogates, roles
from pipelines.surrogates.places import PlaceSurrogates

LEXICONS = (
    "given_name_genders",
    "institution_words",
    "month_names",
    "name_titles",
    "surrogate_cities",
    "surrogate_countries",
    "surrogate_female",
    "surrogate_male",
    "surrogate_professions",
    "surrogate_street_adjectives",
    "surrogate_streets",
    "surrogate_surnames",
)
_BEFORE = 24
"""How many characters before a name can tell its gender and role."""
_DATES = ("DATE", "DATE_OF_BIRTH")
_NAMED = ("PERSON", "CITY", "COUNTRY", "HOSPITAL", "ORGANIZATION", "PROFESSION", "STREET", "ZIP")
"""Labels of spans that may take in a date beside them, as the head of a letter does: "Flensburg, 27.3.2025"."""
_OUTER = re.compile(r"\A[\W_]+|[\W_]+\Z")


def load_lexicons() -> None:
    """Read every lexicon that surrogates need. Raises OSError or ValueError where one is missing or empty."""
    for name in LEXICONS:
        if not entries(name):
            raise ValueError(f"lexicon {name}.txt is empty: install the package again")


class Surrogates:
    """Makes the surrogates of one document.

    `spans` are all of its entities in order; `scope` is the patient or the document: what shares a scope and a key
    shares its offset of dates and its names; `avoid` are words no surrogate may be, such as the known identifiers.
    """

    def __init__(self, text: str, spans: Sequence[Span], key: bytes, scope: str, avoid: Iterable[str] = ()) -> None:
        self._text = text
        self._draw = Draw(key, scope)
        surfaces = [self._surface(s) for s in spans]
        self._taken = {form for surface in {*surfaces, *avoid} for form in _forms(surface)}
        persons = [
            (name, self._before(s.begin)) for s, name in zip(spans, surfaces, strict=True) if s.label == "PERSON"
        ]
        self._name_forms = {form for name, before in persons for form, role in roles(name, before) if role != "initial"}
        self._names = NameSurrogates(self._draw, persons, self._taken)
        self._places = PlaceSurrogates(self._draw, self._names, self._taken)
        dates = [(s.begin, s.end) for s in spans if s.label in _DATES]
        self._dates = DateShift(text, dates, offset_days(self._draw), self._digits)

    def _surface(self, span: Span) -> str:
        """Return an entity without what might tear its words apart, such as soft hyphens."""
        return normalise(self._text[span.begin : span.end]).text

    def _before(self, begin: int) -> str:
        return self._text[max(0, begin - _BEFORE) : begin]

    def _digits(self, surface: str) -> str:
        return numbers.reshape(surface, self._draw, "DIGITS", self._taken)

    def of(self, span: Span) -> str:
        """Return the surrogate of one of the spans."""
        if span.label in _DATES:
            return self._dates.replace(span.begin, span.end)
        dates = self._dates.full_dates(span.begin, span.end) if span.label in _NAMED else []
        return self._around_dates(span, dates) if dates else self._of_plain(span)

    def _of_plain(self, span: Span) -> str:
        """Return the surrogate of a span in which no date stands."""
        surface = self._surface(span)
        match span.label:
            case "PERSON":
                return self._names.replace(surface, self._before(span.begin))
            case "AGE":
                return numbers.age(surface, self._draw)
            case "PHONE" | "FAX":
                return numbers.phone(surface, self._draw, self._taken)
            case "EMAIL":
                return contacts.email(surface, self._draw, self._names, self._name_forms)
            case "URL":
                return contacts.url(surface, self._draw)
            case "ID":
                return numbers.reshape(surface, self._draw, "ID", self._taken)
            case "USERNAME":
                return contacts.user_name(surface, self._draw, self._taken)
            case _:
                return self._place(span.label, surface)

    def _around_dates(self, span: Span, dates: list[tuple[int, int]]) -> str:
        """Return the surrogate of a span in which dates stand, which are shifted as all are."""
        parts: list[str] = []
        begin = span.begin
        for start, end in [*dates, (span.end, span.end)]:
            piece = self._text[begin:start]
            bare = _OUTER.sub("", piece)
            at = begin + piece.find(bare)
            new = self._of_plain(span._replace(begin=at, end=at + len(bare))) if bare else ""
            parts += [self._text[begin:at], new, self._text[at + len(bare) : start], self._dates.replace(start, end)]
            begin = end
        return "".join(parts)

    def _place(self, label: str, surface: str) -> str:
        makers = {
            "STREET": self._places.street,
            "ZIP": self._places.zip_code,
            "CITY": self._places.city,
            "COUNTRY": self._places.country,
            "HOSPITAL": self._places.institution,
            "ORGANIZATION": self._places.institution,
            "PROFESSION": self._places.profession,
        }
        return makers[label](surface)


def _forms(surface: str) -> set[str]:
    """Return what a surrogate must not equal: the whole original and its words, folded, and its letters and digits."""
    if surface.isalpha():
        return {surface.casefold(), surface.lower(), fold(surface)}
    plain = "".join(filter(str.isalnum, surface))
    words = {fold(word) for word in surface.replace("-", " ").split()}
    return {surface.casefold(), plain.lower(), *words, *(word.strip(".,;:()") for word in words)}
