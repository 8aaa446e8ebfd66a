import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.near_duplicates import hot_buckets
from pipelines.near_duplicates.candidates import all_pairs, buckets, decode, encode, spokes
from pipelines.near_duplicates.components import connected_components
from pipelines.near_duplicates.hot_buckets import link
from pipelines.near_duplicates.similarity import batches, gather, jaccard, jaccard_with

SETS = st.lists(st.sets(st.integers(0, 40), min_size=1, max_size=12), min_size=1, max_size=12)


def flat(sets: list) -> tuple[np.ndarray, np.ndarray]:
    arrays = [np.array(sorted(one), np.uint32) for one in sets]
    offsets = np.concatenate([[0], np.cumsum([one.size for one in arrays])]).astype(np.int64)
    return np.concatenate([np.zeros(0, np.uint32), *arrays]), offsets


def components(values: np.ndarray, offsets: np.ndarray, threshold: float) -> list[int]:
    left, right = np.triu_indices(offsets.size - 1, 1)
    near = jaccard(values, offsets, left, right) >= threshold
    return connected_components(left[near], right[near], np.arange(offsets.size - 1)).tolist()


@settings(deadline=None)
@given(SETS)
def test_jaccard(sets: list[set[int]]) -> None:
    values, offsets = flat([*sets, set()])
    everything = [*sets, set[int]()]
    left, right = np.array(list(itertools.product(range(len(everything)), repeat=2))).T
    expected = [
        len(everything[a] & everything[b]) / len(everything[a] | everything[b])
        if everything[a] | everything[b]
        else 1.0
        for a, b in zip(left, right, strict=True)
    ]
    assert jaccard(values, offsets, left, right).tolist() == expected
    assert jaccard_with(values, offsets, values[: offsets[1]]).tolist() == expected[: len(everything)]


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 9), max_size=5), min_size=1, max_size=6), st.data())
def test_gather(segments: list[list[int]], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(segments) - 1), max_size=8))
    values = np.array([value for segment in segments for value in segment], np.uint32)
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in segments])])
    found, cuts = gather(values, offsets, np.array(rows, np.int64))
    assert [found[a:b].tolist() for a, b in itertools.pairwise(cuts)] == [segments[row] for row in rows]


@given(st.lists(st.integers(0, 9), max_size=20), st.integers(1, 12))
def test_batches(sizes: list[int], limit: int) -> None:
    ranges = list(batches(np.array(sizes, np.int64), limit))
    assert [item for low, high in ranges for item in range(low, high)] == list(range(len(sizes)))
    assert all(sum(sizes[low:high]) <= limit or high == low + 1 for low, high in ranges)


@given(st.lists(st.integers(0, 4), max_size=20))
def test_buckets_and_their_pairs(keys: list[int]) -> None:
    rows, offsets = buckets(np.array(keys, np.uint64))
    groups = [rows[a:b].tolist() for a, b in itertools.pairwise(offsets)]
    assert groups == [[r for r, k in enumerate(keys) if k == key] for key in range(1, 5) if keys.count(key) > 1]
    expected = sorted(pair for group in groups for pair in itertools.combinations(group, 2))
    assert list(zip(*(side.tolist() for side in decode(all_pairs(rows, np.diff(offsets)))), strict=True)) == expected
    expected = [(group[0], other) for group in groups for other in group[1:]]
    assert list(zip(*(side.tolist() for side in decode(spokes(rows, np.diff(offsets)))), strict=True)) == sorted(
        expected
    )


def test_codes_of_pairs_are_symmetric() -> None:
    one, other = np.array([5, 2**32 - 1]), np.array([7, 0])
    assert encode(one, other).tolist() == encode(other, one).tolist()
    assert [side.tolist() for side in decode(encode(one, other))] == [[5, 0], [7, 2**32 - 1]]


@pytest.fixture(params=["odd sketches", "prefix filter"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let hot buckets be joined in one of their two ways."""
    if request.param == "prefix filter":
        monkeypatch.setattr(hot_buckets, "SKETCHED_WORDS", 0)
    return request.param


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SETS, st.sampled_from([0.3, 0.5, 0.8, 1.0]))
@pytest.mark.usefixtures("way")
def test_a_hot_bucket_falls_into_its_components(sets: list[set[int]], threshold: float) -> None:
    values, offsets = flat(sets)
    links = link(values, offsets, np.arange(len(sets)), threshold)
    assert links.labels.tolist() == components(values, offsets, threshold)
    left, right = links.edges()
    assert np.all(jaccard(values, offsets, left, right) >= threshold)
    assert connected_components(left, right, np.arange(len(sets))).tolist() == links.labels.tolist()
    assert links.skipped == 0


def reports(kind: str, count: int) -> list[np.ndarray]:
    """Return the shingles of variants of one template of 100 shingles."""
    generator = np.random.default_rng(1)
    base = generator.integers(0, 2**32, 100, dtype=np.uint32)
    sentences = generator.integers(0, 2**32, (30, 10), dtype=np.uint32)
    found = []
    for _ in range(count):
        new = generator.integers(0, 2**32, int(generator.integers(0, 40)), dtype=np.uint32)
        if kind == "edited":
            one = np.concatenate([generator.permutation(base)[new.size // 2 :], new[: new.size // 2]])
        elif kind == "appended":
            one = np.concatenate([base, new])
        else:
            one = np.concatenate([base[:60], sentences[generator.permutation(30)[: generator.integers(0, 6)]].ravel()])
        found.append(one)
    return found


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", ["edited", "appended", "sentences"])
def test_templated_reports_are_joined_in_near_linear_work(kind: str) -> None:
    compared = {}
    for count in (250, 1000):
        values, offsets = flat([set(one.tolist()) for one in reports(kind, count)])
        links = link(values, offsets, np.arange(count), 0.8)
        compared[count] = links.compared / count
        left, right = np.triu_indices(count, 1)
        near = jaccard(values, offsets, left, right) >= 0.8
        joined = links.labels[left[near]] == links.labels[right[near]]
        assert near.sum() > 5 * count
        assert joined.all()
        assert links.skipped == 0
    assert compared[1000] < hot_buckets.PAIRS + hot_buckets.PIVOTS


def test_hostile_sets_take_linear_work(way: str) -> None:
    """Random subsets of a small pool: nothing is rare, hardly anything is similar."""
    generator = np.random.default_rng(1)
    pool = generator.integers(0, 2**32, 125, dtype=np.uint32)
    values, offsets = flat([set(generator.permutation(pool)[:100].tolist()) for _ in range(1000)])
    links = link(values, offsets, np.arange(1000), 0.8)
    assert links.compared <= (hot_buckets.PAIRS + hot_buckets.PIVOTS) * 1000
    if way == "prefix filter":
        assert links.skipped > 0
    else:
        assert links.skipped == 0
        assert links.labels.tolist() == components(values, offsets, 0.8)
