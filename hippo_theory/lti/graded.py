"""Singular values of D K D for symmetric K and a steep positive diagonal D, all with their digits.

Relative accuracy needs K whose leading minors are well conditioned, not K D^2 of modest range:
`dgejsv` (QR with pivoting, then one-sided Jacobi; after Drmac and Veselic) works to the relative
precision that the scaled factors allow. Large matrices take a bidiagonal form, ten times faster,
where it proves as precise. Ranges beyond that of floats are cut into windows.
"""

from typing import Any

import numpy as np
from scipy import linalg
from scipy.linalg import lapack, solve_triangular

from hippo_theory import scales
from hippo_theory.lti import bidiagonal

EPS = np.finfo(float).eps
SMALL = 64  # order up to which Jacobi is as quick as bidiagonal form
GROWTH = 8  # errors of a bidiagonal form, in units of n eps, up to which it is kept
WINDOW, MARGIN = 272, 80  # bits of D^2: a window, and what it gives away at either end
SLACK = 32  # bits of D^2 within which the start of a window is chosen
GROUP = 1000  # bits of D^2 of the windows whose Schur complements follow from that of the first


def singular_values(K, mantissas, exponents, *, eliminated=None):
    """Singular values of D K D, descending, their logarithms, and estimates of relative errors.

    Parameters
    ----------
    K : (n, n) symmetric, real or complex
    mantissas, exponents : (n,)
        D^2 = mantissas 2^exponents, descending.
    eliminated : (n, n), optional
        `eliminate(K)` where it is known.

    Returns
    -------
    values, log_values, relative_error : (n,)

    Notes
    -----
    The values of rows s.. of a window are those of the Schur complement of what lies above them,
    and what lies below is left out: both perturb a value of size sigma by the ratio of sigma to
    the values cut away, so that a margin of 2^-80 at either end costs no digit. A window starts
    behind a large pivot, where the leading minor is well conditioned.
    """
    n, levels = len(K), np.log2(mantissas) + exponents
    U = eliminate(K) if eliminated is None else eliminated
    pivots = np.diagonal(U)
    conditioning, result = float(np.abs(K).max() / np.abs(pivots).min()), np.empty((3, n))
    S, done, start, base, end = K, 0, 0, 0, 0
    while done < n:
        stop = _below(levels, start, WINDOW)
        keep = stop if stop == n else max(_below(levels, stop - 1, -MARGIN), done + 1)
        if stop > end:
            base, end = start, _below(levels, start, GROUP)
            S = _schur_complement(K[:end, :end], base)
        block = _schur_complement(S[: stop - base, : stop - base], start - base)
        rows = slice(start, stop)
        window = _window(block, mantissas[rows], exponents[rows], conditioning)
        result[:, done:keep] = window[:, done - start : keep - start]
        if keep < n:
            start = _start(levels, pivots, start, keep)
        done = keep
    values, logs, errors = result[:, np.argsort(-result[1], kind="stable")]
    sizes = np.log(2.0) * levels[0] - logs  # by Weyl, |D E D| is as much as any value changes
    absolute = np.exp(np.minimum(sizes, 600.0)) * np.exp2((levels - levels[0]) / 2).sum() ** 2
    weyl = 16 * EPS * (1 + n * np.abs(K).max() * absolute)
    lost = rounding(K, mantissas, exponents, U)
    return values, logs, errors + np.minimum(lost if lost < 0.1 else np.inf, weyl)


def rounding(K, mantissas, exponents, U) -> float:
    """Estimate of the relative errors that come with rounding errors E in K, for U = eliminate(K).

    With K = L S L^T, D (K + E) D is (1 + F) D K D (1 + F)^T, where F has to first order the lower
    triangle of D L^-1 E L^-T S^-1 D^-1 (between L and L^-1, of little effect); every value changes
    by at most 2 |F|. Entries of E are taken as independent, of size 8 eps max |K|, and |F| as the
    sum of its largest row and column. 8 is empirical: on thousands of systems of nearly coincident
    poles and of residues over 300 decades the estimate is at least three times the error.
    """
    half, pivots = (np.log2(mantissas) + exponents) / 2, np.diagonal(U)
    unit, ones = U / pivots[:, None], np.eye(len(K))
    inverse = solve_triangular(unit, ones, trans=1, unit_diagonal=True, check_finite=False)
    rows = np.linalg.norm(inverse, axis=1)
    steps = np.exp2(np.minimum(half[:, None] - half, 0.0))
    F = np.tril(np.outer(rows, rows / np.abs(pivots)) * steps) * np.abs(K).max()
    size = np.linalg.norm(F, axis=0).max() + np.linalg.norm(F, axis=1).max()
    return float(16 * EPS * (1 + size))


def eliminate(K):
    """U of K = U^T diag(U)^{-1} U, eliminated without interchanges.

    A pivot below eps max |K|, which leaves no digit, is replaced by that.
    """
    U = K.copy()
    _eliminate(U, EPS * np.abs(K).max())
    return np.triu(U)


def _eliminate(U, least):
    """The upper triangle becomes U of K = U^T diag(U)^{-1} U."""
    n = len(U)
    if n <= 32:
        for k in range(n):
            if abs(U[k, k]) < least:
                U[k, k] = least
            U[k + 1 :, k + 1 :] -= np.outer(U[k, k + 1 :] / U[k, k], U[k, k + 1 :])
        return
    h = n // 2
    top, right, bottom = U[:h, :h], U[:h, h:], U[h:, h:]
    _eliminate(top, least)
    pivots = np.diagonal(top)[:, None]
    right[:] = solve_triangular(
        top / pivots, right, trans=1, unit_diagonal=True, check_finite=False
    )
    bottom -= (right / pivots).T @ right
    _eliminate(bottom, least)


def _below(levels, row, bits):
    """The first row more than `bits` below `row`."""
    return int(np.searchsorted(-levels, bits - levels[row], side="right"))


def _start(levels, pivots, start, done):
    """Where the window that goes on with row `done` starts, not above `start`."""
    first, last = (_below(levels, done, -MARGIN - bits) for bits in (SLACK, 0))
    candidates = np.arange(max(first, start, 1), max(last, start, 1) + 1)
    return int(candidates[np.abs(pivots[candidates - 1]).argmax()]) if last > 0 else start


def _schur_complement(K, size):
    """Of the first `size` rows and columns."""
    top, right = K[:size, :size], K[:size, size:]
    return K[size:, size:] - right.T @ np.linalg.solve(top, right) if size else K


def _window(K, mantissas, exponents, conditioning):
    shift = int(exponents[0]) // 2 * 2
    D = np.sqrt(scales.ldexp(mantissas, exponents - shift))
    values, error = _values(D[:, None] * K * D, conditioning)
    with np.errstate(divide="ignore"):
        logs = np.log(values) + shift * np.log(2.0)
    values = scales.restored("singular values", values, shift)
    return np.stack([values, logs, np.where(np.isfinite(logs), error, np.inf)])


def _values(G, conditioning):
    """Singular values and the relative error of the arithmetic."""
    if len(G) > SMALL:
        values, growth = bidiagonal.singular_values(G)
        if growth <= GROWTH:
            return values, len(G) * EPS * growth * conditioning
    return jacobi(G), len(G) * EPS


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


def qr(M) -> tuple[Any, Any, Any]:
    """Q, R and the columns' order, of M[:, order] = Q R: small columns keep their digits."""
    factors: Any = linalg.qr(M, mode="economic", pivoting=True)
    return factors


def svd(M) -> tuple[Any, Any, Any]:
    """U, s, V^* of M whose columns differ in size, all of s to relative precision."""
    Q, R, order = qr(M)
    factors: Any = linalg.svd(R.conj().T)
    vectors, s, other = factors
    right = vectors.conj().T
    right[:, order] = right.copy()
    return Q @ other.conj().T, s, right


def column_values(M) -> Any:
    """s of `svd`, descending."""
    return linalg.svdvals(qr(M)[1].conj().T)
