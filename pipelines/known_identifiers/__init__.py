"""The record's own identifiers, wherever they are in its text.

Exports carry the patient's name, birth date, address and numbers in fields of their own. Whatever the recognizers
find, these are masked: names with typing errors, declension, transcribed umlauts and initials, in any order and case;
dates in any notation; numbers and addresses with any separators. Costs one pass over the tokens of the text.
"""

from collections.abc import Callable, Iterable

from pipelines.folding import fold
from pipelines.known_identifiers.names import agreeing, find_initials, find_names, initials_of, name_tokens
from pipelines.known_identifiers.tokens import distinct_words, neighbourhoods, tokenise
from pipelines.known_identifiers.values import find_date, find_value, telling_forms
from pipelines.spans import Span
from schemas.document import KnownIdentifier


class KnownIdentifiers:
    """The identifiers of one record, prepared to be looked for.

    `is_common` tells ordinary words of the language: such a word is not taken for a name with a typing error unless a
    name or a salutation stands beside it ("Becken" is no misspelt "Becker"), nor for a name in lower case ("lang").
    """

    def __init__(self, known: Iterable[KnownIdentifier], is_common: Callable[[str], bool]) -> None:
        values = [k for k in known if k.value.strip()]
        persons = [k.value for k in values if k.label == "PERSON"]
        self._names = sorted({name for value in persons for name in name_tokens(value)})
        self._initials = {initial for value in persons for initial in initials_of(value)}
        self._others = [k for k in values if k.label not in ("PERSON", "AGE")]
        self._telling = set().union(*map(telling_forms, self._others))
        self._is_common = is_common

    def find(self, text: str) -> list[Span]:
        """Return where the identifiers occur in `text` (normalised), sorted and without overlaps."""
        if not self._names and not self._others:
            return []
        spans = list(find_initials(text, self._names)) if len(self._names) > 1 else []
        telling = self._telling_words(text)
        if not telling:
            return _merged(spans)
        tokens = tokenise(text, neighbourhoods(text, telling))
        spans += find_names(tokens, self._names, self._initials, self._is_common)
        for identifier in self._others:
            finder = find_date if identifier.label in ("DATE", "DATE_OF_BIRTH") else find_value
            spans += finder(tokens, identifier)
        return _merged(spans)

    def _telling_words(self, text: str) -> list[str]:
        """Return the words that tell where an identifier may be: most texts have few, and only there more is done."""
        words = distinct_words(text)
        forms = list(map(fold, words))
        telling = self._telling.intersection(forms) | agreeing(forms, self._names)
        return [word for word, form in zip(words, forms, strict=True) if form in telling] if telling else []


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans sorted, those that overlap as one under the first one's label."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.begin, -s.end)):
        if merged and span.begin < merged[-1].end:
            merged[-1] = merged[-1]._replace(end=max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
