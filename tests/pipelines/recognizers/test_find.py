"""What holds of the engine as a whole: form of the result, propagation, metamorphic relations, fail closed."""

import itertools
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pipelines.recognizers as recognizers
from pipelines.recognizers import Entity, find, lexicon, merge, tagger
from schemas.entities import LABELS
from tests.pipelines.recognizers import golden

LETTER = "Frau Gerlinde Popovic, geb. am 12.05.1954, wohnhaft Sporgasse 11, 8010 Graz. Frau Popovic kam am 3.4. zu uns."


def texts(text: str, label: str) -> list[str]:
    return [text[entity.start : entity.end] for entity in find(text) if entity.entity_type == label]


@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("Dr. Frau Müler\n\t 0123456789./-:*()@,;'ßé\u00ad\u200b"), max_size=120)
    | st.text()
)
def test_entities_are_ordered_within_the_text_and_do_not_overlap(text):
    found = find(text)
    assert all(0 <= e.start < e.end <= len(text) and e.entity_type in LABELS and 0 < e.score <= 1 for e in found)
    assert all(first.end <= second.start for first, second in itertools.pairwise(found))


def test_a_name_found_once_is_found_everywhere():
    text = "Herr Klabauter kam.\nKlabauter klagt, Klabauters Frau auch. KLABAUTER geht."
    assert len(texts(text, "PERSON")) == 4


def test_capitals_hide_hardly_a_name():
    leaked = total = 0
    for letter in golden.letters():
        upper = "".join(c.upper() if len(c.upper()) == 1 else c for c in letter["text"])
        names = [e for e in letter["entities"] if e["label"] == "PERSON"]
        leaked += len(golden.leaks({**letter, "text": upper, "entities": names}))
        total += len(names)
    assert leaked <= 0.05 * total


def test_lower_case_hides_nobody():
    assert len(texts(LETTER.lower(), "PERSON")) == 2


@pytest.mark.parametrize("form", ["Popovics Befund", "Popovic' Befund", "POPOVIC", "popovic ist ..."[:7].title()])
def test_declension_hides_no_name(form):
    assert len(texts(f"Frau Popovic kam. Anbei {form}.", "PERSON")) == 2


def test_a_line_break_hides_neither_name_nor_date():
    assert texts("OA Dr. Jürgen\nSchneider", "PERSON") == ["Jürgen\nSchneider"]
    assert texts("am 12.\n05.1954", "DATE") == ["12.\n05.1954"]


def test_birth_dates_are_told_from_dates():
    assert texts(LETTER, "DATE_OF_BIRTH") == ["12.05.1954"]
    assert texts(LETTER, "DATE") == ["3.4."]


def test_overlapping_entities_become_their_union_under_the_label_of_the_longest():
    one, two = Entity("CITY", 0, 4, 0.9, "a"), Entity("PERSON", 2, 12, 0.5, "b")
    assert merge([two, one, Entity("ID", 20, 22, 1.0, "c")]) == [
        Entity("PERSON", 0, 12, 0.5, "b"),
        Entity("ID", 20, 22, 1.0, "c"),
    ]


def test_find_is_deterministic():
    letter = golden.letters()[0]["text"]
    assert find(letter) == find(letter)


def test_a_missing_lexicon_raises(monkeypatch, tmp_path):
    monkeypatch.setattr(lexicon, "FOLDER", tmp_path)
    with pytest.raises(OSError, match="common_words"):
        lexicon.Lexicon()


def test_a_missing_model_raises(monkeypatch, tmp_path):
    monkeypatch.setattr(tagger, "MODEL", tmp_path / "absent.npz")
    tagger.model.cache_clear()
    try:
        with pytest.raises(FileNotFoundError, match="absent"):
            find("Xyzzyw Qwertzow")
    finally:
        tagger.model.cache_clear()


def test_presidio_runs_the_same_recognizers():
    import spacy
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class Blank(SpacyNlpEngine):
        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "de", "model_name": "blank"}])
            self.nlp = {"de": spacy.blank("de")}

    engine = AnalyzerEngine(registry=recognizers.registry(), nlp_engine=Blank(), supported_languages=["de"])
    found = {
        (result.entity_type, LETTER[result.start : result.end]) for result in engine.analyze(LETTER, language="de")
    }
    assert {("PERSON", "Gerlinde Popovic"), ("DATE_OF_BIRTH", "12.05.1954"), ("ZIP", "8010")} <= found


def test_importing_the_engine_imports_neither_presidio_nor_torch():
    code = "import sys; from pipelines.recognizers import find; find('Frau Albers');"
    code += "print({'presidio_analyzer', 'torch'} & set(sys.modules))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "set()"


def test_real_letters_keep_their_recall(real_data):
    import json

    path = real_data / "phi" / "grascco_dev" / "dev.jsonl"
    letters = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for letter in letters:
        letter["entities"] = [entity for entity in letter["entities"] if entity["label"] != "NAME_TITLE"]
    total = sum(len(letter["entities"]) for letter in letters)
    assert sum(len(golden.leaks(letter)) for letter in letters) <= 0.01 * total
