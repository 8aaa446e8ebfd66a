import json
import random
import time
from pathlib import Path

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipelines import deduplicate
from pipelines.near_duplicates import candidates, comparison, workspace
from pipelines.near_duplicates.components import connected_components
from pipelines.near_duplicates.documents import derived_id
from pipelines.near_duplicates.signatures import sign
from schemas.signatures import MARK_SCHEMA, Deduplication, Summary, band_columns, check_signatures, signature_schema
from tests.pipelines.signing import Row, one_worker, run, shingle_sets, similar_pairs, write_signatures

VOCABULARY = [f"wort{number}" for number in range(2000)]
LONG = " ".join(VOCABULARY[:60])


def corpus(documents: int, template: int, seed: int = 1) -> list[Row]:
    """Return pairs of originals and edited copies, and variants of one template."""
    generator = random.Random(seed)
    texts = []
    for _ in range(documents // 2):
        words = generator.choices(VOCABULARY, k=generator.randint(3, 120))
        texts += [words, list(words)]
        for _ in range(generator.randint(0, 4)):
            texts[-1][generator.randrange(len(words))] = generator.choice(VOCABULARY)
    base = generator.choices(VOCABULARY, k=80)
    for _ in range(template):
        texts.append(list(base))
        for _ in range(generator.randint(0, 6)):
            texts[-1][generator.randrange(len(base))] = generator.choice(VOCABULARY)
    sources = ("radiology_reports", "webcrawl", "wikipedia", "private")
    rows = [(f"{i:032x}", generator.choice(sources), " ".join(words)) for i, words in enumerate(texts)]
    generator.shuffle(rows)
    return rows


def in_parts(rows: list[Row], count: int) -> dict[str, list[Row]]:
    return {f"part{number}": rows[number::count] for number in range(count)}


def test_marks_are_those_of_brute_force(tmp_path: Path) -> None:
    rows = corpus(400, 200)
    parts = in_parts(rows, 3)
    marks, summary = run(tmp_path, parts)
    order = [row for part in parts.values() for row in part]
    place = {row[0]: number for number, row in enumerate(order)}
    sets = shingle_sets([row[2] for row in order], Deduplication())
    pairs = similar_pairs(sets, 0.8)
    left, right = np.array(pairs).T
    labels = connected_components(left, right, np.arange(len(order)))
    precedence = [*Deduplication().precedence, "private"]
    best: dict[int, Row] = {}
    for row, label in zip(order, labels.tolist(), strict=True):
        rank = (precedence.index(row[1]), -len(row[2].encode()), row[0])
        kept = best.get(label)
        if kept is None or rank < (precedence.index(kept[1]), -len(kept[2].encode()), kept[0]):
            best[label] = row
    found = {parts[key.split(":")[0]][int(key.split(":")[1])][0]: mark for key, mark in marks.items()}
    for row, label in zip(order, labels.tolist(), strict=True):
        kept = best[label][0]
        assert found.get(row[0], {}).get("duplicate_of", row[0]) == kept
        if row[0] in found:
            one, other = sets[place[row[0]]], sets[place[kept]]
            assert found[row[0]]["similarity"] == len(one & other) / len(one | other)
    assert sum(summary.documents.values()) == 600
    assert sum(n for kind in summary.duplicates.values() for row in kind.values() for n in row.values()) == len(marks)
    assert sum(summary.similarities.values()) == len(marks)
    assert sum((int(size) - 1) * count for size, count in summary.clusters.items()) == len(marks)
    assert Summary.from_json(json.loads(json.dumps(summary.to_json()))) == summary


def two_workers() -> beam.Pipeline:
    options = PipelineOptions(["--direct_num_workers=2", "--direct_running_mode=multi_processing"])
    return beam.Pipeline(runner=FnApiRunner(), options=options)


def small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut the work as if the corpus were large."""
    monkeypatch.setattr(workspace, "GROUP_ROWS", 150)
    monkeypatch.setattr(deduplicate, "TASK_KEYS", 2000)
    monkeypatch.setattr(deduplicate, "BAND_ROWS", 400)
    monkeypatch.setattr(deduplicate, "TASK_PAIRS", 400)
    monkeypatch.setattr(comparison, "READ_SHINGLES", 1 << 9)
    monkeypatch.setattr(comparison, "COMPARE_SHINGLES", 1 << 12)
    monkeypatch.setattr(workspace, "GAP", 10)


def marks_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "marks").iterdir())}


def test_marks_do_not_depend_on_how_the_work_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = in_parts(corpus(300, 120), 5)
    run(tmp_path / "whole", parts)
    small_tasks(monkeypatch)
    run(tmp_path / "cut", parts)
    assert marks_of(tmp_path / "cut") == marks_of(tmp_path / "whole")


@pytest.mark.slow
def test_marks_do_not_depend_on_the_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = in_parts(corpus(300, 120), 5)
    run(tmp_path / "one", parts)
    monkeypatch.setattr(deduplicate, "TASK_KEYS", 4000)
    run(tmp_path / "two", parts, make_pipeline=two_workers)
    assert marks_of(tmp_path / "two") == marks_of(tmp_path / "one")


def test_marks_do_not_depend_on_the_order_of_the_input(tmp_path: Path) -> None:
    parts = in_parts(corpus(200, 80), 4)
    run(tmp_path / "one", parts)
    run(tmp_path / "other", dict(reversed(parts.items())))
    assert marks_of(tmp_path / "one") == marks_of(tmp_path / "other")


def test_an_interrupted_run_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = in_parts(corpus(200, 80), 4)
    run(tmp_path / "whole", parts)
    small_tasks(monkeypatch)
    compare, calls = comparison.compare_spokes, []

    def interrupted(*arguments) -> None:
        calls.append(arguments)
        if len(calls) > 1:
            raise KeyboardInterrupt
        compare(*arguments)

    monkeypatch.setattr(comparison, "compare_spokes", interrupted)
    monkeypatch.setattr(deduplicate, "run_tasks", run_tasks_here)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "broken", parts)
    monkeypatch.setattr(comparison, "compare_spokes", compare)
    monkeypatch.setattr(comparison, "bucket", None)
    run(tmp_path / "broken", parts)
    assert marks_of(tmp_path / "broken") == marks_of(tmp_path / "whole")


def run_tasks_here(make_pipeline, work_space, stage, work, tasks) -> None:
    for task in tasks:
        if not work_space.done(f"{stage}-{task[0]}.npz"):
            work(work_space, *task)


def test_changed_signatures_are_not_taken_for_finished_ones(tmp_path: Path) -> None:
    assert len(run(tmp_path, {"a": [("1", "private", LONG), ("2", "private", LONG)]})[0]) == 1
    assert run(tmp_path, {"a": [("1", "private", LONG), ("2", "private", LONG[::-1])]})[0] == {}


def test_edges_are_joined_by_stars_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = in_parts(corpus(60, 30), 2)
    run(tmp_path / "one", parts)
    monkeypatch.setattr(deduplicate, "LOCAL_EDGES", 0)
    run(tmp_path / "stars", parts)
    assert marks_of(tmp_path / "stars") == marks_of(tmp_path / "one")


def test_repeated_ids(tmp_path: Path) -> None:
    other = " ".join(VOCABULARY[100:160])
    rows = [("a", "private", LONG), ("a", "private", LONG), ("a", "private", other), ("a", "private", other)]
    marks, summary = run(tmp_path, {"one": rows[:1], "two": [*rows[1:], ("b", "private", other + " x")]})
    renamed = marks["two:1"]["id"]
    assert len(renamed) == 32
    assert renamed != derived_id("b", b"")
    assert marks == {
        "two:0": {"rejected": "duplicate_key"},
        "two:1": {"id": renamed, "duplicate_of": "b", "similarity": 56 / 57},
        "two:2": {"rejected": "duplicate_key"},
    }
    assert summary.rejected == {"private": {"duplicate_key": 2}}
    assert summary.renamed == 1


def test_the_new_id_of_a_kept_document_is_the_one_named(tmp_path: Path) -> None:
    longer = " ".join(VOCABULARY[100:160])
    rows = [("a", "private", "x"), ("a", "private", longer + " y"), ("b", "private", longer)]
    marks, _ = run(tmp_path, {"p": rows})
    assert marks["p:2"]["duplicate_of"] == marks["p:1"]["id"]


def test_no_withdrawn_document_is_kept_for_another(tmp_path: Path) -> None:
    rows = [("a", "private", LONG + " zusatz"), ("b", "private", LONG), ("c", "private", LONG), ("d", "private", "x")]
    assert {mark["duplicate_of"] for mark in run(tmp_path / "all", {"p": rows})[0].values()} == {"a"}
    marks, summary = run(tmp_path / "some", {"p": rows}, withdrawn=frozenset(["a", "unknown"]))
    assert marks == {"p:0": {"rejected": "withdrawn"}, "p:2": {"duplicate_of": "b", "similarity": 1.0}}
    assert summary.rejected == {"private": {"withdrawn": 1}}
    assert sum(summary.documents.values()) == len(rows)


def test_the_new_id_of_a_repeated_key_can_be_withdrawn(tmp_path: Path) -> None:
    longer = " ".join(VOCABULARY[100:160])
    rows = [("a", "private", "x"), ("a", "private", longer + " y"), ("b", "private", longer), ("c", "private", longer)]
    renamed = run(tmp_path / "all", {"p": rows})[0]["p:1"]["id"]
    marks, _ = run(tmp_path / "some", {"p": rows}, withdrawn=frozenset([renamed]))
    assert marks["p:1"] == {"id": renamed, "rejected": "withdrawn"}
    assert marks["p:3"] == {"duplicate_of": "b", "similarity": 1.0}


def test_what_a_finished_corpus_withdrew_is_not_named(tmp_path: Path) -> None:
    write_signatures(tmp_path / "old/signatures/x.parquet", [("old", "webcrawl", LONG)], Deduplication())
    rows = {"p": [("new", "ggponc", LONG + " zusatz")]}
    assert run(tmp_path, rows, against=str(tmp_path / "old"), withdrawn=frozenset(["old"]))[0] == {}


def test_which_copy_stays(tmp_path: Path) -> None:
    rows = [("3", "webcrawl", LONG + " zusatz"), ("2", "wikipedia", LONG), ("1", "wikipedia", LONG), ("0", "zzz", LONG)]
    assert {mark["duplicate_of"] for mark in run(tmp_path / "a", {"p": rows})[0].values()} == {"1"}
    rows[1] = ("2", "wikipedia", LONG + "  ")
    assert {mark["duplicate_of"] for mark in run(tmp_path / "b", {"p": rows})[0].values()} == {"2"}


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (("all",), {"p:1", "p:2", "p:3"}),
        (("source",), {"p:1", "p:3"}),
        (("webcrawl",), {"p:3"}),
        (("webcrawl", "wikipedia"), {"p:1", "p:2", "p:3"}),
    ],
)
def test_scope(tmp_path: Path, scope: tuple[str, ...], expected: set[str]) -> None:
    near = LONG + " zusatz"
    rows = [("1", "wikipedia", near), ("2", "wikipedia", LONG), ("3", "webcrawl", near), ("4", "webcrawl", LONG)]
    assert set(run(tmp_path, {"p": rows}, Deduplication(scope=scope))[0]) == expected


def test_short_and_empty_texts(tmp_path: Path) -> None:
    texts = ["", "", "...", "Befund", "befund.", "12", "12 34", "Kein Erguss", "kein Erguss!", "Kein Erguss mehr"]
    marks, summary = run(tmp_path, {"p": [(f"{i}", "private", text) for i, text in enumerate(texts)]})
    assert {key: mark["duplicate_of"] for key, mark in marks.items()} == {"p:1": "0", "p:3": "4", "p:7": "8"}
    assert summary.duplicates == {"exact": {"private": {"private": 1}}, "near": {"private": {"private": 2}}}


def test_no_documents(tmp_path: Path) -> None:
    assert run(tmp_path / "a", {})[0] == {}
    marks, summary = run(tmp_path / "b", {"p": [], "q": []})
    assert (marks, summary.documents) == ({}, {})
    assert pq.read_schema(tmp_path / "b/marks/p.parquet").equals(MARK_SCHEMA)


def test_against_a_finished_corpus(tmp_path: Path) -> None:
    settings = Deduplication()
    write_signatures(tmp_path / "old/signatures/x.parquet", [("old", "webcrawl", LONG)], settings)
    rows = [("new", "ggponc", LONG + " zusatz"), ("other", "ggponc", "etwas anderes")]
    marks, summary = run(tmp_path, {"p": rows}, against=str(tmp_path / "old"))
    assert marks == {"p:0": {"duplicate_of": "old", "similarity": 56 / 57}}
    assert summary.duplicates["near"] == {"ggponc": {"webcrawl": 1}}
    with pytest.raises(ValueError, match="no corpus with signatures"):
        run(tmp_path, {"p": rows}, against=str(tmp_path / "nothing"))


def test_signatures_of_another_kind_are_refused(tmp_path: Path) -> None:
    url = write_signatures(tmp_path / "p.parquet", [("1", "private", LONG)], Deduplication(seed=2))
    arguments = (str(tmp_path / "marks"), str(tmp_path / "work"), Deduplication(), one_worker)
    with pytest.raises(ValueError, match=r"p\.parquet: signatures of another kind \(seed 2 there, 1 here\)"):
        deduplicate.deduplicate([url], *arguments)
    (tmp_path / "broken.parquet").write_bytes(b"broken")
    with pytest.raises(ValueError, match=r"broken\.parquet: not a Parquet file"):
        deduplicate.deduplicate([str(tmp_path / "broken.parquet")], *arguments)
    with pytest.raises(ValueError, match="not a file of signatures"):
        check_signatures(MARK_SCHEMA, Deduplication(), "x")
    check_signatures(signature_schema(Deduplication()), Deduplication(threshold=0.7), "x")


@pytest.mark.parametrize("wrong", [{"threshold": 0}, {"bands": 26}, {"rows": 0}, {"seed": -1}, {"scope": ()}])
def test_impossible_settings(wrong: dict) -> None:
    with pytest.raises(ValueError):
        Deduplication(**wrong)


def test_a_hot_bucket_is_not_listed_pair_by_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"{i:04}", "private", f"{LONG} {i}") for i in range(2000)]
    monkeypatch.setattr(candidates, "BUCKET", 16)
    marks, summary = run(tmp_path, {"p": rows})
    assert {mark["duplicate_of"] for mark in marks.values()} == {"1000"}
    assert len(marks) == 1999
    assert summary.pairs["compared"] < 25 * 2000


def write_equal_signatures(url: Path, text: str, first: int, count: int) -> str:
    """Write the signatures of `count` documents of the same text, as signing each would."""
    settings = Deduplication()
    ids = pa.array([f"{number:08}" for number in range(first, first + count)])
    columns = [ids, pa.repeat("radiology_reports", count), pa.repeat(len(text), count)]
    signed = sign(pa.array([text]), settings).take(pa.array(np.zeros(count, np.int64)))
    url.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table([*columns, *signed.columns], schema=signature_schema(settings)), url)
    return str(url)


@pytest.mark.slow
def test_a_million_identical_documents_take_linear_time(tmp_path: Path) -> None:
    seconds = {}
    urls = [
        write_equal_signatures(tmp_path / f"{part:02}.parquet", "Kein Erguss.", part * 50_000, 50_000)
        for part in range(20)
    ]
    for parts in (2, 20):
        folder = tmp_path / str(parts)
        start = time.process_time()
        summary = deduplicate.deduplicate(
            urls[:parts], f"{folder}/marks", f"{folder}/work", Deduplication(), one_worker
        )
        seconds[parts] = time.process_time() - start
        assert summary.clusters == {str(parts * 50_000): 1}
        assert summary.similarities == {"100": parts * 50_000 - 1}
        assert summary.pairs == {"compared": 0, "similar": 0, "skipped": 0}
    assert seconds[20] < 15 * seconds[2]


def test_strangers_in_one_bucket_take_linear_work(tmp_path: Path) -> None:
    """Band keys made equal by an attacker: no pair is similar, and few are compared."""
    settings = Deduplication()
    generator = random.Random(1)
    rows = [(f"{i:04}", "webcrawl", " ".join(generator.choices(VOCABULARY, k=60))) for i in range(2000)]
    url = write_signatures(tmp_path / "p.parquet", rows, settings)
    table = pq.read_table(url)
    for name in band_columns(settings):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), pa.repeat(pa.scalar(1, pa.uint64()), len(rows)))
    pq.write_table(table, url)
    summary = deduplicate.deduplicate([url], f"{tmp_path}/marks", f"{tmp_path}/work", settings, one_worker)
    assert summary.similarities == {}
    assert summary.pairs["compared"] < 10 * len(rows)
    assert summary.pairs["skipped"] == 0


@pytest.mark.slow
def test_two_documents_of_10_megabytes(tmp_path: Path) -> None:
    text = " ".join(map(str, range(1_400_000)))
    marks, _ = run(tmp_path, {"p": [("a", "private", text), ("b", "private", text + " zusatz"), ("c", "private", "")]})
    assert list(marks) == ["p:0"]
    assert marks["p:0"]["similarity"] > 0.99999
