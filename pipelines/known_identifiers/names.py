"""A known person's name in a text: any order and case, declined, with a typing error, with initials."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import permutations

from rapidfuzz import process
from rapidfuzz.distance import OSA

from pipelines.folding import fold
from pipelines.known_identifiers.tokens import Tokens
from pipelines.lexicons import entries
from pipelines.spans import Span

FUZZY_LETTERS = 5
"""A name of so many letters is also found with one letter too many, missing, wrong or swapped."""
_GAP = re.compile(r"[\s.,\-–'’]{1,4}\Z")
_BEFORE_INITIAL = re.compile(r"(?:,?[ \t]|[ \t]?,[ \t]?)\Z")
_AFTER_INITIAL = re.compile(r"\.?[ \t\-]{0,2}\Z")


@cache
def _announcers() -> frozenset[str]:
    return frozenset(entries("announces_name"))


@cache
def _titles() -> frozenset[str]:
    return frozenset(entries("name_titles"))


def name_tokens(value: str) -> list[str]:
    """Return the folded names in a field such as "Müller, Gisela", "MUELLER^GISELA^^^Dr." or "Dr. G. von Müller"."""
    words = [fold(w) for w in re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", value))]
    return [w for w in words if len(w) > 1 and w not in _titles()]


def initials_of(value: str) -> set[str]:
    """Return the initials, folded, of the names in a field; "Holger M. Recklinghausen" has h, m and r."""
    words = (fold(word) for word in re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", value)))
    return {word[0] for word in words if word not in _titles()}


def find_names(
    tokens: Tokens, names: Sequence[str], initials: set[str], is_common: Callable[[str], bool]
) -> Iterator[Span]:
    """Yield where the folded `names` stand, with the `initials` beside them."""
    hits: set[int] = set()
    doubtful: set[int] = set()
    for word, places in tokens.places.items():
        kind = agreement(word, names)
        for place in places if kind else ():
            surface = tokens.surface(place)
            ordinary = is_common(surface)
            sure = surface[0].isupper() and (kind == "exact" or not ordinary)
            (hits if sure or (kind == "exact" and not ordinary) else doubtful).add(place)
    hits |= {place for place in doubtful if _in_company(tokens, place, hits)}
    yield from _with_initials(tokens, hits, initials)


def agreeing(forms: Sequence[str], names: Iterable[str]) -> set[str]:
    """Return those of the folded words `forms` that agree with one of `names`."""
    found: set[str] = set()
    for name in names:
        # two errors: one and an ending; what is not wanted of them is told below
        cutoff = 2 if len(name) >= FUZZY_LETTERS else 1
        near = process.extract(name, forms, scorer=OSA.distance, score_cutoff=cutoff, limit=None)
        found.update(form for form, _, _ in near if agreement(form, [name]))
    return found


def agreement(word: str, names: Iterable[str]) -> str:
    """Return "exact" (also declined), "fuzzy" or "" for a folded word of the text."""
    best = ""
    for name in names:
        excess = len(word) - len(name)
        if not -2 < excess < 3:
            continue
        if word == name or (excess == 1 and word[-1] == "s" and word.startswith(name)):
            return "exact"
        # with one error the first or the last letter is right, before an ending the last but one
        if len(name) >= FUZZY_LETTERS and (word[0] == name[0] or name[-1] in word[-2:]):
            declined = word[:-1] if word[-1] in "sn" else word
            if OSA.distance(word, name, score_cutoff=1) <= 1 or OSA.distance(declined, name, score_cutoff=1) <= 1:
                best = "fuzzy"
    return best


def _in_company(tokens: Tokens, place: int, hits: set[int]) -> bool:
    """Tell whether a name or a word that announces one stands beside token `place`."""
    before, after = place - 1, place + 1
    if before >= 0 and _GAP.match(tokens.gap(before)) and (before in hits or tokens.folded[before] in _announcers()):
        return True
    return after in hits and bool(_GAP.match(tokens.gap(place)))


def _with_initials(tokens: Tokens, hits: set[int], initials: set[str]) -> Iterator[Span]:
    """Yield the hits, names that stand together as one span, with the initials beside them ("M. Gisela")."""
    done = -1
    for place in sorted(hits):
        if place <= done:
            continue
        first = last = place
        while first > 0 and _initial_before(tokens, first - 1, initials):
            first -= 1
        while last + 1 < len(tokens) and (
            (last + 1 in hits and _GAP.match(tokens.gap(last))) or _initial_after(tokens, last + 1, initials)
        ):
            last += 1
        done = last
        yield tokens.span(first, last, "PERSON")


def _is_initial(tokens: Tokens, place: int, initials: set[str]) -> bool:
    surface = tokens.surface(place)
    return len(surface) == 1 and surface.isupper() and tokens.folded[place] in initials


def _initial_before(tokens: Tokens, place: int, initials: set[str]) -> bool:
    return _is_initial(tokens, place, initials) and bool(_AFTER_INITIAL.match(tokens.gap(place)))


def _initial_after(tokens: Tokens, place: int, initials: set[str]) -> bool:
    end = tokens.extents[place][1]
    stopped = tokens.text[end : end + 1] == "."
    return stopped and _is_initial(tokens, place, initials) and bool(_BEFORE_INITIAL.match(tokens.gap(place - 1)))


def find_initials(text: str, names: Iterable[str]) -> Iterator[Span]:
    """Yield pairs of the person's initials with full stops: "G.M."."""
    initials = sorted({name[0].upper() for name in names})
    for one, other in permutations(initials, 2):
        for pair in (f"{one}.{other}.", f"{one}. {other}."):
            place = text.find(pair)
            while place >= 0:
                if not text[place - 1 : place].isalnum():
                    yield Span(place, place + len(pair) - 1, "PERSON")
                place = text.find(pair, place + 1)
