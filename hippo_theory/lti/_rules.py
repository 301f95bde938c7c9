"""The rules of SCHEMES as formulas: of dense matrices, of poles, of diagonal plus low rank."""

import itertools
import math

import numpy as np
from scipy import linalg

from hippo_theory.lti._phi import log_ratio, phi1, phi2
from hippo_theory.lti.forms import channels
from hippo_theory.lti.values import DPLR

PADE = [math.comb(13, k) / math.perm(26, k) for k in range(14)]
REACH = 5.3


def low_rank(system: DPLR, dt: float, alpha: float) -> DPLR:
    """Woodbury on M = E + alpha dt P Q^*, E = I - alpha dt diag(poles), with A_d = I + dt M^{-1} A.

    M^{-1} = F - alpha dt F P S Q^* F with F = E^{-1}, S = (I + alpha dt Q^* F P)^{-1}, so that
    A_d = diag((1 + (1 - alpha) dt poles) F) - (dt F P S) (F^* Q)^* is DPLR again.
    """
    E = 1 - alpha * dt * system.poles
    if not E.all():
        raise np.linalg.LinAlgError(
            f"1 - alpha dt pole is 0 at index {int(np.argmin(np.abs(E)))} of the diagonal part"
        )
    F = (1 / E)[:, None]
    Q = F.conj() * system.Q
    core = np.eye(Q.shape[1]) + alpha * dt * (Q.conj().T @ system.P)
    P = dt * linalg.solve(core.T, (F * system.P).T).T
    columns, rows, _ = channels(system)
    B = dt * (F * columns - alpha * P @ (Q.conj().T @ columns))
    C = rows * F.T - alpha * (rows @ P) @ Q.conj().T
    D = system.D + alpha * (rows @ B).reshape(system.D.shape)
    if system.is_siso:
        B, C = B[:, 0], C[0]
    return DPLR((1 + (1 - alpha) * dt * system.poles) / E, P, Q, B, C, D, dt=dt)


def substitute(A, B, C, D, dt, alpha):
    """Dense s = (z - 1)/(dt (alpha z + 1 - alpha)), split as in SciPy."""
    identity = np.eye(A.shape[0])
    M = identity - alpha * dt * A
    B = linalg.solve(M, dt * B)
    A, C_new = linalg.solve(M, identity + (1 - alpha) * dt * A), linalg.solve(M.T, C.T).T
    return A, B, C_new, D + alpha * C @ B


def substitute_poles(x, alpha):
    """The same of a pole; x = dt pole, and factors of dt B, C and dt C B."""
    inverse = 1 / (1 - alpha * x)
    pole = (1 + (1 - alpha) * x) * inverse
    return pole, log_ratio(x, alpha), inverse, inverse, alpha * inverse


def zero_order(A, B, C, D, dt, alpha):
    """Dense exact response to u constant between samples."""
    transition, first = _holds(A, B, dt, 1)
    return transition, first, C, D


def zero_order_poles(x, alpha):
    """The same of a pole."""
    return np.exp(x), x, phi1(x), np.ones_like(x), np.zeros_like(x)


def first_order(A, B, C, D, dt, alpha):
    """Dense exact response to u linear between samples; D reads the newer one."""
    transition, first, second = _holds(A, B, dt, 2)
    return transition, first - second + transition @ second, C, D + C @ second


def first_order_poles(x, alpha):
    """The same of a pole: phi_1 - phi_2 + e^x phi_2 = phi_1^2."""
    return np.exp(x), x, phi1(x) ** 2, np.ones_like(x), phi2(x)


def _holds(A, B, dt, count):
    """e^{dt A} and phi_j(dt A) dt B, j = 1..count, as blocks of one matrix exponential.

    B is scaled to 1 so that it asks for no squarings and keeps its digits; its columns stand
    on the side of A that keeps a triangular A triangular.
    """
    n, m = B.shape
    size = np.abs(B).max(initial=0.0) or 1.0
    is_lower = not np.triu(A, 1).any()
    M = np.zeros((n + count * m,) * 2, dtype=np.result_type(A, B))
    states = slice(count * m, None) if is_lower else slice(n)
    starts = range((count - 1) * m, -1, -m) if is_lower else range(n, n + count * m, m)
    held = [slice(k, k + m) for k in starts]  # where phi_1 B, phi_2 B come to stand
    M[states, states], M[states, held[0]] = dt * A, B / size
    for newer, older in itertools.pairwise(held):
        M[newer, older] = np.eye(m)
    E = _expm1(M)[states]
    transition = E[:, states]
    transition[np.diag_indices(n)] += 1
    if is_lower or not np.tril(A, -1).any():
        transition[np.diag_indices(n)] = np.exp(dt * np.diagonal(A))
    return (transition, *(dt * size * E[:, block] for block in held))


def _expm1(M):
    """e^M - I = 2 E + E^2 of that of M / 2, so that slow states keep their digits beside fast ones.

    Pade's approximant of degree 13 at |M| <= REACH, after Higham (2005); e^M itself is rounded
    beside 1 at every squaring, which a pole of -1e-9 beside one of -1e9 pays with its digits.
    """
    norm = np.abs(M).sum(axis=0).max(initial=0.0)
    squarings = max(0, math.frexp(norm / REACH)[1]) if norm > REACH else 0
    X = M * 2.0**-squarings
    one, X2 = np.eye(len(X)), X @ X
    X4 = X2 @ X2
    X6, b = X4 @ X2, PADE
    odd = X6 @ (b[13] * X6 + b[11] * X4 + b[9] * X2)
    odd = X @ (odd + b[7] * X6 + b[5] * X4 + b[3] * X2 + b[1] * one)
    even = X6 @ (b[12] * X6 + b[10] * X4 + b[8] * X2)
    even = even + b[6] * X6 + b[4] * X4 + b[2] * X2 + b[0] * one
    E = 2 * np.linalg.solve(even - odd, odd)
    for _ in range(squarings):
        E = 2 * E + E @ E
    return E
