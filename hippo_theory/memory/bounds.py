"""Closed bounds for the conditioning of powers V_ik = l_i^k of nodes in the closed unit disk."""

import numpy as np

from hippo_theory import _check
from hippo_theory.memory._poles import disk_nodes, refuse_repeated


def gautschi_bounds(poles) -> tuple[float, float]:
    """log10 of bounds for the largest column sum of |V^{-1}|, V square, after Gautschi.

    Parameters
    ----------
    poles : array_like, shape (N,), or discrete system
        Distinct nodes in the closed unit disk. A system stands for its poles, which its one
        input must all drive; B is not read further.

    Returns
    -------
    lower, upper : float
        max_i prod_{j != i} 1 / |l_i - l_j| and max_i prod_{j != i} (1 + |l_j|) / |l_i - l_j|.

    Raises
    ------
    ValueError
        If nodes coincide or lie outside the closed unit disk.

    Notes
    -----
    Column i of V^{-1} holds the coefficients of the Lagrange polynomial of node i; their sum of
    moduli lies between its Mahler measure and the value of its majorant at 1. O(N^2).
    docs/theory.md (7.17).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.gautschi_bounds([1.0, -1.0])
    (-0.3010299956639812, 0.0)
    """
    nodes = disk_nodes(poles)
    lower = -np.log10(refuse_repeated(nodes)).sum(axis=1)
    growth = np.log10(1 + np.abs(nodes))
    return float(lower.max()), float((lower + growth.sum() - growth).max())


def beckermann_bound(N) -> float:
    """log10 of sqrt(2 / N) (1 + sqrt(2))^(N - 2), at least 0: no N real nodes condition better.

    Parameters
    ----------
    N : int
        Number of real nodes and of powers.

    Returns
    -------
    float

    Notes
    -----
    After Beckermann. Nodes -1 and 1 attain it, Chebyshev nodes come within a factor 6.7 of it up
    to N = 64. docs/theory.md (7.17).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.memory.beckermann_bound(64), 1)
    23.0
    """
    N = _check.integer("N", N)
    return float(max(0.5 * np.log10(2 / N) + (N - 2) * np.log10(1 + np.sqrt(2)), 0.0))


def large_sieve_bound(poles, L) -> float:
    """log10 of sqrt((L + 1/d - 1) / (L - 1/d - 1)): nodes on the circle at least d turns apart.

    Parameters
    ----------
    poles : array_like, shape (N,)
        Nodes on the unit circle.
    L : int
        Number of powers.

    Returns
    -------
    float
        Upper bound of log10 of the condition number; inf where L <= 1/d + 1.

    Raises
    ------
    ValueError
        If a node is not on the unit circle.

    Notes
    -----
    After Moitra, from the large sieve inequality; d is the smallest distance of neighbouring
    angles, in turns. O(N log N). docs/theory.md (7.17).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> round(ht.memory.large_sieve_bound(np.exp(0.5j * np.pi * np.arange(4)), 16), 3)
    0.119
    """
    nodes, L = disk_nodes(poles), _check.integer("L", L)
    off = np.abs(np.abs(nodes) - 1)
    if off.max() > 4 * np.finfo(float).eps:
        k = int(np.argmax(off))
        raise ValueError(
            f"poles must lie on the unit circle, got |pole| = {abs(nodes[k]):g} at index {k}"
        )
    turns = np.sort(np.angle(nodes)) / (2 * np.pi)
    separation = np.diff(np.r_[turns, turns[0] + 1]).min()
    if L * separation <= 1 + separation:
        return np.inf
    return float(0.5 * np.log10((L + 1 / separation - 1) / (L - 1 / separation - 1)))
