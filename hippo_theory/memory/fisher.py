"""Fisher memory: how much a state that is driven by noise still says about one old input."""

from typing import Any

import numpy as np
from scipy import linalg

from hippo_theory import _check
from hippo_theory.lti import DiagonalLTI
from hippo_theory.lti.forms import matrices
from hippo_theory.lti.pairings import one_minus
from hippo_theory.lti.values import System
from hippo_theory.memory._poles import resolve, single_discrete


def fisher_memory(system, K, *, noise=1.0) -> np.ndarray:
    """J(k) = b^* (A^k)^* C^{-1} A^k b, C = noise sum_j A^j (A^j)^*, for k = 0 .. K - 1.

    Parameters
    ----------
    system : discrete system with one input, or array_like of poles
        Poles alone mean a diagonal recurrence with B = 1.
    K : int
        Number of lags.
    noise : float
        Variance that every state (real, or complex circular) receives in every step.

    Returns
    -------
    numpy.ndarray, shape (K,)

    Raises
    ------
    ValueError
        If the system is not a stable recurrence with one input.
    numpy.linalg.LinAlgError
        If the noise covariance is not positive definite in floating point, or the memory leaves
        the range of floating point.

    Notes
    -----
    Unlike `capacity` it depends on the basis. Diagonal recurrences are normal:
    J(k) = sum_i |b_i|^2 |l_i|^{2k} (1 - |l_i|^2) / noise, and implied conjugates add nothing,
    since a pair is one normal real block. Dense systems: C by the discrete Lyapunov equation,
    O(N^3 + N^2 K). docs/theory.md (7.22), (7.23).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.fisher_memory([0.5], 3)
    array([0.75    , 0.1875  , 0.046875])
    """
    noise = _check.number("noise", noise, above=0.0)
    poles, b, A = _parts(system)
    K = _check.size("K", K, by=max(b.size, 1))
    if A is None:
        scale = 2.0 ** np.frexp(np.abs(b).max(initial=0.0))[1]
        energy = np.abs(b / scale) ** 2 * one_minus(poles, poles).real
        shares = (np.abs(poles) ** (2.0 * np.arange(K)[:, None])) @ energy
        return _in_range(shares, scale, noise)
    factor = _noise_factor(A)
    result = np.empty(K)
    for k in range(K):
        result[k] = np.linalg.norm(linalg.solve_triangular(factor, b, lower=True)) ** 2
        b = A @ b
    return _in_range(result, 1.0, noise)


def fisher_total(system, *, noise=1.0) -> float:
    """J_tot = sum_k J(k): |b|^2 / noise for normal A, and never more than N times that.

    Parameters
    ----------
    system, noise
        As for `fisher_memory`.

    Returns
    -------
    float

    Raises
    ------
    ValueError, numpy.linalg.LinAlgError
        As for `fisher_memory`.

    Notes
    -----
    tr(P C^{-1}) with P = sum_k A^k b b^* (A^k)^*. O(N^3). docs/theory.md (7.22), (7.23).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.fisher_total([0.5, -0.5])
    2.0
    """
    noise = _check.number("noise", noise, above=0.0)
    _, b, A = _parts(system)
    if A is None:
        scale = 2.0 ** np.frexp(np.abs(b).max(initial=0.0))[1]
        return float(_in_range(np.sum(np.abs(b / scale) ** 2), scale, noise))
    P = linalg.solve_discrete_lyapunov(A, np.outer(b, b.conj()), method="bilinear")
    whitened = linalg.solve_triangular(_noise_factor(A), P, lower=True)
    half = linalg.solve_triangular(_noise_factor(A), whitened.conj().T, lower=True)
    return float(np.trace(half).real) / noise


def _in_range(values, scale, noise):
    """Values scale^2 / noise, or a refusal."""
    root = np.sqrt(noise)
    with np.errstate(over="ignore"):
        result = values * (scale / root) ** 2
    if not np.isfinite(result).all():
        raise np.linalg.LinAlgError(
            f"the memory must stay in the range of floating point, got inputs of size {scale:.0e} "
            f"and noise {noise:g}"
        )
    return result


def _parts(system) -> tuple[Any, Any, Any]:
    """(poles, b, None) of a diagonal recurrence, (None, b, A) of a dense one."""
    if not isinstance(system, System):
        poles, _ = resolve(system)
        return poles, np.ones(poles.size), None
    single_discrete("system", system)
    if isinstance(system, DiagonalLTI):
        if not system.is_siso and system.B.shape[-1] != 1:
            raise ValueError(f"system must have one input, got {system.B.shape[-1]}")
        _check.poles("poles", system.poles)
        return system.poles, system.B.reshape(-1), None
    A, B, _, _ = matrices(system)
    if B.shape[1] != 1:
        raise ValueError(f"system must have one input, got {B.shape[1]}")
    _check.poles("poles", np.linalg.eigvals(A))
    return None, B[:, 0], A


def _noise_factor(A):
    C = linalg.solve_discrete_lyapunov(A, np.eye(A.shape[0]), method="bilinear")
    return linalg.cholesky((C + C.conj().T) / 2, lower=True)
