"""Clinical exchange formats: HL7 v2, FHIR, CDA and MRRT."""

import base64
import json
from collections.abc import Iterator
from html import escape
from typing import Any

from pipelines.sampling.persons import Patient
from pipelines.sampling.record import Record
from pipelines.sampling.writers.documents import rtf_bytes
from pipelines.sampling.writers.pdf import encodable, letter_pdf

_HL7_ESCAPES = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\", "\n": "\\.br\\"})


def patient_of(record: Record) -> Patient:
    """Return the record's patient. Raises ValueError where it has none."""
    if record.patient is None:
        raise ValueError(f"record {record.key} of {record.source} has no patient")
    return record.patient


def oru_message(record: Record, repeat: bool) -> str:
    """Return an ORU^R01 message; with `repeat` each line of the text is an OBX segment of its own."""
    who, doctor, stamp = patient_of(record), record.physician, f"{record.day:%Y%m%d}1030"
    name = f"{_hl7(who.family)}^{_hl7(who.given)}"
    author = f"{_hl7(doctor.family)}^{_hl7(doctor.given)}^^^{_hl7(doctor.title)}" if doctor else ""
    exam = f"{record.metadata['code']}^{_hl7(record.metadata['exam_type'])}"
    address = f"{_hl7(who.street)}^^{_hl7(who.town)}^^{who.postcode}^DE"
    segments = [
        f"MSH|^~\\&|RIS|RAD|KIS|HOSP|{stamp}||ORU^R01|{record.identity}|P|2.5|||||DEU|UNICODE UTF-8",
        f"PID|1||{who.number}^^^KIS^PI||{name}||{who.birth:%Y%m%d}|{who.sex}|||{address}||{_hl7(who.phone)}",
        f"PV1|1|I|4B^12^1||||||||||||||||{record.number + 500000}",
        f"OBR|1|{record.identity}|{record.identity}|{exam}|||{stamp}|||||||||||{record.identity}||||||F|||||||{author}",
    ]
    texts = record.text.split("\n") if repeat else [record.text]
    segments += [f"OBX|{index}|TX|GDT^Befund||{_hl7(text)}||||||F" for index, text in enumerate(texts, 1)]
    return "\r".join(segments) + "\r"


def _hl7(text: str) -> str:
    return text.translate(_HL7_ESCAPES)


def hl7_mllp(path: str, records: Iterator[Record]) -> None:
    """Write messages framed by MLLP's start and end bytes."""
    with open(path, "wb") as stream:
        for record in records:
            stream.write(b"\x0b" + oru_message(record, True).encode() + b"\x1c\r")


def hl7_plain(path: str, records: Iterator[Record]) -> None:
    """Write messages one after the other, segments ended by carriage returns."""
    with open(path, "wb") as stream:
        for record in records:
            stream.write(oru_message(record, False).encode())


def fhir_patient(record: Record) -> dict[str, Any]:
    """Return the Patient resource of a record."""
    who = patient_of(record)
    return {
        "resourceType": "Patient",
        "id": f"pat-{who.number}",
        "identifier": [
            {"system": "http://fhir.de/sid/gkv/kvid-10", "value": who.insurance},
            {"system": "urn:kis:pid", "value": who.number},
        ],
        "name": [{"use": "official", "family": who.family, "given": [who.given]}],
        "telecom": [{"system": "phone", "value": who.phone}, {"system": "email", "value": who.email}],
        "gender": "female" if who.sex == "F" else "male",
        "birthDate": who.birth.isoformat(),
        "address": [{"line": [who.street], "postalCode": who.postcode, "city": who.town, "country": "DE"}],
    }


def diagnostic_report(record: Record) -> dict[str, Any]:
    """Return a DiagnosticReport: its text as presentedForm, or as conclusion where the number is odd."""
    resource: dict[str, Any] = {
        "resourceType": "DiagnosticReport",
        "id": f"dr-{record.identity}",
        "identifier": [{"type": {"coding": [{"code": "ACSN"}]}, "value": record.identity}],
        "status": "final",
        "code": {"text": record.metadata["exam_type"]},
        "subject": {"reference": f"Patient/pat-{patient_of(record).number}"},
        "effectiveDateTime": record.day.isoformat(),
    }
    if record.number % 2:
        return resource | {"conclusion": record.text}
    data = base64.b64encode(record.text.encode()).decode()
    return resource | {"presentedForm": [{"contentType": "text/plain; charset=utf-8", "language": "de", "data": data}]}


def fhir_reports(path: str, records: Iterator[Record]) -> None:
    """Write a Bundle of patients and their DiagnosticReports, an entry a line."""
    _write_bundle(path, records, diagnostic_report)


def fhir_documents(path: str, records: Iterator[Record]) -> None:
    """Write a Bundle of patients and their Compositions and DocumentReferences."""
    _write_bundle(path, records, clinical_document)


def _write_bundle(path: str, records: Iterator[Record], resource) -> None:
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        stream.write('{"resourceType": "Bundle", "type": "collection", "entry": [')
        separator = "\n"
        for record in records:
            for item in (fhir_patient(record), resource(record)):
                url = f"https://kis.example/fhir/{item['resourceType']}/{item['id']}"
                entry = {"fullUrl": url, "resource": item}
                stream.write(separator + json.dumps(entry, ensure_ascii=False))
                separator = ",\n"
        stream.write("\n]}\n")


def fhir_ndjson(path: str, records: Iterator[Record]) -> None:
    """Write patients and documents, a resource a line."""
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        for record in records:
            for item in (fhir_patient(record), clinical_document(record)):
                stream.write(json.dumps(item, ensure_ascii=False) + "\n")


def resource_type(number: int) -> str:
    """Return the type of resource that document `number` is written as."""
    return "Composition" if number % 10 < 3 else "DocumentReference"


def attachment_surface(record: Record) -> str:
    """Return the record's text as its attachment holds it: a PDF's fonts lack some letters."""
    return encodable(record.text) if record.number % 10 == 9 else record.text


def clinical_document(record: Record) -> dict[str, Any]:
    """Return a Composition or a DocumentReference with a text, HTML, RTF or PDF attachment, by the number."""
    base = {
        "id": record.identity,
        "identifier": {"system": "urn:kis:doc", "value": record.identity},
        "subject": {"reference": f"Patient/pat-{patient_of(record).number}"},
        "date": f"{record.day.isoformat()}T10:30:00Z",
        "type": {"text": "Arztbrief"},
    }
    form = record.number % 10
    if resource_type(record.number) == "Composition":
        return {"resourceType": "Composition", "status": "final", "title": "Arztbrief", **base} | {
            "section": [{"text": {"status": "generated", "div": _narrative(record.text)}}],
        }
    if form < 6:
        content = ("text/plain; charset=utf-8", record.text.encode())
    elif form < 8:
        content = ("text/html", letter_html(record).encode())
    elif form == 8:
        content = ("application/rtf", rtf_bytes(record.text))
    else:
        content = ("application/pdf", letter_pdf(record.text))
    attachment = {"contentType": content[0], "data": base64.b64encode(content[1]).decode()}
    return {"resourceType": "DocumentReference", "status": "current", **base} | {
        "identifier": [base["identifier"]],
        "content": [{"attachment": attachment}],
    }


def _narrative(text: str) -> str:
    paragraphs = "".join(f"<p>{escape(part).replace(chr(10), '<br/>')}</p>" for part in text.split("\n\n"))
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{paragraphs}</div>'


def letter_html(record: Record) -> str:
    """Return a letter as an HTML page."""
    body = "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>\n" for part in record.text.split("\n\n"))
    return f'<!DOCTYPE html>\n<html lang="de"><head><meta charset="utf-8"></head><body>\n{body}</body></html>\n'


def cda(path: str, records: Iterator[Record]) -> None:
    """Write one clinical document in CDA R2."""
    record = next(records)
    who, doctor = patient_of(record), record.physician
    author = f"<given>{escape(doctor.given)}</given><family>{escape(doctor.family)}</family>" if doctor else ""
    paragraphs = "".join(
        f"<paragraph>{escape(part).replace(chr(10), '<br/>')}</paragraph>" for part in record.text.split("\n\n")
    )
    document = f"""<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3">
<typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
<id root="1.2.276.0.76.3.1.99" extension="{record.identity}"/>
<code code="18842-5" codeSystem="2.16.840.1.113883.6.1" displayName="Entlassbrief"/>
<title>Entlassbrief</title>
<effectiveTime value="{record.day:%Y%m%d}"/>
<languageCode code="de-DE"/>
<recordTarget><patientRole><id root="1.2.276.0.76.3.1.99.1" extension="{who.number}"/>
<addr><streetAddressLine>{escape(who.street)}</streetAddressLine><postalCode>{who.postcode}</postalCode>
<city>{escape(who.town)}</city></addr><telecom value="tel:{escape(who.phone)}"/>
<patient><name><given>{escape(who.given)}</given><family>{escape(who.family)}</family></name>
<birthTime value="{who.birth:%Y%m%d}"/></patient></patientRole></recordTarget>
<author><time value="{record.day:%Y%m%d}"/><assignedAuthor><id extension="{record.number}"/>
<assignedPerson><name>{author}</name></assignedPerson></assignedAuthor></author>
<component><structuredBody><component><section><text>{paragraphs}</text></section></component></structuredBody></component>
</ClinicalDocument>
"""
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(document)


def mrrt(path: str, records: Iterator[Record]) -> None:
    """Write one report as an HTML page in the manner of MRRT."""
    record = next(records)
    who = patient_of(record)
    lines = "".join(f"<p>{escape(line)}</p>\n" for line in record.text.split("\n") if line)
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(f"""<!DOCTYPE html>
<html lang="de"><head><meta charset="UTF-8"><title>{escape(record.metadata["exam_type"])}</title>
<meta name="dcterms.title" content="{escape(record.metadata["exam_type"])}">
<meta name="dcterms.type" content="IMAGE_REPORT_TEMPLATE"><meta name="dcterms.language" content="de">
<meta name="dcterms.identifier" content="{record.identity}">
<meta name="patient.name" content="{escape(who.listed)}"></head>
<body><section id="findings" class="level1" data-section-name="Befund">
{lines}</section></body></html>
""")
