"""The description of a finished corpus in Croissant 1.1, for programs that search and load data sets.

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html
"""

from typing import Any

import pyarrow as pa

from schemas.document import SHARD_SCHEMA
from schemas.manifest import SUMMARY, Manifest

CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{
        name: f"cr:{name}"
        for name in (
            "citeAs column equivalentProperty extract field fileProperty fileObject fileSet format includes "
            "isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace samplingRate "
            "separator source subField transform"
        ).split()
    },
}
TYPES = {pa.string(): "sc:Text", pa.int32(): "sc:Integer", pa.int64(): "sc:Integer", pa.float64(): "sc:Float"}
COLUMNS = {
    "id": "stable id, 32 hexadecimal digits",
    "source": "one of the ten sources",
    "text": "the de-identified text",
    "title": "the de-identified title; empty where there is none",
    "sentences": "sentences in the text",
    "words": "words in the text, matches of [\\w-]+",
    "bytes": "bytes of the text in UTF-8",
    "entities": "de-identified spans: how many of which label",
    "duplicate_of": "id of the near-duplicate that is kept; null: this one is kept",
    "similarity": "Jaccard similarity of the two, null where duplicate_of is",
}
"""What the columns of the shards hold."""

FIELDS = [name for name in COLUMNS if name != "entities"]
"""The columns that Croissant describes; `entities` is a list of structures, which its records do not hold."""


def data_field(name: str) -> dict[str, Any]:
    """Return the column `name` of the shards as a field of the records."""
    return {
        "@type": "cr:Field",
        "@id": f"documents/{name}",
        "name": name,
        "description": COLUMNS[name],
        "dataType": TYPES[SHARD_SCHEMA.field(name).type],
        "source": {"fileSet": {"@id": "shards"}, "extract": {"column": name}},
    }


def croissant(manifest: Manifest) -> dict[str, Any]:
    """Return the content of `croissant.json`. It has no date of publication: equal builds give equal bytes."""
    documents = manifest.statistics["full"][SUMMARY].documents
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": "german-medical-corpus",
        "description": f"German medical texts, de-identified and marked for near-duplicates: {documents} documents.",
        "inLanguage": "de",
        "version": manifest.version,
        "identifier": manifest.fingerprint,
        "distribution": [
            {
                "@type": "cr:FileSet",
                "@id": "shards",
                "name": "shards",
                "description": "Parquet shards; their SHA-256 are in manifest.json",
                "encodingFormat": "application/x-parquet",
                "includes": "data/*.parquet",
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "documents",
                "name": "documents",
                "description": "Both variants: the dedup variant is the records whose duplicate_of is null",
                "field": [data_field(name) for name in FIELDS],
            }
        ],
    }
