"""H-infinity norms by the level test: |G| reaches gamma where a Hamiltonian matrix has an
eigenvalue on the imaginary axis.
"""

import numpy as np
import scipy.linalg as sla

from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import expand, matrices

LEVELS = 60
ROUNDING = 16
EPS = np.finfo(float).eps


def bounds(system, rtol):
    """(value, lower, upper) of sup |G|, at most `rtol` and the rounding of A apart, or None.

    None where the levels do not meet, or poles inside the circle by their logarithms are rounded
    onto it: this method takes numbers.
    """
    if getattr(system, "log_poles", None) is not None and (np.abs(system.poles) >= 1).any():
        return None
    A, B, C, D = (np.asarray(M, complex) for M in matrices(expand(system)))
    if system.is_discrete:
        A, B, C, D = _cayley(A, B, C, D)
    response = _response(A, B, C, D)
    best = (float(np.linalg.norm(D, 2)), 0.0)
    best = max([best, *(response(w) for w in [0.0, *np.linalg.eigvals(A).imag])])
    if best[0] == 0:
        return 0.0, 0.0, 0.0
    for _ in range(LEVELS):
        level = best[0] * (1 + rtol / 2)
        crossings = _crossings(A, B, C, D, level)
        middles = (crossings[1:] + crossings[:-1]) / 2
        peak = max((response(w) for w in np.concatenate([crossings, middles])), default=best)
        if peak[0] <= level:
            value, rounding = max(best, peak)
            return value, max(value - rounding, 0.0), max(value, level) + rounding
        best = peak
    return None


def _cayley(A, B, C, D):
    """The continuous system with G(s) = G(d (1 + s) / (1 - s)), -d far from the poles' angles."""
    angles = np.sort(np.angle(np.linalg.eigvals(A)))
    steps = np.diff(np.append(angles, angles[0] + 2 * np.pi))
    d = -np.exp(1j * (angles + steps / 2)[np.argmax(steps)])
    A, B, unit = A / d, B / d, np.eye(len(A))
    inverse = np.linalg.inv(A + unit)
    root = np.sqrt(2.0)
    return (A - unit) @ inverse, root * inverse @ B, root * C @ inverse, D - C @ inverse @ B


def _response(A, B, C, D):
    """w -> |G(i w)|, and what it changes by if A is off by some n eps |A|."""
    form: Array = sla.schur(A, output="complex")
    T, Z = form
    B, C = Z.conj().T @ B, C @ Z
    backward = ROUNDING * len(A) * EPS * max(np.linalg.norm(A, 2), 1.0)

    def response(w):
        M = 1j * w * np.eye(len(T)) - T
        X, Y = sla.solve_triangular(M, B), sla.solve_triangular(M, C.conj().T, trans=2)
        value = float(np.linalg.norm(D + C @ X, 2))
        moved = backward * np.linalg.norm(X, 2) * np.linalg.norm(Y, 2)
        return value, float(moved + ROUNDING * EPS * value)

    return response


def _crossings(A, B, C, D, level):
    """Frequencies of Hamiltonian eigenvalues on the axis, within the rounding that moves them.

    A double eigenvalue moves by the root of a rounding error; an eigenvalue taken for a crossing
    that is none costs one evaluation of G.
    """
    R = level**2 * np.eye(D.shape[1]) - D.conj().T @ D
    X = np.linalg.solve(R, D.conj().T @ C)
    F = A + B @ X
    lower = -(C.conj().T @ C + C.conj().T @ D @ X)
    H = np.block([[F, B @ np.linalg.solve(R, B.conj().T)], [lower, -F.conj().T]])
    eigenvalues = np.linalg.eigvals(H)
    near = abs(eigenvalues.real) <= np.sqrt(EPS) * (1e-3 * np.linalg.norm(H, 2) + abs(eigenvalues))
    return np.sort(eigenvalues.imag[near])
