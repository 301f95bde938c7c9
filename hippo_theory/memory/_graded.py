"""Factorisations of graded matrices: pivoted QR first, which keeps small singular values right."""

from typing import Any

from scipy import linalg


def qr(M) -> tuple[Any, Any, Any]:
    """Q, R and the columns' order, of M[:, order] = Q R."""
    factors: Any = linalg.qr(M, mode="economic", pivoting=True)
    return factors


def svd(M) -> tuple[Any, Any, Any]:
    """U, s, V^* of M whose columns differ in size, all of s to relative precision."""
    Q, R, order = qr(M)
    factors: Any = linalg.svd(R.conj().T)
    vectors, s, other = factors
    right = vectors.conj().T
    right[:, order] = right.copy()
    return Q @ other.conj().T, s, right


def singular_values(M) -> Any:
    """s of `svd`, descending."""
    return linalg.svdvals(qr(M)[1].conj().T)
