"""Powers of s and of |s - a|: steps, ramps, cusps, integrable singularities, log-chirps."""

import math

import numpy as np

from hippo_theory import _check
from hippo_theory.legs._legendre import norms, power_coefficients
from hippo_theory.legs.inputs import _digits
from hippo_theory.legs.inputs._value import Input, call, single


def monomial(p) -> Input:
    """f(s) = s^p, real p > -1.

    Notes
    -----
    c_n(t) = t^p sqrt(2n+1) p (p-1) .. (p-n+1) / ((p+1) .. (p+n+1)); for a natural number p only
    n <= p is non-zero. Otherwise the singularity at 0 allows order 1 + p at the final time and p
    in the maximum over time (none for p < 0, where f(0) is infinite and c(0+) does not exist).

    Examples
    --------
    >>> from hippo_theory.legs import inputs
    >>> inputs.monomial(1).project([2.0], 3).round(6)
    array([[1.     , 0.57735, 0.     ]])
    """
    p = _check.number("p", p, above=-1.0)
    smooth = p == int(p)
    return single(
        name=call("monomial", p),
        values=lambda t: t**p,
        project=lambda t, N: t[:, None] ** p * _monomial_coefficients(p, N),
        coefficient=lambda t, n: t**p * _digits.monomial(_digits.number(p), n),
        origin=0.0**p if p >= 0 else None,
        regularity="polynomial" if smooth else "smooth but for s^p at 0",
        final_order=math.inf if smooth else 1 + p,
        max_order=math.inf if smooth else max(p, 0.0),
        riemann_integrable=p >= 0,
    )


def log_chirp(omega) -> Input:
    """f(s) = sin(omega log s), with f(0) = 0.

    Parameters
    ----------
    omega : float
        Angular frequency in log-time.

    Notes
    -----
    Bounded and Riemann integrable, yet c(t) = Im(t^(i omega) v), v = (i omega I + A)^-1 B, turns
    for ever as t -> 0 and c(0+) does not exist: first order at the final time, no convergence in
    the maximum over time. Errors oscillate with the logarithm of the number of steps, with period
    pi / omega. The coefficients are those of s^p with p = i omega.

    Examples
    --------
    >>> from hippo_theory.legs import inputs
    >>> inputs.log_chirp(3.0).project([1.0], 2).round(6)
    array([[-0.3     , -0.279793]])
    """
    omega = _check.number("omega", omega)

    def project(t, N):
        turned = np.exp(1j * omega * np.log(t))[:, None]
        return (turned * _monomial_coefficients(1j * omega, N)).imag

    return single(
        name=call("log_chirp", omega),
        values=lambda t: np.sin(omega * np.log(np.where(t > 0, t, 1.0))),
        project=project,
        coefficient=lambda t, n: _log_chirp_digits(t, n, omega),
        origin=None if omega else 0.0,
        regularity="bounded, smooth but for endless oscillation at 0",
        final_order=1.0,
        max_order=0.0,
        steady=False,
    )


def step(a, at_jump=1.0) -> Input:
    """f(s) = 1 for s > a, 0 for s < a, `at_jump` at s = a.

    Parameters
    ----------
    a : float
        Time of the jump, a > 0.
    at_jump : float
        The value at s = a exactly: 1 is continuous from the right, 0.5 is the mid value with which
        trapezoidal rules are of second order at the final time when a is on the grid.

    Notes
    -----
    c(t) = e_0 - (a/t)^A e_0. Order 1 for every scheme; off the grid the error oscillates with the
    number of steps.

    Examples
    --------
    >>> from hippo_theory.legs import inputs
    >>> inputs.step(0.5)([0.4, 0.5, 0.6])
    array([0., 1., 1.])
    """
    a = _check.number("a", a, above=0.0)
    at_jump = _check.number("at_jump", at_jump)
    options = {} if at_jump == 1 else {"at_jump": at_jump}
    return single(
        name=call("step", a, **options),
        values=lambda t: np.where(t == a, at_jump, (t > a) * 1.0),
        project=lambda t, N: _power_after(t, a, 0.0, N),
        coefficient=lambda t, n: _digits.power_after(t, _digits.number(a), 0, n),
        origin=0.0,
        regularity="jump at a",
        final_order=1.0,
        max_order=1.0,
        breaks=(a,),
    )


def ramp(a) -> Input:
    """f(s) = max(s - a, 0), a > 0: a kink, order 2.

    Examples
    --------
    >>> from hippo_theory.legs import inputs
    >>> inputs.ramp(0.5).project([1.0], 3).round(6)
    array([[0.125   , 0.144338, 0.069877]])
    """
    a = _check.number("a", a, above=0.0)
    return single(
        name=call("ramp", a),
        values=lambda t: np.maximum(t - a, 0.0),
        project=lambda t, N: _power_after(t, a, 1.0, N),
        coefficient=lambda t, n: _digits.power_after(t, _digits.number(a), 1, n),
        origin=0.0,
        regularity="kink at a",
        final_order=2.0,
        max_order=2.0,
        breaks=(a,),
    )


def power_singularity(a, p) -> Input:
    """f(s) = |s - a|^p, a > 0, p > -1: a cusp, or for p < 0 an integrable singularity.

    Parameters
    ----------
    a : float
        Its place; for a = 0 see `monomial`.
    p : float
        Exponent, -1 < p <= 1000. For p < 0 the value at s = a is inf.

    Notes
    -----
    Order 1 + p (no limit for even p); for p < 0 its constant grows without bound as a time of the
    grid comes near a. For t >= a the sum of two 2F1, by their contiguous
    relation; for t < a the minimal solution of the same relation, downwards from where it has
    died out.

    Examples
    --------
    >>> from hippo_theory.legs import inputs
    >>> inputs.power_singularity(0.5, 0.5).project([1.0], 3).round(6)
    array([[0.471405, 0.      , 0.150585]])
    """
    a = _check.number("a", a, above=0.0)
    p = _check.number("p", p, above=-1.0, maximum=1000.0)
    smooth = p % 2 == 0
    order = math.inf if smooth else 1 + p
    return single(
        name=call("power_singularity", a, p),
        values=lambda t: np.abs(t - a) ** p,
        project=lambda t, N: _project_singularity(t, a, p, N),
        coefficient=lambda t, n: _singularity_digits(t, n, a, p),
        origin=a**p,
        regularity="polynomial" if smooth else "smooth but for |s - a|^p",
        final_order=order,
        max_order=order,
        breaks=() if smooth else (a,),
        riemann_integrable=p >= 0,
    )


def _monomial_coefficients(p, N: int) -> np.ndarray:
    """int_0^1 x^p p_n(x) dx, by v_{n+1} = v_n (p-n)/(p+n+2), v_0 = 1/(p+1)."""
    n = np.arange(N - 1)
    return np.cumprod(np.concatenate([[1 / (p + 1)], (p - n) / (p + n + 2)])) * norms(N)


def _power_after(t, a: float, p: float, N: int) -> np.ndarray:
    """Coefficients of max(s-a, 0)^p: those of its power on [a, t], zero for t <= a."""
    result = np.zeros((t.size, N))
    later = t > a
    t = t[later]
    scale = (t - a) ** (p + 1) / t
    result[later] = scale[:, None] * power_coefficients((t - a) / t, a / t, p, N)
    return result


def _project_singularity(t, a: float, p: float, N: int) -> np.ndarray:
    """|s - a|^p: a closed form as long as N sqrt((a-t)/t) <= 1, else the minimal solution."""
    result = np.empty((t.size, N))
    near = N * N * (a - t) <= t
    result[near] = _two_sides(t[near], a, p, N)
    result[~near] = _before_singularity(t[~near], a, p, N)
    return result


def _two_sides(t, a: float, p: float, N: int) -> np.ndarray:
    """int_0^a |s-a|^p p_n(s/t) ds/t + int_a^t |s-a|^p p_n(s/t) ds/t, the latter also for t < a.

    For t < a both grow as exp(2 n sqrt((a-t)/t)) and their difference does not: hence the limit.
    """
    gap = t - a
    left = (a ** (p + 1) / t)[:, None] * power_coefficients(a / t, gap / t, p, N)
    left[:, 1::2] *= -1.0
    scale = np.copysign(np.abs(gap) ** (p + 1), gap) / t
    return left + scale[:, None] * power_coefficients(gap / t, a / t, p, N)


def _before_singularity(t, a: float, p: float, N: int) -> np.ndarray:
    """(a - s)^p on [0, t], t < a: the minimal solution of the contiguous relation

        (n+p+2) g_{n+1} = (2n+1) (1 + 2 delta) g_n - (n-p-1) g_{n-1},    delta = (a-t)/t,

    downwards in lag_n = 1 - g_{n+1}/g_n, which keeps the digits of a small delta. It dies out as
    exp(-2 n arsinh(sqrt(delta))); the error of starting with g_{n+1} = g_n, of the square of that
    size, is below rounding in every coefficient.
    """
    if not t.size:
        return np.empty((0, N))
    delta = (a - t) / t
    decay = np.arcsinh(np.sqrt(delta)).min()
    start = 20 + math.ceil(max(N, p, N / 2 + 9.5 / decay))
    ratios = np.empty((N, t.size))
    lag = np.zeros(t.size)
    for n in range(start, 0, -1):
        excess = 2 * (2 * n + 1) * delta + (n + p + 2) * lag
        lag = excess / (n - p - 1 + excess)
        if n < N:
            ratios[n] = (n - p - 1) / (n - p - 1 + excess)
    x = t / a
    log = np.where(x < 0.5, np.log1p(-np.minimum(x, 0.5)), np.log((a - t) / a))
    ratios[0] = a**p * -np.expm1((p + 1) * log) / ((p + 1) * x)
    return np.cumprod(ratios, axis=0).T * norms(N)


def _log_chirp_digits(t, n: int, omega: float):
    import mpmath

    p = mpmath.mpc(0, omega)
    return (t**p * _digits.monomial(p, n)).imag


def _singularity_digits(t, n: int, a: float, p: float):
    a_, p_ = _digits.number(a), _digits.number(p)
    return _digits.power_before(t, a_, p_, n) + _digits.power_after(t, a_, p_, n)
