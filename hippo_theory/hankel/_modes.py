"""Modes of a system, G = D + sum_j c_j b_j / (z - l_j), with all that near-marginal poles need.

Distances to the boundary, differences and angles between poles are kept to relative precision:
from the data of a diagonal system, from eigenvectors of 32 digits of a dense one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from hippo_theory.hankel._eigen import modal_coordinates
from hippo_theory.lti._values import Array
from hippo_theory.lti.forms import matrices
from hippo_theory.lti.pairings import expm1, pairings
from hippo_theory.lti.values import DiagonalLTI

EPS = np.finfo(float).eps


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

    V^{-1} A V = L + E with 32 digits: |E| and the errors of V^{-1} B and C V are proved, and the
    poles' distances are rounded once.
    """
    A, B, C, D = matrices(system)
    if not (A - np.diag(np.diagonal(A))).any():
        return of_diagonal(DiagonalLTI(np.diagonal(A), B, C, D, dt=system.dt))
    try:
        form, _, _ = modal_coordinates(A, B, C, D, discrete=system.is_discrete)
    except np.linalg.LinAlgError:
        return None
    L = form.A[np.diag_indices(len(form.A.high))]
    of_A, of_B, of_C = form.errors
    norm, off = np.linalg.norm, form.A.high - np.diag(L.high)
    E = 1.0001 * norm(off) + of_A
    damping, angles, differences = _separations(L, system.is_discrete)
    if not (damping > 0).all() or not damping.min() > 4 * E:
        return None
    b, c = form.B.high, form.C.high
    beside_b, beside_c = norm(b, axis=1), norm(c, axis=0)
    wrong_b, wrong_c = 2 * EPS * beside_b + of_B, 2 * EPS * beside_c + of_C
    errors = beside_c * wrong_b + wrong_c * (beside_b + wrong_b)
    resolvents = norm((beside_c + wrong_c) / damping) * norm((beside_b + wrong_b) / damping)
    position: Array = np.angle(L.high) if system.is_discrete else L.high.imag
    return Modes(
        system.is_discrete, damping, position, angles, differences, b, c, form.D, errors,
        float(4 * E * resolvents),
    )  # fmt: skip


def _separations(L, discrete):
    """Damping, angles and differences of poles of 32 digits, to relative precision."""
    differences = (L[:, None] - L).high
    if not discrete:
        return -L.high.real, differences.imag, differences
    w = (1.0 - L[:, None] * L.conj).high
    diagonal: Array = np.diagonal(w)
    return diagonal.real / (1 + np.abs(L.high)), _angles(L.high, w), differences


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
