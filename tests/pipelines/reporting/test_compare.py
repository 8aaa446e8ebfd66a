from pathlib import Path

import pytest

from pipelines import report
from pipelines.reporting.compare import change, comparison, z_score
from pipelines.reporting.tables import MISSING
from schemas.manifest import Account, Manifest, Shard, summarise
from schemas.statistics import CorpusStatistics


def manifest(kept: int, rejected: int, duplicates: int = 0) -> Manifest:
    row = CorpusStatistics(kept, kept, 10 * kept, kept)
    table = summarise({"thieme": row})
    accounts = {"thieme": Account(kept + rejected, kept, duplicates, {"not_german": rejected})}
    return Manifest("0", "f", {}, accounts, {"full": table, "dedup": table}, (Shard("x", kept, 1, "0"),))


def test_z_is_the_root_of_the_chi_square_of_the_table():
    z = z_score(40, 400, 70, 410)
    assert z is not None
    table = [(40, 360), (70, 340)]
    rows, columns = [sum(row) for row in table], [sum(column) for column in zip(*table, strict=True)]
    expected = [[row * column / sum(rows) for column in columns] for row in rows]
    chi_square = sum((table[i][j] - expected[i][j]) ** 2 / expected[i][j] for i in (0, 1) for j in (0, 1))
    assert z**2 == pytest.approx(chi_square)  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("counts", [(0, 0, 1, 10), (1, 10, 1, 10), (10, 10, 10, 10)])
def test_too_little_is_not_tested(counts: tuple[int, int, int, int]):
    assert z_score(*counts) is None


def test_changes_say_what_is_missing():
    assert [change(110, 100), change(5, 5), change(3, 0)] == ["+10 (+10.0 %)", "0", "+3"]
    assert change(None, 5) == change(5, None) == MISSING


def test_a_change_of_a_share_is_judged():
    tables = {section.title: section for section in comparison(manifest(900, 100), manifest(990, 10))}
    assert tables["Changes: full"].cells == [
        ["Thieme Publishing Group", "990", "900", "-90 (-9.1 %)", "9,900", "9,000", "-900 (-9.1 %)"]
    ]
    assert tables["Changes of shares"].cells == [["Thieme Publishing Group", "not_german", "1.00 %", "10.00 %", "yes"]]
    small = comparison(manifest(900, 100), manifest(905, 95))[-1]
    assert small.cells[0][-1] == "no"


def test_command_compares_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for name, rejected in (("one", 10), ("other", 100)):
        manifest(1000 - rejected, rejected).write(str(tmp_path / name / "manifest.json"))
    assert report.main(["--corpus", str(tmp_path / "one"), "--compare", str(tmp_path / "other")]) == 0
    assert "| not_german" in capsys.readouterr().out
    both = ["--corpus", str(tmp_path / "one"), "--compare", str(tmp_path / "other")]
    assert report.main([*both, "--format", "html", "--language", "de"]) == 0
    assert capsys.readouterr().out.startswith('<!doctype html>\n<html lang="de">')
    with pytest.raises(SystemExit, match="2"):
        report.main([*both, "--format", "csv"])
    assert "--compare is printed as md or html" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["manifest.json"]
    assert report.main(["--corpus", str(tmp_path / "one"), "--compare", str(tmp_path / "none")]) == 2
    assert "none: no manifest.json" in capsys.readouterr().err
