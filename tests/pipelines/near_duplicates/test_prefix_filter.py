import numpy as np
import pytest

from pipelines.near_duplicates import prefix_filter
from pipelines.near_duplicates.candidates import decode
from pipelines.near_duplicates.components import connected_components
from pipelines.near_duplicates.prefix_filter import filter_prefixes, outside_commonest
from pipelines.near_duplicates.similarity import jaccard
from tests.pipelines.near_duplicates.test_hot_buckets import flat


def phrases(generator: np.random.Generator, shared: int) -> list[set[int]]:
    """Return sets that share some elements and have three for each of some phrases."""
    known = generator.integers(0, 2**32, (9, 20), dtype=np.uint32)
    found = []
    for _ in range(int(generator.integers(2, 40))):
        chosen = generator.permutation(8)[: generator.integers(0, 6)]
        found.append({*known[8, :shared].tolist(), *known[chosen, :3].ravel().tolist()} or {1})
    return found


@pytest.mark.parametrize("shared", [0, 1, 5])
@pytest.mark.parametrize("threshold", [0.5, 0.8, 1.0])
def test_no_similar_pair_apart_is_lost(monkeypatch: pytest.MonkeyPatch, shared: int, threshold: float) -> None:
    monkeypatch.setattr(prefix_filter, "REACH", 1)
    monkeypatch.setattr(prefix_filter, "DEPTH", 24)
    monkeypatch.setattr(prefix_filter, "CHILDREN", 1 << 20)
    for seed in range(20):
        generator = np.random.default_rng(seed)
        sets = phrases(generator, shared)
        values, offsets = flat(sets)
        labels = generator.integers(0, 4, len(sets))
        filtered = filter_prefixes(values, offsets, threshold)
        left, right = decode(np.concatenate([np.zeros(0, np.uint64), *filtered.pairs_apart(labels)]))
        similar = jaccard(values, offsets, left, right) >= threshold
        found = connected_components(labels[left[similar]], labels[right[similar]], np.arange(4))[labels]
        left, right = np.triu_indices(len(sets), 1)
        wanted = jaccard(values, offsets, left, right) >= threshold
        assert np.array_equal(found[left[wanted]], found[right[wanted]])
        assert filtered.skipped == 0


def test_what_cannot_be_divided_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefix_filter, "CHILDREN", 0)
    values, offsets = flat([{*range(20), 1000 + number} for number in range(100)])
    filtered = filter_prefixes(values, offsets, 0.8)
    listed = {code for codes in filtered.pairs_apart(np.arange(100)) for code in codes.tolist()}
    assert 0 < len(listed) < 100 * 99 // 2
    assert filtered.skipped > 0


def test_joined_sets_are_not_listed_again() -> None:
    values, offsets = flat([{*range(20), 1000 + number} for number in range(100)])
    assert list(filter_prefixes(values, offsets, 0.8).pairs_apart(np.zeros(100, np.int64))) == []


def test_the_commonest_label_of_a_run() -> None:
    outside, counts = outside_commonest(np.array([5, 7, 5, 3, 3]), np.array([0, 0, 0, 1, 1]))
    assert outside.tolist() == [False, True, False, False, False]
    assert counts.tolist() == [1, 0]
