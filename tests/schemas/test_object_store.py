"""The storage layer on a real S3-compatible server."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas import storage
from tests.object_store import object_store


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with object_store("corpus") as query:
        yield f"s3://corpus/build{query}"


def test_json_and_listing(url: str) -> None:
    storage.write_json(storage.join(url, "x", "manifest.json"), {"a": 1})
    assert storage.read_json(storage.join(url, "x", "manifest.json")) == {"a": 1}
    assert storage.exists(storage.join(url, "x", "manifest.json"))
    assert not storage.exists(storage.join(url, "x", "absent.json"))
    assert list(storage.list_files(url)) == [("x/manifest.json", 13)]
    assert list(storage.list_files(storage.join(url, "absent"))) == []
    storage.delete_folder(storage.join(url, "x"))
    assert list(storage.list_files(url)) == []


def test_lines_can_be_read_and_the_stream_sought(url: str) -> None:
    with storage.atomic_write(storage.join(url, "lines.txt")) as stream:
        stream.write(b"one\ntwo\n")
    with storage.open_input(storage.join(url, "lines.txt")) as stream:
        assert stream.readline() == b"one\n"
        stream.seek(4)
        assert stream.read() == b"two\n"


def test_parquet(url: str) -> None:
    table = pa.table({"id": ["a", "b"]})
    with storage.atomic_write(storage.join(url, "part.parquet")) as stream:
        pq.write_table(table, stream)
    with storage.open_input(storage.join(url, "part.parquet")) as stream:
        assert pq.read_table(stream).equals(table)


def test_a_broken_off_write_leaves_nothing(url: str) -> None:
    with pytest.raises(RuntimeError):
        _break_off(storage.join(url, "broken", "half.txt"))
    assert not storage.exists(storage.join(url, "broken", "half.txt"))
    assert list(storage.list_files(storage.join(url, "broken"))) == []


def _break_off(url: str) -> None:
    with storage.atomic_write(url) as stream:
        stream.write(b"half")
        raise RuntimeError


def test_a_private_file_is_made_once(url: str) -> None:
    storage.create_private(storage.join(url, "key"), b"first")
    storage.create_private(storage.join(url, "key"), b"second")
    with storage.open_input(storage.join(url, "key")) as stream:
        assert stream.read() == b"first"
