"""Conditioning of the powers V_ik = l_i^k and of their limit, the Gram matrix of the states.

A twisted Fourier transform of the columns turns V into a Cauchy-like matrix, whose elimination
with complete pivoting multiplies and divides only: singular values far below 1e-16 of the
largest keep their digits.
"""

import numpy as np

from hippo_theory import _check
from hippo_theory.lti import szego
from hippo_theory.lti.pairings import one_minus
from hippo_theory.lti.systems import System
from hippo_theory.memory import _graded
from hippo_theory.memory._poles import every_pole


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
    nodes, L = _nodes(poles), _check.integer("L", L)
    gap = np.maximum(one_minus(nodes, nodes).real, 0.0)
    if normalized and not gap.all():
        k = int(np.argmin(gap))
        raise ValueError(f"normalized poles must lie inside the unit circle, got one at index {k}")
    if digits is not None:
        return _by_mpmath(nodes, L, normalized, _check.integer("digits", digits))
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


def gautschi_bounds(poles) -> tuple[float, float]:
    """log10 of bounds for the largest column sum of |V^{-1}|, V square, after Gautschi.

    Parameters
    ----------
    poles : array_like, shape (N,), or discrete system
        Distinct nodes in the closed unit disk. A system stands for its poles, which its one
        input must all drive; B is not read further.

    Returns
    -------
    lower, upper : float
        max_i prod_{j != i} 1 / |l_i - l_j| and max_i prod_{j != i} (1 + |l_j|) / |l_i - l_j|.

    Notes
    -----
    Column i of V^{-1} holds the coefficients of the Lagrange polynomial of node i; their sum of
    moduli lies between its Mahler measure and the value of its majorant at 1. O(N^2).
    docs/theory.md (7.17).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.gautschi_bounds([1.0, -1.0])
    (-0.3010299956639812, 0.0)
    """
    nodes = _nodes(poles)
    distance = np.abs(nodes[:, None] - nodes)
    np.fill_diagonal(distance, 1.0)
    _distinct(distance)
    lower = -np.log10(distance).sum(axis=1)
    growth = np.log10(1 + np.abs(nodes))
    return float(lower.max()), float((lower + growth.sum() - growth).max())


def beckermann_bound(N) -> float:
    """log10 of sqrt(2 / (N + 1)) (1 + sqrt(2))^(N - 1): no N real nodes are better conditioned.

    Parameters
    ----------
    N : int
        Number of real nodes and of powers.

    Notes
    -----
    After Beckermann; Chebyshev nodes come within a factor 2.8 of it up to N = 64.
    docs/theory.md (7.17).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.memory.beckermann_bound(64), 1)
    23.4
    """
    N = _check.integer("N", N)
    return float(0.5 * np.log10(2 / (N + 1)) + (N - 1) * np.log10(1 + np.sqrt(2)))


def large_sieve_bound(poles, L) -> float:
    """log10 of sqrt((L + 1/d - 1) / (L - 1/d - 1)): nodes on the circle at least d turns apart.

    Parameters
    ----------
    poles : array_like, shape (N,)
        Nodes on the unit circle.
    L : int
        Number of powers.

    Returns
    -------
    float
        Upper bound of log10 of the condition number; inf where L <= 1/d + 1.

    Notes
    -----
    After Moitra, from the large sieve inequality; d is the smallest distance of neighbouring
    angles, in turns. O(N log N). docs/theory.md (7.17).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> round(ht.memory.large_sieve_bound(np.exp(0.5j * np.pi * np.arange(4)), 16), 3)
    0.119
    """
    nodes, L = _nodes(poles), _check.integer("L", L)
    off = np.abs(np.abs(nodes) - 1)
    if off.max() > 4 * np.finfo(float).eps:
        k = int(np.argmax(off))
        raise ValueError(
            f"poles must lie on the unit circle, got |pole| = {abs(nodes[k]):g} at index {k}"
        )
    turns = np.sort(np.angle(nodes)) / (2 * np.pi)
    separation = np.diff(np.r_[turns, turns[0] + 1]).min()
    if L * separation <= 1 + separation:
        return np.inf
    return float(0.5 * np.log10((L + 1 / separation - 1) / (L - 1 / separation - 1)))


def _nodes(poles):
    if isinstance(poles, System):
        return every_pole(poles)[0]
    nodes = _check.array("poles", poles, ndim=1).astype(complex)
    if nodes.size == 0:
        raise ValueError(f"poles must hold at least one pole, got shape {nodes.shape}")
    size = np.abs(nodes)
    if size.max() > 1 + 4 * np.finfo(float).eps:
        k = int(np.argmax(size))
        raise ValueError(
            f"poles must lie in the closed unit disk, got |pole| = {size[k]:.17g} at index {k}"
        )
    return nodes


def _distinct(distance):
    if not distance.all():
        i, j = np.argwhere(distance == 0)[0]
        raise ValueError(f"poles must be distinct, got equal ones at indices {i}, {j}")


def _singular_values(nodes, L, gap, scale):
    """Of diag(scale) V, descending, from V = X D Y^T up to unitary factors."""
    _distinct(np.abs(nodes[:, None] - nodes) + np.eye(nodes.size))
    X, Y, mantissas, exponents = _eliminate(nodes, *_cauchy(nodes, L, gap, scale))
    if exponents.max() - exponents.min() > 960:
        raise np.linalg.LinAlgError("the condition number must stay below 1e290, got more")
    d = np.ldexp(1.0, exponents - exponents.max()) * mantissas
    _, R, order = _graded.qr(X * d)
    return _graded.singular_values((R @ Y[:, order].T).conj().T)


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
        weight = [1 - abs(a) ** 2 if normalized else mpmath.mpf(1) for a in z]
        N = len(z)
        if N <= L:
            root = [mpmath.sqrt(w) for w in weight]
            power = lambda q: (1 - q**L) / (1 - q) if q != 1 else mpmath.mpf(L)  # noqa: E731
            entries = [
                [root[i] * root[j] * power(z[i] * mpmath.conj(z[j])) for j in range(N)]
                for i in range(N)
            ]
        else:
            entries = [
                [sum(w * mpmath.conj(a) ** j * a**k for w, a in zip(weight, z, strict=True))
                 for k in range(L)]
                for j in range(L)
            ]  # fmt: skip
        values = mpmath.eighe(mpmath.matrix(entries), eigvals_only=True)
        small, large = min(values), max(values)
        if small <= large * mpmath.mpf(10) ** (8 - digits):
            raise np.linalg.LinAlgError(
                f"digits must resolve the square of the condition number, got {digits}"
            )
        return float(mpmath.log10(large / small) / 2)
