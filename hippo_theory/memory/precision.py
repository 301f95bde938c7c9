"""What is left of the memory when the states carry noise or are rounded to p bits.

With unit-variance states of covariance Gamma and independent noise of variances D,

    MC_D(k) = v_k^* (Gamma + D)^{-1} v_k,      sum_k MC_D(k) <= tr Gamma (Gamma + D)^{-1} = d_eff.
"""

from dataclasses import dataclass

import numpy as np

from hippo_theory import _check
from hippo_theory._table import Table
from hippo_theory.lti import batches, cascade, graded, szego
from hippo_theory.lti.pairings import pairings
from hippo_theory.memory._inputs import NEGLIGIBLE, chain, has_several
from hippo_theory.memory._noise import accumulated
from hippo_theory.memory._poles import every_pole
from hippo_theory.memory.orthonormal import orthonormal_realization


@dataclass(frozen=True, slots=True, eq=False)
class Precision:
    """A floating-point format.

    Attributes
    ----------
    name : str
    bits : int
        Significant bits, the implicit one included; the unit roundoff is 2^-bits.
    lowest : int
        Exponent of the smallest normal number, below which numbers have fewer bits.
    largest : float
        Largest finite number.
    """

    name: str
    bits: int
    lowest: int = -1022
    largest: float = np.finfo(float).max

    def __post_init__(self):
        _check.integer("bits", self.bits)


PRECISIONS = Table(
    [
        Precision("float8_e5m2", 3, -14, 57344.0),
        Precision("float8_e4m3", 4, -6, 448.0),
        Precision("bfloat16", 8, -126, 2.0**128 - 2.0**120),
        Precision("float16", 11, -14, 65504.0),
        Precision("float32", 24, -126, 2.0**128 - 2.0**104),
        Precision("float64", 53),
    ],
    ("name", "bits", "lowest", "largest"),
)


@batches.numbers
def effective_dimension(poles, precision=None, *, noise=None, block=None) -> float:
    """d_eff = tr Gamma (Gamma + D)^{-1}: how many of the N states the noise leaves.

    Parameters
    ----------
    poles : array_like, shape (N,), or discrete system
        Distinct. A system stands for its poles, which its input must all drive; B is rescaled to
        that of unit-variance states. With several inputs it must be diagonal.
    precision : str or Precision, optional
        A name in `PRECISIONS`: states are rounded after every step.
    noise : float or array_like, shape (N,), optional
        Instead: noise variances relative to the variances of the states.
    block : int, optional
        At most N: the recurrence runs in the coordinates of `orthonormal_realization` instead
        of diagonal ones; the noise of a state runs on through all later ones. All block sizes
        give the same number.

    Returns
    -------
    float
        Between 0 and N.

    Raises
    ------
    ValueError
        If poles coincide, or not exactly one of precision and noise is given.
    numpy.linalg.LinAlgError
        If noise in orthonormal coordinates runs on for too long to be summed to six digits.

    Notes
    -----
    Singular values of D^{-1/2} Phi, graded and from accurate factors, so that float64 arithmetic
    is enough whatever the condition number. The rounding model is `rounding_noise`; in
    orthonormal coordinates the sum of what each step adds, by doubling. O(N^3).
    docs/theory.md (7.18), (7.21).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.memory.effective_dimension([0.5, -0.5], "bfloat16"), 5)
    1.99999
    >>> round(ht.memory.effective_dimension([0.5, -0.5], noise=0.1), 6)
    1.741176
    """
    if block is None:
        s = _singular_values(poles, precision, noise)
        return float(np.sum(s**2 / (1 + s**2)))
    given, (poles, log_poles) = poles, every_pole(poles)
    D = _noise(poles, log_poles, precision, noise)
    form = orthonormal_realization(given, block)
    if noise is not None:
        return float(np.sum(1 / (1 + D)))
    step = D * pairings(poles, log_poles=log_poles).diagonal  # what rounding adds in one step
    spread = np.linalg.eigvalsh(accumulated(form.A, np.diag(step)))
    return float(np.sum(1 / (1 + spread)))


@batches.numbers
def noisy_capacity(poles, K, precision=None, *, noise=None) -> np.ndarray:
    """MC_D(k), k = 0 .. K - 1: the memory curve under rounding or noise in diagonal states.

    Parameters
    ----------
    poles, precision, noise
        As for `effective_dimension`.
    K : int
        Number of lags.

    Returns
    -------
    numpy.ndarray, shape (K,), or (K, m) of a system with m > 1 inputs
        Below `capacity`, non-increasing, hence at most d_eff / (k + 1).

    Raises
    ------
    ValueError
        As for `effective_dimension`.

    Notes
    -----
    The sum over modes of s^2 / (1 + s^2) |w^* t_k|^2, with singular values s and right vectors w
    of D^{-1/2} Phi, and t_k the chain's impulse response. O(N^3 + N^2 K). docs/theory.md (7.18).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.noisy_capacity([0.5, -0.5], 3, noise=0.1).round(4)
    array([0.8824, 0.75  , 0.0551])
    """
    if has_several(poles):
        return _noisy_inputs(poles, K, precision, noise)
    poles, log_poles = every_pole(poles)
    D = _noise(poles, log_poles, precision, noise)
    diagonal = pairings(poles, log_poles=log_poles).diagonal
    factors = szego.generator_cholesky(poles, np.sqrt(diagonal / D), log_poles=log_poles)
    order, rank = factors.pivots, int(np.sum(factors.log_pivots > np.log(NEGLIGIBLE)))
    log_poles = None if log_poles is None else log_poles[order]
    phi = szego.triangular_factor(poles[order], log_poles=log_poles)[:, :rank]
    _, s, right = graded.svd(phi / np.sqrt(D[order, None]))
    T = cascade.impulse_response(poles[order], _check.integer("K", K), log_poles=log_poles)
    return np.abs(T[:, :rank] @ right.T) ** 2 @ (s**2 / (1 + s**2))


def rounding_noise(poles, precision) -> np.ndarray:
    """Variances u^2 / (8 ln 2 (1 - |l|^2)), u = 2^-p, that rounding adds to unit-variance states.

    Parameters
    ----------
    poles : array_like, shape (N,), or discrete system
        A system stands for its poles, which its one input must all drive; B is rescaled to that
        of unit-variance states.
    precision : str or Precision

    Returns
    -------
    numpy.ndarray, shape (N,)

    Raises
    ------
    ValueError
        If a pole is not inside the unit circle or not driven, or the precision is unknown.

    Notes
    -----
    A model: every step rounds the state to p bits with an error uniform over the last place;
    averaging over a mantissa uniform in the logarithm gives u^2 / (8 ln 2) of the variance.
    Weights and inputs are taken as exact. docs/theory.md (7.19).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.rounding_noise([0.0], "bfloat16") * 2**16
    array([0.18033688])
    """
    if has_several(poles):
        return _variances(chain(poles).gap, precision, None)
    poles, log_poles = every_pole(poles)
    return _noise(poles, log_poles, precision, None)


@batches.numbers
def state_information(poles, precision=None, *, noise=None) -> float:
    """log2 det(I + D^{-1} Gamma): bits that the noisy state holds about its past input.

    Parameters
    ----------
    poles, precision, noise
        As for `effective_dimension`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        As for `effective_dimension`.

    Notes
    -----
    For Gaussian complex input; half of it for a real recurrence (poles with their conjugates).
    Tends to N log2(1 / noise) + log2 det Gamma for small noise. O(N^3). docs/theory.md (7.20).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> round(ht.memory.state_information([0.0], noise=1.0), 12)
    1.0
    """
    s = _singular_values(poles, precision, noise)
    return float(np.sum(2 * np.log2(np.hypot(1, s))))


def _noisy_inputs(system, K, precision, noise):
    """MC_D (K, m) of a system with several inputs."""
    found, scaled = _several(system, precision, noise)
    m, r = found.directions.shape[1], found.poles.size
    K = _check.size("K", K, by=m * (m + r), itemsize=16)
    _, s, right = graded.svd(scaled)
    T = np.stack(list(found.responses(K)), axis=-1)
    return np.abs(T @ right.T) ** 2 @ (s**2 / (1 + s**2))


def _singular_values(poles, precision, noise):
    """Of D^{-1/2} Phi, from X D of its generator Cholesky: columns graded, then pivoted QR."""
    if has_several(poles):
        return graded.column_values(_several(poles, precision, noise)[1])
    poles, log_poles = every_pole(poles)
    D = _noise(poles, log_poles, precision, noise)
    diagonal = pairings(poles, log_poles=log_poles).diagonal
    factors = szego.generator_cholesky(
        poles, np.sqrt(diagonal / D), log_poles=log_poles, tolerance=_tolerance(D)
    )
    columns = factors.factor * np.sqrt(factors.scaled_pivots())
    return graded.column_values(columns)


def _several(system, precision, noise):
    """The chain of a system with several inputs, and D^{-1/2} Phi."""
    found = chain(system, lambda gap: _variances(gap, precision, noise))
    return found, found.factor / np.sqrt(_variances(found.gap, precision, noise))[:, None]


def _tolerance(D):
    """Of pivots against the first one, 1 / min(D), for NEGLIGIBLE pivots."""
    return min(NEGLIGIBLE * float(D.min()), 0.5)


def _noise(poles, log_poles, precision, noise):
    return _variances(pairings(poles, log_poles=log_poles).diagonal, precision, noise)


def _variances(gap, precision, noise):
    """Noise variances of unit-variance states with these 1 - |l|^2."""
    if (precision is None) == (noise is None):
        got = "neither" if noise is None else "both"
        raise ValueError(f"one of precision and noise must be given, got {got}")
    if precision is not None:
        row = _check.choice("precision", precision, PRECISIONS, Precision)
        return 4.0**-row.bits / (8 * np.log(2) * gap)
    noise = _check.positive("noise", noise)
    if noise.shape not in ((), gap.shape):
        raise ValueError(f"noise must have shape () or {gap.shape}, got {noise.shape}")
    return np.full(gap.size, 1.0) * noise
