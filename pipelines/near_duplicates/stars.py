"""Connected components without a worker that holds all edges: alternating stars on Beam."""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

import apache_beam as beam
import numpy as np

from pipelines.near_duplicates.candidates import decode, encode
from pipelines.near_duplicates.workspace import Workspace

Edge = tuple[int, int]

SHARDS = 64
"""Into how many files, by node, the edges of a round go."""


def large_star(node: int, neighbours: Iterable[int]) -> Iterator[Edge]:
    """Yield an edge from each larger neighbour of `node` to the smallest of it and all its neighbours."""
    least = min(neighbours)
    least = min(least, node)
    for other in neighbours:
        if other > node:
            yield other, least


def small_star(node: int, smaller: Iterable[int]) -> Iterator[Edge]:
    """Yield an edge from `node` and each of its smaller neighbours to the smallest of them."""
    least = min(smaller)
    yield node, least
    for other in smaller:
        if other != least:
            yield other, least


class AlternateStars(beam.PTransform):
    """One round of large star and small star on edges (larger node, smaller node).

    Repeated until nothing changes, it leaves for every node one edge to the smallest of its
    component (Kiveris et al., Connected components in MapReduce and beyond, 2014). No worker holds
    more than the neighbours of one node.
    """

    def expand(self, edges: beam.PCollection) -> beam.PCollection:
        stars = (
            edges
            | "BothWays" >> beam.FlatMap(lambda edge: (edge, edge[::-1])).with_output_types(Edge)
            | "Neighbours" >> beam.GroupByKey()
            | "LargeStar" >> beam.FlatMapTuple(large_star).with_output_types(Edge)
            | "DistinctLarge" >> beam.Distinct()
            | "SmallerNeighbours" >> beam.GroupByKey()
            | "SmallStar" >> beam.FlatMapTuple(small_star).with_output_types(Edge)
            | "DistinctSmall" >> beam.Distinct()
        )
        return cast(beam.PCollection, stars)


def connect_by_stars(
    workspace: Workspace, names: Sequence[str], make_pipeline: Callable[[], beam.Pipeline]
) -> np.ndarray:
    """Return the smallest row of the component of each row, int32 [rows].

    The edges are the `pairs` of the working files `names`. Each round is a pipeline, as Beam has no
    loops; the last is the one that changed nothing.
    """
    before, number = None, 0
    while True:
        files = [f"{names[0]}-stars-{number}-{shard}" for shard in range(SHARDS)]
        write = functools.partial(_write_shard, workspace, files)
        with make_pipeline() as pipeline:
            _ = (
                pipeline
                | beam.Create(list(names))
                | beam.Reshuffle()
                | beam.FlatMap(functools.partial(_read_edges, workspace)).with_output_types(Edge)
                | AlternateStars()
                | beam.Map(lambda edge: (edge[0] % SHARDS, edge)).with_output_types(tuple[int, Edge])
                | beam.GroupByKey()
                | beam.MapTuple(write)
            )
        names = [name for name in files if workspace.done(f"{name}.npz")]
        after = [workspace.read(f"{name}.npz")["checksum"].item() for name in names]
        if after == before:
            return _roots(workspace, names)
        before, number = after, number + 1


def _read_edges(workspace: Workspace, name: str) -> Iterator[Edge]:
    smaller, larger = decode(workspace.read(f"{name}.npz")["pairs"])
    return zip(larger.tolist(), smaller.tolist(), strict=True)


def _write_shard(workspace: Workspace, files: Sequence[str], shard: int, edges: Iterable[Edge]) -> None:
    nodes = np.fromiter(edges, np.dtype((np.int64, 2)))
    pairs = np.sort(encode(nodes[:, 0], nodes[:, 1]))
    weights = (pairs ^ (pairs >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15)
    workspace.write(f"{files[shard]}.npz", pairs=pairs, checksum=weights.sum())


def _roots(workspace: Workspace, names: Sequence[str]) -> np.ndarray:
    roots = np.arange(workspace.rows, dtype=np.int32)
    for name in names:
        smaller, larger = decode(workspace.read(f"{name}.npz")["pairs"])
        roots[larger] = smaller
    return roots
