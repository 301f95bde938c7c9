"""Expected statistics of stationary inputs, white and AR(1), in closed form."""

import numpy as np

from hippo_theory import _check
from hippo_theory.learning._arguments import pole_array
from hippo_theory.learning.statistics import Statistics
from hippo_theory.learning.weights import coefficients, weighted_covariance
from hippo_theory.lti.pairings import one_minus


def population_statistics(
    poles,
    target_poles,
    target_weights,
    *,
    correlation: float = 0.0,
    noise: float = 0.0,
    samples: float = 1.0,
    weight=None,
) -> Statistics:
    """Expected sums over `samples` stationary samples of a teacher y = sum w*_k (g_k * u) + noise.

    Parameters
    ----------
    poles, target_poles : array_like, shape (N,) and (K,)
        Poles of the student and of the teacher, inside the unit circle; of a discrete system in
        their place, its poles alone are read.
    target_weights : array_like, shape (K,)
        w*.
    correlation : float
        rho of the input, a unit-variance AR(1) process with covariance rho^|k|; 0 is white.
    noise : float
        Variance of white noise added to the target; it enters the energy alone.
    samples : float
        Number of samples summed over.
    weight : float or array_like, shape (K + 1,), optional
        Fourier coefficients W_k of an even weight W = W_0 + 2 sum W_k cos(k omega) >= 0 of the
        squared error, or the order beta of `sobolev_weight`.

    Returns
    -------
    Statistics
        M_ij = samples (1 - rho^2 a) / ((1 - a) (1 - rho conj(a_i)) (1 - rho a_j)) with
        a = conj(a_i) a_j, and s = M(poles, target_poles) w*.

    Notes
    -----
    O(N (N + K)). The edge is neglected: a causal sequence of L samples has
    E M_ij = sum_{n<L} (L - n) (conj(a_i) a_j)^n in place of L / (1 - conj(a_i) a_j). One minus a
    product is formed without rounding the product, so poles near the circle keep their digits.
    docs/theory.md (8.5), (8.34).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.learning.population_statistics([0.5], [0.5], [2.0]).s * 0.75
    array([2.])
    """
    poles = pole_array(poles, inside=True)
    targets = pole_array(target_poles, inside=True, name="target_poles")
    weights = np.atleast_1d(_check.double("target_weights", target_weights))
    _check.shape("target_weights", weights, (targets.size,))
    rho = _check.number("correlation", correlation, above=-1.0, below=1.0)
    noise = _check.number("noise", noise, minimum=0.0)
    samples = _check.number("samples", samples, above=0.0)

    def covariance(left, right):
        if weight is None:
            return _covariance(left, right, rho)
        return weighted_covariance(left, right, rho, weight)

    noise *= 1.0 if weight is None else float(coefficients(weight)[0])
    with np.errstate(over="ignore", invalid="ignore"):
        M = samples * covariance(poles, poles)
        s = samples * covariance(poles, targets) @ weights
        signal = np.vdot(weights, covariance(targets, targets) @ weights).real
        energy = samples * (float(signal) + noise)
    for what, part in (("M", M), ("s", s), ("the energy", energy)):
        _check.in_range(what, part)
    source = f"expected sums over {samples:g} samples, AR(1) correlation {rho:g}"
    source += "" if weight is None else ", weighted"
    return Statistics(s, M, energy, source, poles)


def _covariance(left, right, rho):
    """E conj(phi_i) phi_j for unit-variance AR(1) input; white for rho = 0."""
    i, j = left[:, None], right[None, :]
    scale = one_minus_product(rho, i).conj() * one_minus_product(rho, j)
    rest = one_minus_product(i, j)
    upper = one_minus_product(rho, rho) + rho * rho * rest  # 1 - rho^2 conj(a_i) a_j
    return upper / (rest * scale)


def one_minus_product(x, y):
    """1 - conj(x) y to relative precision, real where both are."""
    result = one_minus(y, x)
    return result if np.iscomplexobj(x) or np.iscomplexobj(y) else result.real
