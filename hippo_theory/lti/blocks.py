"""Matrices that are block triangular in some order of their states: eigenvalues and Schur forms.

States that reach one another form a block (the strong components of the graph of A's entries). In
an order in which no block drives an earlier one, A is block upper triangular, and its eigenvalues
are those of its blocks: a series of stable systems is stable, however near their poles are.
"""

from typing import Any

import numpy as np

from hippo_theory.lti._values import Array

LARGE = 32  # states from which on a real Schur form, turned to a complex one, is quicker


def eigenvalues(A: Array) -> Array:
    """Eigenvalues of every block by LAPACK; those of a block of one state are its entry of A."""
    n, A = len(A), A.astype(np.result_type(A, np.float64), copy=False)
    if is_triangular(A):
        return np.diagonal(A).copy()
    blocks = components(A)
    if len(blocks) == 1:
        return np.linalg.eigvals(A)
    values: Array = np.empty(n, complex)
    for block in blocks:
        values[block] = A[block, block] if len(block) == 1 else _eigvals(A, block)
    real = not (np.iscomplexobj(A) or values.imag.any())
    return values.real if real else values


def schur(A: Array) -> tuple[Array, Array]:
    """T, upper triangular, and unitary Z with A = Z T Z^*; both real where A is triangular."""
    n = len(A)
    if not np.tril(A, -1).any():
        return A, np.eye(n)
    if not np.triu(A, 1).any():
        return A[::-1, ::-1], np.eye(n)[::-1]
    blocks = components(A)
    order = np.concatenate(blocks)
    T, Z = A[np.ix_(order, order)], np.eye(n)
    end = 0
    for block in blocks:
        start, end = end, end + len(block)
        if len(block) > 1:
            T, Z = T.astype(complex, copy=False), Z.astype(complex, copy=False)
            here = slice(start, end)
            form, turn = _schur(T[here, here])
            T[:start, here] = T[:start, here] @ turn
            T[here, end:] = turn.conj().T @ T[here, end:]
            T[here, here], Z[here, here] = form, turn
    back = np.empty_like(Z)
    back[order] = Z
    return T, back


def is_triangular(A: Array) -> bool:
    """Whether nothing is below, or nothing above the diagonal."""
    return not np.tril(A, -1).any() or not np.triu(A, 1).any()


def components(A: Array) -> list[Array]:
    """Indices of the blocks, in an order in which A is block upper triangular."""
    from graphlib import TopologicalSorter

    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    drives = A != 0
    if drives.all():
        return [np.arange(len(A))]
    count, labels = connected_components(csr_array(drives), connection="strong")
    if count == 1:
        return [np.arange(len(A))]
    rows, columns = (labels[index] for index in np.nonzero(drives))
    graph: dict[int, set[int]] = {k: set() for k in range(count)}
    for edge in np.unique(count * rows.astype(np.int64) + columns).tolist():
        if edge // count != edge % count:
            graph[edge % count].add(edge // count)  # rows that a column drives come first
    return [np.flatnonzero(labels == k) for k in TopologicalSorter(graph).static_order()]


def _eigvals(A, block):
    return np.linalg.eigvals(A[np.ix_(block, block)])


def _schur(A) -> tuple[Array, Array]:
    from scipy.linalg import rsf2csf
    from scipy.linalg import schur as lapack_schur

    if np.iscomplexobj(A) or len(A) < LARGE:
        form: Any = lapack_schur(A, output="complex")
        return form
    form = lapack_schur(A)
    return rsf2csf(*form)
