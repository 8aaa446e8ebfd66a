"""What readers of clinical formats share: a record of one patient, and the patient's identifiers.

Identifiers get one canonical form whatever the format writes: names "Family, Given", dates ISO 8601,
so that de-identification starts from one form and makes the variants itself.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.document import KnownIdentifier

_DATES = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?=[T\s]|$)"),
    re.compile(r"(?P<y>(?:18|19|20|21)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?=\d{0,6}(?:\.\d+)?(?:[+-]\d{4})?$|\s)"),
    re.compile(r"(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4})(?=[\s,]|$)"),
    re.compile(r"(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})(?=[\s,]|$)"),
)
_ADDRESS = re.compile(
    r"(?P<street>[^,;\n]*?\d[^,;\n]*?|[^,;\n\d]+?)[,;\n\s]+(?:[A-Z]{1,2}-)?(?P<zip>\d{4,5})\s+(?P<city>\D+)"
)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class ClinicalRecord:
    """One text of a clinical file with what its fields say of the patient.

    The names are those of `schemas.document.RawDocument`.
    """

    key: str = field(repr=False)
    text: str = field(repr=False)
    title: str = field(default="", repr=False)
    known: tuple[KnownIdentifier, ...] = field(default=(), repr=False)
    patient: str = field(default="", repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)


class Identifiers:
    """Collects known identifiers in the order of their coming, each once; empty values are left out."""

    def __init__(self) -> None:
        self._found: dict[KnownIdentifier, None] = {}

    def add(self, label: str, *values: object) -> None:
        """Add each of `values` under `label`."""
        for value in values:
            text = squeeze(value)
            # one character identifies nobody and would be found everywhere
            if len(text) > 1:
                self._found[KnownIdentifier(label, text)] = None

    def add_person(self, family: object, given: object = "") -> None:
        """Add a name as "Family, Given", or what there is of it."""
        self.add("PERSON", ", ".join(part for part in (squeeze(family), squeeze(given)) if part))

    def add_birth_date(self, value: object) -> None:
        """Add a date of birth, as ISO 8601 where it can be read."""
        self.add("DATE_OF_BIRTH", iso_date(squeeze(value)))

    def add_address(self, value: object) -> None:
        """Add an address that is written in one piece, taken apart where its postal code is found."""
        text = squeeze(value)
        if match := _ADDRESS.fullmatch(text):
            self.add("STREET", match["street"])
            self.add("ZIP", match["zip"])
            self.add("CITY", match["city"])
        else:
            self.add("STREET", text)

    def __bool__(self) -> bool:
        return bool(self._found)

    def all(self) -> tuple[KnownIdentifier, ...]:
        return tuple(self._found)


def squeeze(value: object) -> str:
    """Return `value` as text on one line, '' for None."""
    return "" if value is None else " ".join(str(value).split())


def iso_date(text: str) -> str:
    """Return `text` as yyyy-mm-dd where it begins with a date of four-digit year, else unchanged."""
    for pattern in _DATES:
        if match := pattern.match(text):
            year, month, day = (int(match[part]) for part in "ymd")
            if 1 <= month <= 12 and 1 <= day <= 31:
                return f"{year:04d}-{month:02d}-{day:02d}"
    return text


def canonical_name(text: str) -> str:
    """Return a name that is written in one field: "Müller^Gisela" and "MÜLLER,Gisela" as "Family, Given".

    A name without comma and caret does not tell which part is which, and stays as it is.
    """
    parts = [squeeze(part) for part in re.split(r"[\^,]", text)]
    return ", ".join(part for part in parts if part)


def join_blocks(*blocks: str | tuple[str, str]) -> str:
    """Join texts, or (heading, text), by an empty line; one that an earlier or later one contains is left out."""
    pairs = [pair for pair in (("", block) if isinstance(block, str) else block for block in blocks) if pair[1]]
    kept: list[tuple[str, str]] = []
    for heading, text in pairs:
        if len(pairs) == 1:
            kept.append((f"{heading}:\n{text.strip()}" if heading and text.strip() else text.strip(), ""))
            break
        flat = _SPACE.sub(" ", text).strip().casefold()
        if not flat or any(flat in other for _, other in kept):
            continue
        kept = [(written, other) for written, other in kept if other not in flat]
        kept.append((f"{heading}:\n{text.strip()}" if heading else text.strip(), flat))
    return "\n\n".join(written for written, _ in kept)
