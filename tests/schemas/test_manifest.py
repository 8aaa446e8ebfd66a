import json
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.manifest import Account, Manifest, Shard, summarise
from schemas.statistics import CorpusStatistics


def manifest() -> Manifest:
    rows = {"wikipedia": CorpusStatistics(2, 4, 30, 200)}
    return Manifest(
        version="1",
        fingerprint="0" * 64,
        configuration={},
        sources={"wikipedia": Account(read=3, kept=2, duplicates=1, rejected={"language": 1})},
        statistics={"full": summarise(rows), "dedup": summarise({"wikipedia": CorpusStatistics(1, 2, 15, 100)})},
        shards=(Shard("data/wikipedia-00000.parquet", 2, 100, "0" * 64),),
    )


def test_it_comes_back_as_it_was_written(tmp_path: Path) -> None:
    manifest().write(str(tmp_path / "manifest.json"))
    assert Manifest.read(str(tmp_path / "manifest.json")) == manifest()


def test_equal_manifests_are_equal_bytes(tmp_path: Path) -> None:
    manifest().write(str(tmp_path / "a.json"))
    manifest().write(str(tmp_path / "b.json"))
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_a_lost_document_is_an_error(tmp_path: Path) -> None:
    lost = replace(manifest(), sources={"wikipedia": Account(read=4, kept=2, duplicates=1, rejected={"language": 1})})
    with pytest.raises(ValueError, match="wikipedia: read 4 documents but kept 2 and rejected 1"):
        lost.write(str(tmp_path / "manifest.json"))
    assert not list(tmp_path.iterdir())


def test_shards_that_lack_a_row_are_an_error() -> None:
    with pytest.raises(ValueError, match="shards hold 1 rows"):
        replace(manifest(), shards=(Shard("data/wikipedia-00000.parquet", 1, 100, "0" * 64),)).check()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", json.dumps({"version": 1})])
def test_a_broken_manifest_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"manifest\.json"):
        Manifest.read(str(path))
