"""Compiled loops of recurrences with a state that is rounded at every step."""

import math

import numpy as np

from hippo_theory._jit import njit


@njit(cache=True)
def rounded(x, bits, lowest, chance):
    """x to `bits` significant bits, fewer below 2^lowest: `memory.rounded.to_format`.

    To nearest, ties to even, for a negative chance; else up with the probability of the part lost,
    which is that of chance, uniform on [0, 1), exceeding one minus it.
    """
    if x == 0.0:
        return x
    place = max(math.frexp(x)[1] - bits, lowest - bits + 1)
    units = math.ldexp(x, -place)
    units = np.rint(units) if chance < 0.0 else math.floor(units + chance)
    return math.ldexp(units, place)


@njit(cache=True)
def diagonal(poles, drive, bits, lowest, chances, states):
    """x = round(poles x + drive) for drive, states (batch, L, N), chances (batch, L, N, 2)."""
    batch, L, N = drive.shape
    for s in range(batch):
        for n in range(N):
            x = 0.0j
            for t in range(L):
                z = poles[n] * x + drive[s, t, n]
                p, q = (chances[s, t, n, 0], chances[s, t, n, 1]) if chances.size else (-1.0, -1.0)
                x = rounded(z.real, bits, lowest, p) + 1j * rounded(z.imag, bits, lowest, q)
                states[s, t, n] = x


@njit(cache=True)
def dense(A, drive, bits, lowest, chances, states):
    """x = round(A x + drive), likewise, for A (N, N)."""
    batch, L, N = drive.shape
    for s in range(batch):
        x = np.zeros(N, np.complex128)
        for t in range(L):
            z = np.dot(A, x) + drive[s, t]
            for n in range(N):
                p, q = (chances[s, t, n, 0], chances[s, t, n, 1]) if chances.size else (-1.0, -1.0)
                x[n] = rounded(z[n].real, bits, lowest, p) + 1j * rounded(
                    z[n].imag, bits, lowest, q
                )
            states[s, t] = x
