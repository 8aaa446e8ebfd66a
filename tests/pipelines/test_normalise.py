import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.normalise import normalise

HIDING = "a bZüu\u0308\u00ad\u200b\u00a0\r\n-\ufeff\ufb01Ｍо́\u2011"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mu\u0308ller", "Müller"),
        ("Mül\u00adler", "Müller"),
        ("Mül\u00ad\nler", "Müller"),
        ("Mül-\nler", "Müller"),
        ("Mül-\r\n  ler", "Müller"),
        ("Müller-\nLüdenscheidt", "Müller-\nLüdenscheidt"),
        ("Leber- \nund Milz", "Leber- \nund Milz"),
        ("M\u200büller\ufeff", "Müller"),
        ("geb.\u00a01.5.1954\r\nHerr\u202fX", "geb. 1.5.1954\nHerr X"),
        ("Ｍüller Ho\ufb03er", "Müller Hoffier"),
        ("Mаriе", "Marie"),  # а and е are Cyrillic
        ("Müller\u2011Braun", "Müller-Braun"),
        ("10³ µg ½ β-Blocker", "10³ µg ½ β-Blocker"),
        ("", ""),
    ],
)
def test_nothing_hides_a_word(text, expected):
    assert normalise(text).text == expected


def test_spans_are_found_in_the_original():
    text = "\ufeffFrau Mu\u0308l\u00ad\nler kam am 3.4."
    normalised = normalise(text)
    begin = normalised.text.index("Müller")
    first, last = normalised.original(begin, begin + 6)
    assert text[first:last] == "Mu\u0308l\u00ad\nler"


@given(st.text(st.sampled_from(HIDING) | st.characters(), max_size=60))
def test_the_map_covers_the_original_in_order(text):
    normalised = normalise(text)
    places = [normalised.original(i, i + 1) for i in range(len(normalised.text))]
    assert all(0 <= begin < end <= len(text) for begin, end in places)
    assert all(one[0] <= other[0] for one, other in itertools.pairwise(places))
    for character, (begin, end) in zip(normalised.text, places, strict=True):
        if character.isalnum() and end - begin == 1 and text[begin].isascii():
            assert character == text[begin]
    if normalised.text:
        first, last = normalised.original(0, len(normalised.text))
        lost = text[:first] + text[last:]
        assert not any(c.isalnum() for c in lost if unicodedata.category(c) != "Mn")


@given(st.text(st.sampled_from(HIDING), max_size=60))
def test_nothing_invisible_remains(text):
    assert not set(normalise(text).text) & set("\u00ad\u200b\u00a0\ufeff\r")


def test_it_is_linear():
    for hostile in ("-" * 200_000, "- \t" * 100_000, "\u0301" * 200_000, "a\u00ad\n" * 100_000):
        normalise(hostile)
