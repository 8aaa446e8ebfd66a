"""A last look for what must not leave: numbers with valid check digits, e-mail addresses, telephone numbers.

Few forms, each so plain that a hit is personal information whatever the recognizers thought. The same patterns are a
safety net before replacement and the judge after it: what they still find there, outside of surrogates, rejects the
document.
"""

import re
from collections.abc import Iterable, Iterator

from pipelines.recognizers.check_digits import CHECKS
from pipelines.spans import Span

OWN_DOMAIN = ".example"
"""The top-level domain of our surrogates, which is nobody's (RFC 2606)."""
_SCORE = 0.6
_SEPARATED = r"[ \-./]?"
_EMAIL = re.compile(r"(?<![\w.+\-])[\w.+\-]{1,64}(?:@|\(at\)|\[at\])[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,5}")
_CANDIDATE = re.compile(r"\d(?:[ ()/.\-]{0,3}[\dA-Z]){5,33}")
"""A long number: everything but e-mail addresses is looked for around these only."""
_PHONE_BEFORE = re.compile(
    r"(?:\b(?:tel(?:efon)?|fon|phone|(?:tele)?fax|mobil|handy)(?:nummer|nr)?\b[.:\s]{0,4}\(?|\+|\+\()\Z", re.IGNORECASE
)
_PHONE = re.compile(r"\(?0[\d(][\d ()/.\-]{4,20}\d|(?<=\+)(?:49|43|41)[ ()/.\-]{0,2}\d[\d ()/.\-]{5,18}\d(?!\d)")
_BEFORE = 24
_FEWEST = 9
"""Letters and digits of a candidate that can hold one of the numbers below: of the shortest, all but its letter."""
_KINDS = {
    "kvnr": _SEPARATED.join(["[A-Z]", *[r"\d"] * 9]),
    "rvnr": rf"\d\d{_SEPARATED}\d{{6}}{_SEPARATED}[A-Z]{_SEPARATED}\d{{3}}",
    "taxid": r"[1-9]\d ?\d{3} ?\d{3} ?\d{3}",
    "ahv": rf"756{_SEPARATED}\d{{4}}{_SEPARATED}\d{{4}}{_SEPARATED}\d\d",
    "svnr": r"[1-9]\d{3} ?(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-5])\d\d",
    "iban": r"[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?",
}
"""The shapes of numbers that persons are known by and whose check digits the scan verifies."""
_NUMBERS = {kind: re.compile(rf"(?<!\w){shape}(?!\w)") for kind, shape in _KINDS.items()}


def is_valid_number(number: str) -> bool:
    """Tell whether all of `number`, in capitals, is a valid number that a person is known by."""
    return any(pattern.fullmatch(number) and _fulfils(kind, number) for kind, pattern in _NUMBERS.items())


def _fulfils(kind: str, number: str) -> bool:
    if kind == "taxid":
        counts = sorted((number[:-1].count(digit) for digit in set(number) if digit.isdigit()), reverse=True)
        if counts[0] not in (2, 3) or counts[1:2] == counts[:1]:  # one digit twice or three times, § 139b AO
            return False
    return CHECKS[kind](number)


def scan(text: str) -> list[Span]:
    """Return the forms found in `text`, sorted; they may overlap."""
    return sorted(_found(text))


def _found(text: str) -> Iterator[Span]:
    if "@" in text or "at)" in text or "at]" in text:
        for match in _EMAIL.finditer(text):
            if not match.group().endswith(OWN_DOMAIN):
                yield Span(*match.span(), "EMAIL", _SCORE)
    for candidate in _CANDIDATE.finditer(text):
        yield from _numbers(text, candidate.start(), candidate.end())


def _numbers(text: str, begin: int, end: int) -> Iterator[Span]:
    """Yield the numbers in the candidate from `begin` to `end`."""
    announced = _PHONE_BEFORE.search(text, max(0, begin - _BEFORE), begin)
    phone = _PHONE.match(text, begin - (text[begin - 1 : begin] == "("), end) if announced else None
    if phone:
        yield Span(*phone.span(), "PHONE", _SCORE)
    if sum(map(str.isalnum, text[begin:end])) < _FEWEST:
        return
    for kind, pattern in _NUMBERS.items():
        for match in pattern.finditer(text, max(0, begin - 2), end + 1):
            if _fulfils(kind, match.group()):
                yield Span(*match.span(), "ID", _SCORE)


def outside(hits: Iterable[Span], surrogates: Iterable[Span]) -> list[Span]:
    """Return the hits that are not wholly within surrogates; both sorted."""
    remaining = list(surrogates)
    found = []
    index = 0
    for hit in hits:
        while index < len(remaining) and remaining[index].end <= hit.begin:
            index += 1
        covered = hit.begin
        place = index
        while place < len(remaining) and remaining[place].begin <= covered < hit.end:
            covered = max(covered, remaining[place].end)
            place += 1
        if covered < hit.end:
            found.append(hit)
    return found
