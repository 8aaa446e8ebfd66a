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
    mentions,
    person,
    profession,
    tagger,
    username,
)
from pipelines.recognizers.entity import Entity, merge
from pipelines.recognizers.neighbours import beside
from pipelines.recognizers.propagation import propagate
from pipelines.recognizers.tokens import tokenize

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
)
SURE = 0.5
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
    tokens = tokenize(text)
    found = [entity for family in RULES for entity in family.find(tokens)]
    found.extend(beside(tokens, found))
    found.extend(list(institutions.around_findings(tokens, found)))
    again = list(propagate(tokens, found))
    found.extend([*again, *beside(tokens, again)])
    tagged = list(tagger.find(tokens, found)) if tag else []
    if sure := [entity for entity in tagged if entity.entity_type == "PERSON" and entity.score >= SURE]:
        tagged.extend(propagate(tokens, sure))
    return merge(found + tagged)


def recognizers() -> "list[EntityRecognizer]":
    """Return the families as recognizers for Presidio; the import of Presidio happens here."""
    from pipelines.recognizers.presidio import make_recognizers

    return make_recognizers(FAMILIES)


def registry() -> "RecognizerRegistry":
    """Return a Presidio registry for German with these recognizers."""
    from pipelines.recognizers.presidio import make_registry

    return make_registry(FAMILIES)
