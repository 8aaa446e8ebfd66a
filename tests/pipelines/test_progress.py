import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from pipelines.progress import MISSING, Line, Progress, table, time_left, weight
from pipelines.splits import Split
from schemas import storage


def cells(shown: object) -> dict[str, list[str]]:
    """The rows of a live display by source."""
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(shown)
    lines = [line.strip("│").split("│") for line in console.export_text().splitlines() if line.startswith("│")]
    return {name.strip(): [cell.strip() for cell in rest] for name, *rest in lines}


def split(source: str, size: int, start: int = 0, stop: int | None = None) -> Split:
    return Split(source, (("file", size),), "", start, stop)


def account(read: int, kept: int, text: int) -> dict[str, int]:
    return {"read": read, "kept": kept, "bytes": text}


def test_a_source_is_as_far_as_its_files_say(tmp_path: Path) -> None:
    parts = {"a": split("thieme", 100), "b": split("thieme", 300), "c": split("wikipedia", 50)}
    progress = Progress(str(tmp_path), parts, "quiet")
    assert progress.lines() == {"thieme": Line(total=400), "wikipedia": Line(total=50)}
    storage.write_json(str(tmp_path / "accounts" / "a.json"), account(10, 9, 900))
    storage.write_json(str(tmp_path / "progress" / "b.json"), account(5, 5, 500))
    storage.write_json(str(tmp_path / "progress" / "other.json"), account(5, 5, 500))
    (tmp_path / "progress" / "c.json").write_text("{")  # just being written
    assert progress.lines() == {"thieme": Line(400, 100, 15, 14, 1400), "wikipedia": Line(total=50)}


def test_a_rate_is_that_of_the_seconds_in_which_a_source_moved(tmp_path: Path) -> None:
    progress = Progress(str(tmp_path), {"a": split("thieme", 100), "c": split("wikipedia", 50)}, "quiet")
    start = progress.started
    progress.look(start + 1)
    storage.write_json(str(tmp_path / "progress" / "a.json"), account(5, 5, 2_000_000))
    progress.look(start + 2)
    storage.write_json(str(tmp_path / "accounts" / "a.json"), account(10, 8, 4_000_000))
    progress.look(start + 3)
    shown = cells(progress.look(start + 10))
    assert shown["thieme"] == ["100 %", "10", "8", "2", "2.00", "done"]
    assert shown["wikipedia"] == ["0 %", "0", "0", "0", MISSING, "…"]
    assert shown["all"] == ["67 %", "10", "8", "2", "0.40", "5 s"]


@pytest.mark.parametrize(
    ("line", "seconds", "left"),
    [
        (Line(100, 25), 10.0, "30 s"),
        (Line(100, 0), 10.0, "…"),
        (Line(100, 100), 10.0, "done"),
        (Line(), 0.0, "done"),
        (Line(10**9, 10**4), 1.0, "99,999 s"),
    ],
)
def test_time_left_goes_on_as_so_far(line: Line, seconds: float, left: str) -> None:
    assert time_left(line, seconds) == left


def test_without_any_input_nothing_is_left() -> None:
    assert cells(table({}, {}, 0.0)) == {"all": ["100 %", "0", "0", "0", MISSING, "done"]}


@pytest.mark.parametrize(
    ("part", "bytes_of_input"),
    [(split("x", 100), 100), (split("x", 100, 40), 60), (split("x", 100, 10, 30), 20), (split("x", 100, 200), 100)],
)
def test_a_range_weighs_what_it_covers(part: Split, bytes_of_input: int) -> None:
    assert weight(part) == bytes_of_input


def test_json_lines_hold_the_sums(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(str(tmp_path), {"a": split("thieme", 100)}, "json")
    progress.say({"thieme": Line(100, 50, 7, 6, 600), "wikipedia": Line(10, 10, 1, 1, 10)})
    said = json.loads(capsys.readouterr().err)
    assert {name: said[name] for name in Line.__dataclass_fields__} == vars(Line(110, 60, 8, 7, 610))
