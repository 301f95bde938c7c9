"""Depth: cascades of D layers, of one pole each, learn by one scalar equation.

H = prod_l c_l b_l g_l has the gain w = prod of m = 2 D factors. Equal factors obey
tau w' = m w^(2 - 2/m) (sigma - eta w); with w = (sigma / eta) x^D this is
x^(-D) + 1 / (1 - x^D) integrated, and the second term is a sum of D logarithms.
"""

import math
from typing import Any

import numpy as np

from hippo_theory import _check
from hippo_theory._check import positive
from hippo_theory.learning._arguments import factors
from hippo_theory.learning.line import gains_on_line, start_levels
from hippo_theory.learning.statistics import one_pole

_EPS = np.finfo(float).eps
_ITERATIONS = 200
_BLOCK = 2**16  # logarithms at a time
_ENDED = 700.0  # of log(w / (w* - w)): exp(-700) is a double still
DEEPEST = 10**6  # layers, each with a logarithm of its own


def deep_time(w, w0, layers, sigma, eta=None, tau=1.0) -> np.ndarray:
    """Time at which balanced gradient flow of D layers takes the gain from w0 to w.

    Parameters
    ----------
    w : array_like
        Targets from w0 up to, not including, sigma / eta; any shape.
    w0 : float
        Start, of the sign of sigma.
    layers : int or inf
        D: every layer has two factors. `inf` is the limit of many layers, tau w' = w^2 (sigma -
        eta w). More layers learn faster, so this limit divides the learning rate by 2 D.
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
    w = _check.double("w", w, real=True)
    sigma, eta = one_pole(sigma, eta)
    w0, sigma = _check.number("w0", w0), _check.number("sigma", sigma)
    eta = _check.number("eta", eta, above=0.0)
    tau = _check.number("tau", tau, above=0.0)
    if not (isinstance(layers, float) and layers == math.inf):
        layers = _check.integer("layers", layers, maximum=DEEPEST)
    if np.sign(w0) * np.sign(sigma) <= 0:
        raise ValueError(f"w0 must have the sign of sigma = {sigma:g}, got {w0:g}")
    sign = math.copysign(1.0, sigma)
    target, start, force = sign * w, sign * w0, sign * sigma
    final = _final(force, eta)
    with np.errstate(over="ignore"):
        bad = (target < start) | (eta * target >= force)
    if bad.any():
        raise ValueError(
            f"w must lie between w0 = {w0:g} and sigma / eta = {sigma / eta:g}, which flow "
            f"approaches and never reaches, got {w[bad][0]:g}"
        )
    with np.errstate(all="ignore"):  # refused below
        log_z0, log_z = _log_fraction(start, force, eta), _log_fraction(target, force, eta)
        rise = _rise(start, target, log_z0, log_z)
        shape = _elapsed(layers, start / final, log_z0, log_z, rise)
        time = tau * _unit(layers, force, final) * shape
    if not np.isfinite(time).all():
        raise np.linalg.LinAlgError(
            f"the time must stay in the range of floating point, got w0 = {w0:g} and "
            f"sigma / eta = {sigma / eta:g}"
        )
    return time


def deep_gain(
    t, w0=None, layers: Any = None, sigma=None, eta=None, tau=1.0, *, b0=None, c0=None
) -> np.ndarray:
    """Gain w(t) of D cascaded layers under gradient flow, from any start, real or complex.

    Use it for the course of training of a cascade whose layers have one pole each; `deep_time`
    is its inverse for balanced starts, `gain` the case of one layer in closed form.

    Parameters
    ----------
    t : array_like
        Times, non-negative, any shape; in the units of tau.
    w0 : float or complex
        Balanced start: all 2 D factors of the modulus |w0|^(1 / 2 D).
    layers : int or inf
        D, with w0. `inf` is the limit of many layers with time counted as
        tau w' = |w|^2 (sigma - eta w), that is with 2 D times the learning rate.
    sigma : float or complex
    eta : float
        Statistics of the cascade's regressor u * g_1 * ... * g_D; eta > 0.
    tau : float
        Inverse learning rate.
    b0, c0 : array_like, shape (D, N)
        Any other start in place of w0 and layers: N states a layer that share the layer's pole.

    Returns
    -------
    ndarray, the shape of t; complex where sigma or the start is

    Raises
    ------
    TypeError
        If not one kind of start is given.
    numpy.linalg.LinAlgError
        If a time cannot be reached, or weights leave the range of floating point.

    Notes
    -----
    A balanced start between 0 and the target inverts `deep_time` by Newton's method between
    bounds, in log(w / (w* - w)), where the time is concave: O(D) an iteration. Every other start
    moves on a straight line to sigma / eta, and its position is one scalar equation, integrated
    to a relative error of 1e-13: O(D) a step. A balanced start opposite to the target tends to 0
    and never passes it. Derived here. docs/theory.md (8.17), (8.28).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> [round(float(ht.learning.deep_gain(5.9, 0.01, D, 1.0, 1.0)), 3) for D in (1, 2, 4)]
    [0.999, 0.988, 0.982]
    >>> b0, c0 = [[0.5, 0.1], [0.2, 0.0]], [[0.1, 0.3], [-0.4, 0.0]]  # from a negative gain
    >>> ht.learning.deep_gain([0.0, 5.0, 60.0], sigma=1.0, eta=1.0, b0=b0, c0=c0).round(6)
    array([-0.0064  ,  0.001214,  1.      ])
    """
    t = positive("t", t, zero=True)
    sigma, eta = one_pole(sigma, eta)
    sigma = _check.double("sigma", sigma, ndim=0)[()]
    eta = _check.number("eta", eta, above=0.0)
    tau = _check.number("tau", tau, above=0.0)
    with np.errstate(over="ignore", under="ignore"):
        clock = _check.in_range("t / tau", t / tau)
    if (b0 is None) != (c0 is None) or (w0 is None) == (b0 is None):
        raise TypeError("the start must be given as w0 and layers or as b0 and c0")
    if b0 is not None:
        b0, c0 = factors(b0, c0)
        _check.shape("b0", b0, ("D", "N"))
        return _in_order(clock, *start_levels(b0, c0), sigma, eta)
    w0 = _check.double("w0", w0, ndim=0)[()]
    if not (isinstance(layers, float) and layers == math.inf):
        layers = _check.integer("layers", layers, maximum=DEEPEST)
    real = not (np.iscomplexobj(w0) or np.iscomplexobj(sigma))
    with np.errstate(over="ignore", under="ignore"):
        below = eta * abs(w0) < abs(sigma)
    if real and below and np.sign(w0) * np.sign(sigma) > 0:
        return np.copysign(_inverse(clock, abs(w0), layers, abs(sigma), eta), sigma)
    levels = None if math.isinf(layers) else np.zeros(2 * int(layers))
    return _in_order(clock, w0, levels, sigma, eta)


def _in_order(t, w0, levels, sigma, eta):
    """Gains at the distinct times in increasing order, put back in their places."""
    _final(sigma, eta)
    distinct, place = np.unique(t, return_inverse=True)
    w = gains_on_line(distinct, w0, levels, sigma, eta)
    return _check.in_range("the gains", w)[place].reshape(t.shape)


def _final(sigma, eta):
    """Where the gain ends, refused where it is no double."""
    with np.errstate(over="ignore", under="ignore"):
        return _check.in_range("|sigma| / eta", np.divide(sigma, eta))


def _inverse(t, w0, D, sigma, eta):
    """w(t) by Newton's method between bounds in u = log(w / (w* - w)), from a good start."""
    final, power = _final(sigma, eta), 1 - 1 / D
    with np.errstate(all="ignore"):  # infinite times lie beyond the bounds
        log_z0, goal = _log_fraction(w0, sigma, eta), t / _unit(D, sigma, final)
        low = np.full(t.shape, log_z0 - np.log(-np.expm1(log_z0)))
        # the slope of the time in u is at least 1; beyond _ENDED w is sigma / eta to rounding
        high = np.maximum(np.minimum(low + goal, _ENDED), low)
        u = np.clip(_plateau(goal, log_z0, power, low), low, high)
        for _ in range(_ITERATIONS):
            log_z = -np.logaddexp(0, -u)
            w = np.maximum(final * np.exp(log_z), w0)
            rise = _rise(w0, w, log_z0, log_z)
            gap = goal - _elapsed(D, w0 / final, log_z0, log_z, rise)
            low, high = np.where(gap >= 0, u, low), np.where(gap < 0, u, high)
            pace = np.exp(power * log_z)  # du/dt
            step = gap * pace
            inside = (u + step >= low) & (u + step <= high)
            moved = np.where(inside, u + step, (low + high) / 2)
            step = moved - u
            if (abs(moved - u) <= 8 * _EPS * (1 + abs(u) + goal * pace)).all():
                return np.where(t == 0, w0, w * (1 + step * -np.expm1(log_z)))
            u = moved
    raise np.linalg.LinAlgError(f"Newton's method must reach t / tau = {t.max():g}, got stuck")


def _plateau(goal, log_z0, power, low):
    """First guess of u: the wait for w^(-(1 - 1/D)) to fall, then the last approach."""
    if power == 0:
        return low + goal
    wait = np.exp(-power * log_z0) / power
    log_z = -np.log(np.maximum(power * (wait - goal), 2.0**power)) / power
    late = goal - wait
    return np.where(late < -(2.0**power) / power, log_z - np.log(-np.expm1(log_z)), late)


def _unit(D, sigma, final):
    """Time, in tau, by which the dimensionless time is counted."""
    pace = sigma * final if math.isinf(D) else 2 * D * sigma * final ** (1 - 1 / D)
    return 1 / _check.in_range("sigma |sigma / eta|^(1 - 1 / D)", np.float64(pace))


def _rise(w0, w, log_z0, log_z):
    """log(w / w0), from the difference where its ratio is a double."""
    leap = (w - w0) / w0
    return np.where(np.isfinite(leap), np.log1p(leap), log_z - log_z0)


def _elapsed(D, z0, log_z0, log_z, rise):
    """Dimensionless time from z0 to z = w eta / sigma, with rise = log(z / z0)."""
    if math.isinf(D):
        fall = -np.expm1(-rise)  # (z - z0) / z
        wait = fall * _power(z0, log_z0, -1.0)
        return wait + rise + np.log1p(fall * np.exp(log_z) / -np.expm1(log_z))
    return _powers(D, z0, log_z0, rise) + _logarithms(D, log_z0, log_z, rise)


def _power(z0, log_z0, power):
    """z0^power, from the logarithm where z0 has lost its digits."""
    return np.where(z0 > 1e-300, np.float64(z0) ** power, np.exp(power * log_z0))


def _powers(D, z0, log_z0, rise):
    """D times the integral of x^(-D) from x0 = z0^(1/D)."""
    if D == 1:
        return rise
    power = (1 - D) / D
    return D / (1 - D) * _power(z0, log_z0, power) * np.expm1(power * rise)


def _logarithms(D, log_z0, log_z, rise):
    """D times the integral of 1 / (1 - x^D) from x0: -sum_k r_k log(1 - x / r_k), r_k^D = 1."""
    from scipy.special import log1p  # NumPy's complex log1p is not accurate near zero

    x0 = np.exp(log_z0 / D)
    step = np.exp(log_z / D) * -np.expm1(-rise / D)  # x - x0
    total = np.log1p(step / -np.expm1(log_z / D))
    pairs = np.arange(1, D // 2 + 1)  # r and conj(r) give the same real part
    for k in np.array_split(pairs, 1 + pairs.size * total.size // _BLOCK):
        turn = np.exp(-2j * math.pi * k / D)
        ratio = log1p(-step[..., None] * turn / (1 - x0 * turn))  # log((1 - x/r) / (1 - x0/r))
        total = total - (np.where(2 * k == D, 1.0, 2.0) * (np.conj(turn) * ratio).real).sum(-1)
    return total


def _log_fraction(w, sigma, eta):
    """log(eta w / sigma), from the difference where w is near sigma / eta."""
    fraction = eta * w / sigma
    apart = np.log(w) + np.log(eta) - np.log(sigma)  # where the fraction has lost its digits
    small = np.where(fraction > 1e-300, np.log(fraction), apart)
    return np.where(fraction > 0.5, np.log1p((eta * w - sigma) / sigma), small)
