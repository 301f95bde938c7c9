"""What rounding costs powers of a matrix that grow before they decay, and the same in more digits.

A step of the recurrence loses eps |A| |x_j|, a squaring eps |A^(2^j)|^2, and C A^i sends what is
lost to the output: of a digital filter in companion form, whose powers reach 1e7 before they
decay, repeated squaring keeps no digit; nor do the powers of a contraction whose kernel is far
below |C| |B|. The loss is summed over powers of two, from the squares themselves; where it is too
large, the same powers are computed in twice the digits.
"""

from typing import Any

import numpy as np
from scipy import linalg

from hippo_theory import digits
from hippo_theory.digits import DoubleDouble
from hippo_theory.lti.values import Array

LIMIT = 1e-9  # of the largest |h_k|: what kernels and simulations keep, or refuse
SETTLED = 1e-3  # above that a loss is not small beside the squares that it is read from
ROOM = 2.0**-64  # for the slices of a product, which are rounded with larger numbers
EPS = np.finfo(np.float64).eps


def loss(A: Array, B: Array, C: Array, L: int, chunk: int | None = None) -> float:
    """Estimate the error of C A^k B, k < L, over the largest of them, by rounded products.

    Powers below `chunk` are made by squaring, and applied one after the other; None squares up to
    L, 1 is the recurrence. The estimate adds sizes: no system tried has a larger error.
    """
    if L < 2 or not (A.size and B.size and C.size):
        return 0.0
    least = _loss_of_contraction(A, B, C, L) if is_contraction(A) else np.inf
    if least <= LIMIT:
        return least
    count = (L - 1).bit_length()
    with np.errstate(over="ignore", invalid="ignore"):
        squares = [A]
        while len(squares) < count:
            squares.append(squares[-1] @ squares[-1])
        settled = not _loss(squares, B, C, L, L) < SETTLED
        if settled:
            A, B, C = _balanced(A, B, C)
            squares = [S.high for S in exact_squares(A, count)]
        result = _loss(squares, B, C, L, L if chunk is None else chunk, settled)
    if np.isfinite(min(result, least)):
        return min(result, least)
    return 2 * loss(A, B, C, L // 2, chunk) if L > 16 else np.inf  # sizes overflow before kernels


def _loss_of_contraction(A, B, C, L) -> float:
    """Bound the loss EPS L |C| |B| of a contraction over the largest |C A^k B|, k < L - 1.

    Kernels below what twice the digits resolve of |C| |B| count as that large, so that zeros have
    an answer. The walk ends where the rest of the kernel cannot be larger.
    """
    size = np.linalg.norm(B, axis=0).max() * np.linalg.norm(C, axis=1).max()
    largest = 32 * EPS**2 * L * size / LIMIT
    for _ in range(L - 1):
        largest = max(largest, np.abs(C @ B).max())
        left = np.linalg.norm(C, axis=1).max() * np.linalg.norm(B, axis=0).max()
        if EPS * L * size <= LIMIT * largest or left <= largest:
            break
        B = A @ B
    return float(EPS * L * size / largest) if size else 0.0


def _loss(squares, B, C, L, chunk, settled=False) -> float:
    """Sum |C A^i| |S| |S| |A^j B| over levels S = A^(2^k) and i, with i and j powers of two."""
    n, m = B.shape
    steps = np.array([0, *(1 << k for k in range(len(squares)))])
    columns = np.stack([B, *(S @ B for S in squares)])
    rows = np.stack([C, *(C @ S for S in squares)])
    sums = steps[:, None] + steps
    h = np.abs(np.tensordot(rows, columns, axes=(2, 1))).max(axis=(1, 3))
    rows, largest = np.abs(rows), np.maximum.accumulate(np.abs(columns), axis=0)
    levels, total = (min(chunk, L) - 1).bit_length(), 0.0
    for k, S in enumerate(np.abs(squares[: levels + 1])):
        step = 2 << k if k < levels else 1 << k
        reach = (sums + step <= max(L - 1, step)).sum(axis=1)  # how many j there are for every i
        rest = np.where(reach[:, None, None] > 0, largest[reach - 1], 0.0)
        rest = np.moveaxis(rest, 0, 1).reshape(n, -1)
        made = S @ (S @ rest) if k < levels else S @ rest
        made = np.moveaxis(made.reshape(n, -1, m), 0, 1)
        often = np.maximum(1, steps / step)
        total = total + np.tensordot(often, rows @ made, axes=1)
    known = h[sums <= max(L - 2, 0)].max(initial=0.0)
    if settled:
        last = B  # where growing kernels are largest; of wrong squares it would be wrong
        for k, S in enumerate(squares):
            last = S @ last if (L - 2) >> k & 1 else last
        known = max(known, np.abs(C @ last).max())
    return float(EPS * np.max(total) / max(known, 1e-300))


def is_contraction(A: Array) -> bool:
    """Whether |A| <= 1 in the 2-norm to rounding: then no power grows, and nothing is lost."""
    try:
        np.linalg.cholesky((1 + 1e-12) * np.eye(len(A)) - A.conj().T @ A)
    except np.linalg.LinAlgError:
        return False
    return True


def exact_squares(A: Array, count: int) -> list[DoubleDouble]:
    """A^(2^j), j < count, in twice the digits."""
    squares = [DoubleDouble(A, np.zeros_like(A))]
    while len(squares) < count:
        squares.append(digits.product(squares[-1], squares[-1]))
    return squares


def kernel(A: Array, B: Array, C: Array, count: int) -> Array:
    """C A^k B, k < count, (p, m, count), in twice the digits, or refuse what they do not hold."""
    if 16 * EPS * loss(A, B, C, count + 1) <= LIMIT:
        return _by_tables(*_balanced(A, B, C), count)
    refuse(16 * EPS * loss(A, B, C, count + 1, 1), "in twice the digits")
    impulses = np.zeros((B.shape[1], B.shape[1], count + 1))
    impulses[:, :, 0] = np.eye(B.shape[1])
    zero = np.zeros((B.shape[1], len(A)))
    y, _, _ = scan(A, B, C, impulses, zero, keep=False)  # (m, p, count + 1)
    return np.moveaxis(y, 0, 1)[..., 1:]


def refuse(lost: float, words: str) -> None:
    """Refuse a loss above LIMIT, with the number."""
    if not lost <= LIMIT:
        raise np.linalg.LinAlgError(
            f"the powers of A must keep {LIMIT:g} of the largest value {words}, got an error of "
            f"up to {lost:.1e}; use shorter signals, other coordinates, or method 'auto'"
        )


def scan(
    A: Array, B: Array, C: Array, u: Array, x: Array, *, keep: bool
) -> tuple[Array, Any, Array]:
    """C x_k (..., p, L), x_k (..., L, N) and x_L of the recurrence, in twice the digits."""
    if any(np.iscomplexobj(a) for a in (A, B, C, u, x)):
        return _scan_complex(A, B, C, u, x, keep)
    from hippo_theory.lti import _fast

    A, B, C, u = (np.ascontiguousarray(a, np.float64) for a in (A, B, C, u))
    x = np.array(x, np.float64, order="C")
    y = np.empty((*u.shape[:-2], len(C), u.shape[-1]))
    states = np.empty((*u.shape[:-2], u.shape[-1], len(A)) if keep else (*u.shape[:-2], 0, 0))
    for index in np.ndindex(u.shape[:-2]):
        _fast.exact(A, B, C, u[index], x[index], y[index], states[index])
    return y, (states if keep else None), x


def _scan_complex(A, B, C, u, x, keep):
    """The same with real and imaginary parts as twice as many real states."""
    A, B, C = (np.block([[a.real, -a.imag], [a.imag, a.real]]) for a in (A, B, C))
    u, x = (np.concatenate([a.real, a.imag], axis=k) for a, k in ((u, -2), (x, -1)))
    y, states, x = scan(A, B, C, u, x, keep=keep)
    p, n = len(C) // 2, len(A) // 2
    y = y[..., :p, :] + 1j * y[..., p:, :]
    states = states[..., :n] + 1j * states[..., n:] if keep else None
    return y, states, x[..., :n] + 1j * x[..., n:]


def _by_tables(A, B, C, count):
    """C A^k B as the product of tables of C A^(b i) and A^j B."""
    doublings = max(0, count - 1).bit_length()
    columns = doublings - doublings // 2
    squares = exact_squares(A, doublings)
    right = _exact_rows([S.T for S in squares[:columns]], B.T, 1 << columns)
    left = _exact_rows(squares[columns:], ROOM * C, -(-count >> columns))
    h = digits.product(left, right.T).high / ROOM  # (g p, b m)
    h = h.reshape(-1, len(C), 1 << columns, B.shape[1])
    return np.moveaxis(h, 1, 0).reshape(len(C), -1, B.shape[1]).swapaxes(1, 2)[..., :count]


def _balanced(A, B, C):
    """Scale the states by powers of two, which round nothing, so that A has rows of equal size."""
    A, (scale, _) = linalg.matrix_balance(A, permute=False, separate=True)
    return A, B / scale[:, None], C * scale


def _exact_rows(squares, X, count) -> DoubleDouble:
    """X A^k, k < count, one below the other, by doubling."""
    table = DoubleDouble(X, np.zeros_like(X))
    for S in squares:
        table = digits.concatenate([table, digits.product(table, S)])
    return table[: count * len(X)]
