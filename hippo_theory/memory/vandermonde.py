"""Conditioning of the powers V_ik = l_i^k and of their limit, the Gram matrix of the states.

A twisted Fourier transform of the columns turns V into a Cauchy-like matrix, whose elimination
with complete pivoting multiplies and divides only: singular values far below 1e-16 of the
largest keep their digits.
"""

import numpy as np

from hippo_theory import _check
from hippo_theory.lti import graded, szego
from hippo_theory.lti.pairings import one_minus
from hippo_theory.memory._poles import disk_nodes, every_pole, refuse_repeated

LARGEST_DIGITS = 10**5


def vandermonde_log10_condition(poles, L, *, normalized=False, digits=None) -> float:
    """log10 of the 2-norm condition number of V_ik = l_i^k, N x L: beyond 1e16 as well.

    Parameters
    ----------
    poles : array_like, shape (N,), or discrete system
        Nodes in the closed unit disk, distinct. A system stands for its poles, which its one
        input must all drive; B is rescaled to that of unit-variance states.
    L : int
        Number of powers.
    normalized : bool
        Scale rows to sqrt(1 - |l|^2), unit-variance states (poles inside the circle).
    digits : int, optional
        Compute with mpmath in this many decimal digits instead, from the Gram matrix of the
        smaller side: the check, slow for N beyond 30.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If nodes coincide or lie outside the closed unit disk.
    numpy.linalg.LinAlgError
        If the condition number exceeds 1e290, or `digits` are too few to resolve it.

    Notes
    -----
    The columns V exp(i k theta_j), theta_j = (2 pi j + psi) / L, are
    (1 - l^L e^{i psi}) / (1 - l e^{i theta_j}); psi keeps the theta_j away from the nodes. Schur
    complements of a Cauchy-like matrix are Cauchy-like (after Demmel), so V = X D Y^T with
    entrywise accurate factors; then two pivoted QR factorisations and an SVD of graded matrices.
    The shares of the error are N eps and the nodes' own rounding against their distance to the
    nearest theta_j. O(min(N, L) N L). docs/theory.md (7.16).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> n = np.arange(8)
    >>> round(ht.memory.vandermonde_log10_condition(np.cos((2 * n + 1) * np.pi / 16), 8), 3)
    2.41
    """
    nodes = disk_nodes(poles)
    L = _check.size("L", L, by=2 * nodes.size, itemsize=16)
    _check.flag("normalized", normalized)
    gap = np.maximum(one_minus(nodes, nodes).real, 0.0)
    if normalized and not gap.all():
        k = int(np.argmin(gap))
        raise ValueError(f"normalized poles must lie inside the unit circle, got one at index {k}")
    if digits is not None:
        digits = _check.integer("digits", digits, maximum=LARGEST_DIGITS)
        return _by_mpmath(nodes, L, normalized, digits)
    s = _singular_values(nodes, L, gap, np.sqrt(gap) if normalized else np.ones(nodes.size))
    return float(np.log10(s[0] / s[-1]))


def gram_log10_condition(poles) -> tuple[float, float]:
    """Proved bounds (lower, upper) of log10 cond of the unit-diagonal Gram matrix of the states.

    Parameters
    ----------
    poles : array_like, shape (N,), or discrete system
        A system stands for its poles, which its one input must all drive; B is rescaled to that
        of unit-variance states.

    Returns
    -------
    lower, upper : float
        At most log10(N) apart; inf for repeated poles.

    Raises
    ------
    ValueError
        If a pole is not inside the unit circle.

    Notes
    -----
    Gamma_ij = sqrt((1 - |l_i|^2)(1 - |l_j|^2)) / (1 - l_i conj(l_j)) is the covariance of
    unit-variance states, and the limit L -> inf of V V^* for normalized rows. Carleson's
    separations bound it: see `lti.szego.log10_condition_bounds`. O(N^3) for the largest
    eigenvalue. docs/theory.md (5.28).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> lower, upper = ht.memory.gram_log10_condition([0.5, -0.5])
    >>> bool(lower <= np.log10(4) <= upper)
    True
    """
    poles, log_poles = every_pole(poles)
    return szego.log10_condition_bounds(poles, log_poles=log_poles)


def _singular_values(nodes, L, gap, scale):
    """Of diag(scale) V, descending, from V = X D Y^T up to unitary factors."""
    refuse_repeated(nodes)
    X, Y, mantissas, exponents = _eliminate(nodes, *_cauchy(nodes, L, gap, scale))
    if exponents.max() - exponents.min() > 960:
        raise np.linalg.LinAlgError("the condition number must stay below 1e290, got more")
    d = np.ldexp(1.0, exponents - exponents.max()) * mantissas
    _, R, order = graded.qr(X * d)
    return graded.column_values((R @ Y[:, order].T).conj().T)


def _cauchy(nodes, L, gap, scale):
    """V F = rows_i / (sqrt(L) between_ij) for the twisted Fourier matrix F; half the angles."""
    radius, angle, depth = np.abs(nodes), np.angle(nodes), gap / (1 + np.abs(nodes))
    around = np.sort(np.mod(L * angle, 2 * np.pi))  # where the nodes^L are: twist in between
    openings = np.diff(np.r_[around, around[0] + 2 * np.pi])
    widest = int(np.argmax(openings))
    psi = -(around[widest] + openings[widest] / 2)
    small = radius < 0.5
    faded = -np.expm1(L * np.log1p(-np.where(small, 0.5, depth)))
    faded = np.where(small, 1 - radius**L, faded)  # 1 - r^L
    rows = scale * _one_minus(radius**L, faded, L * angle + psi)
    half = (np.pi * np.arange(L) + psi / 2) / L
    between = _one_minus(radius[:, None], depth[:, None], angle[:, None] + 2 * half)
    return rows, between, half


def _one_minus(radius, depth, angle):
    """1 - r e^{i angle} from r, 1 - r and the angle, without cancellation."""
    return depth + 2 * radius * np.sin(angle / 2) ** 2 - 1j * radius * np.sin(angle)


def _eliminate(nodes, rows, between, half):
    """Complete pivoting: X (N, r) and Y (L, r) with unit pivots, d = mantissas 2^exponents."""
    N, L = between.shape
    columns = np.full(L, 1 / np.sqrt(L), complex)
    size = np.abs(rows)[:, None] * np.abs(columns) / np.abs(between)
    X, Y, mantissas, exponents, exponent = [], [], [], [], 0
    for _ in range(min(N, L)):
        p, q = np.unravel_index(np.argmax(size), size.shape)
        X.append(rows / rows[p] * (between[p, q] / between[:, q]))
        Y.append(columns / columns[q] * (between[p, q] / between[p]))
        mantissas.append(rows[p] * columns[q] / between[p, q])
        exponents.append(exponent)
        row_factor = (nodes - nodes[p]) / between[:, q]
        # e^{2i half_j} - e^{2i half_q}, a difference of points on the circle
        chord = 2j * np.sin(np.pi * (np.arange(L) - q) / L) * np.exp(1j * (half + half[q]))
        column_factor = chord / between[p]
        size *= np.abs(row_factor)[:, None]
        size *= np.abs(column_factor)
        shift = int(np.frexp(size.max())[1])
        size *= 2.0**-shift
        rows, columns = rows * row_factor * 2.0**-shift, columns * column_factor
        exponent += shift
    return np.stack(X, 1), np.stack(Y, 1), np.array(mantissas), np.array(exponents)


def _by_mpmath(nodes, L, normalized, digits):
    import mpmath

    with mpmath.workdps(digits):
        z = [mpmath.mpc(complex(node)) for node in nodes]
        scale = [mpmath.sqrt(1 - abs(a) ** 2) if normalized else mpmath.mpf(1) for a in z]
        gram = _rows_gram if len(z) <= L else _columns_gram
        values = mpmath.eighe(mpmath.matrix(gram(mpmath, z, scale, L)), eigvals_only=True)
        small, large = min(values), max(values)
        if small <= large * mpmath.mpf(10) ** (8 - digits):
            raise np.linalg.LinAlgError(
                f"digits must resolve the square of the condition number, got {digits}"
            )
        return float(mpmath.log10(large / small) / 2)


def _rows_gram(mpmath, z, scale, L):
    """V V^*, by geometric sums."""
    products = [[a * mpmath.conj(b) for b in z] for a in z]
    sums = [[(1 - q**L) / (1 - q) if q != 1 else mpmath.mpf(L) for q in row] for row in products]
    return [
        [r * s * x for s, x in zip(scale, row, strict=True)]
        for r, row in zip(scale, sums, strict=True)
    ]


def _columns_gram(mpmath, z, scale, L):
    """V^* V."""
    V = mpmath.matrix([[r * a**k for k in range(L)] for r, a in zip(scale, z, strict=True)])
    return V.H * V
