"""Optimal Hankel approximation of a dense system, from its balanced realisation.

With sigma = sigma_{r+1} last, Sigma = diag(Sigma_1, sigma), Gamma = Sigma_1^2 - sigma^2 and
B_2 = -C_2^* u, |u| = 1, the system

    A^ = Gamma^{-1} (sigma^2 A_11^* + Sigma_1 A_11 Sigma_1 - sigma C_1^* u B_1^*),
    B^ = Gamma^{-1} (Sigma_1 B_1 + sigma C_1^* u),    C^ = C_1 Sigma_1 + sigma u B_1^*

is at the distance sigma from G on the imaginary axis, and its stable part has r states. After
Glover. Discrete systems go through the Cayley map, which keeps the Hankel operator.
"""

import numpy as np
import scipy.linalg as sla

from hippo_theory.hankel import _factors, _graded
from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import matrices
from hippo_theory.lti.systems import LTI

NEGLIGIBLE = 1e-13  # of sigma_{r+1}: states left out, whose tail bounds what that costs


def approximate(system, order) -> LTI:
    """The best approximation of `order` states, with the D of `system`."""
    A, B, C, sigma = _balanced(system, order)
    if system.is_discrete:
        unit = np.eye(len(A))
        inverse = np.linalg.inv(A + unit)
        A, B, C = (A - unit) @ inverse, np.sqrt(2) * inverse @ B, np.sqrt(2) * C @ inverse
    A, B, C = _stable_part(*_all_pass_embedding(A, B, C, sigma, order), order)
    if system.is_discrete:
        inverse = np.linalg.inv(np.eye(order) - A)
        A, B, C = inverse @ (np.eye(order) + A), np.sqrt(2) * inverse @ B, np.sqrt(2) * C @ inverse
    return LTI(A, B[:, 0], C[0], system.D, dt=system.dt)


def _balanced(system, order):
    S, R = _factors.factors(system)
    U, s, V = _graded.jacobi(R.conj().T @ S, vectors=True)
    keep = s > NEGLIGIBLE * s[order]
    U, s, V = U[:, keep], s[keep], V[:, keep]
    root = np.sqrt(s)
    left, right = (R @ U / root).conj().T, S @ V / root
    A, B, C, _ = matrices(system)
    return left @ A @ right, left @ B, C @ right, s


def _all_pass_embedding(A, B, C, s, order):
    rest = np.arange(s.size) != order
    sigma, S1 = s[order], s[rest]
    A1, B1, C1 = A[np.ix_(rest, rest)], B[rest], C[:, rest]
    u = -(C[:, order : order + 1] @ B[order : order + 1])  # of modulus |B_2| |C_2|, B_2 = -C_2^* u
    u = u / np.abs(u)
    gamma = (S1 - sigma) * (S1 + sigma)
    turned = sigma * C1.conj().T @ u
    mixed = sigma**2 * A1.conj().T + S1[:, None] * A1 * S1 - turned @ B1.conj().T
    hat_A, hat_B = mixed / gamma[:, None], (S1[:, None] * B1 + turned) / gamma[:, None]
    return hat_A, hat_B, C1 * S1 + sigma * u @ B1.conj().T


def _stable_part(A, B, C, order):
    schur: Array = sla.schur(A.astype(complex), output="complex", sort="lhp")
    T, Z, stable = schur
    if stable != order:
        raise np.linalg.LinAlgError(
            f"the optimum must have {order} stable poles, got {stable} in double precision"
        )
    X = sla.solve_sylvester(T[:order, :order], -T[order:, order:], -T[:order, order:])
    B, C = Z.conj().T @ B, C @ Z
    return T[:order, :order], B[:order] - X @ B[order:], C[:, :order]
