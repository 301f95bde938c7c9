"""Kernels and signals of any array library: tables from the host, products on the device.

These are the plain definitions: two tables of powers and one product, sums over poles, chunks.
They change no array in place and run in the widest precision of the device.
"""

import math
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from hippo_theory import _array, _check
from hippo_theory._array import Array, Home
from hippo_theory.lti import growth, powers
from hippo_theory.lti.forms import channels, dense, matrices
from hippo_theory.lti.values import DiagonalLTI, System

BLOCK = 1 << 22  # entries of a table of points times states


def kernel(problem: Any, run: Any, there: Home) -> Array:
    """(..., p, m, L) on the device: by one product of two tables, or carried from the host."""
    tables = TABLES.get(run.name)
    if tables is None or _loses_digits(problem, run.name):
        h = run.run(problem)
        return _array.rounded(
            h if _check.is_foreign(h) else _array.to_home(there, h), problem.dtype
        )
    D, left, right = tables(problem, there)
    left, right = (_array.rounded(a, problem.dtype) for a in (left, right))
    xp = there.xp
    rows = xp.matmul(left, right)  # (..., p, m, g, b): time is g b
    terms = xp.reshape(rows, (*rows.shape[:-2], -1))[..., : problem.L - 1]
    shape = (*np.broadcast_shapes(D.shape, terms.shape[:-1]), 1)
    D = _array.rounded(xp.broadcast_to(D[..., None], shape), problem.dtype)
    D = xp.astype(D, xp.result_type(D, terms))
    return xp.concat([D, xp.broadcast_to(terms, (*shape[:-1], terms.shape[-1]))], axis=-1)


def _loses_digits(problem, name) -> bool:
    """Whether squarings would lose too much, so that the host works in twice the digits."""
    if name != "krylov":
        return False
    A, B, C, _ = matrices(problem.discrete)
    return growth.loss(A, B, C, problem.L) > growth.LIMIT


def power_table(squares: Array, count: int, first: Array) -> Array:
    """first * poles^k for k < count, (..., count, N), from squares (j, ..., N) of poles^(2^j)."""
    xp = array_namespace(squares)
    table = first[..., None, :]
    for j in range(powers.doublings(count)):
        table = xp.concat(xp.broadcast_arrays(table, table * squares[j, ..., None, :]), axis=-2)
    return table[..., :count, :]


def _vandermonde_tables(problem, there):
    """D, weights l^(b i) and l^j: the kernel is their product, of real parts for pairs."""
    system, xp = problem.discrete, there.xp
    B, C, D = channels(system)
    weights = C[..., :, None, :] * np.swapaxes(B, -1, -2)[..., None, :, :]
    squares = powers.squarings(system, powers.doublings(problem.L))[..., None, None, :]
    D, weights, squares = (_array.to_home(there, a) for a in (D, weights, squares))
    columns = powers.doublings(problem.L) // 2
    one = xp.ones(squares.shape[1:], dtype=squares.dtype, device=there.device)
    right = power_table(squares, 1 << columns, one)
    left = power_table(squares[columns:, ...], -(-problem.L >> columns), weights)
    if not system.conjugate:
        dtype = _array.work_dtype(there, left, right)
        left, right = xp.astype(left, dtype), xp.astype(right, dtype)
    elif _array.is_complex(right):
        left = xp.concat([2 * xp.real(left), -2 * xp.imag(left)], axis=-1)
        right = xp.concat([xp.real(right), xp.imag(right)], axis=-1)
    else:
        left = 2 * (xp.real(left) if _array.is_complex(left) else left)
    return D, left, xp.matrix_transpose(right)


def _krylov_tables(problem, there):
    """D, C A^(b i) and A^j B, whose powers are made on the host."""
    system = dense(problem.discrete)
    B, C, D = channels(system)
    columns = powers.doublings(problem.L) // 2
    A = system.A.astype(np.result_type(system.A, np.float64))
    right, giant = powers.orbit(A, B, 1 << columns)  # (N, b, m)
    left, _ = powers.orbit(giant.T, C.T, -(-problem.L >> columns))  # (N, g, p)
    wide = np.result_type(left, right)
    left = np.moveaxis(left, 0, -1).swapaxes(0, 1)[:, None].astype(wide)  # (p, 1, g, N)
    right = np.moveaxis(right, -1, 0).astype(wide)  # (m, N, b)
    return tuple(_array.to_home(there, a) for a in (D, left, right))


TABLES = {"vandermonde": _vandermonde_tables, "krylov": _krylov_tables}


def moments(squares: np.ndarray, g: Array, there: Home) -> tuple[Array, Array]:
    """sum_{k>0} g_k l_n^(k-1) and sum_{k>1} (k-1) g_k l_n^(k-2), (..., N), on the host.

    The sum over time is one product with a table of l^j; the rest is short.
    """
    xp, L = there.xp, g.shape[-1]
    columns = powers.doublings(L) // 2
    rows = -(-L >> columns)
    dtype = _array.work_dtype(there, g)
    g = xp.astype(g, dtype)[..., 1:]
    zeros = xp.zeros((*g.shape[:-1], (rows << columns) - L + 1), dtype=dtype, device=there.device)
    k = xp.astype(xp.arange(L - 1, device=there.device), dtype)
    both = [xp.concat([a, zeros], axis=-1) for a in (g, xp.roll(k * g, -1, axis=-1))]
    both = xp.stack([xp.reshape(a, (*a.shape[:-1], rows, -1)) for a in both], axis=-3)
    table = powers.table(squares, 1 << columns)[..., None, :, :]
    table = _array.to_home(there, table)
    dtype = _array.work_dtype(there, both, table)
    inner = _array.to_host(xp.matmul(xp.astype(both, dtype), xp.astype(table, dtype)))
    left = powers.table(squares[columns:], rows)[..., None, :, :]
    first, second = np.moveaxis((inner * left).sum(axis=-2), -2, 0)
    return first, second


def transfer_function(system: System, z: Array, there: Home) -> Array:
    """`response.transfer_function` at points on a device: sums over poles, or the definition."""
    points = there.xp.reshape(z, (-1,))
    is_diagonal = isinstance(system, DiagonalLTI)
    width = math.prod(system.batch_shape) if is_diagonal else system.state_dim
    width *= system.state_dim
    evaluate = _cauchy if is_diagonal else _resolvent
    size = max(1, BLOCK // max(1, width))
    count = points.shape[0]
    spans = [(k, min(k + size, count)) for k in range(0, max(count, 1), size)]
    G = [evaluate(system, points[start:stop], there) for start, stop in spans]
    G = there.xp.concat(G, axis=-1)
    G = G[..., 0, 0, :] if system.is_siso else G
    G = G + _array.to_home(there, system.D)[..., None]
    return _array.rounded(there.xp.reshape(G, (*G.shape[:-1], *z.shape)), z)


def _cauchy(system: Any, z: Array, there: Home) -> Array:
    xp = there.xp
    B, C, _ = channels(system)
    residues = C[..., :, None, :] * np.swapaxes(B, -1, -2)[..., None, :, :]  # (..., p, m, N)
    poles = system.poles
    if system.conjugate:
        poles = np.concatenate([poles, poles.conj()], axis=-1)
        residues = np.concatenate([residues, residues.conj()], axis=-1)
    flat = residues.reshape(*residues.shape[:-3], -1, poles.shape[-1])
    poles, flat = _array.to_home(there, poles), _array.to_home(there, flat)
    difference = xp.astype(z, _array.work_dtype(there, z)) - poles[..., None]
    _refuse_poles(difference == 0, z, there)
    dtype = _array.work_dtype(there, flat, difference)
    G = xp.matmul(xp.astype(flat, dtype), xp.astype(1 / difference, dtype))
    return xp.reshape(G, (*G.shape[:-2], *residues.shape[-3:-1], -1))


def _resolvent(system: System, z: Array, there: Home) -> Array:
    """C (z I - A)^{-1} B by a dense solve at every point."""
    xp = there.xp
    A, B, C, _ = matrices(system)
    A, B, C = (_array.to_home(there, a) for a in (A, B, C))
    dtype = _array.work_dtype(there, z, A, B, C)
    A, B, C, z = (xp.astype(a, dtype) for a in (A, B, C, z))
    eye = xp.eye(A.shape[0], dtype=dtype, device=there.device)
    try:
        solved = xp.linalg.solve(
            z[:, None, None] * eye - A, xp.broadcast_to(B, (z.shape[0], *B.shape))
        )
    except Exception as error:
        if isinstance(error, np.linalg.LinAlgError) or "ingular" in str(error):
            raise ValueError("z must not be a pole") from error
        raise
    G = xp.matmul(C, solved)
    if not bool(xp.all(xp.isfinite(G))):
        raise np.linalg.LinAlgError("G(z) must stay in the range of floating point")
    return xp.permute_dims(G, (1, 2, 0))


def _refuse_poles(hits, z, there) -> None:
    if bool(there.xp.any(hits)):
        k = int(np.argwhere(_array.to_host(hits))[0][-1])
        raise ValueError(f"z must not be a pole, got {_array.to_host(z)[k]}")
