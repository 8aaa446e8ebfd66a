r"""A grammar of German medical prose: rules with slots, nouns and adjectives that are inflected.

A rule's text holds slots in braces:

- `{rule}`: an alternative of that rule, or a value that the caller gives under that name;
- `{class/SPEC}`: a noun of that class, `{adjectives+class/SPEC}`: with an adjective. SPEC is the
  article (d definite, i indefinite, k negative, z none), p for plural, and the case (n, g, d, a);
- `{#2-40}`, `{#0.5-4.5}`: a number, as many decimals as the bounds have, with a comma.

A caller's value may be a marked span (`mark`), which `unmark` turns into offsets at the end, so that
spans survive whatever text is put around them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random

from pipelines.sampling.lexicon import Noun, load


@dataclass(frozen=True, slots=True)
class Values:
    """What one document gives the grammar: values of slots by name, and nouns that it prefers by class.

    `faith` is how often a noun of a class in `theme` is one of the preferred.
    """

    slots: Mapping[str, Callable[[Random], str]] = field(default_factory=dict)
    theme: Mapping[str, tuple[Noun, ...]] = field(default_factory=dict)
    faith: float = 0.55


Part = Callable[[Random, Values], str]
Span = tuple[int, int, str]

_OPEN, _BAR, _CLOSE = "\ue000", "\ue001", "\ue002"
_MARKED = re.compile(f"{_OPEN}([A-Z_]+){_BAR}([^{_CLOSE}]*){_CLOSE}")
_SLOT = re.compile(r"\{([^{}]+)\}")

_DEFINITE = {"m": "der des dem den", "f": "die der der die", "n": "das des dem das", "p": "die der den die"}
_INDEFINITE = {"m": "ein eines einem einen", "f": "eine einer einer eine", "n": "ein eines einem ein"}
_WEAK = {"m": "e en en en", "f": "e en en e", "n": "e en en e", "p": "en en en en"}
_MIXED = {"m": "er en en en", "f": "e en en e", "n": "es en en es", "p": "en en en en"}
_STRONG = {"m": "er en em en", "f": "e er er e", "n": "es en em es", "p": "e er en e"}
_CASES = "ngda"

COMPOUNDS = {
    "pathology": ("stem.organ", "head.pathology"),
    "intervention": ("stem.organ", "head.procedure"),
    "structure": ("stem.organ", "head.structure"),
    "bone": ("stem.bone", "head.bone"),
    "vessel": ("stem.vessel", "head.vessel"),
    "greek": ("stem.tissue", "head.greek"),
}
"""Noun classes whose members are compounds of a stem and a head."""


def mark(label: str, value: str) -> str:
    """Return `value` as a marked span of personal information."""
    return f"{_OPEN}{label}{_BAR}{value}{_CLOSE}"


def unmark(text: str) -> tuple[str, list[Span]]:
    """Return the text without marks, and the spans (begin, end, label) that they held."""
    spans: list[Span] = []
    pieces: list[str] = []
    length = end = 0
    for match in _MARKED.finditer(text):
        before, value = text[end : match.start()], match[2]
        begin = length + len(before)
        length = begin + len(value)
        spans.append((begin, length, match[1]))
        pieces += (before, value)
        end = match.end()
    return "".join(pieces) + text[end:], spans


def decline(noun: Noun, plural: bool, case: str) -> str:
    """Return the noun in a case (n, g, d, a) and number."""
    if plural:
        return noun.plural + "n" if case == "d" and noun.plural[-1] not in "nsai" else noun.plural
    if case == "n" or noun.gender == "f":
        return noun.singular
    if noun.weak:
        return noun.singular + ("n" if noun.singular[-1] == "e" else "en")
    if case == "g" and not noun.singular.endswith(("us", "is", "as")):
        return noun.singular + ("es" if noun.singular[-1] in "sßxz" else "s")
    return noun.singular


@cache
def article_and_ending(article: str, gender: str, case: str) -> tuple[str, str]:
    """Return the article with its space, and the ending of an adjective after it; gender p is plural."""
    index = _CASES.index(case)
    if article == "d":
        return _DEFINITE[gender].split()[index] + " ", _WEAK[gender].split()[index]
    if article == "k":
        forms = "eine einer einen eine" if gender == "p" else _INDEFINITE[gender]
        return f"k{forms.split()[index]} ", _MIXED[gender].split()[index]
    if article == "i" and gender != "p":
        return _INDEFINITE[gender].split()[index] + " ", _MIXED[gender].split()[index]
    return "", _STRONG[gender].split()[index]


def compound(stem: str, head: Noun) -> Noun:
    """Return the compound of a stem and a head; a stem that ends in a hyphen keeps it."""
    singular, plural = head.singular, head.plural
    if stem[-1] == "-":
        singular, plural = singular.capitalize(), plural.capitalize()
    return Noun(stem + singular, head.gender, stem + plural if plural else "", head.weak)


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _skewed(count: int, rng: Random) -> int:
    """Return an index below `count`, low ones more often, as words are used."""
    return int(count * rng.random() ** 1.8)


class Grammar:
    """The rules of all lexicon files, compiled. One `Random` decides every choice."""

    def __init__(self) -> None:
        self.lexicon = load()
        self._compiled: dict[str, list[list[str | Part]]] = {}
        self._compiled_texts: dict[str, list[str | Part]] = {}

    def rule(self, name: str, rng: Random, values: Values) -> str:
        """Expand the rule `name`. Raises KeyError where there is none."""
        options = self._compiled.get(name)
        if options is None:
            options = self._compiled[name] = [self._compile(text) for text in self.lexicon.rules[name]]
        parts = options[int(rng.random() * len(options))]
        return "".join([part if isinstance(part, str) else part(rng, values) for part in parts])

    def sentence(self, name: str, rng: Random, values: Values) -> str:
        """Expand the rule `name` with a capital first letter."""
        return _capitalised(self.rule(name, rng, values))

    def fresh_sentence(self, name: str, rng: Random, values: Values, used: set[str]) -> str:
        """Expand an alternative of `name` that is not in `used`, if a few draws find one, and add it."""
        texts = self.lexicon.rules[name]
        for _ in range(4):
            text = texts[int(rng.random() * len(texts))]
            if text not in used:
                break
        used.add(text)
        parts = self._compiled_texts.get(text)
        if parts is None:
            parts = self._compiled_texts[text] = self._compile(text)
        return _capitalised("".join([part if isinstance(part, str) else part(rng, values) for part in parts]))

    def noun(self, name: str, rng: Random, stem: str = "") -> Noun:
        """Choose a noun of a class or of the compounds `name`, whose stem is `stem` where one is given."""
        if name not in COMPOUNDS:
            choices = self.lexicon.nouns[name]
            return choices[int(rng.random() * len(choices))]
        stems, heads = COMPOUNDS[name]
        choices = self.lexicon.nouns[heads]
        head = choices[_skewed(len(choices), rng)]
        stem_choices = self.lexicon.rules[stems]
        return compound(stem or stem_choices[_skewed(len(stem_choices), rng)], head)

    def theme(self, rng: Random, stems: Sequence[str] = ()) -> dict[str, tuple[Noun, ...]]:
        """Return the nouns that a document about one organ, or the region of `stems`, prefers."""
        if not stems:
            organs = self.lexicon.rules["stem.organ"]
            stems = (organs[_skewed(len(organs), rng)],)
        return {
            name: tuple(self.noun(name, rng, stems[int(rng.random() * len(stems))]) for _ in range(3))
            for name in ("pathology", "intervention", "structure")
        }

    def _themed(self, name: str, rng: Random, values: Values) -> Noun:
        pool = values.theme.get(name)
        if pool is not None and rng.random() < values.faith:
            return pool[int(rng.random() * len(pool))]
        return self.noun(name, rng)

    def _compile(self, text: str) -> list[str | Part]:
        pieces = _SLOT.split(text)
        return [self._slot(piece) if index % 2 else piece for index, piece in enumerate(pieces) if piece]

    def _slot(self, slot: str) -> Part:
        if slot == "empty":
            return lambda rng, values: ""
        if slot.startswith("#"):
            return _number(slot[1:])
        name, slash, specification = slot.partition("/")
        if not slash:
            return self._name(name)
        adjectives, plus, nouns = name.rpartition("+")
        article, case, plural = specification[0], specification[-1], "p" in specification
        stems = self.lexicon.adjectives[adjectives] if plus else ()

        def phrase(rng: Random, values: Values) -> str:
            noun = self._themed(nouns, rng, values)
            many = plural and bool(noun.plural)
            before, ending = article_and_ending(article, "p" if many else noun.gender, case)
            if stems:
                before += stems[int(rng.random() * len(stems))] + ending + " "
            return before + decline(noun, many, case)

        return phrase

    def _name(self, name: str) -> Part:
        def expand(rng: Random, values: Values) -> str:
            given = values.slots.get(name)
            return self.rule(name, rng, values) if given is None else given(rng)

        return expand


def _number(bounds: str) -> Part:
    low, high = bounds.split("-")
    decimals = len(low.partition(".")[2])
    if not decimals:
        first, span = int(low), int(high) - int(low) + 1
        return lambda rng, values: str(first + int(rng.random() * span))
    start, width = float(low), float(high) - float(low)
    return lambda rng, values: f"{start + rng.random() * width:.{decimals}f}".replace(".", ",")


@cache
def grammar() -> Grammar:
    """Return the grammar of this package."""
    return Grammar()
