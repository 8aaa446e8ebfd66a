import csv
import hashlib
import json
import re
from pathlib import Path

import pytest

from pipelines.ingest import InputFile
from pipelines.samples import main, write_samples
from pipelines.sampling import plan
from pipelines.sampling.corpus import CLINICAL, Corpus, canary_strings
from pipelines.sampling.layout import Layout
from pipelines.sources import source
from schemas import storage
from schemas.document import SOURCES, RawDocument
from schemas.entities import LABELS


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder, 600, 1)
    return folder


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("documents", [10, 99, 600, 2000, 123_457])
def test_counts_add_up_and_every_source_has_some(documents):
    counts = plan.counts(documents)
    assert sum(counts.values()) == documents
    assert set(counts) == set(SOURCES)
    assert min(counts.values()) >= 1


def test_proportions_are_those_of_the_published_corpus():
    assert sum(plan.PROPORTIONS.values()) == 4_723_010
    assert plan.counts(1_000_000)["radiology_reports"] == pytest.approx(774_000, rel=0.002)


@pytest.mark.parametrize("count", [1, 2, 7, 40, 1000])
def test_scattering_is_a_permutation(count):
    numbers = [plan.scattered(slot, count) for slot in range(count)]
    assert sorted(numbers) == list(range(count))
    assert [plan.slot_of(number, count) for number in numbers] == list(range(count))


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("count", [1, 6, 50, 70_000])
def test_files_hold_every_document_once(name, count):
    files = list(Layout(name, count).files())
    assert [file.start for file in files] == [0, *(file.stop for file in files)][:-1]
    assert files[-1].stop == count
    assert len({file.path for file in files}) == len(files)


def test_equal_arguments_give_equal_bytes(tmp_path):
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        write_samples(tmp_path / name, 100, seed)
    assert _digests(tmp_path / "one") == _digests(tmp_path / "again") != _digests(tmp_path / "other")


def test_spans_lie_in_their_texts(samples):
    for document in _lines(samples / ".gold" / "entities.jsonl"):
        for entity in document["entities"]:
            assert entity["label"] in LABELS
            assert document["text"][entity["begin"] : entity["end"]].strip()


@pytest.mark.parametrize("name", ["radiology_reports", "electronic_health_records"])
def test_readers_find_the_gold_texts_under_the_gold_keys(samples, name):
    gold = {
        line["key"]: line["text"] for line in _lines(samples / ".gold" / "entities.jsonl") if line["source"] == name
    }
    rejected = {line["key"] for line in _lines(samples / ".gold" / "rejects.jsonl") if line["source"] == name}
    found = {document.key: document.text for document in _read(samples, name)}
    assert set(gold) <= set(found) <= set(gold) | rejected
    assert {key for key in gold if found[key].split() != gold[key].split()} == set()


def _read(folder: Path, name: str) -> list[RawDocument]:
    documents = []
    chosen = source(name)
    for path, size in storage.list_files(str(folder / name)):
        if path.startswith("broken/"):
            continue
        file = InputFile(str(folder / name / path), path, size)
        reader = next(reader for reader in chosen.readers if reader.accepts(path.lower(), file.head()))
        documents += [o for o in reader.read(file, 0, None, chosen.options) if isinstance(o, RawDocument)]
    return documents


def test_clusters_name_documents_that_are_there(samples):
    corpus = Corpus(1, plan.counts(600))
    keys = {(name, Layout(name, count).key(n)) for name, count in corpus.totals.items() for n in range(count)}
    clusters = _lines(samples / ".gold" / "duplicates.jsonl")
    assert {cluster["kind"] for cluster in clusters} >= {"exact", "edited", "template"}
    members = [tuple(member) for cluster in clusters for member in cluster["members"]]
    assert set(members) <= keys
    assert len(set(members)) == len(members)
    assert any(len({source for source, _ in cluster["members"]}) > 1 for cluster in clusters)


def test_exact_copies_are_exact():
    corpus = Corpus(3, plan.counts(5000))
    name = "radiology_reports"
    roles = [(number, corpus.role(name, number)) for number in range(800)]
    exact = [(number, role.root) for number, role in roles if role.kind == "copy" and role.strength == 0]
    assert len(exact) > 5
    assert all(corpus.record(name, number).text == corpus.record(name, root).text for number, root in exact)


def test_the_canary_is_in_every_source(samples):
    corpus = Corpus(1, plan.counts(600))
    assert json.loads((samples / ".gold" / "canary.json").read_text("utf-8")) == canary_strings()
    for name in SOURCES:
        text = corpus.record(name, 0).text
        assert all(any(value in text for value in values) for values in canary_strings().values())


def test_clean_samples_have_nothing_to_reject(tmp_path):
    write_samples(tmp_path, 300, 1, clean=True)
    assert _lines(tmp_path / ".gold" / "rejects.jsonl") == []
    assert not list(tmp_path.glob("*/broken"))


def test_dirty_samples_name_their_broken_files(samples):
    rejects = _lines(samples / ".gold" / "rejects.jsonl")
    broken = {f"{line['source']}/{line['file']}" for line in rejects if line["file"].startswith("broken/")}
    assert broken == {str(path.relative_to(samples)) for path in samples.glob("*/broken/*")}
    assert {line["reason"] for line in rejects} >= {"non_report", "truncated", "password_protected", "not_german"}


def test_the_language_is_rich():
    corpus = Corpus(1, plan.counts(10_000))
    words: set[str] = set()
    for name, count in corpus.totals.items():
        for number in range(min(count, 350 if name in CLINICAL else 40)):
            words.update(re.findall(r"[^\W\d_]{2,}", corpus.record(name, number).text))
    assert len(words) > 10_000


def test_a_csv_has_a_row_a_report(samples):
    with open(samples / "radiology_reports" / "ris_csv" / "000000.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len({row["Accession Number"] for row in rows}) == len(rows) > 100


def test_a_foreign_folder_is_left_alone(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["--documents", "20", "--output", str(tmp_path)]) == 2
    assert "did not write" in capsys.readouterr().err
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("documents", ["3", "0", "-1"])
def test_too_few_documents_are_refused_in_one_line(tmp_path, capsys, documents):
    assert main(["--documents", documents, "--output", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_run_replaces_an_earlier_one_finished_or_not(tmp_path):
    assert main(["--documents", "60", "--output", str(tmp_path / "out"), "--seed", "1"]) == 0
    (tmp_path / "out" / ".gold" / "manifest.json").unlink()
    assert main(["--documents", "40", "--output", str(tmp_path / "out"), "--seed", "1"]) == 0
    assert json.loads((tmp_path / "out" / ".gold" / "manifest.json").read_text())["documents"] == 40
