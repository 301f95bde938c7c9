"""Controllability and observability Gramians, their factors, and limited ones in closed form."""

from typing import Any

import numpy as np

from hippo_theory import scales
from hippo_theory.hankel import factors, limited
from hippo_theory.lti import batches
from hippo_theory.lti.forms import expand, matrices
from hippo_theory.lti.pairings import expm1, pairings
from hippo_theory.lti.values import DiagonalLTI


@batches.stacked
def gramians(system, *, horizon=None, band=None):
    """P and Q: A P + P A^* + B B^* = 0, A^* Q + Q A + C^* C = 0, or P = A P A^* + B B^* and so on.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Stable. Implied conjugates are expanded first (`lti.expand`).
    horizon : float or int, optional
        Only inputs and outputs on [0, horizon) count: units of time, or a number of samples.
    band : (float, float), optional
        Only angular frequencies between the two count, in radians per unit of time or per sample;
        add the mirrored band for a real system.

    Returns
    -------
    P, Q : numpy.ndarray, shape (..., n, n)
        Hermitian; real where A, B and C are.

    Raises
    ------
    ValueError
        If a pole is not stable, both limits are given, or one is not a positive number or an
        increasing pair.
    numpy.linalg.LinAlgError
        If an entry leaves the range of floating point.

    Notes
    -----
    Diagonal: P_ij = (B B^*)_ij / w_ij with compensated w_ij = -(l_i + conj l_j) or
    1 - l_i conj l_j, entrywise accurate; a horizon T multiplies by 1 - exp((l_i + conj l_j) T), a
    band by (f_i + conj f_j) / (2 pi). Others: S S^* of `gramian_factors`, or of sums of squares:
    a horizon by doubling, a band by Gauss-Legendre panels. O(n^2), else O(n^3), times the number
    of doublings or panels.
    docs/theory.md (5.12), (6.2), (6.5), (6.6).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> P, Q = ht.hankel.gramians(ht.DiagonalLTI([-1.0, -2.0], [1.0, 1.0], [1.0, 2.0]))
    >>> P.round(3)
    array([[0.5  , 0.333],
           [0.333, 0.25 ]])
    """
    if horizon is not None and band is not None:
        raise ValueError("band must be left out where horizon is given, got both")
    factors.check_stable(system)
    if not isinstance(system, DiagonalLTI):
        S, R, unit = _scaled_factors(system, horizon=horizon, band=band)
        return (
            unit.back("P", S @ S.conj().T, inputs=2, time=-1, rows=1, columns=1),
            unit.back("Q", R @ R.conj().T, outputs=2, time=-1, rows=-1, columns=-1),
        )
    full: Any = expand(system)
    weights = _weights(full, horizon, band)
    unit = scales.scaled(full, clock=False, toward="inputs")
    B = matrices(unit.system)[1]
    P = unit.back("P", (B @ B.conj().T) * weights, inputs=2, rows=1, columns=1)
    unit = scales.scaled(full, clock=False, toward="outputs")
    C = matrices(unit.system)[2]
    Q = unit.back("Q", (C.conj().T @ C) * weights.conj(), outputs=2, rows=-1, columns=-1)
    real = not (np.iscomplexobj(full.B) or np.iscomplexobj(full.C) or full.poles.imag.any())
    return (P.real, Q.real) if real and band is None else (P, Q)


@batches.stacked
def gramian_factors(system):
    """S and R with P = S S^* and Q = R R^*, computed without forming P or Q.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Stable. Implied conjugates are expanded first (`lti.expand`).

    Returns
    -------
    S, R : numpy.ndarray, shape (..., n, n)
        Real where A, B and C are.

    Raises
    ------
    ValueError
        If a pole is not stable.

    Notes
    -----
    A Schur form, where A is neither diagonal nor triangular, and Hammarling's recurrence. Small
    singular values of R^* S keep digits that those of P Q lose. O(n^3).
    docs/theory.md (6.3), (6.7).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> S, R = ht.hankel.gramian_factors(ht.LTI([[-1.0]], [2.0], [1.0]))
    >>> (S @ S.T).round(12), (R @ R.T).round(12)
    (array([[2.]]), array([[0.5]]))
    """
    factors.check_stable(system)
    S, R, unit = _scaled_factors(system)
    return (
        unit.back("S", S, inputs=1, time=-0.5, rows=1),
        unit.back("R", R, outputs=1, time=-0.5, rows=-1),
    )


def _scaled_factors(system, **limits):
    """S and R of the expanded system in balanced units."""
    full: Any = expand(system)
    unit = scales.scaled(full)
    if any(limit is not None for limit in limits.values()):
        return *limited.factors(unit.system, time=unit.time, **limits), unit
    S, R = factors.factors(unit.system)
    if not any(np.iscomplexobj(M) and np.any(M.imag) for M in matrices(full)[:3]):
        S, R = factors.real_factor(S), factors.real_factor(R)
    return S, R, unit


def _weights(system, horizon, band):
    """What (B B^*)_ij is multiplied by in P_ij."""
    logs = system.log_poles
    if not system.state_dim:
        return np.zeros((0, 0))
    pairs = pairings(system.poles, discrete=system.is_discrete, log_poles=logs)
    i = np.arange(system.state_dim)
    w = pairs.denominator(i[:, None], i)
    if horizon is not None:
        return -_decay(system, horizon) / w
    return 1 / w if band is None else _passed(system, band) / (2 * np.pi * w)


def _passed(system, band):
    """f_i + conj f_j, f the integral of the resolvent over the band."""
    low, high = limited.check_band(band, discrete=system.is_discrete)
    width = high - low
    if system.is_discrete:
        turned = system.poles * np.exp(-1j * low)
        f = width / 2 - 1j * _log1p(-turned * np.expm1(-1j * width) / (1 - turned))
    else:
        f = -1j * _log1p(1j * width / (1j * low - system.poles))
    return f[:, None] + f.conj()


def _log1p(z):
    """log(1 + z), |arg| < pi, to relative precision: NumPy's takes the modulus of 1 + z."""
    x, y = z.real, z.imag
    return np.log1p(x * (2 + x) + y * y) / 2 + 1j * np.arctan2(y, 1 + x)


def _decay(system, horizon):
    """exp((l_i + conj l_j) T) - 1, or (l_i conj l_j)^T - 1, without cancellation."""
    if system.is_discrete:
        steps = limited.check_horizon(horizon, discrete=True)
        with np.errstate(divide="ignore"):
            rounded = np.log(system.poles.astype(complex))
        logs: Any = rounded if system.log_poles is None else system.log_poles
        powers: Any = steps * np.where(np.isfinite(logs), logs, -1e3)
    else:
        powers = limited.check_horizon(horizon, discrete=False) * system.poles.astype(complex)
    a, b = powers.real, powers.imag
    return expm1(a[:, None] + a, b[:, None], b)
