"""The record's own identifiers, wherever they are in its text.

Exports carry the patient's name, birth date, address and numbers in fields of their own. Whatever the recognizers
find, these are masked: names with typing errors, declension, transcribed umlauts and initials, in any order and case;
dates in any notation; numbers and addresses with any separators. Costs one pass over the tokens of the text.
"""

from collections.abc import Callable, Iterable

from pipelines.known_identifiers.names import find_names, name_tokens
from pipelines.known_identifiers.tokens import tokenise
from pipelines.known_identifiers.values import find_date, find_value
from pipelines.spans import Span
from schemas.document import KnownIdentifier


def find_known(text: str, known: Iterable[KnownIdentifier], is_common: Callable[[str], bool]) -> list[Span]:
    """Return where the values of `known` occur in `text` (normalised), sorted and without overlaps.

    `is_common` tells ordinary words of the language: such a word is not taken for a name with a typing error unless a
    name or a salutation stands beside it ("Becken" is no misspelt "Becker"), nor for a name in lower case ("lang").
    """
    values = [k for k in known if k.value.strip()]
    if not values:
        return []
    tokens = tokenise(text)
    spans: list[Span] = []
    names = sorted({name for k in values if k.label == "PERSON" for name in name_tokens(k.value)})
    if names:
        spans += find_names(tokens, names, is_common)
    for identifier in values:
        if identifier.label in ("DATE", "DATE_OF_BIRTH"):
            spans += find_date(tokens, identifier)
        elif identifier.label not in ("PERSON", "AGE"):
            spans += find_value(tokens, identifier)
    return _merged(spans)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans sorted, those that overlap as one under the first one's label."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.begin, -s.end)):
        if merged and span.begin < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
