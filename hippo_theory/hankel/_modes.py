"""Modes of a system, G = D + sum_j c_j b_j / (z - l_j), with all that near-marginal poles need.

Distances to the boundary, differences and angles between poles are kept to relative precision:
from the data of a diagonal system, from refined eigenvectors of a dense one, whose errors are
bounded.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from hippo_theory.digits import two_product, two_sum
from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import matrices
from hippo_theory.lti.pairings import expm1, one_minus, pairings

EPS = np.finfo(float).eps
REFINEMENTS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Modes:
    """Poles as distances and directions, and what each contributes.

    Attributes
    ----------
    discrete : bool
    damping : (n,)
        1 - |l|, or -Re l.
    position : (n,)
        arg l, or Im l, rounded.
    angles, differences : (n, n)
        arg(l_i conj l_j), or Im(l_i - l_j); and l_i - l_j: relative errors of a few eps.
    B, C, D : (n, m), (p, n), (p, m)
    errors : (n,)
        Bounds of the errors of c_j b_j.
    remainder : float
        Bound of |G - the sum| beyond that.
    """

    discrete: bool
    damping: Array
    position: Array
    angles: Array
    differences: Array
    B: Array
    C: Array
    D: Array
    errors: Array
    remainder: float

    def gaps(self, chart, x) -> Array:
        """z - l_j, (k, n), at the frequencies x beyond the position of mode `chart`, both (k,)."""
        y = self.angles[chart] + x[:, None]
        if not self.discrete:
            return self.damping + 1j * y
        return np.exp(1j * self.position) * (self.damping + np.expm1(1j * y))

    def distances(self, chart, x, h) -> Array:
        """Distances (k, n) of the poles from the pieces [x - h, x + h] of the boundary."""
        y = self.angles[chart] + x[:, None]
        if not self.discrete:
            return np.hypot(self.damping, np.maximum(np.abs(y) - h[:, None], 0.0))
        y = np.abs(y)
        away = np.maximum(np.minimum(y, 2 * np.pi - y) - h[:, None], 0.0)
        return np.abs(self.damping + np.expm1(1j * away))


def of_diagonal(system) -> Modes:
    """Modes of a DiagonalLTI, whose data are exact."""
    _, B, C, D = matrices(_listed(system))
    poles: Array = system.poles.astype(complex)
    logs = system.log_poles
    if system.conjugate:
        poles, logs = _paired(poles), None if logs is None else _paired(logs)
        B, C = _paired(B.astype(complex)), _paired(C.T.astype(complex)).T
    pairs = pairings(poles, discrete=system.is_discrete, log_poles=logs)
    i = np.arange(poles.size)
    differences = pairs.difference(i[:, None], i)
    if not system.is_discrete:
        damping, position, angles = -poles.real, poles.imag, differences.imag
    elif logs is not None:
        damping, position = -np.expm1(logs.real), logs.imag
        turn = expm1(0.0, position[:, None], position)
        angles = np.arctan2(turn.imag, 1 + turn.real)
    else:
        damping, position = pairs.diagonal / (1 + np.abs(poles)), np.angle(poles)
        angles = _angles(poles, pairs.denominator(i[:, None], i))
    errors = np.zeros(poles.size)
    return Modes(system.is_discrete, damping, position, angles, differences, B, C, D, errors, 0.0)


def of_dense(system) -> Modes | None:
    """Modes of a system with a matrix A, or None where its eigenvectors are too ill-conditioned.

    With V = V0 + V1, L = L0 + L1 and Y near V^{-1}, V^{-1} A V = L + E where
    |E| <= |Y (A V - V L)| / (1 - |Y V - I|); A V0 - V0 L0 is summed to twice the precision, so
    that V1 and L1, small in doubles, bring E down to its rounding errors.
    """
    A, B, C, D = (np.asarray(M, complex) for M in matrices(system))
    n = len(A)
    form: Any = np.linalg.eig(A)
    poles, V0 = form
    if np.linalg.cond(V0) > 1 / (64 * n * EPS):
        return None
    Y = np.linalg.inv(V0)
    V1, moved, E = _refine(A, poles, V0, Y)
    V, norm = V0 + V1, np.linalg.norm
    near = norm(Y @ V - np.eye(n)) + 4 * n * EPS * norm(Y) * norm(V)
    damping, angles, differences = _displaced(poles, moved, system.is_discrete)
    if near > 0.5 or not (damping > 0).all() or damping.min() < 4 * E:
        return None
    b, c = Y @ B, C @ V
    change = Y @ (B - V @ b)
    b = b + change
    sizes = np.abs(V) @ np.abs(b) + np.abs(B)
    wrong = norm(np.abs(Y) @ sizes, axis=1) * 8 * n * EPS + norm(change, axis=1) * near
    wrong += 4 * near * norm(wrong)
    of_c = 8 * n * EPS * norm(np.abs(C) @ np.abs(V), axis=0)
    beside_b, beside_c = norm(b, axis=1), norm(c, axis=0)
    errors = beside_c * wrong + of_c * (beside_b + wrong)
    resolvents = norm(beside_c / damping) * norm((beside_b + wrong) / damping)
    position: Array = np.angle(poles + moved) if system.is_discrete else (poles + moved).imag
    return Modes(
        system.is_discrete, damping, position, angles, differences, b, c, D, errors,
        float(4 * E * resolvents),
    )  # fmt: skip


def _refine(A, poles, V0, Y):
    """V1, the small part of the poles, and a bound of |E|."""
    n, norm = len(A), np.linalg.norm
    first = _residual(A, V0, poles)
    V1, moved = np.zeros_like(V0), np.zeros_like(poles)
    best = (V1, moved, np.inf)
    for _ in range(REFINEMENTS):
        R = first - V0 * moved + A @ V1 - V1 * (poles + moved)
        E = Y @ R
        size = np.abs(poles).max() + norm(A)
        lost = norm(first) + norm(V0) * norm(moved) + 4 * n * size * norm(V1)
        lost = 8 * EPS * lost + (8 * n * EPS) ** 2 * size * norm(V0)
        bound = 2 * (norm(E) + norm(Y) * (lost + 4 * n * EPS * norm(R)))
        if not bound < best[2] / 2:
            break
        best = (V1, moved, float(bound))
        gaps = poles - poles[:, None] + (moved - moved[:, None])
        np.fill_diagonal(gaps, 1.0)
        if not gaps.all():
            break
        moved = moved + np.diagonal(E)
        np.fill_diagonal(E, 0.0)
        V1 = V1 + V0 @ (E / gaps)
    return best


def _residual(A, V, poles):
    """A V - V diag(poles) as if in twice the precision, rounded once. After Ogita, Rump, Oishi."""
    parts = []
    for turn in (1.0, -1j):  # the real part, and that of -i times it
        W, turned = turn * V, -(turn * V)
        terms = [(A.real[:, k, None], W.real[k]) for k in range(len(A))]
        terms += [(-A.imag[:, k, None], W.imag[k]) for k in range(len(A))]
        terms += [(turned.real, poles.real), (-turned.imag, poles.imag)]
        total = lost = np.zeros(V.shape)
        for x, y in terms:
            product, error = two_product(x, y)
            total, rounding = two_sum(total, product)
            lost = lost + (rounding + error)
        parts.append(total + lost)
    return parts[0] + 1j * parts[1]


def _displaced(poles, moved, discrete):
    """Damping, angles and differences of the poles `poles + moved`, to relative precision."""
    differences = poles[:, None] - poles + (moved[:, None] - moved)
    if not discrete:
        return -poles.real - moved.real, differences.imag, differences
    products = moved[:, None] * poles.conj() + poles[:, None] * moved.conj()
    w = one_minus(poles[:, None], poles) - products
    size = np.abs(poles + moved)
    diagonal: Array = np.diagonal(w)
    return diagonal.real / (1 + size), _angles(poles + moved, w), differences


def _angles(poles, w):
    """arg(l_i conj l_j) from w_ij = 1 - l_i conj l_j; by subtraction where a pole is far inside."""
    size, position = np.abs(poles), np.angle(poles)
    inside = (np.minimum(size[:, None], size) < 0.5) | (np.abs(w) > 0.5)
    plain = (position[:, None] - position + np.pi) % (2 * np.pi) - np.pi
    return np.where(inside, plain, np.arctan2(-w.imag, 1 - w.real))


def _listed(system) -> Any:
    import dataclasses

    return dataclasses.replace(system, conjugate=False)


def _paired(x) -> Array:
    return np.concatenate([x, x.conj()])
