"""Controllability and observability Gramians, their factors, and limited ones in closed form."""

from typing import Any

import numpy as np

from hippo_theory import _check, scales
from hippo_theory.hankel import _factors
from hippo_theory.lti.forms import check_system, expand, matrices
from hippo_theory.lti.pairings import expm1, pairings
from hippo_theory.lti.values import DiagonalLTI


def gramians(system, *, horizon=None, band=None):
    """P and Q: A P + P A^* + B B^* = 0, A^* Q + Q A + C^* C = 0, or P = A P A^* + B B^* and so on.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Stable, without batch axes. Implied conjugates are expanded first (`lti.expand`).
    horizon : float or int, optional
        Only inputs and outputs on [0, horizon) count: units of time, or a number of samples.
        Diagonal systems.
    band : (float, float), optional
        Only angular frequencies between the two count, in radians per unit of time or per sample;
        add the mirrored band for a real system. Diagonal systems.

    Returns
    -------
    P, Q : numpy.ndarray, shape (n, n)
        Hermitian; real where A, B and C are.

    Raises
    ------
    ValueError
        If a pole is not stable, or a limit is asked of a system that is not diagonal.
    numpy.linalg.LinAlgError
        If an entry leaves the range of floating point.

    Notes
    -----
    Diagonal: P_ij = (B B^*)_ij / w_ij with compensated w_ij = -(l_i + conj l_j) or
    1 - l_i conj l_j, entrywise accurate; a horizon T multiplies by 1 - exp((l_i + conj l_j) T), a
    band by (f_i + conj f_j) / (2 pi). Others: S S^* of `gramian_factors`. O(n^2), else O(n^3).
    docs/theory.md (5.12), (6.2), (6.5), (6.6).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> P, Q = ht.hankel.gramians(ht.DiagonalLTI([-1.0, -2.0], [1.0, 1.0], [1.0, 2.0]))
    >>> P.round(3)
    array([[0.5  , 0.333],
           [0.333, 0.25 ]])
    """
    check_system(system)
    _factors.one_channel(system)
    if horizon is not None and band is not None:
        raise ValueError("band must be left out where horizon is given, got both")
    if not isinstance(system, DiagonalLTI) and not (horizon is None and band is None):
        raise ValueError(
            f"system must be a DiagonalLTI for limited Gramians, got {type(system).__name__}"
        )
    _factors.check_stable(system)
    if not isinstance(system, DiagonalLTI):
        S, R, unit = _scaled_factors(system)
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


def gramian_factors(system):
    """S and R with P = S S^* and Q = R R^*, computed without forming P or Q.

    Parameters
    ----------
    system : LTI, DiagonalLTI or DPLR
        Stable, without batch axes. Implied conjugates are expanded first (`lti.expand`).

    Returns
    -------
    S, R : numpy.ndarray, shape (n, n)
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
    check_system(system)
    _factors.one_channel(system)
    _factors.check_stable(system)
    S, R, unit = _scaled_factors(system)
    return (
        unit.back("S", S, inputs=1, time=-0.5, rows=1),
        unit.back("R", R, outputs=1, time=-0.5, rows=-1),
    )


def _scaled_factors(system):
    """S and R of the expanded system in balanced units."""
    full: Any = expand(system)
    unit = scales.scaled(full)
    S, R = _factors.factors(unit.system)
    if not any(np.iscomplexobj(M) and np.any(M.imag) for M in matrices(full)[:3]):
        S, R = _factors.real_factor(S), _factors.real_factor(R)
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
    if np.shape(band) != (2,):
        raise ValueError(f"band must be a pair of frequencies, got {band!r}")
    low, high = (_check.number("band", x) for x in band)
    if not low < high:
        raise ValueError(f"band must be increasing, got ({low:g}, {high:g})")
    if system.is_discrete:
        if high - low > 2 * np.pi:
            raise ValueError(f"band must be at most 2 pi wide, got {high - low:g}")
        turns = [np.log1p(-system.poles * np.exp(-1j * x)) for x in (low, high)]
        f = (high - low) / 2 - 1j * (turns[1] - turns[0])
    else:
        turns = [np.log(1j * x - system.poles) for x in (low, high)]
        f = -1j * (turns[1] - turns[0])
    return f[:, None] + f.conj()


def _decay(system, horizon):
    """exp((l_i + conj l_j) T) - 1, or (l_i conj l_j)^T - 1, without cancellation."""
    if system.is_discrete:
        steps = _check.integer("horizon", horizon)
        with np.errstate(divide="ignore"):
            rounded = np.log(system.poles.astype(complex))
        logs: Any = rounded if system.log_poles is None else system.log_poles
        powers: Any = steps * np.where(np.isfinite(logs), logs, -1e3)
    else:
        powers = _check.number("horizon", horizon, above=0.0) * system.poles.astype(complex)
    a, b = powers.real, powers.imag
    return expm1(a[:, None] + a, b[:, None], b)
