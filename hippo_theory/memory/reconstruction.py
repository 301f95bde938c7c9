"""The last L inputs, read off one state vector."""

from typing import Any

import numpy as np
from scipy import linalg

from hippo_theory import _check
from hippo_theory.lti import DiagonalLTI, cascade, szego
from hippo_theory.lti.pairings import pairings
from hippo_theory.lti.systems import System
from hippo_theory.memory._poles import every_pole


def reconstruct(states, poles, L, *, past="none") -> np.ndarray:
    """The last L inputs from the state x = sum_k l^k b u_{t-k}, oldest first.

    Parameters
    ----------
    states : array_like, shape (..., N)
        States that have read the newest input.
    poles : array_like, shape (N,), or diagonal discrete system
        Poles of a recurrence with B = 1, or a system with one input and its own B, which must
        drive every pole; of one with implied conjugates, states of the listed poles (real input).
    L : int
        Number of inputs.
    past : {"none", "white"}
        "none": nothing came before these L inputs; the least-norm solution, exact for N >= L.
        "white": white noise came before; the estimate with the smallest mean square error,
        1 - MC(k) of the variance at lag k.

    Returns
    -------
    numpy.ndarray, shape (..., L)
        ``[..., -1]`` is the newest input. Real for a system with implied conjugates and where
        states and poles are real; else complex.

    Raises
    ------
    ValueError
        If a pole is not inside the unit circle, the shape of states is wrong, or, for a white
        past, poles coincide.
    numpy.linalg.LinAlgError
        If the coordinates are so ill-conditioned that the estimate overflows.

    Notes
    -----
    "none" solves V u = x by least squares with rows scaled to unit-variance states, where
    rounding errors of states weigh alike: they are amplified by at most
    10^vandermonde_log10_condition(poles, L, normalized=True). "white" takes the state to
    orthonormal coordinates first and amplifies them by up to the root of the Gram matrix's
    condition (`gram_log10_condition`). O(N^3 + N^2 L) once. docs/theory.md (7.15).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> poles = 0.9 * np.exp(2j * np.pi * np.arange(4) / 4)
    >>> u = np.array([1.0, -2.0, 3.0, 0.5])
    >>> x = (poles[:, None] ** np.arange(4)) @ u[::-1]
    >>> bool(np.allclose(ht.memory.reconstruct(x, poles, 4), u))
    True
    """
    L = _check.integer("L", L)
    _check.option("past", past, ["none", "white"])
    states, listed, log_poles, b, is_real = _listed(states, poles)
    scale = np.sqrt(pairings(listed, log_poles=log_poles).diagonal)
    right = (states * (scale / b)).reshape(-1, listed.size).T
    if past == "none":
        k = np.arange(L)
        powers = listed[:, None] ** k if log_poles is None else np.exp(log_poles[:, None] * k)
        solved: Any = linalg.lstsq(scale[:, None] * powers, right)
        newest_first = solved[0]
    else:
        newest_first = _wiener(listed, log_poles, L, right)
    result = newest_first.T[:, ::-1].reshape(*states.shape[:-1], L)
    return result.real if is_real else result


def _wiener(poles, log_poles, L, right):
    """E[u | x] = T^* Phi^{-1} x, in pivoted order."""
    order = szego.generator_cholesky(poles, log_poles=log_poles).pivots
    log_poles = None if log_poles is None else log_poles[order]
    phi = szego.triangular_factor(poles[order], log_poles=log_poles)
    if np.min(np.abs(phi.diagonal())) == 0:
        raise np.linalg.LinAlgError("poles must be independent in double precision, got pivot 0")
    T = cascade.impulse_response(poles[order], L, log_poles=log_poles)
    return T.conj() @ linalg.solve_triangular(phi, right[order], lower=True)


def _listed(states, poles):
    """States, poles, their logarithms and B with implied conjugates; whether inputs are real."""
    states = _check.array("states", states, minimum_ndim=1)
    if not isinstance(poles, System):
        values, _ = every_pole(poles)
        _check.shape("states", states, (..., values.size))
        is_real = np.isrealobj(states) and not np.any(values.imag)
        return states.astype(complex), values, None, np.ones(values.size), is_real
    if not isinstance(poles, DiagonalLTI) or not poles.is_siso:
        raise TypeError(f"poles must be an array or a diagonal SISO system, got {poles!r}")
    every_pole(poles)
    _check.shape("states", states, (..., poles.poles.size))
    values, b, logs = poles.poles.astype(complex), poles.B.astype(complex), poles.log_poles
    if poles.conjugate:
        pair = np.flatnonzero(values.imag != 0)
        states = np.concatenate([states, states[..., pair].conj()], axis=-1)
        values, b = np.r_[values, values[pair].conj()], np.r_[b, b[pair].conj()]
        logs = None if logs is None else np.r_[logs, logs[pair].conj()]
    _check.poles("poles", values)
    is_real = poles.conjugate or (np.isrealobj(states) and not np.any(np.r_[values, b].imag))
    return states.astype(complex), values, logs, b, is_real
