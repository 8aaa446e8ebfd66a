"""Wikitext becomes sentences, in linear time, whatever its authors left open."""

import time
from pathlib import Path

import mwparserfromhell
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.formats import mediawiki
from pipelines.formats.wikitemplates import formula
from pipelines.formats.wikitext import plain_text

CASES = [
    ("Die '''Leber''' ist ein ''Organ''.", "Die Leber ist ein Organ."),
    ("Ein [[Herzinfarkt]] der [[Arteria coronaria|Herzkranzgefäße]]n.", "Ein Herzinfarkt der Herzkranzgefäßen."),
    ("Die [[Leber (Organ)|]] wächst.", "Die Leber wächst."),
    ("[[Datei:Leber.png|mini|Die [[Leber]] von {{x}} vorn]]\nText.", "Text."),
    ("Text.[[Kategorie:Organ]]\n[[en:Liver]]\n[[Kategorie:Leber]]", "Text."),
    ("Text.\n[[Fachgebiet:Pneumologie]]\n[[Tag:Lunge]]", "Text."),
    ("Siehe [[:Kategorie:Organ]].", "Siehe Kategorie:Organ."),
    ("{{Infobox ICD|01-CODE=I21\n|BEZEICHNUNG={{lang|de|x}}}}\nText.", "Text."),
    ("Hepatitis ({{IPA|x}}; von {{laS|hepar}}) heilt.", "Hepatitis (von lateinisch hepar) heilt."),
    ("Hepatitis ({{IPA|x}}) heilt.", "Hepatitis heilt."),
    ("Eins.<ref name='a'>{{Literatur|Titel=X}} Meier [[A]]</ref> Zwei.<ref name='a' />", "Eins. Zwei."),
    ("10<sup>−7</sup> N, 5 cm<sup>2</sup>, CO<sub>2</sub>, <sup>99m</sup>Tc", "10⁻⁷ N, 5 cm², CO2, 99mTc"),
    ("p&nbsp;&lt;&nbsp;0,05 und x < 3 oder y > 4", "p\xa0<\xa00,05 und x < 3 oder y > 4"),
    ("Mit <math>p < 0{,}05</math> und <math>\\frac{a}{{b}}</math> gilt.", "Mit p < 0,05 und gilt."),
    ("{| class=x\n! A\n|-\n| {{b|{|}} c\n|}\nText.", "Text."),
    ("{|\n| a\n{|\n| b\n|}\n|}\nText.", "Text."),
    ("* Fieber\n** hoch\n# eins\n; Dosis : 5 mg\n: Einzug", "Fieber\nhoch\neins\nDosis : 5 mg\nEinzug"),
    ("Eine Zeile,\ndie weitergeht.\n\nAbsatz.", "Eine Zeile, die weitergeht.\nAbsatz."),
    ("Text.\n== Therapie ==\nRuhe.\n== Literatur ==\n* Meier\n=== Bücher ===\n* B\n== Prognose ==\nGut.",
     "Text.\nTherapie\nRuhe.\nPrognose\nGut."),
    ("Text.\n== Leer ==\n{{x}}\n== Klinik ==\n=== Zeichen ===\nRot.\n== Weblinks ==\n* [http://a.de A]",
     "Text.\nKlinik\nZeichen\nRot."),
    ("Die [http://a.de/b?c=d Leitlinie] gilt [https://x.org].", "Die Leitlinie gilt."),
    ("<!-- weg --> Text<!-- auch\nweg -->. <nowiki>[[bleibt]]</nowiki>", "Text. [[bleibt]]"),
    ("__NOTOC__\nText.\n----\n{{SORTIERUNG:Text}}", "Text."),
    ("A<br />B<p>C</p>", "A\nB\nC"),
    ("<gallery>\nDatei:a.jpg|Bild\n</gallery>\n<dclink=12>Leber</dclink> ist da.", "Leber ist da."),
    ("Er sagt: {{Zitat|Text=Ruhe hilft.|Autor=X}}", "Er sagt:\nRuhe hilft."),
]  # fmt: skip


@pytest.mark.parametrize(("wikitext", "text"), CASES)
def test_plain_text(wikitext: str, text: str) -> None:
    assert plain_text(wikitext) == text


@pytest.mark.parametrize(
    ("wikitext", "kept"),
    [
        ("{{Infobox ICD|A=1\n|B=2\n\nDie Krankheit ist selten.\n\nMehr Text.", "Die Krankheit ist selten.\nMehr Text."),
        ("{|\n| a\n| b\n\nNach der Tabelle.", "Nach der Tabelle."),
        ("Vor [[Link ohne Ende. Danach.", "Vor Link ohne Ende. Danach."),
        ("Vor}} und ]] und |} danach.", "Vor und und |} danach."),
        ("Vor <ref>nie geschlossen\nNächster Satz.", "Vor Nächster Satz."),
        ("'''Fett ohne Ende", "Fett ohne Ende"),
        ("<!-- ohne Ende", ""),
    ],
)
def test_what_is_left_open_costs_its_paragraph_at_most(wikitext: str, kept: str) -> None:
    assert plain_text(wikitext) == kept


@pytest.mark.parametrize(
    "piece",
    ["{{", "[[", "{|\n", "<ref>", "<b>", "[[a|", "{{a|b=", "[http://a ", "[//a", "<math>", "{|\n|\n{{", "[[Datei:x|",
     "== ", "'''a", "({{x}}"],
)  # fmt: skip
def test_hostile_wikitext_takes_linear_time(piece: str) -> None:
    began = time.process_time()
    plain_text(piece * (100_000 // len(piece)))
    assert time.process_time() - began < 5  # mwparserfromhell: minutes


@given(
    st.lists(
        st.sampled_from(
            ["{{", "}}", "[[", "]]", "|", "{|", "|}", "\n", "<ref>", "</ref>", "''", "= ", "a", "*", "<sup>", "2"]
        )
    )
)
@settings(max_examples=300, deadline=None)
def test_any_wikitext_leaves_no_links_and_templates(pieces: list[str]) -> None:
    text = plain_text("".join(pieces))
    assert not any(mark in text for mark in ("{{", "[[", "]]", "}}", "<ref", "'''"))


def test_nesting_beyond_all_limits() -> None:
    assert "Ende" in plain_text("{{a|" * 5000 + "}}" * 5000 + "\n\nEnde.")


def test_private_characters_of_the_source_do_no_harm() -> None:
    assert plain_text("A\ue000B \ue15bC") == "AB C"


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"10^{-3}\,\mathrm{mol}", "10⁻³ mol"),
        (r"\alpha_1", "α1"),
        (r"\frac{a}{b}", ""),
        (r"\sum_{i}^n x_i", ""),
        ("{" * 90, ""),
    ],
)
def test_formula(tex: str, text: str) -> None:
    assert formula(tex) == text


def words(text: str) -> list[str]:
    return [word for word in text.split() if word.isalpha() and len(word) > 3]


def test_real_pages_agree_with_mwparserfromhell(real_data: Path) -> None:
    """Nearly all words of ours are in theirs, in order; theirs has the appendices and captions besides."""
    pages = sorted((real_data / "raw/wikipedia/dewiki_pages").glob("*.xml"))
    for path in pages:
        with path.open("rb") as stream:
            (page,) = mediawiki.read(stream)
        assert isinstance(page, mediawiki.Page)
        ours, theirs = plain_text(page.text), str(mwparserfromhell.parse(page.text).strip_code())
        known = set(words(theirs))
        found = words(ours)
        assert len(found) > 150
        assert sum(word in known for word in found) >= 0.98 * len(found)
        assert not any(
            mark in ours for mark in ("{{", "}}", "[[", "]]", "<ref", "|", "''", "==", "http", "()", " ,", "\ue000")
        )


def test_real_sentences_are_whole(real_data: Path) -> None:
    with (real_data / "raw/wikipedia/dewiki_pages/dewiki-20130602-id111.xml").open("rb") as stream:
        (page,) = mediawiki.read(stream)
    assert isinstance(page, mediawiki.Page)
    text = plain_text(page.text)
    assert text.startswith(
        "Das Ampere mit Einheitenzeichen A, benannt nach dem französischen Physiker André-Marie Ampère, ist"
    )
    assert "eine Kraft von 2·10⁻⁷ Newton pro Meter Leiterlänge hervorrufen würde." in text
