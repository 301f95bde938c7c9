"""Expected statistics of stationary inputs, white and AR(1), in closed form."""

import numpy as np

from hippo_theory import _check
from hippo_theory.learning._arguments import pole_array
from hippo_theory.learning.statistics import Statistics


def population_statistics(
    poles,
    target_poles,
    target_weights,
    *,
    correlation: float = 0.0,
    noise: float = 0.0,
    samples: float = 1.0,
) -> Statistics:
    """Expected sums over `samples` stationary samples of a teacher y = sum w*_k (g_k * u) + noise.

    Parameters
    ----------
    poles, target_poles : array_like, shape (N,) and (K,)
        Poles of the student and of the teacher, inside the unit circle.
    target_weights : array_like, shape (K,)
        w*.
    correlation : float
        rho of the input, a unit-variance AR(1) process with covariance rho^|k|; 0 is white.
    noise : float
        Variance of white noise added to the target; it enters the energy alone.
    samples : float
        Number of samples summed over.

    Returns
    -------
    Statistics
        M_ij = samples (1 - rho^2 a) / ((1 - a) (1 - rho conj(a_i)) (1 - rho a_j)), a = conj(a_i) a_j,
        and s = M(poles, target_poles) w*.

    Notes
    -----
    O(N (N + K)). The edge is neglected: a causal sequence of L samples has
    E M_ij = sum_{n<L} (L - n) (conj(a_i) a_j)^n in place of L / (1 - conj(a_i) a_j). One minus a
    product is formed without rounding the product, so poles near the circle keep their digits.

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.learning.population_statistics([0.5], [0.5], [2.0]).s * 0.75
    array([2.])
    """
    poles = pole_array(poles, inside=True)
    targets = pole_array(target_poles, inside=True, name="target_poles")
    weights = np.atleast_1d(_check.array("target_weights", target_weights))
    _check.shape("target_weights", weights, (targets.size,))
    rho = _check.number("correlation", correlation, above=-1.0, below=1.0)
    noise = _check.number("noise", noise, minimum=0.0)
    samples = _check.number("samples", samples, above=0.0)
    M = samples * _covariance(poles, poles, rho)
    s = samples * _covariance(poles, targets, rho) @ weights
    signal = np.vdot(weights, _covariance(targets, targets, rho) @ weights).real
    source = f"expected sums over {samples:g} samples, AR(1) correlation {rho:g}"
    return Statistics(s, M, samples * (float(signal) + noise), source)


def _covariance(left, right, rho):
    """E conj(phi_i) phi_j for unit-variance AR(1) input; white for rho = 0."""
    left, right = left.conj()[:, None], right[None, :]
    scale = one_minus_product(rho, left) * one_minus_product(rho, right)
    return one_minus_product(rho * rho * left, right) / (one_minus_product(left, right) * scale)


def one_minus_product(x, y):
    """1 - x y with the rounding errors of the products added back."""
    x, y = np.broadcast_arrays(x, y)
    if np.isrealobj(x) and np.isrealobj(y):
        return _sum_of_products(1.0, -x, y, np.zeros_like(x), np.zeros_like(y))
    real = _sum_of_products(1.0, -x.real, y.real, x.imag, y.imag)
    imag = _sum_of_products(0.0, -x.real, y.imag, -x.imag, y.real)
    return real + 1j * imag


def _sum_of_products(constant, a, b, c, d):
    """constant + a b + c d, compensated by error-free products and sums."""
    ab, ab_error = _two_product(a, b)
    cd, cd_error = _two_product(c, d)
    first, first_error = _two_sum(constant, ab)
    total, total_error = _two_sum(first, cd)
    return total + (first_error + total_error + ab_error + cd_error)


def _two_sum(a, b):
    total = a + b
    other = total - a
    return total, (a - (total - other)) + (b - other)


def _two_product(a, b):
    product = a * b
    a_high, b_high = (134217729.0 * v - (134217729.0 * v - v) for v in (a, b))  # 2^27 + 1
    a_low, b_low = a - a_high, b - b_high
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error
