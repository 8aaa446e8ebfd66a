"""The page on planning says what its script computes, and the script computes what its model says."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def scale() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scale", ROOT / "scripts" / "scale.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["scale"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def measured(scale: ModuleType) -> Any:
    return scale.Measured(
        finished="2026-01-01",
        documents=1000,
        text_bytes=10_000_000,
        stages={"read": 10.0, "anonymise": 30.0},
        shards=5.0,
        shard_bytes=4_000_000,
        signature_bytes=2_000_000,
        peak_bytes=400_000_000,
        near_duplicates=((1000, 1.0, 100_000_000), (100_000, 1000.0, 200_000_000)),
    )


def test_the_page_holds_what_the_script_prints(scale: ModuleType) -> None:
    found = scale.Measured(**json.loads((ROOT / "docs" / "scale.json").read_text("utf-8")))
    assert scale.pages(found) in (ROOT / "docs" / "scale.md").read_text("utf-8")


def test_text_costs_as_much_a_byte_and_near_duplicates_grow_by_the_measured_power(
    scale: ModuleType, measured: Any
) -> None:
    found = scale.project(measured, documents=1_000_000, text_bytes=100_000_000)
    assert scale.growth(measured) == pytest.approx(1.5)
    assert found.parts == pytest.approx(400)
    assert found.shards == pytest.approx(50)
    assert found.near_duplicates == pytest.approx(1000 * 10**1.5)
    assert found.driver_bytes == pytest.approx(200e6 + 900_000 * 100e6 / 99_000)


def test_what_is_not_spread_bounds_the_time(scale: ModuleType) -> None:
    found = scale.Projection(3600.0 * 16, 3600.0, 0.0, 1, 1, 1, 1)
    assert found.hours(16, spread=True) == pytest.approx(1 + 1 / 16)
    assert found.hours(16, spread=False) == pytest.approx(2)


def test_measurements_are_read_from_a_build_and_a_benchmark(scale: ModuleType, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    for folder, length in (("data", 30), ("signatures", 20)):
        (corpus / folder).mkdir(parents=True)
        (corpus / folder / "file").write_bytes(bytes(length))
    run = {
        "finished": "2026-01-01T00:00:00Z",
        "text_bytes": 70,
        "cpu_seconds": {"read": 1.0},
        "pass_cpu_seconds": {"shards": 2.0},
        "peak_memory_bytes": {"driver": 9, "workers": 1},
    }
    (corpus / "run.json").write_text(json.dumps(run))
    (corpus / "manifest.json").write_text(json.dumps({"statistics": {"full": {"summary": {"documents": 7}}}}))
    lines = [
        {"measure": f"scale_{name}", "value": value, "unit": ""}
        for size in (1, 2)
        for name, value in (("documents", 1000 * size), ("cpu", 3.0 * size), ("peak_memory", 0.1 * size))
    ]
    benchmark = tmp_path / "near.jsonl"
    benchmark.write_text("\n".join(map(json.dumps, lines)))
    found = scale.measure(corpus, benchmark)
    assert (found.documents, found.shard_bytes, found.signature_bytes, found.shards) == (7, 30, 20, 2.0)
    assert found.near_duplicates == ((1000, 3.0, 100_000_000), (2000, 6.0, 200_000_000))
    benchmark.write_text("\n".join(map(json.dumps, lines[:3])))
    with pytest.raises(ValueError, match="two sizes"):
        scale.measure(corpus, benchmark)
