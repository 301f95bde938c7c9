"""Optimal Hankel approximation of a dense system from its all-pass embedding, in 32 digits.

With sigma = sigma_{r+1} and U = -c b^*, c and b the unit directions of the outputs and inputs of
its Schmidt pair, the pencil of

    E = Q P - sigma^2,    A^ = sigma^2 A^* + Q A P - sigma C^* U B^*,
    B^ = Q B + sigma C^* U,    C^ = C P + sigma U B^*

is singular in one direction; without it E^{-1} A^, E^{-1} B^, C^ is at the distance sigma from the
system on the imaginary axis, and its stable part has r states. After Glover; Safonov, Chiang and
Limebeer. Discrete systems go through the Cayley map, which keeps P, Q and the Hankel operator. No
single pole or residue is formed: these may be far less well conditioned than the system.
"""

import numpy as np
import scipy.linalg as sla

from hippo_theory import digits as dd
from hippo_theory.hankel import _triangular
from hippo_theory.hankel._aak import singular_vector
from hippo_theory.hankel._triangular import Triangular
from hippo_theory.hankel.factors import real_factor
from hippo_theory.hankel.gramians import gramian_factors
from hippo_theory.lti._values import Array
from hippo_theory.lti.values import LTI

STEPS = 12
SETTLED = 1e-26


def approximate(given: Triangular, Z: dd.DoubleDouble, order: int, *, real: bool):
    """(A, B, C) of the best approximation of `order` states in double precision; sigma."""
    A, B, C, S, R = _nearly_input_normal(given, Z, real)
    v, sigma = singular_vector(R.conj.T @ S, order)
    y, x = S @ v, R @ (R.conj.T @ (S @ v))  # E x = 0, y^* E = 0
    if given.discrete:
        A, B, C = _cayley(A, B, C, 1.0)
    P, Q, turn = S @ S.conj.T, R @ R.conj.T, -(C @ y)[:, None] * (x.conj @ B)
    if real:
        A, B, C, P, Q, turn = (M.real for M in (A, B, C, P, Q, turn))
    U = turn / dd.sqrt(dd.total(dd.total(turn * turn.conj)).real)
    E, A, B, C = _embedding(A, B, C, P, Q, sigma, U)
    left, right = _complement(y.high, real).conj().T, _complement(x.high, real)
    E = left @ E @ right
    A, B, C = dd.solve(E, left @ A @ right), dd.solve(E, left @ B), C @ right
    A, B, C = _stable_part(A, B, C, order, real)
    if given.discrete:
        A, B, C = _cayley(A, B, C, -1.0)
    A, B, C = _balanced(A, B, C, real, 1.0 if given.discrete else None)
    return A, B, C, float(sigma.high.real)


def _nearly_input_normal(given, Z, real):
    """The system and its factors in coordinates, of double precision, with P near 1."""
    S, R = _triangular.factors(given)
    root = (Z @ S).high
    root = dd.exact(real_factor(root) if real else root)
    T = given.strict + np.eye(len(Z.high)) * given.poles
    back = dd.solve(Z, root)  # x = back x', for the states x of the triangular form
    A, B = dd.solve(back, T @ back), dd.solve(back, given.B)
    return A, B, given.C @ back, dd.solve(back, S), back.conj.T @ R


def _balanced(A, B, C, real, dt):
    """Rounded to double precision, in coordinates where P and Q are nearly equal and diagonal."""

    def rounded(*parts):
        return tuple(M.high.real if real else M.high for M in parts)

    S, R = gramian_factors(LTI(*rounded(A, B, C), dt=dt))
    _, s, Vh = np.linalg.svd(R.conj().T @ S)
    T = dd.exact(S @ Vh.conj().T / np.sqrt(s))
    return rounded(dd.solve(T, A @ T), dd.solve(T, B), C @ T)


def _complement(x, real):
    """Orthonormal columns orthogonal to x; a real system has real x but for its phase."""
    x = (x / x[np.argmax(np.abs(x))]).real if real else x
    return np.linalg.qr(x[:, None], mode="complete")[0][:, 1:]


def _embedding(A, B, C, P, Q, sigma, U):
    square, CU = sigma * sigma, C.conj.T @ U
    E = Q @ P - square * np.eye(A.shape[0])
    mixed = square * A.conj.T + Q @ A @ P - sigma * (CU @ B.conj.T)
    return E, mixed, Q @ B + sigma * CU, C @ P + sigma * (U @ B.conj.T)


def _stable_part(A, B, C, order, real):
    """The stable part: an invariant subspace from LAPACK, corrected, and split off."""
    schur: Array = sla.schur(
        A.high.real if real else A.high, output="real" if real else "complex", sort="lhp"
    )
    _, Z, stable = schur
    if stable != order:
        raise np.linalg.LinAlgError(
            f"the optimum must have {order} stable poles, got {stable} in double precision"
        )
    A, B, C = dd.solve(dd.exact(Z), A @ Z), dd.solve(dd.exact(Z), B), C @ Z
    s, r = slice(0, order), slice(order, None)
    F, H = A.high[s, s], A.high[r, r]
    Y = _settled(lambda Y: A[r, s] + A[r, r] @ Y - Y @ (A[s, s] + A[s, r] @ Y), H, F)
    stable, rest = A[s, s] + A[s, r] @ Y, A[r, r] - Y @ A[s, r]
    X = _settled(lambda X: stable @ X - X @ rest + A[s, r], F, H)
    B2 = B[r] - Y @ B[s]
    return stable, B[s] - X @ B2, C[:, s] + C[:, r] @ Y


def _settled(residual, F, H):
    """The solution of residual(X) = 0, whose leading part is F X - X H."""
    X, size = dd.exact(np.zeros((len(F), len(H)))), np.inf
    for _ in range(STEPS):
        step = sla.solve_sylvester(F, -H, -residual(X).high)
        before, size = size, np.abs(step).max(initial=0.0)
        X = X + step
        if size <= SETTLED * np.abs(X.high).max(initial=0.0) or size > before / 2:
            break
    return X


def _cayley(A, B, C, sign):
    """From discrete (sign 1) to continuous time, (A - 1) (A + 1)^{-1}, or back (sign -1)."""
    unit, root = np.eye(A.shape[0]), dd.sqrt(dd.exact(2.0))
    inverse = dd.solve(A + unit if sign > 0 else unit - A, dd.exact(unit))
    image = (A - unit) @ inverse if sign > 0 else inverse @ (unit + A)
    return image, root * (inverse @ B), root * (C @ inverse)
