"""The pole Gram matrix b_i conj(b_j) / (1 - l_i conj(l_j)): every quantity to relative precision.

Its continuous kin has the denominators -(l_i + conj(l_j)). Nothing here subtracts numbers that
carry rounding errors: denominators and differences of poles are compensated, and everything else
is a product of those, so that determinants and condition numbers far beyond 1e16 are right.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from hippo_theory import _check, scales
from hippo_theory.lti.pairings import pairings

__all__ = [
    "GeneratorCholesky",
    "generator_cholesky",
    "gram",
    "log10_condition_bounds",
    "log_determinant",
    "log_separations",
    "pairings",
    "triangular_factor",
]


def gram(poles, *, discrete=True, log_poles=None, unit_diagonal=False) -> np.ndarray:
    """The Gram matrix 1 / w_ij, or sqrt(w_ii w_jj) / w_ij, every entry to relative precision.

    Parameters
    ----------
    poles, discrete, log_poles
        As for `pairings.pairings`.
    unit_diagonal : bool
        Scale rows and columns by sqrt(w_ii): unit-variance states.

    Returns
    -------
    numpy.ndarray, shape (N, N)
        The state covariance of x_k = l x_{k-1} + u_k under white input of unit variance.

    Raises
    ------
    ValueError
        If a pole is not stable.

    Notes
    -----
    docs/theory.md (5.24).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.lti.szego.gram([0.5, -0.5], unit_diagonal=True).real
    array([[1. , 0.6],
           [0.6, 1. ]])
    """
    _check.flag("unit_diagonal", unit_diagonal)
    pairs = pairings(poles, discrete=discrete, log_poles=log_poles)
    i = np.arange(pairs.diagonal.size)
    w = pairs.denominator(i[:, None], i)
    if not unit_diagonal:
        return 1 / w
    scale = np.sqrt(pairs.diagonal)
    return scale[:, None] * scale / w


@dataclass(frozen=True, slots=True, eq=False)
class GeneratorCholesky:
    """P = X diag(D^2) X^* for a weighted pole Gram matrix, with D^2 = mantissas 2^exponents.

    Attributes
    ----------
    factor : numpy.ndarray, shape (N, r)
        X: row i belongs to pole i; ``factor[pivots]`` is unit lower triangular.
    pivots : numpy.ndarray of int, shape (r,)
        The order of elimination.
    mantissas, exponents : numpy.ndarray, shape (r,)
        The diagonal of D^2, split so that it keeps its digits and does not underflow.
    """

    factor: np.ndarray
    pivots: np.ndarray
    mantissas: np.ndarray
    exponents: np.ndarray

    @property
    def log_pivots(self) -> np.ndarray:
        """Natural logarithms of D^2."""
        return np.log(self.mantissas) + np.log(2.0) * self.exponents

    def scaled_pivots(self, exponent: int = 0) -> np.ndarray:
        """D^2 / 2^exponent as floats; a value too small for a float is 0."""
        return scales.ldexp(self.mantissas, self.exponents - exponent)

    def __repr__(self):
        N, rank = self.factor.shape
        decades = np.ptp(self.log_pivots) / np.log(10)
        return f"generator Cholesky of rank {rank} of {N}, pivots over {decades:.1f} decades"


def generator_cholesky(
    poles, weights=None, *, discrete=True, log_poles=None, pivoted=True, tolerance=0.0
) -> GeneratorCholesky:
    """Cholesky factors of b_i conj(b_j) / w_ij without forming it, entrywise accurate.

    Parameters
    ----------
    poles, discrete, log_poles
        As for `pairings.pairings`; the poles must be distinct.
    weights : array_like, shape (N,), optional
        b, not zero; by default sqrt(w_ii), the unit-diagonal Gram matrix.
    pivoted : bool
        Take the largest remaining diagonal entry next; False eliminates in the order given.
    tolerance : float
        Stop where a pivot falls below this fraction of the first one (pivoted only).

    Returns
    -------
    GeneratorCholesky
        `.factor` X, `.pivots`, `.log_pivots`, `.scaled_pivots()`.

    Raises
    ------
    ValueError
        If poles coincide or are not stable, a weight is zero, or a shape is wrong.
    numpy.linalg.LinAlgError
        If an entry of X leaves the range of floating point, as may happen without pivoting.

    Notes
    -----
    A Schur complement of a Cauchy-like matrix is Cauchy-like: eliminating pole p multiplies b_i
    by (l_i - l_p) / w_ip. Only quotients and products of data occur, so the relative error of
    every entry is O(N eps), however small the entry; b is kept as mantissa and exponent. After
    the use of Cauchy-like structure by Demmel and by Haut and Beylkin. O(N^2) time and memory.
    docs/theory.md (5.25).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> factors = ht.lti.szego.generator_cholesky([0.9, 0.5, 0.1])
    >>> X, D2 = factors.factor, factors.scaled_pivots()
    >>> K = ht.lti.szego.gram([0.9, 0.5, 0.1], unit_diagonal=True)
    >>> bool(np.allclose((X * D2) @ X.conj().T, K))
    True
    """
    _check.flag("pivoted", pivoted)
    tolerance = _check.number("tolerance", tolerance, minimum=0.0, below=1.0)
    b, pairs = _generators(poles, weights, discrete, log_poles)
    B, E, w, order = _eliminate(b, pairs, pivoted=pivoted, tolerance=tolerance)
    k = np.arange(order.size)
    lead, exponent, diagonal = B[order, k], E[order, k], np.real(w[order, order])
    X = scales.restored("entries of X", B / lead * (diagonal / w[:, order]), E - exponent)
    X[order, k] = 1.0
    return GeneratorCholesky(X, order, np.abs(lead) ** 2 / diagonal, 2 * exponent)


def triangular_factor(poles, *, discrete=True, log_poles=None) -> np.ndarray:
    """Phi, lower triangular with unit-diagonal Gram matrix = Phi Phi^*, in closed form.

    Parameters
    ----------
    poles, discrete, log_poles
        As for `pairings.pairings`; the poles must be distinct.

    Returns
    -------
    numpy.ndarray, shape (N, N)
        Row i holds pole i's unit-variance state in Takenaka-Malmquist coordinates (the chain of
        `cascade` in the order given): x_i = sum_m Phi_im x~_m.

    Raises
    ------
    ValueError
        If poles coincide or are not stable.

    Notes
    -----
    Phi_im = s_i s_m / w_im * prod_{j < m} (l_i - l_j) / w_ij with s = sqrt(w_ii): products only,
    relative error O(N eps) in every entry. O(N^2). docs/theory.md (5.26).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.lti.szego.triangular_factor([0.5, -0.5]).real
    array([[ 1. ,  0. ],
           [ 0.6, -0.8]])
    """
    b, pairs = _generators(poles, None, discrete, log_poles)
    B, E, w, order = _eliminate(b, pairs, pivoted=False)
    return scales.ldexp(B, E) * (np.sqrt(np.real(w[order, order])) / w[:, order])


def log_separations(poles, *, discrete=True, log_poles=None) -> np.ndarray:
    """Logarithms of Carleson's separations delta_j = prod_{m != j} |l_j - l_m| / |w_jm|.

    Parameters
    ----------
    poles, discrete, log_poles
        As for `pairings.pairings`; a repeated pole has delta = 0, so log delta = -inf.

    Returns
    -------
    numpy.ndarray, shape (N,)

    Raises
    ------
    ValueError
        If a pole is not stable.

    Notes
    -----
    The factors are pseudo-hyperbolic distances rho. 1 / delta_j^2 is entry jj of the inverse of
    the unit-diagonal Gram matrix. Where rho is near 1, log rho = log1p(-w_jj w_mm / |w_jm|^2)/2
    keeps its digits. O(N^2). docs/theory.md (5.27).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> np.exp(ht.lti.szego.log_separations([0.5, -0.5]))
    array([0.8, 0.8])
    """
    pairs = pairings(poles, discrete=discrete, log_poles=log_poles)
    diagonal, i = pairs.diagonal, np.arange(pairs.diagonal.size)
    result = np.empty(i.size)
    for j in i:
        others = i[i != j]
        size = np.abs(pairs.denominator(j, others))
        coherence = (diagonal[j] / size) * (diagonal[others] / size)  # 1 - rho^2
        with np.errstate(divide="ignore"):
            near = np.log(np.abs(pairs.difference(j, others)) / size)
        far = 0.5 * np.log1p(-np.minimum(coherence, 0.5))
        result[j] = np.where(coherence < 0.5, far, near).sum()
    return result


def log_determinant(poles, *, discrete=True, log_poles=None) -> float:
    """Logarithm of the determinant of the unit-diagonal Gram matrix, 2 sum_{i<j} log rho_ij.

    Parameters
    ----------
    poles, discrete, log_poles
        As for `pairings.pairings`; -inf where poles coincide.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a pole is not stable.

    Notes
    -----
    Twice the log-volume spanned by the N unit-variance states: 0 when they are uncorrelated.
    O(N^2). docs/theory.md (5.27).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> print(f"{np.exp(ht.lti.szego.log_determinant([0.5, -0.5])):.15g}")
    0.64
    """
    return float(log_separations(poles, discrete=discrete, log_poles=log_poles).sum())


def log10_condition_bounds(poles, *, discrete=True, log_poles=None) -> tuple[float, float]:
    """Proved (lower, upper) for log10 of the condition number of the unit-diagonal Gram matrix.

    Parameters
    ----------
    poles, discrete, log_poles
        As for `pairings.pairings`; both are inf where poles coincide.

    Returns
    -------
    lower, upper : float
        At most log10(N) apart.

    Raises
    ------
    ValueError
        If a pole is not stable.

    Notes
    -----
    1 / sum_j delta_j^-2 <= smallest eigenvalue <= min_j delta_j^2 (trace and diagonal of the
    inverse); the largest eigenvalue is the end that eigvalsh gets right, and its rounding error
    N eps is added to the bounds. O(N^3) for that eigenvalue, O(N^2) otherwise.
    docs/theory.md (5.28).

    Examples
    --------
    >>> import numpy as np
    >>> import hippo_theory as ht
    >>> lower, upper = ht.lti.szego.log10_condition_bounds([0.5, -0.5])
    >>> bool(lower <= np.log10(1.6 / 0.4) <= upper)
    True
    """
    log_delta = log_separations(poles, discrete=discrete, log_poles=log_poles)
    worst = -2 * log_delta.min()
    if np.isinf(worst):
        return np.inf, np.inf
    total = worst + np.log(np.exp(-2 * log_delta - worst).sum())
    P = gram(poles, discrete=discrete, log_poles=log_poles, unit_diagonal=True)
    largest = np.linalg.eigvalsh(P)[-1]
    slack = 4 * log_delta.size * np.finfo(float).eps * (1 + np.abs(log_delta).max())
    lower, upper = np.log(largest) + worst - slack, np.log(largest) + total + slack
    return max(0.0, float(lower / np.log(10))), float(upper / np.log(10))


def _generators(poles, weights, discrete, log_poles):
    pairs = pairings(poles, discrete=discrete, log_poles=log_poles)
    if weights is None:
        weights = np.sqrt(pairs.diagonal)
    weights = _check.array("weights", weights, ndim=1)
    _check.shape("weights", weights, (pairs.diagonal.size,))
    if not np.all(weights):
        raise ValueError(f"weights must not be zero, got 0 at index {np.argmin(np.abs(weights))}")
    return weights.astype(complex), pairs


def _eliminate(b, pairs, *, pivoted, tolerance=0.0):
    """Generators B 2^E before every pivot, (N, r), w, (N, N), and the pivots, (r,)."""
    N = b.size
    i, exponent = np.arange(N), scales.exponent(b[:, None], axis=1)[:, 0].astype(np.int64)
    w: Any = np.asarray(pairs.denominator(i[:, None], i), complex)
    apart = np.asarray(pairs.difference(i[:, None], i), complex)
    order, E = np.zeros(N, np.int64), np.zeros((N, N), np.int64)
    B = np.zeros((N, N), complex)
    mantissas = scales.ldexp(b, -exponent)
    from hippo_theory.lti._fast_szego import eliminate

    rank = eliminate(mantissas, exponent, w, apart, pivoted, tolerance, order, B, E)
    if rank < 0:
        k = int(np.count_nonzero(B.any(axis=0))) - 1
        raise ValueError(
            f"poles must be distinct, got equal ones at indices {order[k]}, {-1 - rank}"
        )
    return B[:, :rank], E[:, :rank], w, order[:rank]


def __dir__():
    """Name what is meant for users, for completion."""
    return __all__
