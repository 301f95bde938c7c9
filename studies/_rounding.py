"""The midpoint ladder of LegS in other arithmetics, for the study of rounding.

With K = 2k + 1 on equal steps its coefficients are integers: for z_n = c_n / sqrt(2n+1)
(K+n+1) z'_n = (K-n+1) z'_{n-1} + (K-n-1) z_n - (K+n-1) z_{n-1}, the input being f_k + f_{k+1} in
place of the terms of row n-1 when n = 0.
"""

import numpy as np

from hippo_theory._jit import njit


@njit(cache=True)
def as_written(f, N):
    """z after len(f) - 1 steps, in the precision of f."""
    kind = f.dtype.type
    z = np.zeros(N, f.dtype)
    z[0] = f[0]
    for k in range(len(f) - 1):
        before, made = kind(0), f[k] + f[k + 1]
        for n in range(N):
            now = z[n]
            if n:
                made = kind(2 * k + 2 - n) * made - kind(2 * k + n) * before
            z[n] = made = (made + kind(2 * k - n) * now) / kind(2 * k + n + 2)
            before = now
    return z


@njit(cache=True)
def compensated(f, N):
    """The same by increments d = z' - z, added with Kahan's compensation.

    (K+n+1) d_n = (K-n+1) d_{n-1} - 2 ((n+1) z_n + (n-1) z_{n-1}).
    """
    kind = f.dtype.type
    z, lost = np.zeros(N, f.dtype), np.zeros(N, f.dtype)
    z[0] = f[0]
    for k in range(len(f) - 1):
        before, d = kind(0), f[k] + f[k + 1]
        for n in range(N):
            now = z[n]
            if n:
                d = kind(2 * k + 2 - n) * d - kind(2 * (n - 1)) * before
            d = (d - kind(2 * (n + 1)) * now) / kind(2 * k + n + 2)
            addend = d - lost[n]
            z[n] = now + addend
            lost[n] = (z[n] - now) - addend
            before = now
    return z


@njit(cache=True)
def in_double_double(f, N):
    """The same with pairs of doubles (about 31 digits), rounded to double at the end."""
    high, low = np.zeros(N), np.zeros(N)
    high[0] = f[0]
    for k in range(len(f) - 1):
        before, made = (0.0, 0.0), _sum(f[k], f[k + 1])
        for n in range(N):
            now = high[n], low[n]
            if n:
                made = _add(_scale(made, 2.0 * k + 2 - n), _scale(before, -(2.0 * k + n)))
            made = _divide(_add(made, _scale(now, 2.0 * k - n)), 2.0 * k + n + 2)
            high[n], low[n] = made
            before = now
    return high


@njit
def _sum(x, y):
    total = x + y
    part = total - x
    return total, (x - (total - part)) + (y - part)


@njit
def _product(x, y):
    a, b = 134217729.0 * x, 134217729.0 * y  # Dekker's split, 2^27 + 1
    a, b = a - (a - x), b - (b - y)
    product = x * y
    return product, ((a * b - product) + a * (y - b) + (x - a) * b) + (x - a) * (y - b)


@njit
def _add(x, y):
    high, low = _sum(x[0], y[0])
    return _sum(high, low + (x[1] + y[1]))


@njit
def _scale(x, factor):
    high, low = _product(x[0], factor)
    return _sum(high, low + x[1] * factor)


@njit
def _divide(x, divisor):
    first = x[0] / divisor
    high, low = _product(first, divisor)
    return _sum(first, ((x[0] - high) - low + x[1]) / divisor)
