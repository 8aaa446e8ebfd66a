from pathlib import Path

import networkx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.near_duplicates.candidates import encode
from pipelines.near_duplicates.components import connected_components
from pipelines.near_duplicates.stars import connect_by_stars, large_star, small_star
from pipelines.near_duplicates.workspace import Workspace
from schemas.signatures import Deduplication
from tests.pipelines.signing import one_worker

GRAPHS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=60)


def expected(edges: list[tuple[int, int]], count: int) -> list[int]:
    graph = networkx.Graph(edges)
    graph.add_nodes_from(range(count))
    roots = {node: min(component) for component in networkx.connected_components(graph) for node in component}
    return [roots[node] for node in range(count)]


@settings(deadline=None)
@given(GRAPHS)
def test_components(edges: list[tuple[int, int]]) -> None:
    left, right = np.array(edges, np.int64).reshape(-1, 2).T
    assert connected_components(left, right, np.arange(31)).tolist() == expected(edges, 31)


def test_a_long_chain_takes_few_rounds() -> None:
    order = np.random.default_rng(1).permutation(200_000)
    assert not connected_components(order[:-1], order[1:], np.arange(order.size)).any()


@settings(deadline=None)
@given(GRAPHS)
def test_stars_end_in_the_components(edges: list[tuple[int, int]]) -> None:
    """The two steps without Beam, until nothing changes."""
    stars = {(max(edge), min(edge)) for edge in edges if edge[0] != edge[1]}
    while True:
        both = stars | {(low, high) for high, low in stars}
        large = {star for node in {n for n, _ in both} for star in large_star(node, [m for n, m in both if n == node])}
        after = {
            star for node in {n for n, _ in large} for star in small_star(node, [m for n, m in large if n == node])
        }
        if after == stars:
            break
        stars = after
    roots = dict(stars)
    assert len(roots) == len(stars)
    assert [roots.get(node, node) for node in range(31)] == expected(edges, 31)


def test_stars_on_beam_equal_components_in_memory(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    left, right = generator.integers(0, 150, (2, 120))
    left, right = left[left != right], right[left != right]
    workspace = Workspace((), (150,), 0, str(tmp_path), Deduplication(), 2)
    workspace.write("one.npz", pairs=encode(left[:50], right[:50]))
    workspace.write("two.npz", pairs=encode(left[50:], right[50:]))
    roots = connect_by_stars(workspace, ["one", "two"], one_worker)
    assert roots.tolist() == connected_components(left, right, np.arange(150)).tolist()
