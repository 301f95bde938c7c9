"""Builders of the diagonal rows of FAMILIES: S4D initialisations, rings and random poles."""

import numpy as np

from hippo_theory import _check
from hippo_theory.legs import matrices
from hippo_theory.lti import measures
from hippo_theory.lti.values import DiagonalLTI


def s4d_lin(N: int) -> DiagonalLTI:
    """-1/2 + i pi n."""
    return _conjugate(-0.5 + 1j * np.pi * np.arange(N))


def s4d_inv(N: int) -> DiagonalLTI:
    """-1/2 + i (M/pi) (M/(2n + 1) - 1) with M = 2N states in all."""
    M = 2 * N
    return _conjugate(-0.5 + 1j * M / np.pi * (M / (2 * np.arange(N) + 1) - 1))


def s4d_legs(N: int) -> DiagonalLTI:
    """The normal part of LegS with 2N states, A + B B^T/2, input B/2, by its positive half."""
    B = matrices(2 * N)[1]
    shift, skew, _ = measures.split_legs(2 * N)
    w, V = measures.positive_half(skew, B)
    return _conjugate(shift + 1j * w, np.abs(V.conj().T @ B) / 2)


def s4d_real(N: int) -> DiagonalLTI:
    """-(n + 1): the eigenvalues of LegS, every one listed."""
    return DiagonalLTI(-np.arange(1.0, N + 1), np.ones(N), np.ones(N))


def lru_ring(
    N: int, rng, r_min: float = 0.0, r_max: float = 1.0, max_phase: float = 2 * np.pi
) -> DiagonalLTI:
    """|pole|^2 uniform on [r_min^2, r_max^2], phases on [0, max_phase], B^2 = 1 - |pole|^2."""
    r_max = _check.number("r_max", r_max, above=0.0, maximum=1.0)
    r_min = _check.number("r_min", r_min, minimum=0.0, maximum=r_max)
    max_phase = _check.number("max_phase", max_phase, minimum=0.0, maximum=2 * np.pi)
    fraction = 1 - rng.random(N)
    log_square = 2 * np.log(r_max) + np.log1p(fraction * (r_min**2 - r_max**2) / r_max**2)
    logs = log_square / 2 + 1j * max_phase * rng.random(N)
    gamma = np.sqrt(-np.expm1(log_square))
    return DiagonalLTI(np.exp(logs), gamma, np.ones(N), dt=1.0, conjugate=True, log_poles=logs)


def roots_of_unity(N: int, radius: float = 0.99) -> DiagonalLTI:
    """radius e^{2 pi i n/N}: the eigenvalues of the simple cycle reservoir."""
    radius = _check.number("radius", radius, above=0.0, maximum=1.0)
    turns = np.arange(N) - N * (np.arange(N) > N / 2)
    logs = np.log(radius) + 2j * np.pi * turns / N
    poles = np.exp(logs)
    if N % 2 == 0:
        poles[N // 2] = -radius
    return DiagonalLTI(poles, np.ones(N), np.ones(N), dt=1.0, log_poles=logs)


def uniform_disk(N: int, rng, radius: float = 1.0) -> DiagonalLTI:
    """Independent poles, uniform on the disk."""
    radius = _check.number("radius", radius, above=0.0, maximum=1.0)
    logs = np.log(radius) + np.log(1 - rng.random(N)) / 2 + 2j * np.pi * rng.random(N)
    return DiagonalLTI(np.exp(logs), np.ones(N), np.ones(N), dt=1.0, log_poles=logs)


def uniform_real(N: int, rng, low: float = 0.0, high: float = 1.0) -> DiagonalLTI:
    """Independent real poles, uniform on [low, high]."""
    high = _check.number("high", high, maximum=1.0)
    low = _check.number("low", low, minimum=-1.0, below=high)
    return DiagonalLTI(rng.uniform(low, high, N), np.ones(N), np.ones(N), dt=1.0)


def _conjugate(poles, B=None) -> DiagonalLTI:
    ones = np.ones(poles.size)
    return DiagonalLTI(poles, ones if B is None else B, ones, conjugate=True)
