"""Poles and residues of a dense system with 32 digits, where its eigenvectors allow it.

Eigenvectors V and eigenvalues D from LAPACK are corrected by Newton's method: with
V^{-1} A V = D + E, the next ones are D + diag(E) and V (I + F), F_ij = E_ij / (d_j - d_i).
"""

import numpy as np
import scipy.linalg as sla

from hippo_theory import digits as dd
from hippo_theory.lti._values import Array

STEPS = 12
SETTLED = 1e-26
INDEPENDENT = 1e-12  # 1 / cond(V): A is then right to 20 digits


def modal_form(A, B, C):
    """(poles, V^{-1} B, C V, V) with A V = V diag(poles).

    Raises
    ------
    numpy.linalg.LinAlgError
        If eigenvectors are so nearly dependent that the digits do not suffice.
    """
    balance: Array = sla.matrix_balance(A.high, permute=False, separate=True)
    scale = balance[1][0]  # powers of two
    A = A * (scale / scale[:, None])
    poles, V = np.linalg.eig(A.high)
    if not 1 / np.linalg.cond(V) > INDEPENDENT:
        raise np.linalg.LinAlgError("eigenvectors must be independent for poles of 32 digits")
    poles, V, inverse = dd.exact(poles), dd.exact(V), np.linalg.inv(V)
    for _ in range(STEPS):
        error = inverse @ (A @ V - V * poles).high
        gaps = poles.high - poles.high[:, None]
        np.fill_diagonal(gaps, np.inf)
        turn = error / gaps
        poles, V = poles + np.diagonal(error), V + V.high @ turn
        if np.abs(turn).max(initial=0.0) < SETTLED:
            V = V * scale[:, None]
            return poles, dd.solve(V, B), C @ V, V
    raise np.linalg.LinAlgError("poles and eigenvectors must settle to 32 digits")
