import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import splits
from pipelines.formats import UnreadableFileError
from pipelines.ingest import InputFile, Options, Outcome, Reader, Source
from pipelines.reading import read_split
from pipelines.splits import Batch, Split, batches, plan
from schemas.document import RawDocument, Rejection
from schemas.storage import list_files


def lines(file: InputFile, start: int, stop: int | None, options: Options) -> Iterator[Outcome]:
    """One document a line that begins in the range; 'BAD' breaks the rest of the file."""
    with file.open() as stream:
        stream.seek(max(start - 1, 0))
        if start:
            stream.readline()
        while (stop is None or stream.tell() < stop) and (line := stream.readline().decode().strip()):
            if line == "BAD":
                raise UnreadableFileError("broken_line")
            if line == "BUG":
                raise RuntimeError(line)
            yield RawDocument("thieme", line, line, file=file.path)


def cut(file: InputFile, target: int) -> list[tuple[int, int | None]]:
    edges = [*range(0, file.size, target)]
    return [(a, b) for a, b in zip(edges, [*edges[1:], None], strict=True)]


SOURCE = Source(
    "thieme",
    "CC0",
    (Reader("lines", lambda name, head: name.endswith(".lines"), lines, cut),),
    ignores=lambda path: path.endswith(".ann"),
    consults=lambda name: name.startswith("people"),
)


def read(folder: Path, split: Split) -> list[Outcome]:
    return list(read_split(SOURCE, str(folder), split, {}, lambda path, error: None))


@given(st.lists(st.tuples(st.sampled_from(["a/1", "a/2", "b/1", "c"]), st.integers(0, 1 << 25)), max_size=40))
def test_every_file_is_in_one_batch(sizes: list[tuple[str, int]]) -> None:
    files = [(f"{name}{number:03d}.lines", size) for number, (name, size) in enumerate(sorted(sizes))]
    planned = [file for batch in batches(SOURCE, files) for file in batch.files]
    assert sorted(planned) == sorted(files)


def test_a_new_folder_leaves_old_batches_as_they_are() -> None:
    old = [(f"day1/{n:03d}.lines", 100_000) for n in range(30)]
    new = [(f"day2/{n:03d}.lines", 100_000) for n in range(7)]
    before = list(batches(SOURCE, old))
    assert list(batches(SOURCE, old + new))[: len(before)] == before
    assert len(before) > 1


def test_companions_are_left_out() -> None:
    assert list(batches(SOURCE, [("a.ann", 5), ("a.lines", 7)])) == [Batch("thieme", (("a.lines", 7),))]


def test_many_small_files_are_gathered_in_linear_time() -> None:
    files = [(f"{number:07d}.lines", 1) for number in range(200_000)]
    started = time.process_time()
    (batch,) = batches(SOURCE, files)
    assert len(batch.files) == 200_000
    assert time.process_time() - started < 5


def test_files_are_read_anew_when_one_they_look_into_changes(tmp_path: Path) -> None:
    for path in ("a/people.lines", "a/1.lines", "b/1.lines"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(f"{path:>{splits.SMALLEST}}")

    def digests() -> dict[str, str]:
        planned = [
            s for batch in batches(SOURCE, list_files(str(tmp_path))) for s in plan(SOURCE, str(tmp_path), batch)
        ]
        return {split.files[0][0]: split.digest for split in planned}

    before = digests()
    (tmp_path / "a/people.lines").write_text(f"{'others':>{splits.SMALLEST}}")
    after = digests()
    assert [path for path in before if before[path] != after[path]] == ["a/1.lines", "a/people.lines"]


def test_ranges_of_a_large_file_hold_every_record_once(tmp_path: Path) -> None:
    written = [f"line {number}{'x' * (number % 97)}" for number in range(20_000)]
    (tmp_path / "big.lines").write_text("\n".join(written) + "\n")
    (batch,) = batches(SOURCE, list_files(str(tmp_path)))
    planned = plan(SOURCE, str(tmp_path), batch)
    assert len(planned) > 1
    texts = [outcome.text for split in planned for outcome in read(tmp_path, split) if isinstance(outcome, RawDocument)]
    assert texts == written


@pytest.mark.parametrize(("word", "reason"), [("BAD", "broken_line"), ("BUG", "reader_error")])
def test_a_bad_record_costs_neither_those_before_it_nor_the_next_file(tmp_path: Path, word: str, reason: str) -> None:
    (tmp_path / "1.lines").write_text(f"one\n{word}\nthree\n")
    (tmp_path / "2.lines").write_text("two\n")
    (batch,) = batches(SOURCE, list_files(str(tmp_path)))
    (split,) = plan(SOURCE, str(tmp_path), batch)
    outcomes = read(tmp_path, split)
    assert [outcome.reason if isinstance(outcome, Rejection) else outcome.text for outcome in outcomes] == [
        "one",
        reason,
        "two",
    ]
    assert isinstance(outcomes[1], Rejection)
    assert outcomes[1].file == "1.lines"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [("a.lines", b"", "empty_file"), ("a.exe", b"MZ\x00", "unsupported_format"), ("a.lines", b"\n", "no_record")],
)
def test_a_file_without_documents_is_named(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    (batch,) = batches(SOURCE, list_files(str(tmp_path)))
    (split,) = plan(SOURCE, str(tmp_path), batch)
    (outcome,) = read(tmp_path, split)
    assert isinstance(outcome, Rejection)
    assert (outcome.reason, outcome.file) == (reason, name)


def test_a_part_is_named_by_content_and_configuration(tmp_path: Path) -> None:
    (tmp_path / "1.lines").write_text("one\n")
    (batch,) = batches(SOURCE, list_files(str(tmp_path)))
    first = plan(SOURCE, str(tmp_path), batch)[0]
    (tmp_path / "1.lines").write_text("two\n")
    second = plan(SOURCE, str(tmp_path), batch)[0]
    assert first.name("x") != second.name("x")
    assert first.name("x") != first.name("y")
    assert Split.from_json(first.to_json()) == first


def test_a_file_that_vanishes_is_rejected_when_it_is_read(tmp_path: Path) -> None:
    batch = Batch("thieme", (("gone.lines", 3),))
    (split,) = splits.plan(SOURCE, str(tmp_path), batch)
    (outcome,) = read(tmp_path, split)
    assert isinstance(outcome, Rejection)
