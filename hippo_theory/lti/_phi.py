"""phi_1, phi_2 and the logarithm of a discrete pole, with no loss of digits at small steps."""

import math

import numpy as np
from scipy import special

from hippo_theory.lti._values import Array


def phi1(x: Array) -> Array:
    """phi_1(x) = (exp(x) - 1) / x, the mean of exp(x t) over 0 <= t <= 1."""
    nonzero = np.where(x == 0, 1, x)
    return np.where(x == 0, 1, special.expm1(nonzero) / nonzero)


def phi2(x: Array) -> Array:
    """phi_2(x) = (exp(x) - 1 - x) / x^2; by its Taylor series, 19 terms, inside |x| < 1."""
    small = np.abs(x) < 1
    far = np.where(small, 1, x)
    series = np.zeros_like(x)
    for k in range(18, -1, -1):
        series = series * np.where(small, x, 0) + 1 / math.factorial(k + 2)
    return np.where(small, series, (special.expm1(far) - far) / far**2)


def log_ratio(x: Array, alpha: float) -> Array | None:
    """log((1 + (1 - alpha) x) / (1 - alpha x)), or None where a pole is 0 and has none.

    |1 + (1 - alpha) x|^2 - |1 - alpha x|^2 = 2 Re x + (1 - 2 alpha) |x|^2 exactly, so that
    the decay rate of a weakly damped pole keeps its digits; near a pole of 0 the logarithms
    are subtracted.
    """
    top, bottom = 1 + (1 - alpha) * x, 1 - alpha * x
    if not top.all():
        return None
    excess = (2 * x.real + (1 - 2 * alpha) * (x.real**2 + x.imag**2)) / np.abs(bottom) ** 2
    near_zero = excess < -0.5
    by_excess = np.log1p(np.where(near_zero, 0, excess)) / 2
    growth = np.where(near_zero, np.log(np.abs(top)) - np.log(np.abs(bottom)), by_excess)
    if x.dtype.kind == "f" and (top > 0).all() and (bottom > 0).all():
        return growth
    return growth + 1j * (np.angle(top) - np.angle(bottom))
