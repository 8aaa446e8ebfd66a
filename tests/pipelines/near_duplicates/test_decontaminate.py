import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.near_duplicates.decontaminate import benchmark_index, benchmark_texts, holding
from schemas.signatures import Deduplication
from tests.pipelines.near_duplicates.test_hot_buckets import flat
from tests.pipelines.signing import run

REPORT = (
    "Der Herzschatten ist nicht vergrößert. Kein Infiltrat, kein Erguss, kein Pneumothorax. "
    "ZVK in Projektion auf die Vena cava superior."
)
OTHER = "Zustand nach Implantation eines Portsystems rechts, die Spitze liegt regelrecht, keine Dehiszenz der Anteile."


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.sets(st.integers(0, 60), min_size=1, max_size=15), min_size=1, max_size=8),
    st.lists(st.sets(st.integers(0, 60), min_size=1, max_size=10), min_size=1, max_size=8),
    st.sampled_from([0.5, 0.8, 1.0]),
)
def test_holding_is_containment(documents: list[set[int]], benchmark: list[set[int]], threshold: float) -> None:
    index = benchmark_index(*flat(benchmark), threshold)
    expected = [any(len(d & b) >= threshold * len(b) - 1e-9 for b in benchmark) for d in documents]
    assert holding(*flat(documents), index).tolist() == expected


def test_documents_with_a_benchmark_text_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text(f'text,labels\n"{REPORT}","Erguss,ZVK"\nkurz,\n', encoding="utf-8-sig")
    (tmp_path / "test.jsonl").write_text(json.dumps({"text": OTHER}) + "\n\n")
    texts = [
        REPORT,
        REPORT.title(),
        f"Klinische Angaben: Dyspnoe. {REPORT} Beurteilung: Befund wie oben, unverändert zur Voraufnahme vom Vortag.",
        REPORT.replace("superior", "inferior"),
        REPORT[:60],
        "Kurz!",
        "Kurz gesagt",
        f"{OTHER} {OTHER}",
        "",
    ]
    rows = [(str(number), "radiology_reports", text) for number, text in enumerate(texts)]
    files = [str(tmp_path / "test.csv"), str(tmp_path / "test.jsonl")]
    marks, summary = run(tmp_path, {"p": rows}, exclude=files)
    assert marks == {f"p:{row}": {"rejected": "benchmark_text"} for row in (0, 1, 2, 3, 5, 7)}
    assert summary.rejected == {"radiology_reports": {"benchmark_text": 6}}
    assert summary.clusters == {}, "what is rejected is nobody's duplicate"
    assert run(tmp_path, {"p": rows})[0].keys() == {"p:1", "p:3"}, "without the benchmark they are duplicates"


def test_benchmark_texts_are_seen_as_their_templates(tmp_path: Path) -> None:
    (tmp_path / "test.jsonl").write_text(json.dumps({"text": OTHER + " gez. Müller"}))
    rows = [("1", "radiology_reports", OTHER + " gez. <PERSON>"), ("2", "webcrawl", "etwas anderes")]
    options = {"exclude": [str(tmp_path / "test.jsonl")]}
    short = Deduplication(threshold=1.0)
    assert run(tmp_path, {"p": rows}, short, **options)[0] == {}
    template = lambda text: text.replace("Müller", "<PERSON>")  # noqa: E731
    assert set(run(tmp_path / "t", {"p": rows}, short, **options, template=template)[0]) == {"p:0"}
    assert set(
        run(tmp_path / "e", {"p": [("1", "x", OTHER + " gez. Müller")]}, short, **options, template=lambda _: "")[0]
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "Text;labels\nx;y\n", "no column text"),
        ("a.jsonl", '{"text": "a"}\n{"labels": 1}\n', "line 2 is not a JSON object with a text"),
        ("a.jsonl", '{"text": 1}\n', "line 1 is not"),
        ("a.csv", "text,labels\n,x\n", "no benchmark text in it"),
        ("a.csv", "", "no column text"),
    ],
)
def test_broken_benchmarks_are_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=message):
        run(tmp_path, {"p": [("1", "x", "y")]}, exclude=[str(tmp_path / name)])


def test_forms_of_benchmark_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'labels;text\nErguss;"Zwei\nZeilen; und ""Zitat"""\n')
    assert list(benchmark_texts(str(tmp_path / "a.csv"))) == ['Zwei\nZeilen; und "Zitat"']
    (tmp_path / "b.csv").write_bytes("text\nvergrößert\n".encode("latin-1"))
    with pytest.raises(ValueError, match="not in UTF-8"):
        list(benchmark_texts(str(tmp_path / "b.csv")))


def test_an_empty_index_holds_nothing() -> None:
    index = benchmark_index(np.zeros(0, np.uint32), np.zeros(1, np.int64), 0.8)
    assert holding(*flat([{1, 2}]), index).tolist() == [False]
