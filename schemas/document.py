"""What a document is: before de-identification, after it, and as a row of a Parquet shard."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

import pyarrow as pa

SOURCES = (
    "doccheck_flexikon",
    "ggponc",
    "webcrawl",
    "pubmed_abstracts",
    "radiology_reports",
    "springer_nature",
    "electronic_health_records",
    "doctoral_theses",
    "thieme",
    "wikipedia",
)
"""The ten sources, in the order of the published corpus table."""

ENTITIES = pa.list_(pa.struct([("label", pa.string()), ("count", pa.int32())]))
"""Not a map: `datasets` reads none."""

SHARD_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("sentences", pa.int32(), nullable=False),
        pa.field("words", pa.int32(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("entities", ENTITIES, nullable=False),
        pa.field("duplicate_of", pa.string()),
        pa.field("similarity", pa.float64()),
    ]
)
"""A row of a final shard. `entities` counts the de-identified spans by label, `duplicate_of` is
the id of the document that is kept (null: this one is kept), `similarity` the exact Jaccard
similarity of the two documents' shingle sets."""

PART_SCHEMA = pa.schema([SHARD_SCHEMA.field(i) for i in range(SHARD_SCHEMA.get_field_index("entities") + 1)])
"""A row of a part: a shard's row before the marks of near-duplicates."""


def document_id(source: str, key: str) -> str:
    """Return the stable id, 32 hexadecimal digits, of the record `key` of `source`.

    It depends on nothing else, so it survives reruns and new versions of this software and a
    document can be traced and withdrawn.
    """
    return hashlib.blake2b(f"{source}\0{key}".encode(errors="surrogatepass"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class KnownIdentifier:
    """A value from the record's own fields that identifies the patient, e.g. PERSON "Müller, Gisela".

    `label` is one of the labels of `schemas.entities.LABELS`.
    """

    label: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RawDocument:
    """One text as read, not yet de-identified.

    It has no file schema and refuses to be pickled, so that raw text never leaves the memory of
    the process that read it; its `repr` shows no text.

    `key` is the record key of the source (accession number, PMID, page id, relative path);
    `known` are the patient's identifiers from the record's fields; `patient` is the patient's own
    key where the record has one (documents of one patient share one shift of dates); `metadata`
    holds named values that later steps need, such as `exam_type`.
    """

    source: str
    key: str = field(repr=False)
    text: str = field(repr=False)
    title: str = field(default="", repr=False)
    known: tuple[KnownIdentifier, ...] = field(default=(), repr=False)
    patient: str = field(default="", repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)
    file: str = field(default="", repr=False)

    @property
    def id(self) -> str:
        return document_id(self.source, self.key)

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"raw document {self.id} of {self.source} must not leave its process")


@dataclass(frozen=True, slots=True)
class Document:
    """One de-identified text. Only `pipelines.anonymise` makes one.

    `template` is the text with each entity as its typed placeholder (`<PERSON>`): what near-duplicate
    detection compares, so that two patients' identical reports are duplicates whatever their
    surrogates. It is not written.
    """

    id: str
    source: str
    text: str = field(repr=False)
    title: str = field(repr=False)
    entities: Mapping[str, int]
    template: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A document, or a whole file, that does not enter the corpus: where it ended and why.

    `stage` is the step's name (ingest, clean, select, anonymise, deduplicate), `reason` a code in
    snake case, never text of the document. `file` is the path, relative to the source's folder, of
    the file that it came from.
    """

    id: str
    source: str
    stage: str
    reason: str
    file: str = ""
