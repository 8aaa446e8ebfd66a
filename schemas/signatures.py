"""What near-duplicate detection knows of a document (its signature) and says of it (its mark)."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import pyarrow as pa

SCHEME = "affine32/polynomial64/1"
"""How shingles and permutations are hashed: datasketch's affine32 over our 32-bit shingle hashes.

The last number changes with every change of the tokens, the shingle hash or the band key."""

PRECEDENCE = (
    "ggponc",
    "springer_nature",
    "thieme",
    "doctoral_theses",
    "pubmed_abstracts",
    "wikipedia",
    "doccheck_flexikon",
    "electronic_health_records",
    "radiology_reports",
    "webcrawl",
)
"""Which source's copy stays, best first: edited publications, then encyclopaedias, records, and the crawl."""

METADATA_KEY = b"medbert.signatures"


@dataclass(frozen=True, slots=True)
class Deduplication:
    """Settings of near-duplicate detection.

    Two documents are near-duplicates where the Jaccard similarity of their sets of `shingle`-word
    shingles is at least `threshold`. `bands` of `rows` of the `permutations` MinHash values choose
    which pairs are compared. `scope` says which documents are compared with each other: ("all",),
    ("source",) for those of one source each, or the names of the sources that take part.
    """

    threshold: float = 0.8
    permutations: int = 128
    bands: int = 25
    rows: int = 5
    shingle: int = 5
    seed: int = 1
    scope: tuple[str, ...] = ("all",)
    precedence: tuple[str, ...] = PRECEDENCE

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise ValueError(f"threshold {self.threshold} is not in (0, 1]")
        if min(self.permutations, self.bands, self.rows, self.shingle) < 1:
            raise ValueError("permutations, bands, rows and shingle are at least 1")
        if self.bands * self.rows > self.permutations:
            raise ValueError(f"{self.bands} bands of {self.rows} rows need more than {self.permutations} permutations")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"seed {self.seed} is not in [0, 2**32)")
        if not self.scope:
            raise ValueError("scope is empty: all, source, or names of sources")
        object.__setattr__(self, "scope", tuple(self.scope))
        object.__setattr__(self, "precedence", tuple(self.precedence))

    def to_json(self) -> dict[str, Any]:
        """Return the settings as a value of JSON, as a manifest or a fingerprint holds them."""
        return asdict(self) | {"scope": list(self.scope), "precedence": list(self.precedence)}


def signing(settings: Deduplication) -> dict[str, Any]:
    """Return what signatures depend on: equal values make signatures comparable."""
    names = ("permutations", "bands", "rows", "shingle", "seed")
    return {"scheme": SCHEME} | {name: getattr(settings, name) for name in names}


def band_columns(settings: Deduplication) -> list[str]:
    """Return the names of the columns of band keys, in order."""
    return [f"band_{band:03d}" for band in range(settings.bands)]


def signature_fields(settings: Deduplication) -> list[pa.Field]:
    """Return the columns that signing a text makes.

    `exact` is the BLAKE2b-128 digest of the text as it is, `content` that of its set of shingles
    (of the text, where it has no word); documents of equal `content` have similarity 1. A band key
    is 0 where the text has no word. `shingles` are the distinct 32-bit shingle hashes, ascending.
    """
    digest = pa.binary(16)
    return [
        pa.field("exact", digest, nullable=False),
        pa.field("content", digest, nullable=False),
        *(pa.field(name, pa.uint64(), nullable=False) for name in band_columns(settings)),
        pa.field("shingles", pa.list_(pa.field("element", pa.uint32(), nullable=False)), nullable=False),
    ]


def signature_schema(settings: Deduplication) -> pa.Schema:
    """Return the schema of a signature file, whose rows are those of its part, in order.

    `bytes` is the length of the document's text in UTF-8.
    """
    document = [
        pa.field("id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
    ]
    metadata = {METADATA_KEY: json.dumps(signing(settings), sort_keys=True)}
    return pa.schema([*document, *signature_fields(settings)], metadata=metadata)


def check_signatures(schema: pa.Schema, settings: Deduplication, name: str) -> None:
    """Raise ValueError where signatures of `schema`, in the file `name`, cannot be compared under `settings`."""
    found: Mapping[str, Any] = json.loads((schema.metadata or {}).get(METADATA_KEY, b"{}"))
    if not found:
        raise ValueError(f"{name}: not a file of signatures")
    wanted = signing(settings)
    differing = [f"{key} {found.get(key)} there, {wanted[key]} here" for key in wanted if found.get(key) != wanted[key]]
    if differing:
        raise ValueError(f"{name}: signatures of another kind ({'; '.join(differing)}): sign the corpus again")


MARK_SCHEMA = pa.schema(
    [
        pa.field("row", pa.int32(), nullable=False),
        pa.field("id", pa.string()),
        pa.field("duplicate_of", pa.string()),
        pa.field("similarity", pa.float64()),
        pa.field("rejected", pa.string()),
    ]
)
"""A row of a file of marks, which has one for each row of its part with something to say, in order.

`row` is the row's place in the part; `id` a new id (null: the id stays), `duplicate_of` the id of
the document that is kept (null: this one is kept), `similarity` the exact Jaccard similarity of the
two, `rejected` the reason code with which the row leaves the corpus."""

REJECTIONS = ("duplicate_key", "benchmark_text", "withdrawn")
"""The reasons: a record seen before with the same text; a text that holds one of a benchmark; an id withdrawn."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What deduplication did, in counts.

    `duplicates[kind][source][source of the kept one]` counts marked documents, `kind` being exact
    (the same text) or near. `rejected[source][reason]`; `renamed` counts documents given a new id.
    `clusters` is a histogram of cluster sizes, `similarities` one of the marked documents' in
    hundredths (their lower edge), `pairs` counts candidate pairs by what became of them.
    """

    documents: Mapping[str, int]
    duplicates: Mapping[str, Mapping[str, Mapping[str, int]]]
    rejected: Mapping[str, Mapping[str, int]]
    renamed: int
    clusters: Mapping[str, int]
    similarities: Mapping[str, int]
    pairs: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Return the summary as a value of JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Summary":
        """Return the summary that `to_json` gave. Raises ValueError where a count is missing."""
        names = {field.name for field in fields(cls)}
        if names != set(value):
            raise ValueError(f"not a summary of deduplication: {sorted(names ^ set(value))}")
        return cls(**value)
