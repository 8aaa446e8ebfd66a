import codecs
import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from pipelines.clean import clean
from pipelines.select import Selection, is_german, remove_boilerplate, select

GERMAN = [
    "Kein Pneumothorax. Kein Erguss. Herz normal groß.",
    "Thorax in 2 Ebenen: Kein Infiltrat, kein Erguss, keine Stauung.",
    "Z.n. TEP re. Kein Lockerungssaum.",
    "Keine Fraktur. Regelrechte Stellung.",
    "MRT LWS: NPP L4/5 mit Neuroforamenstenose bds.",
    "Hypertonie, Diabetes mellitus Typ 2, KHK, Z.n. Myokardinfarkt 2009",
    "KEIN NACHWEIS EINER FRAKTUR. REGELRECHTE LAGE.",
    "Patientin wach, ansprechbar, orientiert. Abdomen weich, keine Abwehrspannung. RR 120/80.",
    "Das Mammakarzinom ist die häufigste Krebserkrankung der Frau. Abstract: Breast cancer is common.",
]
FOREIGN = [
    "No pneumothorax. No effusion. Heart size normal.",
    "CT abdomen: liver, spleen and pancreas unremarkable.",
    "The patient was admitted with chest pain and dyspnea. Troponin was negative on arrival.",
    "De patiënt werd opgenomen met pijn op de borst. Het elektrocardiogram toonde geen afwijkingen.",
    "Le patient a été admis pour une douleur thoracique. L'examen clinique était normal.",
    "Il paziente è stato ricoverato per dolore toracico. L'elettrocardiogramma era nella norma.",
    "Pacjent został przyjęty z powodu bólu w klatce piersiowej. Badanie było prawidłowe.",
    "Hasta göğüs ağrısı nedeniyle yatırıldı. Elektrokardiyogram normaldi ve ateşi yoktu.",
    "Пациент поступил с жалобами на боль в груди. Электрокардиограмма без изменений.",
    "患者因胸痛入院。心电图正常。没有发热，也没有咳嗽。血压正常，心率正常。",
]


@pytest.mark.parametrize("text", GERMAN)
def test_german_reports_are_kept(text: str):
    assert select(text) == (text, None)


@pytest.mark.parametrize("text", FOREIGN)
def test_other_languages_are_rejected(text: str):
    assert select(text, selection=Selection(minimum_words=0))[1] == "language"


@pytest.mark.parametrize("text", GERMAN)
def test_scrambled_german_is_rejected(text: str):
    assert select(codecs.encode(text, "rot13"), selection=Selection(minimum_words=0))[1] == "language"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("Seite 1 von 3\n\nImpressum", "empty"),
        ("o.B.", "too_short"),
        ("Lunge frei.", "too_short"),
        ("12,5 13,7 140 4,2 0,9 220 13 15 17 88 5,5 mg dl Wert 140 4,2 0,9 220 13 15 17 88", "garbage"),
        ("B e f u n d : K e i n E r g u s s , H e r z n o r m a l groß Lunge frei", "garbage"),
        ("Kein Gr\ufffd\ufffdenunterschied der H\ufffdften, keine L\ufffdsion", "garbage"),
    ],
)
def test_what_is_no_text_has_its_reason(text: str, reason: str):
    assert select(text)[1] == reason


def test_thresholds_are_configurable():
    assert select("Lunge frei.", selection=Selection(minimum_words=2))[1] is None
    assert select(GERMAN[0] * 10, selection=Selection(maximum_characters=100))[1] == "too_long"


def test_german_text_with_a_foreign_abstract_is_german_and_the_reverse_is_not():
    german = "Die Patientin wurde mit Schmerzen in der Brust aufgenommen und nach drei Tagen entlassen. "
    english = "The patient was admitted with pain in the chest and was discharged after three days. "
    assert is_german(german * 30 + english * 10)
    assert not is_german(german * 5 + english * 40)


def test_boilerplate_lines_go_and_medicine_stays():
    text = (
        "Zum Inhalt springen\nHerzinsuffizienz\nSeite 2 von 7\nDie Herzinsuffizienz ist häufig.\n\nDrucken\n\n© Verlag"
    )
    assert remove_boilerplate(text) == "Herzinsuffizienz\nDie Herzinsuffizienz ist häufig."
    for kept in (
        "Kontakt zu Tuberkulosekranken",
        "Stand: sicher und frei",
        "Seitenstrangangina",
        "Zurück an den Hausarzt",
    ):
        assert remove_boilerplate(kept) == kept


def test_lines_that_repeat_stay_once():
    head = "Universitätsklinikum Musterstadt, Institut für Radiologie"
    text = f"{head}\nKein Erguss.\n{head}\nKein Infiltrat.\n{head}\nKein Erguss.\nKein Erguss."
    assert remove_boilerplate(text) == f"{head}\nKein Erguss.\nKein Infiltrat.\nKein Erguss.\nKein Erguss."


@given(st.text(max_size=200))
def test_every_text_gets_an_answer(text: str):
    kept, reason = select(clean(text), title=text[:10])
    assert reason in (None, "empty", "too_short", "too_long", "garbage", "language")
    assert remove_boilerplate(remove_boilerplate(kept)) == remove_boilerplate(kept)


@pytest.mark.parametrize(
    "hostile", ["a" * 1_000_000, "a\n" * 300_000, "©" * 500_000, "seite " * 100_000, "ä ö " * 200_000]
)
def test_hostile_text_takes_no_longer_than_it_should(hostile: str):
    start = time.process_time()
    select(hostile)
    assert time.process_time() - start < 3


def test_real_letters_are_kept(real_data: Path):
    lines = (real_data / "phi/grascco_dev/dev.jsonl").read_text("utf-8").splitlines()
    assert [select(clean(json.loads(line)["text"]))[1] for line in lines] == [None] * 32


def test_real_paragraphs_of_letters_are_kept(real_data: Path):
    lines = (real_data / "phi/grascco_dev/dev.jsonl").read_text("utf-8").splitlines()
    paragraphs = [p for line in lines for p in re.split(r"\n\s*\n", json.loads(line)["text"]) if len(p.split()) > 20]
    kept = sum(is_german(clean(paragraph)) for paragraph in paragraphs)
    assert kept / len(paragraphs) > 0.96, f"{kept} of {len(paragraphs)}"
    scrambled = sum(is_german(codecs.encode(clean(paragraph), "rot13")) for paragraph in paragraphs)
    assert scrambled == 0


def test_real_scrambled_articles_are_rejected(real_data: Path):
    files = sorted((real_data / "raw/springer_nature").rglob("*.xml*")) + sorted(
        (real_data / "raw/springer_nature").rglob("*.Meta")
    )
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, recover=True, no_network=True)
    texts = [clean(" ".join(p.itertext())) for f in files for p in etree.parse(f, parser).iter("Para")]
    texts = [text for text in texts if len(text.split()) > 5]
    assert len(texts) >= 6
    assert {select(text)[1] for text in texts} == {"language"}
