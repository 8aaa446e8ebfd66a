"""Medical words where names stand, and texts that repeat one thing: neither is taken for a person, nor takes long."""

import time

import pytest

from pipelines.recognizers import find
from pipelines.recognizers.lexicon import read_lines

MEDICAL = (
    "Glukose Natrium Kreatinin Ferritin Troponin Blutbild Nierenfunktion Cholesterin Thrombozyten Metoprolol Ramipril "
    "Pantoprazol Tamoxifen Marcumar Koloskopie Ergometrie Herzschrittmacher Femurfraktur Aszites Pneumonie Kalium "
    "Prostata Rektumfunktionsprüfung Echokardiographie Spirometrie Lavage Dexamethason Ibuprofen Clopidogrel"
).split()
SENTENCES = [
    "Migräne-Patientin: {0} und Laborwerte unauffällig.",
    "Der Patient: {0} regelrecht.",
    "Bei prämenopausaler Frau. {0} im Normbereich.",
    "Bei einem älteren Herrn. {0} kontrollieren.",
    "Zur Kontrolle empfohlen: {0}, danach Wiedervorstellung.",
    "Nach Angaben der Patientin {0} nie auffällig.",
]
REPEATED = [
    "Dr. ",
    "1.1.1.",
    "1-1-1-",
    "3.4.2019-3.4.2019-",
    "www.www.",
    "Frau ",
    "Herr Dr. Müller, ",
    "Müller-",
    "A. ",
    "a@",
    "Hans ",
    "Arzt: ",
    "3.4.2019 ",
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_no_medical_word_is_taken_for_a_person(sentence):
    taken = [word for word in MEDICAL if any(e.entity_type == "PERSON" for e in find(sentence.format(word)))]
    assert taken == []


def test_no_entry_of_the_medical_lexicon_is_taken_for_a_person():
    words = [word.capitalize() for word in read_lines("medical_words")]
    taken = [word for word in words if any(e.entity_type == "PERSON" for e in find(f"Patientin: {word} und Befund."))]
    assert taken == []


@pytest.mark.parametrize(
    "text", ["Frau. Albers kam.", "Patientin: Albers, Beate", "Frau Spiegel klagt über Schmerzen."]
)
def test_persons_beside_the_same_words_are_found(text):
    assert [e.entity_type for e in find(text)] == ["PERSON"]


@pytest.mark.parametrize("text", REPEATED)
def test_a_text_that_repeats_itself_takes_time_in_proportion(text):
    start = time.process_time()
    find((text * 40_000)[:40_000])
    assert time.process_time() - start < 4


GLUED = {
    "Sie reiste inSpanien und kam am21. Juni 2005.": {"COUNTRY": "Spanien", "DATE": "21. Juni 2005"},
    "Nach Extubation Verlegung auf K31. Therapie wie bisher.": {"ID": "K31"},
    "Tobias Öhler Kaiserstraße 33 A-9011 Villach": {"PERSON": "Tobias Öhler", "STREET": "Kaiserstraße 33"},
    "Die Betreuung erfolgt durch Conradi & Söhne.": {"ORGANIZATION": "Conradi & Söhne"},
    "Die Kinder (53 und 22 J.) sind gesund.": {"AGE": "53"},
    "6) 03.05.2009 3:46 kusnem: Blutentnahme": {"USERNAME": "kusnem"},
    "Telefon (0941) 971 - 471": {"PHONE": "(0941) 971 - 471"},
    "wohnhaft Freiherr-vom-Stein-Str. 15, 25813 Husum": {"STREET": "Freiherr-vom-Stein-Str. 15"},
    "Anrede: DDr. Anna Müller": {"PERSON": "Anna Müller"},
}


@pytest.mark.parametrize("text", GLUED)
def test_neighbours_keep_their_own_labels(text):
    found = [(e.entity_type, text[e.start : e.end]) for e in find(text)]
    assert [each for each in GLUED[text].items() if each not in found] == []
    assert "COUNTRY" in GLUED[text] or all(label != "COUNTRY" for label, _ in found)
