"""Poles and residues of the optimal Hankel approximation, to 32 digits, and their rounding.

Of a triangular system (T, B, C) with P = S S^*, Q = R R^* and R^* S v = sigma u, |v| = 1, the
Schmidt pair of sigma is

    U(z) = sum_m v_m t_m(z),    Y(z) = C (z - T)^{-1} S v,

with the chain functions t_m of `_triangular`, and the approximation has the poles U(mu) = 0 in the
region of stability with residues -Y(mu) / U'(mu). What double precision finds, v and the zeros,
starts iterations whose residuals have 32 digits.
"""

from dataclasses import dataclass

import numpy as np
import scipy.linalg as sla

from hippo_theory import digits as dd
from hippo_theory.hankel import _triangular
from hippo_theory.hankel._triangular import Triangular, w, with_conjugates
from hippo_theory.lti._values import Array

STEPS = 40
SETTLED = 1e-29


@dataclass(frozen=True, slots=True, eq=False)
class Rounded:
    """The optimum in double precision, in the units of the given modes.

    Attributes
    ----------
    poles, log_poles, residues : numpy.ndarray, shape (n,)
        Of a real system one of every pair; log_poles is None unless it is the datum.
    sigma : float
        sigma_{order+1} of the given modes.
    attained : float
        The Hankel norm of the difference over sigma, as the numbers stand; inf if not stable.
    """

    poles: Array
    log_poles: Array | None
    residues: Array
    sigma: float
    attained: float


def approximate(given: Triangular, order: int, *, real: bool, by_logarithms: bool) -> Rounded:
    """The best approximation of `order` poles, rounded."""
    poles, residues, sigma = optimum(given, order)
    if real:
        poles, residues = upper_half(poles, residues)
    single = real & (poles.high.imag == 0)
    logs, kept = None, dd.exact(poles.high)
    if by_logarithms:
        logs = dd.log(poles)
        kept = dd.real_where(single, dd.exp(logs))
    rounded = _refitted(poles, residues, kept, real, given.discrete)
    rounded = np.where(single, rounded.real, rounded)
    sigma = float(sigma.high.real)
    answer = _triangular.of_modes(kept, rounded, given.discrete, conjugate=real)
    stable = (w(kept, kept, given.discrete).high.real > 0).all()
    error = _triangular.difference(given, answer)
    attained = _triangular.norm(error) / sigma if stable else np.inf
    return Rounded(poles.high, logs, rounded, sigma, attained)


def optimum(given: Triangular, order: int):
    """Poles and residues of the best approximation of `order` poles; sigma_{order+1}."""
    S, R = _triangular.factors(given)
    v, sigma = singular_vector(R.conj.T @ S, order)
    lam, s = given.poles[::-1], _triangular.roots(given.poles[::-1], given.discrete)
    chain = lam, s, v[::-1]
    zeros = _zeros(*chain, order, given.discrete)
    slope = _schmidt(*chain, zeros, given.discrete)[1]
    return zeros, -_triangular.response(given, S @ v, zeros) / slope, sigma


def singular_vector(G, order):
    """The right singular vector of the (order + 1)-th singular value, and that value."""
    _, s, Vh = np.linalg.svd(G.high)
    gaps = (s - s[order]) * (s + s[order]) / s[order]
    gaps[order] = np.inf
    v, size = dd.exact(Vh[order].conj()), np.inf
    while True:
        v = v / _length(v)
        image = G @ v
        sigma = _length(image)
        residual = G.conj.T @ (image / sigma) - sigma * v
        step = Vh.conj().T @ ((Vh @ residual.high) / gaps)
        before, size = size, np.linalg.norm(step)
        if not SETTLED < size < before / 2:
            return v, sigma
        v = v - step


def _length(x):
    return dd.sqrt(dd.total(x * x.conj).real)


def _schmidt(lam, s, v, z, discrete):
    """U and U' at z: Horner's rule along the chain."""
    inverse = 1 / w(z, lam[:, None], discrete)
    section, term = (z - lam[:, None]) * inverse, (v * s)[:, None] * inverse
    turned = inverse * lam[:, None].conj if discrete else inverse  # -w' / w
    slope_term, slope_section = term * turned, (s * s)[:, None] * inverse * inverse
    value = slope = dd.exact(np.zeros(z.shape))
    for m in range(lam.shape[0] - 1, -1, -1):
        slope = slope_term[m] + section[m] * slope + slope_section[m] * value
        value = term[m] + section[m] * value
    return value, slope


def _zeros(lam, s, v, order, discrete):
    """The zeros of U in the region of stability: Newton's method, each deflated by the others."""
    starts = _pencil_zeros(lam.high, s.high.real, v.high, discrete)
    nearest = np.argsort(np.abs(starts) if discrete else starts.real)
    z, size = dd.exact(starts[nearest[:order]]), np.full(order, np.inf)
    for _ in range(STEPS):
        value, slope = _schmidt(lam, s, v, z, discrete)
        newton = value.high / slope.high
        apart = z.high[:, None] - z.high
        np.fill_diagonal(apart, np.inf)
        step = newton / (1 - newton * (1 / apart).sum(axis=1))
        z, before, size = z - step, size, np.abs(step)
        if not np.any((size > SETTLED * np.abs(z.high)) & (size < before)):
            break
    inside = w(z, z, discrete).high.real > 0
    if not inside.all():
        raise np.linalg.LinAlgError(
            f"the Schmidt function must have {order} zeros in the region of stability, "
            f"got {int(inside.sum())}"
        )
    return z


def _pencil_zeros(lam, s, v, discrete):
    """Zeros of U in double precision: eigenvalues of the pencil of its realisation by the chain.

    U = b^* (1 - z A^*)^{-1} v with (A, b) of the chain; in continuous time with q = -z,
    q x_m = conj(l_m) x_m + s_m y_m, y_{m+1} = s_m x_m - y_m, U = v^T x.
    """
    n = int(np.flatnonzero(np.abs(v) > 1e-18)[-1]) + 1
    lam, s, v = lam[:n], s[:n], v[:n]
    A, b, tap = np.diag(lam), np.zeros(n, complex), np.zeros(n + 1, complex)
    tap[n] = 1.0
    for m in range(n):  # tap m as a row of coefficients of the states and of the input
        A[m, :m], b[m] = s[m] * tap[:m], s[m] * tap[n]
        tap *= -lam[m].conj() if discrete else -1.0
        tap[m] = s[m]
    L, M = np.zeros((2, n + 1, n + 1), complex)
    if discrete:
        L[:n, :n], L[:n, n], L[n, :n], M[:n, :n] = np.eye(n), v, b.conj(), A.conj().T
    else:
        L[:n, :n], L[:n, n], L[n, :n], M[:n, :n] = A - 2j * np.diag(lam.imag), b, v, np.eye(n)
    with np.errstate(all="ignore"):  # infinite eigenvalues of the bordered pencil
        zeros: Array = sla.eig(L, M, right=False)
    zeros = zeros[np.argsort(np.abs(zeros))[: n - 1]]  # U has n - 1; nan and inf sort last
    return zeros if discrete else -zeros


def upper_half(poles, residues):
    """One of every pair of conjugate poles, and the real ones, exactly real."""
    z = poles.high
    partner = np.abs(z - z[:, None].conj()).argmin(axis=1)
    alone = np.arange(z.size)
    if (partner[partner] != alone).any():
        raise np.linalg.LinAlgError("poles of the optimum of a real system must come in pairs")
    real = partner == alone
    listed = real | (z.imag > 0)
    return tuple(dd.real_where(real, x)[listed] for x in (poles, residues))


def _refitted(poles, residues, kept, conjugate, discrete):
    """Residues at the rounded poles `kept` that are nearest to the optimum in the H2 norm.

    The difference vanishes at the reflections of `kept`, so that an error in a pole costs what it
    does to that pole alone, however many others are near:

        r^_i = w^_ii prod_{k != i} w^_ik / (l^_i - l^_k)
               sum_j r_j / w(l_j, l^_i) prod_{k != i} (l_j - l^_k) / w(l_j, l^_k).
    """
    count = kept.shape[0]
    if conjugate:
        poles, residues, kept = with_conjugates(poles, residues, kept)
    old, new, n = poles[:, None], kept[:, None], kept.shape[0]
    one, diagonal = dd.exact(np.ones((n, n))), np.eye(n, dtype=bool)
    inverse = 1.0 / w(old, kept, discrete)
    quotients = (old - kept) * inverse
    apart = dd.where(diagonal, one, w(new, kept, discrete) / (new - kept + diagonal))
    terms, scale = residues[:, None] * inverse, w(kept, kept, discrete)
    for k in range(n):
        terms = terms * dd.where(diagonal[k], one, quotients[:, k, None])
        scale = scale * apart[:, k]
    return (scale * dd.total(terms)).high[:count]
