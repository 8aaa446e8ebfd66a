from pathlib import Path

import pytest

from pipelines.ingest import InputFile, find_reader
from pipelines.reading import read_file
from pipelines.sources.radiology_reports import SOURCE, is_non_report, non_reports
from schemas.document import RawDocument
from schemas.storage import list_files


@pytest.mark.parametrize(
    ("text", "exam_type"),
    [
        ("Patient nicht erschienen am 12.03.2019", ""),
        ("Die Patientin ist zum vereinbarten Termin leider nicht erschienen.\nDr. med. Anna Wagner", ""),
        ("Konstanzprüfung", ""),
        ("Konstanzprüfung Gerät 3 vom 01.02.2020", ""),
        ("Demonstration ohne Befunderstellung", ""),
        ("CT Thorax vom 12.03.2019:\nDemonstration ohne Befunderstellung.", ""),
        ("Import und digitale Archivierung von Fremdaufnahmen", ""),
        ("Kniegelenk in zwei Ebenen: Untersuchung storniert", "Kniegelenk in zwei Ebenen"),
    ],
)
def test_non_reports(text, exam_type):
    assert is_non_report(text, exam_type)


@pytest.mark.parametrize(
    "text",
    [
        "Kein Pneumothorax.",
        "Kein Pneumothorax. Patient nicht erschienen.",
        "Import und digitale Archivierung von Fremdaufnahmen. Auswärtiges CT: kleine Leberzyste im Segment 7.",
        "Zur Verlaufskontrolle nicht erschienen; telefonisch berichtet der Patient über zunehmende Schmerzen.",
        "Untersuchung abgebrochen wegen Klaustrophobie. Soweit beurteilbar keine Raumforderung.",
        "Nachweis einer Fraktur. " * 60 + "Patient nicht erschienen.",
        "",
    ],
)
def test_reports(text):
    assert not is_non_report(text)


def test_the_lexicon_has_no_filler_phrase():
    lexicon = non_reports()
    assert all(word == word.lower() for word in lexicon.fillers)
    assert not {"fraktur", "erguss", "kein", "nicht"} & lexicon.fillers


def test_source_rejects_non_reports(tmp_path):
    (tmp_path / "ris.csv").write_text("ID;Befund\n1;Patient nicht erschienen\n2;Kein Erguss.\n", encoding="utf-8")
    file = InputFile(str(tmp_path / "ris.csv"), "ris.csv", (tmp_path / "ris.csv").stat().st_size)
    outcomes = list(read_file(SOURCE, file, 0, None, SOURCE.options))
    assert [getattr(outcome, "reason", "") for outcome in outcomes] == ["non_report", ""]


def test_real_files(real_data: Path):
    root = str(real_data / "raw" / "radiology_reports")
    documents: dict[str, str] = {}
    for path, size in list_files(root):
        file = InputFile(f"{root}/{path}", path, size)
        assert find_reader(SOURCE, file) is not None
        outcomes = list(read_file(SOURCE, file, 0, None, SOURCE.options))
        assert outcomes
        documents[path] = "".join(outcome.text for outcome in outcomes if isinstance(outcome, RawDocument))
    assert sum(path.endswith(".docx") and text != "" for path, text in documents.items()) == 23
    assert sum(path.endswith(".html") and text != "" for path, text in documents.items()) == 49
    (examples,) = [text for path, text in documents.items() if "Befundvorlagen und Beispiele" in path]
    assert "Kreuzbänder: Komplette frisch imponierende Ruptur des vorderen Kreuzbands im mittleren Drittel" in examples
    assert "Zweitgradig fissurale Chondromalazie auf dem Patellafirst, sonst regelrecht\n" in examples
