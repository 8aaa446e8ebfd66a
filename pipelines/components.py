"""Edges -> connected components."""

import numpy as np


def connected_components(left: np.ndarray, right: np.ndarray, count: int) -> np.ndarray:
    """Return for each of `count` nodes the smallest node of its component, int64 [count].

    `left` and `right`, integers [edges], are the ends of the edges. Roots hook onto the smallest
    root beside them and paths are halved (Shiloach and Vishkin 1982): a few linear rounds.
    """
    parent = np.arange(count, dtype=np.int64)
    left, right = left.astype(np.int64), right.astype(np.int64)
    while left.size:
        low, high = np.minimum(parent[left], parent[right]), np.maximum(parent[left], parent[right])
        open_edges = low != high
        left, right = low[open_edges], high[open_edges]
        np.minimum.at(parent, right, left)
        while True:
            grand = parent[parent]
            if np.array_equal(grand, parent):
                break
            parent = grand
    return parent
