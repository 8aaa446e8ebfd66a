import base64
import io
import json

import pytest

from pipelines.formats import Unreadable, UnreadableFileError, fhir
from pipelines.formats.clinical import ClinicalRecord


def div(html: str) -> dict:
    return {"status": "additional", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{html}</div>'}


def base64_of(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [
        {"system": "gkv", "value": "A123456780"},
        {"type": {"coding": [{"code": "MR"}]}, "value": "808439625"},
    ],
    "name": [{"family": "von Müller", "given": ["Gisela", "Maria"]}, {"use": "maiden", "family": "Schmidt"}],
    "birthDate": "1954-05-24",
    "address": [{"line": ["Dorfstraße 9"], "postalCode": "13051", "city": "Berlin"}],
    "telecom": [{"system": "phone", "value": "030/123456"}, {"system": "email", "value": "g@example.org"}],
    "contact": [{"name": {"text": "Otto Müller"}}],
}
PHYSICIAN = {"resourceType": "Practitioner", "id": "d1", "name": [{"family": "Wagner", "given": ["Anna"]}]}
LETTER = {
    "resourceType": "Composition",
    "id": "letter",
    "title": "Entlassbrief",
    "type": {"text": "Arztbrief"},
    "subject": {"reference": "urn:uuid:1"},
    "author": [{"reference": "Practitioner/d1"}, {"display": "Dr. Karl Koch"}],
    "text": div("<p>Kopf</p>"),
    "section": [
        {"title": "Diagnosen", "text": div("<ul><li>Herzinsuffizienz</li></ul>")},
        {"title": "Leer", "text": {"status": "empty", "div": "<div>nichts</div>"}},
        {"title": "Verlauf", "section": [{"title": "Station", "text": div("<p>Gute Besserung.</p>")}]},
    ],
}
REPORT = {
    "resourceType": "DiagnosticReport",
    "id": "r1",
    "code": {"coding": [{"display": "CT Thorax"}]},
    "subject": {"reference": "https://kh.example/fhir/Patient/p1/_history/3"},
    "conclusion": "Kein Erguss.",
    "presentedForm": [
        {"contentType": "image/png", "data": base64_of(b"\x89PNG")},
        {"contentType": "text/html", "data": base64_of("<p>Befund: glatt.</p><p>Kein Erguss.</p>")},
    ],
}
NOTE = {
    "resourceType": "DocumentReference",
    "id": "n1",
    "description": "Verlaufsnotiz",
    "subject": {"reference": "#inner"},
    "contained": [{"resourceType": "Patient", "id": "inner", "name": [{"text": "Koch, Otto"}]}],
    "content": [{"attachment": {"contentType": "text/plain", "data": base64_of("Dem Patienten geht es gut.")}}],
}


def bundle(*resources: dict) -> dict:
    urls = {"p1": "urn:uuid:1"}
    entries = [
        {"fullUrl": urls.get(r["id"], f"https://kh.example/fhir/{r['resourceType']}/{r['id']}"), "resource": r}
        for r in resources
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def read(value: object) -> list:
    content = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return list(fhir.read_json(lambda: io.BytesIO(content), "x.json"))


def known(record: object) -> set[tuple[str, str]]:
    assert isinstance(record, ClinicalRecord)
    return {(identifier.label, identifier.value) for identifier in record.known}


def test_composition_with_patient_and_physicians():
    (record,) = read(bundle(LETTER, PATIENT, PHYSICIAN))
    assert record.key == "Composition/letter"
    assert record.title == "Entlassbrief"
    assert record.text == "Diagnosen\n- Herzinsuffizienz\n\nVerlauf\nStation\nGute Besserung."
    assert record.patient == "808439625"
    assert known(record) == {
        ("ID", "A123456780"), ("ID", "808439625"), ("ID", "letter"),
        ("PERSON", "von Müller, Gisela Maria"), ("PERSON", "Schmidt"), ("PERSON", "Otto Müller"),
        ("PERSON", "Wagner, Anna"), ("PERSON", "Dr. Karl Koch"), ("DATE_OF_BIRTH", "1954-05-24"),
        ("STREET", "Dorfstraße 9"), ("ZIP", "13051"), ("CITY", "Berlin"),
        ("PHONE", "030/123456"), ("EMAIL", "g@example.org"),
    }  # fmt: skip


def test_report_takes_its_best_form_and_no_text_twice():
    (record,) = read(bundle(REPORT, PATIENT))
    assert record.text == "Befund: glatt.\nKein Erguss."
    assert record.metadata == {"exam_type": "CT Thorax"}
    assert ("PERSON", "von Müller, Gisela Maria") in known(record)


def test_contained_patient_and_binary():
    (record,) = read(NOTE)
    assert record.text == "Dem Patienten geht es gut."
    assert ("PERSON", "Koch, Otto") in known(record)
    binary = {"resourceType": "Binary", "id": "b1", "contentType": "text/plain", "data": base64_of("Aus dem Binary.")}
    pointing = {**NOTE, "content": [{"attachment": {"contentType": "text/plain", "url": "Binary/b1"}}]}
    assert read(bundle(pointing, binary))[0].text == "Aus dem Binary."
    assert read(pointing) == [Unreadable("DocumentReference/n1", "not_included")]


def test_the_only_patient_is_meant():
    orphan = {**REPORT, "subject": {"reference": "Patient/unknown"}}
    assert ("PERSON", "von Müller, Gisela Maria") in known(read(bundle(orphan, PATIENT))[0])
    other = {**PATIENT, "id": "p2", "name": [{"family": "Andere"}]}
    assert not any(label == "PERSON" for label, _ in known(read(bundle(orphan, PATIENT, other))[0]))


@pytest.mark.parametrize(
    ("attachment", "reason"),
    [
        ({"contentType": "text/plain", "data": "***"}, "bad_base64"),
        ({"contentType": "application/pdf", "data": base64_of("%PDF-1.4 garbage")}, "malformed_pdf"),
        ({"contentType": "application/pdf"}, "no_text"),
        ({"data": 5}, "no_text"),
    ],
)
def test_bad_attachments_beside_good_resources(attachment, reason):
    bad = {**NOTE, "id": "bad", "content": [{"attachment": attachment}]}
    records = read(bundle(bad, NOTE))
    assert records[0] == Unreadable("DocumentReference/bad", reason)
    assert records[1].text == "Dem Patienten geht es gut."


def test_attached_cda():
    document = (
        '<ClinicalDocument xmlns="urn:hl7-org:v3"><component><structuredBody><component><section><title>Befund</title>'
        "<text>Größe normal</text></section></component></structuredBody></component></ClinicalDocument>"
    )
    attachment = {"contentType": "text/xml", "data": base64_of(document)}
    assert read({**NOTE, "content": [{"attachment": attachment}]})[0].text == "Befund\nGröße normal"


def test_structured_resources_are_no_documents():
    lab = {"resourceType": "Observation", "id": "o", "text": {"status": "generated", "div": "<div>Hb 14</div>"}}
    macro = {"resourceType": "Observation", "id": "m", "text": div("<p>Probe A: weißlicher Gewebszylinder</p>")}
    form = {"resourceType": "Questionnaire", "item": [{"text": "Leber"}]}
    assert [record.key for record in read(bundle(lab, macro, {**form, "id": "q"}))] == ["Observation/m"]
    assert read(form) == []


def test_malformed_resources():
    odd = [
        {"resourceType": "Composition", "section": "x", "text": 5},
        {
            "resourceType": "DiagnosticReport",
            "presentedForm": {"data": []},
            "conclusion": ["x"],
            "subject": "Patient/1",
        },
        {"resourceType": "DocumentReference", "content": [None, 3, {"attachment": "x"}], "identifier": [7]},
        {"resourceType": ["Composition"]},
    ]
    records = read(
        {"resourceType": "Bundle", "entry": [None, 3, {"resource": None}, *({"resource": item} for item in odd)]}
    )
    assert all(isinstance(record, Unreadable | ClinicalRecord) for record in records)
    assert len(records) == 3
    assert read(b"[1, 2]") == []
    assert read(b"5") == [Unreadable("x.json", "malformed_json")]


def test_bundle_that_is_cut_off():
    whole = json.dumps(bundle(PATIENT, PHYSICIAN, LETTER, REPORT, NOTE)).encode()
    seen = set()
    for stop in (*range(1, len(whole), 97), len(whole) - 1):
        records = []
        with pytest.raises(UnreadableFileError, match="truncated"):
            records.extend(fhir.read_json(lambda stop=stop: io.BytesIO(whole[:stop]), "x.json"))
        seen.add(tuple(record.key for record in records))
    keys = ("Composition/letter", "DiagnosticReport/r1", "DocumentReference/n1")
    assert seen == {(), keys[:1], keys[:2], keys}


def test_streaming_gives_what_reading_at_once_gives(monkeypatch):
    value = bundle(LETTER, REPORT, NOTE, PATIENT, PHYSICIAN)
    whole = read(value)
    monkeypatch.setattr(fhir, "MEMORY_BYTES", 100)
    assert [(r.key, r.text, r.known) for r in read(value)] == [(r.key, r.text, r.known) for r in whole]


NDJSON = "\n".join(json.dumps(value, ensure_ascii=False) for value in (bundle(LETTER, PATIENT), NOTE, REPORT)).encode()


def test_ndjson():
    content = NDJSON.replace(b"\n", b'\n{"resourceType": "Composition", \n\n', 1)
    assert fhir.is_ndjson("x", content)
    assert not fhir.is_ndjson("x", json.dumps(bundle(LETTER), indent=1).encode())
    assert not fhir.is_ndjson("x", json.dumps(bundle(LETTER)).encode())
    records = list(fhir.read_ndjson(lambda: io.BytesIO(content), 0, None, "x"))
    assert [getattr(record, "reason", record.key) for record in records] == [
        "Composition/letter", "malformed_json", "DocumentReference/n1", "DiagnosticReport/r1",
    ]  # fmt: skip


@pytest.mark.parametrize("target", [1, 50, 500, 3000])
def test_patients_are_found_in_other_lines_and_ranges(target):
    lines = [PATIENT, NOTE, REPORT, PHYSICIAN, {**LETTER, "subject": {"reference": "Patient/p1"}}]
    content = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode()
    whole = list(fhir.read_ndjson(lambda: io.BytesIO(content), 0, None, "x"))
    assert ("PERSON", "von Müller, Gisela Maria") in known(whole[1])
    assert {("PERSON", "von Müller, Gisela Maria"), ("PERSON", "Wagner, Anna")} <= known(whole[2])
    starts = range(0, len(content), target)
    found = [r for start in starts for r in fhir.read_ndjson(lambda: io.BytesIO(content), start, start + target, "x")]
    assert found == whole
