"""The HiPPO matrices of x' = A x + B u, and how each splits into normal plus low rank.

The state is the moments of the past input, x_n(t) = integral of u(t - lag) g_n(lag) w(lag) over
lag >= 0, for the measure w and a basis g_n that is orthonormal under it.
"""

import numpy as np

from hippo_theory import _check
from hippo_theory.legs import matrices
from hippo_theory.lti._values import Array
from hippo_theory.lti.values import DPLR, LTI


def legs(N: int) -> LTI:
    """Exponentially weighted Legendre moments: A + A^T + I + B B^T = 0."""
    A, B = matrices(N)
    return LTI(-A, B, np.ones(N))


def split_legs(N: int):
    """Shift -1/2, skew part, P = sqrt(n + 1/2)."""
    B = matrices(N)[1]
    return -0.5, _skew(np.outer(B, B) / 2), B[:, None] / np.sqrt(2)


def legt(N: int, theta: float = 1.0) -> LTI:
    """Legendre moments of a window of length theta: A + A^T + theta (B B^T + B' B'^T) = 0.

    B'_n = (-1)^n B_n. The end of the window, u(t - theta), is replaced by what the N moments
    know of it, so that C_n = (-1)^n sqrt(2n + 1) reads the [N-1/N] Pade approximant of the delay.
    """
    theta = _check.number("theta", theta, above=0.0)
    root = matrices(N)[1]
    sign = (-1.0) ** np.arange(N)
    window = np.where(np.tri(N, dtype=bool), 1.0, np.outer(sign, sign))
    return LTI(-np.outer(root, root) * window / theta, root / theta, np.ones(N))


def split_legt(N: int, theta: float):
    """Shift 0, skew part, P = (even entries, odd entries) of sqrt((2n + 1)/theta)."""
    root = matrices(N)[1]
    odd = np.arange(N) % 2
    skew = _skew(np.outer(root, root) * (odd[:, None] != odd) / theta)
    return 0.0, skew, np.stack([root * (1 - odd), root * odd], axis=1) / np.sqrt(theta)


def lmu(N: int, theta: float = 1.0) -> LTI:
    """LegT in the coordinates T x, T = diag((-1)^n sqrt(2n + 1)), as the LMU has them."""
    theta = _check.number("theta", theta, above=0.0)
    odd_numbers = 2 * np.arange(N) + 1.0
    sign = (-1.0) ** np.arange(N)
    window = np.where(np.tri(N, dtype=bool), np.outer(sign, sign), 1.0)
    return LTI(-odd_numbers[:, None] * window / theta, odd_numbers * sign / theta, np.ones(N))


def lagt(N: int) -> LTI:
    """Laguerre functions e^{-lag/2} L_n(lag): A + A^T + B B^T = 0, so the Gramian is I."""
    return LTI(0.5 * np.eye(N) - np.tri(N), np.ones(N), np.ones(N))


def split_lagt(N: int):
    """Shift 0, skew part, P = sqrt(1/2)."""
    return 0.0, _skew(np.full((N, N), 0.5)), np.full((N, 1), np.sqrt(0.5))


def fout(N: int, theta: float = 2.0) -> LTI:
    """Fourier moments of a window: A + A^T + theta B B^T = 0, so the Gramian is I/theta.

    Without the sine of frequency zero that the published matrices of even size carry: no input
    reaches it, and its pole is 0. The N - 1 states are the constant, then cosine and sine of
    each frequency 2 pi k / theta, 0 < k < N/2.
    """
    if N % 2:
        raise ValueError(f"N must be even for fout, got {N}")
    theta = _check.number("theta", theta, above=0.0)
    _, skew, P = split_fout(N, theta)
    B = P[:, 0] * np.sqrt(2 / theta)
    return LTI(skew - theta / 2 * np.outer(B, B), B, np.ones(N - 1))


def split_fout(N: int, theta: float):
    """Shift 0, the frequencies as skew part, P = sqrt(2/theta) (1, sqrt 2, 0, sqrt 2, 0, ...)."""
    frequencies = np.zeros(N - 2)
    frequencies[1::2] = 2 * np.pi / theta * np.arange(1, N // 2)
    skew = np.diag(frequencies, -1) - np.diag(frequencies, 1)
    at_lag_zero = np.array([1.0] + [np.sqrt(2), 0.0] * (N // 2 - 1))
    return 0.0, skew, np.sqrt(2 / theta) * at_lag_zero[:, None]


def diagonal_plus_low_rank(system: LTI, shift: float, skew: Array, P: Array) -> DPLR:
    """The system in unitary coordinates V^* x in which shift I + skew is diagonal.

    With A = shift I + skew - P P^T and skew = V (i w) V^*: poles shift + i w, whose real part
    is exact, V^* P, V^* B and C V. The order is w >= 0 ascending, then the conjugates of the
    positive ones. Each eigenvector is turned so that its entry of V^* B is positive: nothing
    is left to the phases that LAPACK happens to return.
    """
    w, V = positive_half(skew, system.B.reshape(-1))
    V = np.concatenate([V, V[:, w > 0].conj()], axis=1)
    w = np.concatenate([w, -w[w > 0]])
    P, B = V.conj().T @ P, np.abs(V.conj().T @ system.B)
    return DPLR(shift + 1j * w, P, P, B, system.C @ V, system.D)


def positive_half(skew: Array, B: Array):
    """w >= 0 ascending and V with skew V = i V diag(w), V^* B > 0, of a real skew matrix."""
    n = len(skew)
    w, V = np.linalg.eigh(-1j * skew)
    w, V = w[n // 2 :], V[:, n // 2 :]
    if n % 2:
        w[0] = 0.0  # an odd skew matrix is singular
    phase = V.conj().T @ B
    V = V * (phase / np.abs(phase))
    if n % 2:
        V[:, 0] = V[:, 0].real
    return w, V


def _skew(upper: Array) -> Array:
    return np.triu(upper, 1) - np.tril(upper, -1)
