"""What the edge of a finite sequence does to the statistics: periodic against causal sums."""

from typing import NamedTuple

import numpy as np

from hippo_theory import _check
from hippo_theory.learning._arguments import as_poles, pole_array
from hippo_theory.learning.population import one_minus_product
from hippo_theory.learning.statistics import recurrence, signals


class EdgeCorrection(NamedTuple):
    """Periodic minus causal statistics: s (N,) and M (N, N)."""

    s: np.ndarray
    M: np.ndarray


def edge_correction(u, y, poles) -> EdgeCorrection:
    """Periodic minus causal statistics by the exact identity phi_per[t] = phi[t] + a^{t+1} kappa.

    Parameters
    ----------
    u, y : array_like, shape (..., L)
    poles : array_like, shape (N,), or a discrete system, of which the poles alone are read
        Inside the unit circle.

    Returns
    -------
    EdgeCorrection
        `.s` (N,), `.M` (N, N), to be added to the causal sums.

    Notes
    -----
    kappa = phi[L-1] / (1 - a^L), one for each sequence and pole. O(P L N^2), no transform.
    docs/theory.md (8.3).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.learning.edge_correction([0.0, 1.0], [1.0, 0.0], [0.5]).s * 0.75
    array([0.5])
    """
    poles = pole_array(poles, inside=True)
    u, y = signals(u, y)
    L = u.shape[1]
    tail = poles[:, None] ** np.arange(1, L + 1)
    s = np.zeros(poles.size, np.result_type(u, y, poles))
    M = np.zeros((poles.size, poles.size), s.dtype)
    for row, target in zip(u, y, strict=True):
        phi = recurrence(row[None], poles)[:, 0]
        extra = (phi[:, -1] / _one_minus_power(poles, L))[:, None] * tail
        s += extra.conj() @ target
        cross = extra.conj() @ phi.T
        M += cross + cross.conj().T + extra.conj() @ extra.T
    return EdgeCorrection(s, M)


def edge_gap(poles, L: int) -> np.ndarray:
    """E eta_periodic / E eta_causal - 1 for white input of length L: what transforms get wrong.

    Parameters
    ----------
    poles : array_like, any shape, or a discrete system, of which the poles alone are read
        Inside the unit circle.
    L : int
        Length of the sequences.

    Returns
    -------
    ndarray, the shape of `poles`

    Notes
    -----
    E eta_causal = sum_{n<L} (L - n) |a|^{2n} and E eta_periodic = L (1 - |a|^{2L}) /
    ((1 - |a|^2) |1 - a^L|^2). Small gaps are formed as such, not as a ratio less one. O(L) a pole.
    docs/theory.md (8.4).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> [round(float(g), 3) for g in ht.learning.edge_gap([0.5, 0.9, 0.99], 32)]
    [0.011, 0.236, 22.244]
    """
    poles = _check.double("poles", as_poles(poles))
    pole_array(poles.ravel(), inside=True)
    L = _check.size("L", L, by=2 * max(poles.size, 1))
    n = np.arange(L)
    causal = (abs(poles)[..., None] ** (2 * n)) @ (L - n).astype(float)
    gap = one_minus_product(poles, poles).real
    decay, wrap = _one_minus_power(abs(poles), 2 * L), _one_minus_power(poles, L)
    repeats = 2 * L * ((1 - wrap) / wrap).real / gap
    missing = abs(poles) ** 2 * decay / gap**2
    ratio = L * decay / (gap * abs(wrap) ** 2) / causal
    small = abs(repeats) + missing < causal  # else the difference cancels and the ratio does not
    return np.where(small, (repeats + missing) / causal, ratio - 1)


def _one_minus_power(a, L):
    """1 - a^L without cancellation where a^L is near one."""
    power = L * np.log(np.where(a == 0, np.finfo(float).tiny, a).astype(complex))
    result = -np.expm1(power)
    return result if np.iscomplexobj(a) else result.real
