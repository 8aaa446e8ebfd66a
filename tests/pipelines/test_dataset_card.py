"""The output folder opens as a data set, as its card says, in four libraries and with mlcroissant."""

import json
from pathlib import Path

import mlcroissant
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.dataset_card import SNIPPETS, card, main, size_category, write_dataset_card
from pipelines.shard import row_groups
from schemas.document import SHARD_SCHEMA
from schemas.manifest import Account, Manifest, Shard, summarise
from schemas.statistics import CorpusStatistics

FULL, DEDUP = 5, 3


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "data").mkdir()
    shards = []
    # the first shard has no duplicate: its columns hold nothing but null
    for number, duplicates in enumerate(([None], [None, "b" * 32, None, "b" * 32])):
        rows = [
            {
                "id": f"{number}{row}".zfill(32),
                "source": "ggponc",
                "text": "Kein Erguss.",
                "title": "",
                "sentences": 1,
                "words": 2,
                "bytes": 12,
                "entities": [{"label": "DATE", "count": 1}],
                "duplicate_of": duplicate,
                "similarity": 0.9 if duplicate else None,
            }
            for row, duplicate in enumerate(duplicates)
        ]
        path = f"data/ggponc-{number:05d}.parquet"
        pq.write_table(pa.Table.from_pylist(rows, SHARD_SCHEMA), folder / path)
        shards.append(Shard(path, len(rows), 1, "0"))
    (folder / "rejections").mkdir()
    (folder / "rejections" / "ggponc-00000.jsonl").write_text('{"id": "x"}\n')
    full, dedup = (CorpusStatistics(count, count, 2 * count, 12 * count) for count in (FULL, DEDUP))
    manifest = Manifest(
        version="0.1.0",
        fingerprint="abc",
        configuration={},
        sources={"ggponc": Account(FULL, FULL, FULL - DEDUP, {})},
        statistics={"full": summarise({"ggponc": full}), "dedup": summarise({"ggponc": dedup})},
        shards=tuple(shards),
    )
    manifest.write(str(folder / "manifest.json"))
    write_dataset_card(str(folder), manifest)
    return folder


@pytest.mark.parametrize("library", SNIPPETS)
def test_documented_snippets_agree_on_the_counts(
    library: str, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    if library == "datasets":
        monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)  # pyright: ignore[reportAttributeAccessIssue]
    names: dict[str, object] = {"corpus": str(corpus)}
    exec(SNIPPETS[library], names)
    assert names["counts"] == (FULL, DEDUP)
    assert SNIPPETS[library] in (corpus / "README.md").read_text("utf-8")


def test_datasets_reads_every_column_with_and_without_the_card(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)  # pyright: ignore[reportAttributeAccessIssue]
    from datasets import load_dataset

    by_card = load_dataset(str(corpus), "dedup", split="train")
    by_files = load_dataset("parquet", data_files=str(corpus / "data" / "*.parquet"), split="train")
    assert by_card.column_names == by_files.column_names == SHARD_SCHEMA.names
    assert by_files[0]["entities"] == [{"label": "DATE", "count": 1}]
    assert len(by_files) == FULL


def test_shards_have_statistics_dictionary_page_index_and_metadata(tmp_path: Path):
    schema = SHARD_SCHEMA.with_metadata({"medbert": '{"version": "0.1.0"}'})
    row = {"id": "1", "source": "ggponc", "text": "Kein Erguss.", "title": "", "sentences": 1, "words": 2, "bytes": 12}
    rows = [{**row, "entities": [], "duplicate_of": None, "similarity": None}] * 3
    with (tmp_path / "x.parquet").open("wb") as stream, row_groups(stream, schema) as groups:
        groups.add(pa.Table.from_pylist(rows, schema))
        groups.flush()
        groups.add(pa.Table.from_pylist(rows, schema))
    metadata = pq.ParquetFile(tmp_path / "x.parquet").metadata
    assert [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)] == [3, 3]
    columns = [metadata.row_group(0).column(number) for number in range(metadata.num_columns)]
    by_name = {column.path_in_schema: column for column in columns}
    assert all(column.has_offset_index and column.has_column_index for column in columns)
    assert all(column.is_stats_set and column.compression == "ZSTD" for column in columns)
    assert by_name["source"].has_dictionary_page
    assert not by_name["text"].has_dictionary_page
    assert by_name["words"].statistics.min == by_name["words"].statistics.max == 2
    assert by_name["duplicate_of"].statistics.null_count == 3
    assert json.loads(pq.read_schema(tmp_path / "x.parquet").metadata[b"medbert"]) == {"version": "0.1.0"}


def test_croissant_is_valid_and_its_records_are_read(corpus: Path):
    dataset = mlcroissant.Dataset(jsonld=corpus / "croissant.json")
    assert not dataset.metadata.ctx.issues.errors
    records = list(dataset.records("documents"))
    assert len(records) == FULL
    assert records[0]["documents/text"] in {"Kein Erguss.", b"Kein Erguss."}


def test_equal_manifests_give_equal_bytes(corpus: Path):
    before = [(corpus / name).read_bytes() for name in ("README.md", "croissant.json")]
    assert main(["--corpus", str(corpus)]) == 0
    assert before == [(corpus / name).read_bytes() for name in ("README.md", "croissant.json")]


def test_card_says_which_figures_are_missing(corpus: Path):
    text = card(Manifest.read(str(corpus / "manifest.json")))
    assert next(line for line in text.splitlines() if line.startswith("| Wikipedia")).count("–") == 4
    assert json.loads((corpus / "croissant.json").read_text())["identifier"] == "abc"


@pytest.mark.parametrize(("documents", "name"), [(5, "n<1K"), (4_723_010, "1M<n<10M"), (10**8, "n>10M")])
def test_size_categories(documents: int, name: str):
    assert size_category(documents) == name


def test_without_a_manifest_there_is_no_card(tmp_path: Path):
    assert main(["--corpus", str(tmp_path)]) == 2
    assert not list(tmp_path.iterdir())
