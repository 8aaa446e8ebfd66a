from pathlib import Path

import pytest

from pipelines.ingest import InputFile, find_reader
from pipelines.reading import read_file
from pipelines.sources.electronic_health_records import SOURCE
from schemas.document import RawDocument
from schemas.storage import list_files


@pytest.fixture(scope="module")
def documents(real_data: Path) -> dict[str, RawDocument]:
    root = str(real_data / "raw" / "electronic_health_records")
    found = {}
    for path, size in list_files(root):
        file = InputFile(f"{root}/{path}", path, size)
        assert find_reader(SOURCE, file) is not None
        outcomes = list(read_file(SOURCE, file, 0, None, SOURCE.options))
        assert outcomes
        found |= {f"{path} {outcome.key}": outcome for outcome in outcomes if isinstance(outcome, RawDocument)}
    return found


def only(documents: dict[str, RawDocument], *parts: str) -> RawDocument:
    (found,) = [document for name, document in documents.items() if all(part in name for part in parts)]
    return found


def test_pathology_report(documents):
    composition = only(documents, "/pathologie/", "Composition/")
    assert "Makroskopie A\nEntnahmeort lt. klin. Angabe: Prostataseitenlappen rechts, lateral" in composition.text
    assert only(documents, "/pathologie/", "DiagnosticReport/").text == (
        "Gut differenziertes azinäres Adenokarzinom der Prostata, ISUP-Gradgruppe 1"
    )
    microscopy = only(documents, "/pathologie/", "micro-grouper").text
    assert microscopy.startswith("Mikroskopische Beurteilung\nProbe A: Prostatastanze mit herdförmiger")


def test_letter_in_base64_with_its_patient(documents):
    letter = only(documents, "bundle-dokument-1", "DocumentReference/")
    assert letter.text.startswith("Sehr geehrter Herr Kollege, wir berichten ueber unseren gemeinsamen Patienten.")
    assert ("PERSON", "Beispiel, Maria") in [(known.label, known.value) for known in letter.known]


def test_bundles_yield_their_reports(documents):
    assert len(documents) > 30
    named = [d for name, d in documents.items() if "Bundle-" in name and "PERSON" in {known.label for known in d.known}]
    assert len(named) >= 10
