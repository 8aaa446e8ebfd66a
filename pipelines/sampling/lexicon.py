"""The lexicons of the grammar: text files of classes, one entry a line."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple, TypeVar

Entry = TypeVar("Entry")


class Noun(NamedTuple):
    """A noun; `gender` is m, f or n, `plural` is "" where there is none, `weak` as in "des Patienten"."""

    singular: str
    gender: str
    plural: str
    weak: bool = False


class Lexicon(NamedTuple):
    """The classes of all lexicon files: alternatives of a rule, nouns and adjective stems, by class name."""

    rules: Mapping[str, tuple[str, ...]]
    nouns: Mapping[str, tuple[Noun, ...]]
    adjectives: Mapping[str, tuple[str, ...]]


def parse_noun(line: str) -> Noun:
    """Parse "Niere f Nieren", "Lunge f -" or the weakly declined "Nerv m w Nerven". Raises ValueError.

    The singular may hold spaces, the plural may not.
    """
    words = line.split()
    weak = len(words) > 3 and words[-2] == "w"
    gender = words[-3] if weak else words[-2]
    if gender not in "mfn":
        raise ValueError(f"not a noun entry: {line}")
    singular = " ".join(words[: -3 if weak else -2])
    return Noun(singular, gender, "" if words[-1] == "-" else words[-1], weak)


def entries(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield (class, kind, line) of the lexicon file `name`.

    A header `[class: kind]` opens a class; the kind is text where none is given. `N* line` is the
    line N times, so it is chosen N times as often.
    """
    content = resources.files("pipelines.sampling").joinpath("lexicons", name).read_text(encoding="utf-8")
    section, kind = "", "text"
    for line in content.split("\n"):
        if not line.strip() or line.startswith("# "):
            continue
        if line.startswith("[") and line.endswith("]"):
            section, _, kind = line[1:-1].partition(":")
            kind = kind.strip() or "text"
            continue
        times, star, rest = line.partition("* ")
        if star and times.isdigit():
            for _ in range(int(times)):
                yield section, kind, rest
        else:
            yield section, kind, line


@cache
def load() -> Lexicon:
    """Read all lexicon files of the package."""
    rules: dict[str, list[str]] = {}
    nouns: dict[str, list[Noun]] = {}
    adjectives: dict[str, list[str]] = {}
    folder = resources.files("pipelines.sampling").joinpath("lexicons")
    for name in sorted(item.name for item in folder.iterdir() if item.name.endswith(".txt")):
        for section, kind, line in entries(name):
            if kind == "noun":
                nouns.setdefault(section, []).append(parse_noun(line))
            elif kind == "adjective":
                adjectives.setdefault(section, []).append(line)
            else:
                rules.setdefault(section, []).append(line)
    return Lexicon(_frozen(rules), _frozen(nouns), _frozen(adjectives))


def _frozen(table: Mapping[str, list[Entry]]) -> dict[str, tuple[Entry, ...]]:
    return {key: tuple(values) for key, values in table.items()}
