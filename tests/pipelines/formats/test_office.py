import io
import struct
import zipfile

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from pipelines.formats import UnreadableFileError, office


def word() -> bytes:
    document = docx.Document()
    document.add_heading("Arztbrief", 1)
    paragraph = document.add_paragraph("Diagnose:")
    paragraph.add_run("\tHerzinsuffizienz").add_break()
    paragraph.add_run("zweite Zeile")
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ("Natrium", "140 mmol/l", "Kalium", "4,1 mmol/l"), strict=True):
        cell.text = text
    table.cell(1, 1).add_paragraph("normal")
    text_box = (
        f'<w:p {nsdecls("w")} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:r>'
        "<mc:AlternateContent><mc:Choice Requires='wps'><w:txbxContent><w:p><w:r><w:t>Im Kasten</w:t></w:r></w:p>"
        "</w:txbxContent></mc:Choice><mc:Fallback><w:t>Im Kasten</w:t></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    control = (
        f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p><w:r><w:t>Im Feld</w:t></w:r>"
        "<w:del><w:r><w:delText>weg</w:delText></w:r></w:del></w:p></w:sdtContent></w:sdt>"
    )
    for xml in (text_box, control):
        document.element.body.insert(-1, parse_xml(xml))
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def test_word():
    assert office.docx_from_bytes(word()) == (
        "Arztbrief\nDiagnose: Herzinsuffizienz\nzweite Zeile\nNatrium: 140 mmol/l\nKalium: 4,1 mmol/l normal\n\n"
        "Im Kasten\n\nIm Feld"
    )


def archive(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in parts.items():
            target.writestr(name.replace("__", "/"), content)
    return stream.getvalue()


def test_hostile_archives():
    with pytest.raises(UnreadableFileError, match="corrupt_docx"):
        office.docx_from_bytes(word()[:3000])
    with pytest.raises(UnreadableFileError, match="not_a_word_document"):
        office.docx_from_bytes(archive(**{"a.txt": b"x"}))
    with pytest.raises(UnreadableFileError, match="corrupt_docx"):
        office.docx_from_bytes(archive(**{"[Content_Types].xml": b"<Types/>"}))
    with pytest.raises(UnreadableFileError, match="zip_bomb"):
        office.docx_from_bytes(archive(**{"[Content_Types].xml": b"", "word__media": bytes(office.UNPACKED_BYTES + 1)}))
    with pytest.raises(UnreadableFileError, match="too_large"):
        office.docx_from_bytes(archive(**{"[Content_Types].xml": b"", "word__x.xml": bytes(office.MARKUP_BYTES + 1)}))


def test_an_archive_that_lies_about_its_size():
    content = bytearray(archive(**{"[Content_Types].xml": b"<Types>" + bytes(1 << 20)}))
    entry = content.index(b"PK\x01\x02") + 24
    content[entry : entry + 4] = struct.pack("<I", 10)
    with pytest.raises(UnreadableFileError, match="corrupt_docx"):
        office.docx_from_bytes(bytes(content))


def test_entities_are_not_expanded():
    with zipfile.ZipFile(io.BytesIO(word())) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    entities = b'<!DOCTYPE x [<!ENTITY a "geheim"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    body = parts["word/document.xml"].replace(b"Im Feld", b"&a;&f;&a;")
    parts["word/document.xml"] = body[: body.index(b"?>") + 2] + entities + body[body.index(b"?>") + 2 :]
    text = office.docx_from_bytes(archive(**parts))
    assert "geheim" not in text
    assert "root" not in text


RTF = rb"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}}{\*\generator Word;}{\pict\wmetafile8 0102aabb}
\f0\fs20 Sehr geehrte Frau Kollegin,\par
wir berichten \'fcber die Gr\u246\'f6\'dfe:\line keine {\b Zunahme}.\par
\trowd\cellx100\cellx200 Natrium\cell 1|2\cell\row
\pard Ende\par}"""


def test_rtf():
    assert office.read_rtf(RTF) == (
        "Sehr geehrte Frau Kollegin,\nwir berichten über die Größe:\nkeine Zunahme.\nNatrium: 1|2\nEnde"
    )


def test_broken_and_binary_rtf():
    assert "Kollegin" in office.read_rtf(RTF[:200])
    assert "berichten" in office.read_rtf(RTF.replace(rb"0102aabb", rb"\bin4 }}{{"))
    assert "Ende" in office.read_rtf(RTF.replace(b"0102aabb", b"0123456789abcdef" * 200_000))
    assert office.read_rtf(rb"{\rtf1}") == ""
