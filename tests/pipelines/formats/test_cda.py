import base64
import io

import pytest

from pipelines.formats import Unreadable, UnreadableFileError
from pipelines.formats.cda import is_cda, read_cda
from pipelines.formats.clinical import ClinicalRecord

HEAD = """<id root="1.2.276" extension="DOK-2024-17"/><code code="1" displayName="Entlassbrief"/>
<title>Arztbrief</title>
<recordTarget><patientRole><id root="1.2" extension="4711001"/><id nullFlavor="NI"/>
<addr><streetName>Dorfstraße</streetName><houseNumber>9</houseNumber><postalCode>13051</postalCode><city>Berlin</city></addr>
<telecom value="tel:030/123456"/><telecom value="mailto:g@example.org"/>
<patient><name><prefix>Dr.</prefix><given>Gisela</given><given>Maria</given><family>Müller</family>
<family qualifier="BR">Schmidt</family></name><birthTime value="19540524"/></patient></patientRole></recordTarget>
<author><assignedAuthor><assignedPerson><name>Anna Wagner</name></assignedPerson></assignedAuthor></author>
<componentOf><encompassingEncounter><id extension="FALL77"/></encompassingEncounter></componentOf>"""
BODY = """<component><structuredBody>
<component><section><title>Diagnosen</title><text>
<list><item>Herzinsuffizienz <content styleCode="Bold">NYHA III</content></item>
<item>Diabetes</item></list><table><tbody><tr><th>Natrium</th><td>140</td></tr></tbody></table>
<paragraph>Absatz<br/>zwei</paragraph><content revised="delete">gelöscht</content></text>
<component><section><title>Verlauf</title><text>Ohne Besonderheiten.</text></section></component></section></component>
<component><section><title>Leer</title><text/></section></component></structuredBody></component>"""


def document(head: str = HEAD, body: str = BODY) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet href="x.xsl"?>'
        f'<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:sdtc="urn:hl7-org:sdtc">{head}{body}</ClinicalDocument>'
    )


def read(content: str | bytes) -> list:
    content = content if isinstance(content, bytes) else content.encode()
    return list(read_cda(io.BytesIO(content), "x.xml"))


def test_document():
    (record,) = read(document())
    assert record.key == "1.2.276^DOK-2024-17"
    assert record.title == "Arztbrief"
    assert record.patient == "4711001"
    assert record.metadata == {"exam_type": "Entlassbrief"}
    assert record.text == (
        "Diagnosen\n- Herzinsuffizienz NYHA III\n- Diabetes\nNatrium: 140\nAbsatz\nzwei\n\n"
        "Verlauf\nOhne Besonderheiten."
    )
    assert {(known.label, known.value) for known in record.known} == {
        ("ID", "4711001"), ("ID", "FALL77"), ("ID", "DOK-2024-17"), ("STREET", "Dorfstraße 9"), ("ZIP", "13051"),
        ("CITY", "Berlin"), ("PHONE", "030/123456"), ("EMAIL", "g@example.org"), ("DATE_OF_BIRTH", "1954-05-24"),
        ("PERSON", "Müller, Gisela Maria"), ("PERSON", "Schmidt, Gisela Maria"), ("PERSON", "Anna Wagner"),
    }  # fmt: skip


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_other_encodings(encoding):
    content = document().replace('"UTF-8"', f'"{encoding}"').encode(encoding)
    assert is_cda(content)
    (record,) = read(content)
    assert ("STREET", "Dorfstraße 9") in [(known.label, known.value) for known in record.known]


def test_body_in_another_format():
    rtf = base64.b64encode(rb"{\rtf1\ansi Gr\'f6\'dfe normal}").decode()
    body = '<component><nonXMLBody><text mediaType="text/rtf" representation="B64">{}</text></nonXMLBody></component>'
    assert read(document(body=body.format(rtf)))[0].text == "Größe normal"
    assert read(document(body=body.format("***"))) == [Unreadable("1.2.276^DOK-2024-17", "bad_base64")]


def test_bad_documents():
    assert read(document(body="")) == [Unreadable("1.2.276^DOK-2024-17", "no_text")]
    assert read(document(body=BODY.replace("</list>", ""))) == [Unreadable("x.xml", "malformed_xml")]
    with pytest.raises(UnreadableFileError, match="truncated"):
        read(document()[:900])
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><ClinicalDocument>&b;</ClinicalDocument>'
    with pytest.raises(UnreadableFileError, match="entity_declaration"):
        read(bomb)


def test_several_documents_in_a_file():
    content = document() + "\n" + document(body=BODY.replace("</item>", "", 1)) + document()
    records = read(content)
    assert [isinstance(record, ClinicalRecord) for record in records] == [True, False, True]
