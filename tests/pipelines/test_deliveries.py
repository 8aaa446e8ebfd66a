"""Deliveries that come one after the other, and runs that meet on one output."""

import json
import shutil
from pathlib import Path

import pytest

from pipelines import build_corpus, samples
from schemas import storage

SOURCES = ("ggponc", "radiology_reports")


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two deliveries of generated files of all sources."""
    folder = tmp_path_factory.mktemp("deliveries")
    for seed in (1, 2):
        samples.write_samples(folder / str(seed), 30, seed=seed)
    return folder


@pytest.fixture
def raw(deliveries: Path, tmp_path: Path) -> Path:
    """The first delivery, in a folder of its day."""
    for source in SOURCES:
        shutil.copytree(deliveries / "1" / source, tmp_path / "raw" / source / "2026-11-01")
    return tmp_path / "raw"


def run(raw: Path, output: Path, *options: str) -> int:
    key = raw.parent / "key"
    key.write_text("0123456789abcdef0123456789abcdef")
    arguments = [f"--input={raw}", f"--output={output}", f"--surrogate-key-file={key}", "--progress=quiet"]
    return build_corpus.main([*arguments, f"--sources={','.join(SOURCES)}", "--keep-parts", *options])


def new_sources(raw: Path, output: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    assert run(raw, output, "--only=plan") == 0
    return json.loads(capsys.readouterr().out)["sources"]


def shown(folder: Path) -> dict[str, Path]:
    """The files of a corpus that people see."""
    found = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: path for name, path in found.items() if not any(part.startswith(".") for part in name.split("/"))}


def contents(folder: Path) -> dict[str, bytes]:
    """What is in them, without the figures of the run."""
    return {name: path.read_bytes() for name, path in shown(folder).items() if name not in {"run.json", "report.html"}}


def test_only_what_is_new_is_done_and_the_corpus_is_that_of_all_at_once(
    deliveries: Path, raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "corpus"
    assert new_sources(raw, output, capsys) == list(SOURCES)
    assert run(raw, output, "--sources=ggponc", "--only=parts") == 0
    assert new_sources(raw, output, capsys) == ["radiology_reports"]
    assert run(raw, output) == 0
    assert new_sources(raw, output, capsys) == []

    parts = output / ".work" / "parts"
    old = {path.name: path.stat().st_mtime_ns for path in parts.iterdir()}
    shutil.copytree(deliveries / "2" / "ggponc", raw / "ggponc" / "2026-10-31")  # it comes late
    assert new_sources(raw, output, capsys) == ["ggponc"]
    assert run(raw, output) == 0
    now = {path.name: path.stat().st_mtime_ns for path in parts.iterdir()}
    assert old.items() < now.items()
    assert new_sources(raw, output, capsys) == []

    assert run(raw, tmp_path / "at_once") == 0
    assert contents(output) == contents(tmp_path / "at_once")


def test_a_run_without_anything_new_writes_nothing(raw: Path, tmp_path: Path) -> None:
    output = tmp_path / "corpus"
    assert run(raw, output) == 0
    before = {name: path.stat().st_mtime_ns for name, path in shown(output).items()}
    assert run(raw, output) == 0
    assert {name: path.stat().st_mtime_ns for name, path in shown(output).items()} == before


def test_a_second_run_on_one_output_is_refused_with_a_clear_message(
    raw: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "corpus"
    with storage.lock(str(output)):
        assert run(raw, output) == 5
        assert run(raw, output, "--only=parts") == 5
        assert f"{output}: another run is working on this output" in capfd.readouterr().err
    with storage.lock(str(output), shared=True), storage.lock(str(output), "ggponc"):
        assert run(raw, output, "--sources=ggponc", "--only=parts") == 5
        assert run(raw, output) == 5
        assert run(raw, output, "--sources=radiology_reports", "--only=parts") == 0
    assert run(raw, output) == 0
