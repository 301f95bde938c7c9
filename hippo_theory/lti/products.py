"""Kernels as one matrix product: time k = i b + j, tables of A^(b i) and A^j by doubling."""

from typing import Any

import numpy as np
from array_api_compat import array_namespace

from hippo_theory.lti import _powers
from hippo_theory.lti._values import Array


def vandermonde(
    weights: Array, squares: Array, D: Array, L: int, pairs: bool = False, dtype: Any = None
) -> Array:
    """D, then sum_n weights_n l_n^(k-1) for 0 < k < L (with `pairs` 2 Re of it), as one product.

    With k = i b + j it is (weights l^(b i - 1)) (l^j)^T; the row i = 0, which has D and must not
    divide by poles, rides along as one more inner index. Weights (..., N), squares (j, ..., N)
    of l^(2^j) and D (...) broadcast; 4 N L real flops for pairs.
    """
    xp = array_namespace(weights, squares)
    columns = _powers.doublings(L) - _powers.doublings(L) // 2
    right = _powers.table(squares, 1 << columns)
    start, giant = weights * right[..., -1, :], squares[columns:, ...]
    if pairs:  # Re(u v) = Re(conj u) Re(v) + Im(conj u) Im(v)
        weights, start, giant = (_conj(a) for a in (2 * weights, 2 * start, giant))
    left = _powers.table(giant, -(-L >> columns), start)
    if pairs and not xp.isdtype(right.dtype, "complex floating"):
        left, weights = xp.real(left), xp.real(weights)
    left, right = _bordered(left, right, weights, D, pairs)
    rows = xp.matmul(cast(left, dtype), xp.matrix_transpose(cast(right, dtype)))
    return xp.reshape(rows, (*rows.shape[:-2], -1))[..., :L]


def _bordered(left, right, weights, D, pairs):
    """Tables whose product has D and right weights as its first row, left right^T below."""
    xp = array_namespace(left, right)
    pairs = pairs and xp.isdtype(right.dtype, "complex floating")
    parts = [xp.real, xp.imag] if pairs else [lambda a: a]
    (g, n), b = left.shape[-2:], right.shape[-2]
    size, batch = len(parts) * n, np.broadcast_shapes(right.shape[:-2], weights.shape[:-1])
    weights = xp.concat([part(weights) for part in parts], axis=-1)
    tall = xp.zeros((*left.shape[:-2], g, size + 1), dtype=parts[0](left).dtype)
    wide = xp.empty((*batch, b, size + 1), dtype=xp.result_type(parts[0](right), weights, D))
    for k, part in enumerate(parts):
        tall[..., 1:, k * n : (k + 1) * n] = part(left)[..., : g - 1, :]
        wide[..., k * n : (k + 1) * n] = part(right)
    tall[..., 0, size] = 1
    wide[..., 0, size] = D
    wide[..., 1:, size] = xp.matmul(wide[..., : b - 1, :size], weights[..., None])[..., 0]
    return tall, wide


def _conj(array):
    xp = array_namespace(array)
    return xp.conj(array) if xp.isdtype(array.dtype, "complex floating") else array


def krylov(A: Array, B: Array, C: Array, L: int, dtype: Any = None) -> Array:
    """C A^k B for k < L, (p, m, L): (C A^{b i}) (A^j B) as one matrix product.

    2 log2(L) squarings of N^3 flops, and 2 p m N L flops of the product.
    """
    xp = array_namespace(A, B, C)
    columns = _powers.doublings(L) - _powers.doublings(L) // 2
    right, giant = _powers.orbit(A, B, 1 << columns)
    left, _ = _powers.orbit(giant.T, C.T, -(-L >> columns))
    (n, b, m), (_, g, p) = right.shape, left.shape
    right = cast(xp.reshape(xp.permute_dims(right, (0, 2, 1)), (n, m * b)), dtype)
    left = cast(xp.reshape(xp.permute_dims(left, (2, 1, 0)), (p * g, n)), dtype)
    product = xp.reshape(left @ right, (p, g, m, b))
    return xp.reshape(xp.permute_dims(product, (0, 2, 1, 3)), (p, m, g * b))[..., :L]


def cast(array: Array, dtype: Any) -> Array:
    """To the precision of `dtype`, real or complex as it was."""
    if dtype is None or array.dtype == dtype:
        return array
    xp = array_namespace(array)
    single = np.dtype(dtype) == np.float32
    names = ("complex64", "float32") if single else ("complex128", "float64")
    name = names[0] if xp.isdtype(array.dtype, "complex floating") else names[1]
    return xp.astype(array, getattr(xp, name), copy=False)
