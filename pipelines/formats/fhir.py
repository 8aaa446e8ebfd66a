"""FHIR R4 (and R5) JSON: the texts of bundles, single resources and NDJSON.

A text is a Composition, a DiagnosticReport, a DocumentReference, a ClinicalImpression, or another
clinical resource whose narrative says more than its fields. Bundles that fit in memory are read at
once; others, and those that are cut off, as a stream of entries.
"""

import io
import json
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, cast

import ijson

from pipelines.formats import Unreadable, UnreadableFileError, cda, markup
from pipelines.formats.attachments import decode_base64, preference, read_attachment, rich_text
from pipelines.formats.clinical import ClinicalRecord, join_blocks
from pipelines.formats.encoding import decode_text, detect, is_wide
from pipelines.formats.fhir_index import INDEXED, LineIndex
from pipelines.formats.fhir_people import (
    Index,
    Resource,
    codings,
    identifiers,
    index_keys,
    members,
    resolve,
    text_of,
    with_contained,
)
from pipelines.formats.lines import DECOMPRESSION_ERRORS, ShortReads, read_lines

MEMORY_BYTES = 32 * 1024 * 1024
"""The largest file that is parsed at once."""

REPORTS = frozenset(("Composition", "DiagnosticReport", "DocumentReference", "ClinicalImpression"))
"""Resources that exist to carry a text: without one, each is a rejection."""

NARRATIVES = frozenset(
    ("Observation", "Procedure", "Condition", "CarePlan", "Communication", "ImagingStudy", "Consultation")
)
"""Resources whose narrative is a text where its author says that it holds more than the fields (`additional`)."""

_INDEXED = INDEXED | {"Binary"}
_DEPTH = 16


def looks_like_fhir(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is FHIR in JSON."""
    start = head[:4096].replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe \t\r\n")
    return start[:1] in (b"{", b"[") and b'"resourceType"' in head.replace(b"\0", b"")


def is_ndjson(path: str, head: bytes) -> bool:
    """Tell whether the file holds a resource a line rather than one JSON value."""
    lines = [line.rstrip() for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    if not lines or lines[0] in (b"{", b"[") or is_wide(detect(head)):
        return False
    if path.endswith((".ndjson", ".jsonl")):
        return True
    return len(lines) > 1 and lines[1].startswith(b"{") and not lines[0].endswith((b"[", b",", b":", b"{"))


def read_ndjson(
    open_stream: Callable[[], BinaryIO],
    start: int,
    stop: int | None,
    name: str,
    beside: Iterable[Callable[[], BinaryIO]] = (),
) -> Iterator[ClinicalRecord | Unreadable]:
    """Yield the texts of the lines that begin in [start, stop); `name` begins the keys of what has none.

    People are looked up in the whole file and in the files `beside` it.
    """
    people = LineIndex((open_stream, *beside))
    with open_stream() as stream:
        yield from _line_records(stream, start, stop, name, people)


def _line_records(
    stream: BinaryIO, start: int, stop: int | None, name: str, people: Index
) -> Iterator[ClinicalRecord | Unreadable]:
    for line in read_lines(stream, start, stop):
        position = f"{name} byte {line.offset}"
        if line.content is None:
            yield Unreadable(position, "too_large")
            continue
        if not line.content.strip():
            continue
        try:
            value = json.loads(decode_text(line.content))
        except UnicodeDecodeError:
            yield Unreadable(position, "invalid_encoding")
        except (ValueError, RecursionError):
            yield Unreadable(position, "malformed_json")
        else:
            yield from _value_records(value, position, people)


def read_json(open_stream: Callable[[], BinaryIO], name: str) -> Iterator[ClinicalRecord | Unreadable]:
    """Yield the texts of a bundle, of an array of resources or of one resource.

    Raises UnreadableFileError where the file breaks off, after the texts before: `truncated`,
    `malformed_json`, `invalid_encoding`, `corrupt`, `too_large`.
    """
    with open_stream() as stream:
        try:
            content = stream.read(MEMORY_BYTES + 1)
        except DECOMPRESSION_ERRORS:
            content = b""
    if 0 < len(content) <= MEMORY_BYTES:
        try:
            value = json.loads(decode_text(content))
        except UnicodeDecodeError:
            raise UnreadableFileError("invalid_encoding") from None
        except (ValueError, RecursionError):
            pass
        else:
            del content
            yield from _value_records(value, name, {})
            return
    del content
    index: dict[str, Resource] = {}
    for _ in _entries(open_stream, index.update):
        pass
    yield from _checked(open_stream, index, name)


def _checked(open_stream: Callable[[], BinaryIO], index: Index, name: str) -> Iterator[ClinicalRecord | Unreadable]:
    failures: list[str] = []
    for number, resource, full_url in _entries(open_stream, lambda _: None, failures.append):
        yield from resource_records(resource, index, f"{name} entry {number}", full_url)
    if failures:
        raise UnreadableFileError(failures[0])


def _entries(
    open_stream: Callable[[], BinaryIO],
    collect: Callable[[dict[str, Resource]], None],
    fail: Callable[[str], None] = lambda reason: None,
) -> Iterator[tuple[int, Resource, str]]:
    """Yield (number, resource, full URL) of each whole entry of a streamed bundle or array.

    `collect` is given what others refer to; `fail` the reason why the stream ends early.
    """
    with open_stream() as stream:
        first = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    with open_stream() as stream:
        entries = ijson.items(ShortReads(stream), "item" if first == b"[" else "entry.item", use_float=True)
        number = 0
        try:
            for number, entry in enumerate(entries):
                resource = entry if first == b"[" else entry.get("resource") if isinstance(entry, dict) else None
                if not isinstance(resource, dict):
                    continue
                full_url = text_of(entry, "fullUrl")
                if text_of(resource, "resourceType") in _INDEXED:
                    collect(dict.fromkeys(index_keys(resource, full_url), resource))
                yield number, resource, full_url
        except (ijson.IncompleteJSONError, EOFError):
            fail("truncated")
        except (ijson.JSONError, UnicodeDecodeError, ValueError):
            fail("malformed_json")
        except DECOMPRESSION_ERRORS:
            fail("corrupt")


def _value_records(value: Any, name: str, people: Index, depth: int = 0) -> Iterator[ClinicalRecord | Unreadable]:
    if isinstance(value, list):
        entries = [{"resource": item} for item in value]
    elif isinstance(value, dict) and value.get("resourceType") == "Bundle":
        entries = members(value, "entry")
    elif isinstance(value, dict):
        entries = [{"resource": value}]
    else:
        yield Unreadable(name, "malformed_json")
        return
    found = [
        (entry["resource"], text_of(entry, "fullUrl")) for entry in entries if isinstance(entry.get("resource"), dict)
    ]
    own = {
        key: resource
        for resource, full_url in found
        if text_of(resource, "resourceType") in _INDEXED
        for key in index_keys(resource, full_url)
    }
    index = ChainMap(own, cast(dict[str, Resource], people)) if people else own
    for number, (resource, full_url) in enumerate(found):
        position = f"{name} entry {number}" if len(found) > 1 else name
        if text_of(resource, "resourceType") == "Bundle" and depth < _DEPTH:
            yield from _value_records(resource, position, index, depth + 1)
        else:
            yield from resource_records(resource, index, position, full_url)


def resource_records(
    resource: Resource, index: Index, position: str, full_url: str = ""
) -> Iterator[ClinicalRecord | Unreadable]:
    """Yield the text of `resource` if it is of a kind that carries one; a report without text is Unreadable."""
    kind = text_of(resource, "resourceType")
    if kind not in REPORTS and not (kind in NARRATIVES and text_of(resource.get("text"), "status") == "additional"):
        return
    key = resource_key(resource, position, full_url)
    try:
        text = _TEXTS.get(kind, narrative)(resource, with_contained(resource, index))
        known, patient = identifiers(resource, index)
    except UnreadableFileError as error:
        yield Unreadable(key, error.reason)
        return
    except (RecursionError, TypeError, AttributeError):
        yield Unreadable(key, "malformed_resource")
        return
    if not text:
        yield Unreadable(key, "no_text")
        return
    yield ClinicalRecord(key, text, resource_title(resource), known, patient, resource_metadata(resource))


def resource_key(resource: Resource, position: str, full_url: str) -> str:
    """Return `Type/id`, else the full URL, else an identifier, else the position."""
    if name := text_of(resource, "id"):
        return f"{resource['resourceType']}/{name}"
    numbers = members(resource, "identifier") + members(resource, "masterIdentifier")
    return full_url or next((text_of(number, "value") for number in numbers if text_of(number, "value")), position)


def resource_title(resource: Resource) -> str:
    """Return the title of a Composition or the description of a DocumentReference."""
    kinds = [text_of(kind, "text") for kind in members(resource, "type")]
    return next(filter(None, (text_of(resource, "title"), text_of(resource, "description"), *kinds)), "")


def resource_metadata(resource: Resource) -> dict[str, str]:
    """Return the kind of examination or document."""
    names = [text_of(concept, "text") for name in ("code", "type") for concept in members(resource, name)]
    displays = [text_of(coding, "display") for name in ("code", "type") for coding in codings(resource, name)]
    exam = next(filter(None, names + displays), "")
    return {"exam_type": exam} if exam else {}


def narrative(resource: Resource, index: Index) -> str:
    """Return the narrative of a resource or section as text, '' where it is declared empty."""
    text = resource.get("text")
    div = text.get("div") if isinstance(text, dict) and text.get("status") != "empty" else None
    return markup.html_to_text(div) if isinstance(div, str) and div.strip() else ""


def composition_text(resource: Resource, index: Index) -> str:
    """Return the sections with their titles; a Composition's own narrative repeats its head, and stands in only."""
    sections = [section_text(section, 0) for section in members(resource, "section")]
    return "\n\n".join(filter(None, sections)) or narrative(resource, index)


def section_text(section: Resource, depth: int) -> str:
    """Return title and narrative of a section and of those in it; '' where there is no narrative."""
    own = narrative(section, {})
    inner = [section_text(part, depth + 1) for part in members(section, "section")] if depth < _DEPTH else []
    body = "\n\n".join(filter(None, (own, *inner)))
    title = text_of(section, "title")
    return f"{title}\n{body}" if body and title and not body.startswith(title) else body


def report_text(resource: Resource, index: Index) -> str:
    """Return the presented form, the narrative and the conclusion of a DiagnosticReport, each text once.

    A generated narrative repeats the fields and stands in only. Raises UnreadableFileError where the
    presented form is all there is and cannot be read.
    """
    conclusion = rich_text(resource["conclusion"] if isinstance(resource.get("conclusion"), str) else "")
    written = narrative(resource, index)
    generated = text_of(resource.get("text"), "status") == "generated"
    try:
        form = attachments_text(members(resource, "presentedForm"), index)
    except UnreadableFileError:
        if not conclusion and not written:
            raise
        form = ""
    if generated and (form or conclusion):
        written = ""
    return join_blocks(written, form, conclusion)


def reference_text(resource: Resource, index: Index) -> str:
    """Return the text of a DocumentReference: of its attachments, which are forms of one document."""
    attached = [item for content in members(resource, "content") for item in members(content, "attachment")]
    return attachments_text(attached, index) if attached else narrative(resource, index)


def impression_text(resource: Resource, index: Index) -> str:
    """Return description, summary and notes of a ClinicalImpression."""
    notes = [text_of(note, "text") for note in members(resource, "note")]
    return join_blocks(
        narrative(resource, index), text_of(resource, "description"), text_of(resource, "summary"), *notes
    )


def attachments_text(attached: Iterable[Resource], index: Index) -> str:
    """Return the text of the best form of a document that can be read, '' where there is none.

    Raises UnreadableFileError with the first form's failure where none can be read.
    """
    failure: UnreadableFileError | None = None
    for attachment in sorted(attached, key=lambda item: preference(text_of(item, "contentType"))):
        try:
            if text := attachment_text(attachment, index):
                return text
        except UnreadableFileError as error:
            failure = failure or error
    if failure is not None:
        raise failure
    return ""


def attachment_text(attachment: Resource, index: Index) -> str:
    """Return the text of an Attachment, its data in it or in a Binary of the same file.

    Raises UnreadableFileError; `not_included` where it is only referred to: nothing is fetched.
    """
    data, kind = attachment.get("data"), text_of(attachment, "contentType")
    if data is None and (url := text_of(attachment, "url")):
        binary = resolve(url, index)
        if binary is None:
            raise UnreadableFileError("not_included")
        data, kind = binary.get("data"), kind or text_of(binary, "contentType")
    if not isinstance(data, str):
        return ""
    content = decode_base64(data)
    if cda.is_cda(content):
        return next(
            (record.text for record in cda.read_cda(io.BytesIO(content), "") if isinstance(record, ClinicalRecord)), ""
        )
    return read_attachment(content, kind).strip()


_TEXTS: dict[str, Callable[[Resource, Index], str]] = {
    "Composition": composition_text,
    "DiagnosticReport": report_text,
    "DocumentReference": reference_text,
    "ClinicalImpression": impression_text,
}
