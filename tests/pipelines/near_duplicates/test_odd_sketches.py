import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.near_duplicates import odd_sketches
from pipelines.near_duplicates.candidates import encode
from pipelines.near_duplicates.odd_sketches import promising_pairs, sketch_words
from pipelines.near_duplicates.similarity import jaccard

SETS = st.lists(st.sets(st.integers(0, 2**32 - 1), min_size=1, max_size=30), min_size=1, max_size=20)


def flat(sets: list[set[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in sets])]).astype(np.int64)
    return np.concatenate([np.array(sorted(one), np.uint32) for one in sets]), offsets


def listed(
    values: np.ndarray, offsets: np.ndarray, threshold: float, labels: np.ndarray, outside: np.ndarray
) -> list[int]:
    sizes = np.diff(offsets)
    sketches = odd_sketches.odd_sketches(values, offsets, sketch_words(sizes))
    found = promising_pairs(sketches, sizes, threshold, labels, outside)
    return [code for left, right in found for code in encode(left, right).tolist()]


@pytest.mark.parametrize("block", [1, 7, 1 << 17])
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SETS, st.sampled_from([0.3, 0.8, 1.0]), st.data())
def test_no_similar_pair_is_lost_and_none_comes_twice(
    monkeypatch: pytest.MonkeyPatch, block: int, sets: list[set[int]], threshold: float, data: st.DataObject
) -> None:
    monkeypatch.setattr(odd_sketches, "BLOCK", block)
    sets += [one | {data.draw(st.integers(0, 9))} for one in sets]
    values, offsets = flat(sets)
    bits = st.lists(st.integers(0, 1), min_size=len(sets), max_size=len(sets))
    labels, outside = np.array(data.draw(bits)), np.array(data.draw(bits), bool)
    codes = listed(values, offsets, threshold, labels, outside)
    assert len(codes) == len(set(codes))
    left, right = np.triu_indices(len(sets), 1)
    wanted = jaccard(values, offsets, left, right) >= threshold
    wanted &= (labels[left] != labels[right]) & (outside[left] | outside[right])
    assert set(encode(left[wanted], right[wanted]).tolist()) <= set(codes)


def test_pairs_below_the_threshold_are_left_out() -> None:
    generator = np.random.default_rng(1)
    common = generator.integers(0, 2**32, 150, dtype=np.uint32)
    own = generator.integers(0, 2**32, (100, 50), dtype=np.uint32)
    values, offsets = flat([{*common.tolist(), *one.tolist()} for one in own])  # similarity 0.6
    assert len(listed(values, offsets, 0.8, np.arange(100), np.ones(100, bool))) < 0.02 * 4950
    assert len(listed(values, offsets, 0.6, np.arange(100), np.ones(100, bool))) == 4950


def test_a_sketch_has_about_as_many_bits_as_a_set_has_elements() -> None:
    assert [sketch_words(np.array(sizes)) for sizes in ([1], [300, 500], [10**6], [])] == [2, 8, odd_sketches.WORDS, 2]
