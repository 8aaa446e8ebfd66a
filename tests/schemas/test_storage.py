import multiprocessing
import os
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from schemas import storage


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "folder" / "part.parquet"
    with pytest.raises(RuntimeError):
        _break_off(target)
    assert not list(target.parent.iterdir())
    with storage.atomic_write(str(target)) as stream:
        stream.write(b"whole")
    assert target.read_bytes() == b"whole"


def _break_off(target: Path) -> None:
    with storage.atomic_write(str(target)) as stream:
        stream.write(b"half")
        assert not target.exists()
        raise RuntimeError


def test_writing_again_replaces(tmp_path: Path) -> None:
    target = str(tmp_path / "value.json")
    storage.write_json(target, {"a": 1})
    storage.write_json(target, {"a": 2})
    assert storage.read_json(target) == {"a": 2}


def test_files_are_listed_in_order_and_hidden_ones_are_not(tmp_path: Path) -> None:
    for name in ("b/2.xml", "a/1.xml", ".work/3.xml", "b/.4.xml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert list(storage.list_files(str(tmp_path))) == [("a/1.xml", 1), ("b/2.xml", 1)]
    assert list(storage.list_files(str(tmp_path / "absent"))) == []


def test_joining_keeps_the_query_at_the_end() -> None:
    url = "s3://bucket/corpus?endpoint_override=localhost:9000"
    assert (
        storage.join(url, "data", "a.parquet") == "s3://bucket/corpus/data/a.parquet?endpoint_override=localhost:9000"
    )
    assert storage.join("/corpus", "data?1") == "/corpus/data?1"


def test_a_private_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    storage.create_private(str(tmp_path / "key"), b"secret")
    storage.create_private(str(tmp_path / "key"), b"another")
    assert (tmp_path / "key").read_bytes() == b"secret"
    assert os.stat(tmp_path / "key").st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_parts_of_the_work_are_held_beside_each_other_and_not_beside_the_whole(tmp_path: Path) -> None:
    url = str(tmp_path)
    with storage.lock(url, shared=True), storage.lock(url, "wikipedia"):
        with storage.lock(url, shared=True), storage.lock(url, "thieme"):
            pass
        with pytest.raises(storage.LockedError), storage.lock(url):
            pass


def test_a_second_run_is_refused_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    url = str(tmp_path / "corpus")
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(url, held, release))
    holder.start()
    assert held.wait(30)
    with pytest.raises(storage.LockedError, match="another run"), storage.lock(url):
        pass
    holder.kill()
    holder.join()
    with storage.lock(url):
        pass


def _hold(url: str, held: Event, release: Event) -> None:
    with storage.lock(url):
        held.set()
        release.wait()


def test_an_unknown_scheme_is_an_error() -> None:
    with pytest.raises(ValueError, match="gopher"):
        storage.resolve("gopher://x/y")
