import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.output_scan import is_valid_number, outside, scan
from pipelines.spans import Span


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("KVNR A000500015 (AOK)", "A000500015"),
        ("RVNR 15070649C103", "15070649C103"),
        ("IdNr 86 095 742 719", "86 095 742 719"),
        ("IBAN DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 00"),
        ("AHV 756.9217.0769.85", "756.9217.0769.85"),
        ("SVNR 1237 010180", "1237 010180"),
        ("Tel.: 02772 5838201", "02772 5838201"),
        ("Fax (0461) 708 - 223", "(0461) 708 - 223"),
        ("Mobil +49 171 1234567", "49 171 1234567"),
        ("m.mueller@klinik-herborn.de", "m.mueller@klinik-herborn.de"),
        ("mueller(at)klinik.de", "mueller(at)klinik.de"),
    ],
)
def test_plain_forms_are_found(text, expected):
    assert [text[s.begin : s.end] for s in scan(text)] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "A000500016",
        "RR 120/80, Puls 72",
        "12.03.2020 - 14.03.2020",
        "Leukozyten 12 345",
        "x@klinik.example",
        "OP 5-820.00",
    ],
)
def test_other_numbers_are_not(text):
    assert scan(text) == []


def test_validity():
    assert is_valid_number("A000500015")
    assert not is_valid_number("A000500016")


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9))),
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9))),
)
def test_outside_means_a_character_outside(hits, surrogates):
    hits = sorted(Span(b, b + n, "ID") for b, n in hits)
    covered, extents, last = set(), [], 0
    for begin, length in sorted(surrogates):
        if begin >= last:
            extents.append(Span(begin, begin + length, "ID"))
            covered |= set(range(begin, begin + length))
            last = begin + length
    assert outside(hits, extents) == [h for h in hits if not set(range(h.begin, h.end)) <= covered]


def test_hostile_numbers_cost_no_more():
    scan("1" * 300_000)
    scan("1 " * 150_000)
    scan("a." * 150_000 + "@")
