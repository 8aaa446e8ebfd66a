"""PubMed: German abstracts, from the National Library of Medicine's XML or LIVIVO's JSON Lines."""

import json
from collections.abc import Iterator
from typing import Any

from pipelines.formats import Unreadable, medline
from pipelines.formats.flow import is_german
from pipelines.formats.lines import read_lines
from pipelines.ingest import InputFile, Options, Outcome, Reader, Source, reject
from pipelines.sources._publications import xml_ranges
from schemas.document import RawDocument

NAME = "pubmed_abstracts"


def read_medline(file: InputFile, start: int, stop: int | None, options: Options) -> Iterator[Outcome]:
    """Yield the German abstracts of a MEDLINE or PubMed file, keyed by PMID.

    A German abstract beside the article's main one has `:other` after its PMID.
    """
    with file.open_decompressed() as stream:
        for abstract in medline.read(stream, start, stop):
            # a record without a PMID is told by its place
            key = file.path + abstract.key if abstract.key.startswith("#") else abstract.key
            if isinstance(abstract, Unreadable):
                yield reject(NAME, file, abstract.reason, key)
            else:
                yield RawDocument(NAME, key, abstract.text, abstract.title, file=file.path)


def read_livivo(file: InputFile, start: int, stop: int | None, options: Options) -> Iterator[Outcome]:
    """Yield the abstracts of a LIVIVO export (a JSON object a line) whose article is in German."""
    with file.open_decompressed() as stream:
        for line in read_lines(stream, start, stop):
            position = f"byte {line.offset}"
            if line.content is None:
                yield reject(NAME, file, "record_too_large", f"{file.path}#{position}")
            elif line.content.strip():
                yield _livivo_outcome(file, line.content, position)


def _livivo_outcome(file: InputFile, line: bytes, position: str) -> Outcome:
    try:
        record: dict[str, Any] = json.loads(line)
        identity = str(record["DBRECORDID"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return reject(NAME, file, "malformed_json", f"{file.path}#{position}")
    # LIVIVO puts an M before the PMID of a record from MEDLINE
    key = identity[1:] if identity[:1] == "M" and identity[1:].isdigit() else identity
    title, text = _field(record, "TITLE"), _field(record, "ABSTRACT")
    if not is_german(_field(record, "LANGUAGE")):
        return reject(NAME, file, "not_german", key)
    if not text:
        return reject(NAME, file, "no_abstract", key)
    return RawDocument(NAME, key, text, "" if title.startswith("[") else title, file=file.path)


def _field(record: dict[str, Any], name: str) -> str:
    value = record.get(name) or ""
    values = value if isinstance(value, list) else [value]
    return "\n".join(" ".join(item.split()) for item in values if isinstance(item, str))


SOURCE = Source(
    name=NAME,
    licence="National Library of Medicine terms and conditions; abstracts may be under their publishers' copyright",
    readers=(
        Reader("medline", lambda path, head: medline.accepts(head), read_medline, xml_ranges),
        Reader("livivo", lambda path, head: head.lstrip()[:1] == b"{" and b'"DBRECORDID"' in head, read_livivo),
    ),
)
