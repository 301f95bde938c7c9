"""Singular values of D K D for symmetric K and a steep positive diagonal D, all with their digits.

Relative accuracy needs K whose leading minors are well conditioned, not K D^2 of modest range:
`dgejsv` (QR with pivoting, then one-sided Jacobi; after Drmac and Veselic) works to the relative
precision that the scaled factors allow. Ranges beyond that of floats are cut into windows.
"""

import numpy as np
from scipy.linalg import lapack

from hippo_theory.lti._values import Array

EPS = np.finfo(float).eps
FLAT = 10  # range of D^2 in bits up to which a bidiagonal SVD loses less than its range
WINDOW, MARGIN = 240, 80  # bits of D^2: a window, and what it gives away at either end


def singular_values(K, mantissas, exponents):
    """Singular values of D K D, descending, their logarithms, and estimates of relative errors.

    Parameters
    ----------
    K : (n, n) symmetric, real or complex
    mantissas, exponents : (n,)
        D^2 = mantissas 2^exponents, descending.

    Returns
    -------
    values, log_values, relative_error : (n,)

    Notes
    -----
    The values of rows s.. of a window are those of the Schur complement of what lies above them,
    and what lies below is left out: both perturb a value of size sigma by the ratio of sigma to
    the values cut away, so that a margin of 2^-80 at either end costs no digit.
    """
    n, levels = len(K), np.log2(mantissas) + exponents
    result = np.empty((3, n))
    done = start = 0
    while done < n:
        stop = int(np.searchsorted(-levels, WINDOW - levels[start], side="right"))
        keep = stop
        if stop < n:
            keep = int(np.searchsorted(-levels[:stop], MARGIN - levels[stop - 1] - 2 * MARGIN))
            keep = max(keep, done + 1)
        block = _schur_complement(K, start, stop)
        window = _window(block, mantissas[start:stop], exponents[start:stop])
        result[:, done:keep] = window[:, done - start : keep - start]
        done = keep
        start = min(done, int(np.searchsorted(-levels, -levels[min(done, n - 1)] - MARGIN)))
    values, logs, errors = result[:, np.argsort(-result[1], kind="stable")]
    return values, logs, errors + rounding(K)


def rounding(K) -> float:
    """Estimate of the relative errors that come with rounding errors in K."""
    return 4 * EPS * len(K) * leading_conditioning(K)


def leading_conditioning(K) -> float:
    """max |K| over the smallest pivot of elimination without interchanges: inf where one is 0."""
    U, n, size = K.copy(), len(K), 48
    smallest = np.inf
    for first in range(0, n, size):
        stop = min(first + size, n)
        for k in range(first, stop):
            pivot = abs(U[k, k])
            smallest = min(smallest, pivot)
            if pivot == 0:
                return np.inf
            U[k + 1 :, k] /= U[k, k]
            U[k + 1 :, k + 1 : stop] -= np.outer(U[k + 1 :, k], U[k, k + 1 : stop])
        if stop < n:
            L = np.tril(U[first:stop, first:stop], -1) + np.eye(stop - first)
            U[first:stop, stop:] = np.linalg.solve(L, U[first:stop, stop:])
            U[stop:, stop:] -= U[stop:, first:stop] @ U[first:stop, stop:]
    return float(np.abs(K).max() / smallest)


def _schur_complement(K, start, stop):
    block = K[start:stop, start:stop]
    if start == 0:
        return block
    return block - K[start:stop, :start] @ np.linalg.solve(K[:start, :start], K[:start, start:stop])


def _window(K, mantissas, exponents):
    shift = int(exponents[0]) // 2 * 2
    D = np.sqrt(np.ldexp(mantissas, exponents - shift))
    G = D[:, None] * K * D
    flat = np.log2(D[0] / D[-1]) * 2 <= FLAT
    values: Array = np.linalg.svd(G, compute_uv=False) if flat else jacobi(G)
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = len(K) * EPS * (values[0] / values if flat else np.ones_like(values))
        logs = np.log(values) + shift * np.log(2.0)
    return np.stack([np.ldexp(values, shift), logs, np.where(values > 0, errors, np.inf)])


def jacobi(G, *, vectors=False):
    """Singular values by `dgejsv`; with `vectors`, (U, values, V) with G = U diag(values) V^*.

    LAPACK's real routine is all SciPy has: a complex G is embedded, [[Re, -Im], [Im, Re]] for
    every entry, which doubles each value.
    """
    if np.iscomplexobj(G):
        n = len(G)
        E = np.empty((2 * n, 2 * n))
        E[::2, ::2] = E[1::2, 1::2] = G.real
        E[::2, 1::2], E[1::2, ::2] = -G.imag, G.imag
    else:
        E = G
    job = 0 if vectors else 3
    values, U, V, work, _, info = lapack.dgejsv(  # pyright: ignore[reportAttributeAccessIssue]
        E, joba=3, jobu=job, jobv=job, jobr=0, jobt=1, jobp=1
    )
    if info != 0:
        raise np.linalg.LinAlgError(f"one-sided Jacobi did not converge, LAPACK info = {info}")
    values = values * (work[0] / work[1])
    step = 2 if np.iscomplexobj(G) else 1
    if not vectors:
        return values[::step]
    if step == 2:
        U, V = (M[::2, ::2] + 1j * M[1::2, ::2] for M in (U, V))
    return U, values[::step], V
