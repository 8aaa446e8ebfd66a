"""Surrogates of persons' names, token by token, so that every form of a name agrees with every other.

"Müller, Gisela", "Frau Müller", "G. Müller", "GISELA MÜLLERS" and "Mueller" become forms of one surrogate: a first
look at all the names of a document tells which tokens are given names and of which gender, then each token has one
surrogate. Titles and particles stay, and so does everything between the tokens.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache

from pipelines.folding import fold
from pipelines.lexicons import entries
from pipelines.surrogates.draw import Draw, in_case_of
from pipelines.surrogates.numbers import reshape

_TOKEN = re.compile(r"[^\W_]+")
_FEMALE = re.compile(r"\b(?:frau|fr\.|patientin|kollegin|schwester|schw\.|ehefrau|mutter|tochter|dr\.in)\W")
_MALE = re.compile(r"\b(?:herrn?|hr\.|patient(?:en)?|kollegen?|pfleger|ehemann|vater|sohn)\W")
_ADDRESSED = re.compile(r"(?:\b(?:herrn?|frau|hr\.|fr\.|dr\.|prof\.|med\.|oa|oä)|[,(])\s*\Z")
_HYPHENS = ("-", "‐", "–")
_SIBILANTS = ("s", "ß", "x", "z")
_LETTERS = "ABCDEFGHIJKLMNOPRSTUVW"


@cache
def titles() -> frozenset[str]:
    """Return the folded words beside a name that are no part of it."""
    return frozenset(entries("name_titles"))


@cache
def genders() -> dict[str, str]:
    """Return the gender of folded given names: f, m, or fm."""
    found: dict[str, str] = {}
    for entry in entries("given_name_genders"):
        name, gender = entry.split("\t")
        form = fold(name)
        found[form] = "".join(sorted({*found.get(form, ""), gender}))
    return found


class NameSurrogates:
    """The surrogates of the names of one document.

    `names` are (name, what stands before it); `taken` are folded words that no surrogate may be, the originals.
    """

    def __init__(self, draw: Draw, names: Iterable[tuple[str, str]], taken: set[str]) -> None:
        self._draw = draw
        self._taken = set(taken)
        self._given: Counter[str] = Counter()
        self._family: Counter[str] = Counter()
        self._gender: dict[str, Counter[str]] = {}
        self._initials: dict[str, str] = {}
        self._family_initials: dict[str, str] = {}
        self._surrogates: dict[str, str] = {}
        for name, before in names:
            self._learn(name, before)

    def _learn(self, name: str, before: str) -> None:
        gender = _gender_by_words(before + name)
        for form, role in roles(name, before):
            if role == "given":
                self._given[form] += 1
                self._initials.setdefault(form[0], form)
                self._gender.setdefault(form, Counter())[gender] += 1
            elif role == "family":
                self._family[form] += 1
                self._family_initials.setdefault(form[0], form)

    def replace(self, name: str, before: str = "") -> str:
        """Return the surrogate of `name`: its letter case, titles, declension and separators kept."""
        of_token = iter(roles(name, before))

        def surrogate(match: re.Match[str]) -> str:
            token = match.group()
            return token if fold(token) in titles() else self._token(token, *next(of_token))

        return _TOKEN.sub(surrogate, name)

    def _token(self, token: str, form: str, role: str) -> str:
        if any(character.isdigit() for character in token):
            return reshape(token, self._draw, "ID", self._taken)
        if role == "initial":
            return in_case_of(token * 2, self._initial(form) * 2)[0]
        base = self._base(form)
        surrogate = self._word(base)
        if base != form:
            surrogate += "'" if surrogate.endswith(_SIBILANTS) else "s"
        return in_case_of(token, surrogate)

    def _initial(self, letter: str) -> str:
        full = self._initials.get(letter) or self._family_initials.get(letter)
        if full:
            return self._word(full)[0]
        index = self._draw.number("initial", letter) % len(_LETTERS)
        return _LETTERS[index] if fold(_LETTERS[index]) != letter else _LETTERS[index - 1]

    def _base(self, form: str) -> str:
        """Return the nominative of a folded name, where the document has it or it is a listed given name."""
        base = form[:-1]
        known = base in self._given or base in self._family or (base in genders() and form not in genders())
        return base if form.endswith("s") and len(base) > 2 and known else form

    def _word(self, form: str) -> str:
        """Return the surrogate of a folded name in the nominative."""
        if form not in self._surrogates:
            given = self._given[form] > self._family[form] or (self._given[form] > 0 and form in genders())
            kind = f"surrogate_{self._gender_of(form)}" if given else "surrogate_surnames"
            surrogate = self._draw.pick(entries(kind), kind, form, self._taken)
            self._taken.add(fold(surrogate))
            self._surrogates[form] = surrogate
        return self._surrogates[form]

    def _gender_of(self, form: str) -> str:
        listed = genders().get(form, "")
        if len(listed) != 1:
            seen = self._gender.get(form, Counter())
            listed = "f" if seen["f"] > seen["m"] or (seen["f"] == seen["m"] and form.endswith(("a", "ine"))) else "m"
        return "female" if listed == "f" else "male"


def _gender_by_words(text: str) -> str:
    """Return f, m or "" by the words before and in a name."""
    lower = text.lower()
    return "f" if _FEMALE.search(lower) else "m" if _MALE.search(lower) else ""


@lru_cache(maxsize=1 << 12)
def roles(name: str, before: str = "") -> tuple[tuple[str, str], ...]:
    """Return (folded token, role) of each token of `name` that is no title; a role is given, family or initial."""
    found = [m for m in _TOKEN.finditer(name) if fold(m.group()) not in titles()]
    forms = [fold(m.group()) for m in found]
    words = [i for i, m in enumerate(found) if len(m.group()) > 1]
    groups = _joined_by_hyphens(name, found, words)
    family = _family_groups(name, before, [[forms[i] for i in group] for group in groups], found, groups)
    role = {i: "family" if number in family else "given" for number, group in enumerate(groups) for i in group}
    return tuple((form, role.get(i, "initial")) for i, form in enumerate(forms))


def _family_groups(
    name: str, before: str, forms: list[list[str]], found: list[re.Match[str]], groups: list[list[int]]
) -> set[int]:
    """Return which of the groups of tokens are the family name."""
    if not groups:
        return set()
    listed = [all(form in genders() for form in group) for group in forms]
    comma = name.find(",")
    if found[groups[0][0]].start() < comma < found[groups[-1][0]].start():
        return {number for number, group in enumerate(groups) if found[group[0]].start() < comma}
    if len(groups) == 1:
        alone = len(groups[0]) == len(_TOKEN.findall(name)) and not _ADDRESSED.search(before.lower())
        return set() if alone and listed[0] else {0}
    return {0} if listed[-1] and not listed[0] else {len(groups) - 1}


def _joined_by_hyphens(name: str, found: list[re.Match[str]], words: list[int]) -> list[list[int]]:
    """Return the indices `words` of tokens in groups: those of a double name are together."""
    groups: list[list[int]] = []
    for i in words:
        if groups and groups[-1][-1] == i - 1 and name[found[i - 1].end() : found[i].start()] in _HYPHENS:
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups
