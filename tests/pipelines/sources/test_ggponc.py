"""GGPONC: hyphens of lost line breaks go, those of the authors stay."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats import text
from pipelines.formats.inner_hyphens import join_inner_hyphens
from pipelines.ingest import RawDocument
from pipelines.sources import source
from tests.pipelines.sources.test_wikis import read, short


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("Die Ent-wicklung der The-rapie ist unter-schiedlich.", "Die Entwicklung der Therapie ist unterschiedlich."),
        ("eine Lymph-knotenmetastase", "eine Lymphknotenmetastase"),
        ("klini-sche Wirksam-keit", "klinische Wirksamkeit"),
        ("Ent‐wicklung", "Entwicklung"),
    ],
)
def test_broken_words_are_joined(broken: str, mended: str) -> None:
    assert join_inner_hyphens(broken) == mended


@pytest.mark.parametrize(
    "kept",
    [
        "Haupt- und Nebenwirkung",
        "CT-Untersuchung",
        "CT-gesteuerte Biopsie",
        "Ki-67-positiv",
        "HER2-negativ",
        "Cisplatin-basierte Therapie",
        "Hormonrezeptor-positiv",
        "klinisch-pathologische Konferenz",
        "medizinisch-technische Assistenz",
        "Follow-up und Second-line",
        "in-vitro",
        "nicht-kleinzellig",
        "Non-Hodgkin-Lymphom",
        "intent-to-treat",
        "www.leitlinienprogramm-onkologie.de und info@ago-online.de",
        "5-10 mg",
    ],
)
def test_hyphens_of_the_authors_stay(kept: str) -> None:
    assert join_inner_hyphens(kept) == kept


def test_a_word_elsewhere_in_the_text_decides() -> None:
    assert join_inner_hyphens("Fort-bildungsfrei ist fortbildungsfrei.") == "Fortbildungsfrei ist fortbildungsfrei."


@given(st.text(alphabet="abcäöuAC-‐ .\n", max_size=60))
def test_only_hyphens_are_ever_removed(any_text: str) -> None:
    mended = join_inner_hyphens(any_text)
    strip = str.maketrans("", "", "-‐")
    assert mended.translate(strip) == any_text.translate(strip)


def test_files_become_documents(tmp_path: Path) -> None:
    (tmp_path / "01_leitlinie_0001.txt").write_bytes("﻿Die Ent-wicklung des Tumors.".encode())
    (tmp_path / "01_leitlinie_0001.ann").write_text("T1\tLiving_Beings 163 169\tFrauen\n")
    (tmp_path / "annotation.conf").write_text("[entities]\n")
    (tmp_path / "02_mammakarzinom_0004.TXT").write_bytes("Größe".encode("cp1252"))
    (tmp_path / "03_leitlinie_0001.txt").write_text(" \n")
    (tmp_path / "04_leitlinie_0001.txt").write_text("T1\tLiving_Beings 163 169\tFrauen\n")
    (tmp_path / "05_leitlinie_0001.txt").write_bytes(b"\0\1\2\3" * 100)
    outcomes = read("ggponc", tmp_path)
    assert short(outcomes) == [
        ("01_leitlinie_0001.txt", "Die Entwicklung des Tumors."),
        ("02_mammakarzinom_0004.TXT", "Größe"),
        ("", "no_text"),
        ("", "unsupported_format"),
        ("", "unsupported_format"),
    ]
    assert [o.title for o in outcomes if isinstance(o, RawDocument)] == ["", "Leitlinie Mammakarzinom"]
    assert source("ggponc").ignores("a/b.ann")


def test_damaged_utf8_stays_utf8() -> None:
    assert text.decode("Größe, Füße und Höhe".encode() + b"\xff") == "Größe, Füße und Höhe\ufffd"
    assert text.decode("Größe".encode("utf-16")) == "Größe"
