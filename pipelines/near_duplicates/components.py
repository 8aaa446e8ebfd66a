"""Edges -> connected components, in memory."""

import numpy as np


def connected_components(left: np.ndarray, right: np.ndarray, components: np.ndarray) -> np.ndarray:
    """Return for each node the smallest node of its component, integers [nodes] as the `components` are.

    `left` and `right`, integers [edges], are the ends of the edges. `components`, int32 or int64 [nodes], are
    those that other edges made, or a range. Roots hook onto the smallest root beside them, then every
    path is shortened to one step (after Shiloach and Vishkin 1982): a few linear rounds.
    """
    parent = components.copy()
    left, right = left.astype(parent.dtype), right.astype(parent.dtype)
    while left.size:
        low, high = np.minimum(parent[left], parent[right]), np.maximum(parent[left], parent[right])
        apart = low != high
        left, right = low[apart], high[apart]
        np.minimum.at(parent, right, left)
        while True:
            grand = parent[parent]
            if np.array_equal(grand, parent):
                break
            parent = grand
    return parent


def renumber(components: np.ndarray) -> np.ndarray:
    """Return components of nodes beyond these, integers [nodes], as the first of these nodes in each, int64 [nodes]."""
    _, first, own = np.unique(components, return_index=True, return_inverse=True)
    return first[own]
