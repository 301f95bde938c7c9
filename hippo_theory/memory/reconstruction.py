"""The last L inputs, read off one state vector."""

from typing import Any

import numpy as np
from scipy import linalg

from hippo_theory import _array, _check
from hippo_theory._array import Array
from hippo_theory.lti import DiagonalLTI, cascade, szego
from hippo_theory.lti.pairings import pairings
from hippo_theory.lti.values import System
from hippo_theory.memory._poles import every_pole


def reconstruct(states, poles, L, *, past="none") -> Array:
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
    array, shape (..., L)
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
    condition (`gram_log10_condition`). O(N^3 + N^2 L) once. States of another array library are
    multiplied on their device by the matrix of this map, made on the host. docs/theory.md (7.15).

    Examples
    --------
    >>> import numpy as np, hippo_theory as ht
    >>> poles = 0.9 * np.exp(2j * np.pi * np.arange(4) / 4)
    >>> u = np.array([1.0, -2.0, 3.0, 0.5])
    >>> x = (poles[:, None] ** np.arange(4)) @ u[::-1]
    >>> bool(np.allclose(ht.memory.reconstruct(x, poles, 4), u))
    True
    """
    _check.option("past", past, ["none", "white"])
    there, states = _array.home(states=states), _array.check("states", states, minimum_ndim=1)
    L = _check.size("L", L, by=2 * max(states.shape[-1], 1), itemsize=16)
    values, log_poles, b, is_real = _listed(states, poles)
    count = states.shape[-1]  # the conjugates of some follow
    paired = np.flatnonzero(values.imag[:count]) if values.size > count else np.arange(0)
    if there:
        M = _inputs(np.eye(values.size), values, log_poles, b, L, past)
        M[paired] += M[count:].conj()  # a complex number and its conjugate have one real part
        return _multiply(states, M[:count], is_real, there)
    states = np.concatenate([states, states[..., paired].conj()], axis=-1)
    result = _inputs(states.reshape(-1, values.size), values, log_poles, b, L, past)
    result = result.reshape(*states.shape[:-1], L)
    return result.real if is_real else result


def _inputs(states, poles, log_poles, b, L, past):
    """The last L inputs, oldest first, of states (S, N) of the listed poles."""
    scale = np.sqrt(pairings(poles, log_poles=log_poles).diagonal)
    right = (states * (scale / b)).T
    if past == "none":
        k = np.arange(L)
        powers = poles[:, None] ** k if log_poles is None else np.exp(log_poles[:, None] * k)
        solved: Any = linalg.lstsq(scale[:, None] * powers, right)
        newest_first = solved[0]
    else:
        newest_first = _wiener(poles, log_poles, L, right)
    return newest_first.T[:, ::-1]


def _multiply(states, M, is_real, there):
    """states @ M on their device, or the real part of it."""
    xp = there.xp
    if not _array.is_complex(states):
        if is_real:
            return _array.product(states, M.real, there)
        states = xp.astype(states, xp.result_type(states.dtype, xp.complex64))
    result = _array.product(states, M, there)
    return xp.real(result) if is_real else result


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
    """Poles, their logarithms and B, implied conjugates last; whether inputs are real."""
    is_real = not _array.is_complex(states)
    if not isinstance(poles, System):
        values, _ = every_pole(poles)
        _check.shape("states", states, (..., values.size))
        return values, None, np.ones(values.size), is_real and not np.any(values.imag)
    if not isinstance(poles, DiagonalLTI) or not poles.is_siso:
        raise TypeError(f"poles must be an array or a diagonal SISO system, got {poles!r}")
    every_pole(poles)
    _check.shape("states", states, (..., poles.poles.size))
    values, b, logs = poles.poles.astype(complex), poles.B.astype(complex), poles.log_poles
    if poles.conjugate:
        pair = np.flatnonzero(values.imag != 0)
        values, b = np.r_[values, values[pair].conj()], np.r_[b, b[pair].conj()]
        logs = None if logs is None else np.r_[logs, logs[pair].conj()]
    _check.poles("poles", values)
    is_real = poles.conjugate or (is_real and not np.any(np.r_[values, b].imag))
    return values, logs, b, is_real
