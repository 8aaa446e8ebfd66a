import random
from pathlib import Path

import numpy as np
import pytest

from pipelines.near_duplicates import comparison
from schemas.signatures import Deduplication
from tests.pipelines.signing import Row, run

SETTINGS = Deduplication(permutations=1, bands=1, rows=1)
"""One band of one value, so that texts with a paragraph in common share one hot bucket and nothing else finds them."""


def letters(count: int) -> list[Row]:
    """Return texts that have a third in common; each in the second half repeats one of the first but for a word."""
    generator = random.Random(1)
    words = [f"wort{number}" for number in range(5000)]
    common, texts = words[:40], []
    for _ in range(count // 2):
        texts.append(common + generator.choices(words, k=80))
    texts += [[*text[:-1], "zuletzt"] for text in texts]
    return [(f"{number:032x}", "radiology_reports", " ".join(text)) for number, text in enumerate(texts)]


def test_pairs_of_a_bucket_too_large_for_memory_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = letters(400)
    whole, _ = run(tmp_path / "whole", {"part": rows}, SETTINGS)
    monkeypatch.setattr(comparison, "READ_SHINGLES", 1 << 12)
    sliced, summary = run(tmp_path / "sliced", {"part": rows}, SETTINGS)
    assert sliced == whole
    assert len(whole) > 100
    assert summary.pairs["skipped"] == 0
    monkeypatch.setattr(comparison, "link_slices", lambda *_: (np.zeros(0, np.uint64), 0, 0))
    apart, _ = run(tmp_path / "apart", {"part": rows}, SETTINGS)
    assert len(apart) < len(whole)


def test_pairs_beyond_what_is_affordable_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "READ_SHINGLES", 1 << 12)
    monkeypatch.setattr(comparison.hot_buckets, "SKETCHED_WORDS", 0)
    _, summary = run(tmp_path, {"part": letters(200)}, SETTINGS)
    assert summary.pairs["skipped"] > 0


def test_documents_that_others_have_joined_are_not_compared(tmp_path: Path) -> None:
    words = [f"wort{number}" for number in range(100)]
    rows = [(f"{number:032x}", "radiology_reports", " ".join([*words, f"fall{number}"])) for number in range(40)]
    marks, summary = run(tmp_path, {"part": rows})
    assert len(marks) == 39
    assert summary.pairs["compared"] < 40 * 39 / 2 / 4
