"""Recognizers of personal information in German clinical text.

`find(text)` is the fast engine over all of them; `recognizers()` and `registry()` give the same to Presidio. A lexicon
or model that is missing raises at the first call: nothing is passed over in silence.
"""

from typing import TYPE_CHECKING

from pipelines.recognizers import (
    address,
    age,
    cells,
    contact,
    date,
    fields,
    hospital,
    identifier,
    institutions,
    lower_case,
    mentions,
    person,
    profession,
    propagation,
    relatives,
    tagger,
    telegraphic,
    username,
)
from pipelines.recognizers.entity import Entity, merge
from pipelines.recognizers.neighbours import beside
from pipelines.recognizers.tokens import Tokens, tokenize

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer, RecognizerRegistry

RULES = (
    person,
    mentions,
    cells,
    date,
    age,
    address,
    hospital,
    institutions,
    fields,
    identifier,
    contact,
    username,
    profession,
    relatives,
    telegraphic,
)
SURE = 0.7
"""Below it, what the tagger finds is masked where it stands, but not looked for elsewhere."""
FAMILIES = (*RULES, tagger)


def find(text: str) -> list[Entity]:
    """Return the personal information of a text: non-overlapping entities in the order of the text.

    An `Entity` has the attributes of Presidio's RecognizerResult: `entity_type` (one of schemas.entities.LABELS),
    `start` and `end` (string indices, end exclusive) and `score`; and `recognizer`, which says what found it.
    """
    return find_with(text, tag=True)


def find_with(text: str, tag: bool) -> list[Entity]:
    """Return what `find` returns, with the learned tagger or without it."""
    return merge(findings(text, tag))


def findings(text: str, tag: bool = True) -> list[Entity]:
    """Return what each recognizer finds, by itself: entities overlap where several agree."""
    tokens = tokenize(text)
    found = _by_rules(tokens)
    notes = list(lower_case.notes(tokens))
    names = propagation.names(tokens, found)
    for start, note in notes:
        inside = _by_rules(note)
        found += [entity.moved(start) for entity in inside]
        names = names.joined(propagation.names(note, inside))
    again = list(propagation.occurrences(tokens, names))
    found.extend([*again, *beside(tokens, again)])
    for start, note in notes:
        found += [entity.moved(start) for entity in propagation.occurrences(note, names)]
    tagged = list(tagger.find(tokens, merge(found))) if tag else []
    if sure := [entity for entity in tagged if entity.entity_type == "PERSON" and entity.score >= SURE]:
        tagged.extend(propagation.occurrences(tokens, propagation.names(tokens, sure)))
    return found + tagged


def _by_rules(tokens: Tokens) -> list[Entity]:
    """Return what the rules find, and what their findings give away beside them."""
    found = [entity for family in RULES for entity in family.find(tokens)]
    found.extend(beside(tokens, found))
    found.extend(list(institutions.around_findings(tokens, found)))
    return found


def recognizers() -> "list[EntityRecognizer]":
    """Return the families as recognizers for Presidio; the import of Presidio happens here."""
    from pipelines.recognizers.presidio import make_recognizers

    return make_recognizers(FAMILIES)


def registry() -> "RecognizerRegistry":
    """Return a Presidio registry for German with these recognizers."""
    from pipelines.recognizers.presidio import make_registry

    return make_registry(FAMILIES)
