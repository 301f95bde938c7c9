"""Kernels as one matrix product: time k = 1 + i b + j, tables of A^(b i) and A^j by doubling."""

from typing import Any

import numpy as np
from array_api_compat import array_namespace

from hippo_theory.lti import growth, powers
from hippo_theory.lti._values import Array
from hippo_theory.lti.powers import cast

BLOCK = 4  # giant rows move 2^BLOCK at a time: for N = 64 more squarings cost more than they save


def vandermonde(
    weights: Array, squares: Array, D: Array, L: int, pairs: bool = False, dtype: Any = None
) -> Array:
    """D, then sum_n weights_n l_n^(k-1) for 0 < k < L (with `pairs` 2 Re of it), as one product.

    Weights (..., N), squares (j, ..., N) of l^(2^j) and D (...) broadcast; 4 N L real flops for
    pairs, whose real and imaginary parts are read side by side as twice as many real columns.
    """
    columns, rows = _split(L)
    if pairs:  # Re(u v) = Re(conj u) Re(v) + Im(conj u) Im(v)
        weights = 2 * weights.conj()
    giant = squares[columns:].conj() if pairs else squares[columns:]
    right, left = powers.table(squares, 1 << columns), powers.table(giant, rows, weights)
    if pairs and right.dtype.kind == "c":
        right, left = right.view(np.float64), left.view(np.float64)
    elif pairs:
        left = left.real
    return _product(left, np.swapaxes(right, -1, -2), D, L, dtype)


def krylov(A: Array, B: Array, C: Array, D: Array, L: int, dtype: Any = None) -> Array:
    """D, then C A^(k-1) B for 0 < k < L, (p, m, L): (C A^(b i)) (A^j B) as one product.

    1.6 log2(L) N^3 flops of squarings, and 2 p m N L flops of the product; some fifteen times
    that in twice the digits, where doubles would lose more than growth.LIMIT.
    """
    columns, rows = _split(L)
    squares = powers.matrix_squarings(A, columns + min(BLOCK + 1, powers.doublings(rows)))
    right = powers.rows([S.T for S in squares[:columns]], B.T, 1 << columns)  # (b, m, N)
    left = powers.rows(squares[columns:], C, rows)  # (g, p, N)
    h = _product(np.swapaxes(left, 0, 1)[:, None], np.moveaxis(right, 0, -1), D, L, dtype)
    if _is_safe(squares, left, right, h) or growth.loss(A, B, C, L) <= growth.LIMIT:
        return h
    h = growth.kernel(A, B, C, L - 1)
    D = np.broadcast_to(D[..., None], (*h.shape[:-1], 1))
    return cast(np.concatenate([D, h], axis=-1), dtype)


def _is_safe(squares, left, right, h) -> bool:
    """Whether norms alone bound the loss of the squarings: what costs no product."""
    sizes = [np.vdot(S, S).real for S in squares]
    levels = np.dot(sizes, 0.5 ** np.arange(1, len(sizes) + 1))
    rows = len(right) * np.linalg.norm(left, axis=-1).sum(axis=0).max(initial=0.0)
    columns = np.linalg.norm(right, axis=-1).max(initial=0.0) * max(sizes, default=1.0) ** 0.5
    return growth.EPS * levels * rows * columns <= growth.LIMIT * np.abs(h[..., 1:]).max(
        initial=0.0
    )


def moments(squares: Array, g: Array) -> tuple[Array, Array]:
    """sum_{k>0} g_k l_n^{k-1} and sum_{k>1} (k-1) g_k l_n^{k-2}, (..., N), as one product.

    g (..., L); squares (j, ..., N) of l_n^(2^j), which is a pole of its own for every n.
    """
    xp = array_namespace(squares, g)
    L = g.shape[-1]
    columns = powers.doublings(L) - powers.doublings(L) // 2
    b, rows = 1 << columns, -(-L >> columns)
    k = xp.astype(xp.arange(L - 1), g.dtype)
    zeros = xp.zeros((*g.shape[:-1], b * rows - L + 1), dtype=g.dtype)
    one = xp.concat([g[..., 1:], zeros], axis=-1)
    two = xp.concat([(k * g[..., 1:])[..., 1:], zeros, 0 * one[..., : min(1, L - 1)]], axis=-1)
    both = xp.reshape(xp.stack([one, two], axis=-2), (*g.shape[:-1], 2 * rows, b))
    right, left = powers.table(squares, b), powers.table(squares[columns:, ...], rows)
    inner = _times_complex(both, right)
    inner = xp.reshape(inner, (*inner.shape[:-2], 2, rows, inner.shape[-1]))
    result = xp.sum(inner * left[..., None, :, :], axis=-2)
    return result[..., 0, :], result[..., 1, :]


def _times_complex(real, table):
    """real @ table by two real products where only the table is complex."""
    xp = array_namespace(real, table)
    kinds = [xp.isdtype(a.dtype, "complex floating") for a in (real, table)]
    if kinds != [False, True]:
        return real @ table
    return real @ xp.real(table) + 1j * (real @ xp.imag(table))


def _split(L):
    """How many doublings make a row, and how many rows there are."""
    columns = powers.doublings(L) - powers.doublings(L) // 2
    return columns, max(1, -(-(L - 1) >> columns))


def _product(left, right, D, L, dtype):
    """D, then left right read row by row, of which the first L are kept."""
    left, right, D = (cast(np.asarray(a), dtype) for a in (left, right, D))
    shape = np.broadcast_shapes(left.shape[:-2], right.shape[:-2], D.shape)
    g, b = left.shape[-2], right.shape[-1]
    h = np.empty((*shape, 1 + g * b), np.result_type(left, right, D))
    h[..., 0] = D
    np.matmul(left, right, out=h[..., 1:].reshape(*shape, g, b))
    return h[..., :L]
