import pytest

from pipelines.formats import Unreadable, UnreadableFileError
from pipelines.formats.clinical import ClinicalRecord
from pipelines.formats.columns import find_columns, is_header, normalise, row_record, usual_names
from schemas.entities import LABELS


def record(**cells: str) -> ClinicalRecord:
    header = [name.replace("_", " ") for name in cells]
    found = row_record(list(cells.values()), find_columns(header, {}), "row 1")
    assert isinstance(found, ClinicalRecord)
    return found


@pytest.mark.parametrize("name", ["GebDat", "Geb.-Dat.", "GEB_DAT", "geb dat"])
def test_names_without_case_and_punctuation(name):
    assert normalise(name) == "gebdat"
    assert normalise("Straße") == "strasse"
    assert normalise("Überweiser") == "ueberweiser"


def test_usual_names_mean_one_thing_each():
    texts = [name for field, names in usual_names().items() if field == "text" or ":" in field for name in names]
    assert len(texts) == len(set(texts))
    assert all(name for names in usual_names().values() for name in names)


def test_row_with_everything():
    found = record(
        Accession="A-1", PatID="4711", Fallnummer="F77", Nachname="Müller", Vorname="Gisela", Geburtsname="Schmidt",
        Geburtsdatum="24.05.1954", Adresse="Dorfstraße 9, 13051 Berlin", Telefon="030/123456", Befunder="Koch, Otto",
        Modalität="CT", Untersuchung="CT Thorax", Befund="Kein Erguss.", Beurteilung="Unauffällig.",
    )  # fmt: skip
    assert found.key == "A-1"
    assert found.patient == "4711"
    assert found.metadata == {"exam_type": "CT Thorax", "modality": "CT"}
    assert found.text == "Befund:\nKein Erguss.\n\nBeurteilung:\nUnauffällig."
    known = [(identifier.label, identifier.value) for identifier in found.known]
    assert set(known) == {
        ("PERSON", "Müller, Gisela"), ("PERSON", "Schmidt, Gisela"), ("PERSON", "Koch, Otto"),
        ("DATE_OF_BIRTH", "1954-05-24"), ("STREET", "Dorfstraße 9"), ("ZIP", "13051"), ("CITY", "Berlin"),
        ("PHONE", "030/123456"), ("ID", "A-1"), ("ID", "4711"), ("ID", "F77"),
    }  # fmt: skip
    assert {label for label, _ in known} <= set(LABELS)


def test_full_text_makes_its_parts_superfluous():
    found = record(ID="1", Befund="Kein Erguss.", Berichtstext="Fragestellung: X\nKein Erguss.\nEnde")
    assert found.text == "Fragestellung: X\nKein Erguss.\nEnde"


def test_options_name_columns():
    columns = find_columns(["a", "b", "c"], {"text": "b", "key": "c", "patient_name": "a"})
    found = row_record(["Müller^Gisela", "Text", "7"], columns, "row 1")
    assert isinstance(found, ClinicalRecord)
    assert (found.key, found.text, found.known[0].value) == ("7", "Text", "Müller, Gisela")
    with pytest.raises(UnreadableFileError, match="missing_text_column"):
        find_columns(["a"], {"text": "b"})


def test_headers_of_other_tables():
    assert is_header(["Accession Number", "Befund"])
    assert not is_header(["Befund"])
    assert not is_header(["Der Patient kommt", "zur Aufnahme"])


def test_rows_without_text_or_key():
    columns = find_columns(["ID", "Befund"], {})
    assert row_record(["7", " "], columns, "row 1") == Unreadable("7", "no_text")
    assert row_record(["", "Text"], columns, "row 1") == ClinicalRecord("row 1", "Text")
    assert row_record(["7", "{\\rtf1}"], columns, "row 1") == Unreadable("7", "no_text")
