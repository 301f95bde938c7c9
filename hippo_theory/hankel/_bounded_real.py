"""A proof that |G| <= gamma on the whole boundary: the bounded real lemma, checked in 32 digits.

If a Hermitian X, definite or not, makes

    M(X) = [[-(A^* X + X A + C^* C), -(X B + C^* D)], [-(B^* X + D^* C), gamma^2 - D^* D]]

(in discrete time [[X - A^* X A - C^* C, -(A^* X B + C^* D)], [.., gamma^2 - D^* D - B^* X B]])
positive semidefinite, then u^* (gamma^2 - G^* G) u >= 0 at every point of the boundary that is no
pole. X comes from the invariant subspace of the Hamiltonian matrix of [C; sqrt(w) I] in double
precision, and Newton steps; M(X) is computed with 32 digits, so that w may be tiny.
"""

import warnings

import numpy as np
import scipy.linalg as sla

from hippo_theory.digits import ROUNDING, product
from hippo_theory.hankel._coordinates import doubled
from hippo_theory.lti._values import Array

EPS = np.finfo(float).eps
STEPS = 40
LOW = 0.5  # |D| / gamma above which a continuous system goes by the circle
ENOUGH = 0.05  # of w is left over


def proved(system, gamma, w, X) -> bool:
    """Whether |G| <= gamma follows from a matrix that Newton's method reaches from X."""
    n, best = len(X), -np.inf
    target = w * np.eye(n)
    X = doubled(X)
    for _ in range(STEPS):
        found = _slack(system, X, gamma)
        if found is None:
            return False
        S, Z, error = found
        lowest = np.linalg.eigvalsh(S)[0] - 10 * n * EPS * np.linalg.norm(S) - error
        if lowest > ENOUGH * w:
            return True
        if not lowest > 0.7 * best and best > -np.inf:
            return False
        best = lowest
        step = _newton_step(system, Z, S - target)
        if step is None:
            return False
        X = X + doubled(step)
    return False


def _slack(system, X, gamma):
    """The Schur complement S of M(X), the Z that gives it, and its error; None if no S is known.

    [I, -Z^*] M [I; -Z] = S for Z = M22^{-1} M21. With a rounded Z a block beside it is left over,
    whose square over the least eigenvalue of M22 is part of the error.
    """
    M11, M12, M22 = _blocks(system, X, gamma)
    off11, off12, off22 = _errors(system, X, gamma)
    norm, corner = np.linalg.norm, (M22.high + M22.high.conj().T) / 2
    least = np.linalg.eigvalsh(corner)[0] - off22 - 10 * len(corner) * EPS * norm(corner)
    if not least > 0:
        return None
    Z = doubled(np.linalg.solve(corner, M12.high.conj().T))
    left, right = product(M12, Z), product(M22, Z)
    S = M11 - left - _adjoint(left) + product(_adjoint(Z), right)
    beside, size = norm((_adjoint(M12) - right).high), norm(Z.high)
    unit = ROUNDING * (len(M11.high) + len(corner) + 8)
    lost = off11 + 2 * size * off12 + size**2 * off22
    lost += 2 * unit * size * (2 * norm(M12.high) + size * norm(corner))
    lost += 2 * (beside + off12 + size * off22) ** 2 / least
    return (S.high + S.high.conj().T) / 2, Z.high, float(lost)


def _blocks(system, X, gamma):
    """M11, M12 and M22 of M(X)."""
    A, B, C, D = system.A, system.B, system.C, system.D
    through, square = doubled(D), doubled(gamma**2 * np.eye(D.shape[1]))
    P, CC, CD = product(_adjoint(A), X), product(_adjoint(C), C), product(_adjoint(C), through)
    M22 = square - product(_adjoint(through), through)
    if system.discrete:
        M22 = M22 - product(_adjoint(B), product(X, B))
        return X - product(P, A) - CC, -(product(P, B) + CD), M22
    return -(P + _adjoint(P) + CC), -(product(X, B) + CD), M22


def _errors(system, X, gamma):
    """Norms of the errors of M11, M12 and M22, of the coordinates and of rounding."""
    sizes = [np.linalg.norm(M.high) for M in (system.A, system.B, system.C, X)]
    a, b, c, x = sizes
    d, unit = np.linalg.norm(system.D), 4 * ROUNDING * (sum(system.D.shape) + len(X.high) + 8)
    of_A, of_B, of_C = system.errors
    s = a if system.discrete else 1.0
    off11 = 4 * x * s * of_A + 4 * c * of_C + unit * (x * (1 + a * s) + c**2)
    off12 = 2 * x * s * of_B + 2 * d * of_C + unit * (x * s * b + c * d)
    off22 = unit * (gamma**2 + d**2)
    if system.discrete:
        off12 += 2 * x * b * of_A
        off22 += 4 * x * b * of_B + unit * x * b**2
    return off11, off12, off22


def lossless(system, w):
    """The observability Gramian of [C; sqrt(w) I], which is nearly X where |G| is constant."""
    A, _, C, _ = system.rounded
    return _lyapunov(A.conj().T, C.conj().T @ C + w * np.eye(len(A)), system.discrete)


def _newton_step(system, Z, excess):
    """The change of X that takes the excess of S away to first order, or None."""
    return _lyapunov((system.A.high - system.B.high @ Z).conj().T, -excess, system.discrete)


def _lyapunov(M, right, discrete):
    """X with M X + X M^* + right = 0, or M X M^* - X + right = 0; None if there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a bad X proves nothing
            if discrete:
                X = sla.solve_discrete_lyapunov(M, right, method="bilinear")
            else:
                X = sla.solve_continuous_lyapunov(M, -right)
    except (np.linalg.LinAlgError, ValueError):
        return None
    return (X + X.conj().T) / 2 if np.isfinite(X).all() else None


def _adjoint(M):
    return M.conj.T


def subspace(system, gamma, w):
    """(X, places): X of the stable invariant subspace, or None, and where |G| may reach gamma.

    Of the Hamiltonian matrix of [C; sqrt(w) I]. The places are those of its eigenvalues on the
    boundary, within the rounding that moves them: a double eigenvalue moves by the root of it.
    """
    try:
        H, scale, back = _extended(system, gamma, w)
        kind = "complex" if np.iscomplexobj(H) else "real"
        form: Array = sla.schur(H, output=kind, sort="lhp")
        T, U, count = form
        n = len(H) // 2
        X = np.linalg.solve(U[:n, :n].T, U[n:, :n].T).T * scale if count == n else None
    except (np.linalg.LinAlgError, ValueError):  # singular, infinite, or sorted in vain
        return None, np.zeros(0)
    found: Array = _eigenvalues(T)
    near = np.abs(found.real) <= np.sqrt(EPS) * (1e-3 * np.linalg.norm(H, 2) + np.abs(found))
    return None if X is None else (X + X.conj().T) / 2, np.sort(back(found.imag[near]))


def _extended(system, gamma, w):
    """The Hamiltonian matrix, the scale of its X, and the places that its frequencies mean."""
    A, B, C, D = system.rounded
    n, m = B.shape
    C = np.concatenate([C, np.sqrt(w) * np.eye(n)])
    D = np.concatenate([D, np.zeros((n, m))])
    if not (system.discrete or np.linalg.norm(D, 2) > LOW * gamma):
        return *_hamiltonian(A, B, C, D, gamma), lambda places: places
    pace = 1.5 * np.linalg.norm(A, 2)
    if not system.discrete:
        A, B, C, D = _on_circle(A, B, C, D, pace)
    turn = _infinity(A, B, C, D, gamma)

    def back(places):
        places = np.angle(turn * (1 + 1j * places) / (1 - 1j * places))
        return places if system.discrete else pace * np.tan(places / 2)

    return *_hamiltonian(*_cayley(A, B, C, D, turn), gamma), back


def _infinity(A, B, C, D, gamma):
    """A point of the circle far from the poles where |G| is small; a real one if one will do.

    The Cayley map puts it at infinity, where gamma^2 - |G|^2 is to be inverted.
    """
    poles, real = np.linalg.eigvals(A), not any(np.iscomplexobj(M) for M in (A, B, C, D))
    points = np.exp(1j * (np.pi / 16 + np.pi / 8 * np.arange(16)))
    points = np.concatenate([[1.0, -1.0], points])
    far = np.minimum(np.abs(poles[:, None] - points).min(axis=0), 1.0)
    unit = np.eye(len(A))
    sizes = np.array([np.linalg.norm(D + C @ np.linalg.solve(z * unit - A, B), 2) for z in points])
    cost = 1 / far + 1 / np.maximum(1 - (sizes / gamma) ** 2, EPS)
    best = int(np.argmin(cost))
    first = int(np.argmin(cost[:2]))
    if real and cost[first] < 10 * cost[best]:
        return -points[first].real
    return -points[best]


def _hamiltonian(A, B, C, D, gamma):
    """The Hamiltonian matrix of a level, with the scale by which its X is to be multiplied."""
    R = gamma**2 * np.eye(D.shape[1]) - D.conj().T @ D
    across = D.conj().T @ C
    X = np.linalg.solve(R, across)
    F, G = A + B @ X, B @ np.linalg.solve(R, B.conj().T)
    Q = C.conj().T @ C + across.conj().T @ X
    scale = np.sqrt(np.linalg.norm(Q) / np.linalg.norm(G))
    return np.block([[F, scale * G], [-Q / scale, -F.conj().T]]), scale


def _cayley(A, B, C, D, d):
    """The continuous system with G(s) = G(d (1 + s) / (1 - s)), which keeps X."""
    A, B, unit = A / d, B / d, np.eye(len(A))
    inverse = np.linalg.inv(A + unit)
    root = np.sqrt(2.0)
    return (A - unit) @ inverse, root * inverse @ B, root * C @ inverse, D - C @ inverse @ B


def _on_circle(A, B, C, D, pace):
    """The discrete system with G(z) = G(pace (z - 1) / (z + 1)), which keeps X."""
    inverse, root = np.linalg.inv(pace * np.eye(len(A)) - A), np.sqrt(2 * pace)
    turned = inverse @ (pace * np.eye(len(A)) + A)
    return turned, root * inverse @ B, root * C @ inverse, D + C @ inverse @ B


def _eigenvalues(T):
    """Eigenvalues of a triangular matrix, or of a real one with standard blocks of two rows."""
    if np.iscomplexobj(T):
        return np.diagonal(T)
    inner = np.sqrt(np.maximum(-np.diagonal(T, -1) * np.diagonal(T, 1), 0.0))
    above, below = np.append(inner, 0.0), np.append(0.0, inner)
    return np.diagonal(T) + 1j * (above - below)
