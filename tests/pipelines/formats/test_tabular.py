import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.formats import Unreadable, UnreadableFileError, lines, tabular
from pipelines.formats.clinical import ClinicalRecord

HEADER = "Untersuchungsnummer;Patientenname;GebDat;Befund"


def read(content: bytes, start: int = 0, stop: int | None = None, **options: str) -> list:
    return list(tabular.read_csv(io.BytesIO(content), content[:65536], start, stop, options, "ris.csv"))


def reasons(records: list) -> list[str]:
    return [record.reason for record in records if isinstance(record, Unreadable)]


def texts(records: list) -> list[str]:
    return [record.text for record in records if isinstance(record, ClinicalRecord)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "cp850", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_encodings_and_delimiters(encoding, delimiter):
    header = HEADER.replace(";", delimiter)
    rows = ['"R1";"Müller, Gisela";"24.05.1954";"Kein Erguss; keine Größenzunahme."'.replace(";", delimiter)] * 3
    content = "\r\n".join([header, *rows, ""]).encode(encoding)
    records = read(content)
    assert len(records) == 3
    assert records[0].text == "Kein Erguss; keine Größenzunahme.".replace(";", delimiter)
    assert [(k.label, k.value) for k in records[0].known if k.label != "ID"] == [
        ("PERSON", "Müller, Gisela"),
        ("DATE_OF_BIRTH", "1954-05-24"),
    ]
    assert records[0].key == "R1"


def test_line_breaks_and_quotes_in_fields():
    content = (HEADER + '\n1;A;;"Zeile 1\nZeile 2 mit ""Zitat""\r\n\r\nZeile 4"\n2;B;;kurz 5" Nagel\n').encode()
    assert texts(read(content)) == ['Zeile 1\nZeile 2 mit "Zitat"\n\nZeile 4', 'kurz 5" Nagel']


def test_bad_rows_cost_themselves_only():
    rows = [
        b"1;A;1.1.1950;gut eins",
        b"2;B;zu kurz",
        b"3;C;1.1.1950;zu;lang",
        b"4;D;1.1.1950;kaputt \xff\x81 gr\xc3\xb6\xc3\x9fer",
        b'5;E;1.1.1950;"nie geschlossen',
        b"6;F;1.1.1950;gut sechs",
        b"7;G;1.1.1950;nul\0mitten",
        b"8;H;1.1.1950;",
        b"9;I;1.1.1950;gut neun;;;",
    ]
    content = "Untersuchungsnummer;Patientenname;GebDat;Befund mit Größe\n".encode() + b"\n".join(rows) + b"\n"
    records = read(content, text="Befund mit Größe")
    assert texts(records) == ["gut eins", "gut sechs", "gut neun"]
    assert reasons(records) == [
        "missing_cells", "surplus_cells", "invalid_encoding", "open_quote", "nul_character", "no_text",
    ]  # fmt: skip


def test_open_quotes_do_not_take_quadratic_time():
    content = HEADER.encode() + b"\n" + b'x"y;"z\n' * 200_000
    with pytest.raises(UnreadableFileError, match="malformed_csv"):
        read(content)


def test_long_line_is_rejected_in_bounded_memory(monkeypatch):
    monkeypatch.setattr(lines, "LINE_BYTES", 1000)
    content = HEADER.encode() + b"\n1;A;;" + b"x" * 5000 + b"\n2;B;;gut\n"
    records = read(content)
    assert reasons(records) == ["too_large"]
    assert texts(records) == ["gut"]


def test_missing_columns():
    with pytest.raises(UnreadableFileError, match="missing_text_column"):
        read(b"a;b\n1;2\n")
    with pytest.raises(UnreadableFileError, match="missing_text_column"):
        read(HEADER.encode() + b"\n1;2;3;4\n", text="Bericht")
    with pytest.raises(UnreadableFileError, match="missing_column"):
        read(HEADER.encode() + b"\n1;2;3;4\n", patient_name="Name")
    with pytest.raises(UnreadableFileError, match="missing_text_column"):
        read(b"")


def test_several_text_columns_are_joined_with_headings():
    content = b"ID,Fragestellung,Technik,Befund,Beurteilung\n7,Fraktur?,nativ,Kein Nachweis.,\n"
    (record,) = read(content)
    assert record.text == "Fragestellung:\nFraktur?\n\nTechnik:\nnativ\n\nBefund:\nKein Nachweis."


def test_excel_names_its_delimiter():
    assert texts(read(b"sep=;\nID;Befund\n1;gut\n")) == ["gut"]
    assert texts(read("sep=;\r\nID;Befund\r\n1;gut\r\n".encode("utf-16"))) == ["gut"]


def test_rich_text_in_cells():
    content = rb"""ID;Befund
1;{\rtf1\ansi\ansicpg1252 Kein Erguss, Gr\'f6\'dfe normal.\par Zweite Zeile}
2;<html><body><p>Kein <b>Erguss</b></p><p>Zweite Zeile</p></body></html>
"""
    assert texts(read(content)) == ["Kein Erguss, Größe normal.\nZweite Zeile", "Kein Erguss\nZweite Zeile"]


CELL = st.text(st.sampled_from('ab ä"\n;,\r'), max_size=12)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=12), target=st.integers(1, 60), broken=st.booleans())
def test_ranges_give_what_one_pass_gives(rows, target, broken):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerows([("ID", "Befund"), *rows])
    content = text.getvalue()
    if broken:
        content = content.replace('"', "", 1)
    content = content.encode()
    ranges = tabular.cut_csv(io.BytesIO(content), content, target, {})
    assert ranges[0][0] == 0
    assert ranges[-1][1] is None
    assert [record for start, stop in ranges for record in read(content, start, stop)] == read(content)


@given(rows=st.lists(st.tuples(CELL, CELL), max_size=12))
def test_written_rows_are_read(rows):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([("x", "y"), *rows])
    content = text.getvalue().encode()
    found = [tuple(row.cells) for row in tabular.read_rows(io.BytesIO(content), tabular.Dialect("utf-8", ";"), 0, None)]
    normal = [tuple(cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row) for row in rows]
    assert found == [("x", "y"), *normal]


def json_lines(content: bytes, start: int = 0, stop: int | None = None, **options: str) -> list:
    return list(tabular.read_json_lines(io.BytesIO(content), "utf-8", start, stop, options, "ris.jsonl"))


def test_json_lines():
    rows = [
        {"accession": 17, "report": "Kein Erguss.\nZweite Zeile", "Vorname": "Gisela", "Nachname": "Müller"},
        {"accession": "18", "report": None},
        {"other": 1},
    ]
    content = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode() + b'\n{"kaputt": \n[1]\n\n'
    records = json_lines(content)
    assert records[0].text == "Kein Erguss.\nZweite Zeile"
    assert records[0].key == "17"
    assert ("PERSON", "Müller, Gisela") in [(k.label, k.value) for k in records[0].known]
    assert reasons(records) == ["no_text", "missing_text_column", "malformed_json", "malformed_json"]


@given(st.lists(st.text(max_size=20), max_size=10), st.integers(1, 50))
def test_json_lines_in_ranges(values, target):
    content = "".join(json.dumps({"id": i, "text": value}) + "\n" for i, value in enumerate(values)).encode()
    cut = lines.ranges(len(content), target)
    assert [record for start, stop in cut for record in json_lines(content, start, stop)] == json_lines(content)


def parquet(table: pa.Table, rows: int = 2) -> io.BytesIO:
    stream = io.BytesIO()
    pq.write_table(table, stream, row_group_size=rows)
    return io.BytesIO(stream.getvalue())


def test_parquet_by_row_groups():
    table = pa.table(
        {
            "AccessionNumber": pa.array([1, 2, 3, None, 5]),
            "Befundtext": ["eins", "zwei", "drei", "vier", None],
            "Geburtsdatum": pa.array(["1950-01-02"] * 5).cast(pa.date32()),
            "unused": [b"\xff"] * 5,
        }
    )
    stream = parquet(table)
    whole = list(tabular.read_parquet(stream, 0, None, {}, "ris.parquet"))
    assert texts(whole) == ["eins", "zwei", "drei", "vier"]
    assert [record.key for record in whole] == ["1", "2", "3", "ris.parquet row 3", "5"]
    assert reasons(whole) == ["no_text"]
    assert isinstance(whole[0], ClinicalRecord)
    assert ("DATE_OF_BIRTH", "1950-01-02") in [(k.label, k.value) for k in whole[0].known]
    cut = tabular.cut_parquet(parquet(table), 1)
    assert len(cut) == 3
    assert [
        r for start, stop in cut for r in tabular.read_parquet(parquet(table), start, stop, {}, "ris.parquet")
    ] == whole


def test_parquet_with_invalid_utf8_and_broken_files():
    binary = pa.array([b"gr\xf6\xdfer", "größer".encode()])
    table = pa.table({"text": pa.StringArray.from_buffers(2, binary.buffers()[1], binary.buffers()[2])})
    assert texts(list(tabular.read_parquet(parquet(table), 0, None, {}, "x"))) == ["größer", "größer"]
    content = parquet(table).getvalue()
    with pytest.raises(UnreadableFileError, match="corrupt_parquet"):
        list(tabular.read_parquet(io.BytesIO(content[:-20]), 0, None, {}, "x"))
    with pytest.raises(UnreadableFileError, match="missing_text_column"):
        list(tabular.read_parquet(parquet(pa.table({"a": [1]})), 0, None, {}, "x"))
