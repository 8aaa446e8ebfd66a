"""How the clinical sources read: one list of readers, told apart by what files hold, not by their names."""

import io
import json
import posixpath
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO

from pipelines.formats import (
    Unreadable,
    UnreadableFileError,
    cda,
    fhir,
    hl7v2,
    hl7v2_reports,
    markup,
    mrrt,
    office,
    tabular,
)
from pipelines.formats.attachments import ATTACHMENT_BYTES, read_attachment
from pipelines.formats.clinical import ClinicalRecord
from pipelines.formats.columns import FIELDS
from pipelines.formats.encoding import UNPROVEN, decode_text, detect, is_wide
from pipelines.formats.json_array import is_json_array, read_json_array
from pipelines.formats.lines import ranges, told_breaks
from pipelines.ingest import InputFile, Options, Outcome, Reader, reject
from schemas import storage
from schemas.document import RawDocument

OPTIONS: Options = dict.fromkeys((*FIELDS, "encoding"), "")
"""Column names of tables, parted by commas, and their encoding; empty: the usual names, and what the bytes say."""

TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".psv")
PIECES = 32
"""Into how many ranges FHIR in NDJSON is cut at most, because each looks up patients in the whole file."""

_PEOPLE_FILE = re.compile(
    r"(?:Patient|Practitioner|Encounter|RelatedPerson|Coverage)[^/]*\.(?:nd)?jsonl?\b", re.IGNORECASE
)

Records = Iterator[ClinicalRecord | Unreadable]
Screen = Callable[[ClinicalRecord], str]


def keep_all(record: ClinicalRecord) -> str:
    """Find no reason to reject `record`."""
    return ""


def readers(source: str, screen: Screen = keep_all) -> tuple[Reader, ...]:
    """Return the readers of clinical files for `source`.

    `screen` returns the reason why a record that was read is no document of the source, or ''.
    """

    def reader(name, accepts, records, cut=None) -> Reader:
        read = partial(_outcomes, source, screen, records)
        return Reader(name, accepts, read) if cut is None else Reader(name, accepts, read, cut)

    return (
        reader("parquet", lambda path, head: head.startswith(b"PAR1"), _parquet, _cut_parquet),
        reader("pdf", lambda path, head: b"%PDF-" in head[:1024], _attachment),
        reader("docx", lambda path, head: office.is_zip(head), _docx),
        reader("rtf", lambda path, head: office.is_rtf(head), _attachment),
        reader("hl7v2", lambda path, head: hl7v2.looks_like_hl7(head), _hl7v2, _cut_bytes),
        reader(
            "fhir_ndjson", lambda p, head: fhir.looks_like_fhir(head) and fhir.is_ndjson(p, head), _ndjson, _cut_ndjson
        ),
        reader("fhir", lambda path, head: fhir.looks_like_fhir(head), _fhir),
        reader("cda", lambda path, head: cda.is_cda(head), _cda),
        reader("mrrt", lambda path, head: is_html(head) and mrrt.is_mrrt(head), _mrrt),
        reader("html", lambda path, head: is_html(head), _html),
        reader("json_lines", lambda path, head: is_json_lines(head), _json_lines, _cut_bytes),
        reader("json_array", lambda path, head: is_json_array(head), _json_array),
        reader("csv", is_csv, _csv, _cut_csv),
        reader("text", lambda path, head: is_text(head), _text),
    )


def is_html(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is HTML or a fragment of it."""
    start = decode_head(head[:2048]).lstrip().lower()
    return (start.startswith("<") and not start.startswith("<?xml") and markup.looks_like_html(start)) or (
        start.startswith("<?xml") and "<html" in start
    )


def is_json_lines(head: bytes) -> bool:
    """Tell whether a file that begins with `head` holds a JSON object a line."""
    line = decode_head(head).lstrip().partition("\n")[0].strip()
    if not line.startswith("{"):
        return False
    try:
        value = json.loads(line)
        return isinstance(value, dict) and bool(value)
    except ValueError:
        # longer than what can be seen, or the one line of many that is broken
        return '":' in line.replace(" ", "") and (len(line) > 256 or line.endswith("}"))


def is_csv(path: str, head: bytes) -> bool:
    """Tell whether a file is a table by its name, or by the usual column names in its first line."""
    return is_text(head) and (path.endswith(TABLE_SUFFIXES) or tabular.looks_tabular(head))


def is_text(head: bytes) -> bool:
    """Tell whether a file that begins with `head` is text, and none of JSON or XML."""
    text = decode_head(head)
    controls = sum(1 for sign in text[:4096] if sign < " " and sign not in "\t\n\r\f\x1a\x0b")
    return bool(text.strip()) and controls * 100 <= len(text[:4096]) and text.lstrip()[:1] not in ("{", "[", "<")


def decode_head(head: bytes) -> str:
    """Return what can be read of the first bytes of a file."""
    encoding = detect(head)
    return head.decode("utf-8" if encoding == UNPROVEN else encoding, "replace").removeprefix("\ufeff")


def _outcomes(
    source: str,
    screen: Screen,
    records: Callable[[InputFile, int, int | None, Options], Records],
    file: InputFile,
    start: int,
    stop: int | None,
    options: Options,
) -> Iterator[Outcome]:
    """Yield the outcomes of a range of `file`; of a file without any text, one rejection."""
    empty = True
    for record in records(file, start, stop, options):
        empty = False
        if isinstance(record, Unreadable):
            yield reject(source, file, record.reason, record.key)
        elif reason := screen(record):
            yield reject(source, file, reason, record.key)
        else:
            yield RawDocument(
                source=source,
                key=record.key,
                text=record.text,
                title=record.title,
                known=record.known,
                patient=record.patient,
                metadata=record.metadata,
                file=file.path,
            )
    if empty and start == 0:
        yield reject(source, file, "no_text")


def _content(file: InputFile) -> bytes:
    """Return the whole content of a small file. Raises UnreadableFileError `too_large`, `truncated`, `corrupt`."""
    content = bytearray()
    with told_breaks(), file.open_decompressed() as stream:
        while block := stream.read(1 << 20):
            content += block
            if len(content) > ATTACHMENT_BYTES:
                raise UnreadableFileError("too_large")
    return bytes(content)


def _document(file: InputFile, text: str, title: str = "") -> ClinicalRecord | Unreadable:
    return ClinicalRecord(file.path, text, title) if text.strip() else Unreadable(file.path, "no_text")


def _parquet(file: InputFile, start: int, stop: int | None, options: Options) -> Records:
    with file.open() as stream:
        yield from tabular.read_parquet(stream, start, stop, options, file.path)


def _attachment(file: InputFile, start: int, stop: int | None, options: Options) -> Records:
    yield _document(file, read_attachment(_content(file)))


def _docx(file: InputFile, start: int, stop: int | None, options: Options) -> Records:
    with _seekable(file) as stream:
        yield _document(file, office.read_docx(stream))


def _hl7v2(file: InputFile, start: int, stop: int | None, options: Options) -> Records:
    with file.open_decompressed() as stream:
        yield from hl7v2_reports.read_messages(stream, start, stop, file.path)


def _ndjson(file: InputFile, start: int, stop: int | None, options: Options) -> Records:
    yield from fhir.read_ndjson(file.open_decompressed, start, stop, file.path, beside(file))


def is_people_file(name: str) -> bool:
    """Tell by its name whether a file beside others says who their patients and practitioners are."""
    return _PEOPLE_FILE.match(name) is not None


def beside(file: InputFile) -> list[Callable[[], BinaryIO]]:
    """Return what opens the files of people beside an NDJSON file, as bulk exports write them."""
    base, query = storage.split_url(file.url)
    folder = posixpath.dirname(base)
    return [
        InputFile(storage.join(folder + query, name), name, size).open_decompressed
        for name, size in storage.list_files(folder + query)
        if is_people_file(name) and name != posixpath.basename(base)
    ]


def _fhir(file: InputFile, start: int, stop: int | None, options: Options) -> Records:
    yield from fhir.read_json(file.open_decompressed, file.path)


def _cda(file: InputFile, start: int, stop: int | None, options: Options) -> Records:
    with file.open_decompressed() as stream:
        yield from cda.read_cda(stream, file.path)


def _mrrt(file: InputFile, start: int, stop: int | None, options: Options) -> Records:
    title, text = mrrt.read_mrrt(_content(file))
    yield _document(file, text, title)


def _html(file: InputFile, start: int, stop: int | None, options: Options) -> Records:
    yield _document(file, markup.html_to_text(markup.decode_html(_content(file))))


def _json_lines(file: InputFile, start: int, stop: int | None, options: Options) -> Records:
    encoding = options.get("encoding") or detect(file.head())
    with file.open_decompressed() as stream:
        yield from tabular.read_json_lines(stream, encoding, start, stop, options, file.path)


def _json_array(file: InputFile, start: int, stop: int | None, options: Options) -> Records:
    with file.open_decompressed() as stream:
        yield from read_json_array(stream, options, file.path)


def _csv(file: InputFile, start: int, stop: int | None, options: Options) -> Records:
    with file.open_decompressed() as stream:
        yield from tabular.read_csv(stream, file.head(), start, stop, options, file.path)


def _text(file: InputFile, start: int, stop: int | None, options: Options) -> Records:
    try:
        text = decode_text(_content(file), options.get("encoding", ""))
    except UnicodeDecodeError:
        raise UnreadableFileError("invalid_encoding") from None
    yield _document(file, text.strip("\x1a"))


def _seekable(file: InputFile) -> BinaryIO:
    return file.open() if not _compressed(file) else io.BytesIO(_content(file))


def _compressed(file: InputFile) -> bool:
    with file.open() as stream:
        return stream.read(16) != file.head()[:16]


def _cut_bytes(file: InputFile, target: int) -> list[tuple[int, int | None]]:
    wide = is_wide(detect(file.head()))
    return [(0, None)] if wide or _compressed(file) else ranges(file.size, target)


def _cut_ndjson(file: InputFile, target: int) -> list[tuple[int, int | None]]:
    return _cut_bytes(file, max(target, -(-file.size // PIECES)))


def _cut_csv(file: InputFile, target: int) -> list[tuple[int, int | None]]:
    if _compressed(file):
        return [(0, None)]
    with file.open() as stream:
        return tabular.cut_csv(stream, file.head(), target, {})


def _cut_parquet(file: InputFile, target: int) -> list[tuple[int, int | None]]:
    with file.open() as stream:
        return tabular.cut_parquet(stream, target)
