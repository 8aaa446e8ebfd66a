import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.inspect import main, sample, side_by_side
from schemas.document import SHARD_SCHEMA
from schemas.manifest import Account, Manifest, Shard, summarise
from schemas.statistics import CorpusStatistics

TEXTS = {"a": "Kein Erguss rechts.", "b": "Kein Erguss links.", "c": "Zweite Zeile\nmit Stauung."}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    rows = [
        {
            "id": name,
            "source": "radiology_reports",
            "text": text,
            "title": "",
            "sentences": 1,
            "words": 3,
            "bytes": len(text),
            "entities": [{"label": "DATE", "count": 2}],
            "duplicate_of": "a" if name == "b" else None,
            "similarity": 0.85 if name == "b" else None,
        }
        for name, text in TEXTS.items()
    ]
    path = "data/radiology_reports-00000.parquet"
    pq.write_table(pa.Table.from_pylist(rows, SHARD_SCHEMA), tmp_path / path)
    figures = summarise({"radiology_reports": CorpusStatistics(3, 3, 9, 60)})
    accounts = {"radiology_reports": Account(3, 3, 1, {})}
    manifest = Manifest("0", "f", {}, accounts, {"full": figures, "dedup": figures}, (Shard(path, 3, 1, "0"),))
    manifest.write(str(tmp_path / "manifest.json"))
    return tmp_path


def test_show_has_the_text_and_the_marks(corpus: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--corpus", str(corpus), "show", "b"]) == 0
    shown = capsys.readouterr().out
    assert TEXTS["b"] in shown
    assert "near-duplicate of a (0.85); DATE 2" in shown


def test_search_shows_the_place(corpus: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--corpus", str(corpus), "search", "St[a]uung"]) == 0
    assert "… Zweite Zeile mit Stauung. …" in capsys.readouterr().out
    assert main(["--corpus", str(corpus), "search", "Stauung", "--source", "wikipedia"]) == 1


@pytest.mark.parametrize("wanted", [[], ["a"], ["b"]])
def test_duplicates_stand_side_by_side(wanted: list[str], corpus: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--corpus", str(corpus), "duplicates", *wanted]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if "rechts" in line)
    assert "|" in line
    assert "links" in line


def test_sample_is_repeatable_and_bounded(corpus: Path, capsys: pytest.CaptureFixture[str]):
    rows = [{"id": str(number)} for number in range(1000)]
    drawn = sample(iter(rows), 5, 7)
    assert drawn == sample(iter(rows), 5, 7) != sample(iter(rows), 5, 8)
    assert len({row["id"] for row in drawn}) == 5
    assert main(["--corpus", str(corpus), "sample", "--count", "9"]) == 0
    assert all(text in capsys.readouterr().out for text in list(TEXTS.values())[:1])


def test_what_is_not_there_is_said(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--corpus", str(corpus), "show", "z"]) == 1
    assert main(["--corpus", str(tmp_path / "nothing"), "sample"]) == 2
    assert "no finished corpus" in capsys.readouterr().err


def test_equal_lines_have_no_sign_between_them():
    assert "|" not in side_by_side("Ein Satz.\nNoch einer.", "Ein Satz.\nNoch einer.")
    assert side_by_side("", "nur rechts").strip() == "| nur rechts"


@pytest.mark.parametrize("wrong", [["search", "("], ["sample", "--count", "0"], ["sample", "--count", "-1"]])
def test_a_wrong_option_is_said_in_a_line(wrong: list[str], corpus: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit, match="2"):
        main(["--corpus", str(corpus), *wrong])
    assert "error: argument" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error(corpus: Path):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "pipelines.inspect", "--corpus", str(corpus), "sample"]
    with os.fdopen(write) as broken:
        done = subprocess.run(command, check=False, stdout=broken, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (0, "")
