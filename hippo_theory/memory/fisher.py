"""Fisher memory: how much a state that is driven by noise still says about one old input."""

from typing import Any

import numpy as np

from hippo_theory import _check, digits
from hippo_theory.lti import DiagonalLTI, batches
from hippo_theory.lti.forms import channels, matrices
from hippo_theory.lti.pairings import one_minus
from hippo_theory.lti.values import System
from hippo_theory.memory._noise import Whitening, exactly_accumulated
from hippo_theory.memory._poles import resolve, single_discrete


@batches.numbers
def fisher_memory(system, K, *, noise=1.0) -> np.ndarray:
    """J(k) = b^* (A^k)^* C^{-1} A^k b, C = noise sum_j A^j (A^j)^*, for k = 0 .. K - 1.

    Parameters
    ----------
    system : discrete system, or array_like of poles
        Poles alone mean a diagonal recurrence with B = 1.
    K : int
        Number of lags.
    noise : float
        Variance that every state (real, or complex circular) receives in every step.

    Returns
    -------
    numpy.ndarray, shape (K,)
        Of a system with m > 1 inputs (K, m): of each input, the others known.

    Raises
    ------
    ValueError
        If the system is not a stable recurrence.
    numpy.linalg.LinAlgError
        If the noise covariance is not known to nine digits in every direction, or the memory
        leaves the range of floating point.

    Notes
    -----
    Unlike `capacity` it depends on the basis. Diagonal recurrences are normal:
    J(k) = sum_i |b_i|^2 |l_i|^{2k} (1 - |l_i|^2) / noise, and implied conjugates add nothing,
    since a pair is one normal real block. Dense systems: C by doubling in 32 digits, with an
    error from its residual that bounds that of J, and its Cholesky factor, O(N^3 + N^2 K).
    docs/theory.md (7.22), (7.23).

    Examples
    --------
    >>> import hippo_theory as ht
    >>> ht.memory.fisher_memory([0.5], 3)
    array([0.75    , 0.1875  , 0.046875])
    """
    noise = _check.number("noise", noise, above=0.0)
    poles, b, A = _parts(system)
    K = _check.size("K", K, by=max(b.size, 1))
    scale = 2.0 ** np.frexp(np.abs(b).max(initial=0.0))[1]
    if A is None:
        energy = np.abs(b / scale) ** 2 * one_minus(poles, poles).real[:, None]
        shares = (np.abs(poles) ** (2.0 * np.arange(K)[:, None])) @ energy
    else:
        white, X = Whitening(A), digits.exact(b / scale)
        shares = np.empty((K, b.shape[1]))
        for k in range(K):
            shares[k] = np.sum(np.abs(white(X)) ** 2, axis=0)
            X = digits.product(A, X)
    return _in_range(shares if b.shape[1] > 1 else shares[:, 0], scale, noise)


@batches.numbers
def fisher_total(system, *, noise=1.0) -> float | np.ndarray:
    """J_tot = sum_k J(k): |b|^2 / noise for normal A, and never more than N times that.

    Parameters
    ----------
    system, noise
        As for `fisher_memory`.

    Returns
    -------
    float, or numpy.ndarray, shape (m,), of a system with m > 1 inputs

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
    scale = 2.0 ** np.frexp(np.abs(b).max(initial=0.0))[1]
    b = b / scale
    if A is None:
        totals = np.sum(np.abs(b) ** 2, axis=0)
    else:
        white = Whitening(A)
        totals = np.array(
            [_trace(white, exactly_accumulated(A, np.outer(c, c.conj()))) for c in b.T]
        )
    totals = _in_range(totals, scale, noise)
    return totals if totals.size > 1 else float(totals[0])


def _trace(white, P):
    """tr C^{-1} P."""
    half = white(P)
    return np.trace(white(digits.exact(half.conj().T))).real


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
    """(poles, B (N, m), None) of a diagonal recurrence, (None, B, A) of a dense one."""
    if not isinstance(system, System):
        poles, _ = resolve(system)
        return poles, np.ones((poles.size, 1)), None
    single_discrete("system", system)
    system = system.in_double()
    if isinstance(system, DiagonalLTI):
        _check.poles("poles", system.poles)
        return system.poles, channels(system)[0], None
    A, B, _, _ = matrices(system)
    _check.poles("poles", np.linalg.eigvals(A))
    return None, B, A
