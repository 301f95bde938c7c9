"""Depth: cascades of D one-state layers, balanced, learn by one scalar equation.

H = prod_l c_l b_l g_l has the gain w = prod of m = 2 D factors. Equal factors obey
tau w' = m w^(2 - 2/m) (sigma - eta w); with w = (sigma / eta) x^D this is
x^(-D) + 1 / (1 - x^D) integrated, and the second term is a sum of D logarithms.
"""

import math

import numpy as np

from hippo_theory import _check


def deep_time(w, w0, layers, sigma, eta, tau=1.0) -> np.ndarray:
    """Time at which balanced gradient flow of D layers takes the gain from w0 to w.

    Parameters
    ----------
    w : array_like
        Targets from w0 up to, not including, sigma / eta; any shape.
    w0 : float
        Start, of the sign of sigma.
    layers : int or inf
        D: every layer has two factors. `inf` is the limit of many layers with time counted as
        tau w' = w^2 (sigma - eta w), that is with 2 D times the learning rate.
    sigma, eta : float
        Statistics of the cascade's regressor u * g_1 * ... * g_D; eta > 0.
    tau : float
        Inverse learning rate.

    Returns
    -------
    ndarray, the shape of w, in the units of tau

    Raises
    ------
    ValueError
        If a target is already passed or never reached.
    numpy.linalg.LinAlgError
        If a time leaves the range of floating point.

    Notes
    -----
    O(D) a target, without quadrature; differences of the antiderivative are formed term by term,
    so short times keep their digits. D = 1 is the logistic `time_to`; the first escape from a
    small w0 takes a time ~ w0^(-(1 - 1/D)). docs/theory.md (8.17).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> [round(float(ht.learning.deep_time(0.99, 0.01, D, 1.0, 1.0)), 3) for D in (1, 2, 4)]
    [4.595, 5.944, 5.975]
    """
    w = _check.array("w", w, real=True)
    w0, sigma = _check.number("w0", w0), _check.number("sigma", sigma)
    eta = _check.number("eta", eta, above=0.0)
    tau = _check.number("tau", tau, above=0.0)
    if layers != math.inf:
        layers = _check.integer("layers", layers)
    if w0 * sigma <= 0:
        raise ValueError(f"w0 must have the sign of sigma = {sigma:g}, got {w0:g}")
    sign = math.copysign(1.0, sigma)
    target, start, force = sign * w, sign * w0, sign * sigma
    bad = (target < start) | (eta * target >= force)
    if bad.any():
        raise ValueError(
            f"w must lie between w0 = {w0:g} and sigma / eta = {sigma / eta:g}, which flow "
            f"approaches and never reaches, got {w[bad][0]:g}"
        )
    final, step = force / eta, target - start
    rise = np.log1p(step / start)  # log(w / w0)
    if layers == math.inf:
        end = np.log1p(eta * step / (force - eta * target))
        return tau / (force * final) * (step / start * (final / target) + rise + end)
    D = layers
    with np.errstate(divide="ignore", over="ignore"):  # refused below
        shape = _powers(D, np.float64(start / final), rise)
        log_z0, log_z = _log_fraction(start, force, eta), _log_fraction(target, force, eta)
        shape = shape + _logarithms(D, log_z0, log_z, rise)
        time = tau / (2 * D * force * final ** (1 - 1 / D)) * shape
    if not np.isfinite(time).all():
        raise np.linalg.LinAlgError(
            f"the time must stay in the range of floating point, got w0 = {w0:g} and "
            f"sigma / eta = {sigma / eta:g}"
        )
    return time


def _powers(D, z0, rise):
    """D times the integral of x^(-D) from x0 = z0^(1/D)."""
    if D == 1:
        return rise
    power = (1 - D) / D
    return D / (1 - D) * z0**power * np.expm1(power * rise)


def _logarithms(D, log_z0, log_z, rise):
    """D times the integral of 1 / (1 - x^D) from x0: -sum_k r_k log(1 - x / r_k), r_k^D = 1."""
    from scipy.special import log1p  # NumPy's complex log1p is not accurate near zero

    x0 = np.exp(log_z0 / D)
    step = x0 * np.expm1(rise / D)  # x - x0
    total = np.log1p(step / -np.expm1(log_z / D))
    for k in range(1, D):
        turn = np.exp(-2j * math.pi * k / D)
        ratio = log1p(-step * turn / (1 - x0 * turn))  # log((1 - x / r) / (1 - x0 / r))
        total = total - (np.conj(turn) * ratio).real
    return total


def _log_fraction(w, sigma, eta):
    """log(eta w / sigma), from the difference where w is near sigma / eta."""
    fraction = eta * w / sigma
    return np.where(fraction > 0.5, np.log1p((eta * w - sigma) / sigma), np.log(fraction))
