"""Both clinical sources over whole files: formats are told by content, and what is bad costs itself only."""

import base64
import gzip
import io
import json
from pathlib import Path

import docx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.ingest import InputFile, Outcome, find_reader
from pipelines.reading import read_split
from pipelines.sources.electronic_health_records import SOURCE
from pipelines.splits import Split, input_file
from schemas.document import RawDocument, Rejection

TEXT = "Der Patient stellt sich mit Belastungsdyspnoe vor. Größe des Herzens normal."
ENCODED = base64.b64encode(TEXT.encode()).decode()
HL7 = f"MSH|^~\\&|RIS|||||| |7|P|2.5||||||UNICODE UTF-8\rPID|||4711||Müller^Gisela\rOBR|1||A-1\rOBX|1|TX|||{TEXT}\r"
RTF = TEXT.encode("cp1252").replace(b"\xf6", rb"\'f6").replace(b"\xdf", rb"\'df")
CDA = (
    '<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><component><structuredBody><component><section>'
    f"<text>{TEXT}</text></section></component></structuredBody></component></ClinicalDocument>"
)
NOTE = {"resourceType": "DocumentReference", "id": "n", "content": [{"attachment": {"data": ENCODED}}]}


def word() -> bytes:
    document, stream = docx.Document(), io.BytesIO()
    document.add_paragraph(TEXT)
    document.save(stream)
    return stream.getvalue()


def parquet() -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({"ID": [1], "Befund": [TEXT]}), stream)
    return stream.getvalue()


FORMATS = {
    "csv": f"ID;Befund\n1;{TEXT}\n".encode("cp1252"),
    "json_lines": json.dumps({"id": 1, "text": TEXT}).encode() + b"\n",
    "parquet": parquet(),
    "hl7v2": b"\x0b" + HL7.encode() + b"\x1c\r",
    "fhir": json.dumps(NOTE, indent=1).encode(),
    "fhir_ndjson": json.dumps(NOTE).encode() + b"\n" + json.dumps({"resourceType": "Patient", "id": "p"}).encode(),
    "cda": CDA.encode(),
    "html": f"<html><body><p>{TEXT}</p></body></html>".encode(),
    "mrrt": f'<html><meta name="dcterms.type" content="IMAGE_REPORT_TEMPLATE"><p>{TEXT}</p></html>'.encode(),
    "rtf": rb"{\rtf1\ansi " + RTF + b"}",
    "docx": word(),
    "text": TEXT.encode("cp1252"),
}


def write(folder: Path, name: str, content: bytes) -> InputFile:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return input_file(str(folder), name, len(content))


def outcomes(folder: Path, name: str, content: bytes) -> list[Outcome]:
    file = write(folder, name, content)
    broken: list[Exception] = []
    split = Split(SOURCE.name, ((name, file.size),), "")
    found = list(read_split(SOURCE, str(folder), split, SOURCE.options, lambda path, error: broken.append(error)))
    assert broken == []
    return found


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("suffix", ["", ".dat", ".txt", ".xml", ".csv.gz"])
def test_formats_are_told_by_content(tmp_path, name, suffix):
    content = gzip.compress(FORMATS[name]) if suffix.endswith(".gz") and name != "parquet" else FORMATS[name]
    reader = find_reader(SOURCE, write(tmp_path, f"file{suffix}", content))
    expected = "csv" if name == "text" and ".csv" in suffix else name
    assert reader is not None
    assert reader.name == expected
    if expected == name:
        (document,) = outcomes(tmp_path, f"file{suffix}", content)
        assert isinstance(document, RawDocument)
        assert document.text == TEXT
        assert document.file == f"file{suffix}"


@pytest.mark.parametrize("name", FORMATS)
def test_truncated_files(tmp_path, name):
    content = FORMATS[name]
    for stop in range(1, len(content), max(1, len(content) // 23)):
        assert outcomes(tmp_path, f"file{stop}", content[:stop])
    packed = gzip.compress(content * 50)
    assert all(outcomes(tmp_path, f"file{stop}.gz", packed[:stop]) for stop in range(1, len(packed), len(packed) // 7))


BAD = {
    "nothing.json": (b"{}", "unsupported_format"),
    "form.json": (b'{"resourceType": "Questionnaire"}', "no_text"),
    "table.csv": (b"a;b\n1;2\n", "missing_text_column"),
    "picture.txt": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "unsupported_format"),
    "blank.txt": (b" \n\n", "unsupported_format"),
    "letter.docx": (b"PK\x03\x04" + b"\0" * 50, "corrupt_docx"),
    "letter.pdf": (b"%PDF-1.7\nbroken", "malformed_pdf"),
    "bomb.xml": (b'<!DOCTYPE x [<!ENTITY a "x">]><ClinicalDocument>&a;</ClinicalDocument>', "entity_declaration"),
    "wrong.txt": (TEXT.encode() + b" \xff\x81 " + "ä".encode() * 9, "invalid_encoding"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_named(tmp_path, name):
    content, reason = BAD[name]
    (rejection,) = outcomes(tmp_path, name, content)
    assert isinstance(rejection, Rejection)
    assert (rejection.reason, rejection.file) == (reason, name)


def test_large_files_in_ranges(tmp_path):
    rows = [f'{i};"Zeile {i}\nGröße ""normal"" in Ebene {i}"' for i in range(3000)]
    many = {
        "a.csv": "\n".join(["ID;Befund", *rows]).encode(),
        "b.jsonl": "".join(json.dumps({"id": i, "text": f"Text {i}"}) + "\n" for i in range(3000)).encode(),
        "c.hl7": "".join(HL7.replace("A-1", f"A-{i}") for i in range(1000)).encode(),
        "d.ndjson": "".join(json.dumps({**NOTE, "id": f"n{i}"}) + "\n" for i in range(500)).encode(),
    }
    for name, content in many.items():
        file = write(tmp_path, name, content)
        reader = find_reader(SOURCE, file)
        assert reader is not None
        whole = [(o.key, o.text) for o in reader.read(file, 0, None, SOURCE.options) if isinstance(o, RawDocument)]
        ranges = list(reader.cut(file, 9_000))
        assert len(ranges) > 5
        parts = [o for start, stop in ranges for o in reader.read(file, start, stop, SOURCE.options)]
        assert [(o.key, o.text) for o in parts if isinstance(o, RawDocument)] == whole
        assert len(whole) == len(parts)


def test_names_of_a_bulk_export_stand_in_another_file(tmp_path):
    patient = {"resourceType": "Patient", "id": "p1", "name": [{"family": "Müller", "given": ["Gisela"]}]}
    write(tmp_path, "export/Patient.000.ndjson", json.dumps(patient).encode())
    content = json.dumps({**NOTE, "subject": {"reference": "Patient/p1"}}).encode() + b"\n"
    (document,) = outcomes(tmp_path, "export/DocumentReference.ndjson", content)
    assert isinstance(document, RawDocument)
    assert ("PERSON", "Müller, Gisela") in [(known.label, known.value) for known in document.known]
    assert document.patient == "p1"


def test_options_are_those_of_tables():
    assert {"text", "key", "patient_name", "encoding"} <= set(SOURCE.options)
