"""Archives: members are read like files of a folder; a broken, encrypted or hostile one costs itself alone."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from pipelines.ingest import Outcome
from pipelines.reading import read_split
from pipelines.sources import sources
from pipelines.splits import batches, plan
from schemas.document import RawDocument

REPORT = "Befund: Kein Pleuraerguss, kein Pneumothorax. Beurteilung: Unauffälliger Befund der Lunge, Fall {}."


def read(folder: Path, path: str, content: bytes) -> list[Outcome]:
    """Return the outcomes of one radiology file."""
    (folder / path).write_bytes(content)
    source = sources(["radiology_reports"])["radiology_reports"]
    splits = [split for batch in batches(source, [(path, len(content))]) for split in plan(source, str(folder), batch)]

    def broken(path: str, error: Exception) -> None:
        raise AssertionError(path) from error

    return [outcome for split in splits for outcome in read_split(source, str(folder), split, source.options, broken)]


def told(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return [(o.key, "") if isinstance(o, RawDocument) else (o.file, o.reason) for o in outcomes]


def make_zip(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def make_tar(files: dict[str, bytes], mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # pyright: ignore[reportCallIssue, reportArgumentType]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


FILES = {
    "b/zwei.txt": REPORT.format(2).encode("cp1252"),
    "eins.txt": REPORT.format(1).encode(),
    "__MACOSX/._eins.txt": b"\0\0",
    "tabelle.csv": f"id;befund\n7;{REPORT.format(3)}\n".encode(),
}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.zip", make_zip(FILES)),
        ("x.tar", make_tar(FILES, "w")),
        ("x.tar.gz", make_tar(FILES, "w:gz")),
        ("X.TGZ", make_tar(FILES, "w:gz")),
        ("x.tar.bz2", make_tar(FILES, "w:bz2")),
        ("x.tar.xz", make_tar(FILES, "w:xz")),
    ],
)
def test_members_are_read_by_what_they_hold(tmp_path: Path, name: str, content: bytes):
    outcomes = read(tmp_path, name, content)
    assert {o.text.rstrip(".")[-1] for o in outcomes if isinstance(o, RawDocument)} == {"1", "2", "3"}
    assert {o.key for o in outcomes if isinstance(o, RawDocument)} == {f"{name}/b/zwei.txt", f"{name}/eins.txt", "7"}


def test_a_cut_tar_keeps_what_came_before(tmp_path: Path):
    files = {f"{i}.txt": REPORT.format(i).encode() * 400 for i in range(4)}
    content = make_tar(files, "w")
    outcomes = told(read(tmp_path, "x.tar", content[: len(content) // 2]))
    assert outcomes[0] == ("x.tar/0.txt", "")
    assert outcomes[-1] == ("x.tar", "truncated")


@pytest.mark.parametrize("content", [b"PK\x03\x04" + b"\0" * 100, b"kein Archiv", make_zip(FILES)[:-60]])
def test_what_is_no_zip_is_corrupt(tmp_path: Path, content: bytes):
    assert told(read(tmp_path, "x.zip", content)) == [("x.zip", "corrupt")]


def test_hostile_members_cost_themselves_alone(tmp_path: Path):
    bomb = make_zip(
        {"null.txt": b"\0" * (65 << 20), "../../flucht.txt": FILES["eins.txt"], "innen.zip": make_zip(FILES)}
    )
    assert sorted(told(read(tmp_path, "x.zip", bomb))) == [
        ("x.zip", "nested_archive"),
        ("x.zip", "zip_bomb"),
        ("x.zip/flucht.txt", ""),
    ]


def test_a_damaged_member_is_named_and_the_rest_read(tmp_path: Path):
    content = bytearray(make_zip(FILES, zipfile.ZIP_STORED))
    at = content.index(b"Fall 1")
    content[at : at + 6] = b"Fall 9"
    outcomes = told(read(tmp_path, "x.zip", bytes(content)))
    assert ("x.zip", "corrupt") in outcomes
    assert len(outcomes) == 3


def test_an_archive_without_files_is_said_to_hold_none(tmp_path: Path):
    assert told(read(tmp_path, "x.zip", make_zip({}))) == [("x.zip", "no_record")]
