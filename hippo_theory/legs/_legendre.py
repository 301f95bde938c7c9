"""Integrals of the orthonormal shifted Legendre polynomials p_n(x) = sqrt(2n+1) P_n(2x-1)."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

POINTS = 2**18  # quadrature points held at once: about 20 MB of work space


def norms(N: int) -> np.ndarray:
    """sqrt(2n + 1) for n < N."""
    return np.sqrt(2.0 * np.arange(N) + 1.0)


def climb(u, w, alpha: float, N: int) -> Iterator[np.ndarray]:
    """2F1(-n, n+1; alpha+1; u) for n = 0..N-1, given u and w = 1 - u both accurately.

    With alpha = 0 this is P_n(1 - 2u); with alpha = p + 1 it is the integral of a one-sided
    power, see `power_coefficients`.

    Notes
    -----
    The contiguous relation (n+1+alpha) F_{n+1} = (2n+1)(1-2u) F_n - (n-alpha) F_{n-1} in
    differences d_{n+1} = F_{n+1} - F_n, as Reinsch does for cosines,

        (n+1+alpha) d_{n+1} = (n-alpha) d_n - 2 (2n+1) u F_n,    d_0 = 0,

    and for (-1)^n F_n the same with w in place of u and d_0 = 2. The nearer end is taken, so that
    errors do not grow as n^2 at the ends. O(N) operations for each u.
    """
    flipped = u > w
    near = np.where(flipped, w, u)
    sign = np.where(flipped, -1.0, 1.0)
    value = np.ones_like(near)
    step = np.where(flipped, 2.0, 0.0)
    for n in range(N):
        yield sign * value if n % 2 else value
        step = ((n - alpha) * step - (2.0 * (2 * n + 1)) * near * value) / (n + 1 + alpha)
        value = value + step


def power_coefficients(u, w, p: float, N: int) -> np.ndarray:
    """u^-(p+1) int_{1-u}^1 (x-1+u)^p p_n(x) dx = sqrt(2n+1)/(p+1) 2F1(-n, n+1; p+2; u), (K, N)."""
    columns = np.stack(list(climb(u, w, p + 1.0, N)), axis=-1)
    return columns * (norms(N) / (p + 1.0))


def project_pieces(t, N: int, left, width, coefficients) -> np.ndarray:
    """Project a piecewise polynomial: int_0^1 f(t x) p_n(x) dx, (K, N).

    Parameters
    ----------
    t : ndarray, shape (K,)
        Positive times.
    left, width : ndarray, shape (m,)
        Piece i is [left[i], left[i] + width[i]], ascending, disjoint; width is its own datum, so
        that a piece narrower than the spacing of floats keeps its measure. f is 0 elsewhere.
    coefficients : ndarray, shape (k, m)
        In powers of s - left[i], highest first.

    Notes
    -----
    Gauss-Legendre quadrature on each piece cut at t, with the fewest points that make it exact to
    rounding. No differences between pieces are formed: nothing is lost as 1/width.
    O(m N) operations for each time, times the points in a piece.
    """
    result = np.zeros((t.size, N))
    most = (len(coefficients) + N) // 2
    block = max(1, POINTS // max(1, len(left) * most))
    for k in range(0, t.size, block):
        part = slice(k, k + block)
        count = int(np.searchsorted(left, t[part].max()))
        cut = coefficients[:, :count]
        result[part] = _quadrature(t[part], N, left[:count], width[:count], cut)
    return result


def _quadrature(t, N: int, left, width, coefficients) -> np.ndarray:
    t = t[:, None, None]
    left = np.minimum(left[:, None], t)
    space = t - left
    width = np.minimum(width[:, None], space)
    degree = len(coefficients) - 1
    count = points_needed(N, degree, float((width / t).max(initial=0.0)))
    start, end, weights = gauss(count)
    local = width * start
    weighted = np.zeros_like(local)
    for row in coefficients:
        weighted = weighted * local + row[:, None]
    weighted *= width / t * weights
    x, y = (left + local) / t, (space - width + width * end) / t
    flat = (len(t), -1)
    rows = climb(y.reshape(flat), x.reshape(flat), 0.0, N)
    sums = [np.vecdot(weighted.reshape(flat), row) for row in rows]
    return np.stack(sums, axis=-1) * norms(N)


def points_needed(N: int, degree: int, width: float) -> int:
    """Gauss points for degree `degree` times p_n, n < N, on a piece of relative width `width`.

    P_n(1 - 2u) has no Taylor term at any point of [0, 1] above (n(n+1) u)^k / k!^2. Terms are
    integrated exactly until they fall below 2^-56, or all of them.
    """
    reach = N * N * width / 2
    term, k = 1.0, 0
    while k < N and (term > 2.0**-56 or k * k < 2 * reach):
        k += 1
        term *= reach / k**2
    return max(1, (min(k, N) + degree + 1) // 2)


def cell_points(widths: np.ndarray, N: int, degree: int) -> np.ndarray:
    """`points_needed` for cells of many relative widths: those of about one width share a rule."""
    classes = np.ceil(4 * np.log2(widths)).astype(int)
    counts = np.empty(classes.size, int)
    for one in np.unique(classes):
        counts[classes == one] = points_needed(N, degree, min(2.0 ** (one / 4), 1.0))
    return counts


@lru_cache(maxsize=64)
def gauss(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gauss-Legendre points x on [0, 1], 1 - x, and weights.

    Newton's method for P_m(cos theta) in theta: weights keep 15 digits at the ends, where those
    of NumPy and SciPy keep 11 for m = 128.
    """
    angle = np.pi * (np.arange(count) + 0.75) / (count + 0.5)
    slope = np.ones(count)
    for _ in range(6):
        near, far = np.sin(angle / 2) ** 2, np.cos(angle / 2) ** 2
        *_, before, last = climb(near, far, 0.0, count + 1)
        slope = count * ((far - near) * last - before) / np.sin(angle)  # d P_m / d theta
        angle = angle - last / slope
    near, far = np.sin(angle / 2) ** 2, np.cos(angle / 2) ** 2
    return far, near, 1.0 / slope**2
