"""Kernels as one matrix product: time k = 1 + i b + j, tables of A^(b i) and A^j by doubling.

Tables are made on the host in double precision; what grows with L, one product, is computed in the
precision and the library asked for.
"""

from typing import Any

import numpy as np
from array_api_compat import array_namespace

from hippo_theory import _array
from hippo_theory._array import Home
from hippo_theory.lti import growth, powers
from hippo_theory.lti._values import Array
from hippo_theory.lti.powers import cast

BLOCK = 4  # giant rows move 2^BLOCK at a time: for N = 64 more squarings cost more than they save


def vandermonde(
    weights: Array,
    squares: Array,
    D: Array,
    L: int,
    pairs: bool = False,
    dtype: Any = None,
    there: Home | None = None,
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
    return _product(left, np.swapaxes(right, -1, -2), D, L, dtype, there)


def krylov(
    A: Array,
    B: Array,
    C: Array,
    D: Array,
    L: int,
    dtype: Any = None,
    there: Home | None = None,
) -> Array:
    """D, then C A^(k-1) B for 0 < k < L, (p, m, L): (C A^(b i)) (A^j B) as one product.

    1.6 log2(L) N^3 flops of squarings, and 2 p m N L flops of the product; some fifteen times
    that in twice the digits, where doubles would lose more than growth.LIMIT.
    """
    columns, rows = _split(L)
    squares = powers.matrix_squarings(A, columns + min(BLOCK + 1, powers.doublings(rows)))
    right = powers.rows([S.T for S in squares[:columns]], B.T, 1 << columns)  # (b, m, N)
    left = powers.rows(squares[columns:], C, rows)  # (g, p, N)
    tables = np.swapaxes(left, 0, 1)[:, None], np.moveaxis(right, 0, -1)
    h = _product(*tables, D, L, dtype, there)
    if _is_safe(squares, left, right, h) or growth.loss(A, B, C, L) <= growth.LIMIT:
        return h
    h = growth.kernel(A, B, C, L - 1)
    D = np.broadcast_to(D[..., None], (*h.shape[:-1], 1))
    return cast(np.concatenate([D, h], axis=-1), dtype)


def _is_safe(squares, left, right, h) -> bool:
    """Whether norms alone bound the loss of the squarings: what costs no product."""
    sizes = [np.vdot(S, S).real for S in squares]
    levels = np.dot(sizes, 0.5 ** np.arange(1, len(sizes) + 1))
    rows, columns = (np.sqrt(np.einsum("...n,...n", a, a.conj()).real) for a in (left, right))
    rows = len(right) * rows.sum(axis=0).max(initial=0.0)
    columns = columns.max(initial=0.0) * max(sizes, default=1.0) ** 0.5
    h = h[..., 1 : len(right)]
    largest = float(array_namespace(h).max(abs(h))) if 0 not in h.shape else 0.0
    return growth.EPS * levels * rows * columns <= growth.LIMIT * largest


def moments(squares: np.ndarray, g: Array) -> tuple[Array, Array]:
    """sum_{k>0} g_k l_n^{k-1} and sum_{k>1} (k-1) g_k l_n^{k-2}, (..., N), on the host.

    g (..., L) of any library, in which the one long product is computed; squares (j, ..., N) of
    l_n^(2^j), which is a pole of its own for every n.
    """
    xp, there, L = array_namespace(g), _array.home(g=g), g.shape[-1]
    columns = powers.doublings(L) - powers.doublings(L) // 2
    rows = -(-L >> columns)
    like = {"dtype": _array.work_dtype(there, g), "device": there.device} if there else {}
    g = xp.astype(g, like["dtype"]) if there else g
    like = like or {"dtype": g.dtype}
    zeros = xp.zeros((*g.shape[:-1], (rows << columns) - L + 1), **like)
    k = xp.astype(xp.arange(L - 1, **({"device": there.device} if there else {})), g.dtype)
    one = xp.concat([g[..., 1:], zeros], axis=-1)
    two = xp.concat([xp.roll(k * g[..., 1:], -1, axis=-1), zeros], axis=-1)
    both = xp.reshape(xp.stack([one, two], axis=-2), (*g.shape[:-1], 2 * rows, 1 << columns))
    right, left = powers.table(squares, 1 << columns), powers.table(squares[columns:, ...], rows)
    inner = _array.to_host(times(both, _array.to_home(there, right) if there else right))
    inner = inner.reshape(*inner.shape[:-2], 2, rows, inner.shape[-1])
    result = (inner * left[..., None, :, :]).sum(axis=-2)
    return result[..., 0, :], result[..., 1, :]


def times(a: Array, b: Array) -> Array:
    """a @ b, by two real products where only b is complex."""
    xp = array_namespace(a, b)
    if _array.is_complex(b) and not _array.is_complex(a):
        return xp.matmul(a, xp.real(b)) + 1j * xp.matmul(a, xp.imag(b))
    dtype = xp.result_type(a, b)
    return xp.matmul(xp.astype(a, dtype, copy=False), xp.astype(b, dtype, copy=False))


def _split(L):
    """How many doublings make a row, and how many rows there are."""
    columns = powers.doublings(L) - powers.doublings(L) // 2
    return columns, max(1, -(-(L - 1) >> columns))


def _product(left, right, D, L, dtype, there):
    """D, then left right read row by row, of which the first L are kept.

    In NumPy the product is written behind D, not copied: 1.1 times as fast at L = 16384.
    """
    left, right, D = (cast(np.asarray(a), dtype) for a in (left, right, D))
    shape = np.broadcast_shapes(left.shape[:-2], right.shape[:-2], D.shape)
    wide, (g, b) = np.result_type(left, right, D), (left.shape[-2], right.shape[-1])
    if there is None:
        h = np.empty((*shape, 1 + g * b), wide)
        h[..., 0] = D
        np.matmul(left, right, out=h[..., 1:].reshape(*shape, g, b))
        return h[..., :L]
    xp = there.xp
    left, right, D = (
        _array.to_home(there, a.astype(wide), getattr(xp, wide.name)) for a in (left, right, D)
    )
    flat = xp.matmul(left, right)
    flat = xp.reshape(flat, (*flat.shape[:-2], -1))
    terms = xp.broadcast_to(flat, (*shape, g * b))
    return xp.concat([xp.broadcast_to(D[..., None], (*shape, 1)), terms], axis=-1)[..., :L]
