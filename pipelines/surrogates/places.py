"""Surrogates of streets, towns, countries, hospitals, organisations and professions."""

import re
from functools import cache

from pipelines.folding import fold
from pipelines.lexicons import entries
from pipelines.surrogates.draw import Draw, in_case_of
from pipelines.surrogates.names import NameSurrogates, genders
from pipelines.surrogates.numbers import house, reshape

_STREET = re.compile(
    r"(?P<name>.*?)(?P<joint>[\s\-]*)"
    r"(?P<type>stra(?:ß|ss)e|strße|str\.?|weg|gasse|platz|allee|ring|damm|ufer|steig|pfad|hof|berg|markt|graben|zeile)\b"
    r"(?P<rest>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_NUMBER = re.compile(r"\d+(?:\s?[a-z]\b)?.*\Z", re.DOTALL)
_WORD = re.compile(r"[^\W_]+")
_COMPOUND = re.compile(r"[^\W_]+(?:[-\u2010][^\W_]+)*")
_SHORT = 4
"""Capitals of at most so many letters are an abbreviation."""
_DIGIT = re.compile(r"\d+")


@cache
def institution_words() -> frozenset[str]:
    """Return the folded words that stay in the name of an institution."""
    return frozenset(entries("institution_words"))


class PlaceSurrogates:
    """The surrogates of the places and institutions of one document; `taken` are its originals, folded."""

    def __init__(self, draw: Draw, names: NameSurrogates, taken: set[str]) -> None:
        self._draw = draw
        self._names = names
        self._taken = taken
        self._cities: set[str] = set()

    def city(self, surface: str) -> str:
        """Return a town; the same for every case and declension of the original."""
        form = " ".join(fold(word) for word in _WORD.findall(surface))
        base = form[:-1] if form.endswith("s") and form[:-1] in self._cities else form
        self._cities.add(base)
        surrogate = self._draw.pick(entries("surrogate_cities"), "CITY", base, self._taken)
        if base != form and not surrogate.endswith("s"):
            surrogate += "s"
        return in_case_of(surface, surrogate)

    def country(self, surface: str) -> str:
        """Return a country."""
        country = self._draw.pick(entries("surrogate_countries"), "COUNTRY", fold(surface), self._taken)
        return country if len(surface) < _SHORT else in_case_of(surface, country)

    def zip_code(self, surface: str) -> str:
        """Return a postcode of as many digits, with the original's country prefix."""
        digits = _DIGIT.search(surface)
        return reshape(surface, self._draw, "ZIP", self._taken, digits.start() if digits else 0)

    def street(self, surface: str) -> str:
        """Return a street of the same kind (Straße, Weg ...) with another number."""
        found = _STREET.match(surface)
        number = _NUMBER.search(surface)
        if found and found["name"].strip():
            name, joint, kind, rest = found.group("name", "joint", "type", "rest")
            choices = entries("surrogate_street_adjectives" if joint.isspace() else "surrogate_streets")
            new = self._draw.pick(choices, "STREET", fold(name), self._taken)
            return in_case_of(name, new) + joint + kind + self._house(rest)
        name = surface[: number.start()] if number else surface
        stripped = name.rstrip()
        new = self._draw.pick(entries("surrogate_streets"), "STREET", fold(stripped), self._taken) + "weg"
        return in_case_of(stripped, new) + name[len(stripped) :] + self._house(number.group() if number else "")

    def _house(self, number: str) -> str:
        return house(number, self._draw) if any(c.isalnum() for c in number) else number

    def institution(self, surface: str) -> str:
        """Return the name of another institution of the same kind: "Klinikum" and "für Innere Medizin" stay."""
        return _COMPOUND.sub(lambda match: self._compound(match.group(), surface), surface)

    def _compound(self, compound: str, surface: str) -> str:
        """Return words joined by hyphens; they are a person's if one is a given name, or in a practice's name."""
        person = any(fold(word) in genders() for word in _WORD.findall(compound))
        person = person or fold(surface).startswith(("praxis", "ordination"))
        return _WORD.sub(lambda match: self._institution_word(match.group(), person), compound)

    def _institution_word(self, word: str, person: bool) -> str:
        if fold(word) in institution_words():
            return word
        if any(c.isdigit() for c in word) or (word.isupper() and len(word) <= _SHORT):
            return reshape(word, self._draw, "ID", self._taken)
        if person:
            return self._names.replace(word, "Dr. " if fold(word) not in genders() else "")
        ending = _type_ending(word)
        new = self.city(word[: len(word) - len(ending)] if ending else word)
        return in_case_of(word, new + ending) if ending else new

    def profession(self, surface: str) -> str:
        """Return a profession of the same gender."""
        female = bool(re.search(r"(?:in|innen|frau|schwester)\Z", surface.strip().lower()))
        choices = tuple(entry.split("\t")[female] for entry in entries("surrogate_professions"))
        return in_case_of(surface, self._draw.pick(choices, "PROFESSION", fold(surface), self._taken))


def _type_ending(word: str) -> str:
    """Return the part of a compound that names a kind of institution ("klinik" of "Charitéklinik"), or ""."""
    lower = word.lower()
    for ending in ("krankenhaus", "klinikum", "klinik", "kliniken", "spital", "hospital", "praxis", "zentrum", "haus"):
        if lower.endswith(ending) and len(lower) > len(ending) + 2:
            return word[len(word) - len(ending) :]
    return ""
