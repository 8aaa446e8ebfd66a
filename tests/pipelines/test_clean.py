import itertools
import time

import ftfy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import clean as module
from pipelines.clean import FTFY, clean, join_broken_words, mend, tidy

# what goes wrong in real text, so that hypothesis finds it often
_WORDS = (
    "ä ß Ü é Ã Â ¤ Ÿ œ „ “ … – € ™ ² ° µ ® ½ & amp; &lt; #38; &#10; - -\n -\v ﬁ Ａ a B CT und 1 . ' < Größe GrÃ¶ÃŸe â€ž"
)
_SIGNS = "\u0308\xad\u200b\xa0\u2028\x85\x9f\x00\v\n\r\t \ud83d\ude00\ufeff\ufffd\uf0b7\u3000\u0130\u1e9e\x1b"
PIECES = st.sampled_from([*_WORDS.split(" "), *_SIGNS])
DIRTY = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=30).map("".join))


@given(DIRTY)
def test_clean_is_idempotent(text: str):
    assert clean(clean(text)) == clean(text)


@given(DIRTY)
def test_mend_equals_ftfy_on_every_text(text: str):
    prepared = text.translate(module._LINE_FEEDS)
    assert mend(prepared) == ftfy.fix_text(module._NESTED_ESCAPES.sub("&", prepared), FTFY)


@given(DIRTY)
def test_clean_leaves_no_dirt(text: str):
    cleaned = clean(text)
    assert cleaned == cleaned.strip()
    assert not {"\r", "\t", "\xa0", "\xad", "\u200b", "\ufeff", "\x00"} & set(cleaned)
    assert "  " not in cleaned
    assert " \n" not in cleaned
    assert "\n " not in cleaned
    assert "\n\n\n" not in cleaned
    cleaned.encode("utf-8")


def test_screen_implies_that_ftfy_changes_nothing():
    """All triples of the characters that the screen lets pass, each as a line of its own."""
    characters = [*module._INNOCENT, *"aZ1 .,&'\"?\t"]
    lines = map("".join, itertools.product(characters, repeat=3))
    passed = "\n".join(line for line in lines if not module._SUSPECT.search(line))
    assert passed.count("\n") > 20_000
    assert ftfy.fix_text(passed, FTFY) == passed


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        ("GrÃ¶ÃŸe der LÃ¤sion", "Größe der Läsion"),
        ("Ãœbung fÃ¼r Ã„rzte", "Übung für Ärzte"),
        ("Gr\u00c3\u00b6\u00c3\u009fe", "Größe"),
        ("â€žBefundâ€œ", "„Befund“"),
        ("der \x84Befund\x93", "der „Befund“"),
        ("guter Satz\nfÃ¼r Ã„rzte\nund „Größe“", "guter Satz\nfür Ärzte\nund „Größe“"),
        ("CRP &lt; 5 &amp;amp; Leuko", "CRP < 5 & Leuko"),
        ("u\u0308ber", "über"),
        ("Be\ufb01nden, Re\ufb02ux", "Befinden, Reflux"),
        ("Unter\xadsuchung, Sachse\xadSpaltung, Unter\xad\nsuchung", "Untersuchung, Sachse-Spaltung, Untersuchung"),
        ("null\u200bbreit \u200eLinks", "nullbreit Links"),
        ("5\xa0mg\u2009täglich\tabends", "5 mg täglich abends"),
        ("a\r\nb\rc\x0bd\x0ce\u2028f", "a\nb\nc\nd\ne\nf"),
        ("a  \n\n \n\n  b \n c", "a\n\nb\nc"),
        ("H\x00e\x00r\x00z", "Herz"),
        ("\ufeffBefund", "Befund"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_dirt_that_occurs(dirty: str, cleaned: str):
    assert clean(dirty) == cleaned


@pytest.mark.parametrize(
    "text",
    [
        "10³ Zellen/µl, 5 m², 37 °C, ±2",
        "„Zitat“, ‚halb‘, »so« und 'so'",
        "Straße in MÜNCHEN, Größe, Füße",
        "α-Blocker, β, µ, ≥ 3",
        "CRP < 5, Hb > 12",
        "½ Tablette • ein Punkt – Strich",
    ],
)
def test_case_and_special_characters_stay(text: str):
    assert clean(text) == text


@pytest.mark.parametrize(
    ("broken", "joined"),
    [
        ("Unter-\nsuchung", "Untersuchung"),
        ("Unter-\nsuch-\nung", "Untersuchung"),
        ("CT-\nUntersuchung", "CT-Untersuchung"),
        ("T2-\ngewichtet", "T2-gewichtet"),
        ("EKG-\ngestützt", "EKG-gestützt"),
        ("COVID-\n19", "COVID-19"),
        ("Müller-\nLüdenscheidt", "Müller-Lüdenscheidt"),
        ("Haupt-\nund Nebendiagnosen", "Haupt- und Nebendiagnosen"),
        ("Haupt- und\nNebendiagnosen", "Haupt- und\nNebendiagnosen"),
        ("medizinisch-\ntechnisch", "medizinisch-technisch"),
        ("non-invasiv und non-\ninvasiv", "non-invasiv und non-invasiv"),
        ("Grad 1-\n2", "Grad 1-\n2"),
        ("Unter-\n\nsuchung", "Unter-\n\nsuchung"),
        ("Liste:\n-\nBefund", "Liste:\n-\nBefund"),
        ("Gisela\nMüller", "Gisela\nMüller"),
    ],
)
def test_words_broken_at_the_end_of_a_line(broken: str, joined: str):
    assert join_broken_words(broken) == joined
    assert clean(broken) == joined


@pytest.mark.parametrize(
    "hostile",
    [
        "&" + "amp;" * 200_000,
        "&#" + "38;#" * 200_000,
        " " * 1_000_000 + "x",
        "\n" * 1_000_000 + "x",
        "a-\n" * 100_000,
        "\u200b" * 500_000,
        "Ã" * 200_000,
        "a" + "\u0316\u0301" * 20_000,
    ],
    ids=["ampersands", "numeric", "blanks", "newlines", "hyphens", "invisible", "mojibake", "combining"],
)
def test_hostile_text_takes_no_longer_than_it_should(hostile: str):
    start = time.process_time()
    clean(hostile)
    assert time.process_time() - start < 5


def test_tidy_needs_no_second_round():
    text = "a  \n \n\n\t b\xad c-\nd"
    assert tidy(tidy(text)) == tidy(text)
