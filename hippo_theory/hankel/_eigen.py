"""Eigenvectors, poles and residues of a dense system with 32 digits, where they exist.

Eigenvectors V and eigenvalues D from LAPACK are corrected by Newton's method: with
V^{-1} A V = D + E, the next ones are D + diag(E) and V (I + F), F_ij = E_ij / (d_j - d_i).
"""

import numpy as np

from hippo_theory.digits import DoubleDouble, product
from hippo_theory.hankel._coordinates import Coordinates, doubled, transformed
from hippo_theory.scales import balanced

STEPS = 8
SETTLED = 1e-15  # what is left off the diagonal, times the condition of V: B and C are so right
INDEPENDENT = 1e-12  # 1 / cond(V): A is then right to 20 digits


def modal_form(A, B, C):
    """(poles, V^{-1} B, C V, V) with A V = V diag(poles).

    Raises
    ------
    numpy.linalg.LinAlgError
        If eigenvectors are so nearly dependent that the digits do not suffice.
    """
    form, V, left = modal_coordinates(A, B, C, None, discrete=True)
    if not left * np.linalg.cond(V.high) < SETTLED:
        raise np.linalg.LinAlgError("poles and eigenvectors must settle to 32 digits")
    return form.A[np.diag_indices(len(form.A.high))], form.B, form.C, V


def modal_coordinates(A, B, C, D, *, discrete) -> tuple[Coordinates, DoubleDouble, float]:
    """Coordinates in which A is nearly diagonal, their V, and the largest F that is left.

    Raises
    ------
    numpy.linalg.LinAlgError
        If eigenvectors are so nearly dependent that the digits do not suffice.
    """
    A, B, C = doubled(A), doubled(B), doubled(C)
    balance = np.ldexp(1.0, balanced(np.abs(A.high)))
    scaled = A * (balance / balance[:, None])
    V = np.linalg.eig(scaled.high)[1].astype(complex)
    if not 1 / np.linalg.cond(V) > INDEPENDENT:
        raise np.linalg.LinAlgError("eigenvectors must be independent for poles of 32 digits")
    V = doubled(V) * balance[:, None]
    form, best = transformed(A, B, C, D, V, discrete=discrete), np.inf
    for _ in range(STEPS):
        F = _turn(form.A.high)
        left = np.abs(F).max(initial=0.0)
        if not left < best / 2 or not left < 0.1:
            break
        best = left
        V = V + product(V, F)
        form = transformed(A, B, C, D, V, discrete=discrete)
    return form, V, float(np.abs(_turn(form.A.high)).max(initial=0.0))


def _turn(M):
    """M_ij / (m_j - m_i) off the diagonal; inf where equal poles are coupled."""
    gaps, coupling = np.diagonal(M) - np.diagonal(M)[:, None], M - np.diag(np.diagonal(M))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(coupling != 0, coupling / gaps, 0.0)
