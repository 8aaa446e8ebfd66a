"""The street, end to end, on generated files of all ten sources."""

import hashlib
import json
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import pyarrow.parquet as pq
import pytest

from pipelines import build_corpus, samples
from pipelines.count import count_text
from schemas.document import SHARD_SCHEMA, SOURCES, document_id
from schemas.manifest import Manifest
from schemas.statistics import CorpusStatistics

DOCUMENTS = 300
SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.fixture(scope="session")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    samples.write_samples(folder, DOCUMENTS, seed=7)
    return folder


@pytest.fixture(scope="session")
def build(raw: Path, key_file: Path) -> Callable[..., int]:
    def run(output: Path, *options: str) -> int:
        arguments = [f"--input={raw}", f"--output={output}", f"--surrogate-key-file={key_file}", "--progress=quiet"]
        return build_corpus.main([*arguments, *options])

    return run


@pytest.fixture(scope="session")
def corpus(build: Callable[..., int], tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("corpus") / "corpus"
    assert build(output) == 0
    return output


def digests(folder: Path) -> dict[str, str]:
    """Every file of a corpus by name, but for run.json, which says what differs, and the page that shows it."""
    files = (
        path for path in folder.rglob("*") if path.is_file() and path.name not in {"run.json", "report.html", ".lock"}
    )
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def rows(corpus: Path) -> Iterator[dict]:
    for shard in Manifest.read(str(corpus / "manifest.json")).shards:
        yield from pq.read_table(corpus / shard.path).to_pylist()


def test_every_source_reaches_the_corpus(corpus: Path) -> None:
    manifest = Manifest.read(str(corpus / "manifest.json"))
    assert set(manifest.sources) == set(SOURCES)
    assert all(account.kept > 0 for account in manifest.sources.values())
    manifest.check()


def test_the_manifest_equals_plain_python_over_all_rows(corpus: Path) -> None:
    manifest = Manifest.read(str(corpus / "manifest.json"))
    full: dict[str, CorpusStatistics] = {}
    dedup: dict[str, CorpusStatistics] = {}
    entities: dict[str, Counter[str]] = {}
    for row in rows(corpus):
        count = count_text(row["text"])
        assert (count.sentences, count.words, count.bytes) == (row["sentences"], row["words"], row["bytes"])
        full[row["source"]] = full.get(row["source"], CorpusStatistics()) + count
        if row["duplicate_of"] is None:
            dedup[row["source"]] = dedup.get(row["source"], CorpusStatistics()) + count
        entities.setdefault(row["source"], Counter()).update(
            {entity["label"]: entity["count"] for entity in row["entities"]}
        )
    assert {name: s for name, s in manifest.statistics["full"].items() if name != "summary"} == full
    assert {name: s for name, s in manifest.statistics["dedup"].items() if name != "summary"} == dedup
    assert manifest.statistics["full"]["summary"] == CorpusStatistics.total(full.values())
    assert manifest.entities == {name: dict(counts) for name, counts in entities.items()}
    for name, account in manifest.sources.items():
        assert account.duplicates == full[name].documents - dedup[name].documents


def test_shards_are_what_the_manifest_says(corpus: Path) -> None:
    for shard in Manifest.read(str(corpus / "manifest.json")).shards:
        content = (corpus / shard.path).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (shard.bytes, shard.sha256)
        file = pq.ParquetFile(corpus / shard.path)
        assert file.schema_arrow.equals(SHARD_SCHEMA)
        assert file.metadata.num_rows == shard.rows


def test_ids_are_unique_and_marks_lead_to_kept_documents(corpus: Path) -> None:
    documents = list(rows(corpus))
    ids = {row["id"] for row in documents}
    kept = {row["id"] for row in documents if row["duplicate_of"] is None}
    assert len(ids) == len(documents)
    assert {row["duplicate_of"] for row in documents if row["duplicate_of"]} <= kept
    assert all((row["similarity"] is None) == (row["duplicate_of"] is None) for row in documents)


@pytest.mark.parametrize("name", ["manifest", "run", "statistics"])
def test_json_files_keep_their_schema(corpus: Path, name: str) -> None:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.validate(json.loads((corpus / f"{name}.json").read_text()), schema)


def test_rejections_keep_their_schema_and_are_all_there(corpus: Path) -> None:
    schema = json.loads((SCHEMAS / "rejection.schema.json").read_text())
    counts: dict[str, Counter[str]] = {}
    for path in sorted((corpus / "rejections").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            rejection = json.loads(line)
            jsonschema.validate(rejection, schema)
            counts.setdefault(rejection["source"], Counter())[rejection["reason"]] += 1
    manifest = Manifest.read(str(corpus / "manifest.json"))
    assert {name: dict(account.rejected) for name, account in manifest.sources.items() if account.rejected} == counts


def test_the_work_folder_is_gone(corpus: Path) -> None:
    assert not (corpus / ".work").exists()


def test_a_second_run_changes_nothing_and_says_so(
    corpus: Path, build: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in corpus.rglob("*.parquet")}
    assert build(corpus) == 0
    assert "finished already" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in corpus.rglob("*.parquet")} == before


@pytest.mark.slow
def test_two_workers_give_the_same_bytes_in_every_pass(
    corpus: Path, build: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_corpus, "SMALL_BYTES", 0)
    monkeypatch.setattr(build_corpus, "SMALL_DOCUMENTS", 0)
    assert build(tmp_path / "two", "--workers=2") == 0
    assert digests(tmp_path / "two") == digests(corpus)


def test_nothing_of_the_canary_is_in_any_byte(raw: Path, key_file: Path, tmp_path: Path) -> None:
    canary = json.loads((raw / ".gold" / "canary.json").read_text())
    strings = [value for value in flatten(canary) if len(value) >= 5]
    assert strings
    command = [sys.executable, "-m", "pipelines.build_corpus", f"--input={raw}", f"--output={tmp_path / 'corpus'}"]
    done = subprocess.run(
        [*command, f"--surrogate-key-file={key_file}", "--progress=plain"], capture_output=True, text=True, check=True
    )
    written = [done.stdout, done.stderr]
    for path in (tmp_path / "corpus").rglob("*"):
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            numbers = [name for name in table.column_names if name == "shingles" or name.startswith("band_")]
            written.append(str(table.drop_columns(numbers).to_pylist()))
        elif path.is_file():
            written.append(path.read_bytes().decode("utf-8", errors="replace"))
    for text in written:
        for string in strings:
            assert string not in text, "a planted identifier was written"


def flatten(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from flatten(item)
    elif isinstance(value, list):
        for item in value:
            yield from flatten(item)


def test_it_makes_no_connection(build: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        raise AssertionError(f"a connection to {address} was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert build(tmp_path / "corpus", "--sources=ggponc,pubmed_abstracts") == 0


def test_withdrawn_documents_are_absent_and_said_to_be(corpus: Path, build: Callable[..., int], tmp_path: Path) -> None:
    documents = [row for row in rows(corpus) if row["source"] == "pubmed_abstracts"]
    (tmp_path / "withdraw.txt").write_text(f"# a comment\n{documents[0]['id']}\n")
    options = ["--sources=pubmed_abstracts", f"--withdraw={tmp_path / 'withdraw.txt'}"]
    assert build(tmp_path / "corpus", *options) == 0
    left = {row["id"] for row in rows(tmp_path / "corpus")}
    assert documents[0]["id"] not in left
    assert len(left) == len(documents) - 1
    manifest = Manifest.read(str(tmp_path / "corpus" / "manifest.json"))
    assert manifest.withdrawn == {"pubmed_abstracts": 1}


def test_ids_follow_from_the_record_keys(corpus: Path, raw: Path) -> None:
    lines = (raw / ".gold" / "entities.jsonl").read_text(encoding="utf-8").splitlines()
    gold = {document_id(d["source"], d["key"]) for d in map(json.loads, lines)}
    found = {row["id"] for row in rows(corpus) if row["source"] == "radiology_reports"}
    assert found & gold


@pytest.mark.parametrize(
    "options",
    [
        ["--inptu=x"],
        ["--sources=wikipaedia"],
        ["--option=wikipedia.nonsense=1"],
        ["--runner=DaskRunner"],
        ["--withdraw=/absent"],
        ["--against=/absent"],
        ["--workers=0"],
    ],
)
def test_a_wrong_option_ends_at_once_with_one_line(
    build: Callable[..., int], tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    started = time.monotonic()
    assert build(tmp_path / "corpus", *options) == 2
    assert time.monotonic() - started < 10
    assert not (tmp_path / "corpus").exists()
    assert capsys.readouterr().err.strip().count("\n") == 0


def test_a_missing_input_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build_corpus.main([f"--input={tmp_path / 'absent'}", f"--output={tmp_path / 'corpus'}"]) == 2
    assert "absent: no such folder" in capsys.readouterr().err


def test_a_folder_that_is_no_corpus_is_not_written_to(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    assert build_corpus.main([f"--input={raw}", f"--output={tmp_path}"]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
