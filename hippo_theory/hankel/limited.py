"""Factors of Gramians that count a horizon or a band only, as sums of squares: nothing cancels.

A horizon is built by doubling, P(2 h) = P(h) + E P(h) E^* with E = exp(A h), from a quadrature over
a time h in which the state hardly moves, or from single samples. A band is cut into panels that
are short against their distance from the poles, each with one Gauss-Legendre rule.
"""

import math

import numpy as np
import scipy.linalg as sla

from hippo_theory import _check
from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import matrices
from hippo_theory.scales import ldexp

EPS = np.finfo(float).eps
NODES = 20  # 0.27^(2 * 20) is below eps: panels reach half as far as the nearest pole


def factors(system, *, horizon=None, band=None, time=0):
    """(S, R) with P = S S^* and Q = R R^* over the horizon or the band, of a dense system.

    The limits are in the units before `scales.scaled` chose 2^-time as the unit of time.
    """
    A, B, C, _ = matrices(system)
    adjoint = A.conj().T, C.conj().T
    if horizon is not None:
        rule = _samples if system.is_discrete else _times
        horizon = check_horizon(horizon, discrete=system.is_discrete)
        horizon = horizon if system.is_discrete else float(ldexp(horizon, time))
        return rule(A, B, horizon), rule(*adjoint, horizon)
    low, high = ldexp(check_band(band, discrete=system.is_discrete), -time)
    S = _band(A, B, low, high, system.is_discrete)
    return S, _band(*adjoint, -high, -low, system.is_discrete)


def check_horizon(horizon, *, discrete):
    """The horizon as a positive number of samples, or of units of time."""
    if discrete:
        return _check.integer("horizon", horizon)
    return _check.number("horizon", horizon, above=0.0)


def check_band(band, *, discrete):
    """The two ends of a band, in increasing order."""
    pair = _check.array("band", band, real=True)
    if pair.shape != (2,):
        raise ValueError(f"band must be a pair of frequencies, got {_check.shown(band)}")
    low, high = (_check.number("band", x) for x in band)
    if not low < high:
        raise ValueError(f"band must be increasing, got ({low:g}, {high:g})")
    if discrete and high - low > 2 * np.pi:
        raise ValueError(f"band must be at most 2 pi wide, got {high - low:g}")
    return low, high


def real(S: Array) -> Array:
    """A real factor of S S^* + conj(S S^*): the mirrored band added."""
    return _compressed(math.sqrt(2.0) * np.concatenate([S.real, S.imag], axis=1))


def _samples(A, B, steps):
    """A factor of sum_{k < steps} A^k B B^* A^{*k}, bit by bit of `steps`."""
    S, power = B[:, :0], np.eye(len(A))
    for bit in format(steps, "b"):
        S, power = _compressed(np.concatenate([S, power @ S], axis=1)), power @ power
        if bit == "1":
            S, power = _compressed(np.concatenate([B, A @ S], axis=1)), A @ power
    return S


def _times(A, B, horizon):
    """A factor of the integral of e^{A t} B B^* e^{A^* t} over the horizon."""
    size = np.linalg.norm(A, 2) * horizon if len(A) else 0.0
    doublings = max(0, math.ceil(math.log2(size))) if size else 0
    step = float(ldexp(horizon, -doublings))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    columns = [sla.expm(A * t) @ B for t in step * (nodes + 1) / 2]
    S = _compressed(np.concatenate(columns * np.sqrt(step * weights / 2)[:, None, None], axis=1))
    power: Array = sla.expm(A * step)
    for _ in range(doublings):
        S, power = _compressed(np.concatenate([S, power @ S], axis=1)), power @ power
    return S


def _band(A, B, low, high, discrete):
    """A factor of the integral of |(z - A)^{-1} B|^2 / (2 pi) over the band."""
    schur: Array = sla.schur(A.astype(complex), output="complex")
    T, Z = schur
    b, S = Z.conj().T @ B, np.zeros((len(A), 0), complex)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    for centre, half in _panels(_singularities(np.diagonal(T), discrete), low, high, discrete):
        omega = centre + half * nodes
        points = np.exp(1j * omega) if discrete else 1j * omega
        columns = [sla.solve_triangular(z * np.eye(len(T)) - T, b) for z in points]
        columns *= np.sqrt(half * weights / (2 * np.pi))[:, None, None]
        S = _compressed(np.concatenate([S, *columns], axis=1))
    return Z @ S


def _singularities(poles, discrete):
    """The complex frequencies of the poles."""
    return -1j * (np.log(poles[poles != 0]) if discrete else poles)


def _panels(singular, low, high, discrete):
    """Centres and half widths of panels half as wide as the nearest pole is away.

    Down to the spacing of the floats where they lie, however wide the band: its ends say nothing
    of how narrow a resonance is.
    """
    waiting, panels = [(low, high)], []
    while waiting:
        first, last = waiting.pop()
        centre, half = (first + last) / 2, (last - first) / 2
        away = singular - centre
        if discrete:
            away = (away.real + np.pi) % (2 * np.pi) - np.pi + 1j * away.imag
        floor = 4 * EPS * max(abs(first), abs(last))
        if 2 * half <= np.abs(away).min(initial=np.inf) or half <= floor:
            panels.append((centre, half))
        else:
            waiting += [(first, centre), (centre, last)]
    return panels


def _compressed(S):
    """As many columns as rows, with the same S S^*."""
    if S.shape[1] <= S.shape[0]:
        return S
    R: Array = np.linalg.qr(S.conj().T, mode="r")
    return R.conj().T
