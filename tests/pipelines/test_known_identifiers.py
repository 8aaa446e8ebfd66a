import re

import pytest

from pipelines.known_identifiers import KnownIdentifiers
from pipelines.known_identifiers.names import name_tokens
from pipelines.known_identifiers.values import parse_date
from schemas.document import KnownIdentifier
from tests.pipelines.recognizers import golden

COMMON = {"Becken", "becken", "Winter", "winter", "lang", "Lang", "Leber", "leber", "Bauch"}


def found(text, *known):
    identifiers = [KnownIdentifier(label, value) for label, value in known]
    return [text[s.begin : s.end] for s in KnownIdentifiers(identifiers, COMMON.__contains__).find(text)]


NAME = ("PERSON", "Müller-Bartholomä, Gisela M.")


@pytest.mark.parametrize(
    "form",
    [
        "Gisela Müller-Bartholomä",
        "Müller-Bartholomä, Gisela",
        "MÜLLER-BARTHOLOMÄ GISELA",
        "gisela müller-bartholomä",
        "Mueller-Bartholomae",
        "Muller",
        "Müller",
        "Müllers",
        "Giselas",
        "Gisella",
        "Giesla",
        "Bartholmä",
        "Bartolomäs",
        "G. Müller",
        "M. Gisela",
        "Müller G.",
        "G.M.",
        "G. B.",
    ],
)
def test_every_form_of_the_name_is_masked(form):
    text = f"Befund von {form} unauffällig, Lunge frei."
    assert found(text, NAME) == [form.rstrip(".")]


@pytest.mark.parametrize(
    "text", ["Das Becken ist stabil.", "5 g Glucose, M. Crohn", "Gips am Unterarm", "lang anhaltend"]
)
def test_other_words_stay(text):
    assert found(text, ("PERSON", "Becker, Gisela"), ("PERSON", "Lang")) == []


def test_a_name_that_is_a_word():
    assert found("Herr Winter kam im Winter, Pat. winter", ("PERSON", "Winter, Jo")) == ["Winter", "Winter", "winter"]
    assert found("Herr Beckem, Frau Becken", ("PERSON", "Becker")) == ["Beckem", "Becken"]


@pytest.mark.parametrize(
    "value", ["Müller^Gisela^M^^Dr.", "Dr. med. Gisela Müller", "Gisela von Müller", "Frau Prof. Müller, Gisela"]
)
def test_names_are_told_from_titles(value):
    assert sorted(set(name_tokens(value)) - {"m"}) == ["gisela", "mueller"]


@pytest.mark.parametrize("value", ["1954-05-01", "01.05.1954", "1.5.1954", "19540501", "19540501120000", "1. Mai 1954"])
def test_dates_are_read(value):
    assert parse_date(value) == (1954, 5, 1)


@pytest.mark.parametrize(
    "form",
    [
        "01.05.1954",
        "1.5.54",
        "1. 5. 1954",
        "1. Mai 1954",
        "01 Mai 54",
        "1954-05-01",
        "19540501",
        "010554",
        "01/05/1954",
        "05/01/1954",
        "01.05 1954",
        "1.Mai.1954",
    ],
)
def test_every_form_of_the_birth_date_is_masked(form):
    assert found(f"geb. {form}, Aufnahme 2.5.1954", ("DATE_OF_BIRTH", "1954-05-01")) == [form]


@pytest.mark.parametrize(
    ("label", "value", "form"),
    [
        ("ID", "A123456780", "A 123 456 780"),
        ("ID", "A123456780", "a123456780"),
        ("ID", "4711-0815/99", "4711081599"),
        ("ID", "0012345", "12345"),
        ("ID", "12345", "0012345"),
        ("PHONE", "+49 221 4567-89", "0221/456789"),
        ("PHONE", "0221456789", "+49 (0)221 45 67 89"),
        ("STREET", "Hauptstraße 12", "Hauptstr. 12"),
        ("STREET", "Hauptstr. 12", "Haupt-Strasse 12"),
        ("ZIP", "35745", "35745"),
        ("CITY", "Bad Arolsen", "BAD AROLSEN"),
        ("EMAIL", "g.mueller@web.de", "G.Mueller@web.de"),
    ],
)
def test_values_are_masked_however_they_are_separated(label, value, form):
    assert found(f"Daten: {form} (siehe oben)", (label, value)) == [form]


def test_a_number_is_not_found_inside_another():
    assert found("Fall 99123456, Labor 1234567", ("ID", "12345")) == []


def test_nothing_known_costs_nothing():
    assert found("Gisela Müller") == []
    assert found("Gisela Müller", ("PERSON", "  "), ("ID", "7"), ("AGE", "54")) == []


def _other_forms(name: str) -> list[str]:
    """Return a name of two or more words as hurried writers have it."""
    words = name.replace(",", " ").split()
    last = words[-1]
    mistyped = last[:2] + last[3] + last[2] + last[4:]
    return [
        " ".join(reversed(words)),
        f"{last}, {words[0]}",
        f"{words[0][0]}. {last}",
        name.upper(),
        f"{last}s Befund",
        f"Herr {mistyped}",
    ]


def test_no_form_of_a_patients_name_is_left_whatever_the_name():
    letters = [*golden.letters("house_styles"), *golden.letters("untuned")]
    pattern = re.compile(r"[A-ZÄÖÜ][a-zäöüß]{3,},? [A-ZÄÖÜ][a-zäöüß]{5,}")
    entities = [(letter["text"], e) for letter in letters for e in letter["entities"] if e["label"] == "NAME_PATIENT"]
    names = {text[e["begin"] : e["end"]] for text, e in entities}
    full = sorted(filter(pattern.fullmatch, names))
    assert len(full) > 20
    for name in full:
        known = KnownIdentifiers([KnownIdentifier("PERSON", name)], COMMON.__contains__)
        for form in _other_forms(name):
            text = f"Gestern kam {form} zu uns."
            masked = {i for span in known.find(text) for i in range(span.begin, span.end)}
            words = [m for m in re.finditer(r"[^\W\d_]{2,}", text) if m[0] in form and m[0] not in ("Herr", "Befund")]
            assert all(set(range(*word.span())) <= masked for word in words), (name, form)
