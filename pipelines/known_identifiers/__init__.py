"""The record's own identifiers, wherever they are in its text.

Exports carry the patient's name, birth date, address and numbers in fields of their own. Whatever the recognizers
find, these are masked: names with typing errors, declension, transcribed umlauts and initials, in any order and case;
dates in any notation; numbers and addresses with any separators. Costs one pass over the tokens of the text.
"""

from collections.abc import Callable, Iterable, Sequence

from pipelines.known_identifiers.names import agreeing, find_initials, find_names, initials_of, name_tokens
from pipelines.known_identifiers.tokens import forms_of, neighbourhoods, tokenise
from pipelines.known_identifiers.values import find_date, find_value, telling_forms
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
    names = sorted({name for k in values if k.label == "PERSON" for name in name_tokens(k.value)})
    others = [k for k in values if k.label not in ("PERSON", "AGE")]
    spans = list(find_initials(text, names)) if len(names) > 1 else []
    telling = _telling(text, names, others)
    if not telling:
        return _merged(spans)
    tokens = tokenise(text, neighbourhoods(text, telling))
    initials = {initial for k in values if k.label == "PERSON" for initial in initials_of(k.value)}
    spans += find_names(tokens, names, initials, is_common)
    for identifier in others:
        finder = find_date if identifier.label in ("DATE", "DATE_OF_BIRTH") else find_value
        spans += finder(tokens, identifier)
    return _merged(spans)


def _telling(text: str, names: Sequence[str], others: Iterable[KnownIdentifier]) -> list[str]:
    """Return the words that tell where an identifier may be: most texts have few, and only there more is done."""
    forms = forms_of(text)
    telling = set().union(*map(telling_forms, others)) & forms.keys()
    telling |= agreeing(list(forms), names)
    return [word for form in telling for word in forms[form]]


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans sorted, those that overlap as one under the first one's label."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.begin, -s.end)):
        if merged and span.begin < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
