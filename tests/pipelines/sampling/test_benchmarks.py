import csv
from collections import Counter

from pipelines.sampling.benchmarks import BENCHMARKS, CHEST_XRAY_LABELS, examples, split_sizes, write_benchmark


def test_published_sizes_are_the_default_split():
    assert split_sizes(5462) == {"train": 4369, "valid": 546, "test": 547}


def test_chest_ct_has_24_labels_joined_by_commas(tmp_path):
    write_benchmark("chest_ct", tmp_path / "ct", 400, 1)
    rows = [row for name in ("train", "valid", "test") for row in _rows(tmp_path / "ct" / f"{name}.csv")]
    assert len(rows) == len({row["text"] for row in rows}) == 400
    assert set(rows[0]) == {"text", "labels"}
    counts = Counter(label for row in rows for label in row["labels"].split(",") if label)
    assert set(counts) == set(BENCHMARKS["chest_ct"].labels)
    assert len(counts) == 24


def test_chest_xray_has_a_column_a_label(tmp_path):
    write_benchmark("chest_xray", tmp_path / "xray.csv", 100, 1)
    rows = _rows(tmp_path / "xray.csv")
    assert tuple(rows[0]) == ("text", *CHEST_XRAY_LABELS)
    assert {row[label] for row in rows for label in CHEST_XRAY_LABELS} == {"0", "1"}


def test_noise_changes_one_label_of_the_stated_share():
    clean = list(examples("chest_xray", 600, 5, noise=0.0))
    noisy = list(examples("chest_xray", 600, 5, noise=0.2))
    changed = [set(a[1]) ^ set(b[1]) for a, b in zip(clean, noisy, strict=True) if a[1] != b[1]]
    assert [a[0] for a in clean] == [b[0] for b in noisy]
    assert all(len(difference) == 1 for difference in changed)
    assert 80 <= len(changed) <= 160


def _rows(path):
    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
