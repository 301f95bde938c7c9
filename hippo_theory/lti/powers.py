"""Powers of a state matrix by doubling: the tables whose products are kernels and chunks.

Tables are set up on the host in double precision; products along the long axis are plain
array-API calls in the dtype that the caller asked for.
"""

from dataclasses import fields
from typing import Any

import numpy as np

from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import channels
from hippo_theory.lti.values import DPLR, LTI, DiagonalLTI, System

FAR_DOWN = -1e4  # exp(FAR_DOWN) is 0, and so are its powers: the logarithm of a pole at 0


def doublings(count: int) -> int:
    """How many doublings of one entry give at least `count` entries."""
    return max(0, int(count) - 1).bit_length()


def squarings(system: DiagonalLTI, count: int) -> Array:
    """poles^(2^j) for j < count, shape (count, ..., N); real where the poles are stored as real.

    exp(2^j x) has the relative error of x alone, since 2^j x is exact; x is `log_poles`, or the
    logarithm of the poles to twice their precision where the platform has long doubles.
    """
    scale = 2.0 ** np.arange(count).reshape(-1, *[1] * system.poles.ndim)
    poles, logs = system.poles.astype(_wide(system.poles)), system.log_poles
    with np.errstate(over="ignore", invalid="ignore"):
        if logs is not None:
            return np.exp(scale * logs.astype(_wide(logs)))
        sign = np.sign(poles) if poles.dtype.kind == "f" else None
        size = poles if sign is None else abs(poles)
        exact = np.log(np.where(size == 0, 1, size).astype(np.result_type(size, np.longdouble)))
        x = np.where(size == 0, FAR_DOWN, exact.astype(size.dtype))
        rest = np.where(size == 0, 0, (exact - x).astype(size.dtype))
        table = np.exp(scale * x) * np.exp(scale * rest)
    if sign is not None and count:
        table[0] *= np.where(sign == 0, 1, sign)
    return table


def table(squares: Array, count: int, first: Any = None) -> Array:
    """first * poles^k for k < count, shape (..., count, N), by doubling."""
    start = np.ones(squares.shape[1:], squares.dtype) if first is None else first
    shape = np.broadcast_shapes(start.shape, squares.shape[1:])
    result = np.empty((*shape[:-1], count, shape[-1]), np.result_type(start, squares))
    result[..., 0, :] = start
    for j in range(doublings(count)):
        done = 1 << j
        more = min(done, count - done)
        known, new = result[..., :more, :], result[..., done : done + more, :]
        np.multiply(known, squares[j, ..., None, :], out=new)
    return result


def matrix_squarings(A: Array, count: int) -> list[Array]:
    """A^(2^j) for j < count."""
    squares = [A]
    while len(squares) < count:
        squares.append(squares[-1] @ squares[-1])
    return squares


def rows(squares: list[Array], X: Array, count: int) -> Array:
    """X A^k for k < count, shape (count, *X.shape), X (m, N): by doubling as far as the squares
    A^(2^j) go, then in blocks of the last power.
    """
    m, n = X.shape
    result = np.empty((count * m, n), np.result_type(X, *squares[:1]))
    result[:m], done = X, 1
    while done < count:
        j = min(doublings(done), len(squares) - 1)
        more = min(1 << j, count - done)
        known = result[m * (done - (1 << j)) :][: m * more]
        np.matmul(known, squares[j], out=result[m * done : m * (done + more)])
        done += more
    return result.reshape(count, m, n)


def orbit(A: Array, X: Array, count: int) -> tuple[Array, Array]:
    """([X, A X, ..., A^(count-1) X], A^power) with power = 2^doublings(count), by squarings.

    X is (N, m), the orbit (N, count, m); 2 N^3 flops a squaring, 2 N^2 m an entry.
    """
    squares = matrix_squarings(A, doublings(count) + 1)
    return np.moveaxis(rows([S.T for S in squares], X.T, count), -1, 0), squares[-1]


def result_dtype(system: System, *arrays: Any) -> np.dtype:
    """The real dtype of the caller: float32 where every array is of single precision."""
    names = {"A", "poles", "P", "Q", "B", "C", "D"}  # as given: an LTI would compute its poles
    given = [getattr(system, field.name) for field in fields(system) if field.name in names]
    dtype = np.result_type(np.float32, *given, *arrays)
    return np.dtype(np.float32 if dtype in (np.float32, np.complex64) else np.float64)


def is_real(system: System) -> bool:
    """Whether the map is real: real matrices, implied conjugates, or a DPLR closed under them."""
    if isinstance(system, LTI):
        return not any(np.iscomplexobj(a) for a in (system.A, system.B, system.C, system.D))
    if isinstance(system, DiagonalLTI):
        arrays = (system.poles, system.B, system.C, system.D)
        return system.conjugate or not any(np.iscomplexobj(a) for a in arrays)
    assert isinstance(system, DPLR)
    B, C, D = channels(system)
    rounding = 8 * system.state_dim * np.finfo(D.dtype).eps * (abs(D) + abs(C) @ abs(B))
    return bool((abs(D.imag) <= rounding).all()) and _is_closed_under_conjugation(system)


def _is_closed_under_conjugation(system: DPLR) -> bool:
    """Whether poles and C B, C P, Q^* B, Q^* P of each are, to rounding; the basis has no say."""
    B, C, _ = channels(system)
    left, right = np.vstack([C, system.Q.conj().T]), np.hstack([B, system.P])
    data = np.vstack([system.poles, (left[:, None, :] * right.T).reshape(-1, system.state_dim)])
    if data.dtype.kind == "f":
        return True
    order, mirror = (_sorted(poles) for poles in (system.poles, system.poles.conj()))
    gap = abs(data[:, order] - data[:, mirror].conj()).max(axis=1, initial=0.0)
    scale = system.state_dim * abs(data).max(axis=1, initial=0.0)
    return bool((gap <= 8 * np.finfo(data.dtype).eps * scale).all())


def _sorted(poles: Array) -> Array:
    """An order that rounding of the real parts, often all equal, does not disturb."""
    decimals = np.finfo(poles.dtype).precision - 3
    size = max(abs(poles.real).max(initial=0.0), abs(poles.imag).max(initial=0.0)) or 1.0
    return np.lexsort([(poles.real / size).round(decimals), (poles.imag / size).round(decimals)])


def _wide(array: Array) -> type:
    return np.complex128 if array.dtype.kind == "c" else np.float64


def cast(array: Array, dtype: Any) -> Array:
    """To the precision of `dtype`, real or complex as it was."""
    if dtype is None or array.dtype == dtype:
        return array
    wide = np.result_type(dtype, np.complex64) if array.dtype.kind == "c" else dtype
    return array.astype(wide, copy=False)
