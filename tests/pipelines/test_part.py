from pipelines.part import Stopwatch, masked_path


def test_files_named_after_patients_are_starred() -> None:
    assert masked_path("briefe/Müller_Gisela_1954.docx") == "briefe/******_******_****.docx"
    assert masked_path("gisela-mueller/brief.txt") == "******-*******/brief.txt"


def test_ordinary_names_stay() -> None:
    for path in (
        "2026-11-22/export_0001.csv.gz",
        "broken/truncated.xml.bz2",
        "cut_bundle.json",
        "dump/pages-articles.xml",
        "fhir/Composition-mii-exa-befund.json",
    ):
        assert masked_path(path) == path


def test_the_stopwatch_charges_every_stage() -> None:
    watch = Stopwatch()
    sum(range(200_000))
    watch.lap("count")
    watch.lap("write")
    assert watch.seconds["count"] > 0
    assert set(watch.seconds) == {"count", "write"}
