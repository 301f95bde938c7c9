"""The last L inputs, read off one state vector."""

from typing import Any

import numpy as np
from scipy import linalg

from hippo_theory import _check
from hippo_theory.lti import DiagonalLTI, cascade, szego
from hippo_theory.lti.pairings import pairings
from hippo_theory.lti.systems import System
from hippo_theory.memory._poles import resolve, single_discrete


def reconstruct(states, poles, L, *, past="none") -> np.ndarray:
    """The last L inputs from the state x = sum_k l^k b u_{t-k}, oldest first.

    Parameters
    ----------
    states : array_like, shape (..., N)
        States that have read the newest input.
    poles : array_like, shape (N,), or diagonal discrete system
        Distinct poles of a recurrence with B = 1, or a system with one input and its own B; of
        one with implied conjugates, states of the listed poles (real input).
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
        If poles coincide or are not inside the unit circle, or the shape of states is wrong.
    numpy.linalg.LinAlgError
        If the coordinates are so ill-conditioned that the solution overflows.

    Notes
    -----
    The state is first taken to orthonormal coordinates with the entrywise accurate triangular
    factor, in pivoted order, so that the error is that of the state's own rounding, amplified
    by `vandermonde_log10_condition`. O(N^3 + N^2 L) once.

    Examples
    --------
    >>> poles = 0.9 * np.exp(2j * np.pi * np.arange(4) / 4)
    >>> u = np.array([1.0, -2.0, 3.0, 0.5])
    >>> x = (poles[:, None] ** np.arange(4)) @ u[::-1]
    >>> bool(np.allclose(reconstruct(x, poles, 4), u))
    True
    """
    L = _check.integer("L", L)
    _check.option("past", past, ["none", "white"])
    states, listed, log_poles, b, is_real = _listed(states, poles)
    order = szego.generator_cholesky(listed, log_poles=log_poles).pivots
    log_poles = None if log_poles is None else log_poles[order]
    phi = szego.triangular_factor(listed[order], log_poles=log_poles)
    T = cascade.impulse_response(listed[order], L, log_poles=log_poles)
    scale = np.sqrt(pairings(listed[order], log_poles=log_poles).diagonal) / b[order]
    right = (states[..., order] * scale).reshape(-1, listed.size).T
    if np.min(np.abs(phi.diagonal())) == 0:
        raise np.linalg.LinAlgError(
            "the poles must be independent in double precision, got pivot 0"
        )
    chain = linalg.solve_triangular(phi, right, lower=True)
    solved: Any = linalg.lstsq(T.T, chain) if past == "none" else (T.conj() @ chain,)
    result = solved[0].T[:, ::-1].reshape(*states.shape[:-1], L)
    return result.real if is_real else result


def _listed(states, poles):
    """States, poles, their logarithms and B with implied conjugates; whether inputs are real."""
    states = _check.array("states", states, minimum_ndim=1)
    if not isinstance(poles, System):
        values, _ = resolve(poles)
        _check.shape("states", states, (..., values.size))
        is_real = np.isrealobj(states) and not np.any(values.imag)
        return states.astype(complex), values, None, np.ones(values.size), is_real
    if not isinstance(poles, DiagonalLTI) or not poles.is_siso:
        raise TypeError(f"poles must be an array or a diagonal SISO system, got {poles!r}")
    single_discrete("poles", poles)
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
