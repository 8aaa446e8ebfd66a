import pytest

from pipelines.formats.clinical import Identifiers, canonical_name, iso_date, join_blocks


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1954-05-24", "1954-05-24"),
        ("1954-05-24T00:00:00+01:00", "1954-05-24"),
        ("19540524", "1954-05-24"),
        ("19540524103000", "1954-05-24"),
        ("24.05.1954", "1954-05-24"),
        ("4. 5.1954", "1954-05-04"),
        ("24.05.1954 00:00", "1954-05-24"),
        ("24/05/1954", "1954-05-24"),
        ("24.05.54", "24.05.54"),
        ("1954", "1954"),
        ("1954-13-45", "1954-13-45"),
        ("unbekannt", "unbekannt"),
    ],
)
def test_dates(written, meant):
    assert iso_date(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Müller^Gisela^^Dr.", "Müller, Gisela, Dr."),
        ("MÜLLER,Gisela", "MÜLLER, Gisela"),
        ("Gisela  Müller", "Gisela Müller"),
    ],
)
def test_names(written, meant):
    assert canonical_name(written) == meant


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("Dorfstraße 9, 13051 Berlin", ["Dorfstraße 9", "13051", "Berlin"]),
        ("Am Ring 5a\nD-80331 München", ["Am Ring 5a", "80331", "München"]),
        ("Hauptplatz 1; A-8010 Graz", ["Hauptplatz 1", "8010", "Graz"]),
        ("unbekannt verzogen", ["unbekannt verzogen"]),
    ],
)
def test_addresses(address, parts):
    found = Identifiers()
    found.add_address(address)
    assert [known.value for known in found.all()] == parts


def test_identifiers_come_once_and_say_something():
    found = Identifiers()
    found.add("ID", "4711", " 4711 ", None, "", "7", 4712)
    found.add_person("Müller", "Gisela")
    found.add_person("Müller")
    found.add_person("", "")
    assert [(known.label, known.value) for known in found.all()] == [
        ("ID", "4711"), ("ID", "4712"), ("PERSON", "Müller, Gisela"), ("PERSON", "Müller"),
    ]  # fmt: skip


def test_blocks_that_repeat_each_other():
    assert (
        join_blocks("Kein Erguss.", "Befund:\nKein  Erguss.\nEnde", "", "Anderes")
        == "Befund:\nKein  Erguss.\nEnde\n\nAnderes"
    )
