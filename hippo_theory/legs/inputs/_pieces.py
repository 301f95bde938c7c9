"""Piecewise polynomials and sampled data."""

import math
from itertools import pairwise

import numpy as np

from hippo_theory import _check
from hippo_theory.legs._legendre import project_pieces
from hippo_theory.legs.inputs import _digits
from hippo_theory.legs.inputs._value import Input, single

CONTINUOUS = 1e-9  # relative; what spline fitting leaves in derivatives, an empirical constant


def piecewise_polynomial(breaks, coefficients) -> Input:
    """f(s) = sum_d coefficients[k-1-d, i] (s - breaks[i])^d on breaks[i] <= s < breaks[i+1].

    The convention of `scipy.interpolate.PPoly`: a spline is
    ``piecewise_polynomial(spline.x, spline.c)``.

    Parameters
    ----------
    breaks : array_like, shape (m + 1,)
        Strictly increasing times from 0; the last may be inf.
    coefficients : array_like, shape (k, m)
        Highest power first.

    Notes
    -----
    Continuous from the right. Order d + 1, where d is the lowest derivative that jumps at a break
    (by more than 1e-9 of its size). Projected by Gauss-Legendre quadrature on each piece, exact
    to rounding, O(N) per piece and point.

    Examples
    --------
    >>> from hippo_theory.legs import inputs
    >>> f = inputs.piecewise_polynomial([0.0, 0.5, 1.0], [[1.0, -1.0], [0.0, 0.5]])
    >>> f([0.25, 0.5, 0.75]), f.final_order
    (array([0.25, 0.5 , 0.25]), 2.0)
    >>> f
    piecewise_polynomial(<2 pieces of degree 1>)
    """
    x, c = _check_pieces(breaks, coefficients)
    name = f"piecewise_polynomial(<{c.shape[1]} pieces of degree {len(c) - 1}>)"
    return _pieces(name, x, c)


def from_samples(t, values) -> Input:
    """The piecewise linear interpolant of samples.

    Parameters
    ----------
    t : array_like, shape (L,)
        Strictly increasing times, t[0] = 0, L >= 2.
    values : array_like, shape (L,)
        Finite samples.

    Notes
    -----
    Known on [0, t[-1]] only; later times are refused. Order 2.

    Examples
    --------
    >>> from hippo_theory.legs import inputs
    >>> f = inputs.from_samples([0.0, 1.0, 3.0], [0.0, 2.0, 0.0])
    >>> f([0.5, 2.0])
    array([1., 1.])
    >>> f.project([3.0], 2).round(6)
    array([[ 1.      , -0.19245]])
    """
    t = _check.times("t", t)
    values = _check.array("values", values, ndim=1, real=True).astype(np.float64, copy=False)
    _check.shape("values", values, (t.size,))
    if t[0] != 0:
        raise ValueError(f"t must start at 0, got {t[0]:g}; shift the times, t - t[0]")
    slopes = np.diff(values) / np.diff(t)
    return _pieces(f"from_samples(<{t.size} samples>)", t, np.stack([slopes, values[:-1]]))


def _check_pieces(breaks, coefficients) -> tuple[np.ndarray, np.ndarray]:
    x = _check.array("breaks", breaks, ndim=1, real=True, finite=False).astype(np.float64)
    c = _check.array("coefficients", coefficients, ndim=2, real=True).astype(np.float64)
    open_end = x.size > 2 and x[-1] == math.inf
    _check.times("breaks", x[:-1] if open_end else x)
    if x[0] != 0:
        raise ValueError(f"breaks must start at 0, got {x[0]:g}")
    if not len(c):
        raise ValueError(f"coefficients must have at least one row, got shape {c.shape}")
    _check.shape("coefficients", c, ("k", x.size - 1), "one column for each piece")
    return x, c


def _pieces(name: str, x: np.ndarray, c: np.ndarray) -> Input:
    x, c = x.copy(), c.copy()
    left, width = x[:-1], np.diff(x)
    order = _lowest_jump(width, c) + 1.0

    def values(t):
        piece = np.minimum(np.searchsorted(left, t, side="right") - 1, left.size - 1)
        local, total = t - left[piece], 0.0
        for row in c:
            total = total * local + row[piece]
        return total

    return single(
        name=name,
        values=values,
        project=lambda t, N: project_pieces(t, N, left, width, c),
        coefficient=lambda t, n: _pieces_digits(t, n, x, c),
        origin=float(c[-1, 0]),
        regularity="piecewise polynomial",
        final_order=order,
        max_order=order,
        breaks=tuple(map(float, left[1:])) if order < math.inf else (),
        end=float(x[-1]),
    )


def _lowest_jump(width: np.ndarray, c: np.ndarray) -> float:
    """The lowest derivative that jumps at some break; inf where none does."""
    ascending, width = c[::-1], width[:-1]
    for d in range(len(c)):
        # Taylor coefficient d of piece i at its right end, and of piece i + 1 at its left end
        ends = [math.comb(j, d) * ascending[j, :-1] * width ** (j - d) for j in range(d, len(c))]
        jump = np.abs(np.sum(ends, axis=0) - ascending[d, 1:])
        size = np.abs(ends).sum(axis=0) + np.abs(ascending[d, 1:])
        if jump.max(initial=0.0) > CONTINUOUS * size.max(initial=0.0):
            return float(d)
    return math.inf


def _pieces_digits(t, n: int, x: np.ndarray, c: np.ndarray):
    total = 0
    for i, (left, right) in enumerate(pairwise(x)):
        column = [_digits.number(value) for value in c[::-1, i]]
        total += _digits.piece(t, _digits.number(left), _digits.number(right), column, n)
    return total
