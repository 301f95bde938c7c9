"""Pole sets that the memory studies compare: N poles from a count and a generator."""

import numpy as np


def ring(N: int, rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    """Poles uniform by area on low <= |pole| <= high: the LRU's."""
    radius = np.sqrt(rng.uniform(low**2, high**2, N))
    return radius * np.exp(2j * np.pi * rng.random(N))


def cycle(N: int, radius: float) -> np.ndarray:
    """Poles radius e^{2 pi i n / N}."""
    return radius * np.exp(2j * np.pi * np.arange(N) / N)


def comb(N: int, dt: float) -> np.ndarray:
    """Poles e^{dt (-1/2 + i pi n)}: a run of N of S4D-Lin's, centred at frequency 0."""
    return np.exp(dt * (-0.5 + 1j * np.pi * (np.arange(N) - (N - 1) / 2)))


def chebyshev(N: int) -> np.ndarray:
    """Chebyshev points of (-1, 1)."""
    return np.cos((2 * np.arange(N) + 1) * np.pi / (2 * N))
