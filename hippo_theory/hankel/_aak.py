"""Zeros and residues of the optimal Hankel approximation, in coordinates of the all-pass chain.

With w(z, l) = 1 - z conj(l) or -(z + conj(l)), the chain functions

    t_m(z) = sqrt(w_mm) / w(z, l_m) prod_{j < m} (z - l_j) / w(z, l_j)

are orthonormal, the kernels 1 / w(z, l_i) are rows of the Cholesky factor in them, and the
Schmidt function of sigma is U = sum_m v_m t_m. Y = sigma e^{i phi} U^#, its reflection, and the
approximation has the poles U(mu) = 0 with residues -Y(mu) / U'(mu).
"""

import numpy as np
import scipy.linalg as sla

from hippo_theory.hankel import _graded
from hippo_theory.hankel.singular_values import _simple_poles
from hippo_theory.lti import cascade, szego
from hippo_theory.lti._values import Array
from hippo_theory.lti.pairings import pairings

NEGLIGIBLE = 1e-18
NEWTON = 30


def approximate(system, order, spectrum):
    """Poles and residues of the best approximation of `order` states."""
    lam, v, phase, output = _from_generators(system, order)
    last = np.flatnonzero(np.abs(v) > NEGLIGIBLE)[-1] + 1
    lam, v = lam[:last], v[:last]
    zeros: Array = _zeros(lam, v, system.is_discrete)
    inside = np.abs(zeros) < 1 if system.is_discrete else zeros.real < 0
    if inside.sum() != order:
        raise np.linalg.LinAlgError(
            f"the Schmidt function must have {order} zeros in the region of stability, "
            f"got {int(inside.sum())}"
        )
    zeros = _polish(lam, v, zeros[inside], system.is_discrete)
    _, slope = _schmidt(lam, v, zeros, system.is_discrete)
    reflected, size = _reflection(lam, v, zeros, system.is_discrete)
    sigma = spectrum.values[order]
    Y, direct_size = output(zeros)
    with np.errstate(invalid="ignore"):
        smaller = direct_size <= sigma * size  # of two sums, the one with less cancellation
    with np.errstate(invalid="ignore"):
        residues = -np.where(smaller, Y, sigma * phase * reflected) / slope
    if not np.all(np.isfinite(residues)):
        raise np.linalg.LinAlgError(
            f"poles of the optimum of order {order} coincide with poles of the system in double "
            "precision"
        )
    return zeros, residues


def _from_generators(system, order):
    """Poles in the order of elimination, v in chain coordinates, e^{i phi}."""
    poles, residues, logs = _simple_poles(system)
    b, discrete = np.sqrt(residues.astype(complex)), system.is_discrete
    factors = szego.generator_cholesky(poles, b, discrete=discrete, log_poles=logs)
    X, p = factors.factor, factors.pivots
    centre = int(factors.exponents[order]) // 2 * 2
    keep = np.abs(factors.exponents - centre) < 1000
    if not keep[0]:
        raise np.linalg.LinAlgError("the singular values down to the order span too many decades")
    D = np.sqrt(factors.scaled_pivots(centre))[keep]
    G = D[:, None] * (X.T @ X)[np.ix_(keep, keep)] * D
    U, _, V = _graded.jacobi(G, vectors=True)
    v, u = V[:, order], U[:, order]
    scale = np.ldexp(1.0, centre // 2)
    weights = b * (X[:, keep] @ (D * v)) * scale

    def output(z):
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = weights / (z[:, None] - poles)
        return terms.sum(axis=1), np.abs(terms).sum(axis=1)

    lam, b = poles[p][keep], b[p][keep]
    return lam, _turns(lam, b, discrete) * v, _unit(v @ u), output


def _turns(lam, b, discrete):
    """Phases from coordinates with a positive factor to those of the chain."""
    pairs = pairings(lam, discrete=discrete)
    phases = np.empty(lam.size, complex)
    for m in range(lam.size):
        j = np.arange(m)
        phases[m] = _unit(b[m]) * np.prod(_unit(pairs.difference(m, j) / pairs.denominator(m, j)))
    return phases.conj()


def _unit(z):
    return z / np.where(np.abs(z) > 0, np.abs(z), 1.0)


def _w(z, lam, discrete):
    return 1 - z * lam.conj() if discrete else -(z + lam.conj())


def _scales(lam, discrete):
    return np.sqrt(pairings(lam, discrete=discrete).diagonal)


def _schmidt(lam, v, z, discrete):
    """U and U' at points z."""
    z = np.asarray(z, complex)
    value, slope = np.zeros_like(z), np.zeros_like(z)
    product, product_slope = np.ones_like(z), np.zeros_like(z)
    for pole, weight, s in zip(lam, v, _scales(lam, discrete), strict=True):
        w, turn = _w(z, pole, discrete), pole.conjugate() if discrete else 1.0  # -w' = turn
        value += weight * s * product / w
        slope += weight * s * (product_slope + product * turn / w) / w
        factor = (z - pole) / w
        product, product_slope = product * factor, product_slope * factor + product * (s / w) ** 2
    return value, slope


def _reflection(lam, v, z, discrete):
    """U^#(z) = conj(U(1 / conj z)) / z, or conj(U(-conj z)), and the size of its terms."""
    z = np.asarray(z, complex)
    value, size, product = np.zeros_like(z), np.zeros(z.shape), np.ones_like(z)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for pole, weight, s in zip(lam, v, _scales(lam, discrete), strict=True):
            term = weight.conjugate() * s * product / (z - pole)
            value, size = value + term, size + np.abs(term)
            product = product * _w(z, pole, discrete) / (z - pole)
    return value, np.where(np.isfinite(size), size, np.inf)


def _zeros(lam, v, discrete):
    """Zeros of U: eigenvalues of the pencil of its realisation by the chain."""
    n, s = lam.size, _scales(lam, discrete)
    L, M = np.zeros((n + 1, n + 1), complex), np.zeros((n + 1, n + 1), complex)
    if discrete:  # U = b^* (1 - z A^*)^{-1} v
        A, b = cascade.matrices(lam)
        L[:n, :n], L[:n, n], L[n, :n], M[:n, :n] = np.eye(n), v, b.conj(), A.conj().T
    else:  # q = -z: q x_m = conj(l_m) x_m + s_m y_m, y_{m+1} = s_m x_m - y_m, U = v^T x
        i = np.arange(n)
        signs = (-1.0) ** (i[:, None] - 1 - i)
        A = np.tril(signs * np.outer(s, s), -1) + np.diag(lam.conj())
        L[:n, :n], L[:n, n], L[n, :n], M[:n, :n] = A, s * (-1.0) ** i, v, np.eye(n)
    with np.errstate(all="ignore"):  # infinite eigenvalues of the bordered pencil
        zeros = sla.eig(L, M, right=False)
    zeros = zeros[np.argsort(np.abs(zeros))[: n - 1]]  # U has n - 1; nan and inf sort last
    return zeros if discrete else -zeros


def _polish(lam, v, zeros, discrete):
    """Newton's method on U itself."""
    for _ in range(NEWTON):
        value, slope = _schmidt(lam, v, zeros, discrete)
        step = value / slope
        zeros = zeros - step
        if np.all(np.abs(step) <= 4 * np.finfo(float).eps * np.abs(zeros)):
            break
    return zeros
