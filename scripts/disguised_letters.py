"""Annotated letters in disguise: names that no lexicon knows, and nothing beside them that announces a name.

Rules find what a title, a field or a lexicon tells. What a tagger has to learn is the rest; of that, letters hold too
little. Here every name and town of a letter is replaced by one made up from the letters of real ones (a Markov chain of
order three), and titles and salutations before names are left out.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any

from pipelines.recognizers.lexicon import Flag, lexicon, read_lines

Document = dict[str, Any]
Edit = tuple[int, int, str]
PERSONS = {"PERSON", "NAME_PATIENT", "NAME_DOCTOR", "NAME_RELATIVE", "NAME_EXT", "NAME_OTHER"}
TOWNS = {"CITY", "LOCATION_CITY"}
ORDER = 3
SHORTEST, LONGEST = 4, 11
BEGIN, END = "^", "$"
WORD = re.compile(r"[^\W\d_]+")
FORM = Flag.UPPER | Flag.STREET_END | Flag.CODE | Flag.CAMEL
"""What the lexicon may say of a made-up name: what its form alone tells."""
BEFORE = 40
ANNOUNCING = re.compile(
    r"(?:(?:Herrn?|Frau|Hr|Fr|Patient(?:in)?|Dres|Dr|med|Prof|PD|Priv|Doz|Univ|habil|Oberarzt|Chefarzt|OA"
    r"|Assistenzarzt)\b\.?[ \-]*)+$"
)


class NameMaker:
    """Makes up names that sound like `names` and that no lexicon knows."""

    def __init__(self, names: Iterable[str]) -> None:
        self._following: defaultdict[str, list[str]] = defaultdict(list)
        for name in names:
            padded = BEGIN * ORDER + name.lower() + END
            for at in range(len(padded) - ORDER):
                self._following[padded[at : at + ORDER]].append(padded[at + ORDER])

    def __call__(self, rng: Random) -> str:
        """Return a name with a capital."""
        known = lexicon()
        while True:
            made = BEGIN * ORDER
            while not made.endswith(END):
                made += rng.choice(self._following[made[-ORDER:]])
            name = made[ORDER:-1].capitalize()
            if SHORTEST <= len(name) <= LONGEST and name.isalpha() and not known[name] & ~FORM:
                return name


class Disguise:
    """Makes letters disguised; `makers` are by label kind: given names, surnames, towns."""

    def __init__(self) -> None:
        self._given, self._surname, self._town = (
            NameMaker(read_lines(name)) for name in ("first_names", "surnames", "towns")
        )

    def __call__(self, document: Document, seed: int, announced: bool = False) -> Document:
        """Return a letter with made-up names; titles and salutations stay where names are to be `announced`."""
        rng = Random(f"{document['id']} {seed}")
        text, names, edits = document["text"], {}, []
        for entity in document["entities"]:
            begin, end = entity["begin"], entity["end"]
            if entity["label"] not in PERSONS | TOWNS:
                continue
            maker = self._town if entity["label"] in TOWNS else None
            new = WORD.sub(lambda match: self._renamed(match.group(), names, maker, rng), text[begin:end])  # noqa: B023
            edits.append((begin, end, new))
            before = ANNOUNCING.search(text[max(0, begin - BEFORE) : begin])
            if before and before.group() and not maker and not announced:
                edits.append((begin - len(before.group()), begin, ""))
        return _edited(document, edits)

    def _renamed(self, word: str, names: dict[str, str], maker: NameMaker | None, rng: Random) -> str:
        """Return the made-up form of a part of a name, the same for each of its occurrences in the letter."""
        flag = lexicon()[word]
        if len(word) < 3 or not word[0].isupper() or flag & (Flag.TITLE | Flag.SALUTATION):
            return word
        if word.lower() not in names:
            make = maker or (self._given if flag & Flag.FIRST_NAME else self._surname)
            names[word.lower()] = make(rng)
        name = names[word.lower()]
        return name.upper() if word.isupper() else name


def _edited(document: Document, edits: Sequence[Edit]) -> Document:
    """Return a document with pieces of its text replaced, its entities moved; of overlapping edits the first counts."""
    kept: list[Edit] = []
    for edit in sorted(edits):
        if not kept or edit[0] >= kept[-1][1]:
            kept.append(edit)
    parts, last = [], 0
    for begin, end, new in kept:
        parts += [document["text"][last:begin], new]
        last = end
    text = "".join([*parts, document["text"][last:]])
    entities = [
        {**entity, "begin": _moved(entity["begin"], kept, False), "end": _moved(entity["end"], kept, True)}
        for entity in document["entities"]
    ]
    return {**document, "text": text, "entities": [e for e in entities if e["begin"] < e["end"]]}


def _moved(place: int, edits: Iterable[Edit], is_end: bool) -> int:
    """Return where a place of the text is after the edits; one within an edit moves to its begin or end."""
    shift = 0
    for begin, end, new in edits:
        if end <= place:
            shift += len(new) - (end - begin)
        elif begin < place:
            return begin + shift + (len(new) if is_end else 0)
    return place + shift
