import json
import re
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

from pipelines import report
from pipelines.reporting.tables import MISSING
from schemas.document import SOURCES
from schemas.manifest import SUMMARY, Account, Manifest, Shard, summarise
from schemas.statistics import CorpusStatistics

SCHEMA = json.loads(resources.files("schemas").joinpath("statistics.schema.json").read_text("utf-8"))


def manifest() -> Manifest:
    full = {
        "ggponc": CorpusStatistics(3, 30, 400, 2_000_001),
        "radiology_reports": CorpusStatistics(1200, 9_000, 140_000, 999_999),
    }
    dedup = {"ggponc": CorpusStatistics(3, 30, 400, 2_000_001), "radiology_reports": CorpusStatistics(1000, 8, 9, 10)}
    return Manifest(
        version="0.1.0",
        fingerprint="abc",
        configuration={},
        sources={
            "ggponc": Account(4, 3, 0, {"select_language": 1}),
            "radiology_reports": Account(1500, 1200, 200, {"ingest_not_a_report": 300}),
        },
        statistics={"full": summarise(full), "dedup": summarise(dedup)},
        shards=(Shard("full.parquet", 1203, 1, "0"),),
        entities={"radiology_reports": {"PERSON": 12345, "DATE": 7}, "ggponc": {"DATE": 1}},
    )


def cells(markdown: str, row: str, table: int = 0) -> list[str]:
    lines = [line for line in markdown.splitlines() if re.match(rf"\| {re.escape(row)} +\|", line)]
    return [cell.strip() for cell in lines[table].strip("|").split("|")][1:]


def test_published_rows_sum_to_the_published_summary():
    assert tuple(report.published()) == (*SOURCES, SUMMARY)
    assert report.figures(report.published()[SUMMARY]) == ["4,723,010", "96,430,526", "1,153,824,249", "10,372"]


def test_published_summary_is_what_the_card_says():
    card = json.loads(resources.files("pipelines.reporting").joinpath("published_card.json").read_text("utf-8"))
    row = report.statistics(manifest())["published"][SUMMARY]
    assert {name: row[name] for name in card["summary"]} == card["summary"]


@pytest.mark.parametrize(("size", "shown"), [(0, 0), (1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2)])
def test_megabytes_are_rounded_up(size: int, shown: int):
    assert report.megabytes(size) == shown


def test_markdown_has_the_cards_columns_and_both_variants():
    text = report.markdown(manifest())
    header = next(line for line in text.splitlines() if line.startswith("| Source"))
    assert re.match(r"\| Source +\| +No. Documents +\| +No. Sentences +\| +No. Words +\| +Size \(MB\)", header)
    assert cells(text, "GGPOnc 1.0") == ["3", "30", "400", "3", "4,369", "66,256", "1,194,345", "10"]
    assert cells(text, "Summary")[:4] == ["1,203", "9,030", "140,400", "3"]
    assert cells(text, "Summary", 1) == ["1,003", "38", "409", "3"]
    assert cells(text, "Summary", 2) == ["1,504", "1,203", "200", "301"]
    assert cells(text, "PERSON") == ["0", "12,345", "12,345"]
    assert cells(text, "ingest_not_a_report") == ["0", "300", "300"]


def test_missing_figures_are_said_to_be_missing():
    text = report.markdown(manifest())
    assert cells(text, "Wikipedia")[:4] == [MISSING] * 4
    assert cells(text, "Wikipedia", 2) == [MISSING] * 4
    assert "wikipedia" not in report.statistics(manifest())["statistics"]["full"]


def test_statistics_keep_to_their_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(report.statistics(manifest()), SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report.statistics(manifest()) | {"unknown": 1}, SCHEMA)


def test_reports_are_written_beside_the_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    manifest().write(str(tmp_path / "manifest.json"))
    assert report.main(["--corpus", str(tmp_path)]) == 0
    assert (tmp_path / "report.md").read_text() == report.markdown(manifest()) == capsys.readouterr().out
    assert json.loads((tmp_path / "statistics.json").read_text()) == report.statistics(manifest())
    assert report.main(["--corpus", str(tmp_path), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["statistics"]["full"]["summary"]["documents"] == 1203


def test_reports_of_a_manifest_that_was_read_back_are_equal_in_every_byte(tmp_path: Path):
    report.write_reports(str(tmp_path), manifest())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    manifest().write(str(tmp_path / "manifest.json"))
    report.write_reports(str(tmp_path))
    assert {name: (tmp_path / name).read_bytes() for name in before} == before


@pytest.mark.parametrize("content", [None, "{", "{}"])
def test_without_a_manifest_one_line_says_so(content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    assert report.main(["--corpus", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "manifest" in error
    assert not (tmp_path / "report.md").exists()


def test_csv_holds_the_counts_and_nothing_for_what_is_missing():
    lines = report.counts_csv(manifest()).splitlines()
    assert lines[0] == "table,name_1,name_2,name_3,name_4,count"
    assert "statistics,full,ggponc,words,,400" in lines
    assert "sources,radiology_reports,rejected,ingest_not_a_report,,300" in lines
    assert not [line for line in lines if line.startswith("statistics,full,wikipedia")]
    assert all(line.count(",") == 5 for line in lines)
