"""What holds of the surrogates of every document: drawn from names, numbers and dates in many forms."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.folding import fold
from pipelines.lexicons import entries
from pipelines.output_scan import is_valid_number
from pipelines.recognizers.check_digits import CHECKS
from pipelines.spans import Span
from pipelines.surrogates import Surrogates
from pipelines.surrogates.names import genders

KEY = b"a key of thirty-two bytes, or so"
GIVEN = entries("surrogate_female")[:40] + entries("surrogate_male")[:40]
FAMILY = (*entries("surrogate_surnames")[:60], "Klabauter", "Özdemir", "Zwiesler", "Nguyen", "Strauß", "Großmann")
NUMBERS = ("A123456780", "65 170839 J 003", "86 095 742 719", "756.9217.0769.85", "DE89 3704 0044 0532 0130 00")
"""Numbers with valid check digits: insurance (KVNR, RVNR), tax, Swiss AHV, IBAN."""

people = st.tuples(st.sampled_from(GIVEN), st.sampled_from(FAMILY))
dates = st.dates(date(1930, 1, 1), date(2040, 12, 31))
digits = st.text("0123456789", min_size=5, max_size=10)
keys = st.binary(min_size=16, max_size=16)


@st.composite
def documents(draw):
    """Return a text and its spans: a person in several forms, numbers, contacts, places and dates."""
    first, last = draw(people)
    number = draw(st.sampled_from(NUMBERS) | digits)
    day = draw(dates)
    pieces = draw(
        st.lists(
            st.sampled_from(
                [
                    ("PERSON", f"{first} {last}"),
                    ("PERSON", f"{last}, {first}"),
                    ("PERSON", last.upper()),
                    ("PERSON", f"Prof. Dr. {first} {last}"),
                    ("PERSON", f"{first[0]}. {last}"),
                    ("ID", number),
                    ("PHONE", "0" + draw(digits)),
                    ("EMAIL", f"{fold(first)}.{fold(last)}@klinik-herborn.de"),
                    ("CITY", draw(st.sampled_from(entries("surrogate_cities")[:50]))),
                    ("STREET", draw(st.sampled_from(["Hauptstr. 12", "Am Anger 3a", "ROTE STRASSE 17"]))),
                    ("ZIP", draw(st.sampled_from(["35745", "A-9011"]))),
                    ("USERNAME", draw(st.sampled_from(["WinA", "mkoe", "KLB"]))),
                    ("DATE", f"{day.day}.{day.month}.{day.year}"),
                    ("DATE_OF_BIRTH", day.strftime("%d.%m.%Y")),
                ]
            ),
            min_size=1,
            max_size=12,
        )
    )
    text, spans = "", []
    for label, surface in pieces:
        text += draw(st.sampled_from(["Frau ", "Herr ", "am ", "; ", "\n"]))
        spans.append(Span(len(text), len(text) + len(surface), label))
        text += surface
    return text, spans


def made(document, key=KEY, scope="scope"):
    """Return (label, original, surrogate) of each span."""
    text, spans = document
    surrogates = Surrogates(text, spans, key, scope)
    return [(span.label, text[span.begin : span.end], surrogates.of(span)) for span in spans]


def plain(surface):
    return "".join(c for c in surface if c.isalnum()).casefold()


def shape(surface):
    """Return the letter case and digits of a surface."""
    return [
        "9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in surface if not c.isspace()
    ]


@given(documents())
@settings(max_examples=200, deadline=None)
def test_no_surrogate_is_an_original_of_the_document(document):
    pairs = [pair for pair in made(document) if not pair[0].startswith("DATE")]
    originals = {plain(original) for _, original, _ in pairs}
    assert not originals & {plain(surrogate) for _, _, surrogate in pairs}
    words = {fold(w) for label, original, _ in pairs if label == "PERSON" for w in re.findall(r"\w{3,}", original)}
    new = {fold(w) for label, _, surrogate in pairs if label == "PERSON" for w in re.findall(r"\w{3,}", surrogate)}
    assert words & new <= {"prof"}


@given(documents())
@settings(max_examples=100, deadline=None)
def test_the_same_surface_has_the_same_surrogate(document):
    pairs = made(document)
    found = {(label, original): surrogate for label, original, surrogate in pairs if label != "PERSON"}
    assert all(found[label, original] == new for label, original, new in pairs if label != "PERSON")
    assert pairs == made(document)


@given(documents(), keys, keys)
@settings(max_examples=50, deadline=None)
def test_the_key_decides(document, one, other):
    assert made(document, one) == made(document, one)
    if one != other and sum(len(original) for _, original, _ in made(document)) > 40:
        assert made(document, one) != made(document, other)
        assert made(document, one) != made(document, one, "another patient")


@given(documents())
@settings(max_examples=100, deadline=None)
def test_shapes_and_check_digits(document):
    for label, original, surrogate in made(document):
        if label in ("ID", "PHONE", "ZIP", "USERNAME"):
            assert shape(surrogate) == shape(original)
            assert not is_valid_number(re.sub(r"\W", "", surrogate).upper())
        if label == "PERSON" and original.isupper():
            assert surrogate.isupper()
        if label == "EMAIL":
            assert surrogate.endswith(".example")


def test_the_numbers_tried_are_valid():
    for kind, number in zip(("kvnr", "rvnr", "taxid", "ahv", "iban"), NUMBERS, strict=True):
        assert CHECKS[kind](number), kind


@given(people, st.sampled_from(["Frau", "Herr"]))
@settings(max_examples=100, deadline=None)
def test_forms_of_one_name_stay_forms_of_one_name(person, salutation):
    first, last = person
    genitive = last + ("" if last.endswith(("s", "ß", "x", "z")) else "s")
    text, spans = "", []
    for surface in (
        f"{first} {last}",
        f"{last}, {first}",
        f"Dr. med. {last}",
        last.upper(),
        genitive,
        f"{first[0]}. {last}",
    ):
        text += f"{salutation} "
        spans.append(Span(len(text), len(text) + len(surface), "PERSON"))
        text += surface + ". "
    whole, reverse, titled, capitals, declined, initial = (new for _, _, new in made((text, spans)))
    given, family = whole.split()
    assert reverse == f"{family}, {given}"
    assert titled == f"Dr. med. {family}"
    assert capitals == family.upper()
    assert declined in (family, family + "s", family + "'")
    assert initial == f"{given[0]}. {family}"
    kinds = [genders().get(fold(name), "") for name in (first, given)]
    assert set(kinds[1]) & set(kinds[0] or "fm")


@given(st.lists(dates, min_size=2, max_size=6), st.text(min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_intervals_order_and_weekdays_stay(days, scope):
    text, spans = "", []
    for day in days:
        spans.append(Span(len(text), len(text) + 10, "DATE"))
        text += day.strftime("%d.%m.%Y") + " "
    moved = [date(*map(int, reversed(new.split(".")))) for _, _, new in made((text, spans), scope=scope)]
    offsets = {after - before for before, after in zip(days, moved, strict=True)}
    assert len(offsets) == 1
    assert offsets.pop() % timedelta(weeks=1) == timedelta()


@pytest.mark.parametrize("kind", ["surrogate_female", "surrogate_male", "surrogate_surnames", "surrogate_cities"])
def test_there_is_choice_enough(kind):
    assert len({fold(entry) for entry in entries(kind)}) >= 500
