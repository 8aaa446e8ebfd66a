"""What the columns of a table of reports mean, and the record that a row is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from pipelines.formats import Unreadable, UnreadableFileError
from pipelines.formats.attachments import rich_text
from pipelines.formats.clinical import ClinicalRecord, Identifiers, canonical_name, join_blocks, squeeze
from schemas.document import KnownIdentifier

FIELDS = (
    "text", "key", "title", "patient", "case", "number", "patient_name", "last_name", "first_name", "birth_date",
    "address", "street", "zip", "city", "phone", "email", "physician", "exam_type", "modality",
)  # fmt: skip
"""The fields whose columns a user may name, each as column names parted by commas."""

_LABELS = {
    "key": "ID",
    "patient": "ID",
    "case": "ID",
    "number": "ID",
    "street": "STREET",
    "zip": "ZIP",
    "city": "CITY",
    "phone": "PHONE",
    "email": "EMAIL",
}
_TRANSCRIPTIONS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_SECTION = "section:"


@cache
def usual_names() -> Mapping[str, tuple[str, ...]]:
    """Return the usual column names of each field, normalised, in order of preference."""
    content = resources.files("pipelines.formats").joinpath("lexicons/columns.txt").read_text("utf-8")
    lines = (line.split("\t") for line in content.splitlines() if line and not line.startswith("#"))
    return {field: tuple(normalise(name) for name in names.split("|")) for field, names in lines}


def normalise(name: str) -> str:
    """Return a column's name without case, blanks and punctuation, umlauts transcribed."""
    return re.sub(r"[\W_]+", "", name.casefold().translate(_TRANSCRIPTIONS))


def is_header(names: Sequence[str]) -> bool:
    """Tell whether `names` are the header of a table of texts, by the usual names."""
    usual = {name for field, known in usual_names().items() for name in known}
    texts = {
        name
        for field, known in usual_names().items()
        if field == "text" or field.startswith(_SECTION)
        for name in known
    }
    found = [normalise(name) for name in names]
    return any(name in texts for name in found) and sum(name in usual for name in found) >= 2


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns hold which field, by index; `texts` are (heading or '', index) in the table's order."""

    texts: tuple[tuple[str, int], ...]
    fields: Mapping[str, tuple[int, ...]]

    @property
    def needed(self) -> list[int]:
        """The indices of all columns that are read, sorted."""
        return sorted({i for _, i in self.texts} | {i for found in self.fields.values() for i in found})


def find_columns(header: Sequence[str], options: Mapping[str, str]) -> Columns:
    """Return what the columns of `header` mean: by `options` where they name columns, else by the usual names.

    Raises UnreadableFileError `missing_text_column`, or `missing_column` where another one that the
    options name is not there: identifiers that were promised must not go missing.
    """
    places: dict[str, int] = {}
    for i, name in enumerate(header):
        places.setdefault(normalise(name), i)
    fields: dict[str, tuple[int, ...]] = {}
    for field in FIELDS[1:]:
        if named := options.get(field, ""):
            fields[field] = _named(named, places, "missing_column")
        else:
            usual = usual_names()
            several = usual.get(field + "*")
            found = tuple(places[name] for name in dict.fromkeys(several or usual[field]) if name in places)
            if found:
                fields[field] = found if several else found[:1]
    if named := options.get("text", ""):
        indices = _named(named, places, "missing_text_column")
        texts = tuple((header[i].strip() if len(indices) > 1 else "", i) for i in indices)
    else:
        texts = _usual_texts(places)
    if not texts:
        raise UnreadableFileError("missing_text_column")
    return Columns(texts, fields)


def _named(names: str, places: Mapping[str, int], reason: str) -> tuple[int, ...]:
    indices = [places.get(normalise(name)) for name in names.split(",") if name.strip()]
    if None in indices:
        raise UnreadableFileError(reason)
    return tuple(i for i in indices if i is not None)


def _usual_texts(places: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    found: list[tuple[str, int]] = []
    for field, names in usual_names().items():
        if field == "text" or field.startswith(_SECTION):
            heading = field.removeprefix(_SECTION) if field != "text" else ""
            found += [(heading, places[name]) for name in names if name in places][:1]
    found.sort(key=lambda item: item[1])
    # a heading tells parts from each other; a single text needs none
    return tuple(found) if len(found) > 1 else tuple(("", i) for _, i in found)


def row_record(cells: Sequence[str], columns: Columns, position: str) -> ClinicalRecord | Unreadable:
    """Return the record of a row; `position` is its key where the row has none.

    `cells` are the cells of all columns, in the table's order; blanks around them do not count.
    """
    values = {field: [squeeze(cells[i]) for i in found] for field, found in columns.fields.items()}
    key = next(filter(None, values.get("key", ())), position)
    if any("\0" in cells[i].strip("\0") for i in columns.needed):
        return Unreadable(key, "nul_character")
    try:
        text = join_blocks(*((heading, rich_text(cells[i].strip("\0"))) for heading, i in columns.texts))
    except UnreadableFileError as error:
        return Unreadable(key, error.reason)
    if not text:
        return Unreadable(key, "no_text")
    return ClinicalRecord(
        key=key,
        text=text,
        title=next(filter(None, values.get("title", ())), ""),
        known=row_identifiers(values),
        patient=next(filter(None, values.get("patient", ())), ""),
        metadata={name: values[name][0] for name in ("exam_type", "modality") if any(values.get(name, ()))},
    )


def row_identifiers(values: Mapping[str, Sequence[str]]) -> tuple[KnownIdentifier, ...]:
    """Return the known identifiers of a row's `values`, lists of cells by field."""
    found = Identifiers()
    given = " ".join(filter(None, values.get("first_name", ())))
    families = [name for name in values.get("last_name", ()) if name]
    for family in families or [""]:
        found.add_person(family, given)
    for field in ("patient_name", "physician"):
        found.add("PERSON", *(canonical_name(name) for name in values.get(field, ())))
    for date in values.get("birth_date", ()):
        found.add_birth_date(date)
    for address in values.get("address", ()):
        found.add_address(address)
    for field, label in _LABELS.items():
        if field in values:
            found.add(label, *values[field])
    return found.all()
