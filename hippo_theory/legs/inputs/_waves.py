"""Exponentials and waves, whose coefficients are spherical Bessel functions."""

import math

import numpy as np

from hippo_theory import _check
from hippo_theory.digits import two_product
from hippo_theory.legs._legendre import norms
from hippo_theory.legs.inputs import _digits
from hippo_theory.legs.inputs._value import Input, call, single

TURNS = np.array([1, 1j, -1, -1j])


def cosine(omega, phase=0.0) -> Input:
    """f(s) = cos(omega s + phase).

    Parameters
    ----------
    omega : float
        Angular frequency, radians per unit of time.
    phase : float
        Radians.

    Notes
    -----
    int_0^1 e^(i omega t x) p_n(x) dx = sqrt(2n+1) i^n e^(i omega t/2) j_n(omega t/2), and its
    real part here. Analytic: no limit on the order.

    Examples
    --------
    >>> from hippo_theory.legs import inputs
    >>> inputs.cosine(6.0)(0.5)
    -0.9899924966004454
    """
    omega, phase = _check.number("omega", omega), _check.number("phase", phase)
    return _harmonic("cosine", omega, phase, np.cos, np.real)


def sine(omega, phase=0.0) -> Input:
    """f(s) = sin(omega s + phase); parameters as of `cosine`.

    Examples
    --------
    >>> from hippo_theory.legs import inputs
    >>> inputs.sine(3.0).project([1.0], 2).round(6)
    array([[0.663331, 0.048539]])
    """
    omega, phase = _check.number("omega", omega), _check.number("phase", phase)
    return _harmonic("sine", omega, phase, np.sin, np.imag)


def exponential(rate) -> Input:
    """f(s) = e^(rate s), any sign of the rate.

    Parameters
    ----------
    rate : float
        Per unit of time.

    Notes
    -----
    c_n(t) = sqrt(2n+1) e^(rate t/2) i_n(rate t/2) with modified spherical Bessel functions in
    scaled form, so nothing overflows before f does.

    Examples
    --------
    >>> from hippo_theory.legs import inputs
    >>> inputs.exponential(-1.0).project([0.0, 1.0], 2).round(6)
    array([[ 1.      ,  0.      ],
           [ 0.632121, -0.179507]])
    """
    rate = _check.number("rate", rate)
    return single(
        name=call("exponential", rate),
        values=lambda t: np.exp(rate * t),
        project=lambda t, N: _project_exponential(rate * t, N),
        coefficient=lambda t, n: _digits.exponential(rate * t, n),
        origin=1.0,
        regularity="analytic",
        final_order=math.inf,
        max_order=math.inf,
    )


def weierstrass(alpha, b=2, *, terms=None) -> Input:
    """f(s) = sum over j < terms of b^(-alpha j) cos(2 pi b^j s), 0 < alpha < 1.

    Parameters
    ----------
    alpha : float
        Hölder exponent of the infinite sum, nowhere differentiable.
    b : int
        Ratio of the frequencies, b >= 2.
    terms : int, optional
        By default all with b^j <= 2^53: higher frequencies mean nothing to float times.

    Notes
    -----
    A finite sum of cosines: its order alpha holds, in the worst case, for grids that do not
    resolve the last frequency. Grids of b^m cells per unit are that worst case, since all
    frequencies from b^m on alias to a constant. The phase b^j s is reduced modulo 1 without
    rounding.

    Examples
    --------
    >>> from hippo_theory.legs import inputs
    >>> f = inputs.weierstrass(0.5, 2)
    >>> f
    weierstrass(0.5, 2, terms=54)
    >>> f.final_order
    0.5
    """
    alpha = _check.number("alpha", alpha, above=0.0, below=1.0)
    b = _check.integer("b", b, minimum=2)
    most = sum(1 for _ in _powers_until(b, 2**53))
    terms = most if terms is None else _check.integer("terms", terms)
    if terms > most:
        raise ValueError(f"terms must keep b^(terms - 1) <= 2^53, got {terms}; at most {most}")
    waves = [(b ** (-alpha * j), float(b**j)) for j in range(terms)]
    return single(
        name=call("weierstrass", alpha, b, terms=terms),
        values=lambda t: sum(a * np.cos(np.pi * _half_turns(2.0 * t, k)) for a, k in waves),
        project=lambda t, N: sum(
            a * np.real(_wave(np.pi * k * t, np.pi * _half_turns(t, k), N)) for a, k in waves
        ),
        coefficient=lambda t, n: _weierstrass_digits(t, n, waves),
        origin=float(sum(a for a, _ in waves)),
        regularity="Hölder of order alpha, nowhere differentiable until the last frequency",
        final_order=alpha,
        max_order=alpha,
        steady=False,
    )


def _harmonic(name: str, omega: float, phase: float, values, part) -> Input:
    options = {"phase": phase} if phase else {}
    return single(
        name=call(name, omega, **options),
        values=lambda t: values(omega * t + phase),
        project=lambda t, N: part(_wave(omega * t / 2, omega * t / 2 + phase, N)),
        coefficient=lambda t, n: _harmonic_digits(t, n, omega, phase, name),
        origin=float(values(phase)),
        regularity="analytic",
        final_order=math.inf,
        max_order=math.inf,
    )


def _wave(z, angle, N: int) -> np.ndarray:
    """sqrt(2n+1) i^n e^(i angle) j_n(z), (K, N)."""
    from scipy.special import spherical_jn

    n = np.arange(N)
    turned = np.exp(1j * angle)[:, None] * TURNS[n % 4]
    return norms(N) * turned * spherical_jn(n, np.asarray(z)[:, None])


def _project_exponential(exponent, N: int) -> np.ndarray:
    sign = np.where((exponent[:, None] < 0) & (np.arange(N) % 2 == 1), -1.0, 1.0)
    growth = np.exp(np.maximum(exponent, 0.0))[:, None]
    return norms(N) * sign * growth * _scaled_bessel(np.abs(exponent) / 2, N)


def _scaled_bessel(z, N: int) -> np.ndarray:
    """e^-z i_n(z), z >= 0, (K, N): i_{n+1} = i_{n-1} - (2n+1)/z i_n.

    Upwards for z >= N^2, where rounding grows at most as e^(N^2/z). Else downwards in ratios
    r_n = i_{n+1}/i_n = z/(2n+3 + z r_{n+1}), from an n with n^2 - N^2 = 40 z, where the error of
    starting with 0 has died out as exp(-(n^2 - N^2)/z). scipy.special.ive keeps two digits less.
    """
    result = np.empty((N, z.size))
    first = np.where(z > 0, -np.expm1(-2 * z) / np.where(z > 0, 2 * z, 1.0), 1.0)
    result[0] = first
    large = z >= N * N
    before, value = (1 + np.exp(-2 * z[large])) / (2 * z[large]), first[large]  # i_{-1}, i_0
    for n in range(N - 1):
        before, value = value, before - (2 * n + 1) / z[large] * value
        result[n + 1, large] = value
    small = z[~large]
    ratio = np.zeros(small.size)
    for n in range(20 + math.isqrt(N * N + int(40 * small.max(initial=0.0))), -1, -1):
        ratio = small / (2 * n + 3 + small * ratio)
        if n < N - 1:
            result[n + 1, ~large] = ratio
    result[:, ~large] = np.cumprod(result[:, ~large], axis=0)
    return result.T


def _harmonic_digits(t, n: int, omega: float, phase: float, name: str):
    import mpmath

    value = mpmath.expj(phase) * _digits.exponential(mpmath.mpc(0, omega * t), n)
    return value.real if name == "cosine" else value.imag


def _weierstrass_digits(t, n: int, waves):
    import mpmath

    turn = mpmath.mpc(0, 2) * mpmath.pi * t
    return sum(a * _digits.exponential(turn * k, n).real for a, k in waves)


def _powers_until(b: int, limit: int):
    power = 1
    while power <= limit:
        yield power
        power *= b


def _half_turns(t, k: float) -> np.ndarray:
    """The exact product k t modulo 2, its rounded value and its error reduced apart."""
    high, low = two_product(k, t)
    return np.fmod(high, 2.0) + np.fmod(low, 2.0)
